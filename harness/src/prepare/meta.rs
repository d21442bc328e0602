//! `meta.json`: what prepared data hold and where they came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::definition::catalogue;
use crate::normalise::Warnings;
use crate::score::annotators::Annotators;
use crate::split::{Leaks, Overlap};
use crate::store;
use crate::store::record::CellSpec;

/// What prepared data hold and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The task.
    pub task: String,
    /// Its dataset.
    #[serde(rename = "family")]
    pub dataset: String,
    /// [`super::VERSION`] of the code that made them.
    pub made_by_version: u32,
    /// The files they came from.
    pub sources: Vec<SourceRecord>,
    /// SHA-256 of `examples.parquet`.
    pub sha256: String,
    /// Trouble with rows, with the first places.
    pub warnings: Warnings,
    /// Counts.
    pub statistics: Statistics,
}

/// An upstream file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Id of the source.
    pub id: String,
    /// `dataset/path`.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// Its hash (of names and hashes, where it is a folder).
    pub sha256: String,
    /// `sha256`, `git blob id`, `sample`, or why there was nothing to check against.
    pub verified: String,
    /// The files that were read, where it is a folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// What can be counted, as committed in `benchmarks/statistics/<task>.{official,sample}.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    /// Version of the dataset's definition.
    pub definition_version: u32,
    /// Whether they are the project's synthetic sample.
    pub sample: bool,
    /// Ids of the sources that were read.
    pub sources: Vec<String>,
    /// Examples.
    pub examples: u64,
    /// Upstream rows.
    pub rows_read: u64,
    /// Rows skipped with a warning.
    pub rows_skipped: u64,
    /// Rows that a `drop` step took out.
    pub rows_dropped: u64,
    /// The fixed label list.
    pub labels: Vec<String>,
    /// All cultures, sorted.
    pub cultures: Vec<String>,
    /// Split -> culture -> label -> examples.
    pub counts: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// Clusters.
    pub clusters: u64,
    /// Lengths of the texts in characters.
    pub text_chars: Lengths,
    /// What is on both sides of the split.
    pub overlap: Overlap,
    /// What occurs twice within test, and labels in the texts.
    pub leaks: Leaks,
    /// Further tag -> value -> examples.
    pub groups: BTreeMap<String, BTreeMap<String, u64>>,
    /// Options of an example -> examples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<u64, u64>,
    /// References of an example -> examples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<u64, u64>,
    /// Votes behind an example's shares or references -> examples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<u64, u64>,
    /// How far annotators agree, and what that leaves a model to know; where their votes are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotators: Option<Annotators>,
}

/// Quantiles (nearest rank) and mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// Shortest.
    pub min: u32,
    /// 5 % are no longer.
    pub p05: u32,
    /// Half are no longer.
    pub median: u32,
    /// 95 % are no longer.
    pub p95: u32,
    /// Longest.
    pub max: u32,
    /// Mean, to one decimal.
    pub mean: f64,
}

impl Lengths {
    pub(super) fn of(mut lengths: Vec<u32>) -> Self {
        if lengths.is_empty() {
            return Self::default();
        }
        lengths.sort_unstable();
        let n = lengths.len();
        let at = |share: f64| lengths[((share * n as f64).ceil() as usize).clamp(1, n) - 1];
        let sum: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        Self {
            min: lengths[0],
            p05: at(0.05),
            median: at(0.5),
            p95: at(0.95),
            max: lengths[n - 1],
            mean: (sum as f64 / n as f64 * 10.0).round() / 10.0,
        }
    }
}

impl Meta {
    /// The one that lies beside `examples.parquet`.
    pub fn beside(examples: &Path) -> std::io::Result<Self> {
        store::read_json(&examples.with_file_name("meta.json"))
    }

    /// How many examples a cell evaluates.
    pub fn evaluated(&self, spec: &CellSpec) -> u64 {
        let n: u64 = spec.protocol.eval.iter().map(|part| self.statistics.part(part.name())).sum();
        if spec.limit > 0 { n.min(spec.limit as u64) } else { n }
    }

    /// What a reader of the results should know, one line each: warnings, overlap, differences from the committed statistics.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (kind, warned) in &self.warnings.kinds {
            let first =
                warned.first.first().map_or_else(String::new, |place| format!(" (first: {place})"));
            notes.push(format!("{} × {kind}{first}", warned.count));
        }
        let (overlap, leaks) = (self.statistics.overlap, self.statistics.leaks);
        let test = self.statistics.part("test");
        for (n, of, what) in [
            (overlap.test_texts_in_train, test, "test examples have a text that is also in train"),
            (
                overlap.test_clusters_in_train,
                test,
                "test examples have a cluster that is also in train",
            ),
            (
                overlap.test_openings_in_train,
                test,
                "test examples open with a sentence that also opens a text of train",
            ),
            (
                overlap.valid_texts_in_train,
                self.statistics.part("valid"),
                "valid examples have a text that is also in train",
            ),
            (leaks.repeated, test, "test examples have the text and culture of another one"),
            (
                leaks.contradicted,
                test,
                "test examples have a twin of the same text and culture with another label",
            ),
        ] {
            if n > 0 {
                notes.push(format!("{n} of {of} {what}"));
            }
        }
        // Where texts name any label alike, their own says nothing.
        if leaks.own_label_in_text > 2 * leaks.other_label_in_text + test / 100 {
            notes.push(format!(
                "in {} of {test} test examples the text names the label, in {} another label",
                leaks.own_label_in_text, leaks.other_label_in_text
            ));
        }
        notes.extend(self.differences());
        notes
    }

    /// Differences from the committed statistics; empty if there are none, or nothing to compare with.
    pub fn differences(&self) -> Vec<String> {
        let Some(text) = catalogue::statistics(&self.task, self.statistics.sample) else {
            return Vec::new();
        };
        match serde_json::from_str::<Statistics>(text) {
            Ok(committed) => self.statistics.differences(&committed),
            Err(error) => vec![format!(
                "the committed statistics of `{}` cannot be read ({error})",
                self.task
            )],
        }
    }
}

