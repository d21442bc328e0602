//! Who leads, and is it certain? Reads what was compared; no test of its own.
//!
//! On a whole benchmark a lead is certain where the best model is significantly better than every other one after
//! correction. On one culture there are intervals of the paired differences and no test: a lead is certain where all of
//! them lie above zero even when widened for as many comparisons as there are other models (Bonferroni 1936: each at
//! `1 - alpha / m`; half widths are scaled by the ratio of the normal quantiles), and likely where they do so unwidened.

use serde::Serialize;

use super::result::{Interval, Options, Outcome, Pair, Verdict};
use eval_stats::StatsError;
use eval_stats::dist::norm_isf;

/// What may be said of the best model.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// The model with the highest score.
    pub model: String,
    /// How sure.
    pub level: Level,
    /// Models that do not differ significantly from it, the best first; for [`Level::Likely`] those that are told apart only
    /// without widening.
    pub untold: Vec<String>,
    /// Models that it was compared with.
    pub others: usize,
    /// The model with the smallest difference.
    pub closest: Option<Closest>,
}

/// How sure a lead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Told apart from every other model, corrected for their number.
    Certain,
    /// Told apart from every other model, but not corrected for their number.
    Likely,
    /// Not told apart from some.
    Open,
    /// Not tested: too few examples, or nothing to compare with.
    Untested,
}

/// The nearest other model; differences are leader minus other.
#[derive(Debug, Clone, PartialEq)]
pub struct Closest {
    /// The other model.
    pub model: String,
    /// Leader minus other.
    pub difference: f64,
    /// Interval of the difference; none where all answers are the same.
    pub interval: Option<Interval>,
    /// Corrected p; none for one culture.
    pub p_corrected: Option<f64>,
    /// Smallest detectable difference; none for one culture.
    pub detectable: Option<f64>,
}

/// The pair of two models, and whether the first one is its A.
fn pair<'a>(outcome: &'a Outcome, one: &str, other: &str) -> Option<(&'a Pair, bool)> {
    outcome.pairs.iter().find_map(|p| {
        if p.a == one && p.b == other {
            Some((p, true))
        } else if p.b == one && p.a == other {
            Some((p, false))
        } else {
            None
        }
    })
}

fn read(low: f64, high: f64, forward: bool) -> Interval {
    let interval = Interval { low, high };
    if forward { interval } else { interval.turned() }
}

impl Lead {
    /// The lead on a whole benchmark; none where no model was compared.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let (best, others) = outcome.models.split_first()?;
        let mut untold = Vec::new();
        let mut closest: Option<Closest> = None;
        let mut compared = 0;
        for other in others {
            let Some((pair, forward)) = pair(outcome, &best.model, &other.model) else { continue };
            compared += 1;
            let better = if forward { Verdict::ABetter } else { Verdict::BBetter };
            if pair.verdict != better {
                untold.push(other.model.clone());
            }
            let difference = if forward { pair.difference } else { -pair.difference };
            if closest.as_ref().is_none_or(|c| difference < c.difference) {
                closest = Some(Closest {
                    model: other.model.clone(),
                    difference,
                    interval: pair.interval.as_ref().map(|i| read(i.low, i.high, forward)),
                    p_corrected: Some(pair.p_corrected),
                    detectable: pair.minimum_detectable,
                });
            }
        }
        let level = match (compared, untold.is_empty()) {
            (0, _) => Level::Untested,
            (_, true) => Level::Certain,
            (_, false) => Level::Open,
        };
        Some(Self { model: best.model.clone(), level, untold, others: compared, closest })
    }

    /// The lead on one culture. `scores` are the models' scores on it, the best first.
    pub fn on_culture(
        outcome: &Outcome,
        culture: &str,
        scores: &[(String, f64)],
        options: &Options,
    ) -> Result<Option<Self>, StatsError> {
        let Some(((best, _), others)) = scores.split_first() else { return Ok(None) };
        let mut found: Vec<(&str, f64, Interval)> = Vec::new();
        for (other, _) in others {
            let Some((pair, forward)) = pair(outcome, best, other) else { continue };
            let of_culture =
                (pair.cultures.iter().flat_map(|c| &c.differences)).find(|d| d.culture == culture);
            let Some(d) = of_culture else { continue };
            let difference = if forward { d.difference } else { -d.difference };
            found.push((other, difference, read(d.low, d.high, forward)));
        }
        let mut lead = Self {
            model: best.clone(),
            level: Level::Untested,
            untold: Vec::new(),
            others: found.len(),
            closest: None,
        };
        if found.is_empty() || found.len() < others.len() {
            return Ok(Some(lead));
        }
        let tail = (1.0 - options.confidence) / 2.0;
        let wider = norm_isf(tail / found.len() as f64)? / norm_isf(tail)?;
        let below = |scale: f64| -> Vec<String> {
            let touches = |(_, d, i): &&(&str, f64, Interval)| d - (d - i.low) * scale <= 0.0;
            found.iter().filter(touches).map(|(name, ..)| (*name).to_owned()).collect()
        };
        let (open, unsure) = (below(1.0), below(wider));
        (lead.level, lead.untold) = if !open.is_empty() {
            (Level::Open, open)
        } else if unsure.is_empty() {
            (Level::Certain, unsure)
        } else {
            (Level::Likely, unsure)
        };
        let nearest = found.iter().reduce(|m, f| if f.1 < m.1 { f } else { m });
        lead.closest = nearest.map(|(model, difference, interval)| Closest {
            model: (*model).to_owned(),
            difference: *difference,
            interval: Some(*interval),
            p_corrected: None,
            detectable: None,
        });
        Ok(Some(lead))
    }
}
