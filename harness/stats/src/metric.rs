//! Label metrics: what each one is, and its value as a function of class margins.
//!
//! A metric needs per class only how often it is gold, how often predicted, and how often both ([`Margins`]). A resample
//! therefore costs one pass over the classes, not over the examples.
//!
//! Conventions, for every metric:
//!
//! | case | value |
//! |---|---|
//! | no example | none |
//! | an example without a prediction | it counts as an example of its gold class, and as a prediction of no class |
//! | precision, recall or F1 of a class is 0/0 | [`MetricOptions::zero_division`], 0 by default, as in scikit-learn |
//! | a mean over classes | over all classes, also those that do not occur; see [`MetricOptions::present_only`] |
//! | MCC where gold or prediction is constant | 0, as in scikit-learn |
//! | kappa where gold and prediction are the same constant | none: it is 0/0 as a whole |
//!
//! For MCC and kappa the examples without a prediction are one further class that is never gold: scikit-learn's value
//! when such answers get a label of their own.

use serde::{Deserialize, Serialize};

use super::error::{Result, StatsError, same_length};

/// A classification metric. Higher is better, for every one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of right answers; a missing or unparsable one is wrong.
    Accuracy,
    /// Precision of the positive class.
    Precision,
    /// Recall of the positive class.
    Recall,
    /// F1 of the positive class.
    F1,
    /// Unweighted mean over the fixed label set.
    MacroPrecision,
    /// Unweighted mean over the fixed label set.
    MacroRecall,
    /// Unweighted mean over the fixed label set.
    MacroF1,
    /// Mean weighted by the gold count.
    WeightedPrecision,
    /// Mean weighted by the gold count: the same value as accuracy.
    WeightedRecall,
    /// Mean weighted by the gold count.
    WeightedF1,
    /// Matthews correlation coefficient, of two or more classes.
    Mcc,
    /// Cohen's kappa: accuracy beyond what the margins give by chance.
    CohenKappa,
    /// Harmonic mean of the classes' recalls: 0 where one class is never found (the summary of CultureAtlas, whose true and false
    /// assertions are scored apart).
    HarmonicRecall,
}

/// What a metric averages: decides which intervals and tests fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A proportion of all examples: each one is right or wrong.
    Examples,
    /// A proportion of the examples that are answered with the positive class.
    Predicted,
    /// A proportion of the examples whose gold label is the positive class.
    Gold,
    /// A function of the counts that no single example has a share in.
    Counts,
}

/// What the gold labels must hold, so that a metric says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// One example.
    Example,
    /// An example of the positive class.
    Positive,
    /// Examples of every class.
    EveryClass,
    /// Examples of two classes.
    TwoClasses,
}

/// Everything about a metric but its value.
struct Facts {
    name: &'static str,
    of_one_class: bool,
    basis: Basis,
    needs: Needs,
    range: (f64, f64),
}

impl Facts {
    const fn new(name: &'static str, basis: Basis, needs: Needs) -> Self {
        Self { name, of_one_class: false, basis, needs, range: (0.0, 1.0) }
    }

    const fn of_one_class(name: &'static str, basis: Basis, needs: Needs) -> Self {
        Self { of_one_class: true, ..Self::new(name, basis, needs) }
    }

