//! Files of the sample.

use std::io;

/// A file of the sample: path below the dataset's folder, and content.
pub(super) type File = (String, Vec<u8>);

/// Rows as CSV.
pub(super) fn csv(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    crlf: bool,
) -> io::Result<Vec<u8>> {
    let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|e| io::Error::other(e.to_string()))
}
