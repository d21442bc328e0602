//! The table of vectors: safetensors to float32, and the mean of some rows.
//!
//! Sums run over a text's tokens in order, in float32, as NumPy adds along that axis: the originals' numbers to the last bits. With
//! factors they run in float64, since model2vec's factors are float64.

use std::fmt;
use std::path::Path;

use fs_err as fs;
use half::{bf16, f16};
use plugin_api::Error;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::config::Config;

/// Names that the table goes by, the usual first.
const NAMES: [&str; 2] = ["embeddings", "embedding.weight"];

/// A vector for each token, with what model2vec may add.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Length of a vector.
    pub dims: usize,
    /// rows x dims.
    vectors: Vec<f32>,
    /// Factor of each token.
    weights: Option<Vec<f64>>,
    /// Row of each token; none: its own.
    mapping: Option<Vec<u32>>,
    normalise: bool,
    dtype: String,
}

impl Table {
    /// Reads what `[config]` names.
    pub fn read(config: &Config) -> Result<Self, Error> {
        let path = &config.weights.vectors;
        let bytes = fs::read(path).map_err(Error::load)?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|e| failed(path, format!("no safetensors file ({e})")))?;
        let (name, tensor) = find(&file, config.tensor.as_deref()).map_err(|e| failed(path, e))?;
        let &[rows, width] = tensor.shape() else {
            return Err(failed(
                path,
                format!(
                    "`{name}` has the shape {:?}; it must be tokens x dimensions",
                    tensor.shape()
                ),
            ));
        };
        let dims = match config.most_dimensions {
            0 => width,
            most if most <= width => most,
            most => {
                return Err(failed(
                    path,
                    format!("`{name}` has {width} dimensions; `most_dimensions` is {most}"),
                ));
            }
        };
        let mut vectors = floats(&tensor).map_err(|e| failed(path, format!("`{name}` {e}")))?;
        if rows == 0 || dims == 0 {
            return Err(failed(path, format!("`{name}` is empty")));
        }
        if let Some(at) = vectors.iter().position(|v| !v.is_finite()) {
            return Err(failed(
                path,
                format!("`{name}` row {} has a value that is not a number", at / width),
            ));
        }
        if dims < width {
            vectors = vectors.chunks_exact(width).flat_map(|row| &row[..dims]).copied().collect();
        }
        let beside = |name: &str| file.tensor(name).ok();
        let weights = beside("weights")
            .map(|t| doubles(&t))
            .transpose()
            .map_err(|e| failed(path, format!("`weights` {e}")))?;
        let mapping = beside("mapping")
            .map(|t| places(&t, rows))
            .transpose()
            .map_err(|e| failed(path, format!("`mapping` {e}")))?;
        let dtype = format!("{:?}", tensor.dtype()).to_lowercase();
        Ok(Self { dims, vectors, weights, mapping, normalise: config.normalise, dtype })
    }

    /// Refuses a tokenizer that knows more tokens than there are rows, factors or mapped rows.
    pub fn must_hold(&self, highest: u32, config: &Config) -> Result<(), Error> {
        let own = self.mapping.is_none().then_some(("rows", self.vectors.len() / self.dims));
        let beside = [
            self.mapping.as_ref().map(|m| ("entries in `mapping`", m.len())),
            self.weights.as_ref().map(|w| ("entries in `weights`", w.len())),
        ];
        for (what, count) in own.into_iter().chain(beside.into_iter().flatten()) {
            if count <= highest as usize {
                return Err(failed(
                    &config.weights.vectors,
                    format!(
                        "{count} {what}, but {} knows the token {highest}: the two files do not belong together",
                        config.weights.tokenizer.display()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The mean of some tokens' vectors; zeros where there is no token.
    ///
    /// # Panics
    /// Where a token is higher than [`Table::must_hold`] let pass.
    pub fn embed(&self, ids: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        if ids.is_empty() {
            return;
        }
        let vector = |id: u32| {
            let row = self.mapping.as_ref().map_or(id, |mapping| mapping[id as usize]);
            &self.vectors[row as usize * self.dims..][..self.dims]
        };
        let count = ids.len() as f32;
        if let Some(weights) = &self.weights {
            let mut sums = vec![0.0_f64; self.dims];
            for &id in ids {
                let weight = weights[id as usize];
                sums.iter_mut().zip(vector(id)).for_each(|(sum, v)| *sum += weight * f64::from(*v));
            }
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = (sum / f64::from(count)) as f32);
        } else {
            for &id in ids {
                out.iter_mut().zip(vector(id)).for_each(|(sum, v)| *sum += v);
            }
            for sum in out.iter_mut() {
                *sum /= count;
            }
        }
        if self.normalise {
            let norm = out.iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                for v in out.iter_mut() {
                    *v /= norm;
                }
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows x {} dimensions ({})",
            self.vectors.len() / self.dims,
            self.dims,
            self.dtype
        )?;
        f.write_str(if self.weights.is_some() { ", weighted" } else { "" })?;
        f.write_str(if self.mapping.is_some() { ", mapped" } else { "" })
    }
}

fn find<'f>(
    file: &SafeTensors<'f>,
    name: Option<&str>,
) -> Result<(String, TensorView<'f>), String> {
    let usual = NAMES.iter().find(|name| file.tensor(name).is_ok());
    if let Some(name) = name.or(usual.copied())
        && let Ok(tensor) = file.tensor(name)
    {
        return Ok((name.to_owned(), tensor));
    }
    let mut matrices = file.iter().filter(|(_, tensor)| tensor.shape().len() == 2);
    if let (None, Some((name, tensor)), None) = (name, matrices.next(), matrices.next()) {
        return Ok((name.to_owned(), tensor));
    }
    let mut names = file.names();
    names.sort_unstable();
    Err(match name {
        Some(name) => format!("no tensor `{name}`; it has {}", names.join(", ")),
        None => format!(
            "which tensor is the table? It has {}; name one in [config] as `tensor`",
            names.join(", ")
        ),
    })
}

/// Values as float32.
fn floats(tensor: &TensorView<'_>) -> Result<Vec<f32>, String> {
    fn all<const N: usize>(bytes: &[u8], one: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
        bytes.as_chunks().0.par_iter().with_min_len(1 << 16).map(|b| one(*b)).collect()
    }
    let bytes = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F32 => all(bytes, f32::from_le_bytes),
        Dtype::F16 => all(bytes, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => all(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        Dtype::F64 => all(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::I8 => all(bytes, |b| f32::from(i8::from_le_bytes(b))),
        other => return Err(format!("is {other:?}; it must be f32, f16, bf16, f64 or i8")),
    })
}

/// Values as float64.
fn doubles(tensor: &TensorView<'_>) -> Result<Vec<f64>, String> {
    if tensor.dtype() == Dtype::F64 {
        return Ok(tensor.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect());
    }
    Ok(floats(tensor)?.into_iter().map(f64::from).collect())
}

/// Rows that tokens are mapped to.
fn places(tensor: &TensorView<'_>, rows: usize) -> Result<Vec<u32>, String> {
    fn all<const N: usize>(bytes: &[u8], one: impl Fn([u8; N]) -> i64) -> Vec<i64> {
        bytes.as_chunks().0.iter().map(|b| one(*b)).collect()
    }
    let values = match tensor.dtype() {
        Dtype::I64 => all(tensor.data(), i64::from_le_bytes),
        Dtype::I32 => all(tensor.data(), |b| i64::from(i32::from_le_bytes(b))),
        other => return Err(format!("is {other:?}; it must be i64 or i32")),
    };
    let place = |(token, value): (usize, i64)| {
        u32::try_from(value)
            .ok()
            .filter(|place| (*place as usize) < rows)
            .ok_or_else(|| format!("maps token {token} to row {value} of {rows}"))
    };
    values.into_iter().enumerate().map(place).collect()
}

fn failed(path: &Path, reason: impl fmt::Display) -> Error {
    Error::load(format!("{}: {reason}", path.display()))
}
