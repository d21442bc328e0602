//! One benchmark's scores: overall, per culture, per group, and how unequal the cultures fare.
//!
//! Every number has its n and a 95 % interval, or there is a [`super::NoScore`] in its place:
//!
//! | figure | interval |
//! |---|---|
//! | accuracy, acc@k, precision, recall, shares | Wilson; clustered Wilson where examples share clusters |
//! | F1s, macro and weighted means, anything over several variants | percentile bootstrap over clusters |
//! | mean over cultures | percentile bootstrap over clusters |
//! | distances from the votes of annotators | Student's over clusters ([`super::votes`]) |
//! | culture gap (best minus worst) | from the simultaneous intervals of all differences of two cultures (max-t, Newcombe) |
//! | worst culture | from the intervals of all cultures (Wilson): of the lowest true value, whichever culture has it |
//!
//! With fewer than 30 clusters a percentile interval would be too narrow: Student's t with the bootstrap's standard error then
//! (`…-student`). Several seeds widen every interval ([`super::over_seeds`]).
//!
//! A cluster is drawn whole, so that the five country labels of one post stay together. A culture that a resample does
//! not hold is left out of that resample's mean. A gap has what equal cultures would show and the test of
//! equality, a culture its interval among all of them and its value after shrinkage.

use super::board::Board;
use super::error::ScoreError;
use super::figures::{Evaluation, Questions, Rules, Subset};
use crate::definition::dataset::AbsentCultures;

/// Scores `questions` by `rules`.
pub fn evaluate(questions: &Questions<'_>, rules: &Rules) -> Result<Evaluation, ScoreError> {
    let board = Board::new(questions, rules)?;
    let mut out = Evaluation {
        scores: Vec::new(),
        refused: Vec::new(),
        metric: rules.metric.name().to_owned(),
        mean_over_cultures: rules.mean_over_cultures,
    };
    let standings = if let Some(reason) = board.not_whole() {
        board.refuse(&Subset::All, &reason, &mut out);
        board.refuse(&Subset::CultureMean, &reason, &mut out);
        None
    } else {
        board.subset(&Subset::All, &board.rows, rules.resamples, &mut out);
        Some(board.across_cultures(&mut out))
    };
    for (name, rows) in &board.cultures {
        board.subset(
            &Subset::Culture { name: name.clone() },
            rows,
            rules.breakdown_resamples,
            &mut out,
        );
    }
    if let Some(standings) = standings {
        standings.attach(&mut out);
    }
    for name in board.absent.iter().filter(|_| rules.absent_cultures == AbsentCultures::Allow) {
        board.subset(&Subset::Culture { name: name.clone() }, &[], 0, &mut out);
    }
    for (name, coded) in questions.groups {
        for (code, value) in coded.names.iter().enumerate() {
            let rows: Vec<u32> = board
                .rows
                .iter()
                .copied()
                .filter(|&i| coded.codes[i as usize] as usize == code)
                .collect();
            if !rows.is_empty() {
                let subset = Subset::Group { name: name.clone(), value: value.clone() };
                board.subset(&subset, &rows, rules.breakdown_resamples, &mut out);
            }
        }
    }
    super::votes::add(questions, rules, &mut out);
    Ok(out)
}
