//! From a run folder to a [`Summary`]: answers are joined with the gold labels by id and scored. Never calls a model.
//!
//! Evaluations are remembered in the run's `scores/`, named by a hash of all that went into them; the folder may be
//! deleted at any time.

use std::sync::Arc;

use anyhow::Context as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Run;
use super::answers::{Columns, columns};
use super::cells::{Group, by_model_and_protocol};
use super::manifest::{Manifest, tasks_of};
use super::rules::VERSION;
pub use super::rules::rules;
use super::scored::{ScoredCell, nothing_answered};
use super::simple_rules;
use super::summary::{Cell, Detail, FORMAT, MACRO_MEAN, Outcome, Refused, Summary};
use super::terms::Terms;
use crate::compare::{Gap, Interval, Own, RESAMPLING_SEED};
use crate::definition::dataset::Benchmark;
use crate::example::Examples;
use crate::score::votes::Against;
use crate::score::{self, Answer, Evaluation, Questions, Rules, Score, Subset};
use crate::store::record::{Reason, ReasonKind};
use crate::store::{self, RunFolder};

/// Answers of one set of columns to one benchmark.
#[derive(Serialize)]
struct Asked<'a> {
    version: u32,
    benchmark: &'a Benchmark,
    /// Hash of the answers of each part and seed.
    predictions: Vec<&'a str>,
    variants: &'a [String],
    resamples: usize,
    data: Vec<&'a str>,
}

/// What is remembered of a benchmark: by set of answers (`direct`, `knn`, `mean of 10`, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scored {
    /// The set of answers, the primary one first.
    sets: Vec<(String, Evaluation)>,
}

