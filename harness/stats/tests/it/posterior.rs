//! Bayesian comparisons, almost stochastic order, and several seeds: against closed forms, and SciPy 1.17 where said.

use eval_stats::aso::{aso, aso_confidence, violation_ratio};
use eval_stats::bayes::{DirichletOptions, PriorPlace, correlated_t, sign_test, signed_rank};
use eval_stats::mcnemar::Alternative;
use eval_stats::rng::Stream;
use eval_stats::seeds::{Levels, aggregate_seeds, hierarchical_bootstrap, mean_over_seeds};
use eval_stats::ttest::{differences, paired_t};

use crate::support::{resampled, same, within};

const X: [f64; 5] = [0.71, 0.74, 0.69, 0.75, 0.72];
const Y: [f64; 5] = [0.73, 0.75, 0.72, 0.74, 0.76];

fn dirichlet(rope: f64, prior: f64) -> DirichletOptions {
    DirichletOptions { rope, prior, samples: 200_000, stream: Stream::new(3, "dirichlet") }
}

/// `scipy.stats.t(n - 1, mean, sqrt(s^2 (1/n + rho / (1 - rho))))`, rho = runs / n (Corani & Benavoli 2015).
#[test]
fn bayes_correlated_t_is_a_student_posterior() {
    for (rope, runs, left, middle, right) in [
        (0.01, 1.0, 0.047_907_423_855_945_63, 0.236_512_328_900_203_7, 0.715_580_247_243_850_6),
        (0.01, 2.0, 0.096_474_444_982_210_4, 0.242_614_380_142_513_52, 0.660_911_174_875_276_1),
        (0.005, 0.0, 0.027_795_895_438_477_342, 0.074_834_721_732_191_25, 0.897_369_382_829_331_4),
        (0.0, 1.0, 0.117_748_180_129_721_56, 0.0, 0.882_251_819_870_278_5),
    ] {
        let p = correlated_t(&X, &Y, rope, runs).unwrap();
        same(p.p_left, left);
        same(p.p_rope, middle);
        same(p.p_right, right);
        // The other way round left and right change places.
        let q = correlated_t(&Y, &X, rope, runs).unwrap();
        same(q.p_left, right);
    }
    // Without correlation and rope the posterior tail is the one-sided p-value of the t test.
    let p = correlated_t(&X, &Y, 0.0, 0.0).unwrap();
    let t = paired_t(&differences(&X, &Y).unwrap(), Alternative::Less, 0.95).unwrap();
    same(p.p_left, t.p_value);
    assert!(correlated_t(&X, &Y, -0.1, 1.0).is_err() && correlated_t(&X, &Y, 0.1, 5.0).is_err());
}

/// Of two regions with counts a and b the larger share is a coin of Beta(a, b): P(Beta(3, 1) > 1/2) = 1 - 2^-3. One
/// prior observation on a side moves that to Beta(4, 1).
#[test]
fn bayes_sign_test_is_a_beta_tail_with_two_regions() {
    let (x, y) = ([0.0; 4], [1.0, -1.0, -1.0, -1.0]);
    let none = sign_test(&x, &y, PriorPlace::Rope, &dirichlet(0.0, 0.0)).unwrap();
    within(none.p_left, 7.0 / 8.0, 0.004);
    within(none.p_right, 1.0 / 8.0, 0.004);
    assert_eq!(none.p_rope, 0.0);
    let left = sign_test(&x, &y, PriorPlace::Left, &dirichlet(0.0, 1.0)).unwrap();
    within(left.p_left, 15.0 / 16.0, 0.004);
    // Beta(3, 2): P(> 1/2) = 11/16.
    let right = sign_test(&x, &y, PriorPlace::Right, &dirichlet(0.0, 1.0)).unwrap();
    within(right.p_left, 11.0 / 16.0, 0.005);
    // Differences within the rope, its edge included, count to neither side.
    let wide = sign_test(&x, &y, PriorPlace::Rope, &dirichlet(1.0, 1.0)).unwrap();
    assert_eq!(wide.p_rope, 1.0);
}

/// One difference d above the rope and the prior observation at 0: with u = the weight of 0, Beta(1/2, 1), the middle
/// has u^2 and the right side the rest, so that right wins when u^2 < 1/2: P = 2^-1/4.
#[test]
fn bayes_signed_rank_of_one_difference_is_a_beta_tail() {
    let p = signed_rank(&[0.0], &[1.0], &dirichlet(0.1, 0.5)).unwrap();
    within(p.p_right, 2.0_f64.powf(-0.25), 0.004);
    within(p.p_rope, 1.0 - 2.0_f64.powf(-0.25), 0.004);
    assert_eq!(p.p_left, 0.0);
    let mirrored = signed_rank(&[1.0], &[0.0], &dirichlet(0.1, 0.5)).unwrap();
    assert_eq!(mirrored.p_right, 0.0);
    within(mirrored.p_left, 2.0_f64.powf(-0.25), 0.004);
    // d_i + d_j against twice the rope: 0 + d lies inside 2 rope although d lies outside the rope; with Beta(1, 1) right
    // needs (1 - u)^2 > 1/2.
    let edge = signed_rank(&[0.0], &[0.15], &dirichlet(0.1, 1.0)).unwrap();
    within(edge.p_right, 1.0 - 0.5_f64.sqrt(), 0.005);
}

