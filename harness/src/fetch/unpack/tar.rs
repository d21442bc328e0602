//! Tar archives: plain files and folders only.

use std::io;
use std::path::Path;

use fs_err as fs;
use tar::{Archive, EntryType};

use super::paths::safe_path;
use super::{Left, text};

impl Left {
    /// Unpacks a tar archive. Headers that only carry names and times are passed over; links and devices are refused.
    pub(super) fn untar(&mut self, from: impl io::Read, into: &Path) -> Result<(), String> {
        let damaged = |e: io::Error| {
            format!("the tar archive is cut off or damaged ({e}); download it again")
        };
        let mut archive = Archive::new(from);
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            self.count(1).map_err(|_| {
                format!("it has more entries than the limit of {}", self.limits.entries)
            })?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
                continue;
            }
            let Some(path) = safe_path(&name)?.map(|path| into.join(path)) else { continue };
            match kind {
                EntryType::Directory => fs::create_dir_all(&path).map_err(text)?,
                EntryType::Regular | EntryType::Continuous => {
                    self.copy(&mut entry, &path, &name)?;
                }
                _ => return Err(format!("entry {name:?} is a link or a special file")),
            }
        }
        Ok(())
    }
}
