//! L-BFGS with a line search for the strong Wolfe conditions.
//!
//! Nocedal and Wright, Numerical Optimization (2nd edition): algorithms 7.4 (two loops), 7.5, 3.5 (line search) and 3.6 (zoom, with
//! cubic interpolation, equation 3.59). Sums over long vectors are taken over pieces of fixed length in a fixed order, so that no
//! number of threads changes a bit.

use std::collections::VecDeque;

use rayon::prelude::*;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    pub max_iterations: usize,
    /// Largest partial derivative.
    pub tolerance: f64,
}

/// Where the search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    pub x: Vec<f64>,
    pub value: f64,
    pub iterations: usize,
    /// Whether the gradient is below the tolerance, or the value cannot fall further.
    pub converged: bool,
}

/// Pairs kept: 10, or 5 where the vectors are long.
fn memory(dimension: usize) -> usize {
    if dimension > 1_000_000 { 5 } else { 10 }
}

/// Relative fall of the value below which it counts as the same.
const FLAT: f64 = 1e-9;
/// Constants of the Wolfe conditions.
const C1: f64 = 1e-4;
const C2: f64 = 0.9;
/// Evaluations in one line search.
const MAX_SEARCH: usize = 25;

/// One place on the line.
#[derive(Debug, Clone, Copy)]
struct Place {
    step: f64,
    value: f64,
    slope: f64,
}

/// Minimises `function`, which fills the gradient at `x` and returns the value. `each` sees (iteration, value) and may stop with an
/// error.
pub fn minimise<E>(
    start: Vec<f64>,
    stop: Stop,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
    mut each: impl FnMut(usize, f64) -> Result<(), E>,
) -> Result<Minimum, E> {
    let n = start.len();
    let mut x = start;
    let mut gradient = vec![0.0; n];
    let mut value = function(&x, &mut gradient);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    let (mut next, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut direction = vec![0.0; n];

    for iteration in 0..stop.max_iterations {
        each(iteration, value)?;
        if largest(&gradient) <= stop.tolerance {
            return Ok(Minimum { x, value, iterations: iteration, converged: true });
        }
        descend(&gradient, &pairs, &mut direction);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            // Rounding has spoilt the pairs: start again from the steepest descent.
            pairs.clear();
            descend(&gradient, &pairs, &mut direction);
            slope = dot(&gradient, &direction);
        }
        let first = if pairs.is_empty() { 1.0 / slope.abs().sqrt().max(1e-300) } else { 1.0 };
        let place = search(value, slope, first, |step| {
            add(&x, step, &direction, &mut next);
            let value = function(&next, &mut next_gradient);
            Place { step, value, slope: dot(&next_gradient, &direction) }
        });
        // Not even a tiny step goes down: as low as rounding allows.
        let Some(place) = place else {
            return Ok(Minimum { x, value, iterations: iteration, converged: true });
        };

        let mut pair = if pairs.len() == memory(n) { pairs.pop_front() } else { None }
            .unwrap_or_else(|| (vec![0.0; n], vec![0.0; n], 0.0));
        add(&next, -1.0, &x, &mut pair.0);
        add(&next_gradient, -1.0, &gradient, &mut pair.1);
        pair.2 = dot(&pair.0, &pair.1);
        if pair.2 > f64::EPSILON * dot(&pair.1, &pair.1) {
            pairs.push_back(pair);
        }
        let fall = value - place.value;
        std::mem::swap(&mut x, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = place.value;
        if fall <= FLAT * value.abs().max(1e-12) {
            return Ok(Minimum { x, value, iterations: iteration + 1, converged: true });
        }
    }
    let converged = largest(&gradient) <= stop.tolerance;
    Ok(Minimum { x, value, iterations: stop.max_iterations, converged })
}

/// Algorithm 7.4: `direction = -H gradient`.
fn descend(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>, f64)>, direction: &mut [f64]) {
    direction.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE)).for_each(|(d, g)| {
        for (d, g) in d.iter_mut().zip(g) {
            *d = -g;
        }
    });
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y, sy) in pairs.iter().rev() {
        let alpha = dot(s, direction) / sy;
        add_to(direction, -alpha, y);
        alphas.push(alpha);
    }
    if let Some((_, y, sy)) = pairs.back() {
        let scale = sy / dot(y, y);
        direction.par_chunks_mut(PIECE).flatten().for_each(|d| *d *= scale);
    }
    for ((s, y, sy), alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = dot(y, direction) / sy;
        add_to(direction, alpha - beta, s);
    }
}

/// Algorithm 3.5. The last place evaluated is the one returned; nothing where no step goes down.
fn search(value: f64, slope: f64, first: f64, mut at: impl FnMut(f64) -> Place) -> Option<Place> {
    let origin = Place { step: 0.0, value, slope };
    let high =
        |place: &Place| place.value.is_nan() || place.value > value + C1 * place.step * slope;
    let mut before = origin;
    let mut place = at(first);
    for round in 1..MAX_SEARCH {
        if high(&place) || (round > 1 && place.value >= before.value) {
            return zoom(before, place, MAX_SEARCH - round, slope, high, at);
        }
        if place.slope.abs() <= -C2 * slope {
            return Some(place);
        }
        if place.slope >= 0.0 {
            return zoom(place, before, MAX_SEARCH - round, slope, high, at);
        }
        before = place;
        place = at(2.0 * place.step);
    }
    (!high(&place)).then_some(place)
}

