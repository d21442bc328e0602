//! Samples of the datasets without labels: small, in the upstream formats, about invented people.

mod bias;
mod blend;
mod choices;
mod made;
mod map;
mod people;

use std::io;

use super::file::File;

/// The names of the datasets.
pub(super) const DATASETS: [&str; 12] = [
    "blend",
    "kobbq",
    "bbq",
    "esbbq",
    "copal-id",
    "fork",
    "kalahi",
    "crows-pairs",
    "globalopinionqa",
    "seegull",
    "seegull-multilingual",
    "iw-map",
];

/// The files of a dataset; none where it is not one of these.
pub(super) fn files(dataset: &str) -> Option<io::Result<Vec<File>>> {
    Some(match dataset {
        "blend" => blend::files(),
        "kobbq" => Ok(bias::kobbq()),
        "bbq" => Ok(bias::bbq()),
        "esbbq" => Ok(bias::esbbq()),
        "crows-pairs" => bias::crows_pairs(),
        "copal-id" => choices::copal_id(),
        "fork" => choices::fork(),
        "kalahi" => choices::kalahi(),
        "globalopinionqa" => people::global_opinions(),
        "seegull" => people::seegull(),
        "seegull-multilingual" => people::seegull_multilingual(),
        "iw-map" => map::files(),
        _ => return None,
    })
}
