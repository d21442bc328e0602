//! Whether a reader bears a file, and what memory this process has taken (Linux).

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads an input that has a name: whether it was refused. An input at which the reader panics is kept, and the error says where.
pub(crate) fn bears<E>(
    name: &str,
    input: &[u8],
    read: impl FnOnce() -> Result<(), E>,
) -> Result<bool, String> {
    let panic = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => return Ok(read.is_err()),
        Err(panic) => panic,
    };
    let kept = std::env::temp_dir().join(name);
    fs_err::write(&kept, input).expect("the temporary folder takes a file");
    let text = (panic.downcast_ref::<String>().map(String::as_str))
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Err(format!("{}: {}", kept.display(), text.unwrap_or_default()))
}

/// Largest resident memory of this process so far, in MiB.
pub(crate) fn peak() -> usize {
    let status = fs_err::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kib = line.split_whitespace().next().expect("a number");
    kib.parse::<usize>().expect("a number") / 1024
}
