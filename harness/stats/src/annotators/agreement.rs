//! Agreement of annotators: Krippendorff's alpha, and one annotator against the others.

use crate::error::{Result, StatsError};

/// Krippendorff's alpha with what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alpha {
    /// `1 - observed / expected`: 1 where all agree, 0 where they agree as chance has it.
    pub alpha: f64,
    /// Share of pairs of votes on one item that disagree, an item weighing as its votes.
    pub observed: f64,
    /// The same of two votes drawn from all items.
    pub expected: f64,
    /// Items with two votes or more.
    pub items: usize,
    /// Their votes.
    pub votes: u64,
}

/// Krippendorff's alpha for nominal answers: `votes[item][answer]` counts votes. Items with one vote or none say nothing
/// and are left out (Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C; any number of annotators,
/// missing votes allowed).
///
/// # Errors
/// Rows of different lengths, no item with two votes, or all votes equal (0/0).
pub fn krippendorff_alpha<R: AsRef<[u32]>>(votes: &[R]) -> Result<Alpha> {
    let answers = width(votes)?;
    let mut totals = vec![0.0; answers];
    let (mut disagreement, mut items) = (0.0, 0);
    for row in votes.iter().map(AsRef::as_ref) {
        let n: u32 = row.iter().sum();
        if n < 2 {
            continue;
        }
        items += 1;
        let n = f64::from(n);
        let agreeing: f64 = row.iter().map(|&v| f64::from(v) * (f64::from(v) - 1.0)).sum();
        disagreement += (n * (n - 1.0) - agreeing) / (n - 1.0);
        for (total, &v) in totals.iter_mut().zip(row) {
            *total += f64::from(v);
        }
    }
    if items == 0 {
        return Err(StatsError::TooFew { argument: "items with two votes", needed: 1, got: 0 });
    }
    let n: f64 = totals.iter().sum();
    let agreeing: f64 = totals.iter().map(|t| t * (t - 1.0)).sum();
    let (observed, expected) = (disagreement / n, 1.0 - agreeing / (n * (n - 1.0)));
    if expected <= 0.0 {
        return Err(StatsError::Degenerate {
            what: "alpha where all votes are the same",
            remedy: "report the share of agreement (1) instead",
        });
    }
    Ok(Alpha { alpha: 1.0 - observed / expected, observed, expected, items, votes: n as u64 })
}

/// How often a vote is the most frequent answer among the other votes on its item: the accuracy of one annotator against
/// the others, over all annotators. Answers that tie for the most frequent share the point. Items with one vote or none
/// are left out.
///
/// # Errors
/// Rows of different lengths, or no item with two votes.
pub fn one_against_the_rest<R: AsRef<[u32]>>(votes: &[R]) -> Result<f64> {
    width(votes)?;
    let (mut right, mut all) = (0.0, 0.0);
    for row in votes.iter().map(AsRef::as_ref) {
        if row.iter().sum::<u32>() < 2 {
            continue;
        }
        for (answer, &n) in row.iter().enumerate().filter(|(_, n)| **n > 0) {
            let others = |(i, &v): (usize, &u32)| if i == answer { v - 1 } else { v };
            let rest: Vec<u32> = row.iter().enumerate().map(others).collect();
            let most = rest.iter().copied().max().unwrap_or(0);
            let leaders = rest.iter().filter(|&&v| v == most).count();
            if rest[answer] == most {
                right += f64::from(n) / leaders as f64;
            }
            all += f64::from(n);
        }
    }
    if all == 0.0 {
        return Err(StatsError::TooFew { argument: "items with two votes", needed: 1, got: 0 });
    }
    Ok(right / all)
}

/// Answers of every row; all rows have the same number.
fn width<R: AsRef<[u32]>>(votes: &[R]) -> Result<usize> {
    let expected = votes.first().map_or(0, |row| row.as_ref().len());
    match votes.iter().position(|row| row.as_ref().len() != expected) {
        None => Ok(expected),
        Some(row) => Err(StatsError::Ragged {
            argument: "votes",
            row,
            expected,
            got: votes[row].as_ref().len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Krippendorff 2011, section C: 12 items, 4 observers, 41 votes, of which 40 can be paired; alpha .743 (nominal).
    #[test]
    fn alpha_is_krippendorffs_own() {
        let rows: [[u32; 5]; 12] = [
            [3, 0, 0, 0, 0],
            [0, 3, 1, 0, 0],
            [0, 0, 4, 0, 0],
            [0, 0, 4, 0, 0],
            [0, 4, 0, 0, 0],
            [1, 1, 1, 1, 0],
            [0, 0, 0, 4, 0],
            [3, 1, 0, 0, 0],
            [0, 4, 0, 0, 0],
            [0, 0, 0, 0, 3],
            [2, 0, 0, 0, 0],
            [0, 0, 1, 0, 0],
        ];
        let found = krippendorff_alpha(&rows).unwrap();
        assert_eq!((found.items, found.votes), (11, 40));
        assert!((found.alpha - 0.743_421_052_631_579).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn nothing_to_compare_is_refused() {
        assert!(krippendorff_alpha(&[[1, 0], [0, 1]]).is_err());
        assert!(
            krippendorff_alpha(&[[5, 0], [4, 0]]).unwrap_err().to_string().contains("agreement")
        );
        assert!(
            krippendorff_alpha(&[vec![1, 0], vec![1]]).unwrap_err().to_string().contains("row 1")
        );
        assert!(one_against_the_rest::<[u32; 2]>(&[]).is_err());
    }

    /// 3 : 1, by hand: each of the three sees 2 : 1 and is right, the one sees 3 : 0 and is wrong. 2 : 1: each of the two
    /// sees 1 : 1, half a point, the one sees 2 : 0.
    #[test]
    fn ties_among_the_others_share_the_point() {
        assert_eq!(one_against_the_rest(&[[3, 1]]).unwrap(), 0.75);
        assert!((one_against_the_rest(&[[2, 1], [1, 0]]).unwrap() - 1.0 / 3.0).abs() < 1e-15);
    }
}
