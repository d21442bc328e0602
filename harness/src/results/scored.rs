//! One model on one benchmark, as the leaderboard shows it.

use super::summary::{Cell, Detail, Outcome, Refused};
use crate::score::{self, Evaluation, Score};
use crate::store::record::{Reason, ReasonKind};

/// A model on a benchmark: its score on the board, its further scores, and the scores that do not exist.
pub(super) struct ScoredCell {
    pub(super) cell: Cell,
    pub(super) details: Vec<Detail>,
    pub(super) refused: Vec<Refused>,
}

impl ScoredCell {
    pub(super) fn without(cell: Cell, reason: Reason) -> Self {
        let cell = Cell { outcome: Outcome::Reason(reason), ..cell };
        Self { cell, details: Vec::new(), refused: Vec::new() }
    }

    /// Takes up one set of answers; the first has the primary score.
    pub(super) fn add(&mut self, set: &str, evaluation: &Evaluation, is_first: bool) {
        let cell = &mut self.cell;
        if is_first {
            set.clone_into(&mut cell.variant);
            cell.outcome = match evaluation.primary() {
                Ok(score) => match nothing_answered(score) {
                    Some(reason) => Outcome::Reason(reason),
                    None => Outcome::Score(score.clone()),
                },
                Err(reason) => Outcome::Reason(reason.into()),
            };
        }
        let primary = evaluation.primary().ok().filter(|_| is_first);
        let further = evaluation.scores.iter().filter(|score| Some(*score) != primary);
        self.details.extend(further.map(|score| Detail {
            model: cell.model.clone(),
            benchmark: cell.benchmark.clone(),
            protocol: cell.protocol.clone(),
            variant: set.to_owned(),
            sample: cell.sample,
            score: score.clone(),
        }));
        let on_board = |r: &&score::Refusal| {
            is_first && r.metric == evaluation.metric && r.subset == evaluation.primary_subset()
        };
        let further = evaluation.refused.iter().filter(|r| !on_board(r));
        self.refused.extend(further.map(|refusal| Refused {
            model: cell.model.clone(),
            benchmark: cell.benchmark.clone(),
            protocol: cell.protocol.clone(),
            variant: set.to_owned(),
            sample: cell.sample,
            metric: refusal.metric.clone(),
            subset: refusal.subset.clone(),
            cause: refusal.reason.cause(),
            message: refusal.reason.to_string(),
        }));
    }
}

/// The reason in the place of a score that would have no answer at all.
pub(super) fn nothing_answered(score: &Score) -> Option<Reason> {
    (score.answered == 0 && score.n > 0).then(|| {
        let message = format!(
            "no answer could be used: {} unparsable, {} missing; the replies are in the cell's predictions.parquet",
            score.unparsable, score.missing
        );
        Reason::new(ReasonKind::NoScore, message)
    })
}
