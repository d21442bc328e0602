//! Values of groups, and what is found of them.

use crate::error::{Result, StatsError, finite, same_length};

/// Values of several groups, as shares between 0 and 1.
#[derive(Debug, Clone)]
pub struct Groups<'a> {
    /// Per group: its value.
    pub values: &'a [f64],
    /// Per group: how many independent examples the value is worth; see [`effective_units`].
    pub units: &'a [f64],
    /// Correlation of the values' errors where groups share clusters; none where they do not.
    pub correlation: Option<&'a [Vec<f64>]>,
}

/// How far groups are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Position of the group with the highest value.
    pub best: usize,
    /// Position of the group with the lowest value.
    pub worst: usize,
    /// Best minus worst, as observed.
    pub value: f64,
    /// Lower end: what some two groups differ by at least. 0 where the test does not reject equality at `1 - confidence`.
    pub low: f64,
    /// Upper end: no two groups differ by more.
    pub high: f64,
    /// What best minus worst would be on average if all groups were equal.
    pub expected: f64,
    /// P-value of the hypothesis that all groups are equal: the largest studentised difference of two groups against its
    /// distribution under equality.
    pub p_equal: f64,
}

/// The lowest group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// Its position.
    pub group: usize,
    /// Its value.
    pub value: f64,
    /// Lower end of the interval of the lowest true value, whichever group has it.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What all groups together say.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Their gap.
    pub gap: Gap,
    /// The lowest one.
    pub worst: Worst,
    /// Per group: lower and upper end of intervals that hold for all groups at once.
    pub simultaneous: Vec<(f64, f64)>,
}

/// How many independent examples a share with this variance (of a bootstrap) is worth.
///
/// Where the resamples hardly vary (a 95 % interval narrower than one example, `1 / examples`: all right, all wrong, or a
/// smoothed 0) they say nothing, and the value is worth `support` examples. Never more than two per example.
pub fn effective_units(value: f64, variance: f64, examples: f64, support: f64) -> f64 {
    let degenerate = 2.0 * 1.96 * variance.max(0.0).sqrt() < 1.0 / examples;
    let units = if degenerate { support } else { value * (1.0 - value) / variance };
    units.clamp(1.0, (2.0 * examples).max(1.0))
}

impl Groups<'_> {
    pub(super) fn check(&self) -> Result<()> {
        finite("values", self.values, 2)?;
        finite("units", self.units, 2)?;
        same_length("values", self.values.len(), "units", self.units.len())?;
        if let Some(&value) = self.values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
            let allowed = "shares between 0 and 1";
            return Err(StatsError::OutOfRange { argument: "values", value, allowed });
        }
        if let Some(&value) = self.units.iter().find(|u| **u <= 0.0) {
            let allowed = "numbers of examples above 0";
            return Err(StatsError::OutOfRange { argument: "units", value, allowed });
        }
        if let Some(rows) = self.correlation {
            same_length("values", self.values.len(), "correlation", rows.len())?;
        }
        Ok(())
    }

    /// The value of all groups together, weighted by their units.
    pub(super) fn pooled(&self) -> f64 {
        let weight: f64 = self.units.iter().sum();
        self.values.iter().zip(self.units).map(|(v, u)| v * u).sum::<f64>() / weight
    }
}
