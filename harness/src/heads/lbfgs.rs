//! Minimising a smooth function: L-BFGS (Nocedal & Wright 2006, algorithms 7.4 and 7.5) with backtracking.

/// Steps that the curvature is estimated from.
const MEMORY: usize = 10;
/// Sufficient decrease (Nocedal & Wright 2006, eq. 3.6a).
const DECREASE: f64 = 1e-4;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) iterations: usize,
    /// Largest absolute component of the gradient at the end.
    pub(crate) gradient: f64,
}

/// What a step has to promise, relative to the value: less drowns in the rounding of float32 sums.
const PROMISE: f64 = 1e-10;

/// Replaces a gradient by the step that an estimate of the curvature makes of it.
type Solve<'a> = &'a dyn Fn(&mut [f64]);

/// Moves, turns of the gradient and 1 / their product, the oldest first.
type History = std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)>;

/// Moves `x` to a minimum of `function`, which fills the gradient and returns the value. Stops at the limits, or where
/// rounding leaves nothing to gain. `solve` replaces a gradient by the step that an estimate of the curvature makes of it; without
/// one, steps begin as steepest descent.
pub(crate) fn minimise(
    x: &mut [f64],
    limits: Limits,
    solve: Option<Solve<'_>>,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
) {
    let n = x.len();
    let (mut gradient, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut next = vec![0.0; n];
    let mut history = History::new();
    let mut value = function(x, &mut gradient);
    for _ in 0..limits.iterations {
        if gradient.iter().all(|g| g.abs() <= limits.gradient) {
            return;
        }
        let mut direction = descent(&gradient, &history, solve);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            // The estimate of the curvature went wrong: start it again.
            history.clear();
            direction = descent(&gradient, &history, solve);
            slope = dot(&direction, &gradient);
        }
        if -slope <= PROMISE * value.abs() {
            return;
        }
        let mut length = match solve {
            None if history.is_empty() => 1.0 / dot(&gradient, &gradient).sqrt().max(1.0),
            _ => 1.0,
        };
        let accepted = loop {
            for ((to, from), step) in next.iter_mut().zip(x.iter()).zip(&direction) {
                *to = from + length * step;
            }
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + DECREASE * length * slope {
                break Some(next_value);
            }
            length *= 0.5;
            if length < 1e-12 {
                break None;
            }
        };
        let Some(next_value) = accepted else { return };
        let moved: Vec<f64> = next.iter().zip(x.iter()).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &turned);
        if curvature > 1e-12 * dot(&turned, &turned).sqrt() * dot(&moved, &moved).sqrt() {
            if history.len() == MEMORY {
                history.pop_front();
            }
            history.push_back((moved, turned, 1.0 / curvature));
        }
        x.copy_from_slice(&next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = next_value;
    }
}

/// Two-loop recursion.
fn descent(gradient: &[f64], history: &History, solve: Option<Solve<'_>>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut weights = Vec::with_capacity(history.len());
    for (moved, turned, rho) in history.iter().rev() {
        let weight = rho * dot(moved, &q);
        q.iter_mut().zip(turned).for_each(|(q, t)| *q -= weight * t);
        weights.push(weight);
    }
    // The step that would have undone the last turn of the gradient, scaled so that it has the length of the last move.
    let solved = |mut vector: Vec<f64>| {
        if let Some(solve) = solve {
            solve(&mut vector);
        }
        vector
    };
    q = solved(q);
    if let Some((_, turned, rho)) = history.back() {
        let scale = 1.0 / (rho * dot(turned, &solved(turned.clone())));
        for q in &mut q {
            *q *= scale;
        }
    }
    for ((moved, turned, rho), weight) in history.iter().zip(weights.iter().rev()) {
        let correction = weight - rho * dot(turned, &q);
        q.iter_mut().zip(moved).for_each(|(q, m)| *q += correction * m);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(solve: Option<Solve<'_>>) -> [f64; 2] {
        let mut x = [-1.2, 1.0];
        minimise(&mut x, Limits { iterations: 200, gradient: 1e-10 }, solve, |x, g| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            (g[0], g[1]) = (-2.0 * a - 400.0 * x[0] * b, 200.0 * b);
            a * a + 100.0 * b * b
        });
        x
    }

    #[test]
    fn rosenbrocks_valley_with_and_without_curvature() {
        // The curvature at the minimum, [[802, -400], [-400, 200]], solved.
        let solve = |g: &mut [f64]| {
            let determinant = 802.0 * 200.0 - 400.0 * 400.0;
            let step = [200.0 * g[0] + 400.0 * g[1], 400.0 * g[0] + 802.0 * g[1]];
            (g[0], g[1]) = (step[0] / determinant, step[1] / determinant);
        };
        for x in [rosenbrock(None), rosenbrock(Some(&solve))] {
            assert!((x[0] - 1.0).abs() < 1e-8 && (x[1] - 1.0).abs() < 1e-8, "{x:?}");
        }
    }
}
