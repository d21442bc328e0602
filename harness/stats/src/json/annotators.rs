//! Several people's votes on the same item.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::annotators::{
    Ballot, Distance, LogisticNormal, VoteShares, krippendorff_alpha, one_against_the_rest,
    vote_variance,
};
use crate::error::{Result, StatsError};

const VOTES: &[&str] = &["votes"];
const YES: &[&str] = &["yes", "votes"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "krippendorff_alpha",
        about: "agreement of annotators beyond chance: votes[item][answer]",
        input: VOTES,
        opts: &[],
        run: |c| {
            let found = krippendorff_alpha(&counts(c)?)?;
            Ok(Answer::default()
                .with("alpha", found.alpha)
                .with("observed_disagreement", found.observed)
                .with("expected_disagreement", found.expected)
                .with("items", found.items)
                .with("votes", found.votes))
        },
    },
    Function {
        name: "one_against_the_rest",
        about: "accuracy of one annotator against the others: votes[item][answer]",
        input: VOTES,
        opts: &[],
        run: |c| Ok(Answer::default().with("accuracy", one_against_the_rest(&counts(c)?)?)),
    },
    Function {
        name: "noise_ceiling",
        about: "best possible accuracy against labels by vote; labels are majorities where not given",
        input: &["yes", "votes", "labels"],
        opts: &["panel"],
        run: noise_ceiling,
    },
    Function {
        name: "culture_ceilings",
        about: "best possible accuracy with and without the culture: yes[item][culture] of votes[item][culture]",
        input: YES,
        opts: &["panel"],
        run: culture_ceilings,
    },
    Function {
        name: "vote_variance",
        about: "shares of a vote's variance: item, culture, both, annotator",
        input: YES,
        opts: &["least"],
        run: |c| {
            let found = vote_variance(&ballots(c)?, c.count_or("least", 2)? as u32)?;
            Ok(Answer::default()
                .with("item", found.item)
                .with("culture", found.culture)
                .with("item_by_culture", found.item_by_culture)
                .with("annotator", found.annotator)
                .with("items", found.items)
                .with("total", found.total))
        },
    },
    Function {
        name: "vote_distance",
        about: "Brier score, Jensen-Shannon divergence (bits) and cross-entropy (nats) of a prediction against votes",
        input: &["predicted", "votes"],
        opts: &[],
        run: |c| {
            let (predicted, votes) = (c.nums("predicted")?, c.nums("votes")?);
            let of = |distance: Distance| distance.of(&predicted, &votes);
            Ok(Answer::default()
                .with("brier", of(Distance::Brier)?)
                .with("jsd", of(Distance::Jsd)?)
                .with("cross_entropy", of(Distance::CrossEntropy)?))
        },
    },
];

fn whole(argument: &'static str, value: f64) -> Result<u32> {
    if value >= 0.0 && value.fract() == 0.0 && value <= f64::from(u32::MAX) {
        return Ok(value as u32);
    }
    Err(StatsError::OutOfRange { argument, value, allowed: "a whole number of votes" })
}

fn counts(c: &Call<'_>) -> Result<Vec<Vec<u32>>> {
    let row = |row: Vec<f64>| row.into_iter().map(|v| whole("votes", v)).collect();
    c.table("votes")?.into_iter().map(row).collect()
}

fn row(yes: &[f64], votes: &[f64]) -> Result<Vec<Ballot>> {
    crate::error::same_length("yes", yes.len(), "votes", votes.len())?;
    let one = |(y, n): (&f64, &f64)| Ballot::new(whole("yes", *y)?, whole("votes", *n)?);
    yes.iter().zip(votes).map(one).collect()
}

fn ballots(c: &Call<'_>) -> Result<Vec<Vec<Ballot>>> {
    let (yes, votes) = (c.table("yes")?, c.table("votes")?);
    crate::error::same_length("yes", yes.len(), "votes", votes.len())?;
    yes.iter().zip(&votes).map(|(y, n)| row(y, n)).collect()
}

/// The commonest number of votes, unless `panel` is given.
fn panel(c: &Call<'_>, ballots: &[Ballot]) -> Result<u32> {
    let mut known = std::collections::BTreeMap::<u32, usize>::new();
    for ballot in ballots {
        *known.entry(ballot.votes).or_default() += 1;
    }
    let commonest = known.into_iter().max_by_key(|(_, n)| *n).map_or(1, |(votes, _)| votes);
    Ok(c.count_or("panel", commonest.into())? as u32)
}

fn noise_ceiling(c: &Call<'_>) -> Result<Answer> {
    let ballots = row(&c.nums("yes")?, &c.nums("votes")?)?;
    let labels: Vec<bool> = if c.has("labels") {
        c.labels("labels")?.into_iter().map(|label| label > 0).collect()
    } else {
        ballots.iter().map(|ballot| 2 * ballot.yes > ballot.votes).collect()
    };
    crate::error::same_length("votes", ballots.len(), "labels", labels.len())?;
    let fit = VoteShares::fit(&ballots)?;
    let items: Vec<(Ballot, bool)> = ballots.iter().copied().zip(labels).collect();
    let size = panel(c, &ballots)?;
    let bounds = fit.ceiling_bounds(size)?;
    Ok(Answer::default()
        .with("ceiling", fit.ceiling(&items)?)
        .with("ceiling_least", bounds.low)
        .with("ceiling_highest", bounds.high)
        .with("second_panel", fit.second_panel(size)))
}

fn culture_ceilings(c: &Call<'_>) -> Result<Answer> {
    let ballots = ballots(c)?;
    let fit = LogisticNormal::fit(&ballots)?;
    let all: Vec<Ballot> = ballots.iter().flatten().copied().collect();
    let ceilings = fit.ceilings(panel(c, &all)?);
    let mut answer = Answer::default()
        .with("means", fit.means)
        .with("item_sd", fit.item_sd)
        .with("item_by_culture_sd", fit.item_by_culture_sd)
        .with("log_likelihood", fit.log_likelihood)
        .with("likelihood_ratio", fit.likelihood_ratio);
    for (name, known) in [
        ("culture_aware", ceilings.culture_aware),
        ("item_and_leniency", ceilings.item_and_leniency),
        ("culture_blind", ceilings.culture_blind),
        ("worth_of_culture", ceilings.worth_of_culture),
    ] {
        answer = answer.with(name, known.value).with(&format!("{name}_se"), known.se);
    }
    Ok(answer)
}
