//! The folders that a command is given: are they there, and may this program write into them?

use std::io;
use std::path::Path;

use anyhow::anyhow;

use crate::fetch::Mirror;
use crate::settings::Settings;
use crate::text::hint::hinted;

/// Checks the mirrors and the cache before anything is fetched.
///
/// # Errors
/// A mirror is a folder that does not exist, or the cache cannot be written.
pub fn check(settings: &Settings) -> anyhow::Result<()> {
    for mirror in &settings.mirror {
        if let Mirror::Dir(folder) = Mirror::parse(mirror)
            && !folder.is_dir()
        {
            return Err(hinted(
                anyhow!("there is no folder {} (setting `mirror`)", folder.display()),
                "--mirror takes a folder that holds DATASET/PATH, or an address that begins with http:// or https://",
            ));
        }
    }
    writable(&settings.cache).map_err(|error| {
        hinted(
            anyhow!("cannot write into the cache {}: {error}", settings.cache.display()),
            "name a folder that you may write into: --cache DIR, or `cache` in culture-eval.toml",
        )
    })
}

/// Whether this program may write there: makes the folder where it is missing, and a file in it that is removed at once.
pub(crate) fn writable(folder: &Path) -> io::Result<()> {
    fs_err::create_dir_all(folder)?;
    tempfile::tempfile_in(folder).map(drop)
}
