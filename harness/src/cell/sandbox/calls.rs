//! seccomp: system calls that a plugin has no use for, or that reach around the other walls.

use std::collections::BTreeMap;

use rustix::net::AddressFamily;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

use super::level::Level;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Calls that are refused whatever their arguments are: other spaces and mounts, modules, keys of the user, other processes'
/// memory, rings through which calls are made that a filter does not see.
const REFUSED: [i64; 38] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_userfaultfd,
];

/// Numbers from here on belong to another interface of x86-64, which the rules by number do not see.
const X32: u32 = 0x4000_0000;

/// Puts it up; says what is in force.
pub(super) fn keep(network: bool, level: Level) -> Result<&'static str, String> {
    let without = |network| {
        if network {
            "network allowed, no seccomp here: its programs may outlive it"
        } else {
            "no seccomp here: the network is not sandboxed, its programs may outlive it"
        }
    };
    let programs = match programs(network, level) {
        Ok(programs) => programs,
        Err(BackendError::InvalidTargetArch(_)) => return Ok(without(network)),
        Err(e) => return Err(format!("seccomp: {e}")),
    };
    for program in &programs {
        match seccompiler::apply_filter(program) {
            Ok(()) => {}
            Err(seccompiler::Error::Seccomp(e))
                if matches!(e.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) =>
            {
                return Ok(without(network));
            }
            Err(e) => return Err(format!("seccomp: {e}")),
        }
    }
    Ok(if network { "seccomp, network allowed" } else { "seccomp" })
}

fn programs(network: bool, level: Level) -> Result<Vec<BpfProgram>, BackendError> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let filter = |rules: Rules, code: i32| -> Result<BpfProgram, BackendError> {
        let refused = SeccompAction::Errno(code as u32);
        SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
    };
    // What is said not to exist: libraries then take the call whose flags can be seen.
    let absent = BTreeMap::from([(libc::SYS_clone3, vec![])]);
    Ok(vec![
        native_calls_only(),
        filter(absent, libc::ENOSYS)?,
        filter(refused(network, level)?, libc::EACCES)?,
    ])
}

/// Loads the number of the call; from [`X32`] on it does not exist.
fn native_calls_only() -> BpfProgram {
    let step = |code: u32, jt: u8, jf: u8, k: u32| sock_filter { code: code as u16, jt, jf, k };
    vec![
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn refused(network: bool, level: Level) -> Result<Rules, BackendError> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let word = SeccompCmpArgLen::Dword;
    let is =
        |arg: u8, op: SeccompCmpOp, value: u64| SeccompCondition::new(arg, word.clone(), op, value);
    let mut rules: Rules = REFUSED.iter().map(|call| (*call, vec![])).collect();
    // Sockets of other machines, of the kernel, and of other systems on this machine.
    let mut families = vec![AddressFamily::UNIX];
    if network {
        families.extend([AddressFamily::INET, AddressFamily::INET6, AddressFamily::NETLINK]);
    }
    let none = families.iter().map(|family| is(0, Ne, u64::from(family.as_raw())));
    rules.insert(libc::SYS_socket, vec![SeccompRule::new(none.collect::<Result<_, _>>()?)?]);
    // Typing into a terminal.
    let types = |call: u64| SeccompRule::new(vec![is(1, Eq, call)?]);
    rules.insert(libc::SYS_ioctl, vec![types(libc::TIOCSTI)?, types(libc::TIOCLINUX)?]);
    // New spaces: they would give new capabilities within them.
    let spaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    for call in [libc::SYS_clone, libc::SYS_unshare] {
        let one = |space: &i32| {
            let bit = u64::from(space.cast_unsigned());
            SeccompRule::new(vec![is(0, MaskedEq(bit), bit)?])
        };
        rules.insert(call, spaces.iter().map(one).collect::<Result<_, _>>()?);
    }
    if level != Level::Namespaces {
        // No process group or session beside the cell's, which could outlive it.
        rules.extend([(libc::SYS_setsid, vec![]), (libc::SYS_setpgid, vec![])]);
        // Limits and priorities of other processes.
        let limit = SeccompCondition::new(2, SeccompCmpArgLen::Qword, Ne, 0)?;
        rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![is(0, Ne, 0)?, limit])?]);
        // Of itself only: the first argument says that a process is meant, the second which.
        for (call, process) in [(libc::SYS_setpriority, 0), (libc::SYS_ioprio_set, 1)] {
            let other = SeccompRule::new(vec![is(0, Ne, process)?])?;
            rules.insert(call, vec![other, SeccompRule::new(vec![is(1, Ne, 0)?])?]);
        }
    }
    Ok(rules)
}
