//! Reads rows of text cells from CSV, TSV, JSON Lines, JSON and Parquet, as a stream, by column name.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;

use super::document::{Document, RawRow};
use super::error::{Error, Kind, Place};
use super::value::{DEPTH, Path, Value};
use crate::definition::rows::RowPath;
use crate::store::batches::{checked, guarded};

const BOM: &[u8] = b"\xef\xbb\xbf";
const BUFFER: usize = 1 << 16;

/// The rows of one upstream file, reduced to the columns that were asked for, in that order. A column whose name ends in `?` may be
/// missing: its cells are then empty.
#[derive(Debug)]
pub struct Rows<'a> {
    place: Place,
    columns: Vec<String>,
    source: Source<'a>,
}

enum Source<'a> {
    Delimited(Box<Delimited<'a>>),
    Jsonl(Jsonl<'a>),
    Json(Box<Json<'a>>),
    /// With which of the wanted columns are there.
    Parquet(Box<RowIter<'static>>, Vec<bool>),
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delimited(_) => "Delimited",
            Self::Jsonl(_) => "Jsonl",
            Self::Json(_) => "Json",
            Self::Parquet(..) => "Parquet",
        })
    }
}

struct Delimited<'a> {
    reader: csv::Reader<Box<dyn Read + 'a>>,
    record: csv::ByteRecord,
    /// Place of each wanted column in the file.
    at: Vec<Option<usize>>,
    /// Fields of the header.
    width: usize,
    /// Added to the line that the library counts. It ends a row at the CR of CR LF, and so counts the LF with the row after.
    ahead: u64,
}

struct Jsonl<'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    line: Vec<u8>,
    wanted: Vec<Wanted>,
}

struct Json<'a> {
    document: Document<BufReader<Box<dyn Read + 'a>>>,
    row: RawRow,
    /// Column that receives the names of members.
    key: Option<String>,
    wanted: Vec<Wanted>,
}

/// A column of JSON.
struct Wanted {
    name: String,
    path: Path,
    optional: bool,
}

impl Wanted {
    fn all(columns: &[String]) -> Vec<Self> {
        let wanted = columns.iter().map(|name| {
            let (name, optional) = column(name);
            Self { name: name.to_owned(), path: Path::new(name), optional }
        });
        wanted.collect()
    }
}

impl<'a> Rows<'a> {
    /// Comma- (or otherwise) separated rows under a header; quotes as in RFC 4180, any line end, a BOM is dropped.
    pub fn delimited(
        file: &str,
        separator: u8,
        columns: &[String],
        reader: impl Read + 'a,
    ) -> Result<Self, Error> {
        let (head, reader) = without_bom(reader).map_err(|e| whole(file, read(e)))?;
        is_text(&head).map_err(|kind| whole(file, kind))?;
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(Box::new(reader) as Box<dyn Read>);
        let mut header = csv::ByteRecord::new();
        let some = rows.read_byte_record(&mut header).map_err(|e| whole(file, read(e)))?;
        if !some {
            return Err(whole(file, Kind::EmptyFile));
        }
        let names = header.iter().map(|name| text("the header", name).map(str::to_owned));
        let names = names.collect::<Result<Vec<_>, _>>().map_err(|kind| whole(file, kind))?;
        let at = find(columns, &names).map_err(|kind| whole(file, kind))?;
        // As the header ends, so do the rows.
        let end = usize::try_from(rows.position().byte()).unwrap_or(usize::MAX);
        let at_cr = end > 0 && head.get(end - 1..=end) == Some(b"\r\n");
        let source = Delimited {
            reader: rows,
            record: csv::ByteRecord::new(),
            at,
            width: names.len(),
            ahead: u64::from(at_cr),
        };
        Ok(Self::new(file, columns, Source::Delimited(Box::new(source))))
    }

