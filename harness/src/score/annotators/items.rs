//! Votes by culture and item, as the figures want them.

use std::collections::BTreeMap;

use eval_stats::annotators::Ballot;

use super::figures::{Agreement, Estimate, Figures, around};
use crate::example::Examples;

/// Votes on all examples that have some.
pub(super) struct Items<'a> {
    pub(super) cultures: Vec<Culture<'a>>,
    /// Clusters with a vote.
    pub(super) clusters: usize,
    pub(super) splits: Vec<String>,
    /// The commonest number of votes.
    pub(super) panel: u32,
}

/// Those of one culture.
pub(super) struct Culture<'a> {
    pub(super) name: String,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) panel: u32,
}

/// Those on one example.
pub(super) struct Row<'a> {
    /// Number of its cluster, without gaps.
    pub(super) cluster: u32,
    pub(super) votes: &'a [u32],
    /// Where there are two labels.
    pub(super) ballot: Option<Ballot>,
    /// Whether the gold label is the positive one.
    pub(super) yes: bool,
    pub(super) split: usize,
}

impl<'a> Items<'a> {
    pub(super) fn new(
        examples: &'a Examples,
        splits: &[&str],
        labels: usize,
        positive: usize,
    ) -> Option<Self> {
        if examples.votes.is_empty() {
            return None;
        }
        let mut names: Vec<String> = splits.iter().map(|&split| split.to_owned()).collect();
        names.sort();
        names.dedup();
        let mut clusters = BTreeMap::new();
        let mut panels: BTreeMap<u32, usize> = BTreeMap::new();
        let mut cultures: BTreeMap<&str, Vec<Row<'a>>> = BTreeMap::new();
        for (row, of) in splits.iter().enumerate().take(examples.len()) {
            let votes = examples.votes.get(row);
            let all: u32 = votes.iter().sum();
            if all == 0 {
                continue;
            }
            *panels.entry(all).or_default() += 1;
            let next = clusters.len() as u32;
            let cluster = *clusters.entry(examples.clusters[row]).or_insert(next);
            let ballot = (labels == 2).then(|| Ballot { yes: votes[positive], votes: all });
            let yes = examples.labels[row] as usize == positive;
            let split = names.iter().position(|name| name == of).unwrap_or(0);
            let culture = cultures.entry(examples.cultures.get(row)).or_default();
            culture.push(Row { cluster, votes, ballot, yes, split });
        }
        let panel = panels.into_iter().max_by_key(|(_, n)| *n)?.0;
        let cultures = (cultures.into_iter())
            .map(|(name, rows)| Culture { name: name.to_owned(), rows, panel })
            .collect();
        Some(Self { cultures, clusters: clusters.len(), splits: names, panel })
    }

    /// All votes.
    pub(super) fn votes(&self) -> u64 {
        let rows = self.cultures.iter().flat_map(|culture| &culture.rows);
        rows.flat_map(|row| row.votes).map(|&votes| u64::from(votes)).sum()
    }

    /// `[item][culture]`; none where there are not two labels, or an item has two examples of a culture.
    pub(super) fn table(&self) -> Option<Vec<Vec<Ballot>>> {
        let none = Ballot { yes: 0, votes: 0 };
        let mut table = vec![vec![none; self.cultures.len()]; self.clusters];
        for (number, culture) in self.cultures.iter().enumerate() {
            for row in &culture.rows {
                let cell = &mut table[row.cluster as usize][number];
                if *cell != none {
                    return None;
                }
                *cell = row.ballot?;
            }
        }
        (self.cultures.len() > 1).then_some(table)
    }

    /// Figures as values with intervals: the spread over the draws is their standard error.
    pub(super) fn agreement(&self, observed: &Figures, drawn: &[&Figures]) -> Agreement {
        let estimate = |of: &dyn Fn(&Figures) -> f64, range: (f64, f64)| -> Option<Estimate> {
            let value = of(observed);
            let draws: Vec<f64> =
                drawn.iter().map(|d| of(d)).filter(|value| value.is_finite()).collect();
            let n = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / n;
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
            value.is_finite().then(|| around(value, variance.sqrt(), range))
        };
        let share = |i: usize| estimate(&|f: &Figures| f.plain[i], (0.0, 1.0));
        let by_split = (self.splits.iter().enumerate())
            .filter_map(|(i, name)| {
                Some((name.clone(), estimate(&|f: &Figures| f.by_split[i], (0.0, 1.0))?))
            })
            .collect();
        Agreement {
            examples: 0,
            alpha: estimate(&|f: &Figures| f.plain[0], (-1.0, 1.0)),
            one_against_the_rest: share(1),
            second_panel: share(2),
            ceiling: share(3),
            ceiling_allowed: None,
            ceiling_by_split: by_split,
        }
    }
}
