//! Several training seeds: one summary, and a bootstrap over seeds and examples.

use super::bootstrap::{Bootstrap, BootstrapOptions, replicate, summarise};
use super::components::{Factor, decompose};
use super::descriptive::{interquartile_mean, mean, quantile, variance};
use super::error::{Result, finite, open_unit, rectangular};
use super::interval::{Interval, Method, mean_interval};
use super::rng::{Batch, below};

/// Scores of several seeds. What needs two seeds is `None` with one: one seed has no standard error.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedSummary {
    /// Number of seeds.
    pub seeds: usize,
    /// Mean score.
    pub mean: f64,
    /// Sample standard deviation (n - 1 below the line).
    pub sd: Option<f64>,
    /// `sd / sqrt(n)`.
    pub se: Option<f64>,
    /// Student interval of the mean.
    pub interval: Option<Interval>,
    /// Median score.
    pub median: f64,
    /// Interquartile mean (Agarwal et al. 2021).
    pub iqm: f64,
    /// Lowest score.
    pub min: f64,
    /// Highest score.
    pub max: f64,
    /// Fewer than five seeds: show every score instead of a claim.
    pub too_few: bool,
}

/// Mean, spread and order statistics over seeds, in units of the scores.
///
/// # Errors
/// No score, NaN, or a confidence outside (0, 1).
pub fn aggregate_seeds(scores: &[f64], confidence: f64) -> Result<SeedSummary> {
    finite("scores", scores, 1)?;
    open_unit("confidence", confidence)?;
    let several = scores.len() > 1;
    let mut sd = variance(scores).sqrt();
    if super::ttest::without_spread(scores) {
        sd = 0.0;
    }
    Ok(SeedSummary {
        seeds: scores.len(),
        mean: mean(scores),
        sd: several.then_some(sd),
        se: several.then(|| sd / (scores.len() as f64).sqrt()),
        interval: if several { Some(mean_interval(scores, confidence)?) } else { None },
        median: quantile(scores, 0.5)?,
        iqm: interquartile_mean(scores)?,
        min: scores.iter().copied().fold(f64::INFINITY, f64::min),
        max: scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        too_few: scores.len() < 5,
    })
}

/// The mean over seeds and examples, both drawn again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanOverSeeds {
    /// Mean of all scores.
    pub mean: f64,
    /// Its standard error: unbiased, also with few seeds.
    pub se: f64,
    /// Satterthwaite's degrees of freedom.
    pub df: f64,
    /// Student's interval.
    pub interval: Interval,
}

/// Student interval of the mean over seeds and examples, for what [`hierarchical_bootstrap`] resamples: mean squares by
/// [`decompose`] (Searle, Casella & McCulloch 1992, chapter 4), degrees of freedom by Satterthwaite (1946). Crossed, the variance is
/// `(MS_seeds + MS_examples - MS_both) / N`; nested, `MS_seeds / N` with K - 1 degrees of freedom. With one seed, or one example, it
/// is [`mean_interval`] over what varies, and claims nothing of the other. Rows = seeds, columns = examples; in units of the scores.
///
/// # Errors
/// No seed, rows of different lengths, a single score, NaN, or a confidence outside (0, 1).
pub fn mean_over_seeds(
    scores: &[Vec<f64>],
    levels: Levels,
    confidence: f64,
) -> Result<MeanOverSeeds> {
    open_unit("confidence", confidence)?;
    let n = rectangular("scores", scores, 1)?;
    let values: Vec<f64> = scores.iter().flatten().copied().collect();
    if scores.len() == 1 || n == 1 {
        let interval = mean_interval(&values, confidence)?;
        let count = values.len() as f64;
        let se = (variance(&values) / count).sqrt();
        return Ok(MeanOverSeeds { mean: mean(&values), se, df: count - 1.0, interval });
    }
    let within = (levels == Levels::Nested).then_some(0);
    let factor = |name: &str, levels, within| Factor { name: name.to_owned(), levels, within };
    let factors = [factor("seed", scores.len(), None), factor("example", n, within)];
    let found = decompose(&values, &factors)?;
    let half = found.uncertainty.half_width(confidence)?;
    let (mean, se) = (found.mean, found.uncertainty.standard_error());
    let interval =
        Interval { low: mean - half, high: mean + half, confidence, method: Method::Student };
    Ok(MeanOverSeeds { mean, se, df: found.uncertainty.df, interval })
}

/// How seeds and examples are resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Levels {
    /// One draw of examples serves all drawn seeds: the same test set for every seed.
    #[default]
    Crossed,
    /// Each drawn seed draws its own examples.
    Nested,
}

/// Hierarchical bootstrap of the mean over seeds and examples (Davison & Hinkley 1997, section 3.8); rows = seeds,
/// columns = examples.
///
/// It draws K of K seeds, which makes the variance between seeds `(K - 1) / K` times too small, by a third with three; its ends
/// are quantiles and know no degrees of freedom: with three seeds a 95 % interval covers about 80 %. For a claim about training runs
/// take [`mean_over_seeds`], whose interval holds.
///
/// # Errors
/// No seed, rows of different lengths, NaN, fewer than two resamples, or a confidence outside (0, 1).
pub fn hierarchical_bootstrap(
    scores: &[Vec<f64>],
    levels: Levels,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    options.check()?;
    let n = rectangular("scores", scores, 1)?;
    let (seeds, examples) = (scores.len() as u32, n as u32);
    let total = f64::from(seeds) * f64::from(examples);
    let batch = Batch::new(examples);
    let estimate = scores.iter().flatten().sum::<f64>() / total;
    let replicates = replicate(
        options,
        || (vec![0_u32; scores.len()], vec![0.0_f64; n]),
        |rng, (seed_counts, weights)| {
            seed_counts.fill(0);
            for _ in 0..seeds {
                seed_counts[below(rng, seeds) as usize] += 1;
            }
            let mut sum = 0.0;
            match levels {
                Levels::Crossed => {
                    weights.fill(0.0);
                    batch.draw(rng, u64::from(examples), |index| weights[index] += 1.0);
                    for (row, count) in
                        scores.iter().zip(seed_counts.iter()).filter(|(_, c)| **c > 0)
                    {
                        sum += f64::from(*count)
                            * row.iter().zip(weights.iter()).map(|(s, w)| s * w).sum::<f64>();
                    }
                }
                Levels::Nested => {
                    for (row, count) in scores.iter().zip(seed_counts.iter()) {
                        for _ in 0..*count * examples {
                            sum += row[below(rng, examples) as usize];
                        }
                    }
                }
            }
            sum / total
        },
    );
    let jackknife = || {
        // Over examples; the seeds' share of the skewness is not estimable from a handful of them.
        let columns: Vec<f64> =
            (0..n).map(|j| scores.iter().map(|row| row[j]).sum::<f64>()).collect();
        let whole: f64 = columns.iter().sum();
        let values: Vec<(f64, f64)> =
            columns.iter().map(|c| ((whole - c) / (total - f64::from(seeds)), 1.0)).collect();
        super::bootstrap::acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}
