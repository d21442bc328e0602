//! A process and all that it started: their memory, and their end.
//!
//! A cell leads a group of its own, so that the programs which its plugin started can be ended with it.

#[cfg(target_os = "linux")]
pub(crate) mod kernel;

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// Lets a process lead a group of its own. Ctrl-C in a terminal goes to all of the parent's group: it does not reach this one.
pub(crate) fn lead(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Ends this process with the one that started it, on Linux.
///
/// # Errors
/// The system's.
pub fn follow_parent() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

/// Tells a process its thread budget where libraries look for one, and OpenMP's threads to sleep when they have nothing to do.
pub(crate) fn budget(command: &mut Command, threads: usize) -> &mut Command {
    command.env("OMP_WAIT_POLICY", "PASSIVE").env("RAYON_NUM_THREADS", threads.to_string())
}

/// The status of a leader that has ended, `None` while it runs. What it has left of its group is ended.
pub(crate) fn ended(leader: &mut Child) -> io::Result<Option<ExitStatus>> {
    let pid = Pid::from_child(leader);
    // Looked at before it is collected: until then no other process or group can have its number.
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if waitid(WaitId::Pid(pid), look)?.is_none() {
        return Ok(None);
    }
    end_group(pid);
    leader.wait().map(Some)
}

/// Waits for the end of a leader; what it has left of its group is ended.
pub(crate) fn wait(leader: &mut Child) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(leader);
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
    end_group(pid);
    leader.wait()
}

/// Ends a leader with its group and collects it.
pub(crate) fn kill(leader: &mut Child) -> io::Result<ExitStatus> {
    end_group(Pid::from_child(leader));
    leader.kill()?;
    leader.wait()
}

fn end_group(leader: Pid) {
    // An error means that nobody is left in the group.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Resident memory in MiB of a process and all that it started; 0 where the system does not tell.
pub(crate) fn resident_mib(pid: u32) -> u64 {
    kib(pid, "VmRSS:") / 1024
}

/// The sum of the largest resident memory of each of them.
pub(crate) fn peak_mib(pid: u32) -> u64 {
    kib(pid, "VmHWM:") / 1024
}

/// Sums a field of `/proc/<pid>/status` over a process and its descendants. Pages that they share count for each.
fn kib(pid: u32, field: &str) -> u64 {
    // A process that has just ended has no file.
    let Ok(text) = fs_err::read_to_string(format!("/proc/{pid}/status")) else { return 0 };
    let own = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.split_whitespace().next()?.parse::<u64>().ok());
    own.unwrap_or(0) + children(pid).into_iter().map(|child| kib(child, field)).sum::<u64>()
}

/// The processes that any thread of a process has started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs_err::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs_err::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::parse).collect::<Vec<_>>())
        .filter_map(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::*;

    /// A shell that starts a program which sleeps, and prints its number.
    fn parent(after: &str) -> (Child, u32) {
        let script = format!("sleep 600 & echo $!; {after}");
        let mut child = lead(Command::new("sh").args(["-c", &script]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        io::BufRead::read_line(&mut io::BufReader::new(stdout), &mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Gone, or dead and not yet collected by init.
    fn is_gone(pid: u32) -> bool {
        let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit(')').next().unwrap_or_default().trim_start().chars().next();
        rustix::process::test_kill_process(Pid::from_raw(pid as i32).unwrap()).is_err()
            || state == Some('Z')
    }

    #[test]
    fn a_group_ends_with_its_leader() {
        let (mut leader, child) = parent("wait");
        assert!(ended(&mut leader).unwrap().is_none() && !is_gone(child));
        if cfg!(target_os = "linux") {
            let both = kib(leader.id(), "VmRSS:");
            assert!(both > kib(child, "VmRSS:") && kib(child, "VmRSS:") > 0, "{both} KiB");
        }
        kill(&mut leader).unwrap();
        wait_for("the child is killed", || is_gone(child));

        let (mut leader, child) = parent("exit 3");
        let mut status = None;
        wait_for("the leader ends", || {
            status = ended(&mut leader).unwrap();
            status.is_some()
        });
        assert_eq!(status.and_then(|s| s.code()), Some(3));
        wait_for("what it left is killed", || is_gone(child));
    }
}