/// Makes the summary of a run.
pub(super) fn leaderboard(run: &Run, resamples: usize) -> anyhow::Result<Summary> {
    let manifest = &run.manifest;
    let work: Vec<(&Benchmark, &str, Vec<&Group>)> = manifest
        .columns
        .iter()
        .filter_map(|column| manifest.benchmarks.iter().find(|b| b.name == column.name))
        .flat_map(|benchmark| {
            let tasks = tasks_of(benchmark, &manifest.benchmarks);
            by_model_and_protocol(&run.groups, &tasks)
                .into_iter()
                .map(move |(model, parts)| (benchmark, model, parts))
        })
        .collect();
    let scored: Vec<ScoredCell> = work
        .par_iter()
        .map(|(benchmark, model, parts)| score_cell(run, resamples, benchmark, model, parts))
        .collect::<anyhow::Result<_>>()?;

    let (mut cells, mut scores, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for one in scored {
        cells.push(one.cell);
        scores.extend(one.details);
        refusals.extend(one.refused);
    }
    fill_gaps(manifest, &mut cells);
    order(manifest, &mut cells, &mut scores, &mut refusals);
    Ok(Summary {
        format: FORMAT,
        suite: manifest.suite.name.clone(),
        title: manifest.suite.title.clone(),
        sample: cells.iter().any(|c| c.sample && matches!(c.outcome, Outcome::Score(_))),
        confidence: score::CONFIDENCE,
        signature: signature(manifest, resamples),
        benchmarks: manifest.columns.clone(),
        models: manifest.rows.clone(),
        cells,
        scores,
        refusals,
        references: simple_rules::of(run)?,
        published: manifest.published.clone(),
    })
}

fn signature(manifest: &Manifest, resamples: usize) -> String {
    let seeds: Vec<String> = manifest.seeds.iter().map(u64::to_string).collect();
    let limit = if manifest.limit > 0 {
        format!(" · first {} examples only", manifest.limit)
    } else {
        String::new()
    };
    format!(
        "culture-eval {} · suite {} · seeds {} · {resamples} resamples, seed {RESAMPLING_SEED}{limit}",
        manifest.harness,
        manifest.suite.name,
        seeds.join(" ")
    )
}

/// Scores one model on one benchmark by one protocol.
fn score_cell(
    run: &Run,
    resamples: usize,
    benchmark: &Benchmark,
    model: &str,
    parts: &[&Group],
) -> anyhow::Result<ScoredCell> {
    let protocol = parts[0].protocol.clone();
    let mut cell = Cell {
        model: model.to_owned(),
        benchmark: benchmark.name.clone(),
        protocol: protocol.clone(),
        served: String::new(),
        variant: String::new(),
        seeds: Vec::new(),
        sample: false,
        outcome: Outcome::Reason(Reason::new(ReasonKind::NotRun, "not finished")),
    };
    let wanted = tasks_of(benchmark, &run.manifest.benchmarks).len();
    if let Some(reason) = parts.iter().flat_map(|g| &g.reasons).next() {
        return Ok(ScoredCell::without(cell, reason.clone()));
    }
    if parts.len() < wanted {
        let there: Vec<&str> = parts.iter().map(|g| g.task.as_str()).collect();
        let message = format!(
            "only {} of {wanted} parts ran by protocol {protocol}: {}",
            parts.len(),
            there.join(", ")
        );
        return Ok(ScoredCell::without(cell, Reason::new(ReasonKind::NotRun, message)));
    }
    let first = &parts[0].cells[0];
    first.spec.served.name().clone_into(&mut cell.served);
    cell.sample = parts.iter().flat_map(|g| &g.cells).any(|c| c.spec.sample);
    cell.seeds = parts[0].seeds();

    let scored = scored_of(run, resamples, benchmark, parts)?;
    let mut all = ScoredCell { cell, details: Vec::new(), refused: Vec::new() };
    for (place, (set, evaluation)) in scored.sets.iter().enumerate() {
        all.add(set, evaluation, place == 0);
    }
    Ok(all)
}

/// The scores of one model on one benchmark by one protocol, remembered.
fn scored_of(
    run: &Run,
    resamples: usize,
    benchmark: &Benchmark,
    parts: &[&Group],
) -> anyhow::Result<Scored> {
    let asked = Asked {
        version: VERSION,
        benchmark,
        predictions: parts.iter().flat_map(|g| &g.cells).map(|c| c.predictions.as_str()).collect(),
        variants: &parts[0].cells[0].variants,
        resamples,
        data: parts.iter().map(|g| g.cells[0].spec.data.sha256.as_str()).collect(),
    };
    remembered(&run.folder, &asked, || evaluate(run, resamples, benchmark, parts))
}

/// Why a model is on no rank and in no comparison though it ran: none of its answers is a label.
pub(super) fn unanswered(
    run: &Run,
    resamples: usize,
    benchmark: &Benchmark,
    parts: &[&Group],
) -> anyhow::Result<Option<Reason>> {
    let scored = scored_of(run, resamples, benchmark, parts)?;
    let primary = scored.sets.first().and_then(|(_, evaluation)| evaluation.primary().ok());
    Ok(primary.and_then(nothing_answered))
}

/// What the leaderboard says of one model on one benchmark: a comparison shows the same interval.
pub(super) fn own(
    run: &Run,
    resamples: usize,
    benchmark: &Benchmark,
    parts: &[&Group],
) -> anyhow::Result<Own> {
    let scored = scored_of(run, resamples, benchmark, parts)?;
    let Some((_, evaluation)) = scored.sets.first() else { return Ok(Own::default()) };
    let interval = evaluation.primary().ok().map(ends);
    Ok(Own { interval, cultures: gap(evaluation), distances: Vec::new() })
}

fn ends(score: &Score) -> Interval {
    Interval { low: score.low, high: score.high }
}

fn gap(evaluation: &Evaluation) -> Option<Gap> {
    let primary = evaluation.scores.iter().filter(|s| s.metric == evaluation.metric);
    let mut gap = None;
    let mut least = None;
    for score in primary {
        match &score.subset {
            Subset::CultureGap { best, worst } => gap = Some((score, best, worst)),
            Subset::WorstCulture { .. } => least = Some(score),
            _ => {}
        }
    }
    let ((gap, best, worst), least) = gap.zip(least)?;
    Some(Gap {
        best: best.clone(),
        worst: worst.clone(),
        figures: gap.gap,
        gap: gap.value,
        gap_interval: ends(gap),
        worst_value: least.value,
        worst_interval: ends(least),
    })
}

/// Reads an evaluation from `scores/` or makes and keeps it.
fn remembered(
    run: &RunFolder,
    asked: &Asked<'_>,
    make: impl FnOnce() -> anyhow::Result<Scored>,
) -> anyhow::Result<Scored> {
    let key = store::sha256(&serde_json::to_vec(asked)?);
    let path =
        run.path().join("scores").join(format!("{}-{}.json", asked.benchmark.name, &key[..16]));
    if let Ok(known) = store::read_json(&path) {
        return Ok(known);
    }
    let scored = make()?;
    store::write_json(&path, &scored).context("failed to keep scores")?;
    Ok(scored)
}

/// Picked columns of answers, of ranks where there are any, and of probabilities where they are wanted.
type View<'a> =
    (Vec<&'a [Answer]>, Option<Vec<&'a [Option<u32>]>>, Vec<Option<&'a [f32]>>, Vec<&'a [f64]>);

fn evaluate(
    run: &Run,
    resamples: usize,
    benchmark: &Benchmark,
    parts: &[&Group],
) -> anyhow::Result<Scored> {
    let columns: Vec<Columns> = parts.iter().map(|g| columns(run, g)).collect::<Result<_, _>>()?;
    let examples: Vec<Arc<Examples>> =
        parts.iter().map(|g| run.gold.of(&g.cells[0])).collect::<Result<_, _>>()?;
    let terms: Vec<Terms> =
        parts.iter().map(|group| Terms::of(run, group)).collect::<anyhow::Result<_>>()?;
    let mut sets = Vec::new();
    for (name, picked) in sets_of(&columns[0]) {
        let views: Vec<View<'_>> = columns
            .iter()
            .zip(&terms)
            .map(|(c, terms)| {
                let pick = |i: &usize| c.answers[*i].as_slice();
                let ranks = picked.iter().map(|i| c.ranks[*i].as_deref()).collect();
                let given = picked.iter().map(|i| c.probabilities[*i].as_deref()).collect();
                let own = |i: &usize| terms.columns.get(*i).map(Vec::as_slice);
                let of_terms = picked.iter().filter_map(own).collect();
                (picked.iter().map(pick).collect(), ranks, given, of_terms)
            })
            .collect();
        let questions: Vec<Questions<'_>> = (parts.iter().zip(&examples).zip(&views).zip(&terms))
            .map(|(((group, examples), (answers, ranks, probabilities, columns)), terms)| {
                Questions {
                    labels: &group.cells[0].spec.task.labels,
                    gold: &examples.labels,
                    answers,
                    ranks: ranks.as_deref(),
                    cultures: &examples.cultures,
                    clusters: &examples.clusters,
                    groups: &examples.groups,
                    against: Some(Against { votes: &examples.votes, probabilities }),
                    terms: &terms.measures,
                    term_columns: columns,
                }
            })
            .collect();
        let rules: Vec<Rules> =
            parts.iter().map(|g| rules(benchmark, &g.cells[0].spec.task, resamples)).collect();
        let all = scored(benchmark, parts, &questions, &rules)?;
        let seeds = parts[0].cells.len();
        let evaluation = if seeds == 1 {
            all
        } else {
            let each: Vec<Evaluation> = (0..seeds)
                .map(|seed| {
                    scored(benchmark, parts, &of_seed(&questions, seed, seeds), &quick(&rules))
                })
                .collect::<anyhow::Result<_>>()?;
            score::over_seeds(all, &each)?
        };
        sets.push((name, evaluation));
    }
    Ok(Scored { sets })
}

fn scored(
    benchmark: &Benchmark,
    parts: &[&Group],
    questions: &[Questions<'_>],
    rules: &[Rules],
) -> anyhow::Result<Evaluation> {
    if benchmark.aggregate.is_empty() {
        Ok(score::evaluate(&questions[0], &rules[0])?)
    } else {
        pooled(benchmark, parts, questions, rules)
    }
}

/// The columns of one seed: those of all seeds follow one another.
fn of_seed<'q>(questions: &[Questions<'q>], seed: usize, seeds: usize) -> Vec<Questions<'q>> {
    let one = |q: &Questions<'q>| {
        let width = q.answers.len() / seeds;
        let columns = seed * width..(seed + 1) * width;
        Questions {
            answers: &q.answers[columns.clone()],
            ranks: q.ranks.map(|r| &r[columns.clone()]),
            term_columns: if q.term_columns.is_empty() {
                &[]
            } else {
                &q.term_columns[columns.clone()]
            },
            against: q.against.map(|a| Against { probabilities: &a.probabilities[columns], ..a }),
            ..*q
        }
    };
    questions.iter().map(one).collect()
}

