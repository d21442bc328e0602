//! Bayesian comparisons with a region of practical equivalence (Benavoli, Corani, Demšar & Zaffalon 2017, "Time for a
//! change"). Differences are y - x: left = x practically better, right = y practically better.

use super::bootstrap::replicate_on;
use super::descriptive::{mean, variance};
use super::dist::t_sf;
use super::error::{Result, StatsError, finite, same_length};
use super::rng::{Stream, exponential, gamma};

/// Posterior probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// x is practically better.
    pub p_left: f64,
    /// Both are practically equivalent: the difference lies within the rope.
    pub p_rope: f64,
    /// y is practically better.
    pub p_right: f64,
}

fn differences(x: &[f64], y: &[f64], rope: f64) -> Result<Vec<f64>> {
    same_length("x", x.len(), "y", y.len())?;
    finite("x", x, 1)?;
    finite("y", y, 1)?;
    if !(rope >= 0.0 && rope.is_finite()) {
        return Err(StatsError::OutOfRange {
            argument: "rope",
            value: rope,
            allowed: "a finite width of at least 0",
        });
    }
    Ok(x.iter().zip(y).map(|(x, y)| y - x).collect())
}

/// Correlated t test (Nadeau & Bengio 2003; Corani & Benavoli 2015): the posterior of the mean difference over
/// cross-validation folds is Student with n - 1 df and scale `s^2 (1/n + rho / (1 - rho))`, rho = runs / n = test share.
/// `runs` = 0 takes the scores as independent.
///
/// # Errors
/// Fewer than two scores, lists of different lengths, a negative rope, or as many runs as scores.
pub fn correlated_t(x: &[f64], y: &[f64], rope: f64, runs: f64) -> Result<Rope> {
    let d = differences(x, y, rope)?;
    finite("x", x, 2)?;
    let n = d.len() as f64;
    let rho = runs / n;
    if !(0.0..1.0).contains(&rho) {
        return Err(StatsError::OutOfRange {
            argument: "runs",
            value: runs,
            allowed: "fewer runs than scores",
        });
    }
    let m = mean(&d);
    if super::ttest::without_spread(&d) {
        // The posterior is a point.
        let p = |yes: bool| f64::from(u8::from(yes));
        return Ok(if rope == 0.0 && m == 0.0 {
            Rope { p_left: 0.5, p_rope: 0.0, p_right: 0.5 }
        } else {
            Rope { p_left: p(m < -rope), p_rope: p(m.abs() <= rope), p_right: p(m > rope) }
        });
    }
    let scale = (variance(&d) * (1.0 / n + rho / (1.0 - rho))).sqrt();
    let (low, high) = ((-rope - m) / scale, (rope - m) / scale);
    let p_left = t_sf(-low, n - 1.0);
    let p_right = t_sf(high, n - 1.0);
    // The middle as a difference of tails on the same side, so that it is not 1 - (two large numbers).
    let p_rope = if low > 0.0 {
        t_sf(low, n - 1.0) - t_sf(high, n - 1.0)
    } else if high < 0.0 {
        t_sf(-high, n - 1.0) - t_sf(-low, n - 1.0)
    } else {
        1.0 - p_left - p_right
    };
    Ok(Rope { p_left, p_rope: if rope == 0.0 { 0.0 } else { p_rope.max(0.0) }, p_right })
}

/// Where the sign test's prior observation falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PriorPlace {
    /// In favour of x.
    Left,
    /// With the equivalent ones.
    #[default]
    Rope,
    /// In favour of y.
    Right,
}

/// Settings of the two Dirichlet tests.
#[derive(Debug, Clone)]
pub struct DirichletOptions {
    /// Half-width of the region of practical equivalence, in units of the scores; at least 0.
    pub rope: f64,
    /// Strength of the prior observation.
    pub prior: f64,
    /// Draws from the posterior; the probabilities are shares of them.
    pub samples: usize,
    /// Where the draws come from.
    pub stream: Stream,
}

impl DirichletOptions {
    fn check(&self) -> Result<()> {
        if !(self.prior >= 0.0 && self.prior.is_finite()) {
            return Err(StatsError::OutOfRange {
                argument: "prior",
                value: self.prior,
                allowed: "a finite strength of at least 0",
            });
        }
        super::error::resamples("samples", self.samples, 1)
    }
}

