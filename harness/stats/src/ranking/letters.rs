//! Tie groups: models that share a letter do not differ significantly.

use crate::direction::Direction;
use crate::error::{Result, StatsError, finite, same_length};

/// Compact letter display (Piepho 2004): two models share a letter exactly when they do not differ significantly.
/// `scores` orders the letters ("a" holds the best), `differs[i][j]` tells significance.
///
/// Letters are cliques of the graph whose edges join models that do not differ; together they hold every edge. To find the
/// fewest is NP-hard, and all maximal cliques (Piepho's insert-absorb) can be exponentially many. So cliques are grown one
/// by one around an edge that none holds yet (Kellerman 1973; Kou, Stockmeyer & Wong 1978; for letters Gramm, Guo, Hüffner
/// & Niedermeier 2007) and at the end those are dropped that the others make superfluous: at most as many letters as
/// edges, in O(letters k^3). Where models differ exactly when their scores are far enough apart, the letters are all
/// maximal cliques, as by insert-absorb.
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
    let alike = |i: usize, j: usize| !(differs[order[i]][order[j]] || differs[order[j]][order[i]]);
    let mut letters = vec![String::new(); k];
    for (number, clique) in cover(k, alike).iter().enumerate() {
        for &place in clique {
            letters[order[place]].push_str(&letter(number));
        }
    }
    Ok(letters)
}

/// Cliques of ascending places that hold every place and every pair that is alike; the one with the best place first.
fn cover(k: usize, alike: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    // In how many cliques a pair is; on the diagonal, a place.
    let mut held = vec![vec![0_usize; k]; k];
    let mut cliques: Vec<Vec<usize>> = Vec::new();
    for i in 0..k {
        for j in (i..k).filter(|&j| j == i || alike(i, j)) {
            let alone = j == i && (0..k).any(|o| o != i && alike(i, o));
            if held[i][j] == 0 && !alone {
                let clique = grown(&[i, j], k, &alike, &held);
                count(&clique, &mut held, |times| *times += 1);
                cliques.push(clique);
            }
        }
    }
    // Late ones are small: they were grown around what was left.
    for place in (0..cliques.len()).rev() {
        let needed = pairs(&cliques[place]).any(|(a, b)| held[a][b] == 1);
        if !needed {
            count(&cliques.remove(place), &mut held, |times| *times -= 1);
        }
    }
    cliques.sort();
    cliques
}

/// The pairs of a clique, and each place with itself.
fn pairs(clique: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    clique.iter().enumerate().flat_map(|(i, &a)| clique[i..].iter().map(move |&b| (a, b)))
}

fn count(clique: &[usize], held: &mut [Vec<usize>], change: impl Fn(&mut usize)) {
    for (a, b) in pairs(clique) {
        change(&mut held[a][b]);
    }
}

/// A maximal clique around `seed`: each time that place joins which brings the most pairs that no clique holds yet.
fn grown(
    seed: &[usize],
    k: usize,
    alike: &impl Fn(usize, usize) -> bool,
    held: &[Vec<usize>],
) -> Vec<usize> {
    let mut clique = seed.to_vec();
    clique.dedup();
    let fits = |place: usize, clique: &[usize]| {
        clique.iter().all(|&member| member != place && alike(place, member))
    };
    let news = |place: usize, clique: &[usize]| {
        clique.iter().filter(|&&m| held[m.min(place)][m.max(place)] == 0).count()
    };
    let mut open: Vec<usize> = (0..k).filter(|&place| fits(place, &clique)).collect();
    while let Some(&next) =
        open.iter().max_by_key(|&&place| (news(place, &clique), std::cmp::Reverse(place)))
    {
        clique.push(next);
        open.retain(|&place| place != next && alike(place, next));
    }
    clique.sort_unstable();
    clique
}

/// a..z, then a1, b1, ...
fn letter(number: usize) -> String {
    let first = char::from(b'a' + (number % 26) as u8);
    if number < 26 { first.to_string() } else { format!("{first}{}", number / 26) }
}
