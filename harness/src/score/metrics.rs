//! Confusion counts over a fixed label set, and every metric as a function of their margins.
//!
//! An answer outside the set (out of choice, missing) is a column of its own: it is wrong, it is no prediction of any
//! class, and it is counted. All metrics need per class only how often it is gold, predicted, and both, so a resample
//! costs O(cells) and not O(examples).

use crate::definition::family::Metric;

use super::{Answer, ScoreError};

/// Counts of (gold, answer): `classes` rows, `classes + 2` columns, the last two out of choice and missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    /// All zero.
    pub fn zero(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * (classes + 2)] }
    }

    /// Counts `answers` against `gold`.
    pub fn count(gold: &[u32], answers: &[Answer], classes: usize) -> Result<Self, ScoreError> {
        check(gold, answers, classes)?;
        let mut confusion = Self::zero(classes);
        for (&g, &a) in gold.iter().zip(answers) {
            confusion.counts[g as usize * (classes + 2) + column(a, classes) as usize] += 1;
        }
        Ok(confusion)
    }

    /// Size of the label set.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Examples with this gold label and this answer.
    ///
    /// # Panics
    /// Where a label is not below `classes()`.
    pub fn get(&self, gold: u32, answer: Answer) -> u64 {
        self.counts[gold as usize * (self.classes + 2) + column(answer, self.classes) as usize]
    }

    /// The margins, from which all metrics follow.
    pub fn margins(&self) -> Margins {
        let mut margins = Margins::zero(self.classes, 0);
        for (cell, &count) in self.counts.iter().enumerate() {
            let (gold, column) = (cell / (self.classes + 2), cell % (self.classes + 2));
            margins.add(gold as u32, column as u32, 0, count as f64);
        }
        margins
    }
}

