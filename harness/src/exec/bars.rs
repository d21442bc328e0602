//! Progress of all cells: bars on a terminal, one line a cell elsewhere, nothing with `--quiet`.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::events::Event;
use crate::store::record::{CellSpec, End};
use crate::text::escape::visible;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bars that are redrawn, for a terminal.
    Bars,
    /// One line a cell.
    Lines,
    /// Not at all.
    Silent,
}

/// Where progress is shown.
#[derive(Debug)]
pub struct Board {
    kind: Kind,
    counts: Mutex<Counts>,
    start: Instant,
}

#[derive(Debug)]
enum Kind {
    Bars(MultiProgress, ProgressBar),
    Lines,
    Silent,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    ended: usize,
}

impl Board {
    /// A board of this style on stderr.
    pub fn new(style: Style) -> Self {
        let kind = match style {
            Style::Silent => Kind::Silent,
            Style::Lines => Kind::Lines,
            Style::Bars => {
                let all = MultiProgress::new();
                let total = all.add(ProgressBar::new(0));
                let template = "{elapsed_precise} cells {bar:30} {pos}/{len}  {msg}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    total.set_style(style);
                }
                Kind::Bars(all, total)
            }
        };
        Self { kind, counts: Mutex::default(), start: Instant::now() }
    }

    /// So many cells will run, so many are done or failed already.
    pub(super) fn start(&self, todo: usize, reused: usize, failed: usize) {
        if let Ok(mut counts) = self.counts.lock() {
            counts.total = todo;
        }
        let text = format!("{todo} cells to run, {reused} done before, {failed} failed before");
        match &self.kind {
            Kind::Bars(_, total) => {
                total.set_length(todo as u64);
                total.set_message(text);
                total.enable_steady_tick(Duration::from_millis(200));
            }
            Kind::Lines => line(&text),
            Kind::Silent => {}
        }
    }

    /// A line above the bars.
    pub fn note(&self, text: &str) {
        match &self.kind {
            Kind::Bars(all, _) => {
                let _ = all.println(visible(text));
            }
            Kind::Lines => line(text),
            Kind::Silent => {}
        }
    }

    /// A cell starts.
    pub(super) fn cell(&self, spec: &CellSpec) -> CellBar<'_> {
        let name = name(spec);
        let bar = match &self.kind {
            Kind::Bars(all, total) => {
                let bar = all.insert_before(total, ProgressBar::new(0));
                let style =
                    ProgressStyle::with_template("  {elapsed:>4} {bar:20} {percent:>3} % {msg}");
                if let Ok(style) = style {
                    bar.set_style(style);
                }
                bar.set_message(name.clone());
                bar.enable_steady_tick(Duration::from_millis(200));
                Some(bar)
            }
            _ => None,
        };
        CellBar { board: self, bar, name, start: Instant::now() }
    }

    /// A cell that ran elsewhere has ended.
    pub(super) fn ended(&self, spec: &CellSpec, end: &End) {
        self.cell_ended(&outcome(&name(spec), end));
    }

    /// All cells ended.
    pub(super) fn finish(&self) {
        if let Kind::Bars(all, total) = &self.kind {
            total.finish_and_clear();
            let _ = all.clear();
        }
    }

    fn cell_ended(&self, text: &str) {
        let place = self.counts.lock().map_or_else(
            |_| String::new(),
            |mut counts| {
                counts.ended += 1;
                let seconds = self.start.elapsed().as_secs_f64();
                // A guard has one cell and counts none.
                let of = counts.total.max(1);
                format!("[{}/{of} {seconds:.0} s]", counts.ended)
            },
        );
        if let Kind::Bars(_, total) = &self.kind {
            total.inc(1);
        }
        self.note(&format!("{place} {text}"));
    }
}

/// Progress of one running cell.
#[derive(Debug)]
pub(super) struct CellBar<'a> {
    board: &'a Board,
    bar: Option<ProgressBar>,
    name: String,
    start: Instant,
}

impl CellBar<'_> {
    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::Phase(phase) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(visible(&format!("{} · {phase}", self.name)).into_owned());
                    bar.set_length(0);
                }
            }
            Event::Progress { done, total } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(*total);
                    bar.set_position(*done);
                }
            }
            Event::Log(text) => self.board.note(&format!("{}: {text}", self.name)),
            Event::Explained { .. } | Event::Timing(_) | Event::Answered(_) | Event::Failed(_) => {}
        }
    }

    /// Says once in a run that plugins are in a weaker sandbox than there could be.
    pub(super) fn sandboxed(&self, sandbox: &str) {
        static SAID: AtomicBool = AtomicBool::new(false);
        let meant = sandbox.is_empty() || sandbox.contains("access.everything");
        if meant || sandbox.starts_with("namespaces") || SAID.swap(true, Ordering::SeqCst) {
            return;
        }
        self.board.note(&format!(
            "the sandbox around plugins is weaker on this machine ({sandbox}): SECURITY.md lists what it does not stop"
        ));
    }

    pub(super) fn ended(&self, end: &End) {
        let seconds = self.start.elapsed().as_secs_f64();
        let mut text = outcome(&self.name, end);
        if matches!(end, End::Done { .. }) {
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!(" · {seconds:.1} s"));
        }
        self.clear();
        self.board.cell_ended(&text);
    }

    pub(super) fn stopped(&self) {
        self.clear();
        self.board.cell_ended(&format!("stopped {}", self.name));
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn name(spec: &CellSpec) -> String {
    format!(
        "{} · {} · {} · seed {}",
        spec.model.name, spec.task.name, spec.protocol.name, spec.seed
    )
}

fn outcome(name: &str, end: &End) -> String {
    match end {
        End::Done { examples, .. } => format!("done    {name} · {examples} examples"),
        End::Failed { reason } => {
            format!("failed  {name} · {}: {}", reason.kind.name(), reason.message)
        }
    }
}

fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(text));
}