    const fn correlation(name: &'static str) -> Self {
        Self { range: (-1.0, 1.0), ..Self::new(name, Basis::Counts, Needs::TwoClasses) }
    }
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Accuracy,
        Self::Precision,
        Self::Recall,
        Self::F1,
        Self::MacroPrecision,
        Self::MacroRecall,
        Self::MacroF1,
        Self::WeightedPrecision,
        Self::WeightedRecall,
        Self::WeightedF1,
        Self::Mcc,
        Self::CohenKappa,
        Self::HarmonicRecall,
    ];

    const fn facts(self) -> Facts {
        use Basis::{Counts, Examples, Gold, Predicted};
        use Needs::{EveryClass, Example, Positive};
        match self {
            Self::Accuracy => Facts::new("accuracy", Examples, Example),
            Self::Precision => Facts::of_one_class("precision", Predicted, Example),
            Self::Recall => Facts::of_one_class("recall", Gold, Positive),
            Self::F1 => Facts::of_one_class("f1", Counts, Positive),
            Self::MacroPrecision => Facts::new("macro-precision", Counts, EveryClass),
            Self::MacroRecall => Facts::new("macro-recall", Counts, EveryClass),
            Self::MacroF1 => Facts::new("macro-f1", Counts, EveryClass),
            Self::WeightedPrecision => Facts::new("weighted-precision", Counts, Example),
            Self::WeightedRecall => Facts::new("weighted-recall", Examples, Example),
            Self::WeightedF1 => Facts::new("weighted-f1", Counts, Example),
            Self::Mcc => Facts::correlation("mcc"),
            Self::CohenKappa => Facts::correlation("cohen-kappa"),
            Self::HarmonicRecall => Facts::new("harmonic-recall", Counts, EveryClass),
        }
    }

    /// The name in definitions and tables.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether it is about one class, the positive one, which must be named.
    pub const fn of_one_class(self) -> bool {
        self.facts().of_one_class
    }

    /// What it averages.
    pub const fn basis(self) -> Basis {
        self.facts().basis
    }

    /// Whether it is the mean over all examples of right (1) or wrong (0).
    pub const fn is_mean_over_examples(self) -> bool {
        matches!(self.basis(), Basis::Examples)
    }

    /// What the gold labels must hold.
    pub const fn needs(self) -> Needs {
        self.facts().needs
    }

    /// Its lowest and its highest possible value.
    pub const fn range(self) -> (f64, f64) {
        self.facts().range
    }

    /// A metric by its name here or by the one customary in Python: `macro_f1`, `balanced_accuracy`, `micro_f1` (which is
    /// accuracy where each example has one label), `kappa`.
    pub fn parse(name: &str) -> Result<Self> {
        let dashed = name.replace('_', "-");
        let known = Self::ALL.into_iter().find(|metric| metric.name() == dashed);
        known
            .or(match name {
                "balanced_accuracy" => Some(Self::MacroRecall),
                "micro_f1" => Some(Self::Accuracy),
                "kappa" => Some(Self::CohenKappa),
                _ => None,
            })
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                StatsError::Request(format!(
                    "unknown metric `{name}`: give one of {names}, balanced_accuracy, micro_f1, kappa"
                ))
            })
    }
}

/// What a metric is asked about, and what an undefined ratio counts as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricOptions {
    /// Class of precision, recall and F1: 1 by default, as for a binary task.
    pub positive: u32,
    /// Added to the tp, fp and fn of precision, recall and F1 of one class (CultureAtlas: 0.0001); 0 by default.
    pub smoothing: f64,
    /// Value of precision, recall or F1 when 0/0 (scikit-learn's `zero_division`), 0 by default.
    pub zero_division: f64,
    /// Average over classes seen in gold or prediction only, instead of over all of them.
    pub present_only: bool,
}

impl Default for MetricOptions {
    fn default() -> Self {
        Self { positive: 1, smoothing: 0.0, zero_division: 0.0, present_only: false }
    }
}

