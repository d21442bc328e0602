//! Arguments from Python.

use eval_stats::json::{Array, Arrays};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};
use serde_json::{Map, Value};

/// Arguments as the engine reads them.
pub(crate) struct Given {
    pub(crate) values: Map<String, Value>,
    pub(crate) arrays: Arrays,
}

pub(crate) fn read(arguments: &Bound<'_, PyDict>) -> PyResult<Given> {
    let mut given = Given { values: Map::new(), arrays: Arrays::new() };
    for (name, value) in arguments {
        let name: String = name.extract()?;
        if let Some(array) = array(&value) {
            given.arrays.insert(name, array);
        } else {
            let read = scalar(&value).ok_or_else(|| {
                PyTypeError::new_err(format!("`{name}` is of a type that the engine does not read"))
            })?;
            given.values.insert(name, read);
        }
    }
    Ok(given)
}

fn array(value: &Bound<'_, PyAny>) -> Option<Array> {
    if let Ok(list) = value.extract::<PyReadonlyArray1<'_, f64>>() {
        return Some(Array::List(list.as_array().iter().copied().collect()));
    }
    let table = value.extract::<PyReadonlyArray2<'_, f64>>().ok()?;
    let table = table.as_array();
    Some(Array::Table { values: table.iter().copied().collect(), columns: table.ncols() })
}

/// A number (infinities and NaN as the words of the JSON filter), a word, a flag, or a list of them.
fn scalar(value: &Bound<'_, PyAny>) -> Option<Value> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return Some(Value::Bool(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>()
        && let Ok(whole) = value.extract::<i64>()
    {
        return Some(Value::from(whole));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        let number: f64 = value.extract().ok()?;
        let word = if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return Some(if number.is_finite() { Value::from(number) } else { Value::from(word) });
    }
    if value.is_instance_of::<PyString>() {
        return value.extract::<String>().ok().map(Value::from);
    }
    let items = value.try_iter().ok()?;
    items.map(|item| scalar(&item.ok()?)).collect::<Option<Vec<Value>>>().map(Value::Array)
}
