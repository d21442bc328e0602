//! Distances of a prediction from shares.

use eval_stats::annotators::Distance;

use crate::error::{Result, ScoreError, same_length, shares_of};
use crate::facts::{Best, Chance, Facts, Unit};

/// A figure of one example; a score of many is the mean of its examples' values.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ShareScore {
    /// Jensen-Shannon divergence, base 2: mean of the two Kullback-Leibler divergences to the middle (Lin 1991).
    Jsd,
    /// Its square root, a metric (Endres & Schindelin 2003).
    JsDistance,
    /// 1 - the distance: the figure of GlobalOpinionQA (Durmus et al. 2023).
    JsSimilarity,
    /// Sum of |differences of the cumulative shares| / (K - 1): how far shares must move along the scale. Only where the
    /// options have an order.
    W1,
    /// Total variation: half the sum of |differences|.
    Tv,
    /// `-sum share ln predicted`, with predictions of at least 1e-6 (and at most 1 - 1e-6 where there are two options).
    CrossEntropy,
    /// Sum of squared differences (Brier 1950).
    Brier,
}

impl ShareScore {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Jsd,
        Self::JsDistance,
        Self::JsSimilarity,
        Self::W1,
        Self::Tv,
        Self::CrossEntropy,
        Self::Brier,
    ];

    /// Name, unit, range, best value.
    pub fn facts(self) -> Facts {
        let facts = |name, unit, most, source| Facts {
            name,
            unit,
            range: (0.0, most),
            best: if self == Self::JsSimilarity { Best::Highest } else { Best::Lowest },
            chance: Chance::OfData,
            source,
        };
        match self {
            Self::Jsd => facts("jsd", Unit::Bits, 1.0, "Lin 1991, eq. 3.1 with equal weights"),
            Self::JsDistance => {
                facts("js-distance", Unit::Fraction, 1.0, "Endres & Schindelin 2003")
            }
            Self::JsSimilarity => {
                facts("js-similarity", Unit::Fraction, 1.0, "Durmus et al. 2023, arXiv 2306.16388")
            }
            Self::W1 => facts("w1", Unit::Fraction, 1.0, "Santurkar et al. 2023, arXiv 2303.17548"),
            Self::Tv => facts("tv", Unit::Fraction, 1.0, "total variation distance"),
            Self::CrossEntropy => {
                facts("cross-entropy", Unit::Nats, Distance::CrossEntropy.range().1, "Good 1952")
            }
            Self::Brier => facts("brier", Unit::Fraction, 2.0, "Brier 1950"),
        }
    }

    /// Whether it needs options in order.
    pub const fn needs_order(self) -> bool {
        matches!(self, Self::W1)
    }

    /// The figure of a prediction and the shares of people; both are divided by their sums.
    ///
    /// # Errors
    /// Lists of different lengths, a value that is negative or not finite, a sum of 0, or one option for [`Self::W1`].
    ///
    /// ```
    /// use culture_scores::shares::ShareScore;
    /// let w1 = ShareScore::W1.of(&[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0])?;
    /// let near = ShareScore::W1.of(&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0])?;
    /// assert_eq!((w1, near), (1.0, 0.5));
    /// # Ok::<(), culture_scores::ScoreError>(())
    /// ```
    pub fn of(self, predicted: &[f64], people: &[f64]) -> Result<f64> {
        same_length("prediction", predicted.len(), "target shares", people.len())?;
        let p = shares_of("prediction", predicted)?;
        let q = shares_of("target shares", people)?;
        if self == Self::W1 && people.len() < 2 {
            return Err(ScoreError::TooFew { what: "options of w1", needed: 2, got: people.len() });
        }
        let stats = |distance: Distance| {
            distance.of_shares(predicted.iter().map(|x| x / p), people.iter().map(|x| x / q))
        };
        let differences = predicted.iter().zip(people).map(|(x, y)| x / p - y / q);
        Ok(match self {
            Self::Jsd => stats(Distance::Jsd),
            Self::JsDistance => stats(Distance::Jsd).sqrt(),
            Self::JsSimilarity => 1.0 - stats(Distance::Jsd).sqrt(),
            Self::W1 => along(differences) / (people.len() - 1) as f64,
            Self::Tv => 0.5 * differences.map(f64::abs).sum::<f64>(),
            Self::CrossEntropy => stats(Distance::CrossEntropy),
            Self::Brier => stats(Distance::Brier),
        })
    }

    /// Mean over examples: pairs of a prediction and the shares of people. `None` without examples.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn mean<P: AsRef<[f64]>, Q: AsRef<[f64]>>(
        self,
        examples: impl IntoIterator<Item = (P, Q)>,
    ) -> Result<Option<f64>> {
        let (mut sum, mut n) = (0.0, 0.0);
        for (predicted, people) in examples {
            sum += self.of(predicted.as_ref(), people.as_ref())?;
            n += 1.0;
        }
        Ok((n > 0.0).then(|| sum / n))
    }
}

/// Sum of the absolute cumulative differences; the last one is 0 but for rounding, and left out.
fn along(differences: impl ExactSizeIterator<Item = f64>) -> f64 {
    let steps = differences.len() - 1;
    let mut cumulative = 0.0_f64;
    differences
        .take(steps)
        .map(|difference| {
            cumulative += difference;
            cumulative.abs()
        })
        .sum()
}
