//! A row for each example: CSV, TSV or JSON lines. Every column may name the example, and `row`, its 0-based number; one
//! has the answer, or several ([`super::wide`]).

use std::io::Read;

use super::log::Ended;
use super::wide::Wide;
use super::{Error, How, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;

pub(super) fn objects(name: &str, rows: Vec<(String, Object)>, how: &How) -> Result<Log, Error> {
    if let Some(wide) = Wide::of(&how.label) {
        let rows = rows.into_iter().enumerate().map(|(i, (place, row))| {
            let mut fields = fields(&row);
            fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
            wide.rows(&place, &fields)
        });
        return log(name, rows.collect::<Result<Vec<_>, _>>()?.concat());
    }
    let rows = rows.into_iter().enumerate().map(|(i, (place, row))| {
        let mut fields = fields(&row);
        fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
        let reply = match (fields.remove(&how.label), row.get(&how.label)) {
            (Some(label), _) => Reply::Text(label),
            (None, Some(serde_json::Value::Null)) => Reply::Missing("null".to_owned()),
            _ => return Err(no_column(&place, &how.label, row.keys())),
        };
        Ok(Row { place, fields, epoch: 1, ended: Ended::Well, reply })
    });
    log(name, rows.collect::<Result<_, _>>()?)
}

pub(super) fn delimited(
    name: &str,
    separator: u8,
    input: impl Read,
    how: &How,
) -> Result<Log, Error> {
    let wide = Wide::of(&how.label);
    let (head, table) = table(name, separator, input)?;
    if wide.is_none() && !head.contains(&how.label) {
        let error = no_column(name, &how.label, head.iter());
        return Err(separated_otherwise(&head, separator).map_or(error, |what| broken(name, what)));
    }
    let mut rows = Vec::new();
    for (i, (place, cells)) in table.into_iter().enumerate() {
        let mut fields: std::collections::BTreeMap<String, String> =
            head.iter().cloned().zip(cells).collect();
        fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
        if let Some(wide) = &wide {
            rows.extend(wide.rows(&place, &fields)?);
            continue;
        }
        let label = fields.remove(&how.label).unwrap_or_default();
        let reply = if label.trim().is_empty() {
            Reply::Missing("an empty cell".to_owned())
        } else {
            Reply::Text(label)
        };
        rows.push(Row { place, fields, epoch: 1, ended: Ended::Well, reply });
    }
    log(name, rows)
}

/// Names of the columns, and the cells of each row with its place.
type Table = (Vec<String>, Vec<(String, Vec<String>)>);

fn table(name: &str, separator: u8, mut input: impl Read) -> Result<Table, Error> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|e| broken(name, e.to_string()))?;
    let text = text(name, &bytes)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|e| broken(name, e.to_string()))?;
    let head: Vec<String> = head.iter().map(str::to_owned).collect();
    if let Some(twice) = repeated(&head) {
        let what = format!("the header names the column `{twice}` twice; rename one of them");
        return Err(broken(name, what));
    }
    let rows = reader.records().enumerate().map(|(i, record)| {
        let place = format!("{name}, row {}", i + 1);
        let record = record.map_err(|e| broken(&place, trouble(&e, text)))?;
        Ok((place, record.iter().map(str::to_owned).collect()))
    });
    let rows = rows.collect::<Result<_, Error>>()?;
    Ok((head, rows))
}

/// The rows as objects of texts.
pub(super) fn cells(
    name: &str,
    separator: u8,
    input: impl Read,
) -> Result<Vec<(String, Object)>, Error> {
    let (head, rows) = table(name, separator, input)?;
    let object = |cells: Vec<String>| head.iter().cloned().zip(cells.into_iter().map(Into::into));
    Ok(rows.into_iter().map(|(place, cells)| (place, object(cells).collect())).collect())
}

/// The text of a file; one that is not UTF-8 is told with the line, as an editor counts it.
fn text<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, Error> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = line_of(&bytes[..at]);
        let what =
            format!("line {line}: the byte {:#04x} is not UTF-8; save it as UTF-8", bytes[at]);
        broken(name, what)
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// The line, from 1, in which what follows these bytes stands; lines end in LF, CR LF or CR.
fn line_of(before: &[u8]) -> usize {
    let lone = before.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count();
    let last = usize::from(before.last() == Some(&b'\r'));
    before.split(|byte| *byte == b'\n').count() + lone + last
}

