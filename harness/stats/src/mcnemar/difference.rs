//! The difference of two paired accuracies: intervals and effect sizes.

use super::table::PairedTable;
use crate::dist::z_of_confidence;
use crate::error::Result;
use crate::interval::{Interval, Method, clopper_pearson, wilson};

/// Effect sizes and intervals of two paired accuracies.
#[derive(Debug, Clone, PartialEq)]
pub struct AccuracyDifference {
    /// Accuracy A - accuracy B = (b - c) / n, the paired risk difference.
    pub difference: f64,
    /// `sqrt(b + c - (b - c)^2 / n) / n` (Fleiss 1981, section 8.2).
    pub se: f64,
    /// `difference` -+ z `se`, cut to [-1, 1]: too narrow for few examples.
    pub wald: Interval,
    /// Wald after adding 1/2 to each cell (Agresti & Min 2005).
    pub agresti_min: Interval,
    /// Newcombe 1998 ("Improved confidence intervals for the difference between binomial proportions based on paired
    /// data"), method 10: Wilson limits of both margins and their phi correlation. Recommended.
    pub newcombe: Interval,
    /// Conditional odds ratio b / c; infinite for c = 0, `None` without discordant pairs.
    pub odds_ratio: Option<f64>,
    /// Clopper-Pearson limits of b / (b + c), turned into odds (as exact2x2's "central"); 0 to infinity without
    /// discordant pairs.
    pub odds_ratio_interval: (f64, f64),
    /// b / (b + c) - 1/2 (Cohen 1988, ch. 5); 0 without discordant pairs.
    pub cohens_g: f64,
}

/// Difference of two accuracies on the same examples, with intervals and effect sizes.
pub fn accuracy_difference(table: &PairedTable, confidence: f64) -> Result<AccuracyDifference> {
    table.not_empty()?;
    let z = z_of_confidence(confidence)?;
    let n = table.n() as f64;
    let (b, c) = (table.only_a as f64, table.only_b as f64);
    let wald_parts =
        |b: f64, c: f64, n: f64| ((b - c) / n, (b + c - (b - c) * (b - c) / n).max(0.0).sqrt() / n);
    let around = |(d, se): (f64, f64), method| Interval {
        low: (d - z * se).max(-1.0),
        high: (d + z * se).min(1.0),
        confidence,
        method,
    };
    let (difference, se) = wald_parts(b, c, n);
    let m = table.discordant();
    let odds = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) };
    let odds_ratio_interval = if m == 0 {
        (0.0, f64::INFINITY)
    } else {
        let ends = clopper_pearson(table.only_a, m, confidence)?;
        // The upper end through the mirrored lower one, so that odds near infinity keep their digits.
        let mirrored = clopper_pearson(table.only_b, m, confidence)?;
        let high =
            if mirrored.low <= 0.0 { f64::INFINITY } else { (1.0 - mirrored.low) / mirrored.low };
        (odds(ends.low), high)
    };
    Ok(AccuracyDifference {
        difference,
        se,
        wald: around((difference, se), Method::Wald),
        agresti_min: around(wald_parts(b + 0.5, c + 0.5, n + 2.0), Method::AgrestiMin),
        newcombe: newcombe(table, confidence)?,
        odds_ratio: if m == 0 {
            None
        } else if c == 0.0 {
            Some(f64::INFINITY)
        } else {
            Some(b / c)
        },
        odds_ratio_interval,
        cohens_g: if m == 0 { 0.0 } else { b / m as f64 - 0.5 },
    })
}

/// Newcombe 1998, method 10 (square-and-add of Wilson limits, phi with his continuity correction).
pub fn newcombe(table: &PairedTable, confidence: f64) -> Result<Interval> {
    table.not_empty()?;
    let [e, f, g, h] = table.counts().map(|v| v as f64);
    let n = table.n();
    let first = wilson(table.both_right + table.only_a, n, confidence)?;
    let second = wilson(table.both_right + table.only_b, n, confidence)?;
    let (p1, p2) = ((e + f) / n as f64, (e + g) / n as f64);
    let margins = (e + f) * (g + h) * (e + g) * (f + h);
    let phi = if margins == 0.0 {
        0.0
    } else {
        let cross = e * h - f * g;
        let above = if cross > 0.0 { (cross - n as f64 / 2.0).max(0.0) } else { cross };
        above / margins.sqrt()
    };
    let reach = |d1: f64, d2: f64| (d1 * d1 - 2.0 * phi * d1 * d2 + d2 * d2).max(0.0).sqrt();
    let difference = p1 - p2;
    Ok(Interval {
        low: (difference - reach(p1 - first.low, second.high - p2)).max(-1.0),
        high: (difference + reach(first.high - p1, p2 - second.low)).min(1.0),
        confidence,
        method: Method::Newcombe,
    })
}
