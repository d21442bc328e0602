//! Files of other tools with a score for each item -> the comparison of their models. No run and no benchmark is needed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{bail, ensure};
use eval_stats::StatsError;
use eval_stats::cluster::{clustered_mean_interval, clustered_wilson};
use eval_stats::interval::{mean_interval, wilson};

use crate::answer::Answer;
use crate::compare::{
    self, Column, ComparedModel, Comparison, Interval, Options, Own, Part, Report,
};
use crate::definition::dataset::{Measure, Metric};
use crate::definition::metric::ValueMetric;
use crate::import::items::{ItemScore, Scores};

/// With fewer items in common than this share of the largest file, a comparison must be asked for.
const SHARED: f64 = 0.9;

/// A file, by its name, and what it holds.
pub type File = (String, Scores);

/// How files are compared.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// Every score is divided by this.
    pub scale: f64,
    /// Compare also where the files share few items.
    pub partial: bool,
}

/// Compares the models of two files or more, paired by item.
///
/// # Errors
/// Files of different metrics, items of the same id that asked different questions or lie in different clusters, few items in
/// common, scores out of range; each with what to do.
pub fn compare(files: &[File], way: Way, options: &Options) -> anyhow::Result<Report> {
    let metric = &files[0].1.metric;
    if let Some((name, other)) = files.iter().find(|(_, scores)| scores.metric != *metric) {
        bail!(
            "{} has the score `{metric}`, {name} has `{}`: choose one that all have with --metric",
            files[0].0,
            other.metric
        );
    }
    let names = names(files);
    if let Some(baseline) = options.baseline.as_ref().filter(|b| !names.contains(b)) {
        bail!("no file is of the model `{baseline}`: there are {}", names.join(", "));
    }
    let (shared, mut notes) = shared(files, way.partial)?;
    let scores: Vec<Vec<f64>> = (0..files.len())
        .map(|file| scaled(shared.iter().map(|row| row[file]), way.scale))
        .collect::<Result<_, _>>()?;
    let clusters = clusters(&shared)?;
    let binary = scores.iter().flatten().all(|score| *score == 0.0 || *score == 1.0);
    let title = files.iter().find_map(|(_, scores)| scores.task.clone());
    let title = title.map_or_else(|| metric.clone(), |task| format!("{task} ({metric})"));
    let n = shared.len();
    let models = names.iter().zip(&scores).map(|(name, scores)| {
        let right = |score: &f64| Answer::Label(u32::from(*score == 1.0));
        // The engine keeps the values of examples as f32.
        let values: Vec<f32> = scores.iter().map(|score| *score as f32).collect();
        Ok(ComparedModel {
            name: name.clone(),
            seeds: vec![1],
            answers: vec![vec![scores.iter().map(right).collect()]],
            values: if binary { Vec::new() } else { vec![vec![values]] },
            own: Own { interval: interval(scores, &clusters, binary)?, ..Own::default() },
        })
    });
    let comparison = Comparison {
        benchmark: "files".to_owned(),
        title: title.clone(),
        protocol: "as logged".to_owned(),
        metric: if binary { Metric::Accuracy.into() } else { Measure::Mean(ValueMetric::Logged) },
        mean_over_cultures: false,
        sample: false,
        data: Vec::new(),
        cultures: vec![String::new()],
        models: models.collect::<anyhow::Result<_>>()?,
        parts: vec![Part {
            classes: 2,
            positive: 1,
            smoothing: 0.0,
            gold: vec![1; n],
            cultures: vec![0; n],
            clusters,
        }],
    };
    let column = Column {
        benchmark: comparison.benchmark.clone(),
        task: Some(title),
        cultures: Vec::new(),
        aggregate: Vec::new(),
    };
    let mut report = compare::compare(
        ("files", "Files of scores"),
        &[comparison],
        &[column],
        Vec::new(),
        options,
    )?;
    for outcome in &mut report.benchmarks {
        outcome.notes.append(&mut notes);
    }
    Ok(report)
}

/// The models' names as logged; where two are the same or there is none, what the files are called.
fn names(files: &[File]) -> Vec<String> {
    let logged: Vec<Option<&String>> =
        files.iter().map(|(_, scores)| scores.model.as_ref()).collect();
    let distinct: BTreeSet<_> = logged.iter().flatten().collect();
    if distinct.len() == files.len() {
        return logged.into_iter().flatten().cloned().collect();
    }
    let stem = |name: &str| {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
    };
    let stems: Vec<String> = files.iter().map(|(name, _)| stem(name)).collect();
    if stems.iter().collect::<BTreeSet<_>>().len() == files.len() {
        return stems;
    }
    files.iter().map(|(name, _)| name.clone()).collect()
}

