//! The sandbox around a plugin: what a process may touch from the moment before a plugin is loaded.
//!
//! A plugin shares the process of its cell, so that the process sandboxes itself in, for good and for all that it starts. On Linux
//! by Landlock (files, 5.13) and seccomp (network); elsewhere there is none, which the cell's `timing.json` tells. `plugin
//! describe`, `plugin check` and `explain` load plugins in the same way, and their plugins write into no cell.
//!
//! - It writes into its cell's folder, into a folder of its own for temporary files (`TMPDIR`), into `config.cache`, the
//!   folders of `access.write`, and `/dev`. What the cell's processes go by lies elsewhere ([`crate::store::CellFolder::read_spec`]).
//! - It reads everything but the hidden folders: data with their labels, other cells; its own files among them it sees.
//! - It opens no socket to another machine unless `access.network`.
//! - It and all that it starts stay in its process group, so that they end with it; it signals nobody else (Linux 6.12).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::definition::access::Access;
use crate::store::record::FileRef;

/// What is let through.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    access: Access,
    /// Read and written.
    write: Vec<PathBuf>,
    /// Read, wherever they lie.
    read: Vec<PathBuf>,
    /// Not even read.
    hidden: Vec<PathBuf>,
}

impl Gate {
    /// What any process of a plugin needs: its own file, devices, and what its `access` says.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn new(access: &Access, plugin: &Path, hidden: &[PathBuf]) -> std::io::Result<Self> {
        let granted = access.write.iter().map(PathBuf::from);
        Ok(Self {
            access: access.clone(),
            write: granted.chain([PathBuf::from("/dev")]).collect(),
            read: vec![std::path::absolute(plugin)?],
            // A folder that is not there has nothing to hide.
            hidden: hidden.iter().filter_map(|path| path.canonicalize().ok()).collect(),
        })
    }

    /// What a model needs besides: its weights, its cache, and `TMPDIR`, which is a folder of its own.
    ///
    /// # Errors
    /// The cache cannot be made.
    pub fn with_model(
        mut self,
        weights: &BTreeMap<String, FileRef>,
        cache: Option<&Path>,
    ) -> std::io::Result<Self> {
        for file in weights.values() {
            self = self.reads(file.path.as_ref())?;
        }
        // What is not there when the sandbox goes up cannot be made within it.
        if let Some(cache) = cache {
            fs_err::create_dir_all(cache)?;
            self = self.writes(cache)?;
        }
        self.writes(&std::env::temp_dir())
    }

    /// A folder or file that is read and written.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn writes(mut self, path: &Path) -> std::io::Result<Self> {
        self.write.push(std::path::absolute(path)?);
        Ok(self)
    }

    /// A folder or file that is read.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn reads(mut self, path: &Path) -> std::io::Result<Self> {
        self.read.push(std::path::absolute(path)?);
        Ok(self)
    }

    /// The largest folders and files without a hidden one in or above them. Links are left out: what they lead to is there by
    /// its own name, or hidden.
    fn visible(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        self.visible_below(Path::new("/"), &mut found);
        found
    }

    fn visible_below(&self, path: &Path, found: &mut Vec<PathBuf>) {
        if self.hidden.iter().any(|hidden| hidden == path) {
            return;
        }
        if !self.hidden.iter().any(|hidden| hidden.starts_with(path)) {
            found.push(path.to_owned());
            return;
        }
        // What cannot be listed here cannot be listed by a plugin either.
        for entry in fs_err::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
                self.visible_below(&entry.path(), found);
            }
        }
    }
}

/// Puts the sandbox up around this thread and all that it starts; says what stands.
///
/// # Errors
/// In words, where the kernel has the means and refuses them.
pub fn around(gate: &Gate) -> Result<String, String> {
    if gate.access.everything {
        return Ok("none: access.everything".to_owned());
    }
    let up = || {
        let files = system::keep_files(gate)?;
        let calls = system::keep_calls(gate.access.network)?;
        let signals = system::keep_signals()?;
        Ok(format!("{files}, {calls}{signals}"))
    };
    up().map_err(|e: String| format!("failed to sandbox in the plugin: {e}"))
}

