//! The saved model: one line of JSON, then numbers, all little-endian. Nothing in it is run.
//!
//! Header (JSON, ends with a line feed): format, task, labels, cultures, configuration, sizes. Then, for each block of n-grams, its
//! hashes (u64) and idf (f32); then the weights (f32).

use std::io::Write;
use std::path::Path;

use plugin_api::{Error, Task};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::features::{BLOCKS, Block, Vocabulary};
use crate::fit::Fitted;
use crate::logreg;

const FILE: &str = "tfidf-logreg.bin";
const FORMAT: &str = "tfidf-logreg 1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    task: String,
    labels: Vec<String>,
    cultures: Vec<String>,
    config: Config,
    present: Vec<u32>,
    c: f64,
    blocks: [usize; BLOCKS],
    culture_columns: usize,
    weights: usize,
}

/// Writes the model into the folder.
pub fn write(folder: &Path, config: &Config, task: &Task, fitted: &Fitted) -> Result<(), Error> {
    let Vocabulary { blocks, cultures } = &fitted.vocabulary;
    let header = Header {
        format: FORMAT.to_owned(),
        task: task.name.clone(),
        labels: task.labels.clone(),
        cultures: task.cultures.clone(),
        config: config.clone(),
        present: fitted.present.clone(),
        c: fitted.c,
        blocks: blocks.each_ref().map(|block| block.hashes.len()),
        culture_columns: *cultures,
        weights: fitted.weights.len(),
    };
    let mut bytes = serde_json::to_vec(&header).map_err(Error::load)?;
    bytes.push(b'\n');
    for block in blocks {
        bytes.extend(block.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
        bytes.extend(block.idf.iter().flat_map(|idf| idf.to_le_bytes()));
    }
    bytes.extend(fitted.weights.iter().flat_map(|weight| weight.to_le_bytes()));
    let mut file = fs_err::File::create(folder.join(FILE)).map_err(Error::load)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Error::load)
}

/// Reads the model of this configuration and task.
pub fn read(folder: &Path, config: &Config, task: &Task) -> Result<Fitted, Error> {
    let path = folder.join(FILE);
    let bytes = fs_err::read(&path).map_err(Error::load)?;
    parse(&bytes, config, task).map_err(|what| {
        Error::load(format!("{}: {what}; remove the file and fit again", path.display()))
    })
}

fn parse(bytes: &[u8], config: &Config, task: &Task) -> Result<Fitted, String> {
    let end = bytes.iter().position(|&byte| byte == b'\n').ok_or("the header has no end")?;
    let header: Header =
        serde_json::from_slice(&bytes[..end]).map_err(|e| format!("the header is wrong: {e}"))?;
    let same = [
        ("format", header.format == FORMAT),
        ("task", header.task == task.name),
        ("labels", header.labels == task.labels),
        ("cultures", header.cultures == task.cultures),
        ("config", header.config == *config),
    ];
    if let Some((field, _)) = same.iter().find(|(_, same)| !same) {
        return Err(format!("`{field}` in its header is not that of the model that reads it"));
    }
    let sorted = header.present.is_sorted_by(|a, b| a < b);
    if header.present.len() < 2
        || !sorted
        || header.present.last() >= Some(&(task.labels.len() as u32))
    {
        return Err("`present` in its header is not a list of labels".to_owned());
    }
    let columns = header.blocks.iter().sum::<usize>() + header.culture_columns;
    if header.culture_columns > task.cultures.len()
        || header.weights != (columns + 1) * logreg::outputs(header.present.len())
    {
        return Err("the sizes in its header do not fit together".to_owned());
    }
    let mut rest = &bytes[end + 1..];
    let expected = header.blocks.iter().sum::<usize>() * 12 + header.weights * 4;
    if rest.len() != expected {
        return Err(format!("{} bytes after the header, {expected} expected", rest.len()));
    }
    let blocks = header.blocks.map(|len| {
        let hashes = numbers(&mut rest, len, u64::from_le_bytes);
        Block::new(hashes, numbers(&mut rest, len, f32::from_le_bytes))
    });
    let weights = numbers(&mut rest, header.weights, f32::from_le_bytes);
    let vocabulary = Vocabulary { blocks, cultures: header.culture_columns };
    Ok(Fitted { vocabulary, present: header.present, weights, c: header.c })
}

/// Takes so many numbers from the front; the caller has checked the length.
fn numbers<const N: usize, T>(rest: &mut &[u8], len: usize, of: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (own, behind) = rest.split_at(len * N);
    *rest = behind;
    own.as_chunks::<N>().0.iter().map(|bytes| of(*bytes)).collect()
}
