//! Groups side by side: the multipliers, what small and equal groups make of a gap, shrinkage, and coverage.

use eval_stats::groups::{Groups, effective_units, shrink};
use eval_stats::interval::wilson;
use eval_stats::rng::{Generator, Stream, normal, uniform};

use crate::support::{same, within};

fn groups<'a>(values: &'a [f64], units: &'a [f64]) -> Groups<'a> {
    Groups { values, units, correlation: None }
}

#[test]
fn units_are_those_of_a_share() {
    // .8 of 100: the variance of a share is p (1 - p) / n.
    same(effective_units(0.8, 0.8 * 0.2 / 100.0, 100.0, 40.0), 100.0);
    // Clusters of copies: the variance is five times that.
    same(effective_units(0.8, 5.0 * 0.8 * 0.2 / 100.0, 100.0, 40.0), 20.0);
    // All right, and a smoothed F1 of almost 0: the resamples say nothing, the 40 examples of the class are left.
    same(effective_units(1.0, 0.0, 100.0, 40.0), 40.0);
    same(effective_units(1e-6, 1e-14, 105.0, 52.0), 52.0);
    // Never above two per example, never below one.
    same(effective_units(0.5, 1e-4, 100.0, 40.0), 200.0);
    same(effective_units(0.5, 0.0, 1.0, 0.0), 1.0);
}

#[test]
fn equal_groups_show_a_gap_and_the_test_says_that_it_is_none() {
    // 25 groups of 256 at .70: the mean range of 25 normals is 3.931 (tables), times sqrt(.21 / 256).
    let rng = &mut Stream::new(3, "equal").at(0);
    let values: Vec<f64> = (0..25).map(|_| share(rng, 256, 0.7)).collect();
    let found = groups(&values, &[256.0; 25]).compare(0.95, 4000, &Stream::new(1, "x")).unwrap();
    within(found.gap.expected, 3.931 * (0.21_f64 / 256.0).sqrt(), 0.004);
    assert!(found.gap.value > 0.07 && found.gap.p_equal > 0.1, "{:?}", found.gap);
    same(found.gap.low, 0.0);
    assert!(found.worst.low < found.worst.value && found.worst.high >= 0.7, "{:?}", found.worst);
    same(found.worst.value, values[found.worst.group]);
    same(found.gap.value, values[found.gap.best] - values[found.gap.worst]);
}

#[test]
fn unequal_groups_are_found() {
    let (values, units) = ([0.9, 0.6, 0.75], [300.0, 200.0, 12.0]);
    let found = groups(&values, &units).compare(0.95, 4000, &Stream::new(1, "x")).unwrap();
    assert!(found.gap.p_equal < 0.001 && found.gap.low > 0.15, "{:?}", found.gap);
    assert_eq!((found.gap.best, found.gap.worst, found.worst.group), (0, 1, 1));
    // The group of 12 may be the worst: it bounds the lower end.
    let alone = wilson(9, 12, 0.95).unwrap();
    same(found.worst.low, alone.low);
    for (ends, (value, n)) in found.simultaneous.iter().zip([(270, 300), (120, 200), (9, 12)]) {
        let plain = wilson(value, n, 0.95).unwrap();
        assert!(ends.0 < plain.low && ends.1 > plain.high, "simultaneous ends are wider");
    }
}

/// Two groups with one example set: the interval of the gap is that of one difference.
#[test]
fn groups_that_err_together_differ_less_by_chance() {
    let (values, units) = ([0.8, 0.74], [200.0, 200.0]);
    let together = [vec![1.0, 0.8], vec![0.8, 1.0]];
    let apart = groups(&values, &units).compare(0.95, 4000, &Stream::new(1, "x")).unwrap();
    let paired = Groups { correlation: Some(&together), ..groups(&values, &units) };
    let paired = paired.compare(0.95, 4000, &Stream::new(1, "x")).unwrap();
    assert!(apart.gap.p_equal > 0.1 && paired.gap.p_equal < 0.01);
    assert!(paired.gap.expected < 0.5 * apart.gap.expected);
    assert!(paired.gap.low > 0.0 && apart.gap.low == 0.0);
}

#[test]
fn groups_without_any_spread_are_no_error() {
    for value in [0.0, 1.0] {
        let found =
            groups(&[value; 4], &[20.0; 4]).compare(0.95, 500, &Stream::new(1, "x")).unwrap();
        assert_eq!((found.gap.value, found.gap.low, found.gap.p_equal), (0.0, 0.0, 1.0));
        assert!(found.gap.high > 0.0 && found.worst.high - found.worst.low > 0.1);
        for shrunken in shrink(&groups(&[value; 4], &[20.0; 4])).unwrap() {
            same(shrunken.value, value);
        }
    }
}

