//! `culture-eval validate`: checks all definitions, offline. Your own definitions are also checked against their
//! files, if these are available.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome};
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{AbsentCultures, Dataset, Task};
use crate::exec::data::fetch_options;
use crate::fetch;
use crate::prepare::validate::Problem;
use crate::prepare::{self, Mode, trust};

/// Checks all definitions, offline
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also these files or folders
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    let paths: Vec<PathBuf> =
        context.settings().definitions.iter().chain(&args.paths).cloned().collect();
    let catalogue = Catalogue::load(&paths).context("failed to read the definitions")?;
    for replaced in &catalogue.overrides {
        output.note(replaced.to_string());
    }
    let mut problems = catalogue.validate();
    if problems.is_empty() {
        problems = of_files(&catalogue, context);
    }
    for problem in &problems {
        if output.json {
            output.json(problem)?;
        } else {
            output.text(problem.to_string())?;
        }
    }
    output.note(counted(&catalogue, problems.len()));
    Ok(if problems.is_empty() { Outcome::Done } else { Outcome::No })
}

/// What was checked, and how many problems there are.
fn counted(catalogue: &Catalogue, problems: usize) -> String {
    format!(
        "{} datasets, {} tasks, {} benchmarks, {} models, {} suites: {}",
        catalogue.datasets().count(),
        catalogue.tasks().count(),
        catalogue.benchmarks().count(),
        catalogue.models().count(),
        catalogue.suites().count(),
        if problems == 0 { "all well".to_owned() } else { format!("{problems} problems") }
    )
}

/// What `run` would find at once in the files of definitions that are not part of the program: a missing column, a
/// row that is not an example, a culture without examples. Files are not fetched.
fn of_files(catalogue: &Catalogue, context: &Context) -> Vec<Problem> {
    let mut problems = Vec::new();
    for entry in catalogue.dataset_entries.iter().filter(|entry| !entry.embedded) {
        for task in &entry.value.tasks {
            let Some(files) = at_hand(&entry.value, task, context) else { continue };
            let mut problem = |field: String, problem: String| {
                problems.push(Problem { file: entry.file.clone(), field, problem });
            };
            let cache = &context.settings().cache;
            match prepare::prepare(&entry.value, task, &files, Mode::Official, cache) {
                Err(error) => problem(format!("task.{}", task.name), error.to_string()),
                Ok(prepared) => {
                    let own =
                        catalogue.benchmarks().filter(|b| b.task.as_ref() == Some(&task.name));
                    for benchmark in own.filter(|b| b.absent_cultures == AbsentCultures::Refuse) {
                        let absent =
                            trust::absent_cultures(task, benchmark, &prepared.meta.statistics);
                        let field = format!("benchmark.{}.cultures", benchmark.name);
                        for text in absent {
                            problem(field.clone(), text);
                        }
                    }
                }
            }
        }
    }
    problems
}

/// The files of a task, if all are on this machine and are not large.
fn at_hand(dataset: &Dataset, task: &Task, context: &Context) -> Option<BTreeMap<String, PathBuf>> {
    /// Bytes: what is read in a second or two.
    const LARGE: u64 = 256 << 20;
    let options = fetch_options(context.settings());
    let mut files = BTreeMap::new();
    for need in task.needs() {
        let source = dataset.sources.iter().find(|source| Some(&&*source.id) == need.first())?;
        let path = fetch::at_hand(&dataset.name, source, &options)?;
        files.insert(source.id.clone(), path);
    }
    let bytes = files.values().filter_map(|path| Some(path.metadata().ok()?.len()));
    (bytes.sum::<u64>() <= LARGE).then_some(files)
}
