//! The same answer on any number of threads and on every path; and the faults of other libraries, which must not be ours.

use eval_stats::bootstrap::{
    BootstrapMethod, BootstrapOptions, bootstrap, bootstrap_mean, cluster_bootstrap,
    cluster_bootstrap_mean, paired_bootstrap_accuracy,
};
use eval_stats::cells::{Cells, paired_bootstrap_metric};
use eval_stats::correction;
use eval_stats::dist;
use eval_stats::friedman::{critical_difference, friedman};
use eval_stats::interval::wilson;
use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, fisher_exact, mcnemar};
use eval_stats::metric::{Metric, MetricOptions};
use eval_stats::panel::{Panel, all_pairs};
use eval_stats::permutation::{PermutationMethod, permutation_mean};
use eval_stats::rng::Stream;
use eval_stats::studentized::{nemenyi_critical_value, studentized_range_sf};
use eval_stats::ttest::paired_t;
use eval_stats::{Direction, StatsError};

use crate::support::{METHODS, resampled};

#[test]
fn the_number_of_threads_changes_nothing() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(i * i % 37) / 36.0).collect();
    let clusters: Vec<u32> = (0..400).map(|i| i / 5).collect();
    let rows: Vec<Vec<f64>> = (0..300_u32)
        .map(|i| (0..6).map(|m| f64::from((i * 7 + m * m) % 3 % 2)).collect())
        .collect();
    let all = || {
        let one = bootstrap(values.len(), &resampled("any", 300), |index| {
            let mut kept: Vec<f64> = index.iter().map(|i| values[*i as usize]).collect();
            kept.sort_by(f64::total_cmp);
            kept[kept.len() / 2]
        });
        let clustered = cluster_bootstrap(&clusters, &resampled("cl", 300), |index| {
            index.iter().map(|i| values[*i as usize]).sum::<f64>() / index.len() as f64
        });
        let pairs = all_pairs(&Panel::collapse(&rows).unwrap(), &resampled("pairs", 300));
        let mean = cluster_bootstrap_mean(&values, &clusters, &resampled("mean", 300));
        (one.unwrap(), clustered.unwrap(), pairs.unwrap(), mean.unwrap())
    };
    let on = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all)
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(2), on(5));
}

#[test]
fn bootstrap_paths_agree_with_the_generic_one() {
    let values: Vec<f64> = (0..60).map(|i| f64::from(i % 7)).collect();
    let clusters: Vec<u32> = (0..60).map(|i| i / 4).collect();
    let mean =
        |index: &[u32]| index.iter().map(|i| values[*i as usize]).sum::<f64>() / index.len() as f64;
    for method in [BootstrapMethod::Percentile, BootstrapMethod::Basic, BootstrapMethod::Bca] {
        let o = BootstrapOptions {
            resamples: 40_000,
            method,
            ..BootstrapOptions::new(Stream::new(5, "agree"))
        };
        for (fast, slow) in [
            (bootstrap_mean(&values, &o).unwrap(), bootstrap(values.len(), &o, mean).unwrap()),
            (
                cluster_bootstrap_mean(&values, &clusters, &o).unwrap(),
                cluster_bootstrap(&clusters, &o, mean).unwrap(),
            ),
        ] {
            assert!((fast.estimate - slow.estimate).abs() < 1e-12);
            assert!((fast.se / slow.se - 1.0).abs() < 0.03, "{} {}", fast.se, slow.se);
            assert!((fast.interval.low - slow.interval.low).abs() < 0.03);
            assert!((fast.interval.high - slow.interval.high).abs() < 0.03);
            assert_eq!(fast.acceleration.is_some(), method == BootstrapMethod::Bca);
            if let (Some(x), Some(y)) = (fast.acceleration, slow.acceleration) {
                assert!((x - y).abs() < 1e-9);
            }
        }
    }
}