fn shares(winners: &[usize]) -> Rope {
    let n = winners.len() as f64;
    let share = |which: usize| winners.iter().filter(|w| **w == which).count() as f64 / n;
    Rope { p_left: share(0), p_rope: share(1), p_right: share(2) }
}

/// Bayesian sign test: Dirichlet(counts + prior) over (left, rope, right); each probability is how often that region has
/// the largest share (Benavoli et al. 2017, section 4.2.1).
pub fn sign_test(
    x: &[f64],
    y: &[f64],
    place: PriorPlace,
    options: &DirichletOptions,
) -> Result<Rope> {
    let d = differences(x, y, options.rope)?;
    options.check()?;
    let mut alpha = [0.0; 3];
    for v in &d {
        alpha[region(*v, options.rope)] += 1.0;
    }
    alpha[match place {
        PriorPlace::Left => 0,
        PriorPlace::Rope => 1,
        PriorPlace::Right => 2,
    }] += options.prior;
    let winners = replicate_on(
        &options.stream,
        options.samples,
        || (),
        |rng, ()| {
            let draw = alpha.map(|a| if a > 0.0 { gamma(rng, a) } else { 0.0 });
            largest(draw)
        },
    );
    Ok(shares(&winners))
}

fn region(v: f64, rope: f64) -> usize {
    // Differences on the edge up to rounding belong to the rope.
    let slack = 1e-12 * rope.max(v.abs());
    if v < -rope - slack {
        0
    } else if v > rope + slack {
        2
    } else {
        1
    }
}

fn largest(v: [f64; 3]) -> usize {
    if v[0] > v[1] && v[0] >= v[2] {
        0
    } else if v[2] > v[1] && v[2] > v[0] {
        2
    } else {
        1
    }
}

/// Bayesian signed-rank test: Dirichlet weights over the differences and one prior observation at 0; regions collect
/// `w_i w_j` by the sum d_i + d_j against -2 rope and 2 rope (Benavoli et al. 2014; 2017, section 4.2.2). O(n) a draw.
/// With rope 0, sums of exactly 0 count half to each side.
pub fn signed_rank(x: &[f64], y: &[f64], options: &DirichletOptions) -> Result<Rope> {
    let d = differences(x, y, options.rope)?;
    options.check()?;
    let mut points: Vec<(f64, f64)> = d.iter().map(|v| (*v, 1.0)).collect();
    if options.prior > 0.0 {
        points.push((0.0, options.prior));
    }
    points.sort_by(|p, q| p.0.total_cmp(&q.0));
    let values: Vec<f64> = points.iter().map(|p| p.0).collect();
    let n = values.len();
    let limit = 2.0 * options.rope;
    let slack = 1e-12 * values.iter().fold(limit, |m, v| m.max(v.abs()));
    // For each i: how many j have d_i + d_j below the rope, and from which j on it lies above.
    let bounds: Vec<(usize, usize)> = values
        .iter()
        .map(|v| {
            let below = values.partition_point(|w| v + w < -limit - slack);
            let above = values.partition_point(|w| v + w <= limit + slack);
            (below, above)
        })
        .collect();
    let winners = replicate_on(
        &options.stream,
        options.samples,
        || (vec![0.0; n], vec![0.0; n + 1]),
        |rng, (weights, cumulative)| {
            for (slot, point) in weights.iter_mut().zip(&points) {
                *slot = if point.1 == 1.0 { exponential(rng) } else { gamma(rng, point.1) };
            }
            for i in 0..n {
                cumulative[i + 1] = cumulative[i] + weights[i];
            }
            let total = cumulative[n];
            let (mut left, mut right) = (0.0, 0.0);
            for (w, &(below, above)) in weights.iter().zip(&bounds) {
                left += w * cumulative[below];
                right += w * (total - cumulative[above]);
            }
            let middle = total * total - left - right;
            if options.rope == 0.0 {
                let half = 0.5 * middle;
                return largest([left + half, 0.0, right + half]);
            }
            largest([left, middle, right])
        },
    );
    Ok(shares(&winners))
}
