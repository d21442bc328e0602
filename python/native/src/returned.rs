//! Answers for Python.

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::{Map, Value};

pub(crate) fn dictionary(
    py: Python<'_>,
    answer: Map<String, Value>,
) -> PyResult<Bound<'_, PyDict>> {
    let dictionary = PyDict::new(py);
    for (name, value) in answer {
        dictionary.set_item(name, object(py, value)?)?;
    }
    Ok(dictionary)
}

/// Lists are tuples, so that an answer cannot be changed. The words for infinities are numbers again.
fn object(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(flag) => flag.into_bound_py_any(py),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => whole.into_bound_py_any(py),
            (None, Some(whole)) => whole.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Value::String(word) => match word.as_str() {
            "Infinity" => f64::INFINITY.into_bound_py_any(py),
            "-Infinity" => f64::NEG_INFINITY.into_bound_py_any(py),
            _ => word.into_bound_py_any(py),
        },
        Value::Array(items) => {
            let items = items.into_iter().map(|item| object(py, item));
            Ok(PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        Value::Object(map) => Ok(dictionary(py, map)?.into_any()),
    }
}
