//! What the readers of all formats share: opening a file, its first line, its name in errors.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use fs_err::File;
use plugin_api::Error;

/// Bytes that are looked at to distinguish formats: more than a line of any of them.
pub(super) const PEEK: usize = 1 << 18;

/// No vectors have more dimensions; a head that says so is of another kind of file.
const WIDEST: usize = 1 << 16;

/// `words dimensions`, the first line of word2vec's files.
pub(super) fn header(line: &[u8]) -> Option<(usize, usize)> {
    let mut fields = std::str::from_utf8(line).ok()?.split_whitespace();
    let (words, dims) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (fields.next().is_none() && (1..=WIDEST).contains(&dims)).then_some((words, dims))
}

pub(super) fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(Error::load)?;
    Ok(BufReader::with_capacity(PEEK, file))
}

pub(super) fn failed(path: &Path, reason: impl fmt::Display) -> Error {
    Error::load(format!("{}: {reason}", path.display()))
}
