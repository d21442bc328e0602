//! The mean of other populations on the same question. A distance below this line shows that a model knows something
//! of *this* population.

use std::collections::BTreeMap;

use crate::error::Result;

use super::target::normalised;

/// Sums of the shares of all populations, by question.
#[derive(Debug, Clone)]
pub struct MeansOfOthers<Q> {
    sums: BTreeMap<Q, (Vec<f64>, usize)>,
}

impl<Q: Ord> Default for MeansOfOthers<Q> {
    fn default() -> Self {
        Self { sums: BTreeMap::new() }
    }
}

impl<Q: Ord> MeansOfOthers<Q> {
    /// Adds the shares of one population. A question is the same only if its options are, too: make them part of `question`.
    ///
    /// # Errors
    /// Shares that are no distribution, or of another number of options than those before.
    pub fn add(&mut self, question: Q, shares: &[f64]) -> Result<()> {
        let shares = normalised(shares)?;
        let (sums, n) = self.sums.entry(question).or_insert_with(|| (vec![0.0; shares.len()], 0));
        crate::error::same_length("options before", sums.len(), "target shares", shares.len())?;
        for (sum, share) in sums.iter_mut().zip(&shares) {
            *sum += share;
        }
        *n += 1;
        Ok(())
    }

    /// The mean of all populations but the one with these shares, which must have been added; each population weighs
    /// alike. `None` if there is no other one.
    ///
    /// # Errors
    /// Shares that are no distribution.
    pub fn without(&self, question: &Q, shares: &[f64]) -> Result<Option<Vec<f64>>> {
        let shares = normalised(shares)?;
        let Some((sums, n)) = self.sums.get(question).filter(|(_, n)| *n > 1) else {
            return Ok(None);
        };
        crate::error::same_length("options before", sums.len(), "target shares", shares.len())?;
        let others = (n - 1) as f64;
        Ok(Some(
            sums.iter()
                .zip(&shares)
                .map(|(sum, share)| ((sum - share) / others).max(0.0))
                .collect(),
        ))
    }
}

/// For every row, the mean of the other rows of the same question; `None` if there are none.
///
/// # Errors
/// Shares that are no distribution, or different numbers of options of one question.
pub fn mean_of_others<Q: Ord + Clone, S: AsRef<[f64]>>(
    rows: &[(Q, S)],
) -> Result<Vec<Option<Vec<f64>>>> {
    let mut means = MeansOfOthers::default();
    for (question, shares) in rows {
        means.add(question.clone(), shares.as_ref())?;
    }
    rows.iter().map(|(question, shares)| means.without(question, shares.as_ref())).collect()
}
