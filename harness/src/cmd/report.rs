//! `culture-eval report`: the leaderboard of a run, on stdout and as files. Never calls a model.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome};
use crate::report::summary::Summary;
use crate::report::{csv, markdown, terminal};
use crate::store::{self, RunFolder};
use crate::summarise;

/// Prints the leaderboard of a run and writes its files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval report                          the run `default`
  culture-eval report runs/mine --format md > leaderboard.md
  culture-eval report --out reports/mine       leaderboard.md, leaderboard.csv and summary.json in a folder")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// What to print
    #[arg(long, value_enum, default_value_t = Face::Terminal)]
    format: Face,
    /// Also write the files to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A face of the leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Face {
    /// A table for the eye
    Terminal,
    /// GitHub Markdown
    Md,
    /// Tidy CSV, one row a score
    Csv,
    /// The whole summary
    Json,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let summary = print(&run, args.format, context)?;
    if let Some(folder) = &args.out {
        write_files(&summary, folder)?;
        context.output.note(format!("written to {}", folder.display()));
    }
    Ok(Outcome::Done)
}

/// Scores what is not scored, writes the files of the run and prints one face.
pub(super) fn print(run: &RunFolder, face: Face, context: &Context) -> anyhow::Result<Summary> {
    let summary = summarise::summarise(run, context.settings())?;
    write_files(&summary, run.path())?;
    let output = context.output;
    match face {
        Face::Terminal if !output.json => output.text(terminal::render(&summary))?,
        Face::Md => output.text(markdown::render(&summary))?,
        Face::Csv => output.text(csv::render(&summary)?)?,
        Face::Terminal | Face::Json => output.json(&summary)?,
    }
    Ok(summary)
}

pub(super) fn write_files(summary: &Summary, folder: &std::path::Path) -> anyhow::Result<()> {
    let write = |name: &str, text: &str| {
        store::write_atomic(&folder.join(name), |file| file.write_all(text.as_bytes()))
            .with_context(|| format!("failed to write {}", folder.join(name).display()))
    };
    write("leaderboard.md", &markdown::render(summary))?;
    write("leaderboard.csv", &csv::render(summary)?)?;
    store::write_json(&folder.join("summary.json"), summary)
        .with_context(|| format!("failed to write {}", folder.join("summary.json").display()))
}
