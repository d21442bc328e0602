//! Limits of the gap, of the worst group and of all groups.

use super::normals::{Normals, largest_difference, tail};
use super::values::{Gap, Groups, Worst};
use crate::descriptive::quantile_sorted;
use crate::dist::z_of_confidence;
use crate::error::Result;
use crate::interval::{Method, wilson_real};

pub(super) struct Limits<'a> {
    pub(super) groups: &'a Groups<'a>,
    pub(super) normals: &'a Normals,
    pub(super) confidence: f64,
}

/// Lower and upper limit of every group.
type Ends = Vec<(f64, f64)>;

impl Limits<'_> {
    fn correlation(&self, i: usize, j: usize) -> f64 {
        self.groups.correlation.map_or(0.0, |rows| rows[i][j].clamp(-1.0, 1.0))
    }

    /// Wilson's limits with a multiplier.
    fn ends(&self, z: f64) -> Result<Ends> {
        (self.groups.values.iter().zip(self.groups.units))
            .map(|(value, units)| {
                let i = wilson_real(*value, *units, z, self.confidence, Method::Wilson)?;
                Ok((i.low, i.high))
            })
            .collect()
    }

    /// Newcombe's limits of value i - value j from the groups' own (Newcombe 1998, method 10; correlated: Zou & Donner 2008).
    fn difference(&self, ends: &Ends, i: usize, j: usize) -> (f64, f64) {
        let (a, b) = (self.groups.values[i], self.groups.values[j]);
        let both = 2.0 * self.correlation(i, j);
        let reach = |x: f64, y: f64| (x * x + y * y - both * x * y).max(0.0).sqrt();
        let below = reach(a - ends[i].0, ends[j].1 - b);
        let above = reach(ends[i].1 - a, b - ends[j].0);
        (a - b - below, a - b + above)
    }

    /// Standard errors of the groups if all had the pooled value, and of their differences (`[i][j]` for j < i).
    fn errors_if_equal(&self) -> (Vec<f64>, Vec<Vec<f64>>) {
        let pooled = self.groups.pooled();
        let spread = pooled * (1.0 - pooled);
        let errors: Vec<f64> = self.groups.units.iter().map(|u| (spread / u).sqrt()).collect();
        let apart = |i: usize, j: usize| {
            let (a, b) = (errors[i], errors[j]);
            let variance = a * a + b * b - 2.0 * self.correlation(i, j) * a * b;
            // Groups that err together: what is left is no more than rounding.
            variance.max(1e-6 * (a * a + b * b)).sqrt()
        };
        let pairs = (0..errors.len()).map(|i| (0..i).map(|j| apart(i, j)).collect()).collect();
        (errors, pairs)
    }

    /// The lower end needs every pair at once, so it takes the multiplier of the largest of all differences. For the upper
    /// end the pair that has the true gap is enough, so the plain multiplier holds.
    pub(super) fn gap(&self) -> Result<Gap> {
        let values = self.groups.values;
        let (best, worst) = extremes(values);
        let (errors, apart) = self.errors_if_equal();
        let value = values[best] - values[worst];
        let mut gap = Gap { best, worst, value, low: 0.0, high: 0.0, expected: 0.0, p_equal: 1.0 };
        let mut every = z_of_confidence(self.confidence)?;
        if errors.iter().all(|e| *e > 0.0) {
            let ranges = self.normals.studentised_ranges(&errors, &apart);
            every = quantile_sorted(&ranges, self.confidence);
            gap.p_equal = tail(&ranges, largest_difference(values, &apart));
            gap.expected = self.normals.mean_range(&errors);
        }
        let (together, alone) = (self.ends(every)?, self.ends(z_of_confidence(self.confidence)?)?);
        let mut low = 0.0_f64;
        for i in 0..values.len() {
            for j in (0..values.len()).filter(|&j| j != i) {
                low = low.max(self.difference(&together, i, j).0);
                gap.high = gap.high.max(self.difference(&alone, i, j).1);
            }
        }
        gap.low = if gap.p_equal <= 1.0 - self.confidence { low.min(value) } else { 0.0 };
        gap.high = gap.high.clamp(value, 1.0);
        Ok(gap)
    }

    /// The lowest true value is below the upper limit of every group, so the upper end takes the multiplier of all of them.
    /// For the lower end the group that has it is enough.
    pub(super) fn worst(&self) -> Result<Worst> {
        let (_, group) = extremes(self.groups.values);
        let value = self.groups.values[group];
        let upper = 0.5 + self.confidence / 2.0;
        let alone = self.ends(z_of_confidence(self.confidence)?)?;
        let together = self.ends(self.normals.largest(upper))?;
        let low = alone.iter().fold(value, |low, ends| low.min(ends.0));
        let high = together.iter().fold(1.0_f64, |high, ends| high.min(ends.1));
        Ok(Worst { group, value, low, high: high.max(value) })
    }

    pub(super) fn simultaneous(&self) -> Result<Ends> {
        self.ends(self.normals.largest_absolute(self.confidence))
    }
}

/// Positions of the highest and of the lowest value, the first of equal ones.
fn extremes(values: &[f64]) -> (usize, usize) {
    let mut found = (0, 0);
    for (place, value) in values.iter().enumerate() {
        if *value > values[found.0] {
            found.0 = place;
        }
        if *value < values[found.1] {
            found.1 = place;
        }
    }
    found
}
