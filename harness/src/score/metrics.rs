//! Counts of answers over a fixed label set, from which every figure of one slice follows.
//!
//! An answer outside the set (unparsable, missing) is wrong, is a prediction of no class, and is counted by itself.
//! [`eval_stats::metric`] defines the metrics and computes them from the class margins.

use eval_stats::metric::Margins;

use super::error::same_length;
use super::{Answer, ScoreError};

/// The column of an answer: its label, `classes` for unparsable, `classes + 1` for missing.
pub(crate) fn column(answer: Answer, classes: usize) -> u32 {
    match answer {
        Answer::Label(label) => label,
        Answer::Unparsable => classes as u32,
        Answer::Missing => classes as u32 + 1,
    }
}

/// Refuses columns of different length and labels outside the set.
pub(crate) fn check(gold: &[u32], answers: &[Answer], classes: usize) -> Result<(), ScoreError> {
    same_length("gold", gold.len(), "answers", answers.len())?;
    let wrong = |label: &u32| *label as usize >= classes;
    if let Some(row) = gold.iter().position(wrong) {
        return Err(ScoreError::UnknownLabel { argument: "gold", row, label: gold[row], classes });
    }
    let bad = answers
        .iter()
        .enumerate()
        .find_map(|(row, a)| a.label().filter(wrong).map(|label| (row, label)));
    match bad {
        Some((row, label)) => {
            Err(ScoreError::UnknownLabel { argument: "answers", row, label, classes })
        }
        None => Ok(()),
    }
}

/// Class margins, and what else is counted of the same answers. Weights may be the counts of a resample.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Per class: how often gold, predicted, both.
    pub margins: Margins,
    /// Replies that parse to no label.
    pub unparsable: f64,
    /// No reply.
    pub missing: f64,
    /// Entry b: examples whose gold label ranks within the b-th smallest k but no smaller one (acc@k).
    pub within: Vec<f64>,
    /// Sums of the terms that measures beside label counts are made of ([`super::terms`]).
    pub terms: Vec<f64>,
}

impl Tally {
    /// All zero, for `classes` labels, `ks` values of k and so many terms.
    pub fn zero(classes: usize, ks: usize, terms: usize) -> Self {
        let margins = Margins::zero(classes);
        let (within, terms) = (vec![0.0; ks], vec![0.0; terms]);
        Self { margins, unparsable: 0.0, missing: 0.0, within, terms }
    }

    /// Counts `answers` against `gold`.
    pub fn count(gold: &[u32], answers: &[Answer], classes: usize) -> Result<Self, ScoreError> {
        check(gold, answers, classes)?;
        let mut tally = Self::zero(classes, 0, 0);
        for (&gold, &answer) in gold.iter().zip(answers) {
            tally.add(gold, column(answer, classes), 0, &[], 1.0);
        }
        Ok(tally)
    }

    /// All zero again, keeping the memory.
    pub fn clear(&mut self) {
        self.margins.clear();
        (self.unparsable, self.missing) = (0.0, 0.0);
        self.within.fill(0.0);
        self.terms.fill(0.0);
    }

    /// Adds `weight` examples; `column` as the function of that name gives it, `bucket` past the end where the gold
    /// label ranks nowhere.
    #[inline]
    pub(crate) fn add(&mut self, gold: u32, column: u32, bucket: u32, terms: &[f64], weight: f64) {
        self.margins.add(gold, column, weight);
        for (sum, term) in self.terms.iter_mut().zip(terms) {
            *sum += weight * term;
        }
        match (column as usize).checked_sub(self.margins.gold.len()) {
            None => {}
            Some(0) => self.unparsable += weight,
            Some(_) => self.missing += weight,
        }
        if let Some(within) = self.within.get_mut(bucket as usize) {
            *within += weight;
        }
    }

    /// Examples.
    pub fn n(&self) -> f64 {
        self.margins.n
    }

    /// Answers that are one of the labels.
    pub fn answered(&self) -> f64 {
        self.margins.predicted.iter().sum()
    }

    /// Accuracy over the answered examples only, the view of the CREHate paper; `None` where nothing was answered.
    pub fn accuracy_answered(&self) -> Option<f64> {
        let answered = self.n() - self.unparsable - self.missing;
        (answered > 0.0).then(|| self.margins.hits.iter().sum::<f64>() / answered)
    }

    /// Share of replies that parse to no label.
    pub fn unparsable_rate(&self) -> Option<f64> {
        self.share(self.unparsable)
    }

    /// Share of examples without a reply.
    pub fn missing_rate(&self) -> Option<f64> {
        self.share(self.missing)
    }

    /// Share of examples whose gold label ranks within the `b`-th smallest k.
    pub(crate) fn accuracy_within(&self, b: usize) -> Option<f64> {
        self.share(self.within[..=b].iter().sum())
    }

    /// Accuracy of always answering the commonest gold label.
    pub fn majority(&self) -> Option<f64> {
        self.share(self.margins.gold.iter().copied().fold(0.0, f64::max))
    }

    fn share(&self, count: f64) -> Option<f64> {
        (self.n() > 0.0).then(|| count / self.n())
    }
}
