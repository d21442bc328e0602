//! The minimum of a smooth function of few variables, and its curvature there.

/// Steps of the search.
const MOST_STEPS: usize = 200;
/// Width of a difference quotient.
const WIDTH: f64 = 1e-4;
/// A gradient this small, in units of the function a unit of the variables, is none.
const FLAT: f64 = 1e-4;

/// The minimum by BFGS with backtracking (Nocedal & Wright 2006, algorithm 6.1), the gradient by central differences; none
/// where the search does not end.
pub(super) fn minimise(start: &[f64], of: impl Fn(&[f64]) -> f64) -> Option<Vec<f64>> {
    let n = start.len();
    let mut at = start.to_vec();
    let (mut value, mut slope) = (of(&at), gradient(&at, &of));
    // The first step is as long as the gradient is steep: one unit.
    let first = 1.0 / norm(&slope).max(1.0);
    let mut inverse = identity(n, first);
    for _ in 0..MOST_STEPS {
        if norm(&slope) < FLAT {
            return Some(at);
        }
        let mut way: Vec<f64> = inverse.iter().map(|row| -dot(row, &slope)).collect();
        if dot(&way, &slope) >= 0.0 {
            inverse = identity(n, first);
            way = slope.iter().map(|g| -first * g).collect();
        }
        let mut step = 1.0;
        let (next, lower) = loop {
            let next: Vec<f64> = at.iter().zip(&way).map(|(x, w)| x + step * w).collect();
            let lower = of(&next);
            if lower <= value + 1e-4 * step * dot(&way, &slope) {
                break (next, lower);
            }
            step *= 0.5;
            if step < 1e-10 {
                // No lower value along a descent: the minimum, as far as the differences can tell.
                return (norm(&slope) < 1e3 * FLAT).then_some(at);
            }
        };
        let turned = gradient(&next, &of);
        let moved: Vec<f64> = next.iter().zip(&at).map(|(a, b)| a - b).collect();
        let bend: Vec<f64> = turned.iter().zip(&slope).map(|(a, b)| a - b).collect();
        update(&mut inverse, &moved, &bend);
        (at, value, slope) = (next, lower, turned);
    }
    None
}

/// The inverse of the second derivatives at a minimum; none where they are not positive definite.
pub(super) fn covariance(at: &[f64], of: impl Fn(&[f64]) -> f64) -> Option<Vec<Vec<f64>>> {
    let n = at.len();
    let width = 1e-3;
    let moved = |a: usize, up: f64, b: usize, right: f64| {
        let mut there = at.to_vec();
        there[a] += up;
        there[b] += right;
        of(&there)
    };
    let derivative = |(a, b): (usize, usize)| {
        let corner = |up: f64, right: f64| moved(a, up * width, b, right * width);
        (corner(1.0, 1.0) - corner(1.0, -1.0) - corner(-1.0, 1.0) + corner(-1.0, -1.0))
            / (4.0 * width * width)
    };
    let mut second = vec![vec![0.0; n]; n];
    for (a, b) in (0..n).flat_map(|a| (a..n).map(move |b| (a, b))) {
        let value = derivative((a, b));
        (second[a][b], second[b][a]) = (value, value);
    }
    invert(second)
}

/// The inverse of a positive definite matrix by Gauss and Jordan; none where a pivot is not above 0.
fn invert(mut m: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = m.len();
    let mut inverse = identity(n, 1.0);
    for k in 0..n {
        let pivot = m[k][k];
        if !(pivot > 1e-6 && pivot.is_finite()) {
            return None;
        }
        for table in [&mut m, &mut inverse] {
            table[k].iter_mut().for_each(|cell| *cell /= pivot);
        }
        let (line, same) = (m[k].clone(), inverse[k].clone());
        for row in (0..n).filter(|row| *row != k) {
            let times = m[row][k];
            for (table, line) in [(&mut m, &line), (&mut inverse, &same)] {
                for (cell, l) in table[row].iter_mut().zip(line) {
                    *cell -= times * l;
                }
            }
        }
    }
    Some(inverse)
}

fn gradient(at: &[f64], of: &impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut there = at.to_vec();
    (0..at.len())
        .map(|k| {
            there[k] = at[k] + WIDTH;
            let up = of(&there);
            there[k] = at[k] - WIDTH;
            let down = of(&there);
            there[k] = at[k];
            (up - down) / (2.0 * WIDTH)
        })
        .collect()
}

/// The update of the inverse by Broyden, Fletcher, Goldfarb and Shanno; left out where the curvature is not positive.
fn update(inverse: &mut [Vec<f64>], moved: &[f64], bend: &[f64]) {
    let curvature = dot(moved, bend);
    if curvature <= 1e-12 {
        return;
    }
    let turned: Vec<f64> = inverse.iter().map(|row| dot(row, bend)).collect();
    let scale = (1.0 + dot(bend, &turned) / curvature) / curvature;
    for (a, row) in inverse.iter_mut().enumerate() {
        for (b, cell) in row.iter_mut().enumerate() {
            *cell += scale * moved[a] * moved[b]
                - (turned[a] * moved[b] + moved[a] * turned[b]) / curvature;
        }
    }
}

fn identity(n: usize, scale: f64) -> Vec<Vec<f64>> {
    (0..n).map(|a| (0..n).map(|b| if a == b { scale } else { 0.0 }).collect()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley (1960) ends at (1, 1); the inverse of its second derivatives there is [[.5, 1], [1, 2.005]].
    #[test]
    fn rosenbrocks_valley_and_its_curvature() {
        let of = |x: &[f64]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let found = minimise(&[-1.2, 1.0], of).unwrap();
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-3), "{found:?}");
        let covariance = covariance(&[1.0, 1.0], of).unwrap();
        assert!((covariance[0][0] - 0.5).abs() < 1e-3 && (covariance[1][1] - 2.005).abs() < 5e-3);
        assert!((covariance[0][1] - 1.0).abs() < 2e-3, "{covariance:?}");
        assert_eq!(super::covariance(&[0.0, 0.0], |x| -x[0] * x[0] - x[1] * x[1]), None);
    }
}