/// By hand: quantiles of A are 0, 3, of B 1, 1. B lies above by 1 on one half, below by 2 on the other: 1 / (1 + 4).
#[test]
fn aso_violation_ratio_is_a_share_of_squared_distances() {
    let ratio = |a: &[f64], b: &[f64]| violation_ratio(a, b).unwrap();
    same(ratio(&[3.0, 0.0], &[1.0, 1.0]), 0.2);
    same(ratio(&[0.0, 3.0, 0.0], &[1.0]), 2.0 / 6.0);
    // Three against two: in steps of a sixth B - A is 1, 1, -1, 0, -1, -1.
    same(ratio(&[0.0, 2.0, 3.0], &[1.0, 2.0]), 2.0 / 5.0);
    assert_eq!(ratio(&[2.0, 3.0], &[0.0, 1.0]), 0.0, "A dominates");
    assert_eq!(ratio(&[0.0, 1.0], &[2.0, 3.0]), 1.0, "B dominates");
    assert_eq!(ratio(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
    let (a, b) = ([0.72, 0.75, 0.71, 0.78, 0.74], [0.70, 0.73, 0.76, 0.69]);
    same(ratio(&a, &b) + ratio(&b, &a), 1.0);
}

/// `eps_min = ratio + z sd*`: ratio .01 and sd* .26387 from 100,000 resamples of both samples in NumPy.
#[test]
fn aso_adds_the_bootstrap_error_to_the_ratio() {
    let (a, b) = ([0.72, 0.75, 0.71, 0.78, 0.74], [0.70, 0.73, 0.76, 0.69]);
    let at = |confidence| aso(&a, &b, confidence, 20_000, &Stream::new(1, "aso")).unwrap();
    let high = at(0.95);
    same(high.violation_ratio, 0.01);
    within(high.eps_min, 0.01 + 1.644_854 * 0.263_87, 0.015);
    within(at(0.9).eps_min, 0.01 + 1.281_552 * 0.263_87, 0.012);
    assert!(high.too_few, "four scores on a side");
    let six = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95];
    let clear = aso(&six, &six.map(|v| v - 0.5), 0.95, 200, &Stream::new(1, "aso")).unwrap();
    assert!(clear.eps_min == 0.0 && !clear.too_few);
    let lost = aso(&six.map(|v| v - 0.5), &six, 0.95, 200, &Stream::new(1, "aso")).unwrap();
    assert_eq!(lost.eps_min, 1.0);
}

/// Bonferroni over k (k - 1) / 2 comparisons.
#[test]
fn aso_confidence_grows_with_the_number_of_models() {
    same(aso_confidence(2, 0.95).unwrap(), 0.95);
    same(aso_confidence(5, 0.95).unwrap(), 0.995);
    assert!(aso_confidence(1, 0.95).is_err());
}

/// NumPy's mean, sd (ddof = 1) and median, `scipy.stats.t.interval(.95, 8, mean, sem)`, `trim_mean(.25)`.
#[test]
fn aggregate_seeds_matches_scipy() {
    let scores = [0.71, 0.74, 0.69, 0.75, 0.72, 0.78, 0.66, 0.73, 0.70];
    let s = aggregate_seeds(&scores, 0.95).unwrap();
    same(s.mean, 0.72);
    same(s.sd.unwrap(), 0.035_355_339_059_327_38);
    same(s.se.unwrap(), 0.011_785_113_019_775_794);
    let interval = s.interval.unwrap();
    same(interval.low, 0.692_823_480_642_548_5);
    same(interval.high, 0.747_176_519_357_451_4);
    same(s.median, 0.72);
    same(s.iqm, 0.72);
    assert_eq!((s.seeds, s.min, s.max, s.too_few), (9, 0.66, 0.78, false));
    assert!(aggregate_seeds(&scores[..4], 0.95).unwrap().too_few);
    assert!(!aggregate_seeds(&scores[..5], 0.95).unwrap().too_few);
    let one = aggregate_seeds(&[0.7], 0.95).unwrap();
    assert!(one.sd.is_none() && one.se.is_none() && one.interval.is_none());
    // A quarter of eight is cut from each end: the outlier does not count.
    let eight = [9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 100.0];
    same(aggregate_seeds(&eight, 0.95).unwrap().iqm, 4.5);
}

/// Scores split into effects of seed a, of example b, and the rest g (mean squares A, B, G): resampling both ways gives
/// the mean a variance of A/S + B/E + G/(SE); with examples of their own for every seed it is A/S + (B + G)/(SE).
#[test]
fn hierarchical_bootstrap_has_the_variance_of_its_levels() {
    let table: Vec<Vec<f64>> = (0..6_u32)
        .map(|s| (0..40_u32).map(|e| f64::from((s * 5 + e * 7 + s * e) % 11 + s + e % 4)).collect())
        .collect();
    let (seeds, examples) = (6.0, 40.0);
    let all = table.iter().flatten().sum::<f64>() / (seeds * examples);
    let of_seed: Vec<f64> =
        table.iter().map(|row| row.iter().sum::<f64>() / examples - all).collect();
    let of_example: Vec<f64> =
        (0..40).map(|e| table.iter().map(|row| row[e]).sum::<f64>() / seeds - all).collect();
    let a = of_seed.iter().map(|v| v * v).sum::<f64>() / seeds;
    let b = of_example.iter().map(|v| v * v).sum::<f64>() / examples;
    let rest = |s: usize, e: usize| table[s][e] - all - of_seed[s] - of_example[e];
    let g = (0..6).flat_map(|s| (0..40).map(move |e| (s, e))).map(|(s, e)| rest(s, e).powi(2));
    let g = g.sum::<f64>() / (seeds * examples);
    for (levels, variance) in [
        (Levels::Crossed, a / seeds + b / examples + g / (seeds * examples)),
        (Levels::Nested, a / seeds + (b + g) / (seeds * examples)),
    ] {
        let got = hierarchical_bootstrap(&table, levels, &resampled("levels", 40_000)).unwrap();
        same(got.estimate, all);
        within(got.se / variance.sqrt(), 1.0, 0.02);
    }
}

/// Two seeds, three examples, by hand: seeds 1 and 3 on average, examples 1, 2 and 3. MS_seeds = 3 * 2 = 6 (df 1), MS_examples = 2 * 1 = 2
/// (df 2), MS_both = 0 in the table that adds up. Crossed: (6 + 2 - 0) / 6 = 4 / 3; nested: 6 / 6 = 1 with one degree of freedom, where
/// t(.975, 1) = 12.706 204 736.
#[test]
fn the_mean_over_seeds_has_its_textbook_variance() {
    let table = [vec![0.0, 1.0, 2.0], vec![2.0, 3.0, 4.0]];
    let crossed = mean_over_seeds(&table, Levels::Crossed, 0.95).unwrap();
    same(crossed.mean, 2.0);
    same(crossed.se, (4.0_f64 / 3.0).sqrt());
    let nested = mean_over_seeds(&table, Levels::Nested, 0.95).unwrap();
    same(nested.se, 1.0);
    same(nested.df, 1.0);
    same(nested.interval.high, 2.0 + 12.706_204_736_432_095);
    // One seed, one example: Student's interval over what varies.
    let row = mean_over_seeds(&table[..1], Levels::Crossed, 0.95).unwrap();
    same(row.se, (1.0_f64 / 3.0).sqrt());
    same(row.df, 2.0);
    let column = mean_over_seeds(&[vec![1.0], vec![3.0]], Levels::Crossed, 0.95).unwrap();
    same(column.se, 1.0);
    assert!(mean_over_seeds(&[vec![1.0]], Levels::Crossed, 0.95).is_err());
}

/// Three seeds of which each has a true score of its own: quantiles of resamples cover far less than 95 %, Student's interval does not.
#[test]
fn with_three_seeds_the_t_interval_covers_and_the_bootstrap_does_not() {
    use rand_chacha::rand_core::Rng as _;

    const DRAWS: u64 = 600;
    let stream = Stream::new(22, "seeds cover");
    let (mut of_t, mut of_bootstrap) = (0_u64, 0_u64);
    for number in 0..DRAWS {
        let mut rng = stream.at(number);
        let mut uniform = || (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let examples: Vec<f64> = (0..40).map(|_| normal()).collect();
        let table: Vec<Vec<f64>> = (0..3)
            .map(|_| {
                let seed = 0.5 * normal();
                examples.iter().map(|e| e + seed + 0.5 * normal()).collect()
            })
            .collect();
        let holds = |low: f64, high: f64| u64::from(low <= 0.0 && 0.0 <= high);
        let t = mean_over_seeds(&table, Levels::Crossed, 0.95).unwrap().interval;
        of_t += holds(t.low, t.high);
        let drawn = hierarchical_bootstrap(&table, Levels::Crossed, &resampled("cover", 200));
        let drawn = drawn.unwrap().interval;
        of_bootstrap += holds(drawn.low, drawn.high);
    }
    let [of_t, of_bootstrap] = [of_t, of_bootstrap].map(|hits| hits as f64 / DRAWS as f64);
    // Standard error .009 at .95.
    assert!((0.925..=0.985).contains(&of_t), "t {of_t}");
    assert!(of_bootstrap < 0.91, "bootstrap {of_bootstrap}");
}
