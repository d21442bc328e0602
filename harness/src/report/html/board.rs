//! The board: columns, rows, cells, and what must be said of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{plain, plain_all};
use crate::compare::RankedModel;
use crate::report::board::unanswered;
use crate::report::{mark, percent, refusals};
use crate::results::material::Material;
use crate::results::summary::{self, Data, Outcome, lines};
use crate::score::Score;
use crate::text::format::{interval, interval_of_ranks, rank};

/// A column of the board.
#[derive(Debug, Serialize)]
pub(super) struct Column<'a> {
    name: String,
    title: String,
    metric: &'a str,
    /// As scores name it: without "mean over cultures".
    metric_name: &'a str,
    dataset: &'a str,
    license: String,
    /// `official`, `sample` or `missing`.
    data: &'static str,
    /// Why not the official data.
    because: String,
    sha256: &'a [String],
    notes: Vec<String>,
    /// Evaluated examples, where all models have as many.
    n: Option<String>,
    task: Option<&'a str>,
    /// Benchmarks that it is the mean of.
    parts: Option<&'a [String]>,
    /// Only these cultures.
    only: Option<&'a [String]>,
    /// What a culture is: `country`, `language`.
    culture: &'a str,
    /// Names of the cultures by tag.
    cultures: Option<&'a BTreeMap<String, String>>,
    /// What simple rules score.
    references: Vec<Line>,
}

/// What a simple rule scores.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    name: String,
    value: String,
}

/// A model of the board.
#[derive(Debug, Serialize)]
pub(super) struct Model {
    name: String,
    title: String,
    description: String,
    /// Tools that asked it in our place.
    imported: Vec<String>,
    contamination: Vec<Overlap>,
}

/// What is known of an overlap of a model's training data with a benchmark.
#[derive(Debug, Serialize)]
pub(super) struct Overlap {
    benchmark: String,
    why: String,
}

/// A line of the board, by places: a model, and for each column its cell.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    model: Option<usize>,
    cells: Vec<Option<usize>>,
}

/// A model on a benchmark: a score or a reason.
#[derive(Debug, Serialize)]
pub(super) struct Cell<'a> {
    model: String,
    benchmark: String,
    protocol: String,
    served: &'a str,
    variant: String,
    seeds: &'a [u64],
    sample: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Figures<'a>>,
    /// The macro mean of an aggregate, beside its micro mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    macro_mean: Option<Figures<'a>>,
    /// The sign of a known overlap, or nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    mark: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// The best simple rule that the score does not beat.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_above: Option<String>,
}

/// The place of a score in the comparison.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    letters: String,
    rank: String,
    /// Interval of the rank.
    ranks: String,
    /// Not significantly different from the best.
    best: bool,
    /// In how many resamples it alone is best, percent.
    first: String,
    /// The score of each seed.
    of_seeds: Vec<String>,
}

/// Why there is no score.
#[derive(Debug, Serialize)]
pub(super) struct Reason {
    kind: &'static str,
    message: String,
}

/// A score with everything that belongs to it.
#[derive(Debug, Serialize)]
pub(super) struct Figures<'a> {
    metric: &'a str,
    subset: String,
    value: String,
    low: String,
    high: String,
    interval: String,
    method: &'a str,
    n: u64,
    variants: u64,
    answered: u64,
    unparsable: u64,
    missing: u64,
    /// The share of unparsable and missing answers, in words, where it rounds to a percent or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<String>,
    clusters: u64,
    majority: Option<String>,
}

/// A number that others printed.
#[derive(Debug, Serialize)]
pub(super) struct Published<'a> {
    benchmark: &'a str,
    model: String,
    metric: String,
    subset: Option<String>,
    value: String,
    unit: String,
    protocol: String,
    source: String,
    date: String,
}

pub(super) fn columns(material: &Material) -> Vec<Column<'_>> {
    material.summary.benchmarks.iter().map(|c| column(material, c)).collect()
}

pub(super) fn models(material: &Material) -> Vec<Model> {
    let model = |row: &summary::Row| Model {
        name: plain(&row.name),
        title: plain(&row.title),
        description: plain(&row.description),
        imported: plain_all(&row.imported),
        contamination: (row.contamination.iter())
            .map(|(benchmark, why)| Overlap { benchmark: plain(benchmark), why: plain(why) })
            .collect(),
    };
    material.summary.models.iter().map(model).collect()
}

pub(super) fn rows(material: &Material) -> Vec<Row> {
    let summary = &material.summary;
    let place = |cell: &summary::Cell| summary.cells.iter().position(|c| std::ptr::eq(c, cell));
    let row = |(model, line): (&str, BTreeMap<&str, &summary::Cell>)| Row {
        model: summary.models.iter().position(|row| row.name == model),
        cells: (summary.benchmarks.iter())
            .map(|column| line.get(column.name.as_str()).and_then(|cell| place(cell)))
            .collect(),
    };
    lines(summary).into_iter().map(row).collect()
}

