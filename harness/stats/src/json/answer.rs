//! Writing the answer of a request.

use serde_json::{Map, Value};

use crate::bootstrap::Bootstrap;
use crate::interval::Interval;

/// An answer under construction.
#[derive(Debug, Default)]
pub(crate) struct Answer(Map<String, Value>);

pub(crate) trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for f64 {
    fn into_value(self) -> Value {
        if self.is_nan() {
            Value::Null
        } else if self.is_infinite() {
            Value::from(if self > 0.0 { "Infinity" } else { "-Infinity" })
        } else {
            Value::from(self)
        }
    }
}

impl IntoValue for usize {
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl IntoValue for u64 {
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::from(self)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::Array(self.into_iter().map(IntoValue::into_value).collect())
    }
}

impl Answer {
    pub(crate) fn with(mut self, key: &str, value: impl IntoValue) -> Self {
        self.0.insert(key.to_owned(), value.into_value());
        self
    }

    pub(crate) fn ends(self, prefix: &str, interval: &Interval) -> Self {
        self.with(&format!("{prefix}_low"), interval.low)
            .with(&format!("{prefix}_high"), interval.high)
    }

    /// The common fields of a bootstrap.
    pub(crate) fn bootstrap(self, result: &Bootstrap) -> Self {
        self.with("estimate", result.estimate)
            .with("se", result.se)
            .ends("ci", &result.interval)
            .with("interval", result.interval.method.name())
            .with("acceleration", result.acceleration)
            .with("bias_correction", result.bias_correction)
            .with("p_value_shift", result.p_shift)
            .with("p_value_inversion", result.p_inversion)
            .with("degenerate", result.degenerate)
            .with("resamples", result.resamples)
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}
