//! Bootstraps of means and of a variance, over distinct values or clusters instead of examples.

use super::options::BootstrapOptions;
use super::replicates::replicate;
use super::summary::{Bootstrap, acceleration, summarise};
use super::units::{cluster_members, unit_count};
use crate::error::{Result, finite, same_length};
use crate::mcnemar::PairedTable;
use crate::rng::Batch;
use crate::sampling::Multinomial;

/// Values collapsed to (distinct value, count), ascending.
pub(crate) fn distinct(values: &[f64]) -> Vec<(f64, u64)> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cells: Vec<(f64, u64)> = Vec::new();
    for v in sorted {
        match cells.last_mut() {
            Some((value, count)) if *value == v => *count += 1,
            _ => cells.push((v, 1)),
        }
    }
    cells
}

/// Bootstrap of a function of the first two moments, `of(pivot, n, sum, sum of squares)`, the sums taken around the
/// mean as pivot, so that a large common level does not cancel.
fn bootstrap_moments(
    cells: &[(f64, u64)],
    options: &BootstrapOptions,
    of: impl Fn(f64, f64, f64, f64) -> f64 + Sync + Send,
) -> Result<Bootstrap> {
    options.check()?;
    let total: u64 = cells.iter().map(|(_, count)| count).sum();
    let n = total as f64;
    let pivot = cells.iter().map(|(v, c)| v * *c as f64).sum::<f64>() / n;
    let centred: Vec<f64> = cells.iter().map(|(v, _)| v - pivot).collect();
    let (mut one, mut two) = (0.0, 0.0);
    for (v, (_, count)) in centred.iter().zip(cells) {
        one += *count as f64 * v;
        two += *count as f64 * v * v;
    }
    let estimate = of(pivot, n, one, two);
    let counts: Vec<u64> = cells.iter().map(|(_, count)| *count).collect();
    let sampler = Multinomial::new(&counts);
    let replicates = replicate(
        options,
        || (),
        |rng, ()| {
            let (mut one, mut two) = (0.0, 0.0);
            sampler.visit(rng, |cell, count| {
                let v = centred[cell];
                let w = f64::from(count) * v;
                one += w;
                two += w * v;
            });
            of(pivot, n, one, two)
        },
    );
    let jackknife = || {
        let values: Vec<(f64, f64)> = cells
            .iter()
            .zip(&centred)
            .map(|((_, count), v)| (of(pivot, n - 1.0, one - v, two - v * v), *count as f64))
            .collect();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}

/// Bootstrap of a mean (of differences, of scores): multinomial over the distinct values, so a list of 0/1 costs O(1).
pub fn bootstrap_mean(values: &[f64], options: &BootstrapOptions) -> Result<Bootstrap> {
    finite("values", values, 1)?;
    bootstrap_moments(&distinct(values), options, |pivot, n, one, _| pivot + one / n)
}

/// Bootstrap of the plug-in variance `sum (x - mean)^2 / n` (the worked example of Efron & Tibshirani 1993, ch. 14).
pub fn bootstrap_variance(values: &[f64], options: &BootstrapOptions) -> Result<Bootstrap> {
    finite("values", values, 2)?;
    bootstrap_moments(&distinct(values), options, |_, n, one, two| two / n - (one / n) * (one / n))
}

/// Cluster bootstrap of a mean: clusters are collapsed to (sum, size), so a resample costs O(clusters). The estimate is
/// the ratio sum / size, as Miller 2024 ("Adding error bars to evals") takes the mean over questions.
pub fn cluster_bootstrap_mean(
    values: &[f64],
    clusters: &[u32],
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    options.check()?;
    finite("values", values, 1)?;
    same_length("values", values.len(), "clusters", clusters.len())?;
    let members = cluster_members(clusters)?;
    let parts: Vec<(f64, f64)> = members
        .iter()
        .map(|m| (m.iter().map(|&i| values[i as usize]).sum(), m.len() as f64))
        .collect();
    let whole = parts.iter().fold((0.0, 0.0), |t, p| (t.0 + p.0, t.1 + p.1));
    let n = unit_count(parts.len())?;
    let batch = Batch::new(n);
    let replicates = replicate(
        options,
        || (),
        |rng, ()| {
            let (mut sum, mut size) = (0.0, 0.0);
            batch.draw(rng, u64::from(n), |index| {
                sum += parts[index].0;
                size += parts[index].1;
            });
            sum / size
        },
    );
    let jackknife = || {
        let values: Vec<(f64, f64)> =
            parts.iter().map(|p| ((whole.0 - p.0) / (whole.1 - p.1), 1.0)).collect();
        acceleration(&values)
    };
    summarise(whole.0 / whole.1, replicates, options, jackknife)
}

/// Paired bootstrap of an accuracy difference: multinomial over the 2 x 2 table, O(R) at any n.
pub fn paired_bootstrap_accuracy(
    table: &PairedTable,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    table.not_empty()?;
    let cells: Vec<(f64, u64)> =
        [(-1.0, table.only_b), (0.0, table.both_right + table.both_wrong), (1.0, table.only_a)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
    bootstrap_moments(&cells, options, |pivot, n, one, _| pivot + one / n)
}
