//! All further scores: cultures, groups, gaps, other metrics and variants; one part a benchmark.

use serde::Serialize;

use super::plain;
use crate::report::figure;
use crate::results::material::Material;
use crate::results::summary::Detail;
use crate::score::{AmongCultures, Subset};
use crate::text::format::{p_value, percent, points};

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
    gap: Option<Gap>,
    among: Option<Among>,
}

/// What belongs to a gap between cultures.
#[derive(Debug, Serialize)]
pub(super) struct Gap {
    best_n: u64,
    worst_n: u64,
    if_equal: String,
    excess: String,
    p_equal: String,
}

/// A culture among the others; a small one is in no simultaneous interval.
#[derive(Debug, Serialize)]
pub(super) struct Among {
    simultaneous_low: Option<String>,
    simultaneous_high: Option<String>,
    shrunken: Option<String>,
}

impl Among {
    fn new(of: &AmongCultures) -> Self {
        let ends = of.simultaneous.as_ref();
        Self {
            simultaneous_low: ends.map(|i| percent(i.low)),
            simultaneous_high: ends.map(|i| percent(i.high)),
            shrunken: of.shrunken.as_ref().map(|s| percent(s.value)),
        }
    }
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
        score: figure(&score.metric, score.value),
        low: figure(&score.metric, score.low),
        high: figure(&score.metric, score.high),
        n: score.n,
        answered: score.answered,
        unparsable: score.unparsable,
        missing: score.missing,
        clusters: score.clusters,
        method: &score.method,
        gap: score.gap.as_ref().map(|g| Gap {
            best_n: g.best_n,
            worst_n: g.worst_n,
            if_equal: percent(g.expected_if_equal),
            excess: points(g.excess),
            p_equal: p_value(g.p_equal),
        }),
        among: score.among.as_ref().map(Among::new),
    }
}
