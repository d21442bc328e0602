//! What the votes of several annotators say about a benchmark: how far people agree, and how much a model can know.
//!
//! Reference lines for every score on the same labels. They read gold answers, so no plugin could make them.

mod figures;
mod items;
mod lines;

use std::collections::BTreeMap;

use eval_stats::annotators::{
    LogisticNormal, VoteShares, krippendorff_alpha, one_against_the_rest, vote_variance,
};
use eval_stats::rng::{Stream, below};
use rayon::prelude::*;

use crate::example::Examples;
pub use figures::{Agreement, Annotators, Estimate, Variance, WorthOfCulture};
use figures::{Figures, around, rounded};
use items::{Culture, Items};

/// Resamples of the items (clusters) behind an interval.
const RESAMPLES: u64 = 200;

/// Examines the votes on `examples`; `splits`: that of each. None where there is no vote. `positive`: the label that is
/// "yes" of two, the second one where absent.
pub fn examine(
    examples: &Examples,
    splits: &[&str],
    labels: &[String],
    positive: Option<usize>,
) -> Option<Annotators> {
    let items = Items::new(examples, splits, labels.len(), positive.unwrap_or(1))?;
    let mut refused = Vec::new();
    let observed = figures(&items, &vec![1; items.clusters]);
    let stream = Stream::new(0, "annotators");
    let draws: Vec<Vec<Figures>> = (0..RESAMPLES)
        .into_par_iter()
        .map(|index| {
            let mut rng = stream.at(index);
            let mut times = vec![0; items.clusters];
            for _ in 0..items.clusters {
                times[below(&mut rng, items.clusters as u32) as usize] += 1;
            }
            figures(&items, &times)
        })
        .collect();
    let of = |culture: usize| {
        let drawn: Vec<&Figures> = draws.iter().map(|draw| &draw[culture]).collect();
        items.agreement(&observed[culture], &drawn)
    };
    let mut cultures = BTreeMap::new();
    for (number, culture) in items.cultures.iter().enumerate() {
        let examples = culture.rows.len() as u64;
        let agreement = Agreement { examples, ceiling_allowed: allowed(culture), ..of(number) };
        if agreement.alpha.is_none() {
            refused.push(format!("alpha of {}: all its votes are the same", culture.name));
        }
        cultures.insert(culture.name.clone(), agreement);
    }
    let means: Vec<Figures> = draws.iter().map(|draw| mean(draw)).collect();
    let over = items.agreement(&mean(&observed), &means.iter().collect::<Vec<_>>());
    let (culture, variance) = layout(&items, &mut refused);
    Some(Annotators {
        votes: items.votes(),
        items: items.clusters as u64,
        panel: items.panel,
        mean: Agreement { examples: cultures.values().map(|c| c.examples).sum(), ..over },
        cultures,
        culture,
        variance,
        refused,
    })
}

/// The figures of all cultures where each cluster came so many times.
fn figures(items: &Items<'_>, times: &[u32]) -> Vec<Figures> {
    items.cultures.iter().map(|culture| of_culture(items, culture, times)).collect()
}

fn of_culture(items: &Items<'_>, culture: &Culture<'_>, times: &[u32]) -> Figures {
    let repeated = || {
        (culture.rows.iter())
            .flat_map(|row| std::iter::repeat_n(row, times[row.cluster as usize] as usize))
    };
    let votes: Vec<&[u32]> = repeated().map(|row| row.votes).collect();
    let alpha = krippendorff_alpha(&votes).map_or(f64::NAN, |found| found.alpha);
    let one = one_against_the_rest(&votes).unwrap_or(f64::NAN);
    let mut found = Figures {
        plain: [alpha, one, f64::NAN, f64::NAN],
        by_split: vec![f64::NAN; items.splits.len()],
    };
    let ballots: Option<Vec<_>> = repeated().map(|row| row.ballot).collect();
    let Some(Ok(shares)) = ballots.map(|ballots| VoteShares::fit(&ballots)) else { return found };
    let ceiling = |split: Option<usize>| {
        let rows = repeated().filter(|row| split.is_none_or(|split| row.split == split));
        let rows: Vec<_> = rows.filter_map(|row| Some((row.ballot?, row.yes))).collect();
        shares.ceiling(&rows).unwrap_or(f64::NAN)
    };
    found.plain[2] = shares.second_panel(items.panel);
    found.plain[3] = ceiling(None);
    for (split, value) in found.by_split.iter_mut().enumerate() {
        *value = ceiling(Some(split));
    }
    found
}

/// Means over the cultures; NaN where one of them has none.
fn mean(cultures: &[Figures]) -> Figures {
    let n = cultures.len() as f64;
    let splits = cultures.first().map_or(0, |c| c.by_split.len());
    Figures {
        plain: std::array::from_fn(|i| cultures.iter().map(|c| c.plain[i]).sum::<f64>() / n),
        by_split: (0..splits)
            .map(|i| cultures.iter().map(|c| c.by_split[i]).sum::<f64>() / n)
            .collect(),
    }
}

/// What the votes allow the ceiling to be.
fn allowed(culture: &Culture<'_>) -> Option<(f64, f64)> {
    let ballots: Option<Vec<_>> = culture.rows.iter().map(|row| row.ballot).collect();
    let bounds = VoteShares::fit(&ballots?).ok()?.ceiling_bounds(culture.panel).ok()?;
    Some((rounded(bounds.low), rounded(bounds.high)))
}

/// What needs the same items in all cultures.
fn layout(
    items: &Items<'_>,
    refused: &mut Vec<String>,
) -> (Option<WorthOfCulture>, Option<Variance>) {
    let Some(table) = items.table() else {
        refused.push(
            "worth of the culture: it needs two labels, and one example of each item in each culture"
                .to_owned(),
        );
        return (None, None);
    };
    let worth = LogisticNormal::fit(&table).map(|fit| {
        let ceilings = fit.ceilings(items.panel);
        let estimate = |known: eval_stats::annotators::Known| {
            around(known.value, known.se.unwrap_or(f64::NAN), (0.0, 1.0))
        };
        WorthOfCulture {
            culture_aware: estimate(ceilings.culture_aware),
            item_and_leniency: estimate(ceilings.item_and_leniency),
            culture_blind: estimate(ceilings.culture_blind),
            worth: estimate(ceilings.worth_of_culture),
            item_sd: rounded(fit.item_sd),
            item_by_culture_sd: rounded(fit.item_by_culture_sd),
        }
    });
    let variance = vote_variance(&table, items.panel.saturating_sub(1).max(2)).map(|v| Variance {
        item: rounded(v.item),
        culture: rounded(v.culture),
        item_by_culture: rounded(v.item_by_culture),
        annotator: rounded(v.annotator),
    });
    let mut keep =
        |what: &str, error: &eval_stats::StatsError| refused.push(format!("{what}: {error}"));
    let worth = worth.map_err(|error| keep("worth of the culture", &error)).ok();
    let variance = variance.map_err(|error| keep("variance of a vote", &error)).ok();
    (worth, variance)
}

#[cfg(test)]
mod tests;
