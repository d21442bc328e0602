//! A policy and two comparisons of a run -> GO, NO-GO or NOT ENOUGH DATA. Pure.
//!
//! A requirement is met where the interval of the difference lies on the right side of its margin, and broken where it lies on
//! the wrong side; else the data do not tell. To say GO every check must be met at the level alpha by itself: that all of them
//! hold at once needs no correction (an intersection-union test; Berger 1982). To say NO-GO one broken check is enough, so
//! that is judged at alpha divided by the number of checks (Bonferroni).

use serde::Serialize;

use crate::compare::{Ends, NotCompared, Outcome, Pair, Report};
use crate::definition::policy::{Policy, Requirement, Rule};

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that is required is shown.
    Go,
    /// Something that is required is shown not to hold.
    NoGo,
    /// Neither.
    NotEnoughData,
}

impl Verdict {
    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::NotEnoughData => "NOT ENOUGH DATA",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The benchmark.
    pub benchmark: String,
    /// How the models were run; empty where they were not compared.
    pub protocol: String,
    /// The culture; none for the whole benchmark.
    pub culture: Option<String>,
    /// What is allowed, in words.
    pub allowed: String,
    /// Candidate - baseline, a fraction.
    pub difference: Option<f64>,
    /// Its interval, by which the check is met: one-sided at alpha.
    pub interval: Option<Bounds>,
    /// What was found.
    pub verdict: Verdict,
    /// Why it was not found out.
    pub reason: Option<String>,
}

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The answer to a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// Version of this shape.
    pub format: u32,
    /// The model that is judged.
    pub candidate: String,
    /// The model that it is compared with.
    pub baseline: String,
    /// Level.
    pub alpha: f64,
    /// Over all checks.
    pub verdict: Verdict,
    /// Every check.
    pub checks: Vec<Check>,
}

/// How many checks a policy asks for.
pub fn checks(policy: &Policy) -> usize {
    policy.require.iter().map(|requirement| 1 + requirement.cultures.len()).sum()
}

/// Confidence of the intervals by which checks are met, and of those by which one is broken.
pub fn confidences(policy: &Policy) -> (f64, f64) {
    (1.0 - 2.0 * policy.alpha, 1.0 - 2.0 * policy.alpha / checks(policy) as f64)
}

/// Judges a candidate against a baseline by comparisons with the intervals of [`confidences`].
pub fn judge(
    policy: &Policy,
    (candidate, baseline): (&str, &str),
    (met, broken): (&Report, &Report),
) -> Gate {
    let models = (candidate, baseline);
    let checks: Vec<Check> = (policy.require.iter())
        .flat_map(|requirement| of_requirement(policy, requirement, models, (met, broken)))
        .collect();
    let any = |verdict: Verdict| checks.iter().any(|check| check.verdict == verdict);
    let verdict = if any(Verdict::NoGo) {
        Verdict::NoGo
    } else if any(Verdict::NotEnoughData) {
        Verdict::NotEnoughData
    } else {
        Verdict::Go
    };
    Gate {
        format: 1,
        candidate: candidate.to_owned(),
        baseline: baseline.to_owned(),
        alpha: policy.alpha,
        verdict,
        checks,
    }
}

fn of_requirement(
    policy: &Policy,
    requirement: &Requirement,
    models: (&str, &str),
    (met, broken): (&Report, &Report),
) -> Vec<Check> {
    let found = pair(met, requirement, models);
    let (narrow, wide) = match (found, pair(broken, requirement, models)) {
        (Ok(narrow), Ok(wide)) => (narrow, wide),
        (Err(reason), _) | (_, Err(reason)) => return unknown(requirement, &reason),
    };
    let (outcome, narrow) = narrow;
    if outcome.sample && !policy.allow_sample {
        let reason = "SAMPLE data says nothing of the benchmark: fetch the official data (or `allow_sample = true`, to try the policy)";
        return unknown(requirement, reason);
    }
    let Ok(rule) = requirement.rule() else { return Vec::new() };
    let rule = match rule {
        Rule::Share(share) => Rule::Drop(share * narrow.score_b.max(0.0)),
        rule => rule,
    };
    let of_culture = match (requirement.culture_drop, rule) {
        (Some(points), Rule::Within(_)) => Rule::Within(points / 100.0),
        (Some(points), _) => Rule::Drop(points / 100.0),
        (None, rule) => rule,
    };
    let check = |culture: Option<&String>, rule: Rule, found: Option<Found>| Check {
        benchmark: requirement.benchmark.clone(),
        protocol: outcome.protocol.clone(),
        culture: culture.cloned(),
        allowed: allowed(rule),
        difference: found.map(|f| f.difference),
        interval: found.map(|f| f.met),
        verdict: found.map_or(Verdict::NotEnoughData, |f| f.verdict(rule)),
        reason: match found {
            Some(_) => None,
            None => Some(
                "the culture is not in the comparison: too few examples, or no such tag".to_owned(),
            ),
        },
    };
    let whole = Found {
        difference: narrow.difference,
        met: bounds(narrow.interval.as_ref(), narrow.difference),
        broken: bounds(wide.1.interval.as_ref(), narrow.difference),
    };
    let cultures = requirement
        .cultures
        .iter()
        .map(|culture| check(Some(culture), of_culture, on_culture(narrow, wide.1, culture)));
    std::iter::once(check(None, rule, Some(whole))).chain(cultures).collect()
}

