//! Two runs -> what changed from one to the other; answers are paired by example id.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use eval_stats::correction::holm;
use rayon::prelude::*;

use super::Run;
use super::answers::columns;
use super::cells::{Group, by_model_and_protocol};
use super::changes::{Change, Changes, FORMAT, Figure, Paired, Side, Tested};
use super::comparison::{part, primary, rows, values as of_values};
use super::manifest::tasks_of;
use super::summary::{Cell, Outcome, Summary};
use super::terms::Terms;
use crate::answer::Answer;
use crate::compare::{self, ComparedModel, Comparison, Interval, Own};
use crate::definition::dataset::Benchmark;
use crate::settings::Settings;
use crate::store::{self, RunFolder};

/// Names of the two runs within a comparison.
const SIDES: [&str; 2] = ["after", "before"];

/// A run as far as it is there.
enum Source {
    /// Its folder, with all answers.
    Whole(Box<Run>),
    /// Its summary only.
    Summary,
}

/// A run and its leaderboard.
struct Read {
    source: Source,
    summary: Summary,
}

/// What changed from the run `other` to the run `run`.
///
/// # Errors
/// Neither a run nor a summary is there; answers that cannot be read.
pub fn against(run: &str, other: &str, settings: &Settings) -> anyhow::Result<Changes> {
    let opened = [read(run, settings)?, read(other, settings)?];
    let [after, before] = &opened;
    let resamples = settings.resamples;
    let options = compare::Options { resamples, ..compare::Options::default() };
    let mut scores: Vec<Change> = places(&after.summary, &before.summary)
        .into_par_iter()
        .map(|place| change(&opened, place, &options))
        .collect::<anyhow::Result<_>>()?;
    let mut tested: Vec<&mut Paired> = (scores.iter_mut())
        .filter_map(|c| match &mut c.tested {
            Tested::Paired(paired) => Some(paired),
            Tested::SameAnswers | Tested::Reason(_) => None,
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|t| t.p).collect();
    let corrected = if p.is_empty() { Vec::new() } else { holm(&p)? };
    for (paired, p) in tested.iter_mut().zip(corrected) {
        paired.p_corrected = p;
        paired.significant = p < options.alpha;
    }
    let models = [after, before].map(|r| r.summary.models.iter().map(|m| &*m.name).collect());
    let columns = [after, before].map(|r| r.summary.benchmarks.iter().map(|b| &*b.name).collect());
    let [new_models, gone_models] = differences(models);
    let [new_benchmarks, gone_benchmarks] = differences(columns);
    Ok(Changes {
        format: FORMAT,
        alpha: options.alpha,
        confidence: options.confidence,
        family: format!("corrected p: Holm over all {} tested scores", p.len()),
        new_models,
        gone_models,
        new_benchmarks,
        gone_benchmarks,
        after: Side::of(&after.summary, run),
        before: Side::of(&before.summary, other),
        scores,
    })
}

/// Names that only the first list has, and names that only the second has.
fn differences([a, b]: [Vec<&str>; 2]) -> [Vec<String>; 2] {
    let only = |a: &[&str], b: &[&str]| {
        a.iter().filter(|name| !b.contains(name)).map(|name| (*name).to_owned()).collect()
    };
    [only(&a, &b), only(&b, &a)]
}

/// A run, or a folder or file with its summary only.
fn read(name: &str, settings: &Settings) -> anyhow::Result<Read> {
    let folder = RunFolder::named(&settings.runs, name);
    if folder.manifest().is_file() {
        let run = Run::open(folder)?;
        let summary = run.leaderboard(settings.resamples)?;
        return Ok(Read { source: Source::Whole(Box::new(run)), summary });
    }
    let typed = Path::new(name);
    let file = if typed.is_dir() { typed.join("summary.json") } else { typed.to_owned() };
    if !file.is_file() {
        bail!(
            "{name} is neither a run nor a summary: it has neither manifest.json nor summary.json; `culture-eval list runs` shows all runs"
        );
    }
    let summary = store::read_json(&file).context("failed to read a summary")?;
    Ok(Read { source: Source::Summary, summary })
}

/// Model, benchmark and protocol of every score that a model and benchmark of both runs has in either, in board order.
fn places<'a>(after: &'a Summary, before: &'a Summary) -> Vec<[&'a str; 3]> {
    let known = |summary: &Summary, cell: &Cell| {
        summary.models.iter().any(|m| m.name == cell.model)
            && summary.benchmarks.iter().any(|b| b.name == cell.benchmark)
    };
    let mut places: Vec<[&str; 3]> = Vec::new();
    let cells = after.cells.iter().chain(&before.cells);
    for cell in cells.filter(|c| known(after, c) && known(before, c)) {
        let place = [&*cell.model, &*cell.benchmark, &*cell.protocol];
        if !places.contains(&place) {
            places.push(place);
        }
    }
    // A cell that was not run has no protocol: it is no place of its own beside those that were.
    let ran: Vec<[&str; 3]> = places.iter().filter(|p| !p[2].is_empty()).copied().collect();
    places.retain(|p| !p[2].is_empty() || !ran.iter().any(|r| r[..2] == p[..2]));
    let model = |name: &str| after.models.iter().position(|m| m.name == name);
    let column = |name: &str| after.benchmarks.iter().position(|b| b.name == name);
    places.sort_by_key(|[m, b, protocol]| (column(b), model(m), *protocol));
    places
}

