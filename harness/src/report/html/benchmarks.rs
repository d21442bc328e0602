//! A page for each benchmark: what is asked, where the data come from, how they are split, what overlaps.

use std::collections::BTreeMap;

use serde::Serialize;

use super::votes::{VoteFacts, votes};
use super::{plain, plain_all, plain_lines};
use crate::definition::dataset::{Dataset, Status};
use crate::prepare::{Meta, SourceRecord};
use crate::results::manifest::tasks_of;
use crate::results::material::Material;
use crate::split::{Leaks, Overlap};

/// The page of a benchmark.
#[derive(Debug, Serialize)]
pub(super) struct BenchmarkPage<'a> {
    /// None where its definition is not known here.
    dataset: Option<FamilyFacts>,
    /// Only these cultures; empty: all.
    only: Option<&'a [String]>,
    /// Benchmarks that it is the mean of.
    parts: Option<&'a [String]>,
    tasks: Vec<TaskFacts<'a>>,
}

/// Where a benchmark comes from.
#[derive(Debug, Serialize)]
pub(super) struct FamilyFacts {
    title: String,
    version: u32,
    summary: String,
    /// How to get its data.
    status: &'static str,
    license: String,
    homepage: String,
    paper: String,
    citation: String,
    warning: Option<String>,
}

/// What is asked.
#[derive(Debug, Serialize)]
pub(super) struct TaskFacts<'a> {
    name: String,
    title: Option<String>,
    question: Option<String>,
    labels: Option<Vec<String>>,
    positive: Option<String>,
    /// What a culture is: `country`, `language`.
    culture: Option<&'a str>,
    /// Names of the cultures by tag.
    names: Option<&'a BTreeMap<String, String>>,
    /// None where the prepared data are not on this machine.
    data: Option<DataFacts<'a>>,
}

/// The prepared data.
#[derive(Debug, Serialize)]
pub(super) struct DataFacts<'a> {
    sample: bool,
    examples: u64,
    rows: Rows,
    clusters: u64,
    parts: Vec<PartFacts<'a>>,
    /// Split -> culture -> label -> examples.
    counts: &'a BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    labels: &'a [String],
    /// Lengths of the texts.
    chars: Chars,
    overlap: &'a Overlap,
    leaks: &'a Leaks,
    sources: Vec<SourceFile<'a>>,
    sha256: &'a str,
    notes: Vec<String>,
    /// None where the annotators' votes are not known.
    votes: Option<VoteFacts>,
}

/// What became of the rows of the source.
#[derive(Debug, Serialize)]
pub(super) struct Rows {
    read: u64,
    skipped: u64,
    dropped: u64,
}

/// A part: train, valid, test.
#[derive(Debug, Serialize)]
pub(super) struct PartFacts<'a> {
    name: &'a str,
    examples: u64,
}

/// Characters of the texts.
#[derive(Debug, Serialize)]
pub(super) struct Chars {
    min: u32,
    median: u32,
    max: u32,
    mean: String,
}

/// A file of the source.
#[derive(Debug, Serialize)]
pub(super) struct SourceFile<'a> {
    id: String,
    file: String,
    bytes: u64,
    sha256: &'a str,
    /// What it was checked against.
    verified: String,
}

/// By name of the benchmark.
pub(super) fn benchmarks(material: &Material) -> BTreeMap<String, BenchmarkPage<'_>> {
    let columns = material.summary.benchmarks.iter();
    columns.map(|c| (plain(&c.name), page(material, &c.name, &c.dataset))).collect()
}

fn page<'a>(material: &'a Material, name: &str, dataset: &str) -> BenchmarkPage<'a> {
    let dataset = material.datasets.iter().find(|f| f.name == dataset);
    let benchmark = material.benchmarks.iter().find(|b| b.name == name);
    let tasks = benchmark.map(|b| tasks_of(b, &material.benchmarks)).unwrap_or_default();
    BenchmarkPage {
        dataset: dataset.map(facts),
        only: benchmark.map(|b| &*b.cultures),
        parts: benchmark.map(|b| &*b.aggregate),
        tasks: tasks.into_iter().map(|name| task(material, name)).collect(),
    }
}

fn facts(dataset: &Dataset) -> FamilyFacts {
    FamilyFacts {
        title: plain(&dataset.title),
        version: dataset.version,
        summary: plain(&dataset.summary),
        status: match dataset.status {
            Status::Open => "a plain download",
            Status::Drive => "a file on Google Drive",
            Status::DropIn => "a file that you put into a folder",
            Status::Gated => "after accepting the authors' terms",
        },
        license: plain(&dataset.license),
        homepage: plain(&dataset.homepage),
        paper: plain(&dataset.paper),
        citation: plain_lines(dataset.citation.trim()),
        warning: dataset.content_warning.as_deref().map(plain),
    }
}

fn task<'a>(material: &'a Material, name: &str) -> TaskFacts<'a> {
    let task = material.tasks.get(name);
    TaskFacts {
        name: plain(name),
        title: task.map(|t| plain(&t.title)),
        question: task.map(|t| plain(&t.question)),
        labels: task.map(|t| plain_all(&t.labels)),
        positive: task.and_then(|t| t.positive.as_deref()).map(plain),
        culture: task.map(|t| t.culture_kind.as_str()),
        names: task.map(|t| &t.culture_names),
        data: material.data.get(name).map(data),
    }
}

fn source(file: &SourceRecord) -> SourceFile<'_> {
    SourceFile {
        id: plain(&file.id),
        file: plain(&file.file),
        bytes: file.bytes,
        sha256: &file.sha256,
        verified: plain(&file.verified),
    }
}

fn data(meta: &Meta) -> DataFacts<'_> {
    let s = &meta.statistics;
    DataFacts {
        sample: s.sample,
        examples: s.examples,
        rows: Rows { read: s.rows_read, skipped: s.rows_skipped, dropped: s.rows_dropped },
        clusters: s.clusters,
        parts: s.counts.keys().map(|p| PartFacts { name: p, examples: s.part(p) }).collect(),
        counts: &s.counts,
        labels: &s.labels,
        chars: Chars {
            min: s.text_chars.min,
            median: s.text_chars.median,
            max: s.text_chars.max,
            mean: s.text_chars.mean.to_string(),
        },
        overlap: &s.overlap,
        leaks: &s.leaks,
        sources: meta.sources.iter().map(source).collect(),
        sha256: &meta.sha256,
        notes: plain_all(&meta.notes()),
        votes: s.annotators.as_ref().map(votes),
    }
}
