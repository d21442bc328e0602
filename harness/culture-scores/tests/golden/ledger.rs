//! Golden values, and which of them were computed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// A known value.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Golden {
    /// dataset.subset.predictor.figure
    pub(crate) id: String,
    pub(crate) value: Value,
    /// Absolute; without it values are equal.
    #[serde(default)]
    pub(crate) tol: f64,
    /// What is not plain from the id; cases of parsers are here.
    #[serde(default)]
    pub(crate) what: String,
}

/// Whether an id is of a dataset.
pub(crate) fn is_of(id: &str, dataset: &str) -> bool {
    id.strip_prefix(dataset).is_some_and(|rest| rest.starts_with('.'))
}

/// The values of one dataset, and what was found.
#[derive(Debug)]
pub(crate) struct Ledger {
    dataset: String,
    golden: BTreeMap<String, Golden>,
    checked: BTreeSet<String>,
    failures: Vec<String>,
}

/// What became of the values of a dataset.
#[derive(Debug)]
pub(crate) struct Report {
    dataset: String,
    pub(crate) checked: usize,
    pub(crate) failures: Vec<String>,
    pub(crate) not_covered: Vec<String>,
}

impl Ledger {
    pub(crate) fn new(dataset: &str, golden: Vec<Golden>) -> Self {
        let own = golden.into_iter().filter(|value| is_of(&value.id, dataset));
        Self {
            dataset: dataset.to_owned(),
            golden: own.map(|value| (value.id.clone(), value)).collect(),
            checked: BTreeSet::new(),
            failures: Vec::new(),
        }
    }

    /// The values whose ids begin so: cases of parsers.
    pub(crate) fn cases(&self, prefix: &str) -> Vec<Golden> {
        self.golden.values().filter(|value| value.id.starts_with(prefix)).cloned().collect()
    }

    /// Compares a value with the known one. Ids are without the dataset. A third of all values is kept elsewhere: an id
    /// that is not in the file says nothing.
    pub(crate) fn check(&mut self, id: &str, value: impl Into<Value>) {
        let id = format!("{}.{id}", self.dataset);
        let Some(golden) = self.golden.get(&id) else { return };
        let value = value.into();
        if !self.checked.insert(id.clone()) {
            self.failures.push(format!("{id}: computed twice"));
        }
        if !same(&value, &golden.value, golden.tol) {
            self.failures.push(format!("{id}: got {value}, expected {}", golden.value));
        }
    }

    /// A count.
    pub(crate) fn count(&mut self, id: &str, count: usize) {
        self.check(id, count as u64);
    }

    /// A figure that must exist.
    pub(crate) fn figure(&mut self, id: &str, value: Option<f64>) {
        self.check(id, value.map_or(Value::Null, Value::from));
    }

    pub(crate) fn report(self) -> Report {
        let missing = self.golden.into_keys().filter(|id| !self.checked.contains(id));
        Report {
            dataset: self.dataset,
            checked: self.checked.len(),
            failures: self.failures,
            not_covered: missing.collect(),
        }
    }
}

fn same(got: &Value, expect: &Value, tolerance: f64) -> bool {
    match (got, expect) {
        (Value::Number(got), Value::Number(expect)) => {
            let both = got.as_f64().zip(expect.as_f64());
            both.is_some_and(|(got, expect)| (got - expect).abs() <= tolerance)
        }
        (Value::Array(got), Value::Array(expect)) => {
            got.len() == expect.len() && got.iter().zip(expect).all(|(g, e)| same(g, e, tolerance))
        }
        (Value::Object(got), Value::Object(expect)) => {
            got.len() == expect.len()
                && got.iter().all(|(key, g)| expect.get(key).is_some_and(|e| same(g, e, tolerance)))
        }
        _ => got == expect,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dataset, checked, failures, not_covered } = self;
        writeln!(
            f,
            "{dataset}: {checked} golden values checked, {} wrong, {} not covered",
            failures.len(),
            not_covered.len()
        )?;
        for failure in failures {
            writeln!(f, "  {failure}")?;
        }
        for id in not_covered {
            writeln!(f, "  not covered: {id}")?;
        }
        Ok(())
    }
}
