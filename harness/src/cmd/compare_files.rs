//! Files of scores, as `compare` takes them instead of a run.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use fs_err as fs;

use super::hinted;
use crate::compare::{Options, Report};
use crate::import::items::{self, Scores, Wanted};
use crate::results::score_files::{self, Way};

/// How files of scores are read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files of scores")]
pub(super) struct Files {
    /// Which score, where a file has several: a metric, a scorer, a column
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// lm-evaluation-harness: the filter whose answers count
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// The field with the item's id, instead of the tool's
    #[arg(long, value_name = "FIELD")]
    id: Option<String>,
    /// The field that says which items are not independent: a source, a passage, a subject
    #[arg(long, value_name = "FIELD")]
    cluster: Option<String>,
    /// Divide every score by this, so that all are between 0 and 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, hide_default_value = true)]
    scale: f64,
    /// Compare also where the files have fewer than nine in ten items in common
    #[arg(long)]
    partial: bool,
}

impl Files {
    fn asked(&self) -> Option<&'static str> {
        [
            (self.metric.is_some(), "--metric"),
            (self.filter.is_some(), "--filter"),
            (self.id.is_some(), "--id"),
            (self.cluster.is_some(), "--cluster"),
            (self.scale != 1.0, "--scale"),
            (self.partial, "--partial"),
        ]
        .into_iter()
        .find_map(|(given, flag)| given.then_some(flag))
    }
}

/// A run is compared alone; a file is not.
pub(super) fn refuse_one_file(name: &str, files: &Files) -> anyhow::Result<()> {
    if Path::new(name).is_file() {
        let problem = anyhow::anyhow!("{name} is one file: nothing to compare it with");
        return Err(hinted(problem, "give a second file with scores of the same items"));
    }
    match files.asked() {
        Some(flag) => bail!("{flag} is about files of scores, and `{name}` is a run"),
        None => Ok(()),
    }
}

/// Reads the files and compares them.
pub(super) fn report(paths: &[String], files: &Files, options: &Options) -> anyhow::Result<Report> {
    ensure!(files.scale > 0.0, "--scale is {}: give a number above 0", files.scale);
    let wanted = Wanted {
        metric: files.metric.clone(),
        filter: files.filter.clone(),
        id: files.id.clone(),
        cluster: files.cluster.clone(),
    };
    let read = paths.iter().map(|path| Ok((path.clone(), scores(path, &wanted)?)));
    let read: Vec<(String, Scores)> = read.collect::<anyhow::Result<_>>()?;
    let way = Way { scale: files.scale, partial: files.partial };
    score_files::compare(&read, way, options)
}

fn scores(path: &str, wanted: &Wanted) -> anyhow::Result<Scores> {
    if !Path::new(path).is_file() {
        return Err(hinted(
            anyhow::anyhow!("there is no file {path}"),
            "`compare` takes one run, or two or more files of scores; `report RUN --against OTHER` compares two runs, and \
             models and benchmarks are separated by commas (`--models a,b`)",
        ));
    }
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    let file = fs::File::open(path)?.into_parts().0;
    items::read(&name, file, wanted).with_context(|| format!("failed to read scores of {path}"))
}