impl Statistics {
    /// Examples of a part.
    pub fn part(&self, part: &str) -> u64 {
        self.counts
            .get(part)
            .map_or(0, |cultures| cultures.values().flat_map(BTreeMap::values).sum())
    }

    /// Split and label -> examples, over all cultures.
    fn labels_by_part(&self) -> BTreeMap<(&str, &str), u64> {
        let mut counts = BTreeMap::new();
        for (part, cultures) in &self.counts {
            for (label, n) in cultures.values().flatten() {
                *counts.entry((part.as_str(), label.as_str())).or_default() += n;
            }
        }
        counts
    }

    /// How these statistics differ from the committed ones. Where other sources were read (one stood in for
    /// another), only counts by part and label can be compared.
    pub fn differences(&self, committed: &Self) -> Vec<String> {
        let mut out = Vec::new();
        let mut check = |what: &str, found: &dyn fmt::Debug, expect: &dyn fmt::Debug| {
            let (found, expect) = (format!("{found:?}"), format!("{expect:?}"));
            if found != expect {
                const SHOWN: usize = 60;
                let short = |text: &str| match text.char_indices().nth(SHOWN) {
                    Some((end, _)) => format!("{}...", &text[..end]),
                    None => text.to_owned(),
                };
                out.push(format!(
                    "statistics: {what} is {}, committed is {}",
                    short(&found),
                    short(&expect)
                ));
            }
        };
        check("definition_version", &self.definition_version, &committed.definition_version);
        check("examples", &self.examples, &committed.examples);
        check("labels", &self.labels, &committed.labels);
        let (mine, theirs) = (self.labels_by_part(), committed.labels_by_part());
        let keys: std::collections::BTreeSet<_> = mine.keys().chain(theirs.keys()).collect();
        for key in keys {
            let n =
                |counts: &BTreeMap<(&str, &str), u64>| counts.get(key).copied().unwrap_or_default();
            check(&format!("count of {} {}", key.0, key.1), &n(&mine), &n(&theirs));
        }
        if self.sources == committed.sources {
            check("rows_read", &self.rows_read, &committed.rows_read);
            check("rows_skipped", &self.rows_skipped, &committed.rows_skipped);
            check("rows_dropped", &self.rows_dropped, &committed.rows_dropped);
            check("cultures", &self.cultures, &committed.cultures);
            check("counts by culture", &self.counts, &committed.counts);
            check("clusters", &self.clusters, &committed.clusters);
            check("text_chars", &self.text_chars, &committed.text_chars);
            check("overlap", &self.overlap, &committed.overlap);
            check("leaks", &self.leaks, &committed.leaks);
            check("groups", &self.groups, &committed.groups);
            check("options", &self.options, &committed.options);
            check("references", &self.references, &committed.references);
            check("votes", &self.votes, &committed.votes);
            check("annotators", &self.annotators, &committed.annotators);
        }
        out
    }
}

impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.statistics;
        let parts: Vec<String> =
            s.counts.keys().map(|part| format!("{part} {}", s.part(part))).collect();
        writeln!(f, "  examples  {} ({})", s.examples, parts.join(", "))?;
        writeln!(
            f,
            "  rows      {} read, {} skipped, {} dropped",
            s.rows_read, s.rows_skipped, s.rows_dropped
        )?;
        writeln!(f, "  labels    {}", few(&s.labels))?;
        writeln!(f, "  cultures  {}", few(&s.cultures))?;
        writeln!(f, "  clusters  {}", s.clusters)?;
        let l = &s.text_chars;
        writeln!(
            f,
            "  text      {} to {} characters, median {}, mean {}",
            l.min, l.max, l.median, l.mean
        )?;
        for (what, sizes) in
            [("options", &s.options), ("answers", &s.references), ("votes", &s.votes)]
        {
            if !sizes.is_empty() {
                writeln!(f, "  {what:<9} {}", spread(sizes))?;
            }
        }
        for line in s.annotators.iter().flat_map(Annotators::lines) {
            writeln!(f, "  votes     {line}")?;
        }
        for source in &self.sources {
            writeln!(
                f,
                "  source    {}: {} ({} bytes; {})",
                source.id, source.file, source.bytes, source.verified
            )?;
        }
        for note in self.notes() {
            writeln!(f, "  note      {note}")?;
        }
        Ok(())
    }
}

/// Sizes as `2 to 18 an example, median 5`.
fn spread(sizes: &BTreeMap<u64, u64>) -> String {
    let (low, high) = (sizes.keys().next().unwrap_or(&0), sizes.keys().next_back().unwrap_or(&0));
    let all: u64 = sizes.values().sum();
    let mut below = 0;
    let median = sizes.iter().find(|(_, n)| {
        below += **n;
        2 * below >= all
    });
    let median = median.map_or(0, |(size, _)| *size);
    if low == high {
        format!("{low} an example")
    } else {
        format!("{low} to {high} an example, median {median}")
    }
}

fn few(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}: {}{tail}", names.len(), shown.join(", "))
}
