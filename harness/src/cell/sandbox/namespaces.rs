//! Spaces of its own for a plugin: users, mounts, processes, System V memory and, offline, the network.
//!
//! Three processes take part. The one that was started (the *starter*) stays outside, waits, and ends as the last one does. The
//! *first* process of the new spaces arranges what is seen and collects orphans; with it all others end, and it ends with the starter.
//! The *last* one then loads the plugin.

#![expect(
    clippy::exit,
    reason = "two of three processes end here, without what the last one has to do"
)]

use std::ffi::CStr;
use std::fs::Permissions;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fs_err as fs;
use rustix::fs::CWD;
use rustix::mount::{
    self as mounts, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
};
use rustix::process::{self as processes, Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus};

use super::files;
use super::view::{Seen, View};
use crate::process::kernel;

/// Processes and threads that a plugin may have at once.
const PROCESSES: u64 = 16_384;

/// Attributes of mounts, as `mount_setattr` has them.
const READ_ONLY: u64 = 1;
const NO_SUID: u64 = 2;
const NO_DEVICES: u64 = 4;

/// Enters new spaces. Comes back in another process, which is the last one; or in the same one with the reason why there are none.
///
/// # Errors
/// The kernel does not allow them, or does not allow what is arranged within; in words.
pub(super) fn enter(view: &View, network: bool) -> Result<(), String> {
    let threads = kernel::threads();
    if threads != 1 {
        return Err(format!("this process has {threads} threads"));
    }
    let (heard, said) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|e| format!("pipe: {e}"))?;
    let offline = if network { 0 } else { libc::CLONE_NEWNET };
    let spaces = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWCGROUP
        | offline;
    let user = (processes::getuid().as_raw(), processes::getgid().as_raw());
    if let Some(first) = kernel::fork_into(spaces).map_err(|e| e.to_string())? {
        drop(said);
        wait_outside(first, heard)
    } else {
        drop(heard);
        first(view, user, said);
        Ok(())
    }
}

/// Whether this machine allows it: tried by a process of this program, once.
///
/// # Errors
/// Why not.
pub(super) fn possible() -> Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    let try_it = || {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let tried = Command::new(program).args(["cell", ".", "--probe"]).output();
        let tried = tried.map_err(|e| e.to_string())?;
        if tried.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned())
    };
    FOUND.get_or_init(try_it).clone()
}

/// The starter's part: where the spaces stand, it ends as the last process does, and never comes back.
fn wait_outside(first: Pid, heard: OwnedFd) -> Result<(), String> {
    let mut pipe = io::BufReader::new(fs::File::from_parts(heard.into(), "<spaces>"));
    let mut line = String::new();
    let read = io::BufRead::read_line(&mut pipe, &mut line);
    if read.is_err() || line != "in\n" {
        let _ = processes::waitpid(Some(first), WaitOptions::empty());
        let reason = line.trim();
        let reason = if reason.is_empty() { "the first process ended" } else { reason };
        return Err(reason.to_owned());
    }
    let mut end = String::new();
    let _ = pipe.read_to_string(&mut end);
    let _ = processes::waitpid(Some(first), WaitOptions::empty());
    let mut end = end.split_whitespace();
    match (end.next(), end.next().and_then(|number| number.parse::<i32>().ok())) {
        (Some("exit"), Some(code)) => std::process::exit(code),
        (Some("signal"), Some(signal)) => end_by(signal),
        // The first process was killed, and all others with it.
        _ => end_by(Signal::KILL.as_raw()),
    }
}

/// Ends this process by a signal, so that whoever waits for it sees which one.
fn end_by(signal: i32) -> ! {
    let own = processes::getpid();
    if let Some(signal) = Signal::from_named_raw(signal) {
        // A handler of the runtime takes itself away at the first time.
        let _ = processes::kill_process(own, signal);
        let _ = processes::kill_process(own, signal);
    }
    std::process::exit(128 + signal)
}

/// The first process's part; comes back in the last one.
fn first(view: &View, user: (u32, u32), said: OwnedFd) {
    let mut said = fs::File::from_parts(said.into(), "<spaces>");
    if let Err(error) = arrange(view, user) {
        let _ = writeln!(said, "{}", error.to_string().replace('\n', " "));
        std::process::exit(1);
    }
    // Whoever cannot be told is gone.
    if said.write_all(b"in\n").is_err() {
        std::process::exit(1);
    }
    match kernel::fork() {
        Ok(Some(last)) => {
            let end = collect(last);
            let _ = writeln!(said, "{end}");
            std::process::exit(0);
        }
        Ok(None) => {
            drop(said);
            // Without it, it would only live until the first process is gone. A session of its own has no terminal.
            let _ = processes::set_parent_process_death_signal(Some(Signal::KILL));
            let _ = processes::setsid();
        }
        Err(error) => {
            let _ = writeln!(said, "exit 1");
            let _ = writeln!(io::stderr(), "failed to start a process in its spaces: {error}");
            std::process::exit(1);
        }
    }
}

/// Collects all that end, until the last process does; how that one ended.
fn collect(last: Pid) -> String {
    loop {
        match processes::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == last => return told(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return "exit 1".to_owned(),
        }
    }
}

fn told(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "exit 1".to_owned(),
    }
}

/// What went wrong at which step.
fn at(step: impl std::fmt::Display) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{step}: {error}"))
}

