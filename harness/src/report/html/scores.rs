//! All further scores: cultures, groups, gaps, other metrics and variants; one part a benchmark.

use serde::Serialize;

use super::plain;
use crate::report::percent;
use crate::results::material::Material;
use crate::results::summary::Detail;
use crate::score::Subset;

/// A score.
#[derive(Debug, Serialize)]
pub(super) struct Scored<'a> {
    model: String,
    protocol: &'a str,
    variant: String,
    metric: &'a str,
    /// `all`, `culture-mean`, `culture`, `group`, `culture-gap`, `worst-culture`.
    kind: &'static str,
    /// The culture, the group, or the best culture of a gap.
    name: String,
    /// Of a group, or the worst culture of a gap.
    value: String,
    score: String,
    low: String,
    high: String,
    n: u64,
    answered: u64,
    unparsable: u64,
    missing: u64,
    clusters: u64,
    method: &'a str,
}

/// The scores of a benchmark.
pub(super) fn scores<'a>(material: &'a Material, benchmark: &str) -> Vec<Scored<'a>> {
    let details = material.summary.scores.iter().filter(|d| d.benchmark == benchmark);
    details.map(scored).collect()
}

fn scored(detail: &Detail) -> Scored<'_> {
    let score = &detail.score;
    let (kind, name, value) = match &score.subset {
        Subset::All => ("all", String::new(), String::new()),
        Subset::CultureMean => ("culture-mean", String::new(), String::new()),
        Subset::Culture { name } => ("culture", plain(name), String::new()),
        Subset::Group { name, value } => ("group", plain(name), plain(value)),
        Subset::CultureGap { best, worst } => ("culture-gap", plain(best), plain(worst)),
        Subset::WorstCulture { name } => ("worst-culture", plain(name), String::new()),
    };
    Scored {
        model: plain(&detail.model),
        protocol: &detail.protocol,
        variant: plain(&detail.variant),
        metric: &score.metric,
        kind,
        name,
        value,
        score: percent(score.value),
        low: percent(score.low),
        high: percent(score.high),
        n: score.n,
        answered: score.answered,
        unparsable: score.unparsable,
        missing: score.missing,
        clusters: score.clusters,
        method: &score.method,
    }
}
