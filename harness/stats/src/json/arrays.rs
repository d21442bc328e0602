//! Arguments that a caller holds as arrays: what is not worth a way through JSON.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::error::{Result, StatsError};

/// Arrays by the name of their argument.
pub type Arrays = BTreeMap<String, Array>;

/// Numbers that a caller holds as an array. A NaN is a missing score, as `null` is in JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Array {
    /// One dimension.
    List(Vec<f64>),
    /// Two dimensions, row by row.
    Table {
        /// All values, rows x columns of them.
        values: Vec<f64>,
        /// Values a row.
        columns: usize,
    },
}

impl Array {
    pub(super) fn list(&self, name: &str) -> Result<Cow<'_, [f64]>> {
        match self {
            Self::List(values) => Ok(Cow::Borrowed(values)),
            Self::Table { .. } => Err(dimensions(name, 1, 2)),
        }
    }

    pub(super) fn table(&self, name: &str) -> Result<Vec<Vec<f64>>> {
        match self {
            Self::List(_) => Err(dimensions(name, 2, 1)),
            Self::Table { values, columns } => {
                Ok(values.chunks(*columns.max(&1)).map(<[f64]>::to_vec).collect())
            }
        }
    }

    /// Class numbers.
    pub(super) fn labels(&self, name: &str) -> Result<Vec<u16>> {
        let label = |v: f64| v.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&v);
        let values = self.list(name)?;
        match values.iter().position(|v| !label(*v)) {
            None => Ok(values.iter().map(|v| *v as u16).collect()),
            Some(index) => Err(StatsError::Request(format!(
                "`{name}` holds {} at index {index}: give class numbers, whole and from 0 to {}",
                values[index],
                u16::MAX
            ))),
        }
    }

    /// Cluster numbers in the order in which they first come.
    pub(super) fn clusters(&self, name: &str) -> Result<Vec<u32>> {
        let values = self.list(name)?;
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(StatsError::Request(format!(
                "`{name}` holds no id at index {index}: give every example the number or name of its cluster, \
                 and one of its own to an example that is alone"
            )));
        }
        let mut known = HashMap::new();
        let number = |v: &f64| {
            let next = known.len() as u32;
            // -0 and 0 are one id.
            *known.entry((v + 0.0).to_bits()).or_insert(next)
        };
        Ok(values.iter().map(number).collect())
    }
}

fn dimensions(name: &str, needed: usize, got: usize) -> StatsError {
    let what = if needed == 1 { "a list of numbers" } else { "rows of numbers" };
    StatsError::Request(format!(
        "`{name}` has {got} dimension(s): give {what}, {needed} dimension(s)"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::json::{call, call_with_arrays};

    fn list(values: &[f64]) -> Array {
        Array::List(values.to_vec())
    }

    type Answered = Result<Map<String, serde_json::Value>>;

    /// The same request as JSON and as arrays.
    fn both(name: &str, lists: &[(&str, &[f64])]) -> (Answered, Answered) {
        let input = lists.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        let arrays = lists.iter().map(|(k, v)| ((*k).to_owned(), list(v))).collect();
        let none = Map::new();
        (call(name, &input, &none), call_with_arrays(name, &none, &none, &arrays))
    }

    #[test]
    fn arrays_are_answered_like_lists_of_json() {
        let a: &[f64] = &[0.9, 0.4, 0.7, 0.8, 0.3, 0.9, 0.6];
        let b: &[f64] = &[0.5, 0.6, 0.2, 0.8, 0.1, 0.4, 0.3];
        let clusters: &[f64] = &[7.0, 7.0, -0.0, 0.0, 3.0, 3.0, 1.0];
        for (name, lists) in [
            ("ttest_paired", vec![("a", a), ("b", b)]),
            ("wilcoxon", vec![("a", a), ("b", b)]),
            ("permutation_mean", vec![("a", a), ("b", b), ("clusters", clusters)]),
            ("clustered_se", vec![("scores", a), ("clusters", clusters)]),
        ] {
            let (json, arrays) = both(name, &lists);
            assert_eq!(json.unwrap(), arrays.unwrap(), "{name}");
        }
    }

    #[test]
    fn wrong_arrays_are_refused_by_name() {
        let refused = |name: &str, argument: &str, array: Array| {
            let arrays = Arrays::from([(argument.to_owned(), array)]);
            let none = Map::new();
            call_with_arrays(name, &none, &none, &arrays).unwrap_err().to_string()
        };
        let table = Array::Table { values: vec![1.0; 4], columns: 2 };
        let error = refused("mean_ci", "values", table);
        assert_eq!(error, "`values` has 2 dimension(s): give a list of numbers, 1 dimension(s)");
        let error = refused("friedman", "scores", list(&[1.0, 2.0]));
        assert_eq!(error, "`scores` has 1 dimension(s): give rows of numbers, 2 dimension(s)");
        let error = refused("mean_ci", "values", list(&[1.0, f64::NAN]));
        assert!(error.contains("`values` holds NaN or an infinity at index 1"), "{error}");
        let error = refused("mean_ci", "value", list(&[1.0]));
        assert!(error.contains("has no input `value`"), "{error}");
        let error = refused("cohens_h", "p1", list(&[0.5]));
        assert!(error.contains("`p1` must be a number"), "{error}");
    }

    #[test]
    fn class_numbers_are_whole() {
        assert_eq!(list(&[0.0, 2.0]).labels("gold").unwrap(), [0, 2]);
        for wrong in [0.5, -1.0, 65_536.0, f64::NAN] {
            let error = list(&[0.0, wrong]).labels("gold").unwrap_err().to_string();
            assert!(error.contains("at index 1: give class numbers"), "{error}");
        }
        let error = list(&[0.0, f64::NAN]).clusters("clusters").unwrap_err().to_string();
        assert!(error.contains("`clusters` holds no id at index 1"), "{error}");
    }
}
