//! Many models on the same examples: one draw serves every model and every pair.
//!
//! Examples are collapsed by their pattern of scores; a resample draws pattern counts once and yields the mean of every
//! model, from which all pairwise intervals, rank intervals and rank stability are read.

use rayon::prelude::*;

use super::bootstrap::{Bootstrap, BootstrapOptions, replicate_on, summarise};
use super::descriptive::quantile_sorted;
use super::error::{Result, StatsError, rectangular, same_length};
use super::rng::Batch;
use super::sampling::Multinomial;

/// Distinct rows of an examples x models table and how often each occurs.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Number of models (columns).
    pub models: usize,
    /// Number of examples (rows).
    pub examples: u64,
    /// Row-major patterns.
    patterns: Vec<f64>,
    counts: Vec<u64>,
    /// Resampled units: patterns, or clusters of (sum, size) where the examples are clustered.
    sizes: Option<Vec<f64>>,
}

impl Panel {
    /// Collapses equal rows. Rows = examples, columns = models.
    pub fn collapse(scores: &[Vec<f64>]) -> Result<Self> {
        let models = rectangular("scores", scores, 1)?;
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        let compare = |i: &u32, j: &u32| {
            let (a, b) = (&scores[*i as usize], &scores[*j as usize]);
            a.iter()
                .zip(b)
                .map(|(x, y)| x.total_cmp(y))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        order.sort_unstable_by(compare);
        let mut patterns = Vec::new();
        let mut counts: Vec<u64> = Vec::new();
        let mut last: Option<u32> = None;
        for i in order {
            match (last, counts.last_mut()) {
                (Some(previous), Some(count)) if compare(&previous, &i).is_eq() => *count += 1,
                _ => {
                    patterns.extend_from_slice(&scores[i as usize]);
                    counts.push(1);
                    last = Some(i);
                }
            }
        }
        Ok(Self { models, examples: scores.len() as u64, patterns, counts, sizes: None })
    }

    /// Sums each cluster's rows: clusters are then resampled whole.
    pub fn collapse_clusters(scores: &[Vec<f64>], clusters: &[u32]) -> Result<Self> {
        let models = rectangular("scores", scores, 1)?;
        same_length("scores", scores.len(), "clusters", clusters.len())?;
        let members = super::bootstrap::cluster_members(clusters)?;
        let mut patterns = Vec::with_capacity(members.len() * models);
        for part in &members {
            patterns.extend(
                (0..models).map(|m| part.iter().map(|&i| scores[i as usize][m]).sum::<f64>()),
            );
        }
        let sizes = members.iter().map(|part| part.len() as f64).collect();
        Ok(Self {
            models,
            examples: scores.len() as u64,
            patterns,
            counts: vec![1; members.len()],
            sizes: Some(sizes),
        })
    }

    /// Mean score of every model.
    pub fn means(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.models];
        let mut size = 0.0;
        for (unit, (row, count)) in
            self.patterns.chunks_exact(self.models).zip(&self.counts).enumerate()
        {
            let weight = *count as f64;
            size += weight * self.sizes.as_ref().map_or(1.0, |s| s[unit]);
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        sums.iter().map(|s| s / size).collect()
    }

    /// Resampled means, one list of all resamples a model.
    pub fn replicates(&self, options: &BootstrapOptions) -> Result<Vec<Vec<f64>>> {
        options.check()?;
        // Each resample has a mean of every model.
        crate::error::resamples("resamples x models", options.resamples * self.models, 2)?;
        let single = self.sizes.is_none()
            && self.patterns.iter().all(|v| *v == 0.0 || *v == 1.0)
            && self.examples < 1 << 24;
        let rows = if single {
            // 0/1 scores: sums are exact in f32 below 2^24, twice as many lanes as f64.
            let patterns: Vec<f32> = self.patterns.iter().map(|v| *v as f32).collect();
            self.draw(options, &patterns, |w| w as f32, f64::from)
        } else {
            self.draw(options, &self.patterns, f64::from, |v| v)
        };
        let mut columns = vec![Vec::with_capacity(rows.len()); self.models];
        for row in &rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(*value);
            }
        }
        Ok(columns)
    }

    fn draw<T>(
        &self,
        options: &BootstrapOptions,
        patterns: &[T],
        weight: impl Fn(u32) -> T + Sync + Send,
        widen: impl Fn(T) -> f64 + Sync + Send,
    ) -> Vec<Vec<f64>>
    where
        T: Copy + Default + std::ops::Mul<Output = T> + std::ops::AddAssign + Send + Sync,
    {
        let sampler = Multinomial::new(&self.counts);
        let units = self.counts.len() as u32;
        let batch = Batch::new(units);
        replicate_on(
            &options.stream,
            options.resamples,
            || (vec![0_u32; self.counts.len()], vec![T::default(); self.models]),
            |rng, (drawn, sums)| {
                if self.sizes.is_some() {
                    drawn.fill(0);
                    batch.draw(rng, u64::from(units), |index| drawn[index] += 1);
                } else {
                    sampler.draw(rng, drawn);
                }
                sums.fill(T::default());
                for (row, count) in patterns.chunks_exact(self.models).zip(drawn.iter()) {
                    if *count > 0 {
                        let w = weight(*count);
                        for (sum, value) in sums.iter_mut().zip(row) {
                            *sum += w * *value;
                        }
                    }
                }
                let size = match &self.sizes {
                    Some(sizes) => {
                        sizes.iter().zip(drawn.iter()).map(|(s, c)| s * f64::from(*c)).sum()
                    }
                    None => self.examples as f64,
                };
                sums.iter().map(|s| widen(*s) / size).collect()
            },
        )
    }
}

