//! Cultures side by side: gap, worst one, test of equality, simultaneous intervals, shrinkage.
//!
//! [`eval_stats::groups`] does the statistics. Here a culture becomes a share of so many effective examples: its value
//! between the bounds of the measure, and the variance from a bootstrap that draws whole clusters for all cultures at once.

use eval_stats::StatsError;
use eval_stats::groups::{Compared, Groups, Shrunken, effective_units, shrink};
use eval_stats::rng::Stream;

use super::resample::{Bounds, CONFIDENCE};

/// Resamples for variances and correlations: their errors are 3 %.
pub(crate) const RESAMPLES: usize = 2_000;

/// Normals drawn for the multipliers.
const DRAWS: usize = 4_000;

/// One culture of a measure.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) examples: f64,
    /// Independent examples that the value rests on at worst.
    pub(crate) support: f64,
    /// Its values in the resamples; NaN where a resample has none.
    pub(crate) drawn: Vec<f64>,
}

/// The cultures that have a measure.
pub(crate) struct Between {
    bounds: Bounds,
    values: Vec<f64>,
    units: Vec<f64>,
    correlation: Option<Vec<Vec<f64>>>,
}

impl Between {
    /// `shared`: some cluster has examples of two cultures, so that their errors may go together.
    pub(crate) fn new(estimates: &[Estimate], bounds: Bounds, shared: bool) -> Self {
        let width = bounds.1 - bounds.0;
        let share = |v: f64| ((v - bounds.0) / width).clamp(0.0, 1.0);
        let values: Vec<f64> = estimates.iter().map(|e| share(e.value)).collect();
        let centred: Vec<Vec<f64>> = estimates.iter().map(|e| centred(&e.drawn, width)).collect();
        let variances: Vec<f64> = centred.iter().map(|d| product(d, d)).collect();
        let units = (values.iter().zip(&variances).zip(estimates))
            .map(|((value, variance), e)| effective_units(*value, *variance, e.examples, e.support))
            .collect();
        let correlation = shared.then(|| correlation(&centred, &variances));
        Self { bounds, values, units, correlation }
    }

    fn groups(&self) -> Groups<'_> {
        Groups {
            values: &self.values,
            units: &self.units,
            correlation: self.correlation.as_deref(),
        }
    }

    /// Gap, worst and simultaneous intervals in units of the measure.
    pub(crate) fn compare(&self, stream: &Stream) -> Result<Compared, StatsError> {
        let mut found = self.groups().compare(CONFIDENCE, DRAWS, stream)?;
        let (lowest, width) = (self.bounds.0, self.bounds.1 - self.bounds.0);
        let gap = &mut found.gap;
        for figure in [&mut gap.value, &mut gap.low, &mut gap.high, &mut gap.expected] {
            *figure *= width;
        }
        let place = |v: &mut f64| *v = lowest + width * *v;
        let worst = &mut found.worst;
        [&mut worst.value, &mut worst.low, &mut worst.high].into_iter().for_each(place);
        for (low, high) in &mut found.simultaneous {
            place(low);
            place(high);
        }
        Ok(found)
    }

    /// Empirical-Bayes values; none with fewer than three cultures.
    pub(crate) fn shrunken(&self) -> Result<Option<Vec<Shrunken>>, StatsError> {
        if self.values.len() < 3 {
            return Ok(None);
        }
        let mut found = shrink(&self.groups())?;
        for estimate in &mut found {
            estimate.value = self.bounds.0 + (self.bounds.1 - self.bounds.0) * estimate.value;
        }
        Ok(Some(found))
    }
}

/// Resamples about their mean, in units of the measure's width; 0 where one has no value.
fn centred(drawn: &[f64], width: f64) -> Vec<f64> {
    let finite = || drawn.iter().filter(|v| v.is_finite());
    let mean = finite().sum::<f64>() / finite().count().max(1) as f64;
    drawn.iter().map(|v| if v.is_finite() { (v - mean) / width } else { 0.0 }).collect()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / (a.len() as f64 - 1.0).max(1.0)
}

fn correlation(centred: &[Vec<f64>], variances: &[f64]) -> Vec<Vec<f64>> {
    let one = |i: usize, j: usize| {
        let scale = (variances[i] * variances[j]).sqrt();
        if i == j {
            1.0
        } else if scale > 0.0 {
            product(&centred[i], &centred[j]) / scale
        } else {
            0.0
        }
    };
    let k = centred.len();
    let mut rows = vec![vec![0.0; k]; k];
    for (i, j) in (0..k).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let value = one(i, j);
        (rows[i][j], rows[j][i]) = (value, value);
    }
    rows
}
