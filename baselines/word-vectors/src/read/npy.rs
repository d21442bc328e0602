//! NumPy's `.npy`, versions 1 to 3: a float32 matrix, words x dimensions, in C or Fortran order.
//!
//! Format: numpy.lib.format. The header is a Python dictionary whose spelling NumPy fixes; the three values are read by key.

use std::io::Read;

use super::table::Table;

/// First bytes.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Columns of a Fortran-ordered matrix are turned into rows, this many rows at a time, so that both sides stay in the cache.
const BLOCK: usize = 4096;

/// Reads up to `most` rows; the words are still without a name.
pub(super) fn read(mut file: impl Read, most: usize) -> Result<Table, String> {
    let text = |e: std::io::Error| format!("cut off in its head ({e})");
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(text)?;
    let length = if start[6] == 1 {
        let mut bytes = [0; 2];
        file.read_exact(&mut bytes).map_err(text)?;
        u64::from(u16::from_le_bytes(bytes))
    } else {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).map_err(text)?;
        u64::from(u32::from_le_bytes(bytes))
    };
    let mut header = String::new();
    file.by_ref().take(length).read_to_string(&mut header).map_err(text)?;
    let kind = value(&header, "descr")?.trim_matches(['\'', '"']);
    if kind != "<f4" {
        return Err(format!(
            "an .npy of `{kind}`; save it as little-endian float32 (`astype(\"<f4\")`)"
        ));
    }
    let shape: Vec<usize> = value(&header, "shape")?
        .trim_matches(['(', ')'])
        .split(',')
        .filter(|field| !field.trim().is_empty())
        .map(|field| field.trim().parse().map_err(|_| format!("no shape in its head: {header}")))
        .collect::<Result<_, _>>()?;
    let [rows, dims] = shape[..] else {
        return Err(format!("an .npy of shape {shape:?}; it must be words x dimensions"));
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if Some(bytes.len()) != rows.checked_mul(dims).and_then(|n| n.checked_mul(4)) {
        return Err(format!(
            "{} bytes of values; {rows} x {dims} float32 need another number",
            bytes.len()
        ));
    }
    let values = || bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
    let kept = rows.min(most);
    let vectors = match value(&header, "fortran_order")? {
        "False" => values().take(kept * dims).collect(),
        "True" => by_row(&values().collect::<Vec<f32>>(), rows, kept, dims),
        other => return Err(format!("fortran_order is `{other}`; it must be True or False")),
    };
    Ok(Table { dims, vectors, format: "npy", ..Table::default() })
}

/// The first `kept` rows of a matrix that lies column by column.
fn by_row(columns: &[f32], rows: usize, kept: usize, dims: usize) -> Vec<f32> {
    let mut out = vec![0.0; kept * dims];
    for (block, out) in out.chunks_mut(BLOCK * dims.max(1)).enumerate() {
        let first = block * BLOCK;
        for (d, column) in columns.chunks_exact(rows.max(1)).enumerate() {
            for (row, value) in out.chunks_exact_mut(dims).zip(&column[first..]) {
                row[d] = *value;
            }
        }
    }
    out
}

/// The value of a key in the header's dictionary.
fn value<'h>(header: &'h str, key: &str) -> Result<&'h str, String> {
    let missing = || format!("no `{key}` in its head: {header}");
    let (_, rest) = header.split_once(&format!("'{key}':")).ok_or_else(missing)?;
    let rest = rest.trim_start();
    let end =
        if rest.starts_with('(') { rest.find(')').map(|at| at + 1) } else { rest.find([',', '}']) };
    Ok(rest[..end.ok_or_else(missing)?].trim())
}
