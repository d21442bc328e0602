//! Files of word vectors. What a file is shows in its first bytes, since a cache names files by their content, not by an ending.

mod binary;
mod file;
mod index;
mod npy;
mod table;
mod text;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use plugin_api::Error;

use crate::config::Config;

use file::{PEEK, failed, header, open};
pub use table::Table;

/// Reads what `[config]` names.
pub fn table(config: &Config) -> Result<Table, Error> {
    let path = &config.weights.vectors;
    let most = if config.most_words == 0 { usize::MAX } else { config.most_words };
    let mut file = open(path)?;
    let start = file.fill_buf().map_err(|e| failed(path, e))?;
    let is_npy = start.starts_with(npy::MAGIC);
    let is_gzip = start.starts_with(&[0x1f, 0x8b]);
    let table = match (&config.weights.index, is_npy) {
        (Some(index), true) => npy::read(file, most)
            .map_err(|e| failed(path, e))
            .and_then(|matrix| index::name(matrix, index, most)),
        (None, true) => Err(Error::config(format!(
            "{} is an .npy, which has no words; give them as the weights `index`",
            path.display()
        ))),
        (Some(index), false) => Err(Error::config(format!(
            "{} has its own words; remove the weights `index` ({})",
            path.display(),
            index.display()
        ))),
        (None, false) if is_gzip => {
            let unpacked = BufReader::with_capacity(PEEK, MultiGzDecoder::new(file));
            text_or_binary(unpacked, most).map_err(|e| failed(path, e))
        }
        (None, false) => text_or_binary(file, most).map_err(|e| failed(path, e)),
    }?;
    if table.is_empty() || table.places.is_empty() {
        return Err(failed(path, "no vector in it"));
    }
    if let Some(at) = table.vectors.iter().position(|v| !v.is_finite()) {
        return Err(failed(
            path,
            format!("vector {} has a value that is not a number", at / table.dims),
        ));
    }
    Ok(table)
}

/// Relative counts of the table's words: `word count` a line, blanks or a tab between; 0 for words that are not in the file.
pub fn probabilities(path: &Path, table: &Table) -> Result<Vec<f64>, Error> {
    let mut counts = vec![0.0; table.len()];
    let mut total = 0.0;
    for (number, line) in open(path)?.lines().enumerate() {
        let line = line.map_err(|e| failed(path, e))?;
        if line.trim().is_empty() {
            continue;
        }
        let (word, count) = (line.trim_end().rsplit_once([' ', '\t']))
            .and_then(|(word, count)| Some((word.trim(), count.parse::<f64>().ok()?)))
            .filter(|(_, count)| count.is_finite() && *count >= 0.0)
            .ok_or_else(|| failed(path, format!("line {} is not `word count`", number + 1)))?;
        total += count;
        if let Some(place) = table.find(word) {
            counts[place as usize] += count;
        }
    }
    if !counts.iter().any(|count| *count > 0.0) {
        return Err(failed(path, "it counts no word of the vectors"));
    }
    for count in &mut counts {
        *count /= total;
    }
    Ok(counts)
}

/// word2vec's binary format has a line of two numbers, too; what follows it is text or is not.
fn text_or_binary(mut file: BufReader<impl Read>, most: usize) -> Result<Table, String> {
    let start = file.fill_buf().map_err(|e| e.to_string())?;
    let (first, rest) = match start.iter().position(|b| *b == b'\n') {
        Some(end) => (&start[..end], &start[end + 1..]),
        None => (start, &[][..]),
    };
    match header(first) {
        Some((_, dims)) if !text::is_row(rest, dims) => binary::read(file, most),
        _ => text::read(file, most),
    }
}
