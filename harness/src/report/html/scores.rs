//! All further scores: cultures, groups, gaps, other metrics and variants; one part a benchmark, one row a score.

use serde_json::{Value, json};

use super::plain;
use crate::report::percent;
use crate::results::material::Material;
use crate::results::summary::Detail;
use crate::score::Subset;

/// What stands in a row, in order.
const FIELDS: [&str; 16] = [
    "model",
    "protocol",
    "variant",
    "metric",
    "kind",
    "name",
    "value",
    "score",
    "low",
    "high",
    "n",
    "answered",
    "out_of_choice",
    "missing",
    "clusters",
    "method",
];

/// The rows of a benchmark.
pub(super) fn scores(material: &Material, benchmark: &str) -> Value {
    let summary = &material.summary;
    let details = summary.scores.iter().filter(|d| d.benchmark == benchmark);
    json!({"fields": FIELDS, "rows": details.map(row).collect::<Vec<_>>()})
}

fn row(detail: &Detail) -> Value {
    let score = &detail.score;
    let (kind, name, value) = match &score.subset {
        Subset::All => ("all", String::new(), String::new()),
        Subset::CultureMean => ("culture-mean", String::new(), String::new()),
        Subset::Culture { name } => ("culture", plain(name), String::new()),
        Subset::Group { name, value } => ("group", plain(name), plain(value)),
        Subset::CultureGap { best, worst } => ("culture-gap", plain(best), plain(worst)),
        Subset::WorstCulture { name } => ("worst-culture", plain(name), String::new()),
    };
    json!([
        plain(&detail.model),
        detail.protocol,
        plain(&detail.variant),
        score.metric,
        kind,
        name,
        value,
        percent(score.value),
        percent(score.low),
        percent(score.high),
        score.n,
        score.answered,
        score.out_of_choice,
        score.missing,
        score.clusters,
        score.method,
    ])
}
