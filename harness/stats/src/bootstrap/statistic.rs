//! The bootstrap of any statistic, by example or by cluster.

use rayon::prelude::*;

use super::options::BootstrapOptions;
use super::replicates::replicate;
use super::summary::{Bootstrap, acceleration, summarise};
use super::units::{cluster_members, unit_count};
use crate::error::Result;
use crate::rng::Batch;

/// Bootstrap of any statistic of `n_units` units: `statistic` gets the indices of a resample (the first call: 0..n).
///
/// The resamples run on rayon's threads, in blocks with a generator each: the answer does not depend on their number.
///
/// # Errors
/// No units, fewer than two resamples, a confidence outside (0, 1), or a statistic that is not finite on the data or on a
/// resample.
pub fn bootstrap(
    n_units: usize,
    options: &BootstrapOptions,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Result<Bootstrap> {
    options.check()?;
    let n = unit_count(n_units)?;
    let all: Vec<u32> = (0..n).collect();
    let estimate = statistic(&all);
    let batch = Batch::new(n);
    let replicates = replicate(
        options,
        || Vec::with_capacity(n_units),
        |rng, indices: &mut Vec<u32>| {
            indices.clear();
            batch.draw(rng, u64::from(n), |index| indices.push(index as u32));
            statistic(indices)
        },
    );
    let jackknife = || {
        let values = (0..n)
            .into_par_iter()
            .map(|out| {
                let kept: Vec<u32> = (0..n).filter(|&i| i != out).collect();
                (statistic(&kept), 1.0)
            })
            .collect::<Vec<_>>();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}

/// Cluster bootstrap: whole clusters are drawn, as many as there are (Davison & Hinkley 1997, section 3.8, first kind).
/// `clusters[i]` is the cluster of unit i; `statistic` gets the indices of the units of the drawn clusters, whose number
/// may vary from resample to resample.
///
/// # Errors
/// As [`bootstrap`], and fewer than two clusters.
pub fn cluster_bootstrap(
    clusters: &[u32],
    options: &BootstrapOptions,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Result<Bootstrap> {
    options.check()?;
    let members = cluster_members(clusters)?;
    let n = unit_count(members.len())?;
    let batch = Batch::new(n);
    let all: Vec<u32> = (0..clusters.len() as u32).collect();
    let estimate = statistic(&all);
    let replicates = replicate(options, Vec::new, |rng, indices: &mut Vec<u32>| {
        indices.clear();
        batch.draw(rng, u64::from(n), |index| indices.extend_from_slice(&members[index]));
        statistic(indices)
    });
    let jackknife = || {
        let values = (0..members.len())
            .into_par_iter()
            .map(|out| {
                let kept: Vec<u32> = members
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != out)
                    .flat_map(|(_, m)| m.iter().copied())
                    .collect();
                (statistic(&kept), 1.0)
            })
            .collect::<Vec<_>>();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}
