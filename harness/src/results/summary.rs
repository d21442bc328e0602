//! Everything that a leaderboard shows, as one value. Its JSON is the documented interchange format.

use std::collections::BTreeMap;

use eval_stats::Direction;
use serde::{Deserialize, Serialize};

use crate::definition::dataset::{Published, Status};
use crate::definition::metric::ValueMetric;
use crate::score::reference::SimpleRule;
use crate::score::{Score, Subset};
use crate::store::record::Reason;

/// Version of the JSON; old ones load for ever.
pub const FORMAT: u32 = 3;

/// A leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of this shape.
    pub format: u32,
    /// Short name of the suite.
    pub suite: String,
    /// Name of the suite as printed.
    pub title: String,
    /// Whether any score uses sample data.
    pub sample: bool,
    /// Level of the intervals.
    pub confidence: f64,
    /// One line that names software, version, seeds, resamples.
    pub signature: String,
    /// Columns, in order.
    pub benchmarks: Vec<Column>,
    /// Rows, in order.
    pub models: Vec<Row>,
    /// Every model on every benchmark: a number or a reason; one more for each further protocol.
    pub cells: Vec<Cell>,
    /// All further scores: other metrics, variants, cultures, groups, gaps; one row each.
    pub scores: Vec<Detail>,
    /// Figures beside the primary scores that do not exist, and why; empty in files of formats before 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refused>,
    /// What simple rules score that know nothing of the questions; empty in files that are older than this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceScore>,
    /// Numbers that others printed; apart from ours, in no rank and no test.
    pub published: Vec<Published>,
}

/// A simple rule on a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceScore {
    /// The benchmark.
    pub benchmark: String,
    /// The rule and its score by the primary metric.
    #[serde(flatten)]
    pub line: SimpleRule,
}

/// A column of the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Short name.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Its dataset.
    #[serde(rename = "family")]
    pub dataset: String,
    /// Primary metric as printed.
    pub metric: String,
    /// Whether the primary score is the mean over cultures; none in files that are older than this field.
    /// [`Column::is_mean_over_cultures`] knows it of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_over_cultures: Option<bool>,
    /// How to get the official data.
    pub status: Status,
    /// License of the official data.
    #[serde(rename = "licence", alias = "license")]
    pub license: String,
    /// Which data the scores use.
    pub data: Data,
    /// What was noted about the data: a replaced source, warnings, overlap of train and test.
    pub notes: Vec<String>,
    /// What makes the scores mean less than they seem; empty in files of formats before 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What people reach who do not agree: values to read the scores beside, where the votes of annotators are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceLine>,
}

/// A value to read the scores of a column beside: from the votes of annotators, in no rank and no test. Shares are fractions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceLine {
    /// What it is.
    pub kind: Reference,
    /// The split it is of; all examples with votes where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// The share of right answers.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What a reference line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// The best that can be reached: who knows how the population of each culture votes.
    NoiseCeiling,
    /// The best without the culture: who knows the item alone.
    BlindToCulture,
    /// A second panel of the same size.
    SecondPanel,
    /// One annotator against the majority of the others.
    OneAnnotator,
}

impl Reference {
    /// As it is printed.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoiseCeiling => "ceiling",
            Self::BlindToCulture => "ceiling without the culture",
            Self::SecondPanel => "a second panel of annotators",
            Self::OneAnnotator => "one annotator against the others",
        }
    }
}

/// Which data a column uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Data {
    /// The official data.
    Official {
        /// Hashes of the prepared examples, one for each task.
        sha256: Vec<String>,
    },
    /// The project's synthetic data.
    Sample {
        /// Why not the official data; empty where the sample was asked for.
        because: String,
        /// Hashes of the prepared examples, one for each task.
        sha256: Vec<String>,
    },
    /// None.
    Missing {
        /// Why, and what to do.
        reason: Reason,
    },
}

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Short name.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Columns whose examples its training data is known to overlap with, and what is known.
    pub contamination: Vec<(String, String)>,
    /// Tools that asked the model in our place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imported: Vec<String>,
}

/// A model on a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The model.
    pub model: String,
    /// The benchmark.
    pub benchmark: String,
    /// How it was run; empty where it was not.
    pub protocol: String,
    /// Which capability served: `classify`, `embed`, `loglikelihood`, `generate`; empty where none did.
    pub served: String,
    /// Which set of answers the number uses: `direct`, `knn`, a prompt, `mean of 10`.
    pub variant: String,
    /// Seeds that the number is the mean of.
    pub seeds: Vec<u64>,
    /// Whether it uses sample data.
    pub sample: bool,
    /// A number or a reason.
    pub outcome: Outcome,
}

/// A number or a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "most cells are scores")]
pub enum Outcome {
    /// The primary metric.
    Score(Score),
    /// Why there is none.
    Reason(Reason),
}

/// A further score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The model.
    pub model: String,
    /// The benchmark.
    pub benchmark: String,
    /// How it was run.
    pub protocol: String,
    /// Which set of answers.
    pub variant: String,
    /// Whether it uses sample data.
    pub sample: bool,
    /// The score.
    pub score: Score,
}

