//! Definitions as data: datasets (benchmarks), models and suites, each one TOML.
//!
//! Everything here is plain values read from TOML, checked but not resolved:
//! [`crate::prepare`] turns a dataset into examples, [`crate::exec`] a suite into cells.

pub mod access;
pub mod answer;
pub mod capability;
pub mod catalogue;
pub mod dataset;
mod field;
pub mod format;
pub mod metric;
pub mod model;
pub mod model_spec;
pub mod policy;
pub mod protocol;
pub mod reference;
pub mod resources;
pub mod rows;
mod secret;
pub mod sees;
pub mod server;
pub mod source;
pub mod split;
pub mod step;
pub mod suite;

/// The name among `there` that is most like `name`, if one is near enough: "did you mean ...?".
pub fn nearest<'a>(name: &str, there: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.78;
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in there {
        let likeness = strsim::jaro_winkler(&wanted, &candidate.to_lowercase());
        if likeness >= NEAR && best.is_none_or(|(top, _)| likeness > top) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}