/// sacreBLEU counts resamples strictly above the observed difference: type-I error .197 at n = 50 on accuracy. Equality is
/// a hit here, up to the rounding of sums of decimals.
#[test]
fn equal_resamples_are_hits() {
    let d = [0.1, 0.1, 0.1, -0.1, -0.1, 0.0];
    let mc = PermutationMethod::MonteCarlo { resamples: 999, stream: Stream::new(1, "ties") };
    assert_eq!(permutation_mean(&d, &mc, Alternative::TwoSided).unwrap().p_value, 1.0);
    assert_eq!(
        permutation_mean(&d, &PermutationMethod::Exact, Alternative::TwoSided).unwrap().p_value,
        1.0
    );
}

/// criterion and deepsig can print p = 0; (1 + hits) / (R + 1) cannot.
#[test]
fn resampled_p_is_never_zero() {
    let d = vec![1.0; 60];
    let mc = PermutationMethod::MonteCarlo { resamples: 99, stream: Stream::new(1, "zero") };
    assert_eq!(permutation_mean(&d, &mc, Alternative::TwoSided).unwrap().p_value, 0.01);
    let t = PairedTable { both_right: 10, only_a: 90, only_b: 0, both_wrong: 10 };
    let b = paired_bootstrap_accuracy(&t, &resampled("zero", 300)).unwrap();
    assert!(b.p_shift > 0.0 && b.p_inversion > 0.0);
    let exact =
        permutation_mean(&vec![1.0; 2000], &PermutationMethod::Exact, Alternative::TwoSided)
            .unwrap();
    assert!(exact.p_value > 0.0);
}

/// deepsig resamples the two sides of a "paired" bootstrap apart: identical models must have no spread here.
#[test]
fn a_paired_bootstrap_of_a_model_with_itself_does_not_vary() {
    let gold: Vec<u16> = (0..50).map(|i| i % 3).collect();
    let pred: Vec<u16> = (0..50).map(|i| i * i % 3).collect();
    let cells = Cells::collapse(&gold, &[&pred, &pred], 3).unwrap();
    let b = paired_bootstrap_metric(
        &cells,
        Metric::MacroF1,
        MetricOptions::default(),
        &resampled("self", 300),
    )
    .unwrap();
    assert!(b.degenerate && b.p_shift == 1.0 && b.estimate == 0.0);
}

/// compare-mt resamples half of the sample: its intervals are sqrt 2 too wide. Ours match the textbook error.
#[test]
fn bootstrap_error_is_that_of_the_full_sample() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
    let o = BootstrapOptions { resamples: 20_000, ..BootstrapOptions::new(Stream::new(2, "full")) };
    let se = bootstrap_mean(&values, &o).unwrap().se;
    assert!((se / (0.25_f64 * 0.75 / 400.0).sqrt() - 1.0).abs() < 0.03);
}

/// deepsig sorts Holm's p-values wrongly: worked example of Holm 1979's procedure, out of order.
#[test]
fn holm_keeps_the_order_given() {
    let adjusted = correction::holm(&[0.04, 0.01, 0.03, 0.005]).unwrap();
    for (got, expected) in adjusted.iter().zip([0.06, 0.03, 0.06, 0.02]) {
        assert!((got - expected).abs() < 1e-12);
    }
}

/// autorank tests one-sided in the direction the data chose; scmamp halves p; statsmodels divides by b + c = 0.
#[test]
fn two_sided_means_two_sided() {
    let t = PairedTable { both_right: 0, only_a: 9, only_b: 1, both_wrong: 0 };
    let p = |a| mcnemar(&t, McnemarMethod::Exact, a).unwrap().p_value;
    assert!((p(Alternative::TwoSided) - 2.0 * p(Alternative::Greater)).abs() < 1e-15);
    assert!((p(Alternative::TwoSided) - 22.0 / 1024.0).abs() < 1e-15);
    let none = PairedTable { both_right: 5, ..PairedTable::default() };
    for method in METHODS {
        assert_eq!(mcnemar(&none, method, Alternative::TwoSided).unwrap().p_value, 1.0);
    }
    let balanced = PairedTable { only_a: 4, only_b: 4, ..none };
    for method in METHODS {
        assert_eq!(mcnemar(&balanced, method, Alternative::TwoSided).unwrap().p_value, 1.0);
    }
}

