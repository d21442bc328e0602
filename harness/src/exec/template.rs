//! Any scheduler that takes a command: `--executor command --template 'qsub -N {name} {script}'`. The template is run by a
//! shell for each cell. It may wait until the cell has ended (`srun`, `ssh`) or only hand it over (`qsub`, `bsub`): what
//! became of the cell is read from its folder.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err::OpenOptions;

use super::jobs::{quoted, task};
use super::scheduler::{Life, LostTask, NotAccepted, Scheduler, Submission};
use crate::definition::resources::Resources;
use crate::store::record::{Reason, ReasonKind};

/// The names that a template may have in braces, and what they stand for.
pub const NAMES: [(&str, &str); 10] = [
    ("command", "what runs the cell, quoted for a shell"),
    ("script", "a file that runs the same"),
    ("name", "name of the job"),
    ("log", "file for what the job says"),
    ("cores", "processor cores; 1 if not set"),
    ("memory", "MiB of memory"),
    ("gpus", "GPUs; 0 if not set"),
    ("time", "minutes"),
    ("partition", "partition, or queue"),
    ("account", "who pays"),
];

/// A template and the shells that run it.
#[derive(Debug)]
pub struct Template {
    text: String,
    at_once: usize,
    shells: Mutex<BTreeMap<String, Shell>>,
}

#[derive(Debug)]
enum Shell {
    Runs(Child),
    Ended(ExitStatus),
}

impl Template {
    /// Checks a template; `at_once` shells may run at a time.
    pub fn new(text: &str, at_once: usize) -> Result<Self, String> {
        let all = NAMES.iter().map(|(name, _)| (*name, Some(String::new()))).collect();
        fill(text, &all)?;
        if !text.contains("{command}") && !text.contains("{script}") {
            return Err("it has neither {command} nor {script}: nothing would be run".to_owned());
        }
        Ok(Self { text: text.to_owned(), at_once: at_once.max(1), shells: Mutex::default() })
    }

    fn shells(&self) -> MutexGuard<'_, BTreeMap<String, Shell>> {
        let mut shells = self.shells.lock().unwrap_or_else(PoisonError::into_inner);
        for shell in shells.values_mut() {
            if let Shell::Runs(child) = shell
                && let Ok(Some(status)) = child.try_wait()
            {
                *shell = Shell::Ended(status);
            }
        }
        shells
    }
}

impl Scheduler for Template {
    fn name(&self) -> &'static str {
        "command"
    }

    fn most(&self) -> usize {
        1
    }

    fn room(&self) -> usize {
        let running =
            self.shells().values().filter(|shell| matches!(shell, Shell::Runs(_))).count();
        self.at_once.saturating_sub(running)
    }

    fn submit(&self, submission: &Submission<'_>) -> Result<String, NotAccepted> {
        let folder = submission.folder;
        let never = |e: io::Error| NotAccepted::Never(e.to_string());
        let cell = fs_err::read_to_string(folder.cells()).map_err(never)?;
        let id = folder.name();
        let mut words = submission.command.to_vec();
        words.extend(["--job".to_owned(), task(&id, 0), cell.trim_end_matches('\n').to_owned()]);
        let command = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        fs_err::write(folder.script(), format!("#!/bin/sh\nexec {command}\n")).map_err(never)?;
        executable(&folder.script()).map_err(never)?;
        let log = folder.log(0);
        let values = values(
            submission.resources,
            &[
                ("command", command),
                ("script", quoted(&folder.script().to_string_lossy())),
                ("name", submission.name.clone()),
                ("log", quoted(&log.to_string_lossy())),
            ],
        );
        let line = fill(&self.text, &values).map_err(NotAccepted::Never)?;
        let wait = submission.after.as_secs();
        let line = if wait > 0 { format!("sleep {wait}; {line}") } else { line };
        let open = || OpenOptions::new().create(true).append(true).open(&log);
        let (out, err) = (open().map_err(never)?, open().map_err(never)?);
        // A group of its own: Ctrl-C ends the waiting and not the cells.
        let shell = Command::new("sh")
            .args(["-c", &line])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out.into_file())
            .stderr(err.into_file())
            .spawn()
            .map_err(|e| {
                NotAccepted::Never(format!("failed to start a shell for the template: {e}"))
            })?;
        self.shells().insert(task(&id, 0), Shell::Runs(shell));
        Ok(id)
    }

    fn look(&self, tasks: &[&str]) -> io::Result<Vec<Life>> {
        let shells = self.shells();
        let life = |task: &&str| match shells.get(*task) {
            Some(Shell::Runs(_)) => Life::Alive,
            Some(Shell::Ended(status)) if !status.success() => Life::Gone,
            _ => Life::Unknown,
        };
        Ok(tasks.iter().map(life).collect())
    }

    fn fate(&self, task: &str, log: &str) -> LostTask {
        let ended = match self.shells().get(task) {
            Some(Shell::Ended(status)) if !status.success() => {
                format!("the template's command ended with {status}")
            }
            _ => "its job ended without a word".to_owned(),
        };
        LostTask::Lost(Reason::new(
            ReasonKind::Node,
            format!("{ended} and left no record; see {log}"),
        ))
    }

    fn cancel(&self, _: &[String]) -> io::Result<()> {
        Err(io::Error::other(
            "the program cannot cancel jobs of a template; end those named ce-… with your scheduler",
        ))
    }
}

