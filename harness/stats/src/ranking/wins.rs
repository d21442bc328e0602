//! Benchmarks won, tied and lost.

use crate::error::{Result, finite, same_length};

/// Benchmarks won, tied and lost by A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WinTieLoss {
    /// A significantly better.
    pub win: usize,
    /// No significant difference.
    pub tie: usize,
    /// A significantly worse.
    pub loss: usize,
}

/// Counts benchmarks by the sign of A - B where p (already corrected) is at most alpha; the rest are ties.
pub fn win_tie_loss(differences: &[f64], p: &[f64], alpha: f64) -> Result<WinTieLoss> {
    same_length("differences", differences.len(), "p", p.len())?;
    finite("differences", differences, 1)?;
    finite("p", p, 1)?;
    let mut count = WinTieLoss { win: 0, tie: 0, loss: 0 };
    for (d, p) in differences.iter().zip(p) {
        if *p > alpha || *d == 0.0 {
            count.tie += 1;
        } else if *d > 0.0 {
            count.win += 1;
        } else {
            count.loss += 1;
        }
    }
    Ok(count)
}
