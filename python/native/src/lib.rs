//! `culture_eval._native`: the statistics engine for Python. Its functions are called by name; `culture_eval/stats` gives each a
//! signature and a class of answers.
//!
//! Arrays are copied once, so that the interpreter's lock is not held while the engine computes.

mod given;
mod returned;

use eval_stats::json;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Calls a function of the engine. Arguments are numbers, words, lists of words and NumPy arrays of float64.
///
/// # Errors
/// `ValueError` with the name of the argument and the remedy.
#[pyfunction]
fn call<'py>(
    py: Python<'py>,
    name: &str,
    arguments: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = given::read(arguments)?;
    let none = serde_json::Map::new();
    let answer = py
        .detach(|| json::call_with_arrays(name, &given.values, &none, &given.arrays))
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    returned::dictionary(py, answer)
}

/// Name, line of description, and names of the arguments of every function.
#[pyfunction]
fn functions(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let rows = json::functions().map(|f| {
        let arguments: Vec<&str> = f.input.iter().chain(f.opts).copied().collect();
        (f.name, f.about, arguments)
    });
    PyList::new(py, rows.collect::<Vec<_>>())
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(call, module)?)?;
    module.add_function(wrap_pyfunction!(functions, module)?)
}