pub(super) fn cells(material: &Material) -> Vec<Cell<'_>> {
    material.summary.cells.iter().map(|c| cell(material, c)).collect()
}

pub(super) fn published(material: &Material) -> Vec<Published<'_>> {
    let published = material.summary.published.iter().map(|p| Published {
        benchmark: &p.benchmark,
        model: plain(&p.model),
        metric: plain(&p.metric),
        subset: p.subset.as_deref().map(plain),
        value: p.value.to_string(),
        unit: plain(&p.unit),
        protocol: plain(&p.protocol),
        source: plain(&p.source),
        date: plain(&p.date),
    });
    published.collect()
}

fn column<'a>(material: &'a Material, column: &'a summary::Column) -> Column<'a> {
    let (data, because, sha256): (_, _, &[String]) = match &column.data {
        Data::Official { sha256 } => ("official", String::new(), sha256),
        Data::Sample { because, sha256 } => ("sample", plain(because), sha256),
        Data::Missing { reason } => ("missing", plain(&reason.message), &[]),
    };
    let benchmark = material.benchmarks.iter().find(|b| b.name == column.name);
    let task = benchmark.and_then(|b| b.task.as_ref()).and_then(|t| material.tasks.get(t));
    Column {
        name: plain(&column.name),
        title: plain(&column.title),
        metric: &column.metric,
        metric_name: column.metric_name(),
        dataset: &column.dataset,
        license: plain(&column.license),
        data,
        because,
        sha256,
        notes: plain_all(&noted(&material.summary, column)),
        n: material.summary.n_of(&column.name).map(|n| n.to_string()),
        task: task.map(|t| &*t.name),
        parts: benchmark.map(|b| &*b.aggregate),
        only: benchmark.map(|b| &*b.cultures).filter(|c| !c.is_empty()),
        culture: task.map_or("culture", |t| t.culture_kind.as_str()),
        cultures: task.map(|t| &t.culture_names),
        references: (material.summary.references.iter())
            .filter(|one| one.benchmark == column.name)
            .map(|one| Line { name: plain(&one.line.name), value: percent(one.line.value) })
            .collect(),
    }
}

/// Warnings and what has no score first, then what was noted about the data.
fn noted(summary: &summary::Summary, column: &summary::Column) -> Vec<String> {
    let warnings = column.warnings.iter().map(|warning| format!("warning: {warning}"));
    warnings.chain(refusals(summary, &column.name)).chain(column.notes.iter().cloned()).collect()
}

/// The standing of a cell in the comparison.
pub(super) fn standing<'a>(
    material: &'a Material,
    cell: &summary::Cell,
) -> Option<&'a RankedModel> {
    let report = material.comparison.as_ref().ok()?;
    let mut outcomes = report.benchmarks.iter();
    let outcome =
        outcomes.find(|o| o.benchmark == cell.benchmark && o.protocol == cell.protocol)?;
    outcome.models.iter().find(|m| m.model == cell.model)
}

fn cell<'a>(material: &'a Material, cell: &'a summary::Cell) -> Cell<'a> {
    let mut found = Cell {
        model: plain(&cell.model),
        benchmark: plain(&cell.benchmark),
        protocol: plain(&cell.protocol),
        served: &cell.served,
        variant: plain(&cell.variant),
        seeds: &cell.seeds,
        sample: cell.sample,
        score: None,
        macro_mean: None,
        mark: "",
        standing: None,
        reason: None,
        not_above: None,
    };
    match &cell.outcome {
        Outcome::Score(score) => {
            found.score = Some(figures(score));
            found.macro_mean = material.summary.macro_mean(cell).map(figures);
            found.mark = mark(&material.summary, &cell.model, &cell.benchmark);
            found.standing = standing(material, cell).map(place);
            let best = material.summary.not_beaten(&cell.benchmark, score);
            found.not_above = best.map(|line| plain(&line.name));
        }
        Outcome::Reason(reason) => {
            let (kind, message) = (reason.kind.name(), plain(&reason.message));
            found.reason = Some(Reason { kind, message });
        }
    }
    found
}

fn place(standing: &RankedModel) -> Place {
    let ranks = standing.rank_interval;
    Place {
        letters: plain(&standing.letters),
        rank: rank(standing.rank),
        ranks: interval_of_ranks(ranks.low, ranks.high),
        best: standing.letters.contains('a'),
        first: percent(standing.first),
        of_seeds: standing.of_seeds.iter().map(|v| percent(*v)).collect(),
    }
}

fn figures(score: &Score) -> Figures<'_> {
    Figures {
        metric: &score.metric,
        subset: plain(&score.subset.to_string()),
        value: percent(score.value),
        low: percent(score.low),
        high: percent(score.high),
        interval: interval(score.low, score.high),
        method: &score.method,
        n: score.n,
        variants: score.variants,
        answered: score.answered,
        unparsable: score.unparsable,
        missing: score.missing,
        unanswered: unanswered(score),
        clusters: score.clusters,
        majority: score.majority.map(percent),
    }
}
