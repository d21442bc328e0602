//! From a run folder to a [`Summary`]: answers are joined with the gold labels by id and scored. Never calls a model.
//!
//! Evaluations are remembered in the run's `scores/`, named by a hash of all that went into them; the folder may be
//! deleted at any time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::definition::family::{Benchmark, Task};
use crate::example::Examples;
use crate::exec::guard::record_of;
use crate::manifest::{Manifest, PlannedCell, tasks_of};
use crate::prepare;
use crate::report::summary::{Cell, Detail, FORMAT, Outcome, Summary};
use crate::score::{self, Answer, Evaluation, Questions, Rules, Score, Subset};
use crate::settings::Settings;
use crate::stats::dist::t_ppf;
use crate::stats::rng::Stream;
use crate::store::predictions;
use crate::store::record::{CellSpec, End, Reason, ReasonKind};
use crate::store::{self, RunFolder};

/// Raised when the same answers get other scores: remembered evaluations are made anew.
const VERSION: u32 = 2;

/// Seed of the resamples; one for all runs, so that a report never changes by itself.
pub(crate) const RESAMPLING_SEED: u64 = 1;

/// All seeds of one model on one task by one protocol.
pub(crate) struct Group<'a> {
    pub(crate) model: &'a str,
    pub(crate) task: &'a str,
    pub(crate) protocol: &'a str,
    /// In order of seed; the same protocol and variants in all.
    pub(crate) cells: Vec<Done<'a>>,
    /// Of the seeds that failed or did not run.
    pub(crate) reasons: Vec<Reason>,
}

/// A finished cell.
pub(crate) struct Done<'a> {
    pub(crate) planned: &'a PlannedCell,
    pub(crate) spec: CellSpec,
    pub(crate) predictions: String,
    pub(crate) examples: u64,
    pub(crate) variants: Vec<String>,
    pub(crate) primary: usize,
}

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
pub fn summarise(run: &RunFolder, settings: &Settings) -> anyhow::Result<Summary> {
    let manifest = Manifest::read(run)?;
    let groups = groups(run, &manifest)?;
    let gold = Gold::new(&manifest);
    let work: Vec<(&Benchmark, &str, Vec<&Group<'_>>)> = manifest
        .columns
        .iter()
        .filter_map(|column| manifest.benchmarks.iter().find(|b| b.name == column.name))
        .flat_map(|benchmark| {
            let tasks = tasks_of(benchmark, &manifest.benchmarks);
            by_model_and_protocol(&groups, &tasks)
                .into_iter()
                .map(move |(model, parts)| (benchmark, model, parts))
        })
        .collect();
    let scored: Vec<(Vec<Cell>, Vec<Detail>)> = work
        .par_iter()
        .map(|(benchmark, model, parts)| {
            score_cell(run, &manifest, settings, &gold, benchmark, model, parts)
        })
        .collect::<anyhow::Result<_>>()?;

    let (mut cells, mut scores) = (Vec::new(), Vec::new());
    for (more_cells, more_scores) in scored {
        cells.extend(more_cells);
        scores.extend(more_scores);
    }
    fill_gaps(&manifest, &mut cells);
    order(&manifest, &mut cells, &mut scores);
    Ok(Summary {
        format: FORMAT,
        suite: manifest.suite.name.clone(),
        title: manifest.suite.title.clone(),
        sample: cells.iter().any(|c| c.sample && matches!(c.outcome, Outcome::Score(_))),
        confidence: score::CONFIDENCE,
        signature: signature(&manifest, settings),
        benchmarks: manifest.columns.clone(),
        models: manifest.rows.clone(),
        cells,
        scores,
        published: manifest.published.clone(),
    })
}

fn signature(manifest: &Manifest, settings: &Settings) -> String {
    let seeds: Vec<String> = manifest.seeds.iter().map(u64::to_string).collect();
    let limit = if manifest.limit > 0 {
        format!(" · first {} examples only", manifest.limit)
    } else {
        String::new()
    };
    format!(
        "culture-eval {} · suite {} · seeds {} · {} resamples, seed {RESAMPLING_SEED}{limit}",
        manifest.harness,
        manifest.suite.name,
        seeds.join(" "),
        settings.resamples
    )
}

/// The cells of the run, all seeds of a model, task and protocol together.
pub(crate) fn groups<'a>(
    run: &RunFolder,
    manifest: &'a Manifest,
) -> anyhow::Result<Vec<Group<'a>>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for planned in &manifest.cells {
        let folder = run.cell(&planned.folder);
        let key = (planned.model.as_str(), planned.task.as_str(), planned.protocol.as_str());
        let place = groups.iter().position(|g| (g.model, g.task, g.protocol) == key);
        let place = place.unwrap_or_else(|| {
            let (model, task, protocol) = key;
            groups.push(Group { model, task, protocol, cells: Vec::new(), reasons: Vec::new() });
            groups.len() - 1
        });
        match record_of(&folder, &planned.key)?.map(|record| record.end) {
            Some(End::Done { predictions, examples, variants, primary, .. }) => {
                let spec = store::read_json(&folder.spec())?;
                groups[place].cells.push(Done {
                    planned,
                    spec,
                    predictions,
                    examples,
                    variants,
                    primary,
                });
            }
            Some(End::Failed { reason }) => groups[place].reasons.push(reason),
            None => {
                let message = "not finished; run the suite again to go on";
                groups[place].reasons.push(Reason::new(ReasonKind::NotRun, message));
            }
        }
    }
    for group in &mut groups {
        group.cells.sort_by_key(|c| c.planned.seed);
    }
    Ok(groups)
}

