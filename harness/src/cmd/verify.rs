//! `culture-eval verify`: does a run hold what its hashes, scores and reports say; do two runs hold the same?

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use fs_err as fs;

use super::{Context, Outcome, report};
use crate::results::manifest::Manifest;
use crate::results::verify::{self, SideBySide, Verified};
use crate::store::RunFolder;

/// Recomputes hashes, scores and reports of a run, or compares two runs answer by answer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval verify                       hashes, scores and reports of the run `default`, recomputed
  culture-eval verify mine --against yours  the first example on which each cell differs
  culture-eval verify --expect 3f0c...      is it the very run whose digest somebody printed or signed?
  culture-eval run --name again && culture-eval verify default --against again   does a rerun give the same bits?

Exit code 1: something differs. The fitted models in `state/` are not looked at: no number depends on them alone.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// Compare with this run instead: its name or folder
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
    /// The digest that the run must have, or half of it
    #[arg(long, value_name = "DIGEST", conflicts_with = "against", value_parser = beginning)]
    expect: Option<String>,
}

/// 128 bits are more than anybody can aim at.
fn beginning(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    if text.len() < 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(
            "a digest is 64 of 0-9 and a-f, of which the first 32 at least are given".to_owned()
        );
    }
    Ok(text)
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let (run, manifest) = open(&args.run, context)?;
    let output = context.output;
    let clean = if let Some(other) = &args.against {
        let (other, others) = open(other, context)?;
        let found = verify::side_by_side((&run, &manifest), (&other, &others))?;
        if output.json {
            output.json(&found)?;
        } else {
            output.text(told(&found))?;
        }
        found.apart.is_empty() && found.alone.is_empty()
    } else {
        let mut found = verify::cells(&run, &manifest);
        // Scores of answers that are not what they were say nothing.
        if found.wrong.is_empty() {
            anew(&run, &mut found, context)?;
        }
        let another = args.expect.filter(|expected| !found.digest.starts_with(expected));
        found.expected = another;
        if output.json {
            output.json(&found)?;
        } else {
            output.text(text(&run, &found))?;
        }
        found.wrong.is_empty() && found.expected.is_none()
    };
    Ok(if clean { Outcome::Done } else { Outcome::No })
}

fn open(name: &str, context: &Context) -> anyhow::Result<(RunFolder, Manifest)> {
    let run = context.run(name)?;
    let manifest = Manifest::read(&run)?;
    Ok((run, manifest))
}

/// Scores and reports made in a folder of their own, from the same cells, and compared with those that are there.
fn anew(run: &RunFolder, found: &mut Verified, context: &Context) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir().context("failed to make a temporary folder")?;
    let place = scratch.path().join("run");
    fs::create_dir(&place)?;
    fs::copy(run.manifest(), place.join("manifest.json"))?;
    for name in ["cells", "explain"] {
        let there = run.path().join(name);
        if there.is_dir() {
            let there = fs::canonicalize(there)?;
            #[cfg(unix)]
            std::os::unix::fs::symlink(&there, place.join(name))
                .context("failed to link the cells")?;
            #[cfg(not(unix))]
            anyhow::bail!("scores are recomputed on Unix only");
        }
    }
    report::write_files(&RunFolder::named(scratch.path(), "run"), context)?;
    let same = |name: &Path, found: &mut Verified| -> anyhow::Result<()> {
        let (own, made) = (run.path().join(name), place.join(name));
        if !own.is_file() {
            return Ok(());
        }
        if fs::read(&own)? == fs::read(&made)? {
            found.files += 1;
        } else {
            found.wrong(&own, "it is not what the answers give; `culture-eval report` rebuilds it");
        }
        Ok(())
    };
    for name in ["summary.json", "leaderboard.md", "leaderboard.csv", "leaderboard.html"] {
        same(Path::new(name), found)?;
    }
    for entry in fs::read_dir(place.join("scores"))? {
        same(&Path::new("scores").join(entry?.file_name()), found)?;
    }
    Ok(())
}

fn text(run: &RunFolder, found: &Verified) -> String {
    let mut out = String::new();
    for finding in &found.wrong {
        let _ = writeln!(out, "WRONG   {}: {}", finding.file, finding.what);
    }
    for finding in &found.unseen {
        let _ = writeln!(out, "unseen  {}: {}", finding.file, finding.what);
    }
    let verdict = match found.wrong.len() {
        0 => "as it should be".to_owned(),
        1 => "1 file is wrong".to_owned(),
        several => format!("{several} files are wrong"),
    };
    let _ = writeln!(out, "digest  {}", found.digest);
    if let Some(expected) = &found.expected {
        let _ = writeln!(out, "ANOTHER {expected} is the digest that it should have");
    }
    let _ = writeln!(
        out,
        "{}: {verdict}; {} cells with {} answers and {} files of scores and reports agree, {} cells have no answer",
        run.path().display(),
        found.cells,
        found.answers,
        found.files,
        found.without_answers
    );
    out
}

fn told(found: &SideBySide) -> String {
    let mut out = String::new();
    for apart in &found.apart {
        let _ = write!(out, "APART   {}: {}", apart.cell, apart.what);
        let _ = if apart.because.is_empty() {
            writeln!(out, " (the same specification)")
        } else {
            writeln!(out, " (not the same: {})", apart.because.join(", "))
        };
    }
    for (cell, place) in &found.alone {
        let _ = writeln!(out, "alone   {cell}: only in the {place} run");
    }
    let _ = writeln!(
        out,
        "{} cells have the same answers, {} differ, {} are in one run only",
        found.same,
        found.apart.len(),
        found.alone.len()
    );
    out
}
