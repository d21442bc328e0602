//! The studentised permutation test: against an enumeration example by example (NumPy), and its level where the models say
//! yes at different rates.

use eval_stats::cells::Cells;
use eval_stats::mcnemar::Alternative;
use eval_stats::metric::{Metric, MetricOptions};
use eval_stats::permutation::{
    PermutationMethod, permutation_metric, studentised_permutation_metric,
};
use eval_stats::rng::{Generator, Stream, uniform};

use crate::support::same;

const GOLD: [u16; 16] = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const A: [u16; 16] = [1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
const B: [u16; 16] = [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1];

fn tested(gold: &[u16], a: &[u16], b: &[u16], metric: Metric) -> f64 {
    let cells = Cells::collapse(gold, &[a, b], 2).unwrap();
    let options = MetricOptions::default();
    studentised_permutation_metric(&cells, metric, options, Alternative::TwoSided).unwrap().p_value
}

#[test]
fn p_is_that_of_all_swaps() {
    same(tested(&GOLD, &A, &B, Metric::Precision), 0.09375);
    same(tested(&GOLD, &A, &B, Metric::F1), 0.640_625);
    same(tested(&GOLD, &B, &A, Metric::F1), 0.640_625);
    same(tested(&GOLD, &A, &A, Metric::Precision), 1.0);
}

#[test]
fn one_side_is_the_mirror_of_the_other() {
    let cells = Cells::collapse(&GOLD, &[&A, &B], 2).unwrap();
    let turned = Cells::collapse(&GOLD, &[&B, &A], 2).unwrap();
    let by = |cells: &Cells, alternative| {
        let options = MetricOptions::default();
        studentised_permutation_metric(cells, Metric::Precision, options, alternative).unwrap()
    };
    let (greater, less) = (by(&cells, Alternative::Greater), by(&turned, Alternative::Less));
    same(greater.p_value, less.p_value);
    same(greater.observed, -less.observed);
    same(greater.observed, 0.8 - 5.0 / 11.0);
    assert!(greater.p_value < by(&cells, Alternative::TwoSided).p_value);
}

#[test]
fn what_it_is_not_about_is_refused() {
    let cells = Cells::collapse(&GOLD, &[&A, &B], 2).unwrap();
    let by = |cells: &Cells, metric, positive| {
        let options = MetricOptions { positive, ..MetricOptions::default() };
        studentised_permutation_metric(cells, metric, options, Alternative::TwoSided)
    };
    let error = by(&cells, Metric::MacroF1, 1).unwrap_err().to_string();
    assert!(error.contains("not of macro-f1: use permutation_metric"), "{error}");
    assert!(by(&cells, Metric::F1, 2).is_err());
    assert!(by(&Cells::collapse(&GOLD, &[&A], 2).unwrap(), Metric::F1, 1).is_err());
}

/// Beyond 2e7 states the far tails are left out: p stays what the normal distribution says.
#[test]
fn many_examples_are_affordable() {
    let n = 40_000;
    let gold: Vec<u16> = (0..n).map(|i| u16::from(i % 2 == 0)).collect();
    let a: Vec<u16> = (0..n).map(|i| u16::from(i / 2 % 3 == 0)).collect();
    let b: Vec<u16> = (0..n).map(|i| u16::from(i / 2 % 3 == 1)).collect();
    assert!(tested(&gold, &a, &b, Metric::F1) > 0.95);
    // A has every second hit that B has, and as many false alarms.
    let half: Vec<u16> = (0..n).map(|i| u16::from(i / 2 % 3 == 0 && i % 4 != 0)).collect();
    assert!(tested(&gold, &half, &b, Metric::Precision) < 1e-12);
}

/// A model that says yes at a rate with a precision, on data of which a share has the class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Says {
    pub(crate) yes: f64,
    pub(crate) precision: f64,
}

impl Says {
    /// With this F1 instead.
    #[cfg(feature = "slow-tests")]
    pub(crate) fn f1(yes: f64, f1: f64, class: f64) -> Self {
        Self { yes, precision: f1 * (yes + class) / (2.0 * yes) }
    }

    fn answer(self, rng: &mut Generator, gold: bool, class: f64) -> u16 {
        let rate = if gold {
            self.yes * self.precision / class
        } else {
            self.yes * (1.0 - self.precision) / (1.0 - class)
        };
        u16::from(uniform(rng) < rate)
    }
}

/// How often two models on `n` examples differ significantly: by the studentised test, by plain randomisation.
pub(crate) fn rejections(
    metric: Metric,
    models: [Says; 2],
    class: f64,
    n: usize,
    runs: u64,
) -> [f64; 2] {
    let stream = Stream::new(11, &format!("{metric:?} {models:?} {n}"));
    let mut counts = [0_u32; 2];
    for run in 0..runs {
        let rng = &mut stream.at(run);
        let (mut gold, mut answers) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..n {
            let positive = uniform(rng) < class;
            gold.push(u16::from(positive));
            for (column, model) in answers.iter_mut().zip(models) {
                column.push(model.answer(rng, positive, class));
            }
        }
        let cells = Cells::collapse(&gold, &[&answers[0], &answers[1]], 2).unwrap();
        let (options, two) = (MetricOptions::default(), Alternative::TwoSided);
        let own = studentised_permutation_metric(&cells, metric, options, two).unwrap();
        let method = PermutationMethod::MonteCarlo {
            resamples: 499,
            stream: stream.child(&run.to_string()),
        };
        let plain = permutation_metric(&cells, metric, options, &method, two).unwrap();
        for (count, test) in counts.iter_mut().zip([own, plain]) {
            *count += u32::from(test.p_value <= 0.05);
        }
    }
    counts.map(|count| f64::from(count) / runs as f64)
}

/// Precision .8 of both, yes-rates of 6 % and 59 %. One Monte-Carlo standard error is .007.
#[test]
fn equal_precision_at_unequal_rates_is_not_rejected() {
    let models = [Says { yes: 0.06, precision: 0.8 }, Says { yes: 0.59, precision: 0.8 }];
    let [studentised, plain] = rejections(Metric::Precision, models, 0.55, 200, 1000);
    assert!((0.02..=0.065).contains(&studentised), "{studentised}");
    assert!(plain > 0.2, "{plain}: then this test shows nothing");
}
