//! Orders of models: Bradley-Terry abilities, rank correlations, tie groups as compact letters, wins and losses.

use super::descriptive::midranks;
use super::error::{Result, StatsError, finite, rectangular, same_length};

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

/// Rank correlations of two score lists; `None` where a list does not vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankCorrelation {
    /// Kendall's tau-b, ties corrected (Kendall 1945).
    pub kendall_tau_b: Option<f64>,
    /// Pearson correlation of midranks.
    pub spearman_rho: Option<f64>,
}

/// Kendall's tau-b by merge counting (Knight 1966, O(n log n)) and Spearman's rho.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Result<RankCorrelation> {
    same_length("a", a.len(), "b", b.len())?;
    finite("a", a, 2)?;
    finite("b", b, 2)?;
    // Adding 0 joins -0 to 0, which the total order would keep apart.
    let (a, b): (Vec<f64>, Vec<f64>) = a.iter().zip(b).map(|(x, y)| (x + 0.0, y + 0.0)).unzip();
    let n = a.len();
    let pairs = |t: usize| t as f64 * (t as f64 - 1.0) / 2.0;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i].total_cmp(&a[j]).then(b[i].total_cmp(&b[j])));
    let runs = |same: &dyn Fn(usize, usize) -> bool| {
        let (mut sum, mut length) = (0.0, 1);
        for w in order.windows(2) {
            if same(w[0], w[1]) {
                length += 1;
            } else {
                sum += pairs(length);
                length = 1;
            }
        }
        sum + pairs(length)
    };
    let tied_a = runs(&|i, j| a[i] == a[j]);
    let tied_both = runs(&|i, j| a[i] == a[j] && b[i] == b[j]);
    let mut ys: Vec<f64> = order.iter().map(|&i| b[i]).collect();
    let swaps = merge_swaps(&mut ys);
    let (mut tied_b, mut length) = (0.0, 1);
    for w in ys.windows(2) {
        if w[0] == w[1] {
            length += 1;
        } else {
            tied_b += pairs(length);
            length = 1;
        }
    }
    tied_b += pairs(length);
    let all = pairs(n);
    let below = ((all - tied_a) * (all - tied_b)).sqrt();
    let above = all - tied_a - tied_b + tied_both - 2.0 * swaps;
    let (ra, rb) = (midranks(&a, 0.0).0, midranks(&b, 0.0).0);
    let centre = 0.5 * (n as f64 + 1.0);
    let dot = |x: &[f64], y: &[f64]| {
        x.iter().zip(y).map(|(p, q)| (p - centre) * (q - centre)).sum::<f64>()
    };
    let spread = (dot(&ra, &ra) * dot(&rb, &rb)).sqrt();
    Ok(RankCorrelation {
        kendall_tau_b: (below > 0.0).then(|| (above / below).clamp(-1.0, 1.0)),
        spearman_rho: (spread > 0.0).then(|| (dot(&ra, &rb) / spread).clamp(-1.0, 1.0)),
    })
}

/// Sorts and counts the exchanges of a bubble sort.
fn merge_swaps(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n < 2 {
        return 0.0;
    }
    let middle = n / 2;
    let mut swaps = merge_swaps(&mut values[..middle]) + merge_swaps(&mut values[middle..]);
    let mut merged = Vec::with_capacity(n);
    let (mut i, mut j) = (0, middle);
    while i < middle && j < n {
        if values[j] < values[i] {
            swaps += (middle - i) as f64;
            merged.push(values[j]);
            j += 1;
        } else {
            merged.push(values[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&values[i..middle]);
    merged.extend_from_slice(&values[j..]);
    values.copy_from_slice(&merged);
    swaps
}

/// Compact letter display (Piepho 2004, insert-absorb): two models share a letter exactly when they do not differ
/// significantly. `scores` orders the letters ("a" holds the best), `differs[i][j]` tells significance.
pub fn compact_letters(
    scores: &[f64],
    differs: &[Vec<bool>],
    higher_is_better: bool,
) -> Result<Vec<String>> {
    finite("scores", scores, 1)?;
    let k = scores.len();
    same_length("scores", k, "differs", differs.len())?;
    for (row, values) in differs.iter().enumerate() {
        if values.len() != k {
            return Err(StatsError::Ragged {
                argument: "differs",
                row,
                expected: k,
                got: values.len(),
            });
        }
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&i, &j| {
        if higher_is_better {
            scores[j].total_cmp(&scores[i])
        } else {
            scores[i].total_cmp(&scores[j])
        }
    });
    // Columns are sets of places in that order.
    let mut columns: Vec<Vec<bool>> = vec![vec![true; k]];
    for i in 0..k {
        for j in i + 1..k {
            if !(differs[order[i]][order[j]] || differs[order[j]][order[i]]) {
                continue;
            }
            let mut next: Vec<Vec<bool>> = Vec::new();
            for column in columns {
                if column[i] && column[j] {
                    let (mut first, mut second) = (column.clone(), column);
                    first[i] = false;
                    second[j] = false;
                    next.extend([first, second]);
                } else {
                    next.push(column);
                }
            }
            columns = absorb(next);
        }
    }
    columns.sort_by_key(|column| column.iter().map(|member| !member).collect::<Vec<bool>>());
    let mut letters = vec![String::new(); k];
    for (number, column) in columns.iter().enumerate() {
        for (place, member) in column.iter().enumerate() {
            if *member {
                letters[order[place]].push_str(&letter(number));
            }
        }
    }
    Ok(letters)
}

/// Drops columns contained in another.
fn absorb(columns: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
    let inside = |a: &[bool], b: &[bool]| a.iter().zip(b).all(|(x, y)| !x || *y);
    let mut kept: Vec<Vec<bool>> = Vec::new();
    for column in columns {
        if kept.iter().any(|other| inside(&column, other)) {
            continue;
        }
        kept.retain(|other| !inside(other, &column));
        kept.push(column);
    }
    kept
}

/// a..z, then a1, b1, ...
fn letter(number: usize) -> String {
    let first = char::from(b'a' + (number % 26) as u8);
    if number < 26 { first.to_string() } else { format!("{first}{}", number / 26) }
}

/// Benchmarks won, tied and lost by A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WinTieLoss {
    pub win: usize,
    pub tie: usize,
    pub loss: usize,
}

/// Counts benchmarks by the sign of A - B where p (already corrected) is at most alpha; the rest are ties.
pub fn win_tie_loss(differences: &[f64], p: &[f64], alpha: f64) -> Result<WinTieLoss> {
    same_length("differences", differences.len(), "p", p.len())?;
    finite("differences", differences, 1)?;
    finite("p", p, 1)?;
    let mut count = WinTieLoss { win: 0, tie: 0, loss: 0 };
    for (d, p) in differences.iter().zip(p) {
        if *p > alpha || *d == 0.0 {
            count.tie += 1;
        } else if *d > 0.0 {
            count.win += 1;
        } else {
            count.loss += 1;
        }
    }
    Ok(count)
}
