//! What a sample of this size could have shown, at the first step of the correction that is shown.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eval_stats::StatsError;
use eval_stats::choose::Test;
use eval_stats::components::{Uncertainty, noncentrality};
use eval_stats::mcnemar::PairedTable;
use eval_stats::power::mde_mcnemar_mid_p;

use super::benchmark::BenchmarkComparison;

/// Power of the minimum detectable difference.
pub(super) const POWER: f64 = 0.8;

/// The smallest differences that a benchmark's pairs could have shown. Pairs that have the same figures share them.
#[derive(Debug)]
pub(super) struct Detectable {
    /// Level of the first step of the correction over all pairs.
    pub(super) level: f64,
    /// Standard errors by degrees of freedom.
    multipliers: Mutex<HashMap<u64, f64>>,
    /// Differences by the number of discordant examples.
    tables: Mutex<HashMap<u64, Option<f64>>>,
}

impl Detectable {
    pub(super) fn new(level: f64) -> Self {
        Self { level, multipliers: Mutex::default(), tables: Mutex::default() }
    }

    /// What McNemar's test could have shown with so many discordant examples.
    pub(super) fn of_table(&self, table: &PairedTable, n: f64) -> Option<f64> {
        let discordant = table.discordant();
        let known = |tables: &Mutex<HashMap<u64, Option<f64>>>| {
            tables.lock().unwrap_or_else(PoisonError::into_inner).get(&discordant).copied()
        };
        known(&self.tables).unwrap_or_else(|| {
            let found = mde_mcnemar_mid_p(n, discordant as f64 / n, self.level, POWER).ok();
            self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(discordant, found);
            found
        })
    }

    /// What the t test could have shown.
    pub(super) fn of_t(&self, found: &Uncertainty) -> Result<f64, StatsError> {
        let key = found.df.to_bits();
        let known = {
            let multipliers = self.multipliers.lock().unwrap_or_else(PoisonError::into_inner);
            multipliers.get(&key).copied()
        };
        let multiplier = if let Some(multiplier) = known {
            multiplier
        } else {
            let made = noncentrality(found.df, self.level, POWER)?;
            self.multipliers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made);
            made
        };
        Ok(multiplier * found.standard_error())
    }
}

impl BenchmarkComparison<'_> {
    /// The smallest difference that the test of this benchmark finds with 80 % power, corrected for all pairs; none where no
    /// difference can be found.
    pub(super) fn minimum_detectable(
        &self,
        detectable: &Detectable,
        table: Option<&PairedTable>,
        found: Option<&Uncertainty>,
    ) -> Result<Option<f64>, StatsError> {
        if let Some(table) = table {
            return Ok(detectable.of_table(table, self.field.examples() as f64));
        }
        let Some(found) = found.filter(|_| self.smallest_p() <= detectable.level) else {
            return Ok(None);
        };
        // A difference outside the metric's range is none.
        let (low, high) = self.field.metric.range();
        Ok(Some(detectable.of_t(found)?).filter(|d| *d <= high - low))
    }

    /// The smallest p that the test can give, whatever the answers are.
    pub(super) fn smallest_p(&self) -> f64 {
        match self.test {
            // Of 2^G signs two are as far out as all of one sign.
            Test::ClusterSignFlip => 2.0_f64.powf(1.0 - self.design.units() as f64),
            _ => 0.0,
        }
    }

    /// Says where no pair can be significant.
    pub(super) fn note_reach(&mut self, family: usize) {
        let (smallest, alpha) = (self.smallest_p(), self.options.alpha);
        let level = self.options.correction.first_step(alpha, family);
        if smallest > level {
            self.notes.push(format!(
                "with {} clusters the smallest p of a pair is {smallest:.4}: after correction over {family} pairs none can reach {alpha}",
                self.design.units()
            ));
        }
    }
}
