//! Macro means with rare classes: an interval that covers although some classes are hardly seen.
//!
//! A bootstrap of a macro mean over classes with a handful of examples covers .30 instead of .95: a resample loses such
//! classes and counts them as 0. Here the common classes are resampled, and each rare class adds what its own interval
//! leaves open. In simulations (2 and 12 classes, n = 50 to 1,185) 94 % to 100 % of the intervals cover.

use eval_stats::StatsError;
use eval_stats::dist::z_of_confidence;
use eval_stats::interval::{Method, wilson_real};
use eval_stats::metric::{Margins, Metric};
use eval_stats::rng::Stream;

use super::board::Board;
use super::measure::Measure;
use super::metrics::Tally;
use super::resample::{CONFIDENCE, Range, Units};

/// A class with fewer gold examples is rare.
pub(crate) const LEAST_OF_CLASS: usize = 10;

/// The mean over classes of a ratio: of precision, recall or F1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ratio {
    Precision,
    Recall,
    F1,
}

impl Ratio {
    /// What a metric is the plain mean of over classes, if it is one.
    pub(crate) fn of(metric: Metric) -> Option<Self> {
        match metric {
            Metric::MacroPrecision => Some(Self::Precision),
            Metric::MacroRecall => Some(Self::Recall),
            Metric::MacroF1 => Some(Self::F1),
            _ => None,
        }
    }

    /// Hits among so many trials: the ratio, or for F1 hits among all examples that are of the class or answered with it.
    fn trials(self, margins: &Margins, class: usize) -> (f64, f64) {
        let (gold, predicted) = (margins.gold[class], margins.predicted[class]);
        let hits = margins.hits[class];
        match self {
            Self::Precision => (hits, predicted),
            Self::Recall => (hits, gold),
            Self::F1 => (hits, gold + predicted - hits),
        }
    }

    /// From a share of the trials to the ratio: F1 = 2 s / (1 + s) (Hand, Christen & Kirielle 2021).
    fn of_share(self, share: f64) -> f64 {
        match self {
            Self::F1 => 2.0 * share / (1.0 + share),
            _ => share,
        }
    }

    fn value(self, margins: &Margins, class: usize) -> f64 {
        let (hits, trials) = self.trials(margins, class);
        if trials > 0.0 { self.of_share(hits / trials) } else { 0.0 }
    }

    /// Lower and upper end of one class: Wilson's of its trials, of which `independent` is the share that counts.
    fn ends(
        self,
        margins: &Margins,
        class: usize,
        independent: f64,
    ) -> Result<(f64, f64), StatsError> {
        let (hits, trials) = self.trials(margins, class);
        if trials <= 0.0 {
            return Ok((0.0, 1.0));
        }
        let z = z_of_confidence(CONFIDENCE)?;
        let n = (trials * independent).max(1.0);
        let share = wilson_real(hits / trials, n, z, CONFIDENCE, Method::Wilson)?;
        Ok((self.of_share(share.low), self.of_share(share.high)))
    }
}

impl Board<'_> {
    /// What a macro mean is the mean of, and its rare classes where it has some.
    pub(crate) fn rare(measure: Measure, margins: &[Tally]) -> Option<(Ratio, Vec<usize>)> {
        let Measure::Metric(metric) = measure else { return None };
        let ratio = Ratio::of(metric)?;
        let rare = rare_classes(&margins[0].margins);
        (!rare.is_empty()).then_some((ratio, rare))
    }

    /// The interval of a macro mean with rare classes.
    pub(crate) fn with_rare_classes(
        &self,
        value: f64,
        measure: Measure,
        units: &Units,
        resamples: usize,
        stream: &Stream,
    ) -> Result<Range, StatsError> {
        let margins = units.margins();
        let (ratio, rare) = Self::rare(measure, &margins).unwrap_or((Ratio::F1, Vec::new()));
        let common = |margins: &[Tally]| vec![common_part(margins, ratio, &rare)];
        let stream = stream.child("common classes").child(&self.name(measure));
        let resampled: Vec<f64> =
            units.resample(&stream, resamples, common).into_iter().map(|r| r[0]).collect();
        let independent = units.clusters() as f64 / margins[0].n();
        macro_range(value, &margins, ratio, &rare, &resampled, independent)
    }
}

/// Classes with fewer than ten gold examples.
fn rare_classes(margins: &Margins) -> Vec<usize> {
    (0..margins.gold.len()).filter(|&class| margins.gold[class] < LEAST_OF_CLASS as f64).collect()
}

/// The part of the mean that the common classes make, mean over variants.
fn common_part(variants: &[Tally], ratio: Ratio, rare: &[usize]) -> f64 {
    let classes = variants[0].margins.gold.len();
    let of = |tally: &Tally| {
        let common = (0..classes).filter(|class| !rare.contains(class));
        common.map(|class| ratio.value(&tally.margins, class)).sum::<f64>()
    };
    variants.iter().map(of).sum::<f64>() / (classes * variants.len()) as f64
}

/// The interval of a macro mean: the normal interval of the common part from its resamples, and the ends of the rare
/// classes, added as if all erred in one direction. Both distances add as squares.
fn macro_range(
    value: f64,
    variants: &[Tally],
    ratio: Ratio,
    rare: &[usize],
    resampled: &[f64],
    independent: f64,
) -> Result<Range, StatsError> {
    let classes = variants[0].margins.gold.len() as f64;
    let (mut below, mut above) = (0.0, 0.0);
    for tally in variants {
        for &class in rare {
            let own = ratio.value(&tally.margins, class);
            let (low, high) = ratio.ends(&tally.margins, class, independent)?;
            below += (own - low) / (classes * variants.len() as f64);
            above += (high - own) / (classes * variants.len() as f64);
        }
    }
    let mean = resampled.iter().sum::<f64>() / resampled.len() as f64;
    let squares: f64 = resampled.iter().map(|v| (v - mean) * (v - mean)).sum();
    let error = (squares / (resampled.len() as f64 - 1.0)).sqrt();
    let half = z_of_confidence(CONFIDENCE)? * error;
    Ok(Range {
        low: (value - half.hypot(below)).max(0.0),
        high: (value + half.hypot(above)).min(1.0),
        method: format!(
            "bootstrap + wilson of {} classes below {LEAST_OF_CLASS} examples",
            rare.len()
        ),
    })
}