/// Only the values are wanted.
fn quick(rules: &[Rules]) -> Vec<Rules> {
    const FEW: usize = 100;
    rules.iter().map(|r| Rules { resamples: FEW, breakdown_resamples: FEW, ..r.clone() }).collect()
}

/// Which columns make which set of answers: the primary ones together first, then each one that is not in it, or that is
/// one of several in it. Columns of further seeds are behind those of the first, in the same order.
fn sets_of(columns: &Columns) -> Vec<(String, Vec<usize>)> {
    let names = &columns.names;
    let seeds = columns.answers.len() / names.len();
    let of = |variants: std::ops::Range<usize>| -> Vec<usize> {
        (0..seeds).flat_map(|seed| variants.clone().map(move |v| seed * names.len() + v)).collect()
    };
    let first = match columns.primary {
        1 => names[0].clone(),
        several => format!("mean of {several}"),
    };
    let mut sets = vec![(first, of(0..columns.primary))];
    for (v, name) in names.iter().enumerate() {
        if v >= columns.primary || columns.primary > 1 {
            sets.push((name.clone(), of(v..v + 1)));
        }
    }
    sets
}

/// An aggregate as an evaluation: the micro mean of the benchmark's metric is the primary score; its macro mean and both means of
/// the further metrics are beside it.
fn pooled(
    benchmark: &Benchmark,
    parts: &[&Group],
    questions: &[Questions<'_>],
    rules: &[Rules],
) -> anyhow::Result<Evaluation> {
    let parts: Vec<score::Part<'_>> = (parts.iter().zip(questions).zip(rules))
        .map(|((group, questions), rules)| score::Part {
            name: &group.task,
            questions: *questions,
            rules,
        })
        .collect();
    let metric = benchmark.metric.name().to_owned();
    let mut evaluation = Evaluation {
        scores: Vec::new(),
        refused: Vec::new(),
        metric: metric.clone(),
        mean_over_cultures: false,
    };
    let answers = || parts.iter().flat_map(|p| p.questions.answers.iter().copied().flatten());
    let count = |wanted: fn(&Answer) -> bool| answers().filter(|a| wanted(a)).count() as u64;
    for one in score::aggregate(&parts)? {
        let found = match one.means {
            Ok(found) => found,
            Err(reason) => {
                let (metric, subset) = (one.metric, Subset::All);
                evaluation.refused.push(score::Refusal { metric, subset, reason });
                continue;
            }
        };
        for (metric, mean) in [
            (one.metric.clone(), &found.micro),
            (format!("{}{MACRO_MEAN}", one.metric), &found.macro_mean),
        ] {
            evaluation.scores.push(Score {
                metric,
                subset: Subset::All,
                value: mean.value,
                low: mean.low,
                high: mean.high,
                method: mean.method.clone(),
                n: found.n,
                variants: parts[0].questions.answers.len() as u64,
                answered: count(|a| matches!(a, Answer::Label(_))),
                unparsable: count(|a| *a == Answer::Unparsable),
                missing: count(|a| *a == Answer::Missing),
                clusters: found.clusters,
                majority: None,
                gap: None,
                among: None,
            });
        }
    }
    Ok(evaluation)
}

/// Every model on every benchmark has a cell: what made none is a reason.
pub(super) fn fill_gaps(manifest: &Manifest, cells: &mut Vec<Cell>) {
    for row in &manifest.rows {
        for column in &manifest.columns {
            if cells.iter().any(|c| c.model == row.name && c.benchmark == column.name) {
                continue;
            }
            let Some(benchmark) = manifest.benchmarks.iter().find(|b| b.name == column.name) else {
                continue;
            };
            let tasks = tasks_of(benchmark, &manifest.benchmarks);
            let model = manifest.models.iter().find(|m| m.name == row.name);
            let known = manifest
                .missing
                .iter()
                .find(|m| m.model == row.name && tasks.contains(&m.task.as_str()));
            let imported =
                |name: &str| manifest.cells.iter().any(|c| c.model == name && c.imported.is_some());
            let reason = match (known, model) {
                (None, Some(model)) if imported(&model.name) => {
                    let message = "no answers of it were imported for this benchmark";
                    Reason::new(ReasonKind::NotRun, message)
                }
                (Some(missing), _) => missing.reason.clone(),
                (None, Some(model)) if !model.tasks.is_empty() => Reason::new(
                    ReasonKind::NotServed,
                    format!("its TOML limits it to {}", model.tasks.join(", ")),
                ),
                (None, _) => Reason::new(ReasonKind::NotRun, "no cell was planned"),
            };
            cells.push(Cell {
                model: row.name.clone(),
                benchmark: column.name.clone(),
                protocol: String::new(),
                served: String::new(),
                variant: String::new(),
                seeds: Vec::new(),
                sample: false,
                outcome: Outcome::Reason(reason),
            });
        }
    }
}

/// Board order: rows, columns, then the task's order of protocols.
fn order(manifest: &Manifest, cells: &mut [Cell], scores: &mut [Detail], refusals: &mut [Refused]) {
    let row = |name: &str| manifest.rows.iter().position(|r| r.name == name);
    let column = |name: &str| manifest.columns.iter().position(|c| c.name == name);
    cells.sort_by_key(|c| (row(&c.model), column(&c.benchmark), c.protocol.clone()));
    scores.sort_by_key(|d| (row(&d.model), column(&d.benchmark), d.protocol.clone()));
    refusals.sort_by_key(|r| (row(&r.model), column(&r.benchmark), r.protocol.clone()));
}
