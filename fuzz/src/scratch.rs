//! Files and folders for readers that take no bytes but paths.

/// A file of these bytes in a folder that goes when it is dropped; in memory where the machine has such a place.
pub(crate) fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the scratch folder takes a file");
    (folder, path)
}

pub(crate) fn folder() -> tempfile::TempDir {
    let shared = std::path::Path::new("/dev/shm");
    let place = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(place).expect("a scratch folder")
}