fn arrange(view: &View, (user, group): (u32, u32)) -> io::Result<()> {
    processes::set_parent_process_death_signal(Some(Signal::KILL))?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    let here = std::env::current_dir();
    see(view)?;
    // The folder that was open is the one beneath what hides it.
    let back = here.and_then(|here| processes::chdir(&here).map_err(io::Error::from));
    if back.is_err() {
        processes::chdir("/")?;
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    processes::setrlimit(Resource::Core, none)?;
    let most = processes::getrlimit(Resource::Nproc).maximum.unwrap_or(PROCESSES).min(PROCESSES);
    processes::setrlimit(Resource::Nproc, Rlimit { current: Some(most), maximum: Some(most) })?;
    files::drop_capabilities().map_err(io::Error::from).map_err(at("capabilities"))
}

/// A part of the tree of files, to be put where it was once all else is hidden.
struct Kept {
    path: PathBuf,
    tree: OwnedFd,
    is_folder: bool,
}

impl Kept {
    fn of(path: &Path, attributes: u64) -> io::Result<Self> {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        let tree = mounts::open_tree(CWD, path, flags)?;
        kernel::set_mount_attributes(tree.as_raw_fd(), c"", attributes)?;
        Ok(Self { path: path.to_owned(), tree, is_folder: path.is_dir() })
    }

    fn put(&self) -> io::Result<()> {
        if self.path.symlink_metadata().is_err() {
            if self.is_folder {
                way_to(&self.path)?;
            } else {
                self.path.parent().map_or(Ok(()), way_to)?;
                fs::write(&self.path, "")?;
            }
        }
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        Ok(mounts::move_mount(self.tree.as_fd(), "", CWD, &self.path, flags)?)
    }
}

/// Folders that lead to what is shown again. They can be passed, not listed: what lies beside is not told.
fn way_to(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o111).create(path)
}

/// An empty folder in memory over one that is there.
fn cover(path: &Path, options: &CStr) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    Ok(mounts::mount("tmpfs", path, "tmpfs", flags, options)?)
}

const EMPTY: &CStr = c"mode=111,size=1m";
const DEVICES: &CStr = c"mode=755,size=1m";

/// Arranges what is seen: all is read-only; what is hidden is covered; what is shown again or written comes back over it.
fn see(view: &View) -> io::Result<()> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mounts::mount_change("/", private).map_err(io::Error::from).map_err(at("private mounts"))?;
    let mut kept = Vec::new();
    for (path, seen) in view.rules().filter(|(_, seen)| *seen != Seen::Hidden) {
        let attributes = if seen == Seen::Written { 0 } else { READ_ONLY };
        let attributes = attributes | NO_SUID | NO_DEVICES;
        kept.push(Kept::of(path, attributes).map_err(at(path.display()))?);
    }
    let devices: Vec<Kept> = files::devices()
        .iter()
        .filter(|path| !path.ends_with("shm"))
        .map(|path| Kept::of(path, NO_SUID).map_err(at(path.display())))
        .collect::<io::Result<_>>()?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mounts::mount("proc", "/proc", "proc", flags, None)
        .map_err(io::Error::from)
        .map_err(at("/proc"))?;
    kernel::set_mount_attributes(libc::AT_FDCWD, c"/", READ_ONLY | NO_SUID)
        .map_err(at("read-only mounts"))?;
    arrange_devices(&devices).map_err(at("/dev"))?;
    let mut covers = Vec::new();
    let mut kept = kept.iter();
    for (path, seen) in view.rules() {
        match seen {
            Seen::Hidden if path.is_dir() => {
                cover(path, EMPTY).map_err(at(path.display()))?;
                covers.push(path);
            }
            Seen::Hidden if path.exists() => {
                Kept { path: path.to_owned(), ..Kept::of("/dev/.hidden".as_ref(), READ_ONLY)? }
                    .put()
                    .map_err(at(path.display()))?;
            }
            Seen::Hidden => {}
            Seen::Read | Seen::Written => {
                kept.next().map_or(Ok(()), Kept::put).map_err(at(path.display()))?;
            }
        }
    }
    for (from, to) in view.links() {
        if from.symlink_metadata().is_err() {
            // Only within a cover: elsewhere it is there, or cannot be made.
            let _ = from.parent().map(way_to);
            let _ = fs::os::unix::fs::symlink(to, from);
        }
    }
    for path in covers.into_iter().chain([Path::new("/dev")]) {
        let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        mounts::mount_remount(path, flags, c"")
            .map_err(io::Error::from)
            .map_err(at(path.display()))?;
    }
    Ok(())
}

/// A `/dev` with the devices that programs need, memory that is shared, and no terminal.
fn arrange_devices(devices: &[Kept]) -> io::Result<()> {
    mounts::mount("tmpfs", "/dev", "tmpfs", MountFlags::NOSUID, DEVICES)?;
    devices.iter().try_for_each(Kept::put)?;
    for (name, to) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        fs::os::unix::fs::symlink(format!("/proc/self/fd{to}"), Path::new("/dev").join(name))?;
    }
    fs::write("/dev/.hidden", "")?;
    fs::set_permissions("/dev/.hidden", Permissions::from_mode(0o0))?;
    fs::create_dir("/dev/shm")?;
    cover("/dev/shm".as_ref(), c"mode=1777,size=50%")
}
