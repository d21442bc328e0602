//! Power, minimum detectable effects and sample sizes. Values are those of statsmodels 0.15 (`TTestPower`,
//! `TTestIndPower`), of an enumeration in Python with SciPy 1.17, or published; the source is beside each.

use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, mcnemar};
use eval_stats::power::{
    MillerDesign, mde_mcnemar, mde_t_paired, power_mcnemar, power_t_independent, power_t_paired,
    sample_size_t_independent, sample_size_t_paired,
};
use eval_stats::rng::{Stream, uniform};

use crate::support::{same, within};

/// Normal quantiles of .975 and of power .8 (any printed table has 1.960 and 0.842).
const Z_ALPHA: f64 = 1.959_963_984_540_054_5;
const Z_POWER: f64 = 0.841_621_233_572_914_2;

/// Connor 1987: roots of `delta sqrt(n) = z_{alpha/2} sqrt(psi) + z_beta sqrt(psi - delta^2)` by `scipy.optimize.brentq`.
#[test]
fn mde_mcnemar_is_the_root_of_connors_equation() {
    for (n, discordant, power, expected) in [
        (100.0, 0.3, 0.8, 0.151_647_091_214_670_93),
        (500.0, 0.1, 0.8, 0.039_527_051_860_741_12),
        (2000.0, 0.25, 0.8, 0.031_304_214_884_210_69),
        (300.0, 0.5, 0.9, 0.131_422_724_134_511_67),
        (1000.0, 0.05, 0.5, 0.013_859_038_243_496_78),
    ] {
        same(mde_mcnemar(n, discordant, 0.05, power).unwrap(), expected);
    }
    for n in [50.0, 400.0, 10_000.0] {
        for psi in [0.2_f64, 0.5, 1.0] {
            let d = mde_mcnemar(n, psi, 0.05, 0.8).unwrap();
            same(d * n.sqrt(), Z_ALPHA * psi.sqrt() + Z_POWER * (psi - d * d).sqrt());
        }
    }
}

/// Where A and B differ by the minimum detectable effect, the test rejects in 80 % of experiments: exactly .8018 for
/// mid-p and .7827 for the exact test (all tables enumerated in Python), hence .80 of simulated experiments, too.
#[test]
fn at_the_mde_mcnemar_has_the_power_asked_for() {
    let (n, psi) = (1000, 0.2);
    let mde = mde_mcnemar(n as f64, psi, 0.05, 0.8).unwrap();
    let only_b = (psi - mde) / 2.0;
    let only_a = only_b + mde;
    let power = |method| power_mcnemar(only_a, only_b, n, 0.05, method).unwrap();
    within(power(McnemarMethod::MidP), 0.801_755_972_3, 1e-9);
    within(power(McnemarMethod::Exact), 0.782_736_701_1, 1e-9);

    let (stream, runs) = (Stream::new(1, "power at the mde"), 4000);
    let rejected = (0..runs)
        .filter(|run| {
            let mut rng = stream.at(*run);
            let mut table = PairedTable::default();
            for _ in 0..n {
                let u = uniform(&mut rng);
                if u < only_a {
                    table.only_a += 1;
                } else if u < psi {
                    table.only_b += 1;
                } else {
                    table.both_right += 1;
                }
            }
            mcnemar(&table, McnemarMethod::MidP, Alternative::TwoSided).unwrap().p_value <= 0.05
        })
        .count();
    // Four standard errors of a share of 4,000.
    within(rejected as f64 / runs as f64, 0.80, 0.026);
}

#[test]
fn mde_mcnemar_refuses_what_no_experiment_of_that_size_can_show() {
    assert!(mde_mcnemar(5.0, 0.3, 0.05, 0.8).is_err(), "above the discordant rate");
    assert!(mde_mcnemar(100.0, 0.0, 0.05, 0.8).is_err());
    assert!(mde_mcnemar(100.0, 1.5, 0.05, 0.8).is_err());
    assert!(mde_mcnemar(0.0, 0.3, 0.05, 0.8).is_err());
}

