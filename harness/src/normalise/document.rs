//! The rows of one JSON document: members of an object or elements of a list, found without reading the whole.
//!
//! Only one row of the document is in memory at a time.

use std::io::{self, BufRead};

use crate::definition::rows::RowPath;

use super::error::Kind;
use super::value::DEPTH;

/// Finds the rows of a document.
pub(super) struct Document<R> {
    bytes: Bytes<R>,
    /// Objects that were opened on the way to the rows.
    outer: usize,
    /// Whether rows are members of an object, and so have names.
    members: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The document is the one row, which is not read yet.
    Whole,
    /// Before the first row.
    First,
    /// After a row.
    More,
    Done,
}

/// One row as it is in the document.
#[derive(Debug, Default)]
pub(super) struct RawRow {
    /// Name of the member; empty for an element.
    pub key: String,
    /// Its JSON text.
    pub text: Vec<u8>,
}

impl<R: BufRead> Document<R> {
    /// Goes to where the rows are.
    pub(super) fn open(reader: R, path: &RowPath) -> Result<Self, Kind> {
        let mut bytes = Bytes { reader, line: 1, at: 0 };
        for name in path.outer() {
            bytes.enter(name)?;
        }
        let outer = path.outer().count();
        let members = path.are_members();
        if path.is_whole() {
            return Ok(Self { bytes, outer, members, state: State::Whole });
        }
        let (open, what) = if members { (b'{', "an object") } else { (b'[', "a list") };
        match bytes.after_blanks()? {
            Some(byte) if byte == open => bytes.skip()?,
            found => {
                let found = found.map_or("the end".to_owned(), shown);
                return Err(bytes.wrong(&format!(
                    "the rows at `{path}` should be {what}, but {found} was found"
                )));
            }
        }
        Ok(Self { bytes, outer, members, state: State::First })
    }

    /// 1-based line of the last byte that was read.
    pub(super) fn line(&self) -> u64 {
        self.bytes.line
    }

    /// The whole document as a row.
    fn whole(&mut self, row: &mut RawRow, line: &mut u64) -> Result<bool, Kind> {
        row.key.clear();
        row.text.clear();
        self.bytes.after_blanks()?;
        *line = self.bytes.line;
        self.bytes.value(Some(&mut row.text))?;
        self.bytes.leave(self.outer)?;
        Ok(true)
    }

    /// The next row; false after the last. `line` is set to where it begins.
    pub(super) fn next(&mut self, row: &mut RawRow, line: &mut u64) -> Result<bool, Kind> {
        let close = if self.members { b'}' } else { b']' };
        if self.state == State::Done {
            return Ok(false);
        }
        if self.state == State::Whole {
            self.state = State::Done;
            return self.whole(row, line);
        }
        let mut first = self.bytes.after_blanks()?;
        if self.state == State::More && first == Some(b',') {
            self.bytes.skip()?;
            first = self.bytes.after_blanks()?;
            if first == Some(close) {
                return Err(self.bytes.wrong("a comma without a row after it"));
            }
        } else if self.state == State::More && first != Some(close) {
            return Err(self.bytes.wrong("a comma between two rows is missing"));
        }
        *line = self.bytes.line;
        if first == Some(close) {
            self.bytes.skip()?;
            self.state = State::Done;
            self.bytes.leave(self.outer)?;
            return Ok(false);
        }
        self.state = State::More;
        row.key.clear();
        row.text.clear();
        if self.members {
            row.key = self.bytes.name()?;
        }
        self.bytes.value(Some(&mut row.text))?;
        Ok(true)
    }
}

/// Bytes with a place.
struct Bytes<R> {
    reader: R,
    line: u64,
    at: u64,
}

impl<R: BufRead> Bytes<R> {
    fn wrong(&self, reason: &str) -> Kind {
        let reason = format!("{reason}, at byte {} in line {}", self.at + 1, self.line);
        Kind::Document { reason }
    }

