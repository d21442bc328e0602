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
        Ok((place, FileRef { path: path_text(&file.path), sha256: file.sha256 }))
    };
    places.into_iter().map(hashed).collect()
}

/// All texts of a table that name something on this machine.
fn walk<'a>(place: &str, value: &'a Value, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) if names_a_path(text) => found.push((place.to_owned(), text)),
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

/// A text with a separator or an ending that is the path of something here. A plain word is a name (`model = "m"`), even where a
/// file happens to be called so; `.`, `..` and `/` are places to work in.
fn names_a_path(text: &str) -> bool {
    let path = Path::new(text);
    let written_as_one = text.contains('/') || path.extension().is_some();
    written_as_one && path.file_name().is_some() && (path.is_file() || path.is_dir())
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
            assert_eq!(names_a_path(text), expect, "{text}");
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
}