/// Every number of discordant pairs and every split of them, enumerated with `scipy.stats.binom`.
#[test]
fn power_mcnemar_is_that_of_all_tables() {
    for (only_a, only_b, n, alpha, exact, mid_p) in [
        (0.4, 0.1, 20, 0.05, 0.367_082_648_713_995_7, 0.469_727_183_093_927_8),
        (0.15, 0.05, 60, 0.05, 0.307_534_418_856_593_05, 0.396_188_713_057_508_47),
        (0.3, 0.3, 40, 0.05, 0.029_389_768_157_399_743, 0.044_394_965_303_544_615),
        (0.2, 0.1, 100, 0.01, 0.175_125_645_311_021_84, 0.216_931_304_734_977_03),
    ] {
        let power = |a, b, method| power_mcnemar(a, b, n, alpha, method).unwrap();
        same(power(only_a, only_b, McnemarMethod::Exact), exact);
        same(power(only_a, only_b, McnemarMethod::MidP), mid_p);
        same(power(only_b, only_a, McnemarMethod::MidP), mid_p);
    }
    assert_eq!(power_mcnemar(0.0, 0.0, 50, 0.05, McnemarMethod::Exact).unwrap(), 0.0);
    assert!(power_mcnemar(0.7, 0.7, 50, 0.05, McnemarMethod::Exact).is_err());
}

/// statsmodels `TTestPower().power`, both tails counted.
#[test]
fn power_of_the_paired_t_test_matches_statsmodels() {
    use Alternative::{Greater, Less, TwoSided};
    for (effect, n, alpha, alternative, expected) in [
        (0.5, 30.0, 0.05, TwoSided, 0.753_964_715_743_79),
        (0.5, 30.0, 0.05, Greater, 0.848_254_190_928_982_4),
        (0.2, 200.0, 0.01, TwoSided, 0.590_571_018_085_018),
        (0.8, 10.0, 0.05, TwoSided, 0.616_232_763_474_405_9),
        (0.1, 5.0, 0.05, TwoSided, 0.053_555_437_873_434_586),
    ] {
        within(power_t_paired(effect, n, alpha, alternative).unwrap(), expected, 1e-8);
        let mirrored = if alternative == Greater { Less } else { alternative };
        within(power_t_paired(-effect, n, alpha, mirrored).unwrap(), expected, 1e-8);
    }
    // Without an effect the power is the level.
    within(power_t_paired(0.0, 30.0, 0.05, TwoSided).unwrap(), 0.05, 1e-10);
    within(power_t_paired(0.0, 30.0, 0.05, Greater).unwrap(), 0.05, 1e-10);
}

/// statsmodels `TTestIndPower().power` counts both tails (strict); `scipy.stats.nct.sf` is the upper one alone.
#[test]
fn power_of_the_two_sample_t_test_matches_statsmodels() {
    for (effect, n, strict, upper) in [
        (0.5, 64.0, 0.801_459_557_922_254_2, 0.801_458_623_367_929_8),
        (0.8, 26.0, 0.807_486_615_146_527_5, 0.807_485_783_914_029_7),
        (0.2, 20.0, 0.094_567_327_617_302_6, 0.089_580_710_659_023_64),
    ] {
        let power =
            |both| power_t_independent(effect, n, 0.05, Alternative::TwoSided, both).unwrap();
        within(power(true), strict, 1e-8);
        within(power(false), upper, 1e-8);
    }
    let one_sided = power_t_independent(0.5, 30.0, 0.05, Alternative::Greater, false).unwrap();
    within(one_sided, 0.606_025_327_886_786, 1e-8);
}

