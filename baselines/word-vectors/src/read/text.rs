//! GloVe's and word2vec's text: a word and its numbers a line, blanks between; word2vec's begins with `words dimensions`.

use std::io::BufRead;

use super::file::header;
use super::table::Table;

/// Reads lines up to `most` words. A word may hold blanks (GloVe 840B has such): the last numbers of a line count.
pub(super) fn read(mut file: impl BufRead, most: usize) -> Result<Table, String> {
    let mut table = Table::default();
    let (mut line, mut number) = (Vec::new(), 0);
    let mut promised = None;
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(|e| e.to_string())? == 0 {
            break;
        }
        number += 1;
        if let (1, Some((words, dims))) = (number, header(&line)) {
            (promised, table.dims) = (Some(words), dims);
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if table.len() == most {
            promised = None;
            break;
        }
        if table.dims == 0 {
            table.dims = fields(&line).count().saturating_sub(1);
            if table.dims == 0 {
                return Err(format!("line {number} is not `word number number ...`"));
            }
        }
        let word = row(&line, table.dims, &mut table.vectors)
            .ok_or_else(|| format!("line {number} is not a word with {} numbers", table.dims))?;
        let place = table.len() as u32 - 1;
        table.name(std::str::from_utf8(word), place);
    }
    if let Some(words) = promised.filter(|words| *words != table.len()) {
        return Err(format!(
            "its head promises {words} words, it has {}: it may be cut off",
            table.len()
        ));
    }
    table.format = "text";
    Ok(table)
}

/// Whether some bytes begin with a line of a word and `dims` numbers.
pub(super) fn is_row(bytes: &[u8], dims: usize) -> bool {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    row(line, dims, &mut Vec::new()).is_some()
}

/// Appends the last `dims` numbers of a line; the word before them. On `None` nothing was appended.
fn row<'l>(line: &'l [u8], dims: usize, out: &mut Vec<f32>) -> Option<&'l [u8]> {
    let before = out.len();
    let mut rest = line.trim_ascii_end();
    for _ in 0..dims {
        let at = rest.iter().rposition(|b| matches!(b, b' ' | b'\t'));
        let value = at.and_then(|at| std::str::from_utf8(&rest[at + 1..]).ok()?.parse().ok());
        let (Some(at), Some(value)) = (at, value) else {
            out.truncate(before);
            return None;
        };
        out.push(value);
        rest = rest[..at].trim_ascii_end();
    }
    if rest.is_empty() {
        out.truncate(before);
        return None;
    }
    out[before..].reverse();
    Some(rest)
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}
