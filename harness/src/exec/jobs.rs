//! What was handed to a scheduler: `RUN/jobs/<n>/` with the cells, the script, and the job once there is one.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::definition::resources::Resources;
use crate::store::{self, RunFolder, lease};

/// A job of one or more cells, one task each. `job.json`, written when the scheduler has taken it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// `slurm` or `command`.
    pub executor: String,
    /// The scheduler's name for it.
    pub id: String,
    /// When it was handed over: seconds since 1970.
    pub submitted: u64,
    /// What each task asks for.
    pub resources: Resources,
    /// Names of the cells' folders, in order of the tasks.
    pub cells: Vec<String>,
}

impl Job {
    /// The scheduler's name for a task.
    pub fn task(&self, index: usize) -> String {
        task(&self.id, index)
    }
}

/// The name of a task of a job.
pub fn task(id: &str, index: usize) -> String {
    format!("{id}_{index}")
}

/// The folder of a job.
#[derive(Debug, Clone)]
pub struct JobFolder(PathBuf);

impl JobFolder {
    /// Makes the next folder and puts the list of cells there: the absolute path of one a line.
    pub fn new(run: &RunFolder, cells: &[String]) -> io::Result<Self> {
        let jobs = std::path::absolute(run.jobs())?;
        fs::create_dir_all(&jobs)?;
        let mut next = numbers(&jobs)?.last().map_or(1, |last| last + 1);
        let folder = loop {
            let folder = jobs.join(format!("{next:04}"));
            match fs::create_dir(&folder) {
                Ok(()) => break Self(folder),
                // Another `run` was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => next += 1,
                Err(error) => return Err(error),
            }
        };
        let run = RunFolder::at(std::path::absolute(run.path())?);
        let paths: Vec<String> =
            cells.iter().map(|cell| run.cell(cell).path().display().to_string()).collect();
        let list = paths.join("\n") + "\n";
        store::write_atomic(&folder.cells(), |file| io::Write::write_all(file, list.as_bytes()))?;
        Ok(folder)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The name of the folder: a number.
    pub fn name(&self) -> String {
        self.0.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The list of cells.
    pub fn cells(&self) -> PathBuf {
        self.0.join("cells")
    }

    /// What is run for each of them.
    pub fn script(&self) -> PathBuf {
        self.0.join("script.sh")
    }

    /// What a task of the job says.
    pub fn log(&self, index: usize) -> PathBuf {
        self.0.join(format!("{index}.log"))
    }

    fn job(&self) -> PathBuf {
        self.0.join("job.json")
    }

    /// Puts down that the scheduler has taken the job.
    pub fn taken(
        &self,
        executor: &str,
        id: String,
        resources: &Resources,
        cells: Vec<String>,
    ) -> io::Result<Job> {
        let (executor, resources) = (executor.to_owned(), resources.clone());
        let job = Job { executor, id, submitted: lease::now(), resources, cells };
        store::write_json(&self.job(), &job)?;
        Ok(job)
    }
}

/// All jobs of a run with their folders, in the order in which they were handed over.
pub fn read(run: &RunFolder) -> io::Result<Vec<(JobFolder, Job)>> {
    let folder = run.jobs();
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let folders = numbers(&folder)?.into_iter().map(|n| JobFolder(folder.join(format!("{n:04}"))));
    folders
        .filter(|folder| folder.job().is_file())
        .map(|folder| store::read_json(&folder.job()).map(|job| (folder, job)))
        .collect()
}

fn numbers(jobs: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(jobs)? {
        numbers.extend(entry?.file_name().to_string_lossy().parse::<u64>());
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("runs/try"), "runs/try");
        assert_eq!(quoted("my runs/try"), "'my runs/try'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$HOME"), "'$HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn jobs_are_numbered_and_read_in_order() {
        let place = tempfile::tempdir().unwrap();
        let run = RunFolder::of(place.path(), "mine");
        assert!(read(&run).unwrap().is_empty());
        for n in 1..=11 {
            let cells = vec![format!("a{n}"), "b".to_owned()];
            let folder = JobFolder::new(&run, &cells).unwrap();
            assert_eq!(folder.name(), format!("{n:04}"));
            if n != 3 {
                folder.taken("slurm", n.to_string(), &Resources::default(), cells).unwrap();
            }
        }
        let list = fs::read_to_string(run.jobs().join("0002/cells")).unwrap();
        let path = |cell: &str| run.cell(cell).path().display().to_string();
        assert_eq!(list, format!("{}\n{}\n", path("a2"), path("b")));
        let ids: Vec<String> = read(&run).unwrap().into_iter().map(|(_, job)| job.id).collect();
        assert_eq!(ids, ["1", "2", "4", "5", "6", "7", "8", "9", "10", "11"], "3 was never taken");
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in ["a", "", "a b", "it's", "$HOME", "a\nb", "\\", "ü", "*", "--x=1"] {
            let script = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{script}");
        }
    }
}
