//! Samples of the datasets whose questions are not answered with a label: small, in the upstream formats, about invented people.

mod bias;
mod blend;
mod choices;
mod map;
mod people;

use std::io;

use super::draw::Draw;
use super::file::{File, csv};

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

/// Invented groups.
const GROUPS: [&str; 6] =
    ["Velmorian", "Quandish", "Tressian", "Ostravelan", "Bryndaler", "Skarlish"];

/// Traits that a story tells of one of two.
const TRAITS: [&str; 8] =
    ["late", "loud", "stingy", "clumsy", "boastful", "sleepy", "stubborn", "nosy"];

/// A JSON object a line.
fn lines(rows: &[serde_json::Value]) -> Vec<u8> {
    let mut out = String::new();
    for row in rows {
        out.push_str(&row.to_string());
        out.push('\n');
    }
    out.into_bytes()
}

/// Tab-separated rows under a header.
fn tsv(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = header.join("\t") + "\n";
    for row in rows {
        out.push_str(&row.join("\t"));
        out.push('\n');
    }
    out.into_bytes()
}

/// Two different elements of a list.
fn two<T: Copy>(draw: &mut Draw, of: &[T]) -> (T, T) {
    let first = draw.below(of.len());
    let second = (first + 1 + draw.below(of.len() - 1)) % of.len();
    (of[first], of[second])
}
