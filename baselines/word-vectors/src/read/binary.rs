//! word2vec's binary format: a line `words dimensions`, then for each word its bytes, a blank, and little-endian float32s.
//!
//! The original program writes a line break after each vector; others do not. Both are read.

use std::io::{BufRead, Read};

use super::file::header;
use super::table::Table;

/// No word is longer: what is, is no such file.
const LONGEST: u64 = 1 << 16;

/// Reads up to `most` words.
pub(super) fn read(mut file: impl BufRead, most: usize) -> Result<Table, String> {
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line).map_err(|e| e.to_string())?;
    let (words, dims) = header(&line).ok_or("its first line is not `words dimensions`")?;
    let mut table = Table { dims, format: "word2vec binary", ..Table::default() };
    let (mut word, mut bytes) = (Vec::new(), vec![0; dims * 4]);
    for place in 0..words.min(most) {
        word.clear();
        file.by_ref().take(LONGEST).read_until(b' ', &mut word).map_err(|e| e.to_string())?;
        let (Some(b' '), Ok(())) = (word.pop(), file.read_exact(&mut bytes)) else {
            return Err(format!("it ends in word {} of {words}: it may be cut off", place + 1));
        };
        table.vectors.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)));
        table.name(std::str::from_utf8(word.trim_ascii_start()), place as u32);
    }
    Ok(table)
}
