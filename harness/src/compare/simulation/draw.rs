//! Many draws of a world: what is counted.

use eval_stats::rng::Stream;
use rayon::prelude::*;

use super::World;
use super::world::TRUTH;
use crate::compare::{Column, Comparison, Options};
use crate::compare::{Outcome, Verdict, compare, tests::options};

/// Resamples where none is looked at: McNemar's test, exact sign flips and the t test draw nothing.
const FEW: usize = 20;

/// The models of one draw, compared.
fn compared(field: &Comparison, options: &Options) -> Outcome {
    let column = Column {
        benchmark: field.benchmark.clone(),
        task: Some("simulated".to_owned()),
        cultures: Vec::new(),
        aggregate: Vec::new(),
    };
    let fields = std::slice::from_ref(field);
    let mut report =
        compare(("s", "S"), fields, std::slice::from_ref(&column), Vec::new(), options).unwrap();
    report.benchmarks.remove(0)
}

/// Sums of what `one` counts in each draw.
fn sums<const N: usize>(
    world: &World,
    (name, draws): (&str, usize),
    one: impl Fn(&Comparison, &Stream) -> [f64; N] + Sync,
) -> [f64; N] {
    let stream = Stream::new(20_261_130, name);
    (0..draws as u64)
        .into_par_iter()
        .map(|number| one(&world.draw(&stream, number), &stream))
        .reduce(|| [0.0; N], |a, b| std::array::from_fn(|i| a[i] + b[i]))
}

/// How often the intervals of the first model's score and of its difference to the second hold the truth.
pub(super) fn covered(world: &World, name: &str, draws: usize) -> [f64; 2] {
    // Only the percentile interval of one seed on many clusters is read off resamples.
    let resamples = if world.seeds == 1 && world.clusters >= 30 { 400 } else { FEW };
    let options = Options { resamples, ..options() };
    let difference = world.better[0] - world.better[1];
    sums(world, (name, draws), |field, stream| {
        let own = world.interval(field, 0, stream);
        let pair = &compared(field, &options).pairs[0];
        let truth = TRUTH + world.better[0];
        let of_pair =
            pair.interval.as_ref().is_some_and(|i| i.low <= difference && difference <= i.high);
        [f64::from(u8::from(own.low <= truth && truth <= own.high)), f64::from(u8::from(of_pair))]
    })
}

/// In how many draws some verdict on equal models names a better one.
pub(super) fn wrong(world: &World, name: &str, draws: usize) -> f64 {
    let options = Options { resamples: FEW, ..options() };
    let [wrong] = sums(world, (name, draws), |field, _| {
        let found = compared(field, &options);
        let any = found.pairs.iter().any(|p| p.verdict != Verdict::Undecided);
        [f64::from(u8::from(any))]
    });
    wrong
}

/// What is printed as detectable for the first pair, on average, and in how many draws a difference of that size reaches the
/// first step of the correction.
pub(super) fn detected(world: &World, name: &str, draws: usize) -> (f64, f64) {
    let options = Options { resamples: FEW, ..options() };
    let mut world = world.clone();
    let mut printed = 0.05;
    // What is printed depends a little on the truth: twice around.
    for round in 0..3 {
        // Worse, and not better: right with more than certainty there is not.
        world.better[1] = -printed;
        let few = (draws / 4).max(50);
        let [sum, count] = sums(&world, (&format!("{name} {round}"), few), |field, _| {
            match compared(field, &options).pairs[0].minimum_detectable {
                Some(detectable) => [detectable, 1.0],
                None => [0.0, 0.0],
            }
        });
        printed = sum / count;
    }
    world.better[1] = -printed;
    let pairs = (world.better.len() * (world.better.len() - 1) / 2) as f64;
    let [found] = sums(&world, (name, draws), |field, _| {
        let pair = &compared(field, &options).pairs[0];
        [f64::from(u8::from(pair.p * pairs <= options.alpha && pair.difference > 0.0))]
    });
    (printed, found)
}

/// How often two models with the same score by a metric of one class differ significantly, and how often the interval of their
/// difference holds 0.
pub(super) fn level_and_coverage(world: &World, name: &str, draws: usize) -> [f64; 2] {
    let options = Options { resamples: FEW, ..options() };
    sums(world, (name, draws), |field, _| {
        let found = compared(field, &options);
        assert_eq!(found.test.name, "mixed-t", "no resample is looked at");
        let pair = &found.pairs[0];
        let holds = pair.interval.as_ref().is_some_and(|i| i.low <= 0.0 && 0.0 <= i.high);
        [f64::from(u8::from(pair.p <= options.alpha)), f64::from(u8::from(holds))]
    })
}

/// How often models that differ by exactly the margin are said to be equivalent, and the worse one to be not inferior.
pub(super) fn beyond_the_margin(world: &World, margin: f64, name: &str, draws: usize) -> [f64; 2] {
    let options = Options {
        resamples: 400,
        margin: Some(margin),
        non_inferior: Some(margin),
        baseline: Some("m00".to_owned()),
        ..options()
    };
    sums(world, (name, draws), |field, _| {
        let pair = &compared(field, &options).pairs[0];
        let equivalent = pair.equivalence.as_ref().is_some_and(|e| e.p <= options.alpha);
        let inferior = pair.non_inferiority.as_ref().is_some_and(|n| n.p <= options.alpha);
        [f64::from(u8::from(equivalent)), f64::from(u8::from(inferior))]
    })
}
