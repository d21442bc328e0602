//! Reading the arguments of a request.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::arrays::{Array, Arrays};
use crate::bootstrap::{BootstrapMethod, BootstrapOptions};
use crate::direction::Direction;
use crate::error::{Result, StatsError};
use crate::mcnemar::{Alternative, PairedTable};
use crate::permutation::PermutationMethod;
use crate::rng::Stream;

/// The arguments of one call. A name is looked up in `arrays`, `input`, then in `opts`.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) input: &'a Map<String, Value>,
    pub(crate) opts: &'a Map<String, Value>,
    pub(crate) arrays: &'a Arrays,
}

fn wrong(name: &str, expected: &str) -> StatsError {
    StatsError::Request(format!("`{name}` must be {expected}"))
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => match s.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        // A missing score is a NaN, which the functions refuse by name.
        Value::Null => Some(f64::NAN),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        _ => None,
    }
}

/// A class number: 1, or 1.0 as tables with a missing value write it.
fn label(value: &Value) -> Option<u16> {
    let v = value.as_f64()?;
    (v.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&v)).then_some(v as u16)
}

fn not_a_label(name: &str, index: usize, value: &Value) -> StatsError {
    StatsError::Request(format!(
        "`{name}` holds {value} at index {index}: give class numbers, whole and from 0 to {}",
        u16::MAX
    ))
}

