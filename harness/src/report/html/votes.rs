//! What the votes of annotators say about a benchmark, as its page shows it.

use serde::Serialize;

use super::{plain, plain_all};
use crate::report::percent;
use crate::score::annotators::{Agreement, Annotators, Estimate};

/// The votes of a task.
#[derive(Debug, Serialize)]
pub(super) struct VoteFacts {
    votes: u64,
    items: u64,
    panel: u32,
    /// The splits that have a column.
    splits: Vec<String>,
    /// By culture, then their mean (an empty name).
    rows: Vec<VoteRow>,
    sentences: Vec<String>,
}

/// One culture, in print; empty where there is no figure.
#[derive(Debug, Serialize)]
struct VoteRow {
    culture: String,
    examples: u64,
    alpha: String,
    one: String,
    panel: String,
    ceiling: String,
    /// By split.
    on: Vec<String>,
    allowed: String,
}

pub(super) fn votes(annotators: &Annotators) -> VoteFacts {
    let splits: Vec<&String> = annotators.mean.ceiling_by_split.keys().collect();
    let of = |name: &str, agreement: &Agreement| row(name, agreement, &splits);
    let mut rows: Vec<VoteRow> =
        annotators.cultures.iter().map(|(name, agreement)| of(name, agreement)).collect();
    if rows.len() > 1 {
        rows.push(of("", &annotators.mean));
    }
    VoteFacts {
        votes: annotators.votes,
        items: annotators.items,
        panel: annotators.panel,
        rows,
        sentences: plain_all(&annotators.over_cultures()),
        splits: splits.into_iter().cloned().collect(),
    }
}

fn row(name: &str, agreement: &Agreement, splits: &[&String]) -> VoteRow {
    let on = |split: &&String| shown(agreement.ceiling_by_split.get(*split).copied());
    VoteRow {
        culture: plain(name),
        examples: agreement.examples,
        alpha: agreement.alpha.map_or_else(String::new, |Estimate { value, low, high }| {
            format!("{value:.2} [{low:.2}, {high:.2}]")
        }),
        one: shown(agreement.one_against_the_rest),
        panel: shown(agreement.second_panel),
        ceiling: shown(agreement.ceiling),
        on: splits.iter().map(on).collect(),
        allowed: agreement.ceiling_allowed.map_or_else(String::new, |(low, high)| {
            format!("{} to {}", percent(low), percent(high))
        }),
    }
}

fn shown(figure: Option<Estimate>) -> String {
    figure.map_or_else(String::new, |Estimate { value, low, high }| {
        format!("{} [{}, {}]", percent(value), percent(low), percent(high))
    })
}
