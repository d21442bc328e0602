//! Calls of Linux that no safe function of a crate offers: processes in new spaces, and mounts that are made read-only with
//! all below them.

#![expect(unsafe_code, reason = "fork and clone have no safe form, mount_setattr no wrapper")]

use std::ffi::CStr;
use std::io;

use rustix::process::Pid;

/// Forks into new spaces (`CLONE_NEW…`): the child gets none, the parent its number. As after `fork`, the child has this thread
/// alone; the caller makes sure that there is no other one ([`threads`]).
///
/// # Errors
/// The kernel does not allow such spaces.
pub(crate) fn fork_into(spaces: libc::c_int) -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(spaces | libc::SIGCHLD);
    // SAFETY: without a stack of its own the child uses a copy of this one, as after `fork`; the process has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    found(pid)
}

/// Forks; the child gets none, the parent its number. Of a process with one thread.
///
/// # Errors
/// The system's.
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: the process has one thread, so that no lock is held by another.
    found(libc::c_long::from(unsafe { libc::fork() }))
}

fn found(pid: libc::c_long) -> io::Result<Option<Pid>> {
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(i32::try_from(pid).ok().and_then(Pid::from_raw))
}

/// How many threads this process has; 0 where the system does not tell.
pub(crate) fn threads() -> usize {
    fs_err::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Sets attributes (`MOUNT_ATTR_…`) of the mounts at a path and below, or of an open tree with an empty path.
///
/// # Errors
/// The system's.
pub(crate) fn set_mount_attributes(
    folder: std::os::fd::RawFd,
    path: &CStr,
    attributes: u64,
) -> io::Result<()> {
    let flags = libc::AT_RECURSIVE | libc::AT_EMPTY_PATH;
    let set = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the path ends in a zero, the attributes are of the size that is told.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            folder,
            path.as_ptr(),
            flags,
            &raw const set,
            size_of::<libc::mount_attr>(),
        )
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
