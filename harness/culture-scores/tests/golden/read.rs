//! Small readers of the original files.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::ledger::Golden;
use super::skipped::skipped;

/// The folder of the original files.
#[derive(Debug)]
pub(crate) struct Data(PathBuf);

/// The data and the golden values, where they are.
#[track_caller]
pub(crate) fn shared() -> Option<(Data, Vec<Golden>)> {
    #[derive(serde::Deserialize)]
    struct File {
        values: Vec<Golden>,
    }
    let root = std::env::var_os("CULTURE_EVAL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let (data, golden) = (root.join("data"), root.join("tests/benchmarks-2/golden.json"));
    if !data.join("blend").is_dir() || !golden.is_file() {
        skipped(&format!("the shared data at {}", data.display()), "set CULTURE_EVAL_SHARED");
        return None;
    }
    let file: File = serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
    Some((Data(data), file.values))
}

/// A row: column -> cell.
pub(crate) type Row = BTreeMap<String, String>;

impl Data {
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        serde_json::from_str(&self.text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn lines<T: DeserializeOwned>(&self, path: &str) -> Vec<T> {
        let lines = self.text(path);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn csv(&self, path: &str) -> Vec<Row> {
        self.table(path, b',')
    }

    pub(crate) fn table(&self, path: &str, delimiter: u8) -> Vec<Row> {
        let text = self.text(path);
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        reader
            .deserialize()
            .map(|row| row.unwrap_or_else(|error| panic!("{path}: {error}")))
            .collect()
    }

    /// Names of the files of a folder, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let names = fs::read_dir(self.0.join(folder)).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Members of an object in the file's order, which a map would lose.
#[derive(Debug)]
pub(crate) struct Members<T>(pub(crate) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Visit(PhantomData))
    }
}

/// SHA-256 of the named fields of rows, joined by tabs, each row ended by a line feed.
pub(crate) fn fingerprint(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.join("\t"));
        hash.update("\n");
    }
    hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A list of Python's `repr`: strings in either quote, lists in lists.
pub(crate) fn python_list(text: &str) -> Value {
    let mut chars = text.chars().peekable();
    let list = python_value(&mut chars);
    assert_eq!(chars.next(), None, "{text}");
    list
}

fn python_value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Value {
    match chars.next() {
        Some('[') => {
            let mut values = Vec::new();
            loop {
                match chars.peek().copied() {
                    Some(']') => {
                        chars.next();
                        return Value::Array(values);
                    }
                    Some(',' | ' ') => {
                        chars.next();
                    }
                    _ => values.push(python_value(chars)),
                }
            }
        }
        Some(quote @ ('\'' | '"')) => {
            let mut text = String::new();
            loop {
                match chars.next().unwrap() {
                    c if c == quote => return Value::String(text),
                    '\\' => text.push(chars.next().unwrap()),
                    c => text.push(c),
                }
            }
        }
        other => panic!("no list of strings: {other:?}"),
    }
}