/// Cohen 1988, table 2.4.1: 393, 64 and 26 a group for small, medium and large effects at power .80; R's help of
/// `power.t.test`: 22.02110 for d = 1 at power .90.
#[test]
fn sample_sizes_of_the_two_sample_t_test_are_the_published_ones() {
    let n = |effect, power| {
        sample_size_t_independent(effect, power, 0.05, Alternative::TwoSided, false).unwrap()
    };
    within(n(0.2, 0.8), 393.405_7, 1e-3);
    for (effect, published) in [(0.5, 64.0), (0.8, 26.0)] {
        assert_eq!(n(effect, 0.8).ceil(), published);
    }
    within(n(1.0, 0.9), 22.021_10, 5e-5);
    assert!(sample_size_t_independent(0.0, 0.8, 0.05, Alternative::TwoSided, false).is_err());
}

/// Where statsmodels' `TTestPower().power` reaches the power asked for, by `scipy.optimize.brentq` (its `solve_power` stops
/// at 3e-8 of the power).
#[test]
fn sample_size_and_mde_of_the_paired_t_test_match_statsmodels() {
    let two = sample_size_t_paired(0.5, 0.8, 0.05, Alternative::TwoSided).unwrap();
    within(two, 33.367_128_953_330_834, 1e-6);
    let one = sample_size_t_paired(0.3, 0.9, 0.05, Alternative::Greater).unwrap();
    within(one, 96.522_873_514_591_84, 1e-6);
    within(mde_t_paired(50.0, 0.05, 0.8).unwrap(), 0.404_183_002_136_042_47, 1e-8);
    let mde = mde_t_paired(12.0, 0.01, 0.9).unwrap();
    within(mde, 1.319_945_258_351_331_6, 1e-8);
    within(power_t_paired(mde, 12.0, 0.01, Alternative::TwoSided).unwrap(), 0.9, 1e-9);
    assert!(mde_t_paired(50.0, 0.05, 0.04).is_err(), "power below alpha");
}

/// Miller 2024, section 5: omega^2 = 1/9 and delta = .03 need 969 questions for 80 % power. With answers drawn k times
/// the variance within questions falls to sigma^2 / k.
#[test]
fn millers_sample_size_is_the_published_one() {
    let design =
        MillerDesign { omega2: 1.0 / 9.0, sigma2_a: 0.0, k_a: 1.0, sigma2_b: 0.0, k_b: 1.0 };
    let n = design.sample_size(0.03, 0.05, 0.8).unwrap();
    assert_eq!(n.ceil(), 969.0);
    within(n, 968.997_498, 1e-6);
    same(design.minimum_detectable_effect(n, 0.05, 0.8).unwrap(), 0.03);
    let drawn = MillerDesign { omega2: 0.1, sigma2_a: 0.2, k_a: 4.0, sigma2_b: 0.3, k_b: 2.0 };
    let z = Z_ALPHA + Z_POWER;
    same(drawn.sample_size(0.02, 0.05, 0.8).unwrap(), z * z * (0.1 + 0.05 + 0.15) / 0.0004);
    assert!(MillerDesign { omega2: -1.0, ..design }.sample_size(0.03, 0.05, 0.8).is_err());
    assert!(MillerDesign { k_b: 0.0, ..design }.sample_size(0.03, 0.05, 0.8).is_err());
}

/// The exact power at the printed difference is the wanted one, where Connor's formula has up to .87 (50 examples).
#[test]
fn what_mcnemar_detects_has_the_exact_power() {
    use eval_stats::mcnemar::McnemarMethod;
    use eval_stats::power::{mde_mcnemar_mid_p, power_mcnemar};
    for (n, rate, alpha) in [
        (50_u64, 0.4, 0.05),
        (200, 0.3, 0.05),
        (1_000, 0.25, 0.05 / 15.0),
        (5_000, 0.2, 0.05 / 55.0),
    ] {
        let d = mde_mcnemar_mid_p(n as f64, rate, alpha, 0.8).unwrap();
        let (a, b) = (0.5 * (rate + d), 0.5 * (rate - d));
        let power = power_mcnemar(a, b, n, alpha, McnemarMethod::MidP).unwrap();
        assert!((power - 0.8).abs() < 0.01, "{n} {rate} {alpha}: {d} has power {power}");
    }
    assert!(mde_mcnemar_mid_p(50.0, 0.04, 0.05, 0.8).is_err(), "two discordant examples");
}