/// Algorithm 3.6: `low` is the best place so far that goes down enough, and the interval to `other` holds a good one.
fn zoom(
    mut low: Place,
    mut other: Place,
    rounds: usize,
    slope: f64,
    high: impl Fn(&Place) -> bool,
    mut at: impl FnMut(f64) -> Place,
) -> Option<Place> {
    for _ in 0..rounds {
        let place = at(between(&low, &other));
        if high(&place) || place.value >= low.value {
            other = place;
        } else {
            if place.slope.abs() <= -C2 * slope {
                return Some(place);
            }
            if place.slope * (other.step - low.step) >= 0.0 {
                other = low;
            }
            low = place;
        }
    }
    // Not good, but lower than before. It is evaluated again, to be the last one.
    (low.step > 0.0).then(|| at(low.step))
}

/// The minimum of the cubic through both ends (3.59), or the middle where it lies too near an end.
fn between(a: &Place, b: &Place) -> f64 {
    let width = b.step - a.step;
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.step - b.step);
    let d2 = (d1 * d1 - a.slope * b.slope).sqrt().copysign(width);
    let step = b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    let share = (step - a.step) / width;
    if (0.1..=0.9).contains(&share) { step } else { a.step + 0.5 * width }
}

/// Length of the pieces that sums are taken over.
const PIECE: usize = 1 << 14;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let piece = |(a, b): (&[f64], &[f64])| -> f64 {
        // Eight sums side by side, so that the processor can add several at once.
        let mut sums = [0.0; 8];
        let (heads_a, tail_a) = a.as_chunks::<8>();
        let (heads_b, tail_b) = b.as_chunks::<8>();
        for (a, b) in heads_a.iter().zip(heads_b) {
            for i in 0..8 {
                sums[i] += a[i] * b[i];
            }
        }
        sums.iter().sum::<f64>() + tail_a.iter().zip(tail_b).map(|(a, b)| a * b).sum::<f64>()
    };
    let sums: Vec<f64> = a.par_chunks(PIECE).zip(b.par_chunks(PIECE)).map(piece).collect();
    sums.iter().sum()
}

/// `into = a + factor * b`.
fn add(a: &[f64], factor: f64, b: &[f64], into: &mut [f64]) {
    let pieces = into.par_chunks_mut(PIECE).zip(a.par_chunks(PIECE)).zip(b.par_chunks(PIECE));
    pieces.for_each(|((into, a), b)| {
        for ((into, a), b) in into.iter_mut().zip(a).zip(b) {
            *into = a + factor * b;
        }
    });
}

/// `into += factor * b`.
fn add_to(into: &mut [f64], factor: f64, b: &[f64]) {
    into.par_chunks_mut(PIECE).zip(b.par_chunks(PIECE)).for_each(|(into, b)| {
        for (into, b) in into.iter_mut().zip(b) {
            *into += factor * b;
        }
    });
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, v| v.abs().max(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STOP: Stop = Stop { max_iterations: 500, tolerance: 1e-9 };

    fn run(start: &[f64], function: impl FnMut(&[f64], &mut [f64]) -> f64) -> Minimum {
        minimise(start.to_vec(), STOP, function, |_, _| Ok::<(), ()>(())).unwrap()
    }

    /// Rosenbrock's valley; its minimum is 0 at (1, 1).
    #[test]
    fn finds_the_end_of_rosenbrocks_valley() {
        let end = run(&[-1.2, 1.0], |x, g| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        });
        assert!(end.converged && end.iterations < 60, "{end:?}");
        assert!(end.x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{end:?}");
    }

    #[test]
    fn the_value_never_rises_and_an_error_stops() {
        let mut values = Vec::new();
        let quartic = |x: &[f64], g: &mut [f64]| {
            g[0] = 4.0 * (x[0] - 3.0).powi(3);
            (x[0] - 3.0).powi(4)
        };
        let see = |_, value| {
            values.push(value);
            if values.len() < 12 { Ok(()) } else { Err("enough") }
        };
        assert_eq!(minimise(vec![1e3], STOP, quartic, see), Err("enough"));
        assert!(values.windows(2).all(|w| w[1] < w[0]), "{values:?}");
    }

    proptest! {
        /// A quadratic with known minimum, of condition number up to 10,000.
        #[test]
        fn finds_the_minimum_of_quadratics(
            target in prop::collection::vec(-10.0..10.0_f64, 1..30),
            powers in prop::collection::vec(-2.0..2.0_f64, 30),
        ) {
            let end = run(&vec![0.0; target.len()], |x, g| {
                let mut value = 0.0;
                for i in 0..x.len() {
                    let (curve, off) = (10.0_f64.powf(powers[i]), x[i] - target[i]);
                    g[i] = curve * off;
                    value += 0.5 * curve * off * off;
                }
                value
            });
            prop_assert!(end.value < 1e-8, "{:?}", end);
        }
    }
}
