//! Measures that are functions of sums. Every example adds a few numbers, and the measure is a function of their
//! sums.
//!
//! A mean over examples is the sum of values over the sum of ones; a bias score is a function of a few counts.
//! Resamples of whole clusters, cultures, groups and seeds then work for all measures as they do for label counts.

use culture_scores::Terms;

/// A measure of terms.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMeasure {
    /// Its name in tables.
    pub name: String,
    /// Its lowest and its highest possible value.
    pub range: (f64, f64),
    /// Whether a lower value is worse, so that a worst culture and a gap say something.
    pub higher_is_better: bool,
    /// The place of its first term in a row.
    pub first: usize,
    /// How many terms it has.
    pub terms: usize,
    /// Terms of a whole row, those of other measures included.
    pub of: usize,
    /// The terms, among its own, whose sum is the number of examples that it is about.
    pub counted: Vec<usize>,
    /// Its value.
    pub function: Function,
}

/// How a value follows from sums of terms.
#[derive(Debug, Clone, Copy)]
pub enum Function {
    /// The first sum over the second: a mean over the examples that it is defined on.
    Mean,
    /// A function that has no value where its examples do not occur.
    Of(fn(&Terms) -> Option<f64>),
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mean, Self::Mean) => true,
            (Self::Of(a), Self::Of(b)) => std::ptr::fn_addr_eq(*a, *b),
            _ => false,
        }
    }
}

impl TermMeasure {
    /// How many examples it is about, for the sums of all terms of a row.
    pub fn n(&self, sums: &[f64]) -> f64 {
        self.counted.iter().map(|term| sums[self.first + term]).sum()
    }

    /// Its value for the sums of all terms of a row.
    pub fn value(&self, sums: &[f64]) -> Option<f64> {
        let own = &sums[self.first..self.first + self.terms];
        match self.function {
            Function::Mean => (own[1] > 0.0).then(|| own[0] / own[1]),
            Function::Of(function) => function(&std::array::from_fn(|i| own[i])),
        }
    }
}
