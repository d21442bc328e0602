//! Half of the votes against the other half: the score of a perfect copy of the annotators.

use super::score::ShareScore;
use crate::error::{Result, ScoreError};

/// Figures of the smaller half of the votes as a predictor of the larger one, of two answers, over all splits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitHalf {
    /// Items that have as many votes as asked for.
    pub items: usize,
    /// Mean Jensen-Shannon divergence of the shares of the halves, in bits.
    pub jsd: f64,
    /// How often both halves have the same majority; a tie in one half counts one half.
    pub agreement: f64,
    /// Pearson correlation of the shares of yes over all items and splits; `None` where one of them does not vary.
    pub pearson: Option<f64>,
}

/// All splits of every item with exactly `votes` votes into `votes / 2` (rounded down) and the others. `ballots`: votes
/// for no and for yes.
///
/// # Errors
/// Fewer than two votes, or no item with so many.
pub fn split_half(ballots: &[[u32; 2]], votes: u32) -> Result<SplitHalf> {
    if votes < 2 {
        return Err(ScoreError::TooFew {
            what: "votes of an item",
            needed: 2,
            got: votes as usize,
        });
    }
    let (small, large) = (votes / 2, votes - votes / 2);
    let (mut items, mut all, mut jsd, mut agreement) = (0, 0.0, 0.0, 0.0);
    let mut moments = Moments::default();
    for [no, yes] in ballots.iter().copied().filter(|[no, yes]| no + yes == votes) {
        items += 1;
        for k in 0..=small.min(yes) {
            // Splits with k votes for yes in the small half.
            let ways = choose(yes, k) * choose(no, small - k);
            if ways == 0.0 {
                continue;
            }
            let half = [f64::from(small - k), f64::from(k)];
            let other = [f64::from(large + k - yes), f64::from(yes - k)];
            let (x, y) = (half[1] / f64::from(small), other[1] / f64::from(large));
            jsd += ways * ShareScore::Jsd.of(&half, &other)?;
            agreement += ways * same_majority(x, y);
            moments.add(x, y, ways);
            all += ways;
        }
    }
    if items == 0 {
        return Err(ScoreError::TooFew {
            what: "items with that number of votes",
            needed: 1,
            got: 0,
        });
    }
    Ok(SplitHalf { items, jsd: jsd / all, agreement: agreement / all, pearson: moments.pearson() })
}

/// 1, 0, or one half where a share is one half.
fn same_majority(x: f64, y: f64) -> f64 {
    if x == 0.5 || y == 0.5 { 0.5 } else { crate::ratio::one_if((x > 0.5) == (y > 0.5)) }
}

fn choose(n: u32, k: u32) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k).fold(1.0, |ways, i| ways * f64::from(n - i) / f64::from(i + 1)).round()
}

/// Weighted sums of two variables between 0 and 1.
#[derive(Debug, Default)]
struct Moments {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    fn add(&mut self, x: f64, y: f64, weight: f64) {
        self.n += weight;
        self.x += weight * x;
        self.y += weight * y;
        self.xx += weight * x * x;
        self.yy += weight * y * y;
        self.xy += weight * x * y;
    }

    fn pearson(&self) -> Option<f64> {
        let of = |xy: f64, x: f64, y: f64| xy / self.n - x / self.n * (y / self.n);
        let spread = (of(self.xx, self.x, self.x) * of(self.yy, self.y, self.y)).sqrt();
        (spread > 1e-12).then(|| (of(self.xy, self.x, self.y) / spread).clamp(-1.0, 1.0))
    }
}