/// For each model and protocol, its groups on the tasks, in order of the tasks. A model may serve the parts of an
/// aggregate by one protocol only.
pub(crate) fn by_model_and_protocol<'a, 'g>(
    groups: &'g [Group<'a>],
    tasks: &[&str],
) -> Vec<(&'g str, Vec<&'g Group<'a>>)> {
    let mut found: Vec<(&str, &str, Vec<&Group<'a>>)> = Vec::new();
    for group in groups.iter().filter(|g| tasks.contains(&g.task)) {
        match found
            .iter_mut()
            .find(|(model, protocol, _)| (*model, *protocol) == (group.model, group.protocol))
        {
            Some((_, _, parts)) => parts.push(group),
            None => found.push((group.model, group.protocol, vec![group])),
        }
    }
    for (_, _, parts) in &mut found {
        parts.sort_by_key(|g| tasks.iter().position(|t| *t == g.task));
    }
    found.into_iter().map(|(model, _, parts)| (model, parts)).collect()
}

/// Scores one model on one benchmark by one protocol.
fn score_cell(
    run: &RunFolder,
    manifest: &Manifest,
    settings: &Settings,
    gold: &Gold<'_>,
    benchmark: &Benchmark,
    model: &str,
    parts: &[&Group<'_>],
) -> anyhow::Result<(Vec<Cell>, Vec<Detail>)> {
    let protocol = parts[0].protocol.to_owned();
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
    let wanted = tasks_of(benchmark, &manifest.benchmarks).len();
    if let Some(reason) = parts.iter().flat_map(|g| &g.reasons).next() {
        cell.outcome = Outcome::Reason(reason.clone());
        return Ok((vec![cell], Vec::new()));
    }
    if parts.len() < wanted {
        let there: Vec<&str> = parts.iter().map(|g| g.task).collect();
        let message = format!(
            "only {} of {wanted} parts ran by protocol {protocol}: {}",
            parts.len(),
            there.join(", ")
        );
        cell.outcome = Outcome::Reason(Reason::new(ReasonKind::NotRun, message));
        return Ok((vec![cell], Vec::new()));
    }
    let first = &parts[0].cells[0];
    first.spec.served.name().clone_into(&mut cell.served);
    cell.sample = parts.iter().flat_map(|g| &g.cells).any(|c| c.spec.sample);
    cell.seeds = parts[0].cells.iter().map(|c| c.planned.seed).collect();

    let asked = Asked {
        version: VERSION,
        benchmark,
        predictions: parts.iter().flat_map(|g| &g.cells).map(|c| c.predictions.as_str()).collect(),
        variants: &first.variants,
        resamples: settings.resamples,
        data: parts.iter().map(|g| g.cells[0].spec.data.sha256.as_str()).collect(),
    };
    let scored = remembered(run, &asked, || evaluate(run, settings, gold, benchmark, parts))?;
    let mut details = Vec::new();
    for (place, (set, evaluation)) in scored.sets.iter().enumerate() {
        if place == 0 {
            cell.variant.clone_from(set);
            cell.outcome = match evaluation.primary() {
                Ok(score) => Outcome::Score(score.clone()),
                Err(reason) => {
                    Outcome::Reason(Reason::new(ReasonKind::NoScore, reason.to_string()))
                }
            };
        }
        let primary = evaluation.primary().ok();
        details.extend(evaluation.scores.iter().filter(|s| place > 0 || Some(*s) != primary).map(
            |score| Detail {
                model: model.to_owned(),
                benchmark: benchmark.name.clone(),
                protocol: protocol.clone(),
                variant: set.clone(),
                sample: cell.sample,
                score: score.clone(),
            },
        ));
    }
    Ok((vec![cell], details))
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

/// Columns of answers as the score room wants them.
pub(crate) struct Columns {
    pub(crate) names: Vec<String>,
    pub(crate) primary: usize,
    pub(crate) answers: Vec<Vec<Answer>>,
    /// Of the columns whose variant gives scores.
    ranks: Vec<Option<Vec<Option<u32>>>>,
}

/// Picked columns of answers, and of ranks where there are any.
type View<'a> = (Vec<&'a [Answer]>, Option<Vec<&'a [Option<u32>]>>);

fn evaluate(
    run: &RunFolder,
    settings: &Settings,
    gold: &Gold<'_>,
    benchmark: &Benchmark,
    parts: &[&Group<'_>],
) -> anyhow::Result<Scored> {
    let columns: Vec<Columns> =
        parts.iter().map(|g| columns(run, gold, g)).collect::<Result<_, _>>()?;
    let examples: Vec<Arc<Examples>> =
        parts.iter().map(|g| gold.of(&g.cells[0])).collect::<Result<_, _>>()?;
    let mut sets = Vec::new();
    for (name, picked) in sets_of(&columns[0]) {
        let views: Vec<View<'_>> = columns
            .iter()
            .map(|c| {
                let pick = |i: &usize| c.answers[*i].as_slice();
                let ranks = picked.iter().map(|i| c.ranks[*i].as_deref()).collect();
                (picked.iter().map(pick).collect(), ranks)
            })
            .collect();
        let questions: Vec<Questions<'_>> = (parts.iter().zip(&examples).zip(&views))
            .map(|((group, examples), (answers, ranks))| Questions {
                labels: &group.cells[0].spec.task.labels,
                gold: &examples.labels,
                answers,
                ranks: ranks.as_deref(),
                cultures: &examples.cultures,
                clusters: &examples.clusters,
                groups: &examples.groups,
            })
            .collect();
        let rules: Vec<Rules> =
            parts.iter().map(|g| rules(benchmark, &g.cells[0].spec.task, settings)).collect();
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
            widened(all, &each)?
        };
        sets.push((name, evaluation));
    }
    Ok(Scored { sets })
}

fn scored(
    benchmark: &Benchmark,
    parts: &[&Group<'_>],
    questions: &[Questions<'_>],
    rules: &[Rules],
) -> anyhow::Result<Evaluation> {
    if benchmark.aggregate.is_empty() {
        Ok(score::evaluate(&questions[0], &rules[0])?)
    } else {
        pooled(benchmark, parts, questions, rules)
    }
}

/// The columns of one seed: those of all seeds stand one after another.
fn of_seed<'q>(questions: &[Questions<'q>], seed: usize, seeds: usize) -> Vec<Questions<'q>> {
    let one = |q: &Questions<'q>| {
        let width = q.answers.len() / seeds;
        let columns = seed * width..(seed + 1) * width;
        Questions {
            answers: &q.answers[columns.clone()],
            ranks: q.ranks.map(|r| &r[columns]),
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

/// Takes the spread over seeds into the intervals: the distance of each end from the value and the half width of Student's
/// interval over the seeds add as squares (method of variance estimates recovery, Zou & Donner 2008), so that both the
/// examples and the seeds count as samples.
fn widened(mut all: Evaluation, each: &[Evaluation]) -> anyhow::Result<Evaluation> {
    let seeds = each.len() as f64;
    let t = t_ppf(0.5 + score::CONFIDENCE / 2.0, seeds - 1.0)?;
    for score in &mut all.scores {
        let same = |e: &Evaluation| e.find(&score.metric, &score.subset).map(|s| s.value);
        let Some(values) = each.iter().map(same).collect::<Option<Vec<f64>>>() else { continue };
        let variance =
            values.iter().map(|v| (v - score.value).powi(2)).sum::<f64>() / (seeds - 1.0);
        let over_seeds = t * (variance / seeds).sqrt();
        score.low = (score.value - (score.value - score.low).hypot(over_seeds)).max(0.0);
        score.high = (score.value + (score.high - score.value).hypot(over_seeds)).min(1.0);
        score.method = format!("{} + {} seeds", score.method, each.len());
    }
    Ok(all)
}

/// Which columns make which set of answers: the primary ones together first, then each one that is not in it, or that is
/// one of several in it. Columns of further seeds stand behind those of the first, in the same order.
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

/// How a benchmark is scored, by the settings.
pub fn rules(benchmark: &Benchmark, task: &Task, settings: &Settings) -> Rules {
    let positive = task
        .positive
        .as_ref()
        .and_then(|p| task.labels.iter().position(|l| l == p))
        .map(|i| i as u32);
    let stream = Stream::new(RESAMPLING_SEED, "scores").child(&benchmark.name);
    Rules {
        resamples: settings.resamples,
        breakdown_resamples: settings.resamples,
        ..Rules::new(benchmark, &task.scoring, positive, stream)
    }
}

/// An aggregate as an evaluation: the micro mean is the primary score, the macro mean stands beside it.
fn pooled(
    benchmark: &Benchmark,
    parts: &[&Group<'_>],
    questions: &[Questions<'_>],
    rules: &[Rules],
) -> anyhow::Result<Evaluation> {
    let parts: Vec<score::Part<'_>> = (parts.iter().zip(questions).zip(rules))
        .map(|((group, questions), rules)| score::Part {
            name: group.task,
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
    match score::aggregate(&parts)? {
        Ok(found) => {
            let answers =
                || parts.iter().flat_map(|p| p.questions.answers.iter().copied().flatten());
            let count =
                |wanted: fn(&Answer) -> bool| answers().filter(|a| wanted(a)).count() as u64;
            for (name, mean) in [
                (metric.clone(), &found.micro),
                (format!("{metric}, macro mean"), &found.macro_mean),
            ] {
                evaluation.scores.push(Score {
                    metric: name,
                    subset: Subset::All,
                    value: mean.value,
                    low: mean.low,
                    high: mean.high,
                    method: mean.method.clone(),
                    n: found.n,
                    variants: parts[0].questions.answers.len() as u64,
                    answered: count(|a| matches!(a, Answer::Label(_))),
                    out_of_choice: count(|a| *a == Answer::OutOfChoice),
                    missing: count(|a| *a == Answer::Missing),
                    clusters: found.clusters,
                    majority: None,
                });
            }
        }
        Err(reason) => {
            evaluation.refused.push(score::Refusal { metric, subset: Subset::All, reason });
        }
    }
    Ok(evaluation)
}

/// The answers of all seeds of a group, joined with the examples by id.
pub(crate) fn columns(
    run: &RunFolder,
    gold: &Gold<'_>,
    group: &Group<'_>,
) -> anyhow::Result<Columns> {
    let first = &group.cells[0];
    let mut columns = Columns {
        names: first.variants.clone(),
        primary: first.primary,
        answers: Vec::new(),
        ranks: Vec::new(),
    };
    for cell in &group.cells {
        let path = run.cell(&cell.planned.folder).predictions();
        let examples = gold.of(cell)?;
        for (column, ranks) in join(&path, cell, &examples)? {
            columns.answers.push(column);
            columns.ranks.push(ranks);
        }
    }
    Ok(columns)
}

type Joined = (Vec<Answer>, Option<Vec<Option<u32>>>);

/// For each variant one answer an example, by id; an example without a row is missing. The rank of the gold label is its
/// place among the kept best labels, where the model gives scores.
fn join(path: &Path, cell: &Done<'_>, examples: &Examples) -> anyhow::Result<Vec<Joined>> {
    let (variants, n) = (cell.variants.len(), examples.len());
    let mut seen = vec![false; variants * n];
    let mut answers = vec![vec![Answer::Missing; n]; variants];
    let mut ranks: Vec<Option<Vec<Option<u32>>>> = vec![None; variants];
    let labels = &cell.spec.task.labels;
    predictions::scan(path, &cell.variants, labels, &examples.ids, true, |row| {
        if std::mem::replace(&mut seen[row.variant * n + row.example], true) {
            return Err(std::io::Error::other(format!(
                "{}: the example `{}` is answered twice; delete the cell's folder and run again",
                path.display(),
                examples.ids.get(row.example)
            )));
        }
        answers[row.variant][row.example] = match row.label {
            Some(label) => Answer::Label(label),
            None if row.out_of_choice => Answer::OutOfChoice,
            None => Answer::Missing,
        };
        if !row.top.is_empty() {
            let gold = examples.labels[row.example];
            let rank = row.top.iter().position(|label| *label == gold).map(|rank| rank as u32);
            ranks[row.variant].get_or_insert_with(|| vec![None; n])[row.example] = rank;
        }
        Ok(())
    })?;
    Ok(answers.into_iter().zip(ranks).collect())
}

/// Gold labels of the evaluated parts, read once per data and protocol.
pub(crate) struct Gold<'a> {
    manifest: &'a Manifest,
    texts: bool,
    read: Mutex<BTreeMap<String, Arc<Examples>>>,
}

impl<'a> Gold<'a> {
    /// Without the texts.
    pub(crate) fn new(manifest: &'a Manifest) -> Self {
        Self { manifest, texts: false, read: Mutex::default() }
    }

    /// With the texts.
    pub(crate) fn with_texts(manifest: &'a Manifest) -> Self {
        Self { texts: true, ..Self::new(manifest) }
    }

    /// The examples that a cell evaluated.
    pub(crate) fn of(&self, cell: &Done<'_>) -> anyhow::Result<Arc<Examples>> {
        let spec = &cell.spec;
        let key = format!("{} {:?} {}", spec.data.sha256, spec.protocol.eval, spec.limit);
        let mut read = self
            .read
            .lock()
            .map_err(|_| anyhow::anyhow!("another thread failed while reading examples"))?;
        if let Some(known) = read.get(&key) {
            return Ok(known.clone());
        }
        let path =
            self.manifest.data.get(&spec.task.name).map_or(&spec.data.path, |file| &file.path);
        let load = if self.texts { prepare::load } else { prepare::load_without_texts };
        let mut examples = load(path.as_ref(), &spec.protocol.eval, &spec.task.labels)
            .with_context(|| {
                format!(
                    "failed to read the gold labels of `{}`; run the suite again to prepare them",
                    spec.task.name
                )
            })?;
        if spec.limit > 0 {
            examples.truncate(spec.limit);
        }
        let examples = Arc::new(examples);
        read.insert(key, examples.clone());
        Ok(examples)
    }
}

/// Every model on every benchmark has a cell: what made none is a reason.
pub(crate) fn fill_gaps(manifest: &Manifest, cells: &mut Vec<Cell>) {
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
fn order(manifest: &Manifest, cells: &mut [Cell], scores: &mut [Detail]) {
    let row = |name: &str| manifest.rows.iter().position(|r| r.name == name);
    let column = |name: &str| manifest.columns.iter().position(|c| c.name == name);
    cells.sort_by_key(|c| (row(&c.model), column(&c.benchmark), c.protocol.clone()));
    scores.sort_by_key(|d| (row(&d.model), column(&d.benchmark), d.protocol.clone()));
}
