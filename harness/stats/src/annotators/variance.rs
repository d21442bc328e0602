//! What the variance of a single vote is made of.

use super::Ballot;
use crate::error::{Result, StatsError};

/// Shares of the variance of one vote (0 or 1); they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoteVariance {
    /// Items differ, for all cultures alike.
    pub item: f64,
    /// Cultures differ, on all items alike.
    pub culture: f64,
    /// Cultures differ on some items and not on others: all that knowing a culture adds, beyond its leniency.
    pub item_by_culture: f64,
    /// Annotators of one culture differ on one item.
    pub annotator: f64,
    /// Items that were counted.
    pub items: usize,
    /// Variance of a vote, the sum of the four parts.
    pub total: f64,
}

/// Shares of a vote's variance by analysis of variance of a two-way layout with replication (Searle, Casella & McCulloch
/// 1992, section 4.4; items and cultures random). `ballots[item][culture]`; items on which a culture has fewer than `least`
/// votes are left out. Cell means weigh alike (unweighted means; n is the harmonic mean of the votes a cell). A part that is
/// estimated below 0 counts as 0.
///
/// # Errors
/// Rows of different lengths, `least` below 2, fewer than two cultures or items, or votes that do not vary.
pub fn vote_variance(ballots: &[Vec<Ballot>], least: u32) -> Result<VoteVariance> {
    let cultures = ballots.first().map_or(0, Vec::len);
    if let Some(row) = ballots.iter().position(|row| row.len() != cultures) {
        let got = ballots[row].len();
        return Err(StatsError::Ragged { argument: "ballots", row, expected: cultures, got });
    }
    if least < 2 {
        let value = f64::from(least);
        return Err(StatsError::OutOfRange {
            argument: "least",
            value,
            allowed: "2 votes or more",
        });
    }
    let kept: Vec<&Vec<Ballot>> =
        ballots.iter().filter(|row| row.iter().all(|b| b.votes >= least)).collect();
    for (argument, got) in [("cultures", cultures), ("items", kept.len())] {
        if got < 2 {
            return Err(StatsError::TooFew { argument, needed: 2, got });
        }
    }
    let (i, j) = (kept.len() as f64, cultures as f64);
    let share = |b: &Ballot| f64::from(b.yes) / f64::from(b.votes);
    let cells = || kept.iter().flat_map(|row| row.iter());
    let n = i * j / cells().map(|b| 1.0 / f64::from(b.votes)).sum::<f64>();
    let within: f64 = cells().map(|b| f64::from(b.votes) * share(b) * (1.0 - share(b))).sum();
    let free: f64 = cells().map(|b| f64::from(b.votes) - 1.0).sum();
    let annotator = within / free;
    let grand = cells().map(share).sum::<f64>() / (i * j);
    let by_culture: Vec<f64> =
        (0..cultures).map(|c| kept.iter().map(|row| share(&row[c])).sum::<f64>() / i).collect();
    let (mut items, mut both) = (0.0, 0.0);
    for row in &kept {
        let mean = row.iter().map(share).sum::<f64>() / j;
        items += (mean - grand).powi(2);
        for (b, culture) in row.iter().zip(&by_culture) {
            both += (share(b) - mean - culture + grand).powi(2);
        }
    }
    let between: f64 = by_culture.iter().map(|c| (c - grand).powi(2)).sum();
    let items = n * j * items / (i - 1.0);
    let between = n * i * between / (j - 1.0);
    let both = n * both / ((i - 1.0) * (j - 1.0));
    let part = |upper: f64, lower: f64, size: f64| ((upper - lower) / size).max(0.0);
    let found =
        [part(items, both, n * j), part(between, both, n * i), part(both, annotator, n), annotator];
    let total: f64 = found.iter().sum();
    if total <= 0.0 {
        return Err(StatsError::Degenerate {
            what: "shares of a variance of 0: all votes are the same",
            remedy: "give items on which annotators differ",
        });
    }
    let [item, culture, item_by_culture, annotator] = found.map(|v| v / total);
    Ok(VoteVariance { item, culture, item_by_culture, annotator, items: kept.len(), total })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two items, two cultures, two votes a cell, by hand: cell means 1, .5 / 0, .5; grand .5, items .75, .25, cultures .5, .5.
    /// MS items 2*2*.125/1 = .5, MS cultures 0, MS both 2*.25/1 = .5, MS within (2*.25 + 2*.25) / 4 = .25.
    /// Parts: items (.5 - .5) / 4 = 0, cultures below 0, both (.5 - .25) / 2 = .125, annotators .25.
    #[test]
    fn the_parts_are_those_of_the_mean_squares() {
        let b = |yes, votes| Ballot { yes, votes };
        let rows = vec![vec![b(2, 2), b(1, 2)], vec![b(0, 2), b(1, 2)], vec![b(1, 1), b(2, 2)]];
        let found = vote_variance(&rows, 2).unwrap();
        assert_eq!((found.items, found.item, found.culture), (2, 0.0, 0.0));
        assert!((found.item_by_culture - 1.0 / 3.0).abs() < 1e-12);
        assert!((found.annotator - 2.0 / 3.0).abs() < 1e-12 && (found.total - 0.375).abs() < 1e-12);
        assert!(vote_variance(&rows, 1).is_err() && vote_variance(&rows[..1], 2).is_err());
        let all_yes = vec![vec![b(2, 2), b(2, 2)]; 3];
        assert!(vote_variance(&all_yes, 2).unwrap_err().to_string().contains("differ"));
    }
}
