//! `culture-eval plugin describe|check|new`: for authors of plugins.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use fs_err as fs;

use super::{Context, Outcome, table};
use crate::exec::plan::path_text;
use crate::exec::plugins::{Described, search_path};
use crate::plugin::{self, check};
use crate::store::record::{FileRef, PluginIdentity};

/// Describes and checks plugins, and starts new ones
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What a plugin is and can do
    Describe {
        /// A name, or the path of a dynamic library
        plugin: String,
    },
    /// Tries what goes wrong in practice: wrong counts, NaN, panics, answers that depend on the batch, leaks
    #[command(after_help = "\
Examples:
  culture-eval plugin check tfidf-logreg
  culture-eval plugin check ./libmine.so --config '{\"k\": 3}'")]
    Check {
        /// A name, or the path of a dynamic library
        plugin: String,
        /// The model's [config] as JSON
        #[arg(long, default_value = "{}")]
        config: String,
        /// Seconds each check may take
        #[arg(long, default_value_t = 60)]
        patience: u64,
        /// One check only, in this process (what the others are started as)
        #[arg(long, hide = true)]
        only: Option<String>,
    },
    /// Starts a new baseline: a crate with a model TOML and a test
    #[command(after_help = "Example: culture-eval plugin new my-model && just eval-all --models majority,my-model")]
    New {
        /// Its name, in lower-case-with-dashes
        name: String,
        /// Folder of the baselines
        #[arg(long, default_value = "baselines")]
        folder: PathBuf,
    },
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Describe { plugin } => describe(&plugin, context),
        Command::Check { plugin, config, only: Some(name), .. } => check_one(&plugin, config, &name, context),
        Command::Check { plugin, config, patience, only: None } => check(&plugin, &config, patience, context),
        Command::New { name, folder } => new(&name, &folder, context),
    }
}

fn describe(name: &str, context: &Context) -> anyhow::Result<Outcome> {
    let path = plugin::find(name, &search_path(context.settings()))?;
    let library = plugin::load(&path)?;
    let described = Described {
        file: FileRef { path: path_text(library.path()), sha256: library.sha256().to_owned() },
        identity: PluginIdentity {
            name: library.name().to_owned(),
            version: library.version().to_owned(),
            build: library.build_info().to_owned(),
        },
        fits: library.fits(),
        capabilities: library.capabilities(),
    };
    if context.output.json {
        context.output.json(&described)?;
        return Ok(Outcome::Done);
    }
    let offers: Vec<&str> = (described.fits.then_some("fit").into_iter())
        .chain(described.capabilities.iter().map(|c| c.name()))
        .chain(library.saves().then_some("save"))
        .collect();
    let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    let rows = [
        row("version", &described.identity.version),
        row("build", &described.identity.build),
        row("offers", &offers.join(", ")),
        row("file", &described.file.path),
        row("sha256", &described.file.sha256),
    ];
    context.output.text(table(&["plugin", &described.identity.name], rows))?;
    Ok(Outcome::Done)
}

fn check_one(name: &str, config: String, only: &str, context: &Context) -> anyhow::Result<Outcome> {
    let path = plugin::find(name, &search_path(context.settings()))?;
    let settings = check::Settings { config, ..check::Settings::default() };
    let Some(result) = check::run(only, &path, &settings) else {
        bail!("there is no check `{only}`; there are {}", check::names().collect::<Vec<_>>().join(", "));
    };
    context.output.json(&result)?;
    Ok(Outcome::Done)
}

/// Runs every check in a process of its own, so that a plugin that hangs or aborts fails one check only.
fn check(name: &str, config: &str, patience: u64, context: &Context) -> anyhow::Result<Outcome> {
    let path = plugin::find(name, &search_path(context.settings()))?;
    let program = std::env::current_exe().context("failed to find this program")?;
    let mut results = Vec::new();
    for one in check::names() {
        let child = Process::new(&program)
            .args(["plugin", "check", "--config", config, "--only", one])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("failed to start a process for a check")?;
        let result = wait(child, one, patience)?;
        if context.output.json {
            context.output.json(&result)?;
        }
        results.push(result);
    }
    if !context.output.json {
        let rows = results.iter().map(|r| {
            let outcome = match r.outcome {
                check::Outcome::Pass => "pass",
                check::Outcome::Fail => "FAIL",
                check::Outcome::Skipped => "skipped",
            };
            vec![outcome.to_owned(), r.check.clone(), r.reason.clone()]
        });
        context.output.text(table(&["", "check", "seen"], rows))?;
    }
    let failed = results.iter().filter(|r| r.outcome == check::Outcome::Fail).count();
    context.output.note(format!("{}: {failed} of {} checks failed", path.display(), results.len()));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::No })
}

fn wait(mut child: std::process::Child, name: &str, patience: u64) -> anyhow::Result<check::Check> {
    let start = Instant::now();
    let failed = |reason: String| check::Check { check: name.to_owned(), outcome: check::Outcome::Fail, reason };
    while child.try_wait().context("failed to wait for a check")?.is_none() {
        if start.elapsed() > Duration::from_secs(patience) {
            child.kill().context("failed to end a check")?;
            child.wait().context("failed to wait for a check")?;
            return Ok(failed(format!("still running after {patience} s")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().context("failed to read a check")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The plugin may have printed before: the result is the last line.
    Ok(text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        failed(format!("the process ended with {}: {}", output.status, said.trim().replace('\n', " ")))
    }))
}

/// The files of a new baseline; `{{name}}` and `{{type}}` are filled in.
const SCAFFOLD: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("scaffold/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("scaffold/lib.rs.txt")),
    ("models/{{name}}.toml", include_str!("scaffold/model.toml.txt")),
    ("README.md", include_str!("scaffold/README.md.txt")),
];

fn new(name: &str, folder: &Path, context: &Context) -> anyhow::Result<Outcome> {
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fine {
        bail!("`{name}` cannot be a crate name: use lower-case letters, digits and dashes, a letter first");
    }
    let home = folder.join(name);
    if home.exists() {
        bail!("{} is there already; choose another name or remove it", home.display());
    }
    if !folder.is_dir() {
        bail!("there is no folder {}; run this in the root of the project, or name the folder with --folder", folder.display());
    }
    let type_name: String = name
        .split('-')
        .filter_map(|part| {
            let mut chars = part.chars();
            chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        })
        .collect();
    for (path, template) in SCAFFOLD {
        let path = home.join(path.replace("{{name}}", name));
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, template.replace("{{name}}", name).replace("{{type}}", &type_name))?;
        context.output.text(path.display().to_string())?;
    }
    context.output.note(format!(
        "now: write your model in {}, then `just eval-all --models majority,{name}`",
        home.join("src/lib.rs").display()
    ));
    Ok(Outcome::Done)
}
