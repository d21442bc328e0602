//! How far a predicted distribution is from the shares of the votes. Lower is better, 0 is perfect.

use crate::error::{Result, StatsError, same_length};

/// A probability of the model that is lower counts as this one in the cross-entropy.
pub const LEAST_PROBABILITY: f64 = 1e-6;

/// A distance of a prediction from vote shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// Sum over the answers of (predicted - share)^2, 0 to 2 (Brier 1950; for two answers twice the one-sided form).
    Brier,
    /// Jensen-Shannon divergence in bits, 0 to 1 (Lin 1991, eq. 3.1 with equal weights). Its square root is a metric.
    Jsd,
    /// `-sum share ln predicted` in nats; with the shares' own entropy as the least possible value (Good 1952). Predicted
    /// probabilities below [`LEAST_PROBABILITY`] count as it (and, where there are two answers, those above 1 minus it).
    CrossEntropy,
}

impl Distance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Brier, Self::Jsd, Self::CrossEntropy];

    /// The name in definitions, tables and requests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brier => "brier",
            Self::Jsd => "jsd",
            Self::CrossEntropy => "cross-entropy",
        }
    }

    /// The distance of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|distance| distance.name() == name)
    }

    /// Its lowest and its highest possible value.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Brier => (0.0, 2.0),
            Self::Jsd => (0.0, 1.0),
            Self::CrossEntropy => (0.0, -LEAST_PROBABILITY.ln()),
        }
    }

    /// The distance of `predicted` from `votes` (counts or shares of any sum above 0); both are divided by their sums.
    ///
    /// # Errors
    /// Lists of different lengths, a negative or infinite value, or a sum of 0.
    pub fn of(self, predicted: &[f64], votes: &[f64]) -> Result<f64> {
        same_length("predicted", predicted.len(), "votes", votes.len())?;
        let (p, q) = (total("predicted", predicted)?, total("votes", votes)?);
        Ok(self.of_shares(predicted.iter().map(|x| x / p), votes.iter().map(|x| x / q)))
    }

    /// The same of shares that each sum to 1.
    pub fn of_shares(
        self,
        predicted: impl ExactSizeIterator<Item = f64>,
        shares: impl Iterator<Item = f64>,
    ) -> f64 {
        let two = predicted.len() == 2;
        let entropy = |x: f64| if x > 0.0 { -x * x.log2() } else { 0.0 };
        let one = |(p, q): (f64, f64)| match self {
            Self::Brier => (p - q) * (p - q),
            Self::Jsd => entropy(0.5 * (p + q)) - 0.5 * (entropy(p) + entropy(q)),
            Self::CrossEntropy => {
                let most = if two { 1.0 - LEAST_PROBABILITY } else { 1.0 };
                -q * p.clamp(LEAST_PROBABILITY, most).ln()
            }
        };
        // Rounding may take the divergence of equal distributions a little below 0.
        predicted.zip(shares).map(one).sum::<f64>().max(0.0)
    }
}

fn total(argument: &'static str, values: &[f64]) -> Result<f64> {
    for &value in values {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(StatsError::OutOfRange {
                argument,
                value,
                allowed: "finite values of at least 0",
            });
        }
    }
    let sum: f64 = values.iter().sum();
    if sum > 0.0 {
        return Ok(sum);
    }
    Err(StatsError::Degenerate {
        what: "shares of nothing: all values are 0",
        remedy: "leave out items without a vote",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.spatial.distance.jensenshannon([.2, .8], [.5, .5], base=2) ** 2, and the definitions by hand.
    #[test]
    fn distances_are_those_of_their_definitions() {
        let of = |d: Distance| d.of(&[0.2, 0.8], &[3.0, 3.0]).unwrap();
        assert!(
            (of(Distance::Jsd) - 0.073_104_007_931_809_8).abs() < 1e-12,
            "{}",
            of(Distance::Jsd)
        );
        assert!((of(Distance::Brier) - 0.18).abs() < 1e-15);
        assert!((of(Distance::CrossEntropy) - 0.916_290_731_874_155).abs() < 1e-12);
    }

    #[test]
    fn a_hard_answer_has_a_finite_cross_entropy() {
        let wrong = Distance::CrossEntropy.of(&[1.0, 0.0], &[0.0, 5.0]).unwrap();
        assert!((wrong - 1e6_f64.ln()).abs() < 1e-12);
        assert_eq!(Distance::Jsd.of(&[1.0, 0.0], &[0.0, 5.0]).unwrap(), 1.0);
        assert_eq!(Distance::Brier.of(&[1.0, 0.0], &[0.0, 5.0]).unwrap(), 2.0);
        for distance in Distance::ALL {
            assert!(distance.of(&[0.3, 0.7], &[0.3, 0.7]).unwrap() < 0.62);
            assert!(distance.of(&[0.0, 0.0], &[1.0, 0.0]).is_err());
            assert!(distance.of(&[f64::NAN, 0.0], &[1.0, 0.0]).is_err());
        }
    }
}
