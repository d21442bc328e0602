//! Landlock: which files are read and written, and whom signals reach. It also forbids looking into processes outside.

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::level::Level;
use super::view::{Seen, View};

/// Devices that programs need, and those of accelerators. A terminal is not among them.
pub(super) const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
pub(super) const ACCELERATORS: [&str; 6] = ["nvidia", "dri", "kfd", "accel", "dxg", "mali"];

/// Puts it up; says what is in force.
pub(super) fn keep(view: &View, level: Level) -> Result<&'static str, String> {
    let abi = ABI::V3;
    let (read, all) = (AccessFs::from_read(abi), AccessFs::from_all(abi));
    // In a mount space of its own nothing hidden is there; paths need not be told one by one.
    let visible = match level {
        Level::Namespaces => vec!["/".into()],
        Level::Landlock | Level::None => view.allowed(Seen::Read),
    };
    let written = view.written();
    let enforce = |read: BitFlags<AccessFs>| -> Result<_, RulesetError> {
        let rules = Ruleset::default().handle_access(all)?.create()?;
        let rules = rules.add_rules(path_beneath_rules(visible, read))?;
        let rules = rules.add_rules(path_beneath_rules(devices(), all))?;
        rules.add_rules(path_beneath_rules(written, all))?.restrict_self()
    };
    let status = enforce(read).map_err(|e| format!("Landlock: {e}"))?;
    drop_capabilities().map_err(|e| format!("capabilities: {e}"))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "Landlock",
        RulesetStatus::PartiallyEnforced => "Landlock in part (an older kernel)",
        RulesetStatus::NotEnforced if level == Level::Namespaces => "no Landlock in this kernel",
        RulesetStatus::NotEnforced => "no Landlock in this kernel: files are not sandboxed",
    })
}

/// The devices of this machine that a plugin is given.
pub(super) fn devices() -> Vec<std::path::PathBuf> {
    let own = |name: &str| {
        DEVICES.contains(&name)
            || name == "shm"
            || ACCELERATORS.iter().any(|start| name.starts_with(start))
    };
    let entries = fs_err::read_dir("/dev").into_iter().flatten().flatten();
    entries.filter(|e| own(&e.file_name().to_string_lossy())).map(|e| e.path()).collect()
}

/// What is missing for the level of Landlock.
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

/// All that root may do around a sandbox. Programs that are started do not get it back, as no new privileges are allowed.
pub(super) fn drop_capabilities() -> rustix::io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    let kept = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, kept)
}

/// Orphans become this process's children: their memory counts.
pub(super) fn keep_orphans() -> Result<(), String> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|e| format!("subreaper: {e}"))
}

/// Signals reach only what this process starts, and so do sockets without a path.
pub(super) fn keep_signals() -> Result<&'static str, String> {
    let enforce = || -> Result<_, RulesetError> {
        let scopes = Scope::Signal | Scope::AbstractUnixSocket;
        Ruleset::default().scope(scopes)?.create()?.restrict_self()
    };
    let status = enforce().map_err(|e| format!("Landlock: {e}"))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "",
        _ => ", signals not sandboxed (a kernel before 6.12)",
    })
}
