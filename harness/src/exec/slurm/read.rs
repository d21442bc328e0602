//! What Slurm's programs say, read.

use crate::exec::scheduler::LostTask;
use crate::store::record::{Reason, ReasonKind};

/// A job, and its cluster where Slurm looks after several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) number: &'a str,
    pub(super) cluster: Option<&'a str>,
}

/// Reads `id` or `id;cluster`.
pub(super) fn place(job: &str) -> Place<'_> {
    match job.split_once(';') {
        Some((number, cluster)) => Place { number, cluster: Some(cluster) },
        None => Place { number: job, cluster: None },
    }
}

/// The job of a task: all but the number behind the last `_`.
pub(super) fn job_of(task: &str) -> &str {
    task.rsplit_once('_').map_or(task, |(job, _)| job)
}

/// The job in what `sbatch --parsable` says: `id` or `id;cluster`, kept as it is, since only that cluster knows the id. Wrappers of
/// a site say more around it, or `Submitted batch job id on cluster name`.
pub(super) fn id(said: &str) -> Option<String> {
    said.lines().rev().find_map(|line| {
        let line = line.trim();
        let job = match line.strip_prefix("Submitted batch job ") {
            Some(job) => job.replace(" on cluster ", ";"),
            None => line.to_owned(),
        };
        let Place { number, cluster } = place(&job);
        let known = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let named = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        };
        (known && cluster.is_none_or(named)).then_some(job)
    })
}

/// Tasks and their states in what `squeue -h -r -o '%F_%K %T'` says of a cluster, named as [`id`] names their jobs.
pub(super) fn queue(said: &str, cluster: Option<&str>) -> Vec<(String, String)> {
    let pairs = said.lines().filter_map(|line| line.trim().split_once(' '));
    // With `-M`, a head `CLUSTER: name` is before the tasks.
    let tasks = pairs.filter(|(task, _)| *task != "CLUSTER:");
    let name = |task: &str| match (task.split_once('_'), cluster) {
        (Some((job, index)), Some(cluster)) => format!("{job};{cluster}_{index}"),
        _ => task.to_owned(),
    };
    tasks.map(|(task, state)| (name(task), state.to_owned())).collect()
}

/// State and exit code in what `sacct -nPX -o State,ExitCode` says of one task: the last of its starts.
pub(super) fn of_sacct(said: &str) -> Option<(String, String)> {
    let (state, code) = said.lines().rfind(|line| line.contains('|'))?.split_once('|')?;
    Some((state.to_owned(), code.to_owned()))
}