/// Per class: how often gold, how often predicted, how often both. Weights may be the counts of a resample.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// Examples.
    pub n: f64,
    /// Per class: examples with this gold label.
    pub gold: Vec<f64>,
    /// Per class: examples answered with it.
    pub predicted: Vec<f64>,
    /// Per class: both.
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
            margins.add(g.into(), p.into(), 1.0);
        }
        Ok(margins)
    }

    /// All zero again, keeping the memory.
    pub fn clear(&mut self) {
        self.n = 0.0;
        for column in [&mut self.gold, &mut self.predicted, &mut self.hits] {
            column.fill(0.0);
        }
    }

    /// Adds `weight` examples with this gold and predicted label; a prediction that is no class is none.
    #[inline]
    pub fn add(&mut self, gold: u32, predicted: u32, weight: f64) {
        self.n += weight;
        self.gold[gold as usize] += weight;
        if let Some(count) = self.predicted.get_mut(predicted as usize) {
            *count += weight;
        }
        if gold == predicted {
            self.hits[gold as usize] += weight;
        }
    }

    /// The metric's value; `None` if there is none (see the conventions of this module).
    pub fn value(&self, metric: Metric, options: MetricOptions) -> Option<f64> {
        if self.n <= 0.0 {
            return None;
        }
        let precision = |class: usize| ratio(self.hits[class], self.predicted[class], options);
        let recall = |class: usize| ratio(self.hits[class], self.gold[class], options);
        let f1 = |class: usize| {
            ratio(2.0 * self.hits[class], self.gold[class] + self.predicted[class], options)
        };
        match metric {
            Metric::Accuracy => Some(self.accuracy()),
            Metric::Precision => self.of_class(options).map(|class| class.precision(options)),
            Metric::Recall => self.of_class(options).map(|class| class.recall(options)),
            Metric::F1 => self.of_class(options).map(|class| class.f1(options)),
            Metric::MacroPrecision => self.mean(options, precision),
            Metric::MacroRecall => self.mean(options, recall),
            Metric::MacroF1 => self.mean(options, f1),
            Metric::WeightedPrecision => Some(self.weighted(precision)),
            Metric::WeightedRecall => Some(self.weighted(recall)),
            Metric::WeightedF1 => Some(self.weighted(f1)),
            Metric::Mcc => Some(self.mcc()),
            Metric::CohenKappa => self.cohen_kappa(),
            Metric::HarmonicRecall => self.harmonic(options, recall),
        }
    }

    /// Sum of the hits / n.
    fn accuracy(&self) -> f64 {
        self.hits.iter().sum::<f64>() / self.n
    }

    /// tp, fp and fn of the positive class; none where it is no class.
    fn of_class(&self, options: MetricOptions) -> Option<OneClass> {
        let class = options.positive as usize;
        let (gold, predicted) = (self.gold.get(class)?, self.predicted[class]);
        let tp = self.hits[class];
        Some(OneClass {
            tp: tp + options.smoothing,
            fp: predicted - tp + options.smoothing,
            fn_: gold - tp + options.smoothing,
        })
    }

    /// Unweighted mean of a figure over the classes.
    fn mean(&self, options: MetricOptions, figure: impl Fn(usize) -> f64) -> Option<f64> {
        let mut sum = 0.0;
        let mut classes = 0.0;
        for class in 0..self.gold.len() {
            if !options.present_only || self.gold[class] + self.predicted[class] > 0.0 {
                sum += figure(class);
                classes += 1.0;
            }
        }
        (classes > 0.0).then(|| sum / classes)
    }

    /// Harmonic mean of a figure over the classes; 0 where it is 0 for one of them.
    fn harmonic(&self, options: MetricOptions, figure: impl Fn(usize) -> f64) -> Option<f64> {
        self.mean(options, |class| 1.0 / figure(class)).map(|mean| 1.0 / mean)
    }

    /// Mean of a figure over the classes, each weighing as often as it is gold.
    fn weighted(&self, figure: impl Fn(usize) -> f64) -> f64 {
        (0..self.gold.len()).map(|class| self.gold[class] * figure(class)).sum::<f64>() / self.n
    }

    /// (accuracy - chance) / (1 - chance), chance being the sum over the classes of gold share times predicted share
    /// (Cohen 1960).
    fn cohen_kappa(&self) -> Option<f64> {
        let chance = self.dot() / (self.n * self.n);
        (chance < 1.0).then(|| (self.accuracy() - chance) / (1.0 - chance))
    }

    /// Correlation of gold and prediction, R_K of Gorodkin (2004, eq. 8); 0 when one of them is constant.
    fn mcc(&self) -> f64 {
        let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        let n2 = self.n * self.n;
        let unanswered = self.n - self.predicted.iter().sum::<f64>();
        let below =
            (n2 - square(&self.predicted) - unanswered * unanswered) * (n2 - square(&self.gold));
        if below <= 0.0 {
            return 0.0;
        }
        let above = self.hits.iter().sum::<f64>() * self.n - self.dot();
        (above / below.sqrt()).clamp(-1.0, 1.0)
    }

    fn dot(&self) -> f64 {
        self.gold.iter().zip(&self.predicted).map(|(g, p)| g * p).sum()
    }
}

/// True positives, false positives and false negatives of one class, smoothed.
///
/// A positive example without a prediction is a false negative; a negative one is no false positive.
struct OneClass {
    tp: f64,
    fp: f64,
    fn_: f64,
}

impl OneClass {
    fn precision(&self, options: MetricOptions) -> f64 {
        ratio(self.tp, self.tp + self.fp, options)
    }

