//! What changed between two runs, as one value. Its JSON is documented.

use serde::{Deserialize, Serialize};

use super::summary::{Cell, Outcome, Summary};
use crate::compare::Interval;

/// Version of the JSON; old ones load for ever.
pub const FORMAT: u32 = 2;

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// Version of this shape.
    pub format: u32,
    /// The run that is reported.
    pub after: Side,
    /// The run that it is held against.
    pub before: Side,
    /// Level of the tests.
    pub alpha: f64,
    /// Level of the intervals.
    pub confidence: f64,
    /// Which p-values are corrected together.
    pub family: String,
    /// Models that only the reported run has.
    pub new_models: Vec<String>,
    /// Models that only the other run has.
    pub gone_models: Vec<String>,
    /// Benchmarks that only the reported run has.
    pub new_benchmarks: Vec<String>,
    /// Benchmarks that only the other run has.
    pub gone_benchmarks: Vec<String>,
    /// Every score or reason of a model and benchmark that both runs have, in board order.
    pub scores: Vec<Change>,
}

/// One of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Short name of its suite.
    pub suite: String,
    /// Where it was read from, as named on the command line.
    pub run: String,
    /// Software, version, seeds, resamples.
    pub signature: String,
    /// Whether anything uses sample data.
    pub sample: bool,
}

/// A model on a benchmark by one protocol, then and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The model.
    pub model: String,
    /// The benchmark.
    pub benchmark: String,
    /// How it was run.
    pub protocol: String,
    /// Whether either score uses sample data.
    pub sample: bool,
    /// The score in the other run.
    pub before: Figure,
    /// The score in the reported run.
    pub after: Figure,
    /// After minus before, a fraction, where both are numbers.
    pub difference: Option<f64>,
    /// Whether it is more than chance, or why that is not known.
    pub tested: Tested,
}

/// A score or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// A fraction with its interval and n.
    Score {
        /// The score.
        value: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Examples.
        n: u64,
    },
    /// Why there is none.
    Reason(String),
    /// The run has no such cell.
    Absent,
}

/// Whether a difference is more than chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tested {
    /// Both runs have the very same answers to the same examples.
    SameAnswers,
    /// Paired by example id.
    Paired(Paired),
    /// Why there is no test.
    Reason(String),
}

/// A paired test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Examples that both runs answered.
    pub n: u64,
    /// After minus before on these examples, a fraction.
    pub difference: f64,
    /// Its interval; none where it does not vary.
    pub interval: Option<Interval>,
    /// Name of the test.
    pub test: String,
    /// As tested.
    pub p: f64,
    /// Corrected over all tested scores.
    pub p_corrected: f64,
    /// Whether the corrected p is below alpha.
    pub significant: bool,
    /// What a reader must know: examples that only one run has, seeds.
    pub notes: Vec<String>,
}

impl Side {
    /// A run by its summary.
    pub fn of(summary: &Summary, run: &str) -> Self {
        Self {
            suite: summary.suite.clone(),
            run: run.to_owned(),
            signature: summary.signature.clone(),
            sample: summary.sample,
        }
    }
}

impl Figure {
    /// The cell's outcome.
    pub fn of(cell: Option<&Cell>) -> Self {
        match cell.map(|c| &c.outcome) {
            None => Self::Absent,
            Some(Outcome::Score(s)) => {
                Self::Score { value: s.value, low: s.low, high: s.high, n: s.n }
            }
            Some(Outcome::Reason(r)) => Self::Reason(format!("{}: {}", r.kind.name(), r.message)),
        }
    }
}

impl Change {
    /// In a word: `better`, `worse`, `no significant difference`, `same answers`, `new`, `gone`, `not tested`, `no score`.
    pub fn verdict(&self) -> &'static str {
        let number = |f: &Figure| matches!(f, Figure::Score { .. });
        match (number(&self.before), number(&self.after), &self.tested) {
            (false, false, _) => "no score",
            (false, true, _) => "new",
            (true, false, _) => "gone",
            (_, _, Tested::SameAnswers) if self.difference == Some(0.0) => "same answers",
            (_, _, Tested::SameAnswers) => "same answers, scored again",
            (_, _, Tested::Reason(_)) => "not tested",
            (_, _, Tested::Paired(p)) if !p.significant => "no significant difference",
            (_, _, Tested::Paired(p)) if p.difference > 0.0 => "better",
            (_, _, Tested::Paired(_)) => "worse",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Format 1 had an array without names.
    #[test]
    fn an_interval_of_format_1_loads() {
        let old = r#"{"n": 10, "difference": 0.1, "interval": [-0.05, 0.25], "test": "McNemar", "p": 0.2,
            "p_corrected": 0.4, "significant": false, "notes": []}"#;
        let paired: Paired = serde_json::from_str(old).unwrap();
        assert_eq!(paired.interval, Some(Interval { low: -0.05, high: 0.25 }));
        let new = serde_json::to_value(&paired).unwrap();
        assert_eq!(new["interval"], serde_json::json!({"low": -0.05, "high": 0.25}));
    }
}