fn change(
    opened: &[Read; 2],
    [model, benchmark, protocol]: [&str; 3],
    options: &compare::Options,
) -> anyhow::Result<Change> {
    let of = |read: &Read| -> Option<Cell> {
        let mut cells =
            read.summary.cells.iter().filter(|c| c.model == model && c.benchmark == benchmark);
        let exact = cells.clone().find(|c| c.protocol == protocol);
        exact.or_else(|| cells.find(|c| c.protocol.is_empty())).cloned()
    };
    let (now, then) = (of(&opened[0]), of(&opened[1]));
    let value = |cell: &Option<Cell>| match cell.as_ref().map(|c| &c.outcome) {
        Some(Outcome::Score(score)) => Some(score.value),
        _ => None,
    };
    let difference = value(&now).zip(value(&then)).map(|(a, b)| a - b);
    let tested = match difference {
        None => Tested::Reason("there are not two scores".to_owned()),
        Some(_) => match test(opened, [model, benchmark, protocol], options)? {
            Ok(tested) => tested,
            Err(reason) => Tested::Reason(reason),
        },
    };
    Ok(Change {
        model: model.to_owned(),
        benchmark: benchmark.to_owned(),
        protocol: protocol.to_owned(),
        sample: [&now, &then].into_iter().flatten().any(|c| c.sample),
        before: Figure::of(then.as_ref()),
        after: Figure::of(now.as_ref()),
        difference,
        tested,
    })
}

/// Pairs the answers of both runs. The inner error says why there is no test.
fn test(
    opened: &[Read; 2],
    [model, name, protocol]: [&str; 3],
    options: &compare::Options,
) -> anyhow::Result<Result<Tested, String>> {
    let refused = |reason: &str| Ok(Err(reason.to_owned()));
    let [Read { source: Source::Whole(now), .. }, Read { source: Source::Whole(then), .. }] =
        opened
    else {
        return refused("the answers of a run are not there, only its summary");
    };
    let definition = |run: &Run| run.manifest.benchmarks.iter().find(|b| b.name == name).cloned();
    let (Some(benchmark), Some(old)) = (definition(now), definition(then)) else {
        return refused("a run lacks the benchmark's definition");
    };
    if scored_by(&benchmark) != scored_by(&old) {
        return refused("the definition of the benchmark changed between the runs");
    }
    let sides: Vec<Vec<&Group>> = [now, then]
        .into_iter()
        .map(|side| {
            let tasks = tasks_of(&benchmark, &side.manifest.benchmarks);
            let all = by_model_and_protocol(&side.groups, &tasks);
            let own =
                all.into_iter().find(|(m, parts)| *m == model && parts[0].protocol == protocol);
            own.map(|(_, parts)| parts).unwrap_or_default()
        })
        .collect();
    if sides[0].is_empty() || sides[0].len() != sides[1].len() {
        return refused("the parts of the benchmark are not the same in both runs");
    }
    if same_answers(&sides) {
        return Ok(Ok(Tested::SameAnswers));
    }
    let field = match field([now, then], &benchmark, protocol, &sides)? {
        Ok(field) => field,
        Err(reason) => return Ok(Err(reason)),
    };
    let report =
        compare::compare(("", ""), std::slice::from_ref(&field.0), &[], Vec::new(), options)?;
    let Some(outcome) = report.benchmarks.first() else {
        let reason = report.not_compared.first().map(|n| n.reason.clone());
        return Ok(Err(reason.unwrap_or_else(|| "the comparison found nothing".to_owned())));
    };
    let Some(pair) = outcome.pairs.first() else { return refused("the comparison found no pair") };
    let sign = if pair.a == SIDES[0] { 1.0 } else { -1.0 };
    Ok(Ok(Tested::Paired(Paired {
        n: outcome.n,
        difference: sign * pair.difference,
        interval: pair.interval.as_ref().map(|ends| {
            let interval = Interval { low: ends.low, high: ends.high };
            if sign > 0.0 { interval } else { interval.turned() }
        }),
        test: outcome.test.name.clone(),
        p: pair.p,
        p_corrected: pair.p,
        significant: false,
        notes: field.1.into_iter().chain(outcome.notes.iter().cloned()).collect(),
    })))
}

