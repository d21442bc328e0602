//! Names of columns as places in a row.

use crate::text::template::{Bound, Template};

pub(super) fn bind(template: &str, columns: &[String]) -> Result<Bound, String> {
    Template::parse(template).and_then(|t| t.bind(columns)).map_err(|e| e.to_string())
}

pub(super) fn find(name: &str, columns: &[String]) -> Result<usize, String> {
    columns.iter().position(|column| column == name).ok_or_else(|| {
        let there = crate::text::names(columns);
        format!("unknown column `{name}` (there are: {there}); add it to `columns` of the input, or set it in an earlier step")
    })
}

pub(super) fn find_or_add(name: &str, columns: &mut Vec<String>) -> usize {
    columns.iter().position(|column| column == name).unwrap_or_else(|| {
        columns.push(name.to_owned());
        columns.len() - 1
    })
}

/// The places of several columns.
pub(super) fn find_all(names: &[String], columns: &[String]) -> Result<Vec<usize>, String> {
    names.iter().map(|name| find(name, columns)).collect()
}

/// The text that a template makes of a row.
pub(super) fn rendered(template: &Bound, row: &[String]) -> String {
    let mut out = String::new();
    template.render(row, &mut out);
    out
}
