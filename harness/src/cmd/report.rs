//! `culture-eval report`: the leaderboard of a run, on stdout and as files. Never calls a model.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::against::against;
use super::{Context, Outcome, compare};
use crate::compare::Report;
use crate::plot::figures::{self, Figure};
use crate::plot::{render, standalone};
use crate::report::against as changes;
use crate::report::summary::Summary;
use crate::report::{csv, junit, latex, markdown, terminal};
use crate::store::{self, RunFolder};
use crate::summarise;

/// Prints the leaderboard of a run and writes its files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval report                          the run `default`
  culture-eval report runs/mine --format md > leaderboard.md
  culture-eval report --out reports/mine       leaderboard.md, leaderboard.csv and summary.json in a folder
  culture-eval report --format latex,svg,pdf --out paper    leaderboard.tex, figures/*.svg and figures/*.pdf
  culture-eval report --format junit > junit.xml            for CI: a test case a cell
  culture-eval report mine --against default   what changed between two runs, and whether significantly

One format of text is printed; several formats, and figures, are written to --out or to the run's folder.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// What to print or to write
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT,…", default_value = "terminal")]
    format: Vec<Face>,
    /// Also write the files to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show what changed since this run: its name or folder, or a summary.json
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
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
    /// A table for a paper (booktabs)
    Latex,
    /// A test case a cell, for CI
    Junit,
    /// Figures, one file each, in `figures/`
    Svg,
    /// The same as PDF
    Pdf,
    /// The same as PNG
    Png,
}

impl Face {
    fn is_figures(self) -> bool {
        matches!(self, Self::Svg | Self::Pdf | Self::Png)
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if let Some(other) = &args.against {
        return show_changes(&args, other, context);
    }
    let run = RunFolder::named(&context.settings().runs, &args.run);
    match args.format[..] {
        [face] if !face.is_figures() => {
            let summary = print(&run, face, context)?;
            if let Some(folder) = &args.out {
                write_files(&summary, folder)?;
                write_faces(&run, &summary, &[face], folder, context)?;
                context.output.note(format!("written to {}", folder.display()));
            }
        }
        _ => {
            let summary = summarise::summarise(&run, context.settings())?;
            write_files(&summary, run.path())?;
            let folder = args.out.as_deref().unwrap_or(run.path());
            write_faces(&run, &summary, &args.format, folder, context)?;
            context.output.note(format!("written to {}", folder.display()));
        }
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
        Face::Terminal | Face::Json => output.json(&summary)?,
        face => output.text(text(run, &summary, face)?)?,
    }
    Ok(summary)
}

/// A face that is text.
fn text(run: &RunFolder, summary: &Summary, face: Face) -> anyhow::Result<String> {
    Ok(match face {
        Face::Terminal => terminal::render(summary),
        Face::Md => markdown::render(summary),
        Face::Csv => csv::render(summary)?,
        Face::Latex => latex::render(summary, &compare::report(run, &[], &[], &compare::usual())?),
        Face::Junit => junit::render(summary),
        Face::Json | Face::Svg | Face::Pdf | Face::Png => bail!("{face:?} is no text"),
    })
}

/// The files that every report leaves.
pub(super) fn write_files(summary: &Summary, folder: &Path) -> anyhow::Result<()> {
    write(folder, "leaderboard.md", markdown::render(summary).as_bytes())?;
    write(folder, "leaderboard.csv", csv::render(summary)?.as_bytes())?;
    store::write_json(&folder.join("summary.json"), summary)
        .with_context(|| format!("failed to write {}", folder.join("summary.json").display()))
}

/// The files of the faces that were asked for.
fn write_faces(
    run: &RunFolder,
    summary: &Summary,
    faces: &[Face],
    folder: &Path,
    context: &Context,
) -> anyhow::Result<()> {
    let drawn = if faces.iter().any(|f| f.is_figures()) {
        let report: Report = compare::report(run, &[], &[], &compare::usual())?;
        let (figures, left_out) = figures::of(summary, &report);
        for reason in left_out {
            context.output.note(format!("no figure {reason}"));
        }
        figures
    } else {
        Vec::new()
    };
    for face in faces {
        match face {
            Face::Terminal => write(folder, "leaderboard.txt", terminal::render(summary).as_bytes())?,
            Face::Md => write(folder, "leaderboard.md", markdown::render(summary).as_bytes())?,
            Face::Csv => write(folder, "leaderboard.csv", csv::render(summary)?.as_bytes())?,
            Face::Json => store::write_json(&folder.join("summary.json"), summary)
                .with_context(|| format!("failed to write {}", folder.join("summary.json").display()))?,
            Face::Latex => write(folder, "leaderboard.tex", text(run, summary, *face)?.as_bytes())?,
            Face::Junit => write(folder, "junit.xml", junit::render(summary).as_bytes())?,
            Face::Svg => write_figures(&drawn, folder, "svg", |svg| Ok(standalone(svg).into_bytes()))?,
            Face::Pdf => write_figures(&drawn, folder, "pdf", |svg| Ok(render::pdf(svg)?))?,
            Face::Png => write_figures(&drawn, folder, "png", |svg| Ok(render::png(svg)?))?,
        }
    }
    Ok(())
}

fn write_figures(
    figures: &[Figure],
    folder: &Path,
    ending: &str,
    make: impl Fn(&str) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<()> {
    let folder = folder.join("figures");
    for figure in figures {
        let bytes = make(&figure.svg).with_context(|| format!("failed to make the figure {}", figure.name))?;
        write(&folder, &format!("{}.{ending}", figure.name), &bytes)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    store::write_atomic(&folder.join(name), |file| file.write_all(bytes))
        .with_context(|| format!("failed to write {}", folder.join(name).display()))
}

/// What changed since another run: printed, and written where `--out` says so.
fn show_changes(args: &Args, other: &str, context: &Context) -> anyhow::Result<Outcome> {
    let [face @ (Face::Terminal | Face::Md | Face::Json)] = args.format[..] else {
        bail!("--against has one of the formats terminal, md and json");
    };
    let found = against(&args.run, other, context.settings())?;
    let output = context.output;
    match face {
        Face::Terminal if !output.json => output.text(changes::text(&found))?,
        Face::Md => output.text(changes::markdown(&found))?,
        _ => output.json(&found)?,
    }
    if let Some(folder) = &args.out {
        write(folder, "changes.md", changes::markdown(&found).as_bytes())?;
        store::write_json(&folder.join("changes.json"), &found)
            .with_context(|| format!("failed to write {}", folder.join("changes.json").display()))?;
        output.note(format!("written to {}", folder.display()));
    }
    Ok(Outcome::Done)
}