/// The items that all files have a score of, in the order of the first, one column a file; and what was left out.
fn shared(files: &[File], partial: bool) -> anyhow::Result<(Vec<Vec<&ItemScore>>, Vec<String>)> {
    let by_id: Vec<HashMap<&str, &ItemScore>> = files
        .iter()
        .map(|(_, scores)| scores.items.iter().map(|item| (&*item.id, item)).collect())
        .collect();
    let mut rows = Vec::new();
    let mut without_score = 0;
    for item in &files[0].1.items {
        let row: Option<Vec<&ItemScore>> =
            by_id.iter().map(|items| items.get(&*item.id).copied()).collect();
        let Some(row) = row else { continue };
        same_question(&row)?;
        if row.iter().all(|item| item.score.is_some()) {
            rows.push(row);
        } else {
            without_score += 1;
        }
    }
    let largest = by_id.iter().map(HashMap::len).max().unwrap_or(0);
    if rows.is_empty() {
        let example = |file: &File| file.1.items.first().map_or("", |item| &*item.id).to_owned();
        let all: Vec<String> =
            files.iter().map(|file| format!("{} has `{}`", file.0, example(file))).collect();
        bail!(
            "the files share no item: {}; name the field with the item's id with --id",
            all.join(", ")
        );
    }
    ensure!(
        partial || rows.len() as f64 >= SHARED * largest as f64,
        "the files have scores of {} items in common, of up to {largest}: a comparison of these alone must be asked for, with --partial",
        rows.len()
    );
    let mut notes: Vec<String> =
        files.iter().flat_map(|(_, scores)| scores.notes.clone()).collect();
    for ((name, _), items) in files.iter().zip(&by_id) {
        let left_out = items.len() - rows.len() - without_score;
        if left_out > 0 {
            notes.push(format!(
                "{left_out} items of {name} are not in every file and were left out"
            ));
        }
    }
    if without_score > 0 {
        notes.push(format!(
            "{without_score} items have no score in one of the files and were left out"
        ));
    }
    Ok((rows, notes))
}

fn same_question(row: &[&ItemScore]) -> anyhow::Result<()> {
    let asked = row.iter().filter(|item| item.question.is_some());
    let mut first: Option<&ItemScore> = None;
    for item in asked {
        let known = *first.get_or_insert(item);
        ensure!(
            known.question == item.question,
            "the item `{}` is another question in {} than in {}: files of different data, or of other versions of it, cannot \
             be compared by id; name a field that holds the same in both with --id",
            item.id,
            item.place,
            known.place
        );
    }
    Ok(())
}

/// The scores of one file, between 0 and 1.
fn scaled<'i>(items: impl Iterator<Item = &'i ItemScore>, scale: f64) -> anyhow::Result<Vec<f64>> {
    items
        .map(|item| {
            let score = item.score.unwrap_or_default() / scale;
            ensure!(
                (0.0..=1.0).contains(&score),
                "{}: the score is {score}, and scores are between 0 and 1: give what they are to be divided by with --scale, \
                 such as --scale 10",
                item.place
            );
            Ok(score)
        })
        .collect()
}

/// A number for each item: equal in one cluster, and all different where the files name no clusters.
fn clusters(rows: &[Vec<&ItemScore>]) -> anyhow::Result<Vec<u32>> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut clusters = Vec::with_capacity(rows.len());
    for (row, items) in rows.iter().enumerate() {
        let mut named = items.iter().filter_map(|item| Some((*item, item.cluster.as_deref()?)));
        let Some((first, name)) = named.next() else {
            clusters.push(u32::try_from(row)?);
            continue;
        };
        if let Some((other, cluster)) = named.find(|(_, cluster)| *cluster != name) {
            bail!(
                "the item `{}` is in the cluster `{name}` in {} and in `{cluster}` in {}",
                first.id,
                first.place,
                other.place
            );
        }
        let next = u32::try_from(numbers.len())?;
        clusters.push(*numbers.entry(name).or_insert(next));
    }
    Ok(clusters)
}

/// The interval of one mean; none where it does not vary or cannot be computed.
fn interval(scores: &[f64], clusters: &[u32], binary: bool) -> anyhow::Result<Option<Interval>> {
    const CONFIDENCE: f64 = crate::score::CONFIDENCE;
    let n = scores.len();
    let clustered = clusters.iter().collect::<BTreeSet<_>>().len() < n;
    let found = match (binary, clustered) {
        (true, false) => wilson(scores.iter().sum::<f64>() as u64, n as u64, CONFIDENCE),
        (true, true) => clustered_wilson(scores, clusters, CONFIDENCE),
        (false, false) if n < 2 => return Ok(None),
        (false, false) => mean_interval(scores, CONFIDENCE),
        (false, true) => clustered_mean_interval(scores, clusters, CONFIDENCE),
    };
    match found {
        Ok(found) => Ok(Some(Interval { low: found.low.max(0.0), high: found.high.min(1.0) })),
        Err(StatsError::Degenerate { .. } | StatsError::TooFew { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
