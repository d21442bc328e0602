//! What changed between two runs, as one value; three faces: text, Markdown, JSON. No face computes a number.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::markdown::escape;
use super::percent;
use super::summary::{Cell, Outcome, Summary};
use crate::cmd::table;
use crate::stats::report::format_p;

/// Version of the JSON; old ones load for ever.
pub const FORMAT: u32 = 1;

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
    /// Whether anything stands on sample data.
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
    /// Whether either score stands on sample data.
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
    pub interval: Option<(f64, f64)>,
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

    fn shown(&self) -> String {
        match self {
            Self::Score { value, low, high, .. } => {
                format!("{} ({}–{})", percent(*value), percent(*low), percent(*high))
            }
            Self::Reason(reason) => reason.split(':').next().unwrap_or_default().to_owned(),
            Self::Absent => "not there".to_owned(),
        }
    }
}

impl Change {
    /// In a word: `better`, `worse`, `not told apart`, `same answers`, `new`, `gone`, `not tested`, `no score`.
    pub fn verdict(&self) -> &'static str {
        let number = |f: &Figure| matches!(f, Figure::Score { .. });
        match (number(&self.before), number(&self.after), &self.tested) {
            (false, false, _) => "no score",
            (false, true, _) => "new",
            (true, false, _) => "gone",
            (_, _, Tested::SameAnswers) if self.difference == Some(0.0) => "same answers",
            (_, _, Tested::SameAnswers) => "same answers, scored anew",
            (_, _, Tested::Reason(_)) => "not tested",
            (_, _, Tested::Paired(p)) if !p.significant => "not told apart",
            (_, _, Tested::Paired(p)) if p.difference > 0.0 => "better",
            (_, _, Tested::Paired(_)) => "worse",
        }
    }

    fn row(&self) -> Vec<String> {
        let (n, interval, p) = match &self.tested {
            Tested::Paired(t) => (
                t.n.to_string(),
                t.interval
                    .map_or_else(String::new, |(l, h)| format!("{} to {}", points(l), points(h))),
                format_p(t.p_corrected)
                    .trim_start_matches("p ")
                    .trim_start_matches("= ")
                    .to_owned(),
            ),
            Tested::SameAnswers | Tested::Reason(_) => {
                (String::new(), String::new(), String::new())
            }
        };
        vec![
            self.benchmark.clone(),
            self.model.clone(),
            self.protocol.clone(),
            self.before.shown(),
            self.after.shown(),
            self.difference.map(points).unwrap_or_default(),
            interval,
            p,
            n,
            if self.sample {
                format!("{} (SAMPLE)", self.verdict())
            } else {
                self.verdict().to_owned()
            },
        ]
    }
}

const HEAD: [&str; 10] = [
    "benchmark",
    "model",
    "protocol",
    "before",
    "after",
    "difference",
    "interval",
    "corrected p",
    "n paired",
    "verdict",
];

fn points(value: f64) -> String {
    let text = format!("{:+.1}", value * 100.0);
    if text == "+0.0" || text == "-0.0" { "0.0".to_owned() } else { text }
}

/// For the eye, on a terminal.
pub fn text(changes: &Changes) -> String {
    let mut text = String::new();
    if changes.after.sample || changes.before.sample {
        text.push_str("SAMPLE · SAMPLE · SAMPLE   some scores stand on synthetic data, not on the benchmark\n\n");
    }
    let _ = writeln!(text, "{} against {}", changes.after.run, changes.before.run);
    for line in news(changes) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "\n{}\n", table(&HEAD, changes.scores.iter().map(Change::row)));
    for line in notes(changes).into_iter().chain(legend(changes)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// GitHub Markdown.
pub fn markdown(changes: &Changes) -> String {
    let mut text =
        format!("# {} against {}\n\n", escape(&changes.after.run), escape(&changes.before.run));
    if changes.after.sample || changes.before.sample {
        text.push_str(
            "> **SAMPLE**: some scores stand on synthetic data, not on the benchmark.\n\n",
        );
    }
    for line in news(changes) {
        let _ = writeln!(text, "- {}", escape(&line));
    }
    let row = |cells: &[String]| {
        format!("| {} |\n", cells.iter().map(|c| escape(c)).collect::<Vec<_>>().join(" | "))
    };
    let _ = write!(text, "\n{}|{}\n", row(&HEAD.map(str::to_owned)), "---|".repeat(HEAD.len()));
    for change in &changes.scores {
        text.push_str(&row(&change.row()));
    }
    text.push('\n');
    for line in notes(changes).into_iter().chain(legend(changes)) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

fn news(changes: &Changes) -> Vec<String> {
    let lists = [
        ("new models", &changes.new_models),
        ("gone models", &changes.gone_models),
        ("new benchmarks", &changes.new_benchmarks),
        ("gone benchmarks", &changes.gone_benchmarks),
    ];
    let mut lines: Vec<String> = (lists.iter().filter(|(_, names)| !names.is_empty()))
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect();
    let mut verdicts: Vec<(&str, usize)> = Vec::new();
    for change in &changes.scores {
        match verdicts.iter_mut().find(|(known, _)| *known == change.verdict()) {
            Some((_, count)) => *count += 1,
            None => verdicts.push((change.verdict(), 1)),
        }
    }
    verdicts.sort_unstable();
    let counts: Vec<String> =
        verdicts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    lines.push(format!("{} scores: {}", changes.scores.len(), counts.join(", ")));
    lines
}

/// Why scores were not tested, each reason once; and what is to be known of tests.
fn notes(changes: &Changes) -> Vec<String> {
    let mut notes: Vec<(String, Vec<String>)> = Vec::new();
    for change in &changes.scores {
        let place = format!("{} on {}", change.model, change.benchmark);
        let said: Vec<String> = match &change.tested {
            Tested::Reason(reason) if change.verdict() == "not tested" => {
                vec![format!("not tested: {reason}")]
            }
            Tested::Paired(p) => p.notes.clone(),
            _ => Vec::new(),
        };
        for text in said {
            match notes.iter_mut().find(|(known, _)| *known == text) {
                Some((_, places)) => places.push(place.clone()),
                None => notes.push((text, vec![place.clone()])),
            }
        }
        for (when, figure) in [("before", &change.before), ("after", &change.after)] {
            if let Figure::Reason(reason) = figure {
                notes.push((format!("{when}: {reason}"), vec![place.clone()]));
            }
        }
    }
    notes.into_iter().map(|(text, places)| format!("{}: {text}", places.join(", "))).collect()
}

fn legend(changes: &Changes) -> Vec<String> {
    vec![
        format!(
            "Scores in percent with {:.0} % intervals; difference = after minus before in points, its interval on the examples that both runs answered.",
            changes.confidence * 100.0
        ),
        format!(
            "{}; alpha = {}. \"Not told apart\" does not mean equal.",
            changes.family, changes.alpha
        ),
        format!("after: {}", changes.after.signature),
        format!("before: {}", changes.before.signature),
    ]
}
