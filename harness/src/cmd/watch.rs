//! `culture-eval watch`: how far a run is, in the terminal. Reads the run's folder only; stopping it stops no run.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use console::Term;

use super::{Context, Outcome, table};
use crate::results::progress::{self, CellProgress, Progress, State};

/// Shows how far a run is, until it ends
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval watch                  the run `default`, until all its cells have ended
  culture-eval watch mine --once      one look
  culture-eval watch mine --json      a JSON line whenever something changed

On a terminal the picture is redrawn; elsewhere a line is printed for every cell that begins or ends.
Exit 0 when every cell is done, 1 when one failed or when nothing has worked on the run for 10 seconds.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// Look once
    #[arg(long)]
    once: bool,
    /// Seconds between two looks
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    every: f64,
}

/// A run that nobody works on for so long has been stopped.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if !(args.every > 0.0 && args.every <= 3600.0) {
        bail!("--every is {}: give seconds above 0, at most 3600", args.every);
    }
    let run = context.run(&args.run)?;
    let look = || {
        progress::read(&run).with_context(|| format!("failed to look at {}", run.path().display()))
    };
    let output = context.output;
    if args.once {
        let seen = look()?;
        if output.json {
            output.json(&seen)?;
        } else {
            output.text(picture(&seen))?;
        }
        return Ok(outcome(&seen));
    }
    let term = Term::buffered_stdout();
    let screen = !output.json && term.is_term();
    let (mut last, mut drawn, mut idle): (Option<Progress>, usize, Option<Instant>) =
        (None, 0, None);
    loop {
        let seen = look()?;
        if screen {
            drawn = redraw(&term, &picture(&seen), drawn)?;
        } else if output.json {
            if last.as_ref().is_none_or(|l| timeless(l) != timeless(&seen)) {
                output.json(&seen)?;
            }
        } else {
            for line in news(last.as_ref(), &seen) {
                output.text(line)?;
            }
        }
        if seen.ended() {
            return Ok(outcome(&seen));
        }
        idle = if seen.running > 0 { None } else { idle.or_else(|| Some(Instant::now())) };
        if idle.is_some_and(|since| since.elapsed() >= PATIENCE) {
            output.note(format!(
                "nothing works on this run: {} cells are left; `culture-eval run {}` resumes",
                seen.total - seen.done - seen.failed,
                seen.suite
            ));
            return Ok(Outcome::No);
        }
        last = Some(seen);
        std::thread::sleep(Duration::from_secs_f64(args.every));
    }
}

fn outcome(seen: &Progress) -> Outcome {
    if seen.done == seen.total { Outcome::Done } else { Outcome::No }
}

/// Without what changes by itself.
fn timeless(seen: &Progress) -> Progress {
    let mut seen = seen.clone();
    seen.seconds_left = None;
    for cell in &mut seen.cells {
        cell.quiet = None;
    }
    seen
}

/// Writes over the lines of the last picture; returns how many lines are there now.
fn redraw(term: &Term, picture: &str, drawn: usize) -> std::io::Result<usize> {
    if drawn > 0 {
        term.move_cursor_up(drawn)?;
        term.clear_to_end_of_screen()?;
    }
    term.write_line(picture)?;
    term.flush()?;
    Ok(picture.lines().count())
}

/// Lines of cells that ended or stopped that fit a screen.
const SHOWN: usize = 12;

/// The whole at one moment: a bar, what is running, what failed.
fn picture(seen: &Progress) -> String {
    let mut text = format!("{} · {}\n{}\n", seen.suite, seen.title, head(seen));
    let row = |cell: &CellProgress| {
        let of = cell.examples.map_or_else(|| "?".to_owned(), |n| n.to_string());
        vec![
            cell.state.name().to_owned(),
            cell.model.clone(),
            cell.task.clone(),
            cell.protocol.clone(),
            format!("s{}", cell.seed),
            if cell.state == State::Failed {
                String::new()
            } else {
                format!("{}/{of}", cell.answered)
            },
            cell.quiet.map_or_else(String::new, |s| format!("{} ago", duration(s))),
            shortened(&cell.says),
        ]
    };
    let open = |state: State| seen.cells.iter().filter(move |c| c.state == state);
    let rows: Vec<Vec<String>> = open(State::Running)
        .chain(open(State::Stopped).take(SHOWN))
        .chain(open(State::Failed).take(SHOWN))
        .map(row)
        .collect();
    if !rows.is_empty() {
        let head = ["state", "model", "task", "protocol", "seed", "answered", "last wrote", "says"];
        text.push('\n');
        text.push_str(&table(&head, rows));
        text.push('\n');
    }
    for state in [State::Stopped, State::Failed] {
        let more = open(state).count().saturating_sub(SHOWN);
        if more > 0 {
            let _ = writeln!(text, "… and {more} more {}", state.name());
        }
    }
    text.trim_end().to_owned()
}

