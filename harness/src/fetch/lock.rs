//! One lock per source, so that parallel processes download once.

use std::io;
use std::path::Path;

use fs_err as fs;

/// Held until dropped (or until the process dies).
#[derive(Debug)]
pub(super) struct Lock {
    /// `None` where the file system has no locks.
    file: Option<fs::File>,
}

impl Lock {
    /// Takes the lock; calls `waiting` once where another process has it.
    pub(super) fn take(path: &Path, waiting: impl FnOnce()) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        let result = match file.try_lock() {
            Ok(()) => Ok(()),
            Err(std::fs::TryLockError::WouldBlock) => {
                waiting();
                file.lock()
            }
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        };
        match result {
            Ok(()) => Ok(Self { file: Some(file) }),
            Err(error) if is_unsupported(&error) => Ok(Self { file: None }),
            Err(error) => Err(error),
        }
    }

    /// False on file systems without locks: partial files must then have names of their own.
    pub(super) fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }
}

/// `ENOLCK` or `ENOSYS` or `EOPNOTSUPP`: some network file systems.
fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || matches!(error.raw_os_error(), Some(37 | 38 | 95))
}
