//! The synthetic SAMPLE data: written by the project, in the exact upstream formats with their traps.
//!
//! Nothing in them is upstream text or about real people: clubs, towns, customs and models are invented. They follow
//! from [`VERSION`] alone, byte for byte, and are hard enough that models differ: labels depend on words, on word
//! order and on the culture together, and some are noise. What is computed on them is marked SAMPLE by mode, never by text.

mod crehate;
mod cultureatlas;
mod draw;
mod emgsd;
mod file;
mod kinds;
mod synthetic;
mod univar;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

pub use draw::VERSION;

/// Raised when files change though the draws of [`VERSION`] do not: old copies are not used again.
pub const REVISION: u32 = 2;
pub use synthetic::{SYNTHETIC_FAMILY, synthetic};

use file::{File, csv};

/// Whether there is a sample of this dataset.
pub fn covers(dataset: &str) -> bool {
    matches!(dataset, "univar" | "crehate" | "emgsd" | "cultureatlas")
        || kinds::DATASETS.contains(&dataset)
}

/// Writes the sample of a dataset below `folder`, laid out as a mirror; gives the paths inside it.
pub fn write(dataset: &str, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let files = match dataset {
        "univar" => univar::files(),
        "crehate" => crehate::files(),
        "emgsd" => emgsd::files(),
        "cultureatlas" => cultureatlas::files(),
        other => kinds::files(other).unwrap_or_else(|| {
            let told =
                format!("there is no sample of the dataset `{other}`; use its official data");
            Err(io::Error::new(io::ErrorKind::NotFound, told))
        }),
    }?;
    let mut paths = Vec::new();
    for (path, content) in files {
        let target = folder.join(&path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, content)?;
        paths.push(PathBuf::from(path));
    }
    Ok(paths)
}

/// Writes the sample of a dataset to `folder` unless it is there already; it appears whole or not at all.
pub fn ensure(dataset: &str, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let temporary = tempfile::Builder::new().prefix(".partial-").tempdir_in(parent)?;
    let fresh = temporary.path().join("fresh");
    fs::create_dir(&fresh)?;
    write(dataset, &fresh)?;
    match fs::rename(&fresh, folder) {
        // Another process was first.
        Err(_) if folder.is_dir() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
