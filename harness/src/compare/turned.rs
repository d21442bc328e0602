//! Metrics for which a lower score is better. Models are compared by negated values, and the sign is restored in what
//! is shown.

use super::result::{Ends, Outcome, Pair};

/// The outcome in the units of the metric.
pub(super) fn outcome(mut outcome: Outcome) -> Outcome {
    for model in &mut outcome.models {
        model.value = -model.value;
        for value in &mut model.of_seeds {
            *value = -*value;
        }
    }
    outcome.pairs = outcome.pairs.iter().map(pair).collect();
    outcome
}

/// A pair in the units of the metric. Its verdict stays: it says which model is better.
pub(super) fn pair(pair: &Pair) -> Pair {
    let mut pair = pair.clone();
    (pair.score_a, pair.score_b) = (-pair.score_a, -pair.score_b);
    pair.difference = -pair.difference;
    if let Some(Ends { low, high, .. }) = &mut pair.interval {
        (*low, *high) = (-*high, -*low);
    }
    for effect in &mut pair.effects {
        *effect = effect.turned();
    }
    for culture in pair.cultures.iter_mut().flat_map(|cultures| &mut cultures.differences) {
        culture.difference = -culture.difference;
        (culture.low, culture.high) = (-culture.high, -culture.low);
        culture.simultaneous = culture.simultaneous.map(super::Interval::turned);
    }
    pair
}
