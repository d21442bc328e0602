//! Precision and F1 of one class, and equivalence, on examples in clusters: the level of the tests, the coverage of the intervals.

use super::draw::{beyond_the_margin, level_and_coverage};
use super::world::Rates;
use super::{World, told, within};
use crate::definition::dataset::Metric;

/// Two models with a precision of .769, of which one gives the class nearly twice as often.
const SAME_PRECISION: [Rates; 2] =
    [Rates { right: 0.5, wrong: 0.1 }, Rates { right: 0.9, wrong: 0.18 }];

/// Two models with an F1 of 20 / 33: .4 / (.2 + .06 + .4) and .72 / (.36 + .428 + .4).
const SAME_F1: [Rates; 2] =
    [Rates { right: 0.5, wrong: 0.1 }, Rates { right: 0.9, wrong: 0.428 / 0.6 }];

/// Models that give the class alike.
const ALIKE: [Rates; 2] = [Rates { right: 0.7, wrong: 0.2 }; 2];

fn cells() -> [(&'static str, Metric, [Rates; 2]); 4] {
    [
        ("precision, rates alike", Metric::Precision, ALIKE),
        ("precision, one model says it twice as often", Metric::Precision, SAME_PRECISION),
        ("F1, rates alike", Metric::F1, ALIKE),
        ("F1, one model says it twice as often", Metric::F1, SAME_F1),
    ]
}

/// Level and coverage of every cell with so many clusters.
fn one_class(clusters: usize, draws: usize) -> [Vec<(String, f64)>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for (what, metric, rates) in cells() {
        let what = format!("{what}, {clusters} clusters of 5");
        let world = World::of_one_class(clusters, metric, rates);
        let [level, held] = level_and_coverage(&world, &what, draws);
        let told_as = |kind: &str, hits| told(&format!("{what}: {kind}"), hits, draws);
        found[0].push((what.clone(), told_as("level", level)));
        found[1].push((what.clone(), told_as("coverage", held)));
    }
    found
}

/// Rates at which models that differ by the margin are said to be equivalent or not inferior.
fn margins(clusters: usize, draws: usize) -> Vec<(String, f64)> {
    let margin = 0.05;
    let mut world = World::equal(clusters, 5, 2);
    world.better[1] = -margin;
    let what = format!("5 points apart, {clusters} clusters of 5");
    let [equivalent, inferior] = beyond_the_margin(&world, margin, &what, draws);
    [("equivalent", equivalent), ("not inferior", inferior)]
        .map(|(kind, hits)| {
            let what = format!("{what}: {kind}");
            (what.clone(), told(&what, hits, draws))
        })
        .to_vec()
}

/// Standard error of .95 in 1,000 draws: .007. With quantiles of the cluster bootstrap the level was .085 and the coverage .895.
#[test]
fn precision_and_f1_on_clusters_hold() {
    let [levels, coverages] = one_class(40, 1_000);
    within(0.03..=0.08, &levels);
    within(0.92..=0.975, &coverages);
}

/// Standard error of a share of .05 in 400 draws: .011.
#[test]
fn few_draws_of_margins_hold() {
    within(0.0..=0.083, &margins(40, 400));
}

#[cfg(feature = "slow-tests")]
#[test]
fn one_class_and_margins_hold() {
    for clusters in [15, 237] {
        let [levels, coverages] = one_class(clusters, 1_000);
        within(0.02..=0.08, &levels);
        within(0.92..=0.985, &coverages);
        within(0.0..=0.07, &margins(clusters, 1_000));
    }
}
