//! The other files that steps join: found and hashed first, read only when examples are made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::definition::dataset::{Dataset, Task};
use crate::normalise::table::Loaded;
use crate::normalise::{Lookup, Pipeline, Tables};

use super::files::{self, JoinedFile};
use super::meta::SourceRecord;
use super::{Error, Mode};

/// The joined files of a task.
pub(super) struct Joins {
    /// Of each input, its lookups.
    inputs: Vec<Vec<Join>>,
    /// One record a source.
    pub(super) records: Vec<SourceRecord>,
}

/// One lookup and its files.
struct Join {
    lookup: Lookup,
    files: Vec<JoinedFile>,
}

impl Joins {
    /// Finds and hashes the files; official ones must be those that the definition pins.
    pub(super) fn find(
        dataset: &Dataset,
        task: &Task,
        files: &BTreeMap<String, PathBuf>,
        mode: Mode,
    ) -> Result<Self, Error> {
        let (mut inputs, mut records) = (Vec::new(), Vec::new());
        // Inputs share their lookups as a rule: a file is hashed once.
        let mut hashed: Vec<(String, Option<String>)> = Vec::new();
        for input in &task.inputs {
            let pipeline = Pipeline::new(task, input)
                .map_err(|problem| Error::Definition { task: task.name.clone(), problem })?;
            let mut joins = Vec::new();
            for lookup in pipeline.lookups() {
                let (source, pattern) = (&lookup.source, lookup.files.as_deref());
                let found = joined(dataset, task, source, pattern, files)?;
                let named = (source.clone(), lookup.files.clone());
                if !hashed.contains(&named) {
                    let read: Vec<(String, &Path, &str)> = found
                        .iter()
                        .map(|file| (file.inside.clone(), file.path.as_path(), file.shown.as_str()))
                        .collect();
                    records.push(files::source_record(dataset, source, &read, mode)?);
                    hashed.push(named);
                }
                joins.push(Join { lookup: lookup.clone(), files: found });
            }
            inputs.push(joins);
        }
        Ok(Self { inputs, records })
    }

    /// The rows of all files, by the number of the input. A file that several inputs use alike is read once.
    pub(super) fn read(&self) -> Result<BTreeMap<u32, Tables>, Error> {
        let mut known: Vec<(&Lookup, &Path, Arc<Loaded>)> = Vec::new();
        let mut all = BTreeMap::new();
        for (number, joins) in (0_u32..).zip(&self.inputs) {
            let mut tables = Tables::default();
            for Join { lookup, files } in joins {
                let mut of_lookup = BTreeMap::new();
                for file in files {
                    let found =
                        known.iter().find(|(l, path, _)| *l == lookup && *path == file.path);
                    let loaded = if let Some((.., loaded)) = found {
                        Arc::clone(loaded)
                    } else {
                        let loaded = Arc::new(files::load(lookup, file)?);
                        known.push((lookup, &file.path, Arc::clone(&loaded)));
                        loaded
                    };
                    of_lookup.insert(file.inside.clone(), loaded);
                }
                tables.files.push(of_lookup);
            }
            all.insert(number, tables);
        }
        Ok(all)
    }
}

/// The files of another source that a step uses.
fn joined(
    dataset: &Dataset,
    task: &Task,
    source_id: &str,
    pattern: Option<&str>,
    files: &BTreeMap<String, PathBuf>,
) -> Result<Vec<JoinedFile>, Error> {
    let Some(path) = files.get(source_id) else {
        return Err(Error::Missing { task: task.name.clone(), source_id: source_id.to_owned() });
    };
    let source = dataset.sources.iter().find(|source| source.id == source_id);
    let shown = format!("{}/{}", dataset.name, source.map_or(source_id, |source| &source.path));
    let Some(pattern) = pattern else {
        return Ok(vec![JoinedFile { path: path.clone(), shown, inside: String::new() }]);
    };
    let (_, taken) = files::inside(path, pattern, source_id)?;
    let one = |taken: crate::normalise::taken::Taken| JoinedFile {
        path: path.join(&taken.path),
        shown: format!("{shown}/{}", taken.path),
        inside: taken.path,
    };
    Ok(taken.into_iter().map(one).collect())
}
