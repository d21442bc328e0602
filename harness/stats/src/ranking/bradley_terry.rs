//! Abilities of models from who beats whom how often.

use crate::error::{Result, StatsError, rectangular};

/// Maximum likelihood abilities.
#[derive(Debug, Clone, PartialEq)]
pub struct BradleyTerry {
    /// Log ability; the reference is 0.
    pub log_ability: Vec<f64>,
    /// From the inverse observed information; the reference has 0 by construction.
    pub se: Vec<f64>,
}

/// Bradley & Terry 1952: `P(i beats j) = 1 / (1 + exp(b_j - b_i))`, `wins[i][j]` = how often i beat j (ties as halves).
///
/// Maximum likelihood by Newton's method. Refused when the models are not strongly connected by wins: then an ability is
/// infinite (Ford 1957).
pub fn bradley_terry(wins: &[Vec<f64>], reference: usize) -> Result<BradleyTerry> {
    let k = rectangular("wins", wins, 2)?;
    if k != wins.len() {
        return Err(StatsError::Ragged { argument: "wins", row: 0, expected: wins.len(), got: k });
    }
    if let Some(bad) = wins.iter().flatten().find(|w| **w < 0.0) {
        return Err(StatsError::OutOfRange {
            argument: "wins",
            value: *bad,
            allowed: "counts of at least 0",
        });
    }
    if reference >= k {
        return Err(StatsError::OutOfRange {
            argument: "reference",
            value: reference as f64,
            allowed: "the 0-based index of a model",
        });
    }
    strongly_connected(wins)?;
    let free: Vec<usize> = (0..k).filter(|&i| i != reference).collect();
    let mut ability = vec![0.0; k];
    let log_likelihood = |b: &[f64]| -> f64 {
        let mut sum = 0.0;
        for i in 0..k {
            for j in 0..k {
                if i != j && wins[i][j] > 0.0 {
                    sum -= wins[i][j] * (b[j] - b[i]).exp().ln_1p();
                }
            }
        }
        sum
    };
    let mut inverse = Vec::new();
    let mut current = log_likelihood(&ability);
    for _ in 0..500 {
        let (gradient, information) = derivatives(wins, &ability, &free);
        inverse = invert(information)?;
        let step: Vec<f64> =
            inverse.iter().map(|row| row.iter().zip(&gradient).map(|(a, g)| a * g).sum()).collect();
        let mut scale = 1.0;
        let mut moved = ability.clone();
        // Halve the step until the likelihood does not fall.
        for _ in 0..60 {
            for (place, &i) in free.iter().enumerate() {
                moved[i] = ability[i] + scale * step[place];
            }
            let next = log_likelihood(&moved);
            if next >= current - 1e-12 * current.abs() {
                current = next;
                break;
            }
            scale *= 0.5;
        }
        ability = moved;
        if step.iter().all(|s| (s * scale).abs() < 1e-13) {
            break;
        }
    }
    let mut se = vec![0.0; k];
    for (place, &i) in free.iter().enumerate() {
        se[i] = inverse[place][place].sqrt();
    }
    Ok(BradleyTerry { log_ability: ability, se })
}

fn derivatives(wins: &[Vec<f64>], ability: &[f64], free: &[usize]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let win = |i: usize, j: usize| 1.0 / (1.0 + (ability[j] - ability[i]).exp());
    let mut gradient = vec![0.0; free.len()];
    let mut information = vec![vec![0.0; free.len()]; free.len()];
    for (row, &i) in free.iter().enumerate() {
        for j in (0..wins.len()).filter(|&j| j != i) {
            let games = wins[i][j] + wins[j][i];
            let p = win(i, j);
            gradient[row] += wins[i][j] - games * p;
            let weight = games * p * (1.0 - p);
            information[row][row] += weight;
            if let Some(column) = free.iter().position(|&f| f == j) {
                information[row][column] -= weight;
            }
        }
    }
    (gradient, information)
}

/// Inverse of a positive definite matrix by Gauss-Jordan with partial pivoting.
fn invert(mut matrix: Vec<Vec<f64>>) -> Result<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut inverse: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, pivot);
        inverse.swap(column, pivot);
        let diagonal = matrix[column][column];
        if diagonal.abs() < 1e-300 {
            return Err(StatsError::Separation { model: column });
        }
        for j in 0..n {
            matrix[column][j] /= diagonal;
            inverse[column][j] /= diagonal;
        }
        for row in (0..n).filter(|&r| r != column) {
            let factor = matrix[row][column];
            if factor != 0.0 {
                for j in 0..n {
                    let (m, v) = (matrix[column][j], inverse[column][j]);
                    matrix[row][j] -= factor * m;
                    inverse[row][j] -= factor * v;
                }
            }
        }
    }
    Ok(inverse)
}

/// Every model must reach every other through wins (Ford 1957).
fn strongly_connected(wins: &[Vec<f64>]) -> Result<()> {
    let reach = |edge: &dyn Fn(usize, usize) -> bool| {
        let mut seen = vec![false; wins.len()];
        let mut stack = vec![0];
        seen[0] = true;
        while let Some(i) = stack.pop() {
            for (j, seen) in seen.iter_mut().enumerate() {
                if i != j && !*seen && edge(i, j) {
                    *seen = true;
                    stack.push(j);
                }
            }
        }
        seen
    };
    let forward = reach(&|i, j| wins[i][j] > 0.0);
    let backward = reach(&|i, j| wins[j][i] > 0.0);
    match (0..wins.len()).find(|&i| !forward[i] || !backward[i]) {
        Some(model) => Err(StatsError::Separation { model }),
        None => Ok(()),
    }
}