const BAR: usize = 30;

fn head(seen: &Progress) -> String {
    let full = (seen.done + seen.failed) * BAR / seen.total.max(1);
    let bar = format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full));
    let left =
        seen.seconds_left.map(|s| format!(", about {} left", duration(s))).unwrap_or_default();
    format!(
        "{bar} {} of {} cells done, {} failed, {} running, {} stopped, {} waiting{left}",
        seen.done, seen.total, seen.failed, seen.running, seen.stopped, seen.waiting
    )
}

/// What began or ended since the last look; the first look shows where things are.
fn news(last: Option<&Progress>, seen: &Progress) -> Vec<String> {
    let Some(last) = last else { return vec![head(seen)] };
    let mut lines = Vec::new();
    for cell in &seen.cells {
        let same = |c: &&CellProgress| {
            (&c.model, &c.task, &c.protocol, c.seed)
                == (&cell.model, &cell.task, &cell.protocol, cell.seed)
        };
        let before = last.cells.iter().find(same).map(|c| c.state);
        if before == Some(cell.state) || cell.state == State::Waiting {
            continue;
        }
        let what = match cell.state {
            State::Done => match cell.seconds {
                Some(seconds) => format!("{} examples · {seconds:.1} s", cell.answered),
                None => format!("{} examples", cell.answered),
            },
            State::Failed => cell.says.clone(),
            State::Running | State::Stopped | State::Waiting => {
                format!("{} examples answered", cell.answered)
            }
        };
        lines.push(format!(
            "[{}/{}] {:7} {} · {} · {} · seed {} · {what}",
            seen.done + seen.failed,
            seen.total,
            cell.state.name(),
            cell.model,
            cell.task,
            cell.protocol,
            cell.seed
        ));
    }
    if seen.ended() && !last.ended() {
        lines.push(head(seen));
    }
    lines
}

/// Letters of a log line that fit beside the rest.
const SAYS: usize = 60;

fn shortened(text: &str) -> String {
    if text.chars().count() <= SAYS {
        return text.to_owned();
    }
    text.chars().take(SAYS - 1).chain(std::iter::once('…')).collect()
}

/// 75 as `1 min 15 s`.
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(model: &str, state: State) -> CellProgress {
        CellProgress {
            model: model.to_owned(),
            task: "crehate".to_owned(),
            protocol: "finetuned".to_owned(),
            seed: 1,
            state,
            answered: 40,
            examples: Some(100),
            seconds: (state == State::Done).then_some(1.25),
            quiet: (state == State::Running).then_some(75.0),
            says: if state == State::Failed { "panic: no".to_owned() } else { String::new() },
        }
    }

    fn seen(states: &[(&str, State)]) -> Progress {
        let count = |wanted: State| states.iter().filter(|(_, s)| *s == wanted).count();
        Progress {
            format: progress::FORMAT,
            suite: "mine".to_owned(),
            title: "Mine".to_owned(),
            total: states.len(),
            done: count(State::Done),
            failed: count(State::Failed),
            running: count(State::Running),
            stopped: count(State::Stopped),
            waiting: count(State::Waiting),
            seconds_left: None,
            cells: states.iter().map(|(model, state)| cell(model, *state)).collect(),
        }
    }

    #[test]
    fn the_picture_shows_what_runs_and_what_failed() {
        let seen = seen(&[
            ("a", State::Done),
            ("b", State::Running),
            ("c", State::Failed),
            ("d", State::Waiting),
        ]);
        insta::assert_snapshot!(picture(&seen), @r"
        mine · Mine
        [###############---------------] 1 of 4 cells done, 1 failed, 1 running, 0 stopped, 1 waiting

         state     model   task      protocol    seed   answered   last wrote       says
         running   b       crehate   finetuned   s1     40/100     1 min 15 s ago
         failed    c       crehate   finetuned   s1                                 panic: no
        ");
    }

    #[test]
    fn lines_tell_what_changed() {
        let before = seen(&[("a", State::Running), ("b", State::Waiting)]);
        assert!(news(Some(&before), &before).is_empty());
        let after = seen(&[("a", State::Done), ("b", State::Failed)]);
        insta::assert_snapshot!(news(Some(&before), &after).join("\n"), @r"
        [2/2] done    a · crehate · finetuned · seed 1 · 40 examples · 1.2 s
        [2/2] failed  b · crehate · finetuned · seed 1 · panic: no
        [##############################] 1 of 2 cells done, 1 failed, 0 running, 0 stopped, 0 waiting
        ");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!([12.4, 75.0, 7380.0].map(duration), ["12 s", "1 min 15 s", "2 h 3 min"]);
    }
}
