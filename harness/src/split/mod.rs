//! Splits, pure: the official algorithms bit for bit, else ours by a hash of the id.
//!
//! [`assign`] gives every example its part; [`overlap`] finds what is on both sides.

pub mod leaks;
mod mt19937;
mod official;
mod overlap;

use sha2::{Digest, Sha256};

use crate::definition::split::{Carve, Split, SplitRule, Unit};

pub use leaks::Leaks;
pub use mt19937::Mt19937;
pub use official::{TooSmall, pandas_group_sample, sklearn_stratified};
pub use overlap::{Openings, Overlap, name_key, overlap, text_key};

/// What a split needs to know of the examples, in file order. All columns have the same length.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Class of each example, an index into `names`.
    pub labels: &'a [u32],
    /// The class names.
    pub names: &'a [String],
    /// Number of the input each example came from.
    pub inputs: &'a [u32],
    /// The part that its input names.
    pub given: &'a [Option<Split>],
    /// [`draw`] of each example.
    pub draws: &'a [u64],
}

/// Why the examples cannot be split as the definition says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A class has too few rows for the official draw.
    #[error(
        "split: class `{class}` has {found} rows, {needed} are needed; the file is incomplete, or `split` of the definition does not fit it"
    )]
    TooSmall {
        /// The class.
        class: String,
        /// Its rows.
        found: usize,
        /// Rows needed.
        needed: usize,
    },
    /// An input of a given split that names no part.
    #[error(
        "split: an input names no part; add `part` to every `[[task.input]]`, or choose another `split.method`"
    )]
    NoPart,
}

/// The part of every example. `sample`: the sample data are used, with their own class sizes.
pub fn assign(split: &SplitRule, columns: Columns<'_>, sample: bool) -> Result<Vec<Split>, Error> {
    match split {
        SplitRule::Given { valid } => {
            let mut parts =
                columns.given.iter().copied().collect::<Option<Vec<_>>>().ok_or(Error::NoPart)?;
            carve(valid.as_ref(), columns, &mut parts);
            Ok(parts)
        }
        SplitRule::PandasGroupSample { n, sample_n, random_state, valid } => {
            let n = if sample { *sample_n } else { *n };
            let order = sorted(columns.names);
            let mut rank = vec![0; order.len()];
            for (place, &name) in order.iter().enumerate() {
                rank[name] = place as u32;
            }
            let classes: Vec<u32> =
                columns.labels.iter().map(|&label| rank[label as usize]).collect();
            let train = pandas_group_sample(&classes, n, *random_state)
                .map_err(|small| too_small(&small, &columns.names[order[small.class]]))?;
            let mut parts: Vec<Split> =
                train.iter().map(|&train| if train { Split::Train } else { Split::Test }).collect();
            carve(valid.as_ref(), columns, &mut parts);
            Ok(parts)
        }
        SplitRule::SklearnStratified { test_size, random_state, valid } => {
            let mut parts = vec![Split::Train; columns.labels.len()];
            let inputs = columns.inputs.iter().max().map_or(0, |&top| top + 1);
            for input in 0..inputs {
                let rows: Vec<usize> =
                    (0..parts.len()).filter(|&row| columns.inputs[row] == input).collect();
                let classes: Vec<u32> = rows.iter().map(|&row| columns.labels[row]).collect();
                let (_, test) = sklearn_stratified(&classes, *test_size, *random_state)
                    .map_err(|small| too_small(&small, &columns.names[small.class]))?;
                for row in test {
                    parts[rows[row]] = Split::Test;
                }
            }
            carve(valid.as_ref(), columns, &mut parts);
            Ok(parts)
        }
        SplitRule::Hash { train, valid, .. } => {
            let part = |draw: u64| {
                let u = draw as f64 / u64::MAX as f64;
                if u < *train {
                    Split::Train
                } else if u < train + valid {
                    Split::Valid
                } else {
                    Split::Test
                }
            };
            Ok(columns.draws.iter().map(|&draw| part(draw)).collect())
        }
    }
}

/// The seeded draw that decides about an example: a hash of the seed and its id (or cluster).
pub fn draw(split: &SplitRule, id: &str, cluster: &str) -> u64 {
    let (seed, unit) = match split {
        SplitRule::Hash { seed, by: Unit::Id, .. } => (*seed, id),
        SplitRule::Hash { seed, by: Unit::Cluster, .. } => (*seed, cluster),
        SplitRule::Given { valid: Some(carve) }
        | SplitRule::PandasGroupSample { valid: Some(carve), .. }
        | SplitRule::SklearnStratified { valid: Some(carve), .. } => (carve.seed, id),
        _ => return 0,
    };
    let mut digits = itoa::Buffer::new();
    let digest = ["split ", digits.format(seed), " ", unit]
        .iter()
        .fold(Sha256::new(), Sha256::chain_update)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// Moves of each class the `share` of train with the smallest draws to valid.
fn carve(carve: Option<&Carve>, columns: Columns<'_>, parts: &mut [Split]) {
    let Some(carve) = carve else { return };
    let mut by_class = vec![Vec::new(); columns.names.len()];
    for (row, part) in parts.iter().enumerate() {
        if *part == Split::Train {
            by_class[columns.labels[row] as usize].push(row);
        }
    }
    for mut rows in by_class {
        rows.sort_by_key(|&row| (columns.draws[row], row));
        let n = (carve.share * rows.len() as f64).round() as usize;
        for &row in &rows[..n] {
            parts[row] = Split::Valid;
        }
    }
}

/// Indices of `names` in sorted order of the names.
fn sorted(names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| names[a].cmp(&names[b]));
    order
}

fn too_small(small: &TooSmall, class: &str) -> Error {
    Error::TooSmall { class: class.to_owned(), found: small.found, needed: small.needed }
}

#[cfg(test)]
mod tests;
