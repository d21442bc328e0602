//! Scores as functions of sums.

use crate::facts::Facts;

/// The most terms that a score adds up.
pub const MOST_TERMS: usize = 4;

/// What one row adds to the sums of a score; terms that a score does not use are 0.
pub type Terms = [f64; MOST_TERMS];

/// A score that is a function of sums over rows: `value(sum of terms(row))`.
///
/// Rows of a cluster add up to one vector of terms. Whoever resamples clusters adds these vectors, each as often as it
/// was drawn, and calls `value` once a resample. A bias score is a ratio of counts, and no mean of values of rows: this
/// is the form in which its interval is right.
#[derive(Debug, Clone, Copy)]
pub struct RatioScore<R: 'static> {
    /// Name, unit, range, best value, chance, source.
    pub facts: Facts,
    /// What each term counts. The first terms are used; the others are always 0.
    pub terms_are: &'static [&'static str],
    /// The terms that count rows: their sum is the n of the score.
    pub counted: &'static [usize],
    /// What a row adds.
    pub terms: fn(R) -> Terms,
    /// The score of the sums; `None` if there is none: not a single row of its kind.
    pub value: fn(&Terms) -> Option<f64>,
}

impl<R: Copy> RatioScore<R> {
    /// The sums over rows.
    pub fn sums<'a>(&self, rows: impl IntoIterator<Item = &'a R>) -> Terms
    where
        R: 'a,
    {
        let mut sums = Terms::default();
        for row in rows {
            for (sum, term) in sums.iter_mut().zip((self.terms)(*row)) {
                *sum += term;
            }
        }
        sums
    }

    /// The score of rows.
    pub fn of<'a>(&self, rows: impl IntoIterator<Item = &'a R>) -> Option<f64>
    where
        R: 'a,
    {
        (self.value)(&self.sums(rows))
    }

    /// The mean of the scores of groups (templates); groups without a score are left out. `None` where no group has one.
    ///
    /// KoBBQ reports this over templates for its full set of samples, whose templates differ in size.
    pub fn mean_over<'a, G>(&self, groups: impl IntoIterator<Item = G>) -> Option<f64>
    where
        R: 'a,
        G: IntoIterator<Item = &'a R>,
    {
        let scores: Vec<f64> = groups.into_iter().filter_map(|group| self.of(group)).collect();
        ratio(scores.iter().sum(), scores.len() as f64)
    }
}

/// `above / below`; `None` where nothing was counted.
pub(crate) fn ratio(above: f64, below: f64) -> Option<f64> {
    (below > 0.0).then(|| above / below)
}

/// 1 or 0.
pub(crate) fn one_if(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}