/// SciPy's and R's studentized range lose the far tail to 1 - cdf. At k = 2 the range is |Z1 - Z2| = sqrt 2 |Z|.
#[test]
fn studentized_range_keeps_its_far_tail() {
    for q in [1.0, 5.0, 12.0, 30.0] {
        let expected = 2.0 * dist::norm_sf(q / std::f64::consts::SQRT_2);
        let got = studentized_range_sf(q, 2, f64::INFINITY).unwrap();
        assert!((got / expected - 1.0).abs() < 1e-9);
        // k groups: at most k (k - 1) / 2 times a pair's tail, and close to it far out.
        let five = studentized_range_sf(q, 5, f64::INFINITY).unwrap();
        assert!(five <= 10.0 * expected * (1.0 + 1e-9));
        assert!(q < 12.0 || five >= 0.99 * 10.0 * expected);
    }
}

/// Demšar 2006, table 5a (his 2.343 and 2.949 are off in the last place), and the critical differences of 11 benchmarks.
#[test]
fn nemenyi_matches_the_published_table() {
    for (k, q05) in [
        (2, 1.960),
        (3, 2.343),
        (4, 2.569),
        (5, 2.728),
        (6, 2.850),
        (7, 2.949),
        (8, 3.031),
        (9, 3.102),
        (10, 3.164),
    ] {
        assert!((nemenyi_critical_value(k, 0.05).unwrap() - q05).abs() < 0.0011, "{k}");
    }
    for (k, cd) in [(2, 0.591), (3, 0.999), (5, 1.839), (10, 4.084), (12, 5.024)] {
        assert!((critical_difference(k, 11, 0.05).unwrap() - cd).abs() < 0.0006, "{k}");
    }
}

/// statrs' two-sided Fisher is wrong from counts of a few hundred; a balanced table has p = 1, and the tails agree.
#[test]
fn fisher_with_large_counts() {
    let p = |t, a| fisher_exact(t, a).unwrap().1;
    assert!((p([500, 500, 500, 500], Alternative::TwoSided) - 1.0).abs() < 1e-9);
    for t in [[300, 250, 280, 310], [5000, 5200, 5100, 4900], [3, 17, 12, 8]] {
        let mirrored = [t[1], t[0], t[3], t[2]];
        assert!(
            (p(t, Alternative::TwoSided) / p(mirrored, Alternative::TwoSided) - 1.0).abs() < 1e-9
        );
        assert!((p(t, Alternative::Greater) / p(mirrored, Alternative::Less) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let nan = [1.0, f64::NAN];
    assert!(matches!(
        paired_t(&nan, Alternative::TwoSided, 0.95),
        Err(StatsError::NotFinite { index: 1, .. })
    ));
    assert!(matches!(
        paired_t(&[1.0], Alternative::TwoSided, 0.95),
        Err(StatsError::TooFew { needed: 2, .. })
    ));
    assert!(matches!(
        paired_t(&[2.0, 2.0], Alternative::TwoSided, 0.95),
        Err(StatsError::Degenerate { .. })
    ));
    assert!(
        wilson(0, 0, 0.95).is_err() && wilson(3, 2, 0.95).is_err() && wilson(1, 2, 1.0).is_err()
    );
    assert!(friedman(&[vec![1.0, 2.0], vec![1.0]], Direction::HigherIsBetter).is_err());
    assert!(bootstrap_mean(&[], &resampled("none", 300)).is_err());
    assert!(bootstrap(5, &resampled("nan", 300), |_| f64::NAN).is_err());
}

/// 10 of 10 has an interval of width above 0, and a bootstrap of it says that it is degenerate.
#[test]
fn ten_of_ten_is_not_certainty() {
    let i = wilson(10, 10, 0.95).unwrap();
    assert!(i.low < 0.75 && i.high == 1.0);
    assert!(bootstrap_mean(&[1.0; 10], &resampled("ten", 300)).unwrap().degenerate);
}
