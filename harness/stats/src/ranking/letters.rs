//! Tie groups: models that share a letter do not differ significantly.

use crate::direction::Direction;
use crate::error::{Result, StatsError, finite, same_length};

/// Compact letter display (Piepho 2004, insert-absorb): two models share a letter exactly when they do not differ
/// significantly. `scores` orders the letters ("a" holds the best), `differs[i][j]` tells significance.
pub fn compact_letters(
    scores: &[f64],
    differs: &[Vec<bool>],
    direction: Direction,
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
    order.sort_by(|&i, &j| direction.cost(scores[i]).total_cmp(&direction.cost(scores[j])));
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