/// The same in what `scontrol -o show job` says.
pub(super) fn of_scontrol(said: &str) -> Option<(String, String)> {
    let field = |name: &str| {
        said.split_whitespace()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    Some((field("JobState")?, field("ExitCode")?))
}

/// What became of a task that has left the queue without a record; `said` is the end of its log.
pub(super) fn fate(state: &str, code: &str, log: &str, said: &str) -> LostTask {
    // Where memory is watched and not confined, the state names a signal only.
    let signs = ["exceeded memory limit", "oom_kill event", "oom-kill event"];
    let memory = state != "CANCELLED" && signs.iter().any(|sign| said.contains(sign));
    let state = if memory { "OUT_OF_MEMORY" } else { state };
    let lost = |kind, message: String| LostTask::Lost(Reason::new(kind, message));
    // `CANCELLED by 1000`
    match state.split_whitespace().next().unwrap_or_default() {
        "CANCELLED" => LostTask::Cancelled,
        "TIMEOUT" | "DEADLINE" => lost(
            ReasonKind::Timeout,
            "Slurm ended it at its time limit; raise `resources.time` in the model's or the suite's TOML".to_owned(),
        ),
        "OUT_OF_MEMORY" => lost(
            ReasonKind::OutOfMemory,
            "Slurm ended it at its memory limit; raise `resources.memory` in the model's or the suite's TOML".to_owned(),
        ),
        "NODE_FAIL" | "BOOT_FAIL" => lost(ReasonKind::Node, format!("its node failed ({state})")),
        "PREEMPTED" => lost(ReasonKind::Node, "it was pre-empted".to_owned()),
        "FAILED" | "COMPLETED" => {
            let (exit, signal) = code.split_once(':').unwrap_or((code, "0"));
            let how = if signal == "0" { format!("exit code {exit}") } else { format!("signal {signal}") };
            let kind = if signal == "0" { ReasonKind::Exit } else { ReasonKind::Signal };
            lost(kind, format!("its task ended with {how} and left no record; see {log}"))
        }
        "" => lost(ReasonKind::Node, format!("its task is gone, and Slurm no longer knows why; see {log}")),
        other => lost(ReasonKind::Node, format!("its task ended as {other} and left no record; see {log}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number() {
        for (said, expect) in [
            ("12\n", Some("12")),
            ("12;cluster\n", Some("12;cluster")),
            ("12;my_c-2.x\n", Some("12;my_c-2.x")),
            ("12;\n", None),
            ("12;a b\n", None),
            ("warning: slow\n13\n", Some("13")),
            ("14;c2\nyour project has 3 hours left\n", Some("14;c2")),
            ("Submitted batch job 15\n", Some("15")),
            ("Submitted batch job 16 on cluster c2\n", Some("16;c2")),
            ("", None),
            ("sbatch: no", None),
        ] {
            assert_eq!(id(said).as_deref(), expect, "{said:?}");
        }
    }

    #[test]
    fn states_become_fates() {
        let kind = |state: &str, code: &str| match fate(state, code, "LOG", "") {
            LostTask::Lost(reason) => Some(reason.kind),
            LostTask::Cancelled => None,
        };
        assert_eq!(kind("CANCELLED by 1000", "0:15"), None);
        assert_eq!(kind("TIMEOUT", "0:0"), Some(ReasonKind::Timeout));
        assert_eq!(kind("OUT_OF_MEMORY", "0:125"), Some(ReasonKind::OutOfMemory));
        assert_eq!(kind("NODE_FAIL", "0:0"), Some(ReasonKind::Node));
        assert_eq!(kind("FAILED", "127:0"), Some(ReasonKind::Exit));
        assert_eq!(kind("FAILED", "0:9"), Some(ReasonKind::Signal));
        assert_eq!(kind("", ""), Some(ReasonKind::Node));
        let said = "slurmstepd-n1: error: StepId=3.batch exceeded memory limit (578 > 314), being killed\n";
        let LostTask::Lost(reason) = fate("FAILED", "0:9", "LOG", said) else {
            panic!("cancelled")
        };
        assert_eq!(reason.kind, ReasonKind::OutOfMemory);
        let LostTask::Lost(reason) = fate("FAILED", "127:0", "jobs/0001/3.log", "") else {
            panic!("cancelled")
        };
        assert!(
            reason.message.contains("exit code 127") && reason.message.ends_with("jobs/0001/3.log")
        );
    }

    #[test]
    fn both_programs_are_read() {
        assert_eq!(
            of_sacct("NODE_FAIL|0:0\nTIMEOUT|0:15\n"),
            Some(("TIMEOUT".into(), "0:15".into()))
        );
        assert_eq!(of_sacct("\n"), None);
        let said = "JobId=8 ArrayJobId=7 ArrayTaskId=1 JobName=x JobState=NODE_FAIL Reason=NodeDown Restarts=0 BatchFlag=1 ExitCode=0:1 RunTime=00:00:05";
        assert_eq!(of_scontrol(said), Some(("NODE_FAIL".into(), "0:1".into())));
        assert_eq!(of_scontrol(""), None);
        let pair = |task: &str, state: &str| (task.to_owned(), state.to_owned());
        assert_eq!(
            queue("7_0 RUNNING\n 7_1 PENDING\n", None),
            [pair("7_0", "RUNNING"), pair("7_1", "PENDING")]
        );
        assert_eq!(queue("CLUSTER: c_2\n7_0 RUNNING\n", Some("c_2")), [pair("7;c_2_0", "RUNNING")]);
    }

    #[test]
    fn a_job_of_several_clusters_keeps_its_cluster() {
        assert_eq!(job_of("101;my_c2_10"), "101;my_c2");
        assert_eq!(place("101;my_c2"), Place { number: "101", cluster: Some("my_c2") });
        assert_eq!(job_of("101_10"), "101");
        assert_eq!(place("101"), Place { number: "101", cluster: None });
    }
}
