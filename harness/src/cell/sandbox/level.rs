//! The levels of the sandbox.

/// How strong a sandbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Own spaces of users, mounts, processes, System V memory and the network, with Landlock and seccomp within.
    Namespaces,
    /// Landlock for files and signals, seccomp for system calls.
    Landlock,
    /// Nothing.
    None,
}
