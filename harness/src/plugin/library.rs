//! Opening a plugin: symbol, version and size are checked before anything is called.

#![expect(unsafe_code, reason = "the boundary itself")]

use std::mem::{MaybeUninit, offset_of};
use std::path::{Path, PathBuf};
use std::{fmt, ptr};

use libloading::os::unix as os;
use plugin_api::abi::{self, CePlugin, CeStr};

use super::PluginError;
use crate::definition::dataset::Capability;
use crate::store;

/// Bytes of the table of version 1.0, the least that a plugin of major version 1 has.
const LEAST: usize = offset_of!(CePlugin, explain);

/// An open plugin. It stays open until the process ends.
pub struct Library {
    path: PathBuf,
    sha256: String,
    table: CePlugin,
    name: String,
    version: String,
    build_info: String,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Library({} {} at {})", self.name, self.version, self.path.display())
    }
}

type Entry = unsafe extern "C" fn() -> *const CePlugin;

/// What the system says of a library that cannot be opened; where libtorch is what is missing, how to get it.
fn with_remedy(said: String) -> String {
    let torch = ["libtorch", "libc10"].iter().any(|name| said.contains(name));
    if torch && said.contains("cannot open shared object file") {
        format!(
            "{said}; libtorch is not where it was when the plugin was built: run `scripts/just libtorch` here, and on a cluster \
             keep its folder where every node sees it"
        )
    } else {
        said
    }
}

/// Opens a plugin.
pub fn load(path: &Path) -> Result<Library, PluginError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let open = |message: String| PluginError::Open { path: path.clone(), message };
    let sha256 = store::sha256_file(&path).map_err(|e| open(e.to_string()))?;
    if let Some(cut) = super::elf::cut(&path) {
        return Err(open(cut));
    }
    // SAFETY: the user named this library; its initialisers run now, in a process of the cell's own.
    let library = unsafe { os::Library::open(Some(&path), os::RTLD_NOW | os::RTLD_LOCAL) }
        .map_err(|e| {
            let said =
                std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            open(with_remedy(said))
        })?;
    // SAFETY: by the ABI the symbol has this type.
    let entry = match unsafe { library.get::<Entry>(b"culture_eval_plugin_v1\0") } {
        Ok(entry) => *entry,
        Err(_) => return Err(PluginError::NoSymbol { path }),
    };
    // Never unloaded: threads and thread-locals of the plugin may outlive every handle.
    std::mem::forget(library);
    // SAFETY: by the ABI the function takes nothing and returns a static table.
    unsafe { Library::of(entry(), path, sha256) }
}

impl Library {
    /// Reads the table of an open plugin.
    ///
    /// # Safety
    /// `table` is null or points to a table of the ABI that lives, with what it points to, as long as the process.
    pub(super) unsafe fn of(
        table: *const CePlugin,
        path: PathBuf,
        sha256: String,
    ) -> Result<Self, PluginError> {
        if table.is_null() {
            return Err(PluginError::BadTable { path, problem: "the table is null".to_owned() });
        }
        // SAFETY: every table of every version starts with these two numbers and the size.
        let (major, minor, size) = unsafe {
            (
                (&raw const (*table).abi_major).read(),
                (&raw const (*table).abi_minor).read(),
                (&raw const (*table).struct_size).read(),
            )
        };
        if major != abi::CE_ABI_MAJOR {
            return Err(PluginError::OtherAbi {
                path,
                theirs: format!("{major}.{minor}"),
                ours: format!("{}.{}", abi::CE_ABI_MAJOR, abi::CE_ABI_MINOR),
                ours_major: abi::CE_ABI_MAJOR,
            });
        }
        if size < LEAST {
            let problem = format!(
                "its table says ABI {major}.{minor} but has {size} bytes; that of ABI {}.0 has {LEAST}",
                abi::CE_ABI_MAJOR
            );
            return Err(PluginError::BadTable { path, problem });
        }
        let mut ours = MaybeUninit::<CePlugin>::zeroed();
        // SAFETY: both tables have the bytes that are copied; where theirs ends, ours is zero: a function that is not there.
        let table = unsafe {
            let bytes = size.min(size_of::<CePlugin>());
            ptr::copy_nonoverlapping(table.cast::<u8>(), ours.as_mut_ptr().cast::<u8>(), bytes);
            ours.assume_init()
        };
        // SAFETY: texts of a table live as long as the process.
        let text = |t: CeStr| unsafe { super::host::lossy(t) };
        let library = Self {
            sha256,
            name: text(table.name),
            version: text(table.version),
            build_info: text(table.build_info),
            table,
            path,
        };
        library.check()?;
        Ok(library)
    }

    /// Every capability must come with its functions.
    fn check(&self) -> Result<(), PluginError> {
        let t = &self.table;
        let needs: [(u64, &str, bool); 12] = [
            (0, "create", t.create.is_some()),
            (0, "destroy", t.destroy.is_some()),
            (abi::CE_FIT, "fit", t.fit.is_some()),
            (abi::CE_CLASSIFY, "classify", t.classify.is_some()),
            (abi::CE_EMBED, "dimension", t.dimension.is_some()),
            (abi::CE_EMBED, "embed", t.embed.is_some()),
            (abi::CE_LOGLIKELIHOOD, "loglikelihood", t.loglikelihood.is_some()),
            (abi::CE_GENERATE, "generate", t.generate.is_some()),
            (abi::CE_SAVE, "save and load", t.save.is_some() && t.load.is_some()),
            (abi::CE_EXPLAIN, "explain", t.explain.is_some()),
            (abi::CE_CHOOSE, "choose", t.choose.is_some()),
            (
                abi::CE_FIT_PIECES,
                "fit_piece and fit_end",
                t.fit_piece.is_some() && t.fit_end.is_some(),
            ),
        ];
        for (bit, name, there) in needs {
            if t.capabilities & bit == bit && !there {
                let problem = format!("the function `{name}` is missing");
                return Err(PluginError::BadTable { path: self.path.clone(), problem });
            }
        }
        Ok(())
    }

    pub(super) fn table(&self) -> &CePlugin {
        &self.table
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The plugin's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How the plugin was built.
    pub fn build_info(&self) -> &str {
        &self.build_info
    }

    /// Hash of the file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can be fitted.
    pub fn fits(&self) -> bool {
        self.table.capabilities & (abi::CE_FIT | abi::CE_FIT_PIECES) != 0
    }

    /// Whether it is fitted piece by piece.
    pub fn fits_in_pieces(&self) -> bool {
        self.table.capabilities & abi::CE_FIT_PIECES != 0
    }

    /// Whether a fitted model can be saved.
    pub fn saves(&self) -> bool {
        self.table.capabilities & abi::CE_SAVE != 0
    }

    /// Whether it can tell why it answers as it does.
    pub fn explains(&self) -> bool {
        self.table.capabilities & abi::CE_EXPLAIN != 0
    }

    /// How it can answer.
    pub fn capabilities(&self) -> Vec<Capability> {
        let mut all = Capability::ALL.to_vec();
        all.retain(|capability| self.table.capabilities & capability.offer().bit() != 0);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::with_remedy;

    #[test]
    fn a_missing_libtorch_has_a_remedy() {
        let said = "libtorch_cpu.so: cannot open shared object file: No such file or directory";
        assert!(with_remedy(said.to_owned()).contains("scripts/just libtorch"));
        let other = "libfoo.so: cannot open shared object file: No such file or directory";
        assert_eq!(with_remedy(other.to_owned()), other);
    }
}