    fn peek(&mut self) -> Result<Option<u8>, Kind> {
        loop {
            match self.reader.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Kind::Read { reason: error.to_string() }),
            }
        }
    }

    fn skip(&mut self) -> Result<(), Kind> {
        if self.peek()? == Some(b'\n') {
            self.line += 1;
        }
        self.reader.consume(1);
        self.at += 1;
        Ok(())
    }

    fn after_blanks(&mut self) -> Result<Option<u8>, Kind> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.skip()?,
                other => return Ok(other),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Kind> {
        match self.after_blanks()? {
            Some(found) if found == byte => self.skip(),
            Some(found) => Err(self.wrong(&format!(
                "{} is missing, but {} was found",
                shown(byte),
                shown(found)
            ))),
            None => Err(self.wrong(&format!("the file ends where {} is missing", shown(byte)))),
        }
    }

    /// Into the member `name` of an object, past those before it.
    fn enter(&mut self, name: &str) -> Result<(), Kind> {
        self.expect(b'{')?;
        loop {
            if self.after_blanks()? == Some(b'}') {
                return Err(self.wrong(&format!("there is no member `{name}`")));
            }
            if self.name()? == name {
                return Ok(());
            }
            self.value(None)?;
            if self.after_blanks()? == Some(b',') {
                self.skip()?;
            }
        }
    }

    /// Out of the objects that were entered, to the end of the file.
    fn leave(&mut self, objects: usize) -> Result<(), Kind> {
        for _ in 0..objects {
            while self.after_blanks()? == Some(b',') {
                self.skip()?;
                self.name()?;
                self.value(None)?;
            }
            self.expect(b'}')?;
        }
        match self.after_blanks()? {
            None => Ok(()),
            Some(byte) => Err(self.wrong(&format!("{} follows the document", shown(byte)))),
        }
    }

    /// The name of a member, and its colon.
    fn name(&mut self) -> Result<String, Kind> {
        if self.after_blanks()? != Some(b'"') {
            return Err(self.wrong("the name of a member is missing"));
        }
        let mut text = Vec::new();
        self.string(Some(&mut text))?;
        let name = lenient_json::from_slice(&text)
            .map_err(|error| self.wrong(&format!("a name that cannot be read ({error})")))?;
        self.expect(b':')?;
        Ok(name)
    }

    /// A string with its quotes.
    fn string(&mut self, mut out: Option<&mut Vec<u8>>) -> Result<(), Kind> {
        let mut escaped = false;
        for place in 0_u64.. {
            let Some(byte) = self.peek()? else {
                return Err(self.wrong("the file ends inside a text"));
            };
            self.skip()?;
            if let Some(out) = out.as_deref_mut() {
                out.push(byte);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' if place > 0 => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// One value: its extent, not whether it is right inside. That is known when the row is read.
    fn value(&mut self, mut out: Option<&mut Vec<u8>>) -> Result<(), Kind> {
        self.after_blanks()?;
        let mut depth = 0;
        loop {
            let Some(byte) = self.peek()? else {
                return Err(self.wrong("the file ends inside a value"));
            };
            match byte {
                b'"' => {
                    self.string(out.as_deref_mut())?;
                    if depth == 0 {
                        return Ok(());
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Ok(()),
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            if depth > DEPTH {
                return Err(Kind::Depth { most: DEPTH });
            }
            self.skip()?;
            if let Some(out) = out.as_deref_mut() {
                out.push(byte);
            }
            if depth == 0 && matches!(byte, b'}' | b']') {
                return Ok(());
            }
        }
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("{byte:#04x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(path: &str, text: &str) -> Result<Vec<(String, String, u64)>, String> {
        let path: RowPath = serde_json::from_str(path).unwrap();
        // A small buffer, so that its borders are met.
        let reader = io::BufReader::with_capacity(3, text.as_bytes());
        let told = |kind: Kind| kind.to_string();
        let mut document = Document::open(reader, &path).map_err(told)?;
        let (mut out, mut row, mut line) = (Vec::new(), RawRow::default(), 0);
        while document.next(&mut row, &mut line).map_err(told)? {
            let text = String::from_utf8_lossy(&row.text).into_owned();
            out.push((row.key.clone(), text, line));
        }
        assert!(!document.next(&mut row, &mut line).unwrap(), "the end is the end");
        Ok(out)
    }

    #[test]
    fn rows_are_members_or_elements() {
        let of = |path, text| {
            let rows = rows(path, text).unwrap();
            rows.into_iter().map(|(k, t, l)| format!("{l} {k}={t}")).collect::<Vec<_>>()
        };
        let members = "{\n \"a\": {\"x\": [1, \"}\"]},\n \"b\\u0041\": [2]\n}\n";
        assert_eq!(
            of(r#"{"path": "*", "key": "ID"}"#, members),
            ["2 a={\"x\": [1, \"}\"]}", "3 bA=[2]"]
        );
        assert_eq!(
            of(r#""[]""#, "[{\"a\": 1},\n{\"a\": \"\\\"]\"}]"),
            ["1 ={\"a\": 1}", "2 ={\"a\": \"\\\"]\"}"]
        );
        assert_eq!(of(r#""[]""#, " [ 1 , null ] "), ["1 =1", "1 =null"]);
        assert_eq!(of(r#""[]""#, "[]"), Vec::<String>::new());
        assert_eq!(of(r#"".""#, " {\"a\": [1]}\n"), ["1 ={\"a\": [1]}"]);
        let nested = r#"{"meta": {"data": [9]}, "data": {"rows": [{"a": 1}], "n": 1}, "z": [[]]}"#;
        assert_eq!(of(r#""data.rows[]""#, nested), ["1 ={\"a\": 1}"]);
        assert_eq!(
            of(r#"{"path": "data.*", "key": "k"}"#, nested),
            ["1 rows=[{\"a\": 1}]", "1 n=1"]
        );
    }

    #[test]
    fn broken_documents_are_told_with_their_place() {
        let check = |path: &str, text: &str, expect: &str| {
            let told = rows(path, text).unwrap_err();
            assert!(told.contains(expect), "{text}: {told}");
        };
        let list = r#""[]""#;
        check(
            list,
            "{}",
            "the rows at `[]` should be a list, but `{` was found, at byte 1 in line 1",
        );
        check(list, "[1 2]", "a comma between two rows is missing, at byte 4");
        check(list, "[1,]", "a comma without a row after it");
        check(list, "[1", "the file ends inside a value");
        check(list, "[\"a", "the file ends inside a text");
        check(list, "[1] x", "`x` follows the document, at byte 5");
        check(r#""d[]""#, "{\"e\": 1}", "there is no member `d`");
        check(r#""d[]""#, "{\"d\": [1]", "the file ends where `}` is missing");
        check(r#"{"path": "*", "key": "k"}"#, "{1: 2}", "the name of a member is missing");
        check(list, "", "the rows at `[]` should be a list, but the end was found");
        check(list, &"[".repeat(10_000), "nested more than 100 levels deep");
        let deep = format!("[{}{}]", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        check(list, &deep, "nested more than 100 levels deep");
    }
}