/// One pair of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PairBootstrap {
    /// Column of the first model.
    pub a: usize,
    /// Column of the second model.
    pub b: usize,
    /// Bootstrap of the mean of `a` minus the mean of `b`.
    pub bootstrap: Bootstrap,
}

/// Percentile or basic intervals of the mean difference of every pair, from one set of draws. (BCa needs a jackknife a
/// pair: use [`super::bootstrap::bootstrap_mean`] for a single pair.)
pub fn all_pairs(panel: &Panel, options: &BootstrapOptions) -> Result<Vec<PairBootstrap>> {
    if options.method == super::bootstrap::BootstrapMethod::Bca {
        return Err(StatsError::Request(
            "BCa is not offered for all pairs at once: choose percentile or basic".into(),
        ));
    }
    let means = panel.means();
    let columns = panel.replicates(options)?;
    let pairs: Vec<(usize, usize)> =
        (0..panel.models).flat_map(|a| (a + 1..panel.models).map(move |b| (a, b))).collect();
    pairs
        .into_par_iter()
        .map(|(a, b)| {
            let differences = columns[a].iter().zip(&columns[b]).map(|(x, y)| x - y).collect();
            summarise(means[a] - means[b], differences, options, || 0.0)
                .map(|bootstrap| PairBootstrap { a, b, bootstrap })
        })
        .collect()
}

/// How equal scores share ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankTies {
    /// All take the best of the tied ranks.
    #[default]
    Min,
    /// All take the worst.
    Max,
    /// All take the mean.
    Average,
}

/// Uncertainty of a ranking under resampling of the examples.
#[derive(Debug, Clone, PartialEq)]
pub struct RankBootstrap {
    /// Observed ranks, 1 = best.
    pub ranks: Vec<f64>,
    /// Share of resamples in which the model ranks first.
    pub p_rank1: Vec<f64>,
    /// Lower end of each rank's interval.
    pub rank_low: Vec<f64>,
    /// Upper end of each rank's interval.
    pub rank_high: Vec<f64>,
    /// Mean Kendall tau-b of resampled and observed order (rank stability); `None` when all scores are equal.
    pub stability: Option<f64>,
    /// Share of resamples with exactly the observed order.
    pub p_same_order: f64,
}

/// Rank intervals, probability of being first and stability of the order. Higher scores are better.
pub fn bootstrap_ranks(
    panel: &Panel,
    ties: RankTies,
    options: &BootstrapOptions,
) -> Result<RankBootstrap> {
    let means = panel.means();
    let columns = panel.replicates(options)?;
    let observed = ranks_of(&means, ties);
    let resamples = options.resamples;
    let ranked: Vec<(Vec<f64>, Option<f64>, bool)> = (0..resamples)
        .into_par_iter()
        .with_min_len(64)
        .map(|r| {
            let scores: Vec<f64> = columns.iter().map(|c| c[r]).collect();
            let ranks = ranks_of(&scores, ties);
            let tau = super::ranking::rank_correlation(&observed, &ranks)
                .ok()
                .and_then(|c| c.kendall_tau_b);
            let same = ranks == observed;
            (ranks, tau, same)
        })
        .collect();
    let tail = (1.0 - options.confidence) / 2.0;
    let mut result = RankBootstrap {
        p_rank1: Vec::new(),
        rank_low: Vec::new(),
        rank_high: Vec::new(),
        stability: None,
        p_same_order: ranked.iter().filter(|r| r.2).count() as f64 / resamples as f64,
        ranks: observed,
    };
    for model in 0..panel.models {
        let mut ranks: Vec<f64> = ranked.iter().map(|r| r.0[model]).collect();
        ranks.sort_unstable_by(f64::total_cmp);
        result.p_rank1.push(ranks.iter().filter(|r| **r == 1.0).count() as f64 / resamples as f64);
        result.rank_low.push(quantile_sorted(&ranks, tail));
        result.rank_high.push(quantile_sorted(&ranks, 1.0 - tail));
    }
    let taus: Vec<f64> = ranked.iter().filter_map(|r| r.1).collect();
    result.stability = (!taus.is_empty()).then(|| super::descriptive::mean(&taus));
    Ok(result)
}

/// Ranks, 1 = highest score; scores equal up to rounding are tied.
fn ranks_of(scores: &[f64], ties: RankTies) -> Vec<f64> {
    let slack = 1e-12 * scores.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    scores
        .iter()
        .map(|s| {
            let better = scores.iter().filter(|o| **o > s + slack).count() as f64;
            let equal = scores.iter().filter(|o| (*o - s).abs() <= slack).count() as f64;
            match ties {
                RankTies::Min => better + 1.0,
                RankTies::Max => better + equal,
                RankTies::Average => better + 0.5 * (equal + 1.0),
            }
        })
        .collect()
}