    /// One JSON object a line. A column is a member's name or a path below the object (`idks.no-answer`, `ans0[1]`); numbers and
    /// booleans as written, null as nothing, a list or an object as JSON text.
    pub fn jsonl(file: &str, columns: &[String], reader: impl Read + 'a) -> Result<Self, Error> {
        let reader = text_reader(file, reader)?;
        let wanted = Wanted::all(columns);
        Ok(Self::new(file, columns, Source::Jsonl(Jsonl { reader, line: Vec::new(), wanted })))
    }

    /// One JSON document with rows at `path`; columns as in [`Rows::jsonl`].
    pub fn json(
        file: &str,
        path: &RowPath,
        columns: &[String],
        reader: impl Read + 'a,
    ) -> Result<Self, Error> {
        let reader = text_reader(file, reader)?;
        let document = Document::open(reader, path).map_err(|kind| whole(file, kind))?;
        let source = Json {
            document,
            row: RawRow::default(),
            key: path.key().map(str::to_owned),
            wanted: Wanted::all(columns),
        };
        Ok(Self::new(file, columns, Source::Json(Box::new(source))))
    }

    /// Apache Parquet with flat columns; null as nothing.
    pub fn parquet(
        file: &str,
        columns: &[String],
        reader: impl ChunkReader + 'static,
    ) -> Result<Self, Error> {
        if reader.len() == 0 {
            return Err(whole(file, Kind::EmptyFile));
        }
        let reader = checked(reader)
            .and_then(|(reader, _)| guarded(|| SerializedFileReader::new(reader)))
            .map_err(|e| whole(file, read(e)))?;
        let schema = reader.metadata().file_metadata().schema().clone();
        let names: Vec<String> = schema.get_fields().iter().map(|f| f.name().to_owned()).collect();
        let at = find(columns, &names).map_err(|kind| whole(file, kind))?;
        let fields = at.iter().flatten().map(|&i| schema.get_fields()[i].clone()).collect();
        let projected = parquet::schema::types::Type::group_type_builder(schema.name())
            .with_fields(fields)
            .build()
            .map_err(|e| whole(file, read(e)))?;
        let rows = guarded(|| RowIter::from_file_into(Box::new(reader)).project(Some(projected)));
        let rows = rows.map_err(|e| whole(file, read(e)))?;
        let there = at.iter().map(Option::is_some).collect();
        Ok(Self::new(file, columns, Source::Parquet(Box::new(rows), there)))
    }

    /// The columns of a Parquet file.
    ///
    /// # Errors
    /// The file is empty, or not Parquet.
    pub fn parquet_columns(
        file: &str,
        reader: impl ChunkReader + 'static,
    ) -> Result<Vec<String>, Error> {
        let reader = checked(reader)
            .and_then(|(reader, _)| guarded(|| SerializedFileReader::new(reader)))
            .map_err(|e| whole(file, read(e)))?;
        let schema = reader.metadata().file_metadata().schema();
        Ok(schema.get_fields().iter().map(|field| field.name().to_owned()).collect())
    }

    fn new(file: &str, columns: &[String], source: Source<'a>) -> Self {
        let place = Place { file: file.to_owned(), row: Some(0), line: None };
        Self { place, columns: columns.to_vec(), source }
    }

    /// Where the last row stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// 1-based number of the last row.
    pub fn row(&self) -> u64 {
        self.place.row.unwrap_or_default()
    }

    /// Reads the next row into the first cells of `cells`, one a wanted column. After trouble with a
    /// row ([`Kind::is_row_trouble`]) the next call reads the row after it.
    pub fn next(&mut self, cells: &mut [String]) -> Result<bool, Error> {
        self.place.row = Some(self.row() + 1);
        let done = match &mut self.source {
            Source::Delimited(source) => source.next(&self.columns, &mut self.place, cells),
            Source::Jsonl(source) => source.next(&mut self.place, cells),
            Source::Json(source) => source.next(&mut self.place, cells),
            Source::Parquet(rows, there) => next_parquet(rows, there, &self.columns, cells),
        };
        match done {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.place.row = Some(self.row() - 1);
                Ok(false)
            }
            Err(kind) => Err(Error::new(self.place.clone(), kind)),
        }
    }
}

