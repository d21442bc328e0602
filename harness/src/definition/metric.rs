//! What a benchmark is scored by.

use eval_stats::Direction;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::nearest;

pub use eval_stats::metric::Metric;

/// A metric of a benchmark: a function of how often each label is gold and predicted, or a mean of one value an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// A function of label counts.
    Counts(Metric),
    /// A mean over examples.
    Mean(ValueMetric),
}

/// A metric that gives every example a value; the score is their mean, over examples or over cultures. All are between 0 and 1
/// but [`Self::CrossEntropy`] (nats) and [`Self::Distance`] (units of the map).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueMetric {
    /// Accuracy beyond uniform guessing: `(right - 1/K) / (1 - 1/K)` of an example with K options.
    ChanceCorrected,
    /// Whether the reply matches any reference (BLEnD's SEM-B).
    SemB,
    /// The weight of the first reference that the reply matches (BLEnD's SEM-W).
    SemW,
    /// One minus the Jensen-Shannon distance (the square root of the divergence in bits) to the shares of people.
    JsSimilarity,
    /// Jensen-Shannon divergence to the shares of people, in bits.
    Jsd,
    /// Wasserstein distance over the positions of ordered options, divided by K - 1.
    W1,
    /// Half the L1 distance to the shares of people.
    Tv,
    /// Cross-entropy of the shares of people under the model's probabilities, in nats.
    CrossEntropy,
    /// Squared distance to the shares of people.
    Brier,
    /// Whether the best right answer is likelier than every wrong one (Kalahi).
    Mc1,
    /// The share of right answers in the probability, as in the official script (a softmax of scores that are
    /// likelihoods).
    Mc2,
    /// The same from log-likelihoods.
    Mc2Log,
    /// The share of right answers that are likelier than every wrong one.
    Mc3,
    /// Whether the more stereotyped sentence is likelier; a tie is neutral and counts as no (CrowS-Pairs).
    Prefers,
    /// Distance on the map to the people of the culture.
    Distance,
    /// Whether the position on the map is nearer to the people of the culture than the middle of all cultures is.
    Nearer,
    /// A score between 0 and 1 that another tool gave each item; no definition names it.
    #[serde(skip)]
    Logged,
}

impl ValueMetric {
    /// All that a definition may name.
    pub const ALL: [Self; 16] = [
        Self::ChanceCorrected,
        Self::SemB,
        Self::SemW,
        Self::JsSimilarity,
        Self::Jsd,
        Self::W1,
        Self::Tv,
        Self::CrossEntropy,
        Self::Brier,
        Self::Mc1,
        Self::Mc2,
        Self::Mc2Log,
        Self::Mc3,
        Self::Prefers,
        Self::Distance,
        Self::Nearer,
    ];

    /// The name in definitions and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChanceCorrected => "chance-corrected",
            Self::SemB => "sem-b",
            Self::SemW => "sem-w",
            Self::JsSimilarity => "js-similarity",
            Self::Jsd => "jsd",
            Self::W1 => "w1",
            Self::Tv => "tv",
            Self::CrossEntropy => "cross-entropy",
            Self::Brier => "brier",
            Self::Mc1 => "mc1",
            Self::Mc2 => "mc2",
            Self::Mc2Log => "mc2-log",
            Self::Mc3 => "mc3",
            Self::Prefers => "prefers",
            Self::Distance => "distance",
            Self::Nearer => "nearer",
            Self::Logged => "mean score",
        }
    }

    /// Which of two values is better; none if neither is: for `prefers`, one half is unbiased.
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Jsd | Self::W1 | Self::Tv | Self::CrossEntropy | Self::Brier | Self::Distance => {
                Some(Direction::LowerIsBetter)
            }
            Self::Prefers => None,
            _ => Some(Direction::HigherIsBetter),
        }
    }

    /// Whether it is a share, which is printed in percent. A benchmark's own metric is one.
    pub const fn is_share(self) -> bool {
        !matches!(
            self,
            Self::Jsd | Self::W1 | Self::Tv | Self::CrossEntropy | Self::Brier | Self::Distance
        )
    }

    /// Its lowest and its highest possible value.
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::ChanceCorrected => (-1.0, 1.0),
            // Probabilities are clamped at 1e-6.
            Self::CrossEntropy => (0.0, 13.815_510_557_964_274),
            Self::Distance => (0.0, 10.0),
            Self::Brier => (0.0, 2.0),
            _ => (0.0, 1.0),
        }
    }
}

impl Measure {
    /// The name in definitions and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counts(metric) => metric.name(),
            Self::Mean(metric) => metric.name(),
        }
    }

    /// The metric of label counts, if it is one.
    pub const fn counts(self) -> Option<Metric> {
        match self {
            Self::Counts(metric) => Some(metric),
            Self::Mean(_) => None,
        }
    }

    /// The metric of values, if it is one.
    pub const fn value(self) -> Option<ValueMetric> {
        match self {
            Self::Counts(_) => None,
            Self::Mean(metric) => Some(metric),
        }
    }

    /// Whether it is about one class, the positive one, which must be named.
    pub const fn of_one_class(self) -> bool {
        matches!(self, Self::Counts(metric) if metric.of_one_class())
    }

    /// Whether it is a mean over examples.
    pub const fn is_mean_over_examples(self) -> bool {
        match self {
            Self::Counts(metric) => metric.is_mean_over_examples(),
            Self::Mean(_) => true,
        }
    }

    /// Which of two values is better; none where neither is.
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Counts(_) => Some(Direction::HigherIsBetter),
            Self::Mean(metric) => metric.direction(),
        }
    }

    /// Its lowest and its highest possible value.
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Counts(metric) => metric.range(),
            Self::Mean(metric) => metric.range(),
        }
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let all = || {
            let counts = Metric::ALL.into_iter().map(Self::Counts);
            counts.chain(ValueMetric::ALL.into_iter().map(Self::Mean))
        };
        all().find(|measure| measure.name() == name).ok_or_else(|| {
            let names: Vec<&str> = all().map(Self::name).collect();
            let meant = nearest(&name, names.iter().copied());
            let meant =
                meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
            let known = names.join("`, `");
            D::Error::custom(format!("unknown metric `{name}`, expected one of `{known}`{meant}"))
        })
    }
}

impl From<Metric> for Measure {
    fn from(metric: Metric) -> Self {
        Self::Counts(metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_written_as_its_name_and_none_is_two() {
        for metric in Metric::ALL {
            let text = serde_json::to_string(&Measure::from(metric)).unwrap();
            assert_eq!(text, format!("\"{}\"", metric.name()));
            assert_eq!(serde_json::from_str::<Measure>(&text).unwrap(), metric.into());
        }
        for metric in ValueMetric::ALL {
            let measure = Measure::Mean(metric);
            let text = serde_json::to_string(&measure).unwrap();
            assert_eq!(text, format!("\"{}\"", measure.name()));
            assert_eq!(serde_json::from_str::<Measure>(&text).unwrap(), measure);
        }
    }

    #[test]
    fn an_unknown_metric_is_refused_with_the_known_ones() {
        let error = serde_json::from_str::<Measure>("\"acuracy\"").unwrap_err().to_string();
        assert!(error.contains("accuracy") && error.contains("sem-b"), "{error}");
    }
}