#[test]
fn small_groups_are_drawn_towards_the_others() {
    // Five large groups that differ, and one of four examples that is all right.
    let values = [0.9, 0.6, 0.75, 0.82, 0.66, 1.0];
    let units = [400.0, 400.0, 400.0, 400.0, 400.0, 4.0];
    let found = shrink(&groups(&values, &units)).unwrap();
    assert!(found[0].weight > 0.95 && (found[0].value - 0.9).abs() < 0.01);
    assert!(found[5].weight < 0.4 && found[5].value < 0.86 && found[5].value > 0.7, "{found:?}");
    // Groups that spread as equal ones do: nothing of their own is left.
    let rng = &mut Stream::new(8, "equal").at(1);
    let values: Vec<f64> = (0..40).map(|_| share(rng, 30, 0.7)).collect();
    let found = shrink(&groups(&values, &[30.0; 40])).unwrap();
    let spread = found.iter().map(|s| (s.value - found[0].value).abs()).fold(0.0, f64::max);
    let raw = values.iter().map(|v| (v - values[0]).abs()).fold(0.0, f64::max);
    assert!(spread < 0.5 * raw, "{spread} of {raw}");
    assert!(shrink(&groups(&[0.5, 0.6], &[9.0, 9.0])).is_err());
}

#[test]
fn what_is_no_group_is_refused() {
    let stream = Stream::new(1, "x");
    assert!(groups(&[0.5], &[9.0]).compare(0.95, 100, &stream).is_err());
    assert!(groups(&[0.5, 1.1], &[9.0, 9.0]).compare(0.95, 100, &stream).is_err());
    assert!(groups(&[0.5, 0.5], &[9.0, 0.0]).compare(0.95, 100, &stream).is_err());
    assert!(groups(&[0.5, 0.5], &[9.0]).compare(0.95, 100, &stream).is_err());
    assert!(groups(&[0.5, 0.5], &[9.0, 9.0]).compare(1.0, 100, &stream).is_err());
}

pub(crate) fn share(rng: &mut Generator, n: u32, p: f64) -> f64 {
    f64::from((0..n).filter(|_| uniform(rng) < p).count() as u32) / f64::from(n)
}

/// Groups of these sizes with these true shares; with `together`, examples are shared and their difficulty is common.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    pub(crate) sizes: Vec<u32>,
    pub(crate) shares: Vec<f64>,
}

/// How often each statement holds.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) gap: f64,
    pub(crate) worst: f64,
    pub(crate) simultaneous: f64,
    /// How often the test rejects.
    pub(crate) rejected: f64,
    pub(crate) mean_gap: f64,
    pub(crate) mean_excess: f64,
}

pub(crate) fn coverage(name: &str, design: &Design, runs: u64, draws: usize) -> Held {
    let (stream, mut held) = (Stream::new(5, name), Held::default());
    let ends =
        |v: &[f64]| v.iter().fold((f64::INFINITY, 0.0_f64), |t, v| (t.0.min(*v), t.1.max(*v)));
    let (least, most) = ends(&design.shares);
    let units: Vec<f64> = design.sizes.iter().map(|n| f64::from(*n)).collect();
    let yes = |statement: bool| if statement { 1.0 / runs as f64 } else { 0.0 };
    for run in 0..runs {
        let rng = &mut stream.at(run);
        let values: Vec<f64> =
            design.sizes.iter().zip(&design.shares).map(|(n, p)| share(rng, *n, *p)).collect();
        let found =
            groups(&values, &units).compare(0.95, draws, &stream.child(&run.to_string())).unwrap();
        let gap = most - least;
        held.gap += yes(found.gap.low <= gap + 1e-12 && gap <= found.gap.high);
        held.worst += yes(found.worst.low <= least && least <= found.worst.high);
        let all = found.simultaneous.iter().zip(&design.shares);
        held.simultaneous += yes(all.into_iter().all(|(i, p)| i.0 <= *p && *p <= i.1));
        held.rejected += yes(found.gap.p_equal <= 0.05);
        held.mean_gap += found.gap.value / runs as f64;
        held.mean_excess += (found.gap.value - found.gap.expected) / runs as f64;
    }
    held
}

/// One Monte-Carlo standard error is .010; the slow tests have more draws and shapes.
#[test]
fn intervals_of_equal_groups_cover() {
    let design = Design { sizes: vec![237; 5], shares: vec![0.7; 5] };
    let held = coverage("5 x 237", &design, 500, 1000);
    assert!(held.gap >= 0.92 && held.worst >= 0.93 && held.simultaneous >= 0.92, "{held:?}");
    assert!(held.rejected <= 0.08 && held.mean_gap > 0.06, "{held:?}");
    within(held.mean_excess, 0.0, 0.005);
}

/// Normal errors with a correlation, as a bootstrap over shared clusters gives them.
#[test]
fn the_test_of_equality_holds_with_shared_clusters() {
    let rho = 0.6_f64;
    let correlation: Vec<Vec<f64>> =
        (0..5).map(|i| (0..5).map(|j| if i == j { 1.0 } else { rho }).collect()).collect();
    let (stream, runs) = (Stream::new(6, "shared"), 500);
    let mut rejected = 0;
    for run in 0..runs {
        let rng = &mut stream.at(run);
        let common = normal(rng);
        let values: Vec<f64> = (0..5)
            .map(|_| {
                let error = rho.sqrt() * common + (1.0 - rho).sqrt() * normal(rng);
                0.7 + error * (0.21_f64 / 237.0).sqrt()
            })
            .collect();
        let shared = Groups { correlation: Some(&correlation), ..groups(&values, &[237.0; 5]) };
        let found = shared.compare(0.95, 1000, &stream.child(&run.to_string())).unwrap();
        rejected += u32::from(found.gap.p_equal <= 0.05);
    }
    let share = f64::from(rejected) / runs as f64;
    assert!((0.02..=0.08).contains(&share), "{share}");
}
