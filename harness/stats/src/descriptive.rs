//! Means, variances, quantiles: the small vocabulary of the other files.

use super::error::{Result, finite};

/// Arithmetic mean, with the values' own rounding error removed once.
pub fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let first = values.iter().sum::<f64>() / n;
    first + values.iter().map(|v| v - first).sum::<f64>() / n
}

/// Sample variance (n - 1 below the line). 0 for one value; callers refuse n = 1 where a spread is asked for.
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let m = mean(values);
    values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (values.len() - 1) as f64
}

/// The power of two to divide by before values are squared, where they are so large or so small that their squares leave
/// the range of a double; `None` for values of usual size, whose results keep every bit.
pub(crate) fn unit_outside(values: &[f64]) -> Option<f64> {
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let usual = largest == 0.0 || (1e-130..=1e130).contains(&largest);
    (!usual).then(|| largest.log2().floor().exp2())
}

pub(crate) fn divided(values: &[f64], unit: f64) -> Vec<f64> {
    values.iter().map(|v| v / unit).collect()
}

/// Mean and standard deviation (n - 1 below the line; 0 for one value), right at any scale: squares of 1e200 or 1e-300
/// are not doubles, their standard deviation is.
pub(crate) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    match unit_outside(values) {
        None => (mean(values), variance(values).sqrt()),
        Some(unit) => {
            let scaled = divided(values, unit);
            (unit * mean(&scaled), unit * variance(&scaled).sqrt())
        }
    }
}

/// Quantile of sorted values, type 7 of Hyndman & Fan 1996 (numpy's and R's default): linear between order statistics.
pub fn quantile_sorted(sorted: &[f64], p: f64) -> f64 {
    let position = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let weight = position - below as f64;
    if weight == 0.0 || sorted[below] == sorted[above] {
        return sorted[below];
    }
    sorted[below] + weight * (sorted[above] - sorted[below])
}

/// [`quantile_sorted`] of unsorted values.
pub fn quantile(values: &[f64], p: f64) -> Result<f64> {
    finite("values", values, 1)?;
    super::error::closed_unit("p", p)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(quantile_sorted(&sorted, p))
}

/// Interquartile mean: the mean after a quarter of the values is cut from each end (`floor(n/4)` values, as SciPy's
/// `trim_mean`; Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice").
pub fn interquartile_mean(values: &[f64]) -> Result<f64> {
    finite("values", values, 1)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    Ok(mean(&sorted[cut..sorted.len() - cut]))
}

/// Numbers in the order of `f64::total_cmp`.
fn in_order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// Midranks (1 = smallest), neighbours closer than `tolerance` being tied.
/// Returns the ranks in the order of the values and the sizes of the tie groups.
pub fn midranks(values: &[f64], tolerance: f64) -> (Vec<f64>, Vec<usize>) {
    // Values beside their places: a sort of places alone looks every value up again and again. Equal ones share their
    // rank, whichever comes first.
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by_key(|(value, _)| in_order(*value));
    let sorted: Vec<f64> = order.iter().map(|(value, _)| *value).collect();
    let (sorted_ranks, groups) = midranks_sorted(&sorted, tolerance);
    let mut ranks = vec![0.0; values.len()];
    for (&(_, place), rank) in order.iter().zip(sorted_ranks) {
        ranks[place] = rank;
    }
    (ranks, groups)
}

/// [`midranks`] of values that are in ascending order.
pub fn midranks_sorted(sorted: &[f64], tolerance: f64) -> (Vec<f64>, Vec<usize>) {
    let mut ranks = Vec::with_capacity(sorted.len());
    let mut groups = Vec::new();
    while ranks.len() < sorted.len() {
        let start = ranks.len();
        let tied = |pair: &&[f64]| pair[1] - pair[0] <= tolerance;
        let size = 1 + sorted[start..].windows(2).take_while(tied).count();
        ranks.resize(start + size, (2 * start + size + 1) as f64 / 2.0);
        groups.push(size);
    }
    (ranks, groups)
}
