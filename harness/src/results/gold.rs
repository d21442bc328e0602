//! The gold labels of a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;

use super::cells::Done;
use super::manifest::Manifest;
use crate::example::Examples;
use crate::prepare;
use crate::store::record::FileRef;

/// Gold labels of the evaluated parts, read once per data and protocol.
#[derive(Debug)]
pub(crate) struct Gold {
    /// Prepared data by task.
    data: BTreeMap<String, FileRef>,
    texts: bool,
    read: Mutex<BTreeMap<String, Arc<Examples>>>,
}

impl Gold {
    /// Without the texts.
    pub(crate) fn new(manifest: &Manifest) -> Self {
        Self { data: manifest.data.clone(), texts: false, read: Mutex::default() }
    }

    /// With the texts.
    pub(crate) fn with_texts(manifest: &Manifest) -> Self {
        Self { texts: true, ..Self::new(manifest) }
    }

    /// The examples that a cell evaluated.
    pub(crate) fn of(&self, cell: &Done) -> anyhow::Result<Arc<Examples>> {
        let spec = &cell.spec;
        let key = format!("{} {:?} {}", spec.data.sha256, spec.protocol.eval, spec.limit);
        let mut read = self
            .read
            .lock()
            .map_err(|_| anyhow::anyhow!("another thread failed while reading examples"))?;
        if let Some(known) = read.get(&key) {
            return Ok(known.clone());
        }
        let path = self.data.get(&spec.task.name).map_or(&spec.data.path, |file| &file.path);
        let load = if self.texts { prepare::load } else { prepare::load_without_texts };
        let mut examples = load(path.as_ref(), &spec.protocol.eval, &spec.task.labels)
            .with_context(|| {
                format!(
                    "failed to read the gold labels of `{}`; run the suite again to prepare them",
                    spec.task.name
                )
            })?;
        if spec.limit > 0 {
            examples.truncate(spec.limit);
        }
        let examples = Arc::new(examples);
        read.insert(key, examples.clone());
        Ok(examples)
    }
}
