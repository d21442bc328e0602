//! Equivalence and non-inferiority of paired accuracies: against a constrained likelihood maximised by search (SciPy), and
//! their level by enumeration.

use eval_stats::dist::{binom_pmf, norm_isf};
use eval_stats::equivalence::{non_inferior_accuracy, tango_score, tost_accuracy};
use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, mcnemar};

use crate::support::same;

const fn table(both_right: u64, only_a: u64, only_b: u64, both_wrong: u64) -> PairedTable {
    PairedTable { both_right, only_a, only_b, both_wrong }
}

#[test]
fn the_score_takes_the_likeliest_discordance() {
    same(tango_score(&table(400, 30, 25, 45), -0.03).unwrap(), 2.603_165_472_591_202);
    same(tango_score(&table(400, 30, 25, 45), 0.03).unwrap(), -1.325_875_815_089_195_8);
    same(tango_score(&table(50, 10, 0, 20), -0.05).unwrap(), 3.838_859_479_749_572_3);
    same(tango_score(&table(100, 12, 8, 30), 0.05).unwrap(), -0.769_015_621_786_108_4);
    // Without discordant examples: n d / sqrt(n d (1 - d)).
    same(tango_score(&table(90, 0, 0, 10), -0.02).unwrap(), (100.0 * 0.02 / 0.98_f64).sqrt());
    same(tango_score(&table(90, 0, 0, 10), 0.0).unwrap(), 0.0);
    // Counts of 1e9: the score is that of 1e6 times sqrt(1e3).
    let (small, large) = (table(700_000, 100_000, 99_000, 101_000), 1000);
    let large = table(700_000 * large, 100_000 * large, 99_000 * large, 101_000 * large);
    same(
        tango_score(&large, -0.01).unwrap(),
        1000.0_f64.sqrt() * tango_score(&small, -0.01).unwrap(),
    );
    for wrong in [1.0, -1.0, f64::NAN] {
        assert!(tango_score(&table(1, 1, 1, 1), wrong).is_err());
    }
}

#[test]
fn at_no_difference_the_score_is_mcnemars() {
    for (b, c) in [(12, 5), (3, 9), (7, 7)] {
        let t = table(40, b, c, 20);
        let test = mcnemar(&t, McnemarMethod::Asymptotic, Alternative::TwoSided).unwrap();
        same(tango_score(&t, 0.0).unwrap().powi(2), test.statistic);
    }
}

#[test]
fn tost_accuracy_tests_both_margins() {
    let wide = tost_accuracy(&table(400, 30, 25, 45), -0.03, 0.03).unwrap();
    same(wide.p_lower, 0.004_618_368_029_440_714);
    same(wide.p_upper, 0.092_440_417_533_916_19);
    assert_eq!(wide.p_value, wide.p_upper, "the larger of both");
    same(wide.mean_difference, 0.01);
    let skew = tost_accuracy(&table(50, 10, 0, 20), -0.05, 0.2).unwrap();
    same(skew.p_lower, 6.180_357_164_859_294e-5);
    same(skew.p_upper, 0.046_766_256_344_546_56);
    // B against A: the margins change places.
    let turned = tost_accuracy(&table(50, 0, 10, 20), -0.2, 0.05).unwrap();
    same(turned.p_lower, skew.p_upper);
    assert!(tost_accuracy(&table(400, 30, 25, 45), 0.03, -0.03).is_err());
    assert!(tost_accuracy(&PairedTable::default(), -0.03, 0.03).is_err());
}

#[test]
fn non_inferiority_is_the_lower_side_of_equivalence() {
    let t = table(31, 7, 3, 19);
    let test = non_inferior_accuracy(&t, 0.02).unwrap();
    same(test.z, 1.607_215_664_527_496_9);
    same(test.p_value, 0.054_003_533_470_909_54);
    same(test.difference, 4.0 / 60.0);
    same(test.p_value, tost_accuracy(&t, -0.02, 0.5).unwrap().p_lower);
    for wrong in [0.0, -0.1, 1.0] {
        assert!(non_inferior_accuracy(&t, wrong).is_err());
    }
}

/// Which side of a table the test rejects on, as counts (only A, only B) of `n` examples.
fn rejected(n: u64, reject: impl Fn(&PairedTable) -> bool) -> Vec<(u64, u64)> {
    (0..=n * 2 / 3)
        .flat_map(|m| (0..=m).map(move |b| (b, m - b)))
        .filter(|(b, c)| reject(&table(0, *b, *c, n - b - c)))
        .collect()
}

/// The largest probability of `region` over the discordance, the true difference being `difference`.
fn worst(n: u64, difference: f64, region: &[(u64, u64)], shares: usize) -> f64 {
    let least = difference.abs();
    let level = |step: usize| {
        let discordant = least + (0.6 - least) * (step as f64 / shares as f64).powi(2);
        let share = 0.5 * (1.0 + difference / discordant);
        region
            .iter()
            .map(|&(b, c)| binom_pmf(b + c, n, discordant) * binom_pmf(b, b + c, share))
            .sum::<f64>()
    };
    (0..=shares).map(level).fold(0.0, f64::max)
}

/// n, margin: what is enumerated here and, with more shares, in the slow tests.
pub(crate) const DESIGNS: [(u64, f64); 4] = [(200, 0.02), (200, 0.05), (237, 0.01), (237, 0.05)];

pub(crate) fn level_of_equivalence(n: u64, margin: f64, shares: usize) -> f64 {
    let region = rejected(n, |t| tost_accuracy(t, -margin, margin).unwrap().p_value <= 0.05);
    worst(n, margin, &region, shares)
}

pub(crate) fn level_of_non_inferiority(n: u64, margin: f64, shares: usize) -> f64 {
    // A z from the table of the normal distribution: p-values of so many tables are not wanted.
    let limit = norm_isf(0.05).unwrap();
    let region = rejected(n, |t| tango_score(t, -margin).unwrap() >= limit);
    worst(n, -margin, &region, shares)
}

#[test]
fn neither_test_exceeds_its_level_at_the_margin() {
    for (n, margin) in DESIGNS {
        let equivalent = level_of_equivalence(n, margin, 12);
        assert!(equivalent <= 0.055, "equivalent, n = {n}, {margin}: {equivalent}");
        let not_inferior = level_of_non_inferiority(n, margin, 12);
        assert!((0.03..=0.055).contains(&not_inferior), "n = {n}, {margin}: {not_inferior}");
    }
}