impl Delimited<'_> {
    fn next(
        &mut self,
        columns: &[String],
        place: &mut Place,
        cells: &mut [String],
    ) -> Result<bool, Kind> {
        if !self.reader.read_byte_record(&mut self.record).map_err(read)? {
            return Ok(false);
        }
        place.line = self.record.position().map(|at| at.line() + self.ahead);
        if self.record.len() != self.width {
            return Err(Kind::FieldCount { expected: self.width, found: self.record.len() });
        }
        for ((name, at), cell) in columns.iter().zip(&self.at).zip(cells) {
            cell.clear();
            if let Some(at) = at {
                cell.push_str(text(name, &self.record[*at])?);
            }
        }
        Ok(true)
    }
}

impl Jsonl<'_> {
    fn next(&mut self, place: &mut Place, cells: &mut [String]) -> Result<bool, Kind> {
        let line = loop {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line).map_err(read)? == 0 {
                return Ok(false);
            }
            place.line = Some(place.line.unwrap_or_default() + 1);
            let line = self.line.trim_ascii();
            if !line.is_empty() {
                break line;
            }
        };
        let row = Value::from_json(text("the line", line)?).map_err(not_json)?;
        if !matches!(row, Value::Object(_)) {
            return Err(Kind::Json { reason: "a value of another type".to_owned() });
        }
        cells_of(&row, &self.wanted, cells, None)?;
        Ok(true)
    }
}

impl Json<'_> {
    fn next(&mut self, place: &mut Place, cells: &mut [String]) -> Result<bool, Kind> {
        let mut line = 0;
        if !self.document.next(&mut self.row, &mut line)? {
            place.line = Some(self.document.line());
            return Ok(false);
        }
        place.line = Some(line);
        let row = Value::from_json(text("the row", &self.row.text)?).map_err(not_json)?;
        let key = self.key.as_deref().map(|name| (name, self.row.key.as_str()));
        cells_of(&row, &self.wanted, cells, key)?;
        Ok(true)
    }
}

fn not_json(error: serde_json::Error) -> Kind {
    let reason = error.to_string();
    if reason.starts_with("recursion limit") {
        return Kind::Depth { most: DEPTH };
    }
    Kind::Json { reason }
}

/// The wanted cells of a row; `key` is a column of that name that the row itself does not hold.
fn cells_of(
    row: &Value,
    wanted: &[Wanted],
    cells: &mut [String],
    key: Option<(&str, &str)>,
) -> Result<(), Kind> {
    for (wanted, cell) in wanted.iter().zip(cells) {
        cell.clear();
        if let Some((_, key)) = key.filter(|(name, _)| *name == wanted.name) {
            cell.push_str(key);
            continue;
        }
        match wanted.path.of(row) {
            Some(Value::Text(text)) => cell.push_str(text),
            Some(value) => *cell = value.cell(),
            None if wanted.optional => {}
            None => {
                return Err(Kind::MissingField { field: wanted.name.clone(), there: row.names() });
            }
        }
    }
    Ok(())
}

/// A file that is text and not empty, without its byte order mark.
fn text_reader<'a>(
    file: &str,
    reader: impl Read + 'a,
) -> Result<BufReader<Box<dyn Read + 'a>>, Error> {
    let (head, reader) = without_bom(reader).map_err(|e| whole(file, read(e)))?;
    is_text(&head).map_err(|kind| whole(file, kind))?;
    let mut reader = BufReader::with_capacity(BUFFER, Box::new(reader) as Box<dyn Read>);
    if reader.fill_buf().map_err(|e| whole(file, read(e)))?.is_empty() {
        return Err(whole(file, Kind::EmptyFile));
    }
    Ok(reader)
}