/// The comparison of the two models on a benchmark, or why there is none.
fn pair<'r>(
    report: &'r Report,
    requirement: &Requirement,
    (candidate, baseline): (&str, &str),
) -> Result<(&'r Outcome, &'r Pair), String> {
    let fits = |protocol: &str| requirement.protocol.as_deref().is_none_or(|p| p == protocol);
    let found: Vec<(&Outcome, &Pair)> = (report.benchmarks.iter())
        .filter(|o| o.benchmark == requirement.benchmark && fits(&o.protocol))
        .filter_map(|o| Some((o, o.pairs.iter().find(|p| p.a == candidate && p.b == baseline)?)))
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let why = |n: &&NotCompared| {
                n.benchmark == requirement.benchmark
                    && (n.model == candidate || n.model == baseline)
            };
            let reasons: Vec<String> = (report.not_compared.iter())
                .filter(why)
                .map(|n| format!("{}: {}", n.model, n.reason))
                .collect();
            Err(if reasons.is_empty() {
                "the two models were not compared there".to_owned()
            } else {
                reasons.join("; ")
            })
        }
        _ => {
            let all: Vec<&str> = found.iter().map(|(o, _)| &*o.protocol).collect();
            Err(format!(
                "compared by several protocols ({}): name one with `protocol`",
                all.join(", ")
            ))
        }
    }
}

/// A difference with both of its intervals.
#[derive(Debug, Clone, Copy)]
struct Found {
    difference: f64,
    met: Bounds,
    broken: Bounds,
}

impl Found {
    fn verdict(self, rule: Rule) -> Verdict {
        let (met, broken) = match rule {
            Rule::Drop(m) | Rule::Share(m) => (self.met.low > -m, self.broken.high < -m),
            Rule::Within(m) => (
                self.met.low > -m && self.met.high < m,
                self.broken.high < -m || self.broken.low > m,
            ),
        };
        match (met, broken) {
            (true, _) => Verdict::Go,
            (false, true) => Verdict::NoGo,
            (false, false) => Verdict::NotEnoughData,
        }
    }
}

/// Models that gave the same answers to everything have no interval: their difference is what it is.
fn bounds(ends: Option<&Ends>, difference: f64) -> Bounds {
    ends.map_or(Bounds { low: difference, high: difference }, |e| Bounds {
        low: e.low,
        high: e.high,
    })
}

fn on_culture(narrow: &Pair, wide: &Pair, culture: &str) -> Option<Found> {
    let of = |pair: &Pair| {
        let all = pair.cultures.as_ref()?.differences.iter();
        all.clone()
            .find(|d| d.culture == culture)
            .map(|d| (d.difference, Bounds { low: d.low, high: d.high }))
    };
    let (difference, met) = of(narrow)?;
    Some(Found { difference, met, broken: of(wide)?.1 })
}

/// All checks of a requirement, none of which could be made.
fn unknown(requirement: &Requirement, reason: &str) -> Vec<Check> {
    let cultures = requirement.cultures.iter().map(Some);
    let check = |culture: Option<&String>| Check {
        benchmark: requirement.benchmark.clone(),
        protocol: requirement.protocol.clone().unwrap_or_default(),
        culture: culture.cloned(),
        allowed: requirement.rule().map(allowed).unwrap_or_default(),
        difference: None,
        interval: None,
        verdict: Verdict::NotEnoughData,
        reason: Some(reason.to_owned()),
    };
    std::iter::once(None).chain(cultures).map(check).collect()
}

fn allowed(rule: Rule) -> String {
    match rule {
        Rule::Drop(m) => format!("loss < {:.1} points", m * 100.0),
        Rule::Share(share) => format!("loss < {:.1} % of the baseline", share * 100.0),
        Rule::Within(m) => format!("within {:.1} points", m * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(met: (f64, f64), broken: (f64, f64)) -> Found {
        let bounds = |(low, high)| Bounds { low, high };
        Found { difference: f64::midpoint(met.0, met.1), met: bounds(met), broken: bounds(broken) }
    }

    /// The margin on each side of the interval, and inside it.
    #[test]
    fn a_check_is_met_broken_or_open() {
        let drop = Rule::Drop(0.02);
        assert_eq!(found((-0.019, 0.01), (-0.03, 0.02)).verdict(drop), Verdict::Go);
        assert_eq!(found((-0.021, 0.01), (-0.03, 0.02)).verdict(drop), Verdict::NotEnoughData);
        assert_eq!(found((-0.08, -0.03), (-0.09, -0.021)).verdict(drop), Verdict::NoGo);
        // Broken at alpha, but not after the correction over all checks.
        assert_eq!(found((-0.08, -0.03), (-0.09, -0.019)).verdict(drop), Verdict::NotEnoughData);
        let within = Rule::Within(0.02);
        assert_eq!(found((-0.01, 0.019), (-0.02, 0.03)).verdict(within), Verdict::Go);
        assert_eq!(found((-0.01, 0.021), (-0.02, 0.03)).verdict(within), Verdict::NotEnoughData);
        assert_eq!(found((0.03, 0.06), (0.021, 0.07)).verdict(within), Verdict::NoGo);
    }

    #[test]
    fn confidence_follows_alpha_and_the_number_of_checks() {
        let text = "[[require]]\nbenchmark = \"a\"\nlargest_drop = 1\ncultures = [\"SG\", \"ZA\"]\n[[require]]\nbenchmark = \"b\"\nlargest_drop = 1";
        let policy = Policy::parse("p", text).unwrap();
        assert_eq!(checks(&policy), 4);
        let (met, broken) = confidences(&policy);
        assert!((met - 0.9).abs() < 1e-12 && (broken - 0.975).abs() < 1e-12);
    }
}