/// What decides how answers become the score of a benchmark.
fn scored_by(benchmark: &Benchmark) -> impl PartialEq + use<'_> {
    let Benchmark { metric, mean_over_cultures, cultures, only, aggregate, .. } = benchmark;
    (*metric, *mean_over_cultures, cultures, only, aggregate)
}

/// Whether both runs hold the very same files of answers to the same examples.
fn same_answers(sides: &[Vec<&Group>]) -> bool {
    sides[0].iter().zip(&sides[1]).all(|(a, b)| {
        a.cells.len() == b.cells.len()
            && a.cells.iter().zip(&b.cells).all(|(a, b)| {
                (&a.predictions, &a.spec.data.sha256, a.spec.limit, a.primary)
                    == (&b.predictions, &b.spec.data.sha256, b.spec.limit, b.primary)
            })
    })
}

/// The answers of both runs to the examples that both have, by id; and what is to be told of it.
fn field(
    [now, then]: [&Run; 2],
    benchmark: &Benchmark,
    protocol: &str,
    sides: &[Vec<&Group>],
) -> anyhow::Result<Result<(Comparison, Vec<String>), String>> {
    let (mut cultures, mut parts, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut answers: [Vec<Vec<Vec<Answer>>>; 2] = [Vec::new(), Vec::new()];
    let mut values: [Vec<Vec<Vec<f32>>>; 2] = [Vec::new(), Vec::new()];
    let (mut paired, mut all) = (0, [0, 0]);
    for (a, b) in sides[0].iter().zip(&sides[1]) {
        let (new, old) = (&a.cells[0].spec.task, &b.cells[0].spec.task);
        if new.labels != old.labels {
            return Ok(Err(format!("the labels of `{}` changed between the runs", new.name)));
        }
        let examples = [now.gold.of(&a.cells[0])?, then.gold.of(&b.cells[0])?];
        let place: HashMap<&str, usize> =
            examples[1].ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
        let terms = match benchmark.metric.value() {
            Some(_) => [Terms::of(now, a)?, Terms::of(then, b)?],
            None => <[Terms; 2]>::default(),
        };
        let mut wanted = [rows(&examples[0], benchmark), rows(&examples[1], benchmark)];
        if let Some(metric) = benchmark.metric.value() {
            for ((rows, own), examples) in wanted.iter_mut().zip(&terms).zip(&examples) {
                let defined = Terms::defined(metric, examples.len(), std::iter::once(own))?;
                rows.retain(|row| defined[*row]);
            }
        }
        let both: Vec<(usize, usize)> = (wanted[0].iter())
            .filter_map(|row| {
                let other = *place.get(examples[0].ids.get(*row))?;
                (examples[0].labels[*row] == examples[1].labels[other]).then_some((*row, other))
            })
            .collect();
        paired += both.len();
        all[0] += wanted[0].len();
        all[1] += wanted[1].len();
        let (ours, theirs): (Vec<usize>, Vec<usize>) = both.into_iter().unzip();
        parts.push(part(new, &examples[0], &ours, &mut cultures));
        for ((side, (run, group, rows)), terms) in
            [(now, *a, ours), (then, *b, theirs)].into_iter().enumerate().zip(terms)
        {
            let columns = columns(run, group)?;
            answers[side].push(primary(&columns, &rows));
            values[side].extend(of_values(benchmark, &[terms], &[columns], &[rows])?);
        }
    }
    if paired == 0 {
        return Ok(Err("the runs have no example in common".to_owned()));
    }
    if all != [paired, paired] {
        notes.push(format!(
            "paired on the {paired} examples that both runs have with the same label, of {} after and {} before",
            all[0], all[1]
        ));
    }
    let models = (SIDES.iter().zip(answers).enumerate())
        .map(|(side, (name, answers))| ComparedModel {
            name: (*name).to_owned(),
            seeds: sides[side][0].seeds(),
            answers,
            values: values[side].clone(),
            own: Own::default(),
        })
        .collect();
    let of_all = || sides.iter().flatten().flat_map(|g| &g.cells);
    Ok(Ok((
        Comparison {
            benchmark: benchmark.name.clone(),
            title: benchmark.title.clone(),
            protocol: protocol.to_owned(),
            metric: benchmark.metric,
            mean_over_cultures: benchmark.mean_over_cultures,
            sample: of_all().any(|c| c.spec.sample),
            data: sides[0].iter().map(|g| g.cells[0].spec.data.sha256.clone()).collect(),
            cultures,
            parts,
            models,
        },
        notes,
    )))
}
