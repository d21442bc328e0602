//! What a spec is read against, and what comes of it.

use std::path::{Path, PathBuf};

use crate::definition::model::Model;

/// What a spec is read against: paths are named from here.
#[derive(Debug, Clone)]
pub struct Place {
    /// The working folder.
    pub folder: PathBuf,
    /// Where Hugging Face's programs keep what they have downloaded.
    pub hugging_face: PathBuf,
    /// The program of `baselines/transformers`.
    pub transformers: PathBuf,
    /// The Python that it runs with.
    pub python: String,
}

/// A model as named in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// Its definition.
    pub model: Model,
    /// Files and folders that must be there.
    pub needs: Vec<PathBuf>,
    /// Folders that its plugin may write into, made before it starts.
    pub makes: Vec<PathBuf>,
}

impl ModelSpec {
    /// The first of its files and folders that is not there.
    pub fn missing(&self, is_there: impl Fn(&Path) -> bool) -> Option<&Path> {
        self.needs.iter().map(PathBuf::as_path).find(|path| !is_there(path))
    }
}

/// The default folder of Hugging Face's programs below a home.
pub fn hugging_face_below(home: &Path) -> PathBuf {
    home.join(".cache/huggingface")
}
