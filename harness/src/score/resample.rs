//! The bridge to [`eval_stats`]: examples collapsed to patterns of clusters, resampled as a multinomial.
//!
//! A cluster is the multiset of its (slice, gold, column, bucket) cells. Clusters with the same multiset are one pattern,
//! so that drawing as many clusters as there are is one multinomial draw over patterns: O(patterns), not O(examples).
//! Where every example is its own cluster, patterns are the cells of the confusion table.

use std::collections::HashMap;

use eval_stats::bootstrap::{BootstrapMethod, BootstrapOptions, replicate_on, summarise};
use eval_stats::cluster::clustered_wilson;
use eval_stats::dist::{t_isf, z_of_confidence};
use eval_stats::interval::{Method, wilson, wilson_real};
use eval_stats::rng::Stream;
use eval_stats::sampling::Multinomial;
use eval_stats::{Interval, StatsError};

use super::metrics::Tally;

/// Confidence of every interval here.
pub const CONFIDENCE: f64 = 0.95;

/// What one answer adds to the margins of its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Cell {
    /// Which margins: a variant, a culture, or both.
    pub(crate) slice: u32,
    /// Gold label.
    pub(crate) gold: u32,
    /// Column of the confusion table.
    pub(crate) column: u32,
    /// Smallest k that holds the gold label.
    pub(crate) bucket: u32,
    /// Which terms it adds: a row of the units' table.
    pub(crate) terms: u32,
}

/// Clusters by pattern.
#[derive(Debug)]
pub(crate) struct Units {
    slices: usize,
    classes: usize,
    ks: usize,
    /// Distinct rows of terms, one after another, of `width` each.
    table: Vec<f64>,
    width: usize,
    cells: Vec<Cell>,
    /// Cell numbers of all patterns, one after another; pattern p ends at `ends[p]`.
    members: Vec<u32>,
    ends: Vec<usize>,
    /// Clusters of each pattern.
    counts: Vec<u64>,
}

impl Units {
    /// Collapses `(cluster, cell)` pairs, one per answer.
    pub(crate) fn new(
        answers: impl Iterator<Item = (u32, Cell)>,
        slices: usize,
        classes: usize,
        ks: usize,
        (table, width): (Vec<f64>, usize),
    ) -> Self {
        let mut cells: Vec<Cell> = Vec::new();
        let mut numbers: HashMap<Cell, u32> = HashMap::new();
        let mut pairs: Vec<(u32, u32)> = answers
            .map(|(cluster, cell)| {
                let number = *numbers.entry(cell).or_insert_with(|| {
                    cells.push(cell);
                    cells.len() as u32 - 1
                });
                (cluster, number)
            })
            .collect();
        pairs.sort_unstable();
        let of_clusters: Vec<u32> = pairs.iter().map(|(_, cell)| *cell).collect();
        let mut patterns: HashMap<&[u32], u64> = HashMap::new();
        let mut start = 0;
        for chunk in pairs.chunk_by(|a, b| a.0 == b.0) {
            *patterns.entry(&of_clusters[start..start + chunk.len()]).or_insert(0) += 1;
            start += chunk.len();
        }
        let mut patterns: Vec<(&[u32], u64)> = patterns.into_iter().collect();
        patterns.sort_unstable();
        let mut units = Self {
            slices,
            classes,
            ks,
            table,
            width,
            cells,
            members: Vec::new(),
            ends: Vec::new(),
            counts: Vec::new(),
        };
        for (members, count) in patterns {
            units.members.extend_from_slice(members);
            units.ends.push(units.members.len());
            units.counts.push(count);
        }
        units
    }

    /// Number of clusters.
    pub(crate) fn clusters(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn empty(&self) -> Vec<Tally> {
        vec![Tally::zero(self.classes, self.ks, self.width); self.slices]
    }

    fn fill(&self, margins: &mut [Tally], weight: impl Fn(usize) -> f64) {
        margins.iter_mut().for_each(Tally::clear);
        let mut start = 0;
        for (pattern, &end) in self.ends.iter().enumerate() {
            let weight = weight(pattern);
            if weight > 0.0 {
                for &member in &self.members[start..end] {
                    let cell = self.cells[member as usize];
                    let first = cell.terms as usize * self.width;
                    let terms = &self.table[first..first + self.width];
                    let own = &mut margins[cell.slice as usize];
                    own.add(cell.gold, cell.column, cell.bucket, terms, weight);
                }
            }
            start = end;
        }
    }

    /// The margins of every slice, as observed.
    pub(crate) fn margins(&self) -> Vec<Tally> {
        let mut margins = self.empty();
        self.fill(&mut margins, |pattern| self.counts[pattern] as f64);
        margins
    }

    /// Draws as many clusters as there are, `resamples` times; element r of the answer is `statistics` of resample r.
    pub(crate) fn resample(
        &self,
        stream: &Stream,
        resamples: usize,
        statistics: impl Fn(&[Tally]) -> Vec<f64> + Sync + Send,
    ) -> Vec<Vec<f64>> {
        let sampler = Multinomial::new(&self.counts);
        replicate_on(
            stream,
            resamples,
            || (self.empty(), vec![0_u32; self.counts.len()]),
            |rng, (margins, drawn)| {
                sampler.draw(rng, drawn);
                self.fill(margins, |pattern| f64::from(drawn[pattern]));
                statistics(margins)
            },
        )
    }
}

/// The lowest and the highest possible value of a figure.
pub(crate) type Bounds = (f64, f64);

/// Those of a share.
pub(crate) const SHARE: Bounds = (0.0, 1.0);

/// An interval and the name of its method.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) method: String,
}