fn values(
    resources: &Resources,
    more: &[(&'static str, String)],
) -> BTreeMap<&'static str, Option<String>> {
    let mut values = BTreeMap::from([
        ("cores", Some(resources.cores.unwrap_or(1).to_string())),
        ("memory", resources.memory.map(|n| n.to_string())),
        ("gpus", Some(resources.gpus.unwrap_or(0).to_string())),
        ("time", resources.time.map(|n| n.to_string())),
        ("partition", resources.partition.clone()),
        ("account", resources.account.clone()),
    ]);
    values.extend(more.iter().map(|(name, value)| (*name, Some(value.clone()))));
    values
}

/// Puts values for `{name}`; a shell's own `${name}` and `{{` are left to it.
fn fill(template: &str, values: &BTreeMap<&'static str, Option<String>>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find('}').filter(|_| !before.ends_with('$'));
        let name = end.map(|end| &from[1..end]).filter(|name| is_name(name));
        let (Some(name), Some(end)) = (name, end) else {
            out.push('{');
            rest = &from[1..];
            continue;
        };
        match values.get(name) {
            Some(Some(value)) => out.push_str(value),
            Some(None) => return Err(unsaid(name)),
            None => return Err(unknown(name)),
        }
        rest = &from[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn unsaid(name: &str) -> String {
    format!(
        "the template has {{{name}}}, but the cell has no value for it; add `{name}` to `[resources]` of the suite or the model"
    )
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = NAMES.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    format!("the template has {{{name}}}; known are {}", known.join(", "))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase())
}

fn executable(path: &std::path::Path) -> io::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs_err::set_permissions(path, mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let resources: Resources = toml::from_str("cores = 4\npartition = \"long\"").unwrap();
        let values = values(
            &resources,
            &[("command", "'/a b' cell".to_owned()), ("name", "ce-x-0001".to_owned())],
        );
        for (template, expect) in [
            (
                "qsub -N {name} -pe smp {cores} -q {partition} {command}",
                "qsub -N ce-x-0001 -pe smp 4 -q long '/a b' cell",
            ),
            ("a=${HOME} {gpus} { x} {} {Big} {", "a=${HOME} 0 { x} {} {Big} {"),
        ] {
            assert_eq!(fill(template, &values).as_deref(), Ok(expect));
        }
        let error = fill("{memory}", &values).unwrap_err();
        assert!(error.contains("`memory`") && error.contains("[resources]"), "{error}");
        let error = fill("{core}", &values).unwrap_err();
        assert!(error.contains("{core}") && error.contains("{cores}"), "{error}");
    }

    #[test]
    fn a_template_that_runs_nothing_is_refused() {
        assert!(Template::new("qsub {name}", 1).unwrap_err().contains("{command}"));
        assert!(Template::new("ssh n1 {command} {what}", 1).unwrap_err().contains("{what}"));
        assert!(Template::new("srun -c {cores} --mem {memory} {script}", 1).is_ok());
    }
}
