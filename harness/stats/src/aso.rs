//! Almost stochastic order (del Barrio, Cuesta-Albertos & Matrán 2018; Dror, Shlomov & Reichart 2019).

use super::bootstrap::replicate_on;
use super::dist::norm_isf;
use super::error::{Result, StatsError, finite, open_unit};
use super::rng::{Stream, below};

/// Share of the squared Wasserstein distance on which A's quantiles lie below B's: 0 = A dominates, 1 = B does.
///
/// Exact integral over the merged steps of both empirical quantile functions (no grid). Identical samples: 0/0 = 1/2.
pub fn violation_ratio(a: &[f64], b: &[f64]) -> Result<f64> {
    finite("a", a, 1)?;
    finite("b", b, 1)?;
    let sorted = |v: &[f64]| {
        let mut s = v.to_vec();
        s.sort_unstable_by(f64::total_cmp);
        s
    };
    Ok(ratio_of_sorted(&sorted(a), &sorted(b)))
}

fn ratio_of_sorted(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len(), b.len());
    let (mut i, mut j) = (0, 0);
    // Positions on [0, n m]: A's quantile steps every m, B's every n.
    let mut at = 0;
    let (mut violated, mut whole) = (0.0, 0.0);
    while i < n && j < m {
        let (a_end, b_end) = ((i + 1) * m, (j + 1) * n);
        let end = a_end.min(b_end);
        let gap = b[j] - a[i];
        let area = gap * gap * (end - at) as f64;
        whole += area;
        if gap > 0.0 {
            violated += area;
        }
        at = end;
        i += usize::from(a_end == end);
        j += usize::from(b_end == end);
    }
    if whole == 0.0 { 0.5 } else { violated / whole }
}

/// Upper confidence bound of the violation ratio: `ratio + z sd*`, sd* over bootstrap resamples of both samples, clipped
/// to [0, 1]. Below 1/2: A is almost stochastically better; the smaller the surer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aso {
    /// [`violation_ratio`] of the scores themselves, in [0, 1].
    pub violation_ratio: f64,
    /// The upper bound, in [0, 1].
    pub eps_min: f64,
    /// Fewer than five scores on a side: too few for a claim, show all scores instead.
    pub too_few: bool,
}

/// ASO's `eps_min` (Dror, Shlomov & Reichart 2019, section 3.3); higher scores are better.
///
/// # Errors
/// An empty list, NaN, a confidence outside (0, 1), or fewer than two resamples.
pub fn aso(
    a: &[f64],
    b: &[f64],
    confidence: f64,
    resamples: usize,
    stream: &Stream,
) -> Result<Aso> {
    let ratio = violation_ratio(a, b)?;
    open_unit("confidence", confidence)?;
    super::error::resamples("bootstrap", resamples, 2)?;
    let ratios = replicate_on(
        stream,
        resamples,
        || (a.to_vec(), b.to_vec()),
        |rng, (x, y)| {
            for (target, source) in [(&mut *x, a), (&mut *y, b)] {
                for slot in target.iter_mut() {
                    *slot = source[below(rng, source.len() as u32) as usize];
                }
                target.sort_unstable_by(f64::total_cmp);
            }
            ratio_of_sorted(x, y)
        },
    );
    let centre = super::descriptive::mean(&ratios);
    let sd =
        (ratios.iter().map(|r| (r - centre) * (r - centre)).sum::<f64>() / resamples as f64).sqrt();
    let eps_min = (ratio + norm_isf(1.0 - confidence)? * sd).clamp(0.0, 1.0);
    Ok(Aso { violation_ratio: ratio, eps_min, too_few: a.len().min(b.len()) < 5 })
}

/// The confidence each of the k (k - 1) / 2 comparisons needs so that all hold together (Bonferroni).
pub fn aso_confidence(models: usize, confidence: f64) -> Result<f64> {
    open_unit("confidence", confidence)?;
    if models < 2 {
        return Err(StatsError::TooFew { argument: "num_models", needed: 2, got: models });
    }
    let comparisons = models as f64 * (models as f64 - 1.0) / 2.0;
    Ok(1.0 - (1.0 - confidence) / comparisons)
}
