//! Agreement of two orders: Kendall's tau-b, Spearman's rho.

use crate::descriptive::midranks;
use crate::error::{Result, finite, same_length};

/// Rank correlations of two score lists; `None` where a list does not vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankCorrelation {
    /// Kendall's tau-b, ties corrected (Kendall 1945).
    pub kendall_tau_b: Option<f64>,
    /// Pearson correlation of midranks.
    pub spearman_rho: Option<f64>,
}

/// Kendall's tau-b by merge counting (Knight 1966, O(n log n)) and Spearman's rho.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Result<RankCorrelation> {
    same_length("a", a.len(), "b", b.len())?;
    finite("a", a, 2)?;
    finite("b", b, 2)?;
    // Adding 0 joins -0 to 0, which the total order would keep apart.
    let (a, b): (Vec<f64>, Vec<f64>) = a.iter().zip(b).map(|(x, y)| (x + 0.0, y + 0.0)).unzip();
    let n = a.len();
    let pairs = |t: usize| t as f64 * (t as f64 - 1.0) / 2.0;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i].total_cmp(&a[j]).then(b[i].total_cmp(&b[j])));
    let runs = |same: &dyn Fn(usize, usize) -> bool| {
        let (mut sum, mut length) = (0.0, 1);
        for w in order.windows(2) {
            if same(w[0], w[1]) {
                length += 1;
            } else {
                sum += pairs(length);
                length = 1;
            }
        }
        sum + pairs(length)
    };
    let tied_a = runs(&|i, j| a[i] == a[j]);
    let tied_both = runs(&|i, j| a[i] == a[j] && b[i] == b[j]);
    let mut ys: Vec<f64> = order.iter().map(|&i| b[i]).collect();
    let swaps = merge_swaps(&mut ys);
    let (mut tied_b, mut length) = (0.0, 1);
    for w in ys.windows(2) {
        if w[0] == w[1] {
            length += 1;
        } else {
            tied_b += pairs(length);
            length = 1;
        }
    }
    tied_b += pairs(length);
    let all = pairs(n);
    let below = ((all - tied_a) * (all - tied_b)).sqrt();
    let above = all - tied_a - tied_b + tied_both - 2.0 * swaps;
    let (ra, rb) = (midranks(&a, 0.0).0, midranks(&b, 0.0).0);
    let centre = 0.5 * (n as f64 + 1.0);
    let dot = |x: &[f64], y: &[f64]| {
        x.iter().zip(y).map(|(p, q)| (p - centre) * (q - centre)).sum::<f64>()
    };
    let spread = (dot(&ra, &ra) * dot(&rb, &rb)).sqrt();
    Ok(RankCorrelation {
        kendall_tau_b: (below > 0.0).then(|| (above / below).clamp(-1.0, 1.0)),
        spearman_rho: (spread > 0.0).then(|| (dot(&ra, &rb) / spread).clamp(-1.0, 1.0)),
    })
}

/// Sorts and counts the exchanges of a bubble sort.
fn merge_swaps(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n < 2 {
        return 0.0;
    }
    let middle = n / 2;
    let mut swaps = merge_swaps(&mut values[..middle]) + merge_swaps(&mut values[middle..]);
    let mut merged = Vec::with_capacity(n);
    let (mut i, mut j) = (0, middle);
    while i < middle && j < n {
        if values[j] < values[i] {
            swaps += (middle - i) as f64;
            merged.push(values[j]);
            j += 1;
        } else {
            merged.push(values[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&values[i..middle]);
    merged.extend_from_slice(&values[j..]);
    values.copy_from_slice(&merged);
    swaps
}