/// What of a sandbox this machine cannot put up, in words; empty where it stands whole. Nothing is put up.
pub fn lacking() -> Vec<&'static str> {
    system::lacking()
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeMap;

    use landlock::{
        ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
        RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };
    use rustix::thread::{CapabilitySet, CapabilitySets};
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch,
    };

    use super::Gate;

    pub(super) fn keep_files(gate: &Gate) -> Result<&'static str, String> {
        let abi = ABI::V3;
        let enforce = || -> Result<_, RulesetError> {
            let read = AccessFs::from_read(abi);
            let rules = Ruleset::default().handle_access(AccessFs::from_all(abi))?.create()?;
            let rules = rules.add_rules(path_beneath_rules(gate.visible(), read))?;
            let rules = rules.add_rules(path_beneath_rules(&gate.read, read))?;
            let all = AccessFs::from_all(abi);
            rules.add_rules(path_beneath_rules(&gate.write, all))?.restrict_self()
        };
        let status = enforce().map_err(|e| format!("Landlock: {e}"))?;
        drop_capabilities().map_err(|e| format!("capabilities: {e}"))?;
        Ok(match status.ruleset {
            RulesetStatus::FullyEnforced => "Landlock",
            RulesetStatus::PartiallyEnforced => "Landlock in part (an older kernel)",
            RulesetStatus::NotEnforced => "no Landlock in this kernel: files are not sandboxed",
        })
    }

    pub(super) fn lacking() -> Vec<&'static str> {
        let strict = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let files = strict().handle_access(AccessFs::from_all(ABI::V3)).and_then(Ruleset::create);
        let signals = strict().scope(Scope::Signal).and_then(Ruleset::create);
        let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
        let all = [
            (files.is_ok(), "files (Landlock: Linux 6.2, enabled at boot)"),
            (signals.is_ok(), "signals (Landlock: Linux 6.12)"),
            (status.contains("\nSeccomp:"), "network and sessions (seccomp)"),
        ];
        all.into_iter().filter(|(there, _)| !there).map(|(_, what)| what).collect()
    }

    /// What root may do around Landlock: look into other processes. Programs that are started do not get it back, as Landlock has
    /// forbidden new privileges.
    fn drop_capabilities() -> rustix::io::Result<()> {
        let own = rustix::thread::capabilities(None)?;
        let dropped = CapabilitySet::SYS_PTRACE | CapabilitySet::PERFMON | CapabilitySet::SYS_ADMIN;
        let kept = CapabilitySets {
            effective: own.effective - dropped,
            permitted: own.permitted - dropped,
            inheritable: own.inheritable - dropped,
        };
        rustix::thread::set_capabilities(None, kept)
    }

    /// Signals reach only what this process starts. Orphans become its children: their memory counts.
    pub(super) fn keep_signals() -> Result<&'static str, String> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .map_err(|e| format!("subreaper: {e}"))?;
        let enforce = || -> Result<_, RulesetError> {
            Ruleset::default().scope(Scope::Signal)?.create()?.restrict_self()
        };
        let status = enforce().map_err(|e| format!("Landlock: {e}"))?;
        Ok(match status.ruleset {
            RulesetStatus::FullyEnforced => "",
            _ => ", signals not sandboxed (a kernel before 6.12)",
        })
    }

    /// No process group or session beside the cell's. Offline: no sockets of the internet's datasets, and no ring through which calls
    /// are made that a filter does not see.
    pub(super) fn keep_calls(network: bool) -> Result<&'static str, String> {
        let filter = || -> Result<BpfProgram, seccompiler::BackendError> {
            let dataset = |dataset: rustix::net::AddressFamily| {
                let is = SeccompCondition::new(
                    0,
                    SeccompCmpArgLen::Dword,
                    SeccompCmpOp::Eq,
                    u64::from(dataset.as_raw()),
                )?;
                SeccompRule::new(vec![is])
            };
            let (v4, v6) = (rustix::net::AddressFamily::INET, rustix::net::AddressFamily::INET6);
            let mut rules =
                BTreeMap::from([(libc::SYS_setsid, vec![]), (libc::SYS_setpgid, vec![])]);
            if !network {
                rules.insert(libc::SYS_socket, vec![dataset(v4)?, dataset(v6)?]);
                rules.insert(libc::SYS_io_uring_setup, vec![]);
            }
            let refused = SeccompAction::Errno(libc::EACCES as u32);
            let arch: TargetArch = std::env::consts::ARCH.try_into()?;
            SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
        };
        let filter = match filter() {
            Ok(filter) => filter,
            Err(seccompiler::BackendError::InvalidTargetArch(_)) => {
                return Ok(unsandboxed(network));
            }
            Err(e) => return Err(format!("seccomp: {e}")),
        };
        match seccompiler::apply_filter(&filter) {
            Ok(()) if network => Ok("network allowed"),
            Ok(()) => Ok("seccomp"),
            Err(seccompiler::Error::Seccomp(e))
                if matches!(e.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) =>
            {
                Ok(unsandboxed(network))
            }
            Err(e) => Err(format!("seccomp: {e}")),
        }
    }

    fn unsandboxed(network: bool) -> &'static str {
        if network {
            "network allowed, no seccomp here: its programs may outlive it"
        } else {
            "no seccomp here: the network is not sandboxed, its programs may outlive it"
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Gate;

    pub(super) fn keep_files(_: &Gate) -> Result<&'static str, String> {
        Ok("no Landlock on this system: files are not sandboxed")
    }

    pub(super) fn lacking() -> Vec<&'static str> {
        vec!["files, network and signals (a sandbox needs Linux)"]
    }

    pub(super) fn keep_calls(_: bool) -> Result<&'static str, String> {
        Ok("no seccomp on this system: the network is not sandboxed")
    }

    pub(super) fn keep_signals() -> Result<&'static str, String> {
        Ok("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_hidden_is_visible() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["a/secret/deep", "a/open", "b"] {
            fs_err::create_dir_all(root.join(path)).unwrap();
        }
        fs_err::write(root.join("a/file"), "").unwrap();
        std::os::unix::fs::symlink(root.join("a/secret"), root.join("a/link")).unwrap();
        let gate = Gate { hidden: vec![root.join("a/secret")], ..Gate::default() };
        let mut visible = gate.visible();
        visible.retain(|path| path.starts_with(&root));
        visible.sort();
        assert_eq!(visible, ["a/file", "a/open", "b"].map(|path| root.join(path)));
        assert!(gate.visible().contains(&PathBuf::from("/usr")));
        assert_eq!(Gate::default().visible(), [PathBuf::from("/")]);
    }
}