/// A figure that does not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// The model.
    pub model: String,
    /// The benchmark.
    pub benchmark: String,
    /// How it was run.
    pub protocol: String,
    /// Which set of answers.
    pub variant: String,
    /// Whether it uses sample data.
    pub sample: bool,
    /// The metric.
    pub metric: String,
    /// The examples it would be about.
    pub subset: Subset,
    /// Why, without the examples: the same for all subsets that lack the same.
    pub cause: String,
    /// Why, as a sentence by itself.
    pub message: String,
}

/// How `metric` ends where the primary score is the mean over the examples of several benchmarks.
pub const MICRO_MEAN: &str = ", micro mean";

/// How the metric of a score ends that is the mean over benchmarks.
pub const MACRO_MEAN: &str = ", macro mean";

/// How `metric` ends where the primary score is the mean over cultures.
pub const MEAN_OVER_CULTURES: &str = ", mean over cultures";

impl Column {
    /// Whether the primary score is the mean over cultures. Files without the field have it in the printed metric alone.
    pub fn is_mean_over_cultures(&self) -> bool {
        self.mean_over_cultures.unwrap_or_else(|| self.metric.ends_with(MEAN_OVER_CULTURES))
    }

    /// Which of two scores is better; none where neither is.
    pub fn direction(&self) -> Option<Direction> {
        let metric =
            ValueMetric::ALL.into_iter().find(|metric| metric.name() == self.metric_name());
        metric.map_or(Some(Direction::HigherIsBetter), ValueMetric::direction)
    }

    /// The primary metric as scores name it: `accuracy`, also where the primary score is its mean over cultures.
    pub fn metric_name(&self) -> &str {
        let end = if self.is_mean_over_cultures() { MEAN_OVER_CULTURES } else { MICRO_MEAN };
        self.metric.strip_suffix(end).unwrap_or(&self.metric)
    }
}

impl Summary {
    /// What is known of an overlap of a model's training data with a column.
    pub fn contamination(&self, model: &str, benchmark: &str) -> Option<&str> {
        let row = self.models.iter().find(|row| row.name == model)?;
        let known = row.contamination.iter().find(|(column, _)| column == benchmark)?;
        Some(&known.1)
    }

    /// The macro mean that is beside a cell's micro mean, where it has one.
    pub fn macro_mean(&self, cell: &Cell) -> Option<&Score> {
        let column = self.benchmarks.iter().find(|column| column.name == cell.benchmark)?;
        column.metric.strip_suffix(MICRO_MEAN)?;
        let wanted = format!("{}{MACRO_MEAN}", column.metric_name());
        let same = |d: &&Detail| {
            (&d.model, &d.benchmark, &d.protocol, &d.variant)
                == (&cell.model, &cell.benchmark, &cell.protocol, &cell.variant)
        };
        let found = self.scores.iter().filter(same).find(|d| d.score.metric == wanted)?;
        Some(&found.score)
    }

    /// The best simple rule of a benchmark.
    pub fn best_reference(&self, benchmark: &str) -> Option<&SimpleRule> {
        let column = self.benchmarks.iter().find(|column| column.name == benchmark)?;
        let lower = column.direction()? == Direction::LowerIsBetter;
        let own = self.references.iter().filter(|one| one.benchmark == benchmark);
        own.map(|one| &one.line).reduce(|a, b| {
            let better = if lower { b.value < a.value } else { b.value > a.value };
            if better { b } else { a }
        })
    }

    /// The best simple rule that a score does not beat: its interval does not lie beyond it.
    pub fn not_beaten(&self, benchmark: &str, score: &Score) -> Option<&SimpleRule> {
        let column = self.benchmarks.iter().find(|column| column.name == benchmark)?;
        let best = self.best_reference(benchmark)?;
        let beaten = if column.direction()? == Direction::LowerIsBetter {
            score.high < best.value
        } else {
            score.low > best.value
        };
        (!beaten).then_some(best)
    }

    /// The cell's mark: `SAMPLE` where it uses sample data.
    pub fn mark(cell: &Cell) -> &'static str {
        if cell.sample { "SAMPLE" } else { "" }
    }

    /// Number of evaluated examples of a column, where all its scores agree.
    pub fn n_of(&self, benchmark: &str) -> Option<u64> {
        let mut counts = self.cells.iter().filter(|c| c.benchmark == benchmark).filter_map(|c| {
            match &c.outcome {
                Outcome::Score(score) => Some(score.n),
                Outcome::Reason(_) => None,
            }
        });
        let first = counts.next()?;
        counts.all(|n| n == first).then_some(first)
    }
}