impl Range {
    fn new(interval: Interval, value: f64, bounds: Bounds, method: String) -> Self {
        // Smoothed values, and the gap's reflected ends, may be a hair outside.
        let (low, high) =
            (interval.low.clamp(bounds.0, value), interval.high.clamp(value, bounds.1));
        Self { low, high, method }
    }
}

/// Interval of a plain proportion: Wilson's where no two examples share a cluster, else clustered.
pub(crate) fn proportion(value: f64, outcomes: &[(u32, bool)]) -> Result<Range, StatsError> {
    let mut clusters: Vec<u32> = outcomes.iter().map(|(cluster, _)| *cluster).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let interval = if clusters.len() == outcomes.len() {
        let hits = outcomes.iter().filter(|(_, right)| *right).count() as u64;
        wilson(hits, outcomes.len() as u64, CONFIDENCE)?
    } else {
        let scores: Vec<f64> =
            outcomes.iter().map(|(_, right)| f64::from(u8::from(*right))).collect();
        let clusters: Vec<u32> = outcomes.iter().map(|(cluster, _)| *cluster).collect();
        clustered_wilson(&scores, &clusters, CONFIDENCE)?
    };
    Ok(Range::new(interval, value, SHARE, interval.method.name().to_owned()))
}

/// What a value rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Support {
    /// Examples that it is about.
    pub(crate) examples: u64,
    /// Independent examples of the rarest kind that it needs.
    pub(crate) independent: u64,
}

/// With fewer clusters quantiles of resamples lie too close (with 10 they cover 91 % instead of 95): Student's t is taken.
pub(crate) const STUDENT_BELOW: u64 = 30;

/// How many standard errors the ends of an interval lie from its value, with so many independent clusters.
pub(crate) fn multiplier(clusters: u64) -> Result<f64, StatsError> {
    if (2..STUDENT_BELOW).contains(&clusters) {
        t_isf((1.0 - CONFIDENCE) / 2.0, (clusters - 1) as f64)
    } else {
        z_of_confidence(CONFIDENCE)
    }
}

/// What a bootstrap interval rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basis {
    /// How it is read off the resamples.
    pub(crate) method: BootstrapMethod,
    /// Whether some examples share a cluster.
    pub(crate) clustered: bool,
    /// Independent clusters that are drawn.
    pub(crate) clusters: u64,
    /// What the value rests on, at worst.
    pub(crate) support: Support,
}

/// [`bootstrap_on`] of a value that all its clusters support.
pub(crate) fn bootstrap(
    value: f64,
    bounds: Bounds,
    replicates: Vec<f64>,
    method: BootstrapMethod,
    clustered: bool,
    support: Support,
    stream: &Stream,
) -> Result<Range, StatsError> {
    let basis = Basis { method, clustered, clusters: support.independent, support };
    bootstrap_on(value, bounds, replicates, basis, stream)
}

/// Interval of `value` from its resamples. A resample without a value (a NaN) is left out.
///
/// With fewer than [`STUDENT_BELOW`] clusters G a percentile interval is too narrow. Then the standard error of the resamples,
/// times `sqrt(G / (G - 1))` for what drawing G of G takes away, goes into Wilson's interval with Student's t of G - 1 degrees
/// of freedom instead of z and the effective size `v (1 - v) / se^2` (as [`clustered_wilson`] does for a proportion).
///
/// Where the interval is narrower than one of the examples (the resamples are all the same, or differ by a smoothing
/// constant alone) the bootstrap knows nothing, and Wilson's interval of a proportion of so many independent examples is
/// used (`wilson-bound`), the value's place between its bounds being the proportion.
pub(crate) fn bootstrap_on(
    value: f64,
    bounds: Bounds,
    mut replicates: Vec<f64>,
    basis: Basis,
    stream: &Stream,
) -> Result<Range, StatsError> {
    let Basis { method, clustered, clusters, support } = basis;
    replicates.retain(|v| v.is_finite());
    if replicates.len() < 2 {
        return Err(StatsError::Degenerate {
            what: "the metric has no value in almost every resample",
            remedy: "give more examples",
        });
    }
    let options = BootstrapOptions {
        resamples: replicates.len(),
        confidence: CONFIDENCE,
        method,
        stream: stream.clone(),
    };
    let summary = summarise(value, replicates, &options, || 0.0)?;
    let kind = if clustered { "cluster-bootstrap" } else { "bootstrap" };
    let range = Range::new(
        summary.interval,
        value,
        bounds,
        format!("{kind}-{}", summary.interval.method.name()),
    );
    let wilson = |size: f64, z: f64, name: String| -> Result<Range, StatsError> {
        let (lowest, width) = (bounds.0, bounds.1 - bounds.0);
        let share = ((value - lowest) / width).clamp(0.0, 1.0);
        let mut bound = wilson_real(share, size, z, CONFIDENCE, Method::Wilson)?;
        (bound.low, bound.high) = (lowest + width * bound.low, lowest + width * bound.high);
        Ok(Range::new(bound, value, bounds, name))
    };
    let share = (value - bounds.0) / (bounds.1 - bounds.0);
    let least = (bounds.1 - bounds.0) / support.examples.max(1) as f64;
    if summary.degenerate || range.high - range.low < least {
        let z = z_of_confidence(CONFIDENCE)?;
        return wilson(support.independent.max(1) as f64, z, "wilson-bound".to_owned());
    }
    let few = method == BootstrapMethod::Percentile && (2..STUDENT_BELOW).contains(&clusters);
    if few && share > 0.0 && share < 1.0 {
        let g = clusters as f64;
        let se = summary.se * (g / (g - 1.0)).sqrt() / (bounds.1 - bounds.0);
        let size = share * (1.0 - share) / (se * se);
        return wilson(size, multiplier(clusters)?, format!("{kind}-student"));
    }
    Ok(range)
}
