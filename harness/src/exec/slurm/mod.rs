//! Slurm: array jobs by `sbatch`, looked after by `squeue`, `sacct` or `scontrol`, ended by `scancel`.

mod read;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::{Command, Stdio};

use super::scheduler::{Life, LostTask, NotAccepted, Scheduler, Submission};

/// Tasks of one array: what Slurm allows unless it is configured otherwise (`MaxArraySize`).
const MOST: usize = 1000;

/// Slurm as its programs in PATH offer it.
#[derive(Debug)]
pub struct Slurm {
    /// Tasks of an array that may run at once; 0 = all.
    pub at_once: usize,
}

impl Slurm {
    /// Whether its programs are here; else what is missing.
    pub fn find() -> Result<(), String> {
        let here = |name: &str| {
            std::env::var_os("PATH").is_some_and(|path| {
                std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
            })
        };
        let missing: Vec<&str> =
            ["sbatch", "squeue", "scancel"].into_iter().filter(|name| !here(name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing.join(", ")) }
    }

    /// The tasks of this user that wait or run, with their states, on the clusters that these jobs are on.
    pub fn queue<'a>(jobs: impl IntoIterator<Item = &'a str>) -> io::Result<Vec<(String, String)>> {
        let user = rustix::process::getuid().as_raw().to_string();
        let clusters: BTreeSet<Option<&str>> =
            jobs.into_iter().map(|id| read::place(id).cluster).collect();
        let mut tasks = Vec::new();
        for cluster in clusters {
            let said =
                call(program("squeue", cluster).args(["-h", "-r", "-u", &user, "-o", "%F_%K %T"]))?;
            tasks.extend(read::queue(&said, cluster));
        }
        Ok(tasks)
    }
}

impl Scheduler for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn most(&self) -> usize {
        MOST
    }

    fn submit(&self, submission: &Submission<'_>) -> Result<String, NotAccepted> {
        let text = script::text(&script::Script {
            name: &submission.name,
            tasks: submission.cells,
            at_once: self.at_once,
            resources: submission.resources,
            after: submission.after,
            cells: &submission.folder.cells(),
            command: submission.command,
        });
        let script = submission.folder.script();
        fs_err::write(&script, text).map_err(|e| NotAccepted::Never(e.to_string()))?;
        // Slurm reads `%` in a path as the start of a pattern (`%a` is the task); `%%` is the sign itself.
        let logs = submission.folder.path().to_string_lossy().replace('%', "%%");
        let output = Command::new("sbatch")
            .arg("--parsable")
            .arg(format!("--output={logs}/%a.log"))
            .arg(&script)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| NotAccepted::Never(format!("failed to start sbatch: {e}")))?;
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match read::id(&out).filter(|_| output.status.success()) {
            Some(id) => Ok(id),
            None if is_away(&err) => Err(NotAccepted::Now(one_line(&err))),
            None => Err(NotAccepted::Never(format!(
                "sbatch refuses {}: {}",
                script.display(),
                one_line(&err)
            ))),
        }
    }

    fn look(&self, tasks: &[&str]) -> io::Result<Vec<Life>> {
        let jobs = tasks.iter().map(|task| read::job_of(task));
        let there: BTreeSet<String> =
            Self::queue(jobs)?.into_iter().map(|(task, _)| task).collect();
        let life = |task: &&str| if there.contains(*task) { Life::Alive } else { Life::Gone };
        Ok(tasks.iter().map(life).collect())
    }

    fn fate(&self, task: &str, log: &str) -> LostTask {
        let job = read::job_of(task);
        let read::Place { number, cluster } = read::place(job);
        // What is behind the job is `_` and the number of the task.
        let task = format!("{number}{}", &task[job.len()..]);
        let asked =
            call(program("sacct", cluster).args(["-nPX", "-j", &task, "-o", "State,ExitCode"]));
        let known = asked.ok().and_then(|said| read::of_sacct(&said)).or_else(|| {
            let asked = call(program("scontrol", cluster).args(["-o", "show", "job", &task]));
            asked.ok().and_then(|said| read::of_scontrol(&said))
        });
        let (state, code) = known.unwrap_or_default();
        // A log that cannot be read leaves the state to tell.
        let said = fs_err::read(log).unwrap_or_default();
        let end = &said[said.len().saturating_sub(4096)..];
        read::fate(&state, &code, log, &String::from_utf8_lossy(end))
    }

    fn cancel(&self, jobs: &[String]) -> io::Result<()> {
        let mut of_clusters: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
        for read::Place { number, cluster } in jobs.iter().map(|id| read::place(id)) {
            of_clusters.entry(cluster).or_default().push(number);
        }
        for (cluster, numbers) in of_clusters {
            call(program("scancel", cluster).args(numbers))?;
        }
        Ok(())
    }
}

/// One of Slurm's programs, asked about a cluster of several.
fn program(name: &str, cluster: Option<&str>) -> Command {
    let mut command = Command::new(name);
    if let Some(cluster) = cluster {
        command.args(["-M", cluster]);
    }
    command
}

/// Whether the controller could not be asked, which passes.
fn is_away(err: &str) -> bool {
    [
        "Unable to contact",
        "Connection refused",
        "timed out",
        "Transport endpoint",
        "Communication connection failure",
    ]
    .iter()
    .any(|sign| err.contains(sign))
}

fn call(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let name = command.get_program().to_string_lossy().into_owned();
    Err(io::Error::other(format!("{name}: {}", one_line(&String::from_utf8_lossy(&output.stderr)))))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
