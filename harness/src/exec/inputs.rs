//! Files and folders that a model's `[config]` names: their content is part of a cell's key, as that of weights is. What lies in
//! a folder that its `access` lets it write into is left out: it changes with every run.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Value;

use super::bars::Board;
use crate::definition::model::Model;
use crate::fetch::{Fetched, MOST_FILES};
use crate::store::path_text;
use crate::store::record::{FileRef, Reason, ReasonKind};

/// What one model's configuration names, by its place in the table (`folder`, `files.model`, `command.1`).
pub type Inputs = BTreeMap<String, FileRef>;

/// The inputs of every model that has some, or why they cannot be hashed.
pub fn of_models(models: &[Model], board: &Board) -> BTreeMap<String, Result<Inputs, Reason>> {
    let named = |model: &Model| {
        let found = of(model);
        if let Err(reason) = &found {
            board.note(&format!("{}: {}", model.name, reason.message));
        }
        (model.name.clone(), found)
    };
    let some = |found: &Result<Inputs, Reason>| found.as_ref().map_or(true, |i| !i.is_empty());
    models.iter().map(named).filter(|(_, found)| some(found)).collect()
}

fn of(model: &Model) -> Result<Inputs, Reason> {
    let mut places = Vec::new();
    for (key, value) in &model.config {
        walk(key, value, &mut places);
    }
    // Where it may write, there are its outputs.
    let written = |path: &str| {
        let path = std::path::absolute(path).unwrap_or_default();
        model.access.write.iter().any(|folder| path.starts_with(folder))
    };
    places.retain(|(_, path)| !written(path));
    let hashed = |(place, path): (String, &str)| {
        let file = Fetched::named(path.into()).map_err(|error| {
            let message = format!(
                "`config.{place}` names {path}, whose content cannot be hashed ({error}); name a file, or a folder with at \
                 most {MOST_FILES} files that you may read"
            );
            Reason::new(ReasonKind::NoWeights, message)
        })?;
        whole(Path::new(path)).map_err(|e| Reason::new(ReasonKind::NoWeights, e))?;
        Ok((place, FileRef { path: path_text(&file.path), sha256: file.sha256 }))
    };
    places.into_iter().map(hashed).collect()
}

/// Refuses a file that only stands for another one: every plugin would read it as damaged weights or an empty table.
///
/// # Errors
/// What it is and what to do; or that it cannot be read.
pub(super) fn whole(path: &Path) -> Result<(), String> {
    use std::io::Read as _;

    if !path.is_file() {
        return Ok(());
    }
    let mut start = Vec::new();
    let read = fs_err::File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    read.map_err(|error| error.to_string())?;
    if start.starts_with(b"version https://git-lfs") {
        return Err(format!(
            "{} is a pointer of Git LFS, not the file itself; run `git lfs pull` in its folder, or download the file itself",
            path.display()
        ));
    }
    Ok(())
}

/// All texts of a table that name something on this machine.
fn walk<'a>(place: &str, value: &'a Value, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) if names_a_path(place, text) => found.push((place.to_owned(), text)),
        Value::String(text) => {
            let parts = parts(text).filter(|part| names_a_path("", part));
            found.extend(parts.map(|part| (format!("{place}: {part}"), part)));
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(&format!("{place}.{number}"), item, found);
            }
        }
        Value::Table(table) => {
            for (key, item) in table {
                walk(&format!("{place}.{key}"), item, found);
            }
        }
        _ => {}
    }
}

/// What else in a text may be a path: the words of a command line, and what follows a `=` or `file://`.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace().flat_map(|word| {
        let value = word.split_once('=').map(|(_, value)| value);
        [Some(word), value].into_iter().flatten()
    });
    words.map(|part| {
        let part = part.trim_matches(['"', '\'']);
        part.strip_prefix("file://").unwrap_or(part)
    })
}

/// Parts of a key under which a plain word is a place, too: `folder = "checkpoint"`.
const PLACES: [&str; 9] =
    ["path", "folder", "file", "dir", "adapter", "checkpoint", "weight", "vocab", "tokenizer"];

/// A text that is the path of something here, and has a separator, an ending or a key that names a place. Under another key a plain
/// word is a name (`model = "m"`), even where a file happens to be called so; `.`, `..` and `/` are places to work in.
fn names_a_path(key: &str, text: &str) -> bool {
    let path = Path::new(text);
    let key = key.to_lowercase();
    let meant_as_one = text.contains('/')
        || path.extension().is_some()
        || PLACES.iter().any(|part| key.contains(part));
    meant_as_one && path.file_name().is_some() && (path.is_file() || path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_exists_and_looks_like_a_path_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("preds.csv");
        fs_err::write(&file, "id,label\n").unwrap();
        for (text, expect) in [
            (file.to_str().unwrap(), true),
            (folder.path().to_str().unwrap(), true),
            ("/no/such/file.csv", false),
            ("majority", false),
            (".", false),
            ("..", false),
            ("/", false),
            ("/dev/zero", false),
            ("http://127.0.0.1:8000/v1", false),
            ("", false),
        ] {
            assert_eq!(names_a_path("model", text), expect, "{text}");
        }
    }

    /// Tests run in the folder of the crate, which has `src`.
    #[test]
    fn a_plain_word_is_a_path_where_its_key_says_so() {
        for (key, expect) in [
            ("folder", true),
            ("path", true),
            ("files.model", true),
            ("adapter_path", true),
            ("tokenizer", true),
            ("model", false),
            ("command.1", false),
        ] {
            assert_eq!(names_a_path(key, "src"), expect, "{key}");
            assert!(!names_a_path(key, "no such place"), "{key}");
        }
    }

    #[test]
    fn nested_tables_and_lists_are_walked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.py");
        fs_err::write(&file, "").unwrap();
        let config =
            format!("command = ['python3', '{0}']\n[files]\nmodel = '{0}'\nn = 3", file.display());
        let table: toml::Table = toml::from_str(&config).unwrap();
        let mut found = Vec::new();
        for (key, value) in &table {
            walk(key, value, &mut found);
        }
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["command.1", "files.model"]);
    }

    /// Wherever in a text a path stands.
    #[test]
    fn paths_in_options_and_command_lines_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.py");
        fs_err::write(&file, "").unwrap();
        let path = file.display();
        for text in [
            format!("--adapter={path}"),
            format!("file://{path}"),
            format!("exec python3 '{path}' --fast"),
            format!("--set weights=file://{path}"),
        ] {
            let value = Value::String(text.clone());
            let mut found = Vec::new();
            walk("command.2", &value, &mut found);
            let named: Vec<&str> = found.iter().map(|(_, path)| *path).collect();
            assert_eq!(named, [path.to_string()], "{text}");
        }
        for text in ["Is it good or bad?", "a=b", "--temperature=0.5", "http://127.0.0.1:80/v1"] {
            let value = Value::String(text.to_owned());
            let mut found = Vec::new();
            walk("command.2", &value, &mut found);
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}