    fn recall(&self, options: MetricOptions) -> f64 {
        ratio(self.tp, self.tp + self.fn_, options)
    }

    fn f1(&self, options: MetricOptions) -> f64 {
        ratio(2.0 * self.tp, 2.0 * self.tp + self.fp + self.fn_, options)
    }
}

fn ratio(above: f64, below: f64, options: MetricOptions) -> f64 {
    if below == 0.0 { options.zero_division } else { above / below }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes, (gold, predicted, count); 2 stands for no prediction.
    fn margins(cells: &[(u32, u32, f64)]) -> Margins {
        let mut margins = Margins::zero(2);
        for &(gold, predicted, count) in cells {
            margins.add(gold, predicted, count);
        }
        margins
    }

    /// serde's list of variants is the enum's own: none can be missing from `ALL`, and each has one name.
    #[test]
    fn all_metrics_have_one_name() {
        let unknown = serde_json::from_str::<Metric>("\"\"").unwrap_err().to_string();
        let names: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
        assert_eq!(names, Metric::ALL.map(Metric::name), "{unknown}");
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
            assert_eq!(Metric::parse(&metric.name().replace('-', "_")).unwrap(), metric);
        }
        let error = Metric::parse("auc").unwrap_err().to_string();
        assert!(error.contains("`auc`") && error.contains("cohen-kappa"), "{error}");
    }

    #[test]
    fn zero_by_zero_follows_the_conventions() {
        let of = |margins: &Margins, metric| margins.value(metric, MetricOptions::default());
        let none = Margins::zero(2);
        assert!(Metric::ALL.iter().all(|metric| of(&none, *metric).is_none()));
        let constant = margins(&[(0, 0, 7.0)]);
        assert_eq!(of(&constant, Metric::Mcc), Some(0.0));
        assert_eq!(of(&constant, Metric::CohenKappa), None);
        assert_eq!(of(&constant, Metric::F1), Some(0.0));
        assert_eq!(of(&constant, Metric::MacroF1), Some(0.5));
        assert_eq!(of(&constant, Metric::HarmonicRecall), Some(0.0));
        let options = MetricOptions { zero_division: 1.0, ..Default::default() };
        assert_eq!(constant.value(Metric::F1, options), Some(1.0));
        let options = MetricOptions { present_only: true, ..Default::default() };
        assert_eq!(constant.value(Metric::MacroF1, options), Some(1.0));
        let options = MetricOptions { positive: 2, ..Default::default() };
        assert_eq!(constant.value(Metric::F1, options), None);
    }

    /// Of 487 and 904 of 1,000: 2 x .487 x .904 / (.487 + .904).
    #[test]
    fn the_harmonic_mean_of_recalls() {
        let cells = [(0, 0, 904.0), (0, 1, 96.0), (1, 1, 487.0), (1, 0, 500.0), (1, 2, 13.0)];
        let value = margins(&cells).value(Metric::HarmonicRecall, MetricOptions::default());
        assert!((value.unwrap() - 0.632_994_967_649_173_3).abs() < 1e-15, "{value:?}");
        let one_sided = margins(&[(0, 0, 9.0), (1, 0, 5.0)]);
        assert_eq!(one_sided.value(Metric::HarmonicRecall, MetricOptions::default()), Some(0.0));
    }

    /// An example without a prediction may as well have a class of its own that is never gold.
    #[test]
    fn no_prediction_is_a_further_class_of_a_correlation() {
        let cells = [(0, 0, 5.0), (0, 1, 2.0), (1, 1, 4.0), (1, 0, 1.0), (0, 2, 3.0), (1, 2, 1.0)];
        let mut spelled = Margins::zero(3);
        for (gold, predicted, count) in cells {
            spelled.add(gold, predicted, count);
        }
        for metric in [Metric::Mcc, Metric::CohenKappa, Metric::Accuracy] {
            let options = MetricOptions::default();
            assert_eq!(margins(&cells).value(metric, options), spelled.value(metric, options));
        }
        let two = MetricOptions::default();
        let all_answered = margins(&cells[..4]).value(Metric::Mcc, two).unwrap();
        assert!(margins(&cells).value(Metric::Mcc, two).unwrap() < all_answered);
    }
}