/// The column of an answer: its label, `classes` for out of choice, `classes + 1` for missing.
pub(crate) fn column(answer: Answer, classes: usize) -> u32 {
    match answer {
        Answer::Label(label) => label,
        Answer::OutOfChoice => classes as u32,
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

pub(crate) fn same_length(
    left: &str,
    left_len: usize,
    right: &str,
    right_len: usize,
) -> Result<(), ScoreError> {
    if left_len == right_len {
        return Ok(());
    }
    Err(ScoreError::LengthMismatch {
        left: left.to_owned(),
        left_len,
        right: right.to_owned(),
        right_len,
    })
}

/// Per class: how often gold, predicted, both; and how often there was no prediction. Weights may be resample counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// Examples.
    pub n: f64,
    /// Per class: examples with this gold label.
    pub gold: Vec<f64>,
    /// Per class: examples answered with it.
    pub predicted: Vec<f64>,
    /// Per class: both.
    pub hits: Vec<f64>,
    /// Replies that parse to no label.
    pub out_of_choice: f64,
    /// No reply.
    pub missing: f64,
    /// Entry b: examples whose gold label ranks within the b-th smallest k but no smaller one (acc@k).
    pub within: Vec<f64>,
}

impl Margins {
    /// All zero, for `classes` labels and `ks` values of k.
    pub fn zero(classes: usize, ks: usize) -> Self {
        Self {
            n: 0.0,
            gold: vec![0.0; classes],
            predicted: vec![0.0; classes],
            hits: vec![0.0; classes],
            out_of_choice: 0.0,
            missing: 0.0,
            within: vec![0.0; ks],
        }
    }

    /// All zero again, keeping the memory.
    pub fn clear(&mut self) {
        (self.n, self.out_of_choice, self.missing) = (0.0, 0.0, 0.0);
        for column in [&mut self.gold, &mut self.predicted, &mut self.hits, &mut self.within] {
            column.fill(0.0);
        }
    }

    /// Adds `weight` examples; `column` as in [`Confusion`], `bucket` past the end where the gold label ranks nowhere.
    #[inline]
    pub(crate) fn add(&mut self, gold: u32, column: u32, bucket: u32, weight: f64) {
        self.n += weight;
        self.gold[gold as usize] += weight;
        match self.predicted.get_mut(column as usize) {
            Some(predicted) => *predicted += weight,
            None if column as usize == self.gold.len() => self.out_of_choice += weight,
            None => self.missing += weight,
        }
        if gold == column {
            self.hits[gold as usize] += weight;
        }
        if let Some(within) = self.within.get_mut(bucket as usize) {
            *within += weight;
        }
    }

    /// The metric, a fraction. `positive` is the class of precision, recall and F1; `smoothing` is added to its tp, fp
    /// and fn. 0/0 counts as 0 (scikit-learn's `zero_division=0`); only n = 0 has no value.
    pub fn value(&self, metric: Metric, positive: u32, smoothing: f64) -> Option<f64> {
        if self.n <= 0.0 {
            return None;
        }
        let classes = 0..self.gold.len();
        let mean =
            |f: &dyn Fn(usize) -> f64| classes.clone().map(f).sum::<f64>() / self.gold.len() as f64;
        let weighted = |f: &dyn Fn(usize) -> f64| {
            classes.clone().map(|c| self.gold[c] * f(c)).sum::<f64>() / self.n
        };
        let p = |c: usize| ratio(self.hits[c], self.predicted[c]);
        let r = |c: usize| ratio(self.hits[c], self.gold[c]);
        let f1 = |c: usize| ratio(2.0 * self.hits[c], self.predicted[c] + self.gold[c]);
        Some(match metric {
            Metric::Accuracy => self.hits.iter().sum::<f64>() / self.n,
            Metric::Precision => self.binary(positive, smoothing).precision,
            Metric::Recall => self.binary(positive, smoothing).recall,
            Metric::F1 => self.binary(positive, smoothing).f1,
            Metric::MacroPrecision => mean(&p),
            Metric::MacroRecall => mean(&r),
            Metric::MacroF1 => mean(&f1),
            Metric::WeightedPrecision => weighted(&p),
            Metric::WeightedRecall => weighted(&r),
            Metric::WeightedF1 => weighted(&f1),
        })
    }

    /// Precision, recall and F1 of one class, its tp, fp and fn each starting at `smoothing` (CultureAtlas: 0.0001).
    ///
    /// An unanswered positive example is a fn; an unanswered negative one is no fp.
    pub fn binary(&self, positive: u32, smoothing: f64) -> Binary {
        let c = positive as usize;
        let tp = self.hits[c] + smoothing;
        let fp = self.predicted[c] - self.hits[c] + smoothing;
        let fn_ = self.gold[c] - self.hits[c] + smoothing;
        let (precision, recall) = (ratio(tp, tp + fp), ratio(tp, tp + fn_));
        Binary { precision, recall, f1: ratio(2.0 * tp, 2.0 * tp + fp + fn_) }
    }

    /// Accuracy over the answered examples only, the view of the CREHate paper; `None` where nothing was answered.
    pub fn accuracy_answered(&self) -> Option<f64> {
        let answered = self.n - self.out_of_choice - self.missing;
        (answered > 0.0).then(|| self.hits.iter().sum::<f64>() / answered)
    }

    /// Share of replies that parse to no label.
    pub fn out_of_choice_rate(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.out_of_choice / self.n)
    }

    /// Share of examples whose gold label ranks within the `b`-th smallest k.
    pub(crate) fn accuracy_within(&self, b: usize) -> Option<f64> {
        (self.n > 0.0).then(|| self.within[..=b].iter().sum::<f64>() / self.n)
    }

    /// Accuracy of always answering the commonest gold label.
    pub fn majority(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.gold.iter().copied().fold(0.0, f64::max) / self.n)
    }
}

/// Precision, recall and F1 of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binary {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

fn ratio(above: f64, below: f64) -> f64 {
    if below == 0.0 { 0.0 } else { above / below }
}

/// Class indices from the best score to the worst, ties by the smallest index; a NaN ranks last.
pub fn ranking(scores: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    let key =
        |c: u32| Some(scores[c as usize]).filter(|s| !s.is_nan()).unwrap_or(f32::NEG_INFINITY);
    order.sort_by(|&a, &b| {
        key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
    });
    order
}

/// 0-based rank of `gold` among `scores`: the classes that score higher, or equally with a smaller index.
/// `None` where a score is NaN or there are none: no answer has no rank.
pub fn gold_rank(scores: &[f32], gold: u32) -> Option<u32> {
    let own = *scores.get(gold as usize)?;
    if scores.iter().any(|s| s.is_nan()) {
        return None;
    }
    let ahead = |(c, s): (usize, &f32)| *s > own || (*s == own && c < gold as usize);
    Some(scores.iter().enumerate().filter(|x| ahead(*x)).count() as u32)
}

/// acc@k from the ranks of the gold labels ([`gold_rank`]; `None` = wrong), k clamped to `classes`. `None` at n = 0.
pub fn accuracy_at(ranks: &[Option<u32>], k: usize, classes: usize) -> Option<f64> {
    let k = k.min(classes);
    let hits = ranks.iter().flatten().filter(|&&rank| (rank as usize) < k).count();
    (!ranks.is_empty()).then(|| hits as f64 / ranks.len() as f64)
}
