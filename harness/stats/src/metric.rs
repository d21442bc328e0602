//! Label metrics as functions of class margins: everything a resample needs is per class how often it is gold, how
//! often predicted, how often both.

use super::error::{Result, StatsError, same_length};

/// A classification metric that is a function of [`Margins`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelMetric {
    Accuracy,
    MacroF1,
    MacroPrecision,
    MacroRecall,
    WeightedF1,
    MicroF1,
    Mcc,
    Kappa,
    /// F1 of one class.
    F1Of(u16),
    /// Precision of one class.
    PrecisionOf(u16),
    /// Recall of one class.
    RecallOf(u16),
}

impl LabelMetric {
    /// All names that [`LabelMetric::parse`] knows.
    pub const NAMES: &'static [&'static str] = &[
        "accuracy",
        "macro_f1",
        "macro_precision",
        "macro_recall",
        "balanced_accuracy",
        "weighted_f1",
        "micro_f1",
        "mcc",
        "kappa",
        "f1",
        "precision",
        "recall",
    ];

    /// A metric by its customary name; `f1`, `precision` and `recall` mean class 1, as for a binary task.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "accuracy" => Self::Accuracy,
            "macro_f1" => Self::MacroF1,
            "macro_precision" => Self::MacroPrecision,
            "macro_recall" | "balanced_accuracy" => Self::MacroRecall,
            "weighted_f1" => Self::WeightedF1,
            "micro_f1" => Self::MicroF1,
            "mcc" => Self::Mcc,
            "kappa" => Self::Kappa,
            "f1" => Self::F1Of(1),
            "precision" => Self::PrecisionOf(1),
            "recall" => Self::RecallOf(1),
            _ => {
                return Err(StatsError::Request(format!(
                    "unknown metric `{name}`: give one of {}",
                    Self::NAMES.join(", ")
                )));
            }
        })
    }
}

/// What an undefined ratio counts as, and which classes a macro average runs over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricOptions {
    /// Value of precision, recall or F1 when 0/0 (scikit-learn's `zero_division`), 0 by default.
    pub zero_division: f64,
    /// Average over classes seen in gold or prediction only, instead of all `0..num_classes`.
    pub present_only: bool,
}

impl Default for MetricOptions {
    fn default() -> Self {
        Self { zero_division: 0.0, present_only: false }
    }
}

/// Per class: how often gold, how often predicted, how often both.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    pub n: f64,
    pub gold: Vec<f64>,
    pub predicted: Vec<f64>,
    pub hits: Vec<f64>,
}

impl Margins {
    /// All zero.
    pub fn zero(num_classes: usize) -> Self {
        Self {
            n: 0.0,
            gold: vec![0.0; num_classes],
            predicted: vec![0.0; num_classes],
            hits: vec![0.0; num_classes],
        }
    }

    /// Counts a list of labels.
    pub fn count(gold: &[u16], predicted: &[u16], num_classes: usize) -> Result<Self> {
        check_labels("pred", gold, predicted, num_classes)?;
        let mut margins = Self::zero(num_classes);
        for (&g, &p) in gold.iter().zip(predicted) {
            margins.add(g, p, 1.0);
        }
        Ok(margins)
    }

    /// Adds `weight` examples with this gold and predicted label.
    #[inline]
    pub fn add(&mut self, gold: u16, predicted: u16, weight: f64) {
        self.n += weight;
        self.gold[usize::from(gold)] += weight;
        self.predicted[usize::from(predicted)] += weight;
        if gold == predicted {
            self.hits[usize::from(gold)] += weight;
        }
    }

    /// The metric's value; `None` where it is 0/0 as a whole (kappa with one class everywhere).
    pub fn value(&self, metric: LabelMetric, options: MetricOptions) -> Option<f64> {
        let zero = options.zero_division;
        let ratio = |above: f64, below: f64| if below == 0.0 { zero } else { above / below };
        let macro_mean = |f: &dyn Fn(usize) -> f64| {
            let mut sum = 0.0;
            let mut classes = 0.0;
            for class in 0..self.gold.len() {
                if !options.present_only || self.gold[class] + self.predicted[class] > 0.0 {
                    sum += f(class);
                    classes += 1.0;
                }
            }
            (classes > 0.0).then(|| sum / classes)
        };
        let f1 =
            |class: usize| ratio(2.0 * self.hits[class], self.gold[class] + self.predicted[class]);
        let precision = |class: usize| ratio(self.hits[class], self.predicted[class]);
        let recall = |class: usize| ratio(self.hits[class], self.gold[class]);
        let accuracy = || self.hits.iter().sum::<f64>() / self.n;
        if self.n == 0.0 {
            return None;
        }
        match metric {
            LabelMetric::Accuracy | LabelMetric::MicroF1 => Some(accuracy()),
            LabelMetric::MacroF1 => macro_mean(&f1),
            LabelMetric::MacroPrecision => macro_mean(&precision),
            LabelMetric::MacroRecall => macro_mean(&recall),
            LabelMetric::WeightedF1 => Some(
                (0..self.gold.len()).map(|class| self.gold[class] * f1(class)).sum::<f64>()
                    / self.n,
            ),
            LabelMetric::F1Of(class) => {
                self.gold.get(usize::from(class)).map(|_| f1(usize::from(class)))
            }
            LabelMetric::PrecisionOf(class) => {
                self.gold.get(usize::from(class)).map(|_| precision(usize::from(class)))
            }
            LabelMetric::RecallOf(class) => {
                self.gold.get(usize::from(class)).map(|_| recall(usize::from(class)))
            }
            LabelMetric::Mcc => Some(self.mcc()),
            LabelMetric::Kappa => {
                let chance = self.dot() / (self.n * self.n);
                (chance < 1.0).then(|| (accuracy() - chance) / (1.0 - chance))
            }
        }
    }

    fn dot(&self) -> f64 {
        self.gold.iter().zip(&self.predicted).map(|(g, p)| g * p).sum()
    }

    /// Multi-class Matthews correlation (Gorodkin 2004, eq. 8); 0 when gold or prediction is constant, as in
    /// scikit-learn.
    fn mcc(&self) -> f64 {
        let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        let n2 = self.n * self.n;
        let below = (n2 - square(&self.predicted)) * (n2 - square(&self.gold));
        if below <= 0.0 {
            return 0.0;
        }
        (self.hits.iter().sum::<f64>() * self.n - self.dot()) / below.sqrt()
    }
}

/// Refuses labels that do not fit `num_classes` and lists of different length.
pub(crate) fn check_labels(
    name: &'static str,
    gold: &[u16],
    predicted: &[u16],
    num_classes: usize,
) -> Result<()> {
    same_length("gold", gold.len(), name, predicted.len())?;
    if gold.is_empty() {
        return Err(StatsError::TooFew { argument: "gold", needed: 1, got: 0 });
    }
    if num_classes == 0 || num_classes > usize::from(u16::MAX) {
        return Err(StatsError::OutOfRange {
            argument: "num_classes",
            value: num_classes as f64,
            allowed: "between 1 and 65535 classes",
        });
    }
    let bad =
        |labels: &[u16]| labels.iter().find(|&&label| usize::from(label) >= num_classes).copied();
    for (argument, labels) in [("gold", gold), (name, predicted)] {
        if let Some(label) = bad(labels) {
            return Err(StatsError::OutOfRange {
                argument,
                value: f64::from(label),
                allowed: "labels from 0 to num_classes - 1",
            });
        }
    }
    Ok(())
}
