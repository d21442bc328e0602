//! A run folder, opened.

use super::cells::{self, Group};
use super::gold::Gold;
use super::manifest::Manifest;
use crate::store::RunFolder;

/// A run, opened: its manifest and its cells are read, its answers are read when they are needed.
#[derive(Debug)]
pub struct Run {
    pub(super) folder: RunFolder,
    pub(super) manifest: Manifest,
    pub(super) groups: Vec<Group>,
    pub(super) gold: Gold,
}

impl Run {
    /// Opens a run folder.
    ///
    /// # Errors
    /// There is no such run, or its manifest or the record of a cell cannot be read.
    pub fn open(folder: RunFolder) -> anyhow::Result<Self> {
        let manifest = Manifest::read(&folder)?;
        let groups = cells::groups(&folder, &manifest)?;
        let gold = Gold::new(&manifest);
        Ok(Self { folder, manifest, groups, gold })
    }

    /// Where it lies.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// What was asked.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}
