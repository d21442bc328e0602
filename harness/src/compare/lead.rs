//! Who leads, and is the lead significant? Reads what was compared; no test of its own.
//!
//! On a whole benchmark a lead is significant where the best model is significantly better than every other one after
//! correction. On one culture a lead is significant where the simultaneous intervals of its differences from all other models
//! lie above zero: they hold for all cultures and all pairs of the benchmark at once, so that of two equal models one
//! leads on some culture in at most 5 % of runs. It is likely where the intervals of these differences alone do so.

use serde::Serialize;

use super::result::{Interval, Outcome, Pair, Verdict};

/// What may be said of the best model.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// The model with the highest score.
    pub model: String,
    /// How sure.
    pub level: Level,
    /// Models that do not differ significantly from it, the best first; for [`Level::Likely`] those that differ significantly
    /// only without widening.
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
    /// Significantly better than every other model, corrected for the family of comparisons.
    Significant,
    /// Significantly better than every other model, but not corrected.
    Likely,
    /// No significant difference from some.
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
            (_, true) => Level::Significant,
            (_, false) => Level::Open,
        };
        Some(Self { model: best.model.clone(), level, untold, others: compared, closest })
    }

    /// The lead on one culture. `scores` are the models' scores on it, the best first.
    pub fn on_culture(outcome: &Outcome, culture: &str, scores: &[(String, f64)]) -> Option<Self> {
        let ((best, _), others) = scores.split_first()?;
        let mut found: Vec<(&str, f64, Interval, Option<Interval>)> = Vec::new();
        for (other, _) in others {
            let Some((pair, forward)) = pair(outcome, best, other) else { continue };
            let of_culture =
                (pair.cultures.iter().flat_map(|c| &c.differences)).find(|d| d.culture == culture);
            let Some(d) = of_culture else { continue };
            let difference = if forward { d.difference } else { -d.difference };
            let at_once = d.simultaneous.map(|i| read(i.low, i.high, forward));
            found.push((other, difference, read(d.low, d.high, forward), at_once));
        }
        let mut lead = Self {
            model: best.clone(),
            level: Level::Untested,
            untold: Vec::new(),
            others: found.len(),
            closest: None,
        };
        if found.is_empty() || found.len() < others.len() {
            return Some(lead);
        }
        let open: Vec<String> = (found.iter())
            .filter(|(_, _, alone, _)| alone.low <= 0.0)
            .map(|(name, ..)| (*name).to_owned())
            .collect();
        let unsure: Vec<String> = (found.iter())
            .filter(|(.., at_once)| at_once.is_none_or(|i| i.low <= 0.0))
            .map(|(name, ..)| (*name).to_owned())
            .collect();
        (lead.level, lead.untold) = if !open.is_empty() {
            (Level::Open, open)
        } else if unsure.is_empty() {
            (Level::Significant, unsure)
        } else {
            (Level::Likely, unsure)
        };
        let nearest = found.iter().reduce(|m, f| if f.1 < m.1 { f } else { m });
        lead.closest = nearest.map(|(model, difference, interval, _)| Closest {
            model: (*model).to_owned(),
            difference: *difference,
            interval: Some(*interval),
            p_corrected: None,
            detectable: None,
        });
        Some(lead)
    }
}