/// The text that an id goes by: a number and its text are one id, and 1.0 is 1. Nothing, NaN and an empty text are no id.
fn cluster_id(value: &Value) -> Option<String> {
    match value {
        Value::Number(n) => Some(match n.as_f64() {
            // Above 2^53 not every whole number is a double: those that came as whole numbers keep all digits.
            Some(v) if n.is_f64() && v.fract() == 0.0 => format!("{v:.0}"),
            _ => n.to_string(),
        })
        .map(|text| if text == "-0" { "0".to_owned() } else { text }),
        Value::String(text) => (!text.trim().is_empty() && text != "NaN").then(|| text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn no_cluster(name: &str, index: usize, value: &Value) -> StatsError {
    let what = match value {
        Value::Array(_) | Value::Object(_) => "a list or an object",
        _ => "no id",
    };
    StatsError::Request(format!(
        "`{name}` holds {what} at index {index}: give every example the number or name of its cluster, and one of \
         its own to an example that is alone"
    ))
}

impl<'a> Call<'a> {
    fn array(&self, name: &str) -> Option<&'a Array> {
        self.arrays.get(name)
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        self.input.get(name).or_else(|| self.opts.get(name)).filter(|v| !v.is_null())
    }

    fn need(&self, name: &str) -> Result<&'a Value> {
        self.find(name).ok_or_else(|| StatsError::Request(format!("`{name}` is missing")))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.array(name).is_some() || self.find(name).is_some()
    }

    pub(crate) fn num(&self, name: &str) -> Result<f64> {
        if self.array(name).is_some() {
            return Err(wrong(name, "a number"));
        }
        match float(self.need(name)?) {
            Some(v) if !v.is_nan() => Ok(v),
            _ => Err(wrong(name, "a number")),
        }
    }

    pub(crate) fn num_or(&self, name: &str, default: f64) -> Result<f64> {
        if self.has(name) { self.num(name) } else { Ok(default) }
    }

    pub(crate) fn count(&self, name: &str) -> Result<u64> {
        let v = self.num(name)?;
        if v < 0.0 || v.fract() != 0.0 || v > 9e15 {
            return Err(wrong(name, "a whole number of at least 0"));
        }
        Ok(v as u64)
    }

    pub(crate) fn size(&self, name: &str) -> Result<usize> {
        Ok(self.count(name)? as usize)
    }

    pub(crate) fn count_or(&self, name: &str, default: u64) -> Result<u64> {
        if self.has(name) { self.count(name) } else { Ok(default) }
    }

    pub(crate) fn integer(&self, name: &str) -> Result<i64> {
        let v = self.num(name)?;
        if v.fract() != 0.0 || v.abs() > 9e15 {
            return Err(wrong(name, "a whole number"));
        }
        Ok(v as i64)
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.find(name) {
            None => Ok(default),
            Some(v) => v.as_bool().ok_or_else(|| wrong(name, "true or false")),
        }
    }

    /// `higher_is_better`, true where it is not given.
    pub(crate) fn direction(&self) -> Result<Direction> {
        let higher = self.flag("higher_is_better", true)?;
        Ok(if higher { Direction::HigherIsBetter } else { Direction::LowerIsBetter })
    }

    pub(crate) fn word(&self, name: &str, default: &'static str) -> Result<&'a str> {
        match self.find(name) {
            None => Ok(default),
            Some(v) => v.as_str().ok_or_else(|| wrong(name, "a word")),
        }
    }

    fn items(&self, name: &str) -> Result<&'a [Value]> {
        match self.need(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(wrong(name, "a list")),
        }
    }

    pub(crate) fn nums(&self, name: &str) -> Result<Cow<'a, [f64]>> {
        if let Some(array) = self.array(name) {
            return array.list(name);
        }
        self.items(name)?
            .iter()
            .map(|v| float(v).ok_or_else(|| wrong(name, "a list of numbers")))
            .collect::<Result<Vec<f64>>>()
            .map(Cow::Owned)
    }

    pub(crate) fn words(&self, name: &str) -> Result<Vec<String>> {
        self.items(name)?
            .iter()
            .map(|v| v.as_str().map(str::to_owned).ok_or_else(|| wrong(name, "a list of words")))
            .collect()
    }

    pub(crate) fn table(&self, name: &str) -> Result<Vec<Vec<f64>>> {
        if let Some(array) = self.array(name) {
            return array.table(name);
        }
        let bad = || wrong(name, "a list of lists of numbers");
        self.items(name)?
            .iter()
            .map(|row| {
                row.as_array().ok_or_else(bad)?.iter().map(|v| float(v).ok_or_else(bad)).collect()
            })
            .collect()
    }

    pub(crate) fn flags(&self, name: &str) -> Result<Vec<Vec<bool>>> {
        self.table(name)?
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|v| {
                        if v == 0.0 || v == 1.0 {
                            Ok(v == 1.0)
                        } else {
                            Err(wrong(name, "a table of 0 and 1"))
                        }
                    })
                    .collect()
            })
            .collect()
    }

    /// Right or wrong, one an example.
    pub(crate) fn rights(&self, name: &str) -> Result<Vec<bool>> {
        let values = self.nums(name)?;
        match values.iter().position(|v| *v != 0.0 && *v != 1.0) {
            None => Ok(values.iter().map(|v| *v == 1.0).collect()),
            Some(index) => Err(StatsError::Request(format!(
                "`{name}` holds {} at index {index}: give 1 for right and 0 for wrong",
                values[index]
            ))),
        }
    }

    pub(crate) fn labels(&self, name: &str) -> Result<Vec<u16>> {
        if let Some(array) = self.array(name) {
            return array.labels(name);
        }
        self.items(name)?
            .iter()
            .enumerate()
            .map(|(index, v)| label(v).ok_or_else(|| not_a_label(name, index, v)))
            .collect()
    }

    /// Clusters may be numbers or names; see [`cluster_id`].
    pub(crate) fn clusters(&self, name: &str) -> Result<Vec<u32>> {
        if let Some(array) = self.array(name) {
            return array.clusters(name);
        }
        let mut known = std::collections::HashMap::new();
        (self.items(name)?.iter().enumerate())
            .map(|(index, v)| {
                let id = cluster_id(v).ok_or_else(|| no_cluster(name, index, v))?;
                let next = known.len() as u32;
                Ok(*known.entry(id).or_insert(next))
            })
            .collect()
    }

    pub(crate) fn choice<T: Copy>(&self, name: &str, default: T, known: &[(&str, T)]) -> Result<T> {
        let Some(value) = self.find(name) else { return Ok(default) };
        let word = value.as_str().unwrap_or_default();
        known.iter().find(|(k, _)| *k == word).map(|(_, v)| *v).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(k, _)| *k).collect();
            StatsError::Request(format!("`{name}` is {value}: give one of {}", names.join(", ")))
        })
    }

    pub(crate) fn alternative(&self) -> Result<Alternative> {
        self.choice(
            "alternative",
            Alternative::TwoSided,
            &[
                ("two-sided", Alternative::TwoSided),
                ("greater", Alternative::Greater),
                ("a_better", Alternative::Greater),
                ("less", Alternative::Less),
                ("b_better", Alternative::Less),
            ],
        )
    }

    pub(crate) fn alpha(&self) -> Result<f64> {
        self.num_or("alpha", 0.05)
    }

    pub(crate) fn confidence(&self) -> Result<f64> {
        self.num_or("confidence", 0.95)
    }

    pub(crate) fn stream(&self, name: &str) -> Result<Stream> {
        Ok(Stream::new(self.count_or("seed", 0)?, name))
    }

    pub(crate) fn resamples(&self) -> Result<usize> {
        self.count_or("resamples", 10_000)?
            .try_into()
            .map_err(|_| wrong("resamples", "a smaller number"))
    }

    pub(crate) fn bootstrap(&self, name: &str) -> Result<BootstrapOptions> {
        let method = self.choice(
            "interval",
            BootstrapMethod::Percentile,
            &[
                ("percentile", BootstrapMethod::Percentile),
                ("basic", BootstrapMethod::Basic),
                ("bca", BootstrapMethod::Bca),
            ],
        )?;
        Ok(BootstrapOptions {
            resamples: self.resamples()?,
            confidence: self.confidence()?,
            method,
            stream: self.stream(name)?,
        })
    }

    pub(crate) fn permutation_method(&self, name: &str) -> Result<PermutationMethod> {
        let (resamples, stream) = (self.resamples()?, self.stream(name)?);
        Ok(
            match self.choice(
                "method",
                "auto",
                &[("exact", "exact"), ("mc", "mc"), ("auto", "auto")],
            )? {
                "exact" => PermutationMethod::Exact,
                "mc" => PermutationMethod::MonteCarlo { resamples, stream },
                _ => PermutationMethod::Auto { resamples, stream },
            },
        )
    }

    pub(crate) fn paired_table(&self) -> Result<PairedTable> {
        Ok(PairedTable {
            both_right: self.count_or("both_right", 0)?,
            only_a: self.count("only_a")?,
            only_b: self.count("only_b")?,
            both_wrong: self.count_or("both_wrong", 0)?,
        })
    }

    /// `differences`, or A - B of `a` and `b`.
    pub(crate) fn differences(&self) -> Result<Cow<'a, [f64]>> {
        if self.has("differences") {
            return self.nums("differences");
        }
        crate::ttest::differences(&self.nums("a")?, &self.nums("b")?).map(Cow::Owned)
    }
}
