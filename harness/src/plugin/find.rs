//! From the name in a model's TOML to a file.

use std::path::{Path, PathBuf};

use super::PluginError;
use crate::definition::model::is_path;
use crate::definition::nearest;

/// Finds `tfidf-logreg` as `libtfidf_logreg.so` (or `.dylib`, `.dll`) in the first folder that has it. A name with a
/// separator or an ending is a path.
pub fn find(name: &str, folders: &[PathBuf]) -> Result<PathBuf, PluginError> {
    if is_path(name) {
        let as_path = Path::new(name);
        let path = std::path::absolute(as_path).unwrap_or_else(|_| as_path.to_owned());
        return if path.is_file() {
            Ok(path)
        } else {
            Err(PluginError::Open { path, message: "there is no such file".to_owned() })
        };
    }
    let file = file_name(name);
    for folder in folders {
        let path = folder.join(&file);
        if path.is_file() {
            return Ok(std::path::absolute(&path).unwrap_or(path));
        }
    }
    let known: Vec<String> = folders.iter().flat_map(|folder| names_in(folder)).collect();
    let hint =
        nearest(name, known.iter().map(String::as_str)).map(|n| format!(" (did you mean `{n}`?)"));
    Err(PluginError::NotFound {
        name: name.to_owned(),
        searched: folders.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", "),
        hint: hint.unwrap_or_default(),
    })
}

fn file_name(name: &str) -> String {
    format!(
        "{}{}{}",
        std::env::consts::DLL_PREFIX,
        name.replace('-', "_"),
        std::env::consts::DLL_SUFFIX
    )
}

/// Names of all libraries of a folder, as models would write them.
fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let name = name
                .strip_prefix(std::env::consts::DLL_PREFIX)?
                .strip_suffix(std::env::consts::DLL_SUFFIX)?;
            Some(name.replace('_', "-"))
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_files_and_a_typo_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(file_name("tfidf-logreg")), "").unwrap();
        let folders = [folder.path().to_owned()];
        assert!(find("tfidf-logreg", &folders).unwrap().ends_with(file_name("tfidf-logreg")));
        let error = find("tfidf-logref", &folders).unwrap_err().to_string();
        assert!(
            error.contains("did you mean `tfidf-logreg`?") && error.contains("--plugins"),
            "{error}"
        );
        let error = find("./none.so", &folders).unwrap_err().to_string();
        assert!(
            error.contains("none.so: not a loadable library: there is no such file"),
            "{error}"
        );
    }
}
