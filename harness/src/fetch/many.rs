//! Sources with many pinned files: each file is fetched separately, and a folder in the cache holds them under their
//! names.

use std::path::{Component, Path};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::cache::Cache;
use super::error::FetchError;
use super::fetched::Fetched;
use super::options::Options;
use super::provenance::{Verified, Via};
use super::verify::{check_pins, digest};
use crate::definition::source::Source;
use crate::store::hex;

/// Downloads all files into the cache, and gives the folder that holds them.
pub(super) fn fetch(
    dataset: &str,
    source: &Source,
    options: &Options,
    one: impl Fn(&Source) -> Result<Fetched, FetchError>,
) -> Result<Fetched, FetchError> {
    let name = format!("{dataset}/{}", source.id);
    check(source).map_err(|reason| FetchError::Definition { name: name.clone(), reason })?;
    let io = |error| FetchError::Io { name: name.clone(), error };
    let (mut via, mut files) = (Via::Cache, Vec::new());
    for (own, pinned) in source.each().iter().zip(&source.files) {
        let found = one(own)?;
        if found.via != Via::Cache {
            via = found.via;
        }
        files.push((pinned.file.as_str(), found.path));
    }
    let sha256 = sum(source);
    let cache = Cache::new(&options.cache).map_err(io)?;
    let folder = cache.unpacked(&sha256);
    if !is_whole(&folder, source) {
        let fresh = cache.temporary_folder().map_err(io)?;
        for (file, object) in files {
            let to = fresh.path().join(file);
            fs::create_dir_all(to.parent().unwrap_or(fresh.path())).map_err(io)?;
            // The same bytes twice on disk only where the file system has no links.
            if fs::hard_link(&object, &to).is_err() {
                fs::copy(&object, &to).map_err(io)?;
            }
        }
        if folder.is_dir() {
            fs::remove_dir_all(&folder).map_err(io)?;
        }
        match fs::rename(fresh.path(), &folder) {
            Ok(()) => {
                // It has moved: nothing is left to remove.
                let _ = fresh.keep();
            }
            Err(_) if is_whole(&folder, source) => {}
            Err(error) => return Err(io(error)),
        }
    }
    let bytes = source.files.iter().map(|file| file.bytes).sum();
    Ok(Fetched { path: folder, sha256, bytes, via, verified: Verified::Sha256 })
}

/// Hashes all files again.
pub(super) fn verify(fetched: &Fetched, source: &Source) -> Result<(), FetchError> {
    for (one, pinned) in source.each().iter().zip(&source.files) {
        let path = fetched.path.join(&pinned.file);
        let found =
            digest(&path).map_err(|error| FetchError::Io { name: one.id.clone(), error })?;
        check_pins(&one.id, one, &path.display().to_string(), &found)?;
    }
    Ok(())
}

/// Whether the folder has every file with its size; the bytes are checked when they are prepared.
fn is_whole(folder: &Path, source: &Source) -> bool {
    source.files.iter().all(|file| {
        fs::metadata(folder.join(&file.file)).is_ok_and(|found| found.len() == file.bytes)
    })
}

/// SHA-256 over the lines `sha256  file` in order of the files: that of the folder.
fn sum(source: &Source) -> String {
    let mut lines: Vec<(&str, &str)> =
        source.files.iter().map(|file| (file.file.as_str(), file.sha256.as_str())).collect();
    lines.sort_unstable();
    let mut sum = Sha256::new();
    for (file, sha256) in lines {
        sum.update(format!("{sha256}  {file}\n"));
    }
    hex(&sum.finalize())
}

/// Every file stays inside the folder.
fn check(source: &Source) -> Result<(), String> {
    let inside = |file: &str| {
        let mut parts = Path::new(file).components();
        !file.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
    };
    match source.files.iter().find(|file| !inside(&file.file)) {
        Some(file) => Err(format!(
            "the file {:?} is not a relative path that stays inside its folder",
            file.file
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::source::{Origin, PinnedFile};
    use crate::fetch::{Mirror, Silent};
    use crate::store::sha256;

    fn source(files: &[(&str, &[u8])]) -> Source {
        let pinned = files.iter().map(|(file, bytes)| PinnedFile {
            file: (*file).to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        });
        Source {
            id: "parts".to_owned(),
            path: "data/parts".to_owned(),
            from: Origin::Http { url: "https://example.org/{file}?raw".to_owned() },
            files: pinned.collect(),
            bytes: None,
            sha256: None,
            git_blob: None,
            unpack: None,
            terms: None,
        }
    }

    #[test]
    fn many_files_become_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join("mirror/set/data/parts").join(path);
        let files: [(&str, &[u8]); 2] = [("A (x) in B.csv", b"one"), ("deep/c.csv", b"two")];
        for (file, bytes) in files {
            fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            fs::write(at(file), bytes).unwrap();
        }
        let source = source(&files);
        let options = Options {
            cache: folder.path().join("cache"),
            mirrors: vec![Mirror::Dir(folder.path().join("mirror"))],
            offline: true,
            ..Options::default()
        };
        let fetched = super::super::fetch("set", &source, &options, &Silent).unwrap();
        assert_eq!((fetched.bytes, fetched.verified), (6, Verified::Sha256));
        for (file, bytes) in files {
            assert_eq!(fs::read(fetched.path.join(file)).unwrap(), bytes);
        }
        super::super::verify(&fetched, &source).unwrap();
        assert!(super::super::is_available_locally("set", &source, &options).is_some());
        // Again from the cache, without the mirror; the same folder.
        let cached = Options { mirrors: Vec::new(), ..options.clone() };
        let again = super::super::fetch("set", &source, &cached, &Silent).unwrap();
        assert_eq!((again.path, again.via), (fetched.path, Via::Cache));
        // Other bytes in the mirror are an error wherever they are.
        fs::write(at("deep/c.csv"), b"TWO").unwrap();
        let fresh = Options { cache: folder.path().join("other"), ..options };
        let error = super::super::fetch("set", &source, &fresh, &Silent).unwrap_err();
        assert!(error.is_integrity(), "{error}");
    }

    #[test]
    fn names_are_encoded_in_addresses() {
        let source = source(&[("Dutch (nl) in Netherlands.csv", b"x"), ("a/b_c-d.csv", b"y")]);
        let urls: Vec<String> = source
            .each()
            .into_iter()
            .map(|one| match one.from {
                Origin::Http { url } => url,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            urls,
            [
                "https://example.org/Dutch%20%28nl%29%20in%20Netherlands.csv?raw",
                "https://example.org/a/b_c-d.csv?raw"
            ]
        );
    }

    #[test]
    fn a_file_that_leaves_its_folder_is_refused() {
        let error = check(&source(&[("../x", b"x")])).unwrap_err();
        assert!(error.contains("stays inside its folder"), "{error}");
    }
}