/// The lines of the board: a model has one line, or more where it ran by several protocols.
/// Line `i` of a model holds, for every benchmark, the cell of its `i`-th protocol.
pub fn lines(summary: &Summary) -> Vec<(&str, BTreeMap<&str, &Cell>)> {
    let mut lines = Vec::new();
    for model in &summary.models {
        let mut of_model: Vec<BTreeMap<&str, &Cell>> = vec![BTreeMap::new()];
        for cell in summary.cells.iter().filter(|c| c.model == model.name) {
            let free = of_model.iter().position(|line| !line.contains_key(cell.benchmark.as_str()));
            let place = free.unwrap_or_else(|| {
                of_model.push(BTreeMap::new());
                of_model.len() - 1
            });
            of_model[place].insert(&cell.benchmark, cell);
        }
        lines.extend(of_model.into_iter().map(|line| (model.name.as_str(), line)));
    }
    lines
}

/// How many cells of the board carry a number.
pub fn numbers(summary: &Summary) -> usize {
    summary.cells.iter().filter(|c| matches!(c.outcome, Outcome::Score(_))).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// As the first version wrote it: old summaries load for ever.
    const OLD: &str = include_str!("../../tests/fixtures/report/summary.v1.json");
    const PAGE: &str = include_str!("../../../reports/summary.md");

    #[test]
    fn old_summaries_load_and_lose_nothing() {
        let summary: Summary = serde_json::from_str(OLD).unwrap();
        assert_eq!((summary.format, summary.sample), (1, true));
        assert!(numbers(&summary) > 0);
        let again = serde_json::to_value(&summary).unwrap();
        // The one field whose name changed.
        let expected = OLD.replace("\"out_of_choice\"", "\"unparsable\"");
        assert_eq!(again, serde_json::from_str::<Value>(&expected).unwrap());
    }

    /// Format 3 added figures of gaps and cultures: they are read back and shown on the page.
    #[test]
    fn figures_of_cultures_are_read_back() {
        let mut summary: Summary = serde_json::from_str(OLD).unwrap();
        assert!(summary.scores.iter().all(|d| d.score.gap.is_none() && d.score.among.is_none()));
        let score = &mut summary.scores[0].score;
        score.gap = Some(crate::score::GapFigures {
            cultures: 5,
            best_n: 237,
            worst_n: 105,
            expected_if_equal: 0.07,
            excess: -0.01,
            p_equal: 0.44,
        });
        score.among = Some(crate::score::AmongCultures {
            shrunken: Some(crate::score::ShrunkenScore { value: 0.7, weight: 0.4 }),
            simultaneous: Some(crate::score::SimultaneousInterval {
                low: 0.6,
                high: 0.8,
                cultures: 5,
            }),
        });
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(serde_json::from_value::<Summary>(json.clone()).unwrap(), summary);
        let score = &json["scores"][0]["score"];
        for part in [&score["gap"], &score["among"], &score["among"]["simultaneous"]] {
            for name in part.as_object().unwrap().keys() {
                assert!(PAGE.contains(&format!("`{name}`")), "reports/summary.md lacks {name}");
            }
        }
    }

    #[test]
    fn reference_lines_are_read_back() {
        let mut summary: Summary = serde_json::from_str(OLD).unwrap();
        assert!(summary.benchmarks.iter().all(|column| column.references.is_empty()));
        summary.benchmarks[0].references = vec![ReferenceLine {
            kind: Reference::NoiseCeiling,
            split: Some("test".to_owned()),
            value: 0.878,
            low: 0.865,
            high: 0.891,
        }];
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(serde_json::from_value::<Summary>(json.clone()).unwrap(), summary);
        let line = &json["benchmarks"][0]["references"][0];
        assert_eq!(line["kind"], "noise-ceiling");
        for name in line.as_object().unwrap().keys().map(String::as_str).chain(["references"]) {
            assert!(PAGE.contains(&format!("`{name}`")), "reports/summary.md lacks {name}");
        }
    }

    #[test]
    fn a_mean_over_cultures_is_known_of_old_and_new_columns() {
        let mut column = serde_json::from_str::<Summary>(OLD).unwrap().benchmarks[0].clone();
        assert_eq!(
            (column.mean_over_cultures, &*column.metric),
            (None, "accuracy, mean over cultures")
        );
        assert!(column.is_mean_over_cultures());
        assert_eq!(column.metric_name(), "accuracy");
        column.mean_over_cultures = Some(true);
        assert_eq!(column.metric_name(), "accuracy");
        // A comma alone says nothing.
        column.mean_over_cultures = None;
        "macro-f1, weighted".clone_into(&mut column.metric);
        assert!(!column.is_mean_over_cultures());
        assert_eq!(column.metric_name(), "macro-f1, weighted");
    }

    #[test]
    fn every_field_stands_on_the_page() {
        fn names(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        found.insert(name.clone());
                        names(value, found);
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| names(item, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        let now: Summary = serde_json::from_str(OLD).unwrap();
        names(&serde_json::to_value(now).unwrap(), &mut found);
        let missing: Vec<&String> =
            found.iter().filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
        assert!(found.len() > 40 && missing.is_empty(), "reports/summary.md lacks {missing:?}");
        assert!(PAGE.contains(&format!("version of this shape: {FORMAT} ")));
    }
}