fn next_parquet(
    rows: &mut RowIter<'static>,
    there: &[bool],
    columns: &[String],
    cells: &mut [String],
) -> Result<bool, Kind> {
    let Some(row) = guarded(|| rows.next().transpose()).map_err(read)? else { return Ok(false) };
    cells.iter_mut().zip(there).for_each(|(cell, _)| cell.clear());
    let read = columns.iter().zip(cells).zip(there).filter(|(_, there)| **there);
    for (((name, cell), _), (_, field)) in read.zip(row.get_column_iter()) {
        match field {
            Field::Null => {}
            Field::Str(text) => cell.push_str(text),
            Field::Bytes(bytes) => cell.push_str(text(name, bytes.data())?),
            Field::Bool(_)
            | Field::Byte(_)
            | Field::Short(_)
            | Field::Int(_)
            | Field::Long(_)
            | Field::UByte(_)
            | Field::UShort(_)
            | Field::UInt(_)
            | Field::ULong(_)
            | Field::Float(_)
            | Field::Double(_)
            | Field::Decimal(_) => cell.push_str(&field.to_string()),
            other => {
                let found = format!("a nested or temporal value ({other})");
                return Err(Kind::Type { field: name.clone(), found });
            }
        }
    }
    Ok(true)
}

/// The name of a wanted column, and whether it may be missing.
fn column(wanted: &str) -> (&str, bool) {
    wanted.strip_suffix('?').map_or((wanted, false), |name| (name, true))
}

/// Position of each wanted name among those that are there.
fn find(wanted: &[String], there: &[String]) -> Result<Vec<Option<usize>>, Kind> {
    let place = |wanted: &String| {
        let (name, optional) = column(wanted);
        let mut places =
            there.iter().enumerate().filter(|(_, other)| *other == name).map(|(i, _)| i);
        match (places.next(), places.next()) {
            (Some(at), None) => Ok(Some(at)),
            (Some(_), Some(_)) => Err(Kind::RepeatedColumn { column: name.to_owned() }),
            (None, _) if optional => Ok(None),
            (None, _) => {
                Err(Kind::MissingColumn { column: name.to_owned(), there: there.to_vec() })
            }
        }
    };
    wanted.iter().map(place).collect()
}

fn text<'b>(field: &str, bytes: &'b [u8]) -> Result<&'b str, Kind> {
    const SHOWN: usize = 4;
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let shown: Vec<String> =
            bytes[at..].iter().take(SHOWN).map(|b| format!("{b:#04x}")).collect();
        Kind::Utf8 { field: field.to_owned(), at, bytes: shown.join(" ") }
    })
}

fn read(error: impl fmt::Display) -> Kind {
    Kind::Read { reason: error.to_string() }
}

fn whole(file: &str, kind: Kind) -> Error {
    Error::new(Place { file: file.to_owned(), row: None, line: None }, kind)
}

/// What a file is that is no text, by its first bytes, and what to do.
pub fn kind_of(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const UTF_16: (&str, &str) = ("a text in UTF-16", "save it as UTF-8");
    const KINDS: [(&[u8], &str, &str); 7] = [
        (b"PK\x03\x04", "a zip or a spreadsheet (.xlsx)", "unpack it, or save it as CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)", "save it as CSV in UTF-8"),
        (b"PAR1", "a Parquet file", "say `format = \"parquet\"`, or give the file that ending"),
        (b"\x1f\x8b", "a gzip file", "unpack it with `gunzip`"),
        (b"version https://git-lfs", "a pointer of Git LFS", "run `git lfs pull` in its folder"),
        (b"\xff\xfe", UTF_16.0, UTF_16.1),
        (b"\xfe\xff", UTF_16.0, UTF_16.1),
    ];
    let kind = KINDS.iter().find(|(start, ..)| head.starts_with(start))?;
    Some((kind.1, kind.2))
}

/// Refuses files of other kinds.
fn is_text(head: &[u8]) -> Result<(), Kind> {
    kind_of(head).map_or(Ok(()), |(what, remedy)| Err(Kind::NotText { what, remedy }))
}

/// The same bytes without a leading UTF-8 byte order mark, and the first of them.
fn without_bom<'a>(mut reader: impl Read + 'a) -> std::io::Result<(Vec<u8>, impl Read + 'a)> {
    let mut head = Vec::with_capacity(BUFFER);
    reader.by_ref().take(BUFFER as u64).read_to_end(&mut head)?;
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    Ok((head.clone(), std::io::Cursor::new(head).chain(reader)))
}
