//! `culture-eval sample DIR`: the synthetic SAMPLE data, laid out as a mirror, to look at.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fs_err as fs;

use super::{Context, Outcome};
use crate::sample;

/// Writes the synthetic SAMPLE data in the upstream formats
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write to, as DATASET/PATH
    folder: PathBuf,
    /// Instead: N rows of random text with a definition and a no-op model, to measure speed with
    #[arg(long, value_name = "N")]
    synthetic: Option<usize>,
}

/// A model that does nothing: what is left is the harness.
const NO_OP: &str = r#"name = "noop"
title = "No-op"
plugin = "majority"
description = "Always the same label, without fit: the cost of the harness alone."
license = "MIT OR Apache-2.0"
batch = 4096
tasks = ["synthetic"]
protocols = ["zero-shot"]

[config]
label = "yes"
"#;

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if let Some(rows) = args.synthetic {
        return synthetic(rows, &args.folder, context);
    }
    for dataset in context.catalogue()?.datasets() {
        if !sample::covers(&dataset.name) {
            continue;
        }
        let folder = args.folder.join(&dataset.name);
        let files = sample::write(&dataset.name, &folder)
            .with_context(|| format!("failed to write the sample to {}", folder.display()))?;
        for file in files {
            context.output.text(folder.join(file).display().to_string())?;
        }
    }
    Ok(Outcome::Done)
}

fn synthetic(rows: usize, folder: &Path, context: &Context) -> anyhow::Result<Outcome> {
    let data = folder.join("synthetic");
    fs::create_dir_all(&data)?;
    let file = fs::File::create(data.join("synthetic.csv"))?;
    sample::synthetic(rows, 1, file).context("failed to write the rows")?;
    fs::write(folder.join("synthetic.toml"), sample::SYNTHETIC_FAMILY)?;
    fs::write(folder.join("noop.toml"), NO_OP)?;
    context.output.note(format!(
        "{rows} rows; now `culture-eval --definitions {0} --mirror {0} run --models noop --benchmarks synthetic`",
        folder.display()
    ));
    Ok(Outcome::Done)
}