/// A column that stands twice; columns without a name do not matter.
fn repeated(head: &[String]) -> Option<&str> {
    let mut names = head.iter().enumerate().filter(|(_, name)| !name.is_empty());
    names.find(|(i, name)| head[..*i].contains(name)).map(|(_, name)| name.as_str())
}

/// What to do with a file whose only column holds another separator.
fn separated_otherwise(head: &[String], separator: u8) -> Option<String> {
    let only = head.first().filter(|_| head.len() == 1)?;
    let (mark, what) = [(';', "`;`"), ('\t', "tabs"), (',', "`,`"), ('|', "`|`")]
        .into_iter()
        .find(|(mark, _)| *mark != char::from(separator) && only.contains(*mark))?;
    let ending = if mark == '\t' { "give it the ending .tsv" } else { "save it with commas" };
    Some(format!("its columns are separated by {what}: {ending}"))
}

/// A row that does not fit its header, with its line.
fn trouble(error: &csv::Error, text: &str) -> String {
    let csv::ErrorKind::UnequalLengths { pos: Some(at), expected_len, len } = error.kind() else {
        return error.to_string();
    };
    let at = usize::try_from(at.byte()).unwrap_or_default().min(text.len());
    // The reader stands before the line end of the row before.
    let ends = text[at..].bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = line_of(&text.as_bytes()[..at + ends]);
    format!(
        "line {line}: {len} cells where the header has {expected_len}; quote cells that hold the separator"
    )
}

fn log(name: &str, rows: Vec<Row>) -> Result<Log, Error> {
    if rows.is_empty() {
        return Err(broken(name, "the file has no rows; there is nothing to import"));
    }
    let served = Capability::Classify;
    Ok(Log {
        tool: Tool::Predictions,
        version: None,
        task: None,
        model: None,
        served,
        rows,
        notes: Vec::new(),
    })
}

fn no_column(place: &str, label: &str, there: impl Iterator<Item = impl AsRef<str>>) -> Error {
    let there: Vec<String> = there.map(|name| format!("`{}`", name.as_ref())).collect();
    broken(
        place,
        format!(
            "no column `{label}` with the answer (there are {}); name it with --label",
            there.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: impl AsRef<[u8]>) -> String {
        let how = How { label: "label".to_owned(), ..How::default() };
        match delimited("p.csv", b',', text.as_ref(), &how) {
            Ok(log) => format!("{} rows", log.rows.len()),
            Err(error) => error.to_string(),
        }
    }

    /// Whatever ends the lines, the line is that of an editor.
    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for end in ["\n", "\r\n", "\r"] {
            for bom in ["", "\u{feff}"] {
                let head = format!("{bom}id,label{end}e1,\"yes{end}\"{end}");
                assert_eq!(said(&head), "1 rows", "{end:?}");
                let latin = [head.as_bytes(), b"e2,caf\xe9"].concat();
                let told = said(latin);
                assert!(told.contains("line 4: the byte 0xe9 is not UTF-8"), "{end:?}: {told}");
                let told = said(format!("{head}e2,no{end}e3,no,no{end}"));
                assert!(told.contains("row 3: line 5: 3 cells"), "{end:?}: {told}");
            }
        }
    }

    #[test]
    fn a_header_that_names_no_single_column_is_refused() {
        let check = |text: &str, part: &str| {
            let told = said(text);
            assert!(told.contains(part), "{text:?}: {told}");
        };
        check("id,label,label\ne1,yes,no\n", "names the column `label` twice");
        check("id,label,id\ne1,yes,e2\n", "names the column `id` twice");
        check("id,label,,\ne1,yes,,\n", "1 rows");
        check("id;label\ne1;yes\n", "separated by `;`: save it with commas");
        check("id\tlabel\ne1\tyes\n", "separated by tabs: give it the ending .tsv");
        check("id,answer\ne1,yes\n", "no column `label`");
    }
}
