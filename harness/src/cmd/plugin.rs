//! `culture-eval plugin describe|check|new`: for authors of plugins. [`scaffold`] has the files of a new one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::{Context, Outcome, hinted, scaffold, table};
use crate::cell;
use crate::cell::sandbox::{self, Gate};
use crate::definition::access::Access;
use crate::definition::model_spec::is_spec;
use crate::definition::nearest;
use crate::exec::bars::Board;
use crate::exec::plugins::{self, Described, search_path};
use crate::exec::server::{Alone, Needs};
use crate::exec::{data, inputs, named, sandboxed};
use crate::plugin::{self, check};
use crate::store::path_text;
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
        /// In this process (what is started for it)
        #[arg(long, hide = true)]
        here: bool,
        /// A folder that it does not see (repeatable)
        #[arg(long, hide = true, value_name = "DIR")]
        hide: Vec<PathBuf>,
    },
    /// Tries what goes wrong in practice: wrong counts, NaN, panics, answers that depend on the batch, leaks
    #[command(after_help = "\
Examples:
  culture-eval plugin check tfidf-logreg
  culture-eval plugin check ./libmine.so --config '{\"k\": 3}'
  culture-eval plugin check --model my-model      with the configuration, files, weights and access of its TOML
  culture-eval plugin check --model paid --skip 'huge batch,leak'       a server that takes money: 10,000 texts fewer

Exit codes: 0 all checks passed, 1 one failed, 2 could not run.")]
    Check(CheckArgs),
    /// Starts a new baseline: a crate, or a program, with a model TOML, a suite and a test
    #[command(after_help = "\
Examples:
  culture-eval plugin new my-model && just run run --models majority,my-model
  culture-eval plugin new my-script --command     a Python script instead of a crate")]
    New {
        /// Its name, in lower-case-with-dashes
        name: String,
        /// A Python script that speaks JSON lines, instead of a Rust plugin
        #[arg(long)]
        command: bool,
        /// Folder of the baselines
        #[arg(long, default_value = "baselines")]
        folder: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// A name, or the path of a dynamic library
    #[arg(required_unless_present = "model")]
    plugin: Option<String>,
    /// A model: its plugin with its configuration, files and weights, used only for what its TOML allows
    #[arg(long, value_name = "NAME", conflicts_with = "plugin")]
    model: Option<String>,
    /// The model's [config] as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "model", default_value = "{}")]
    config: String,
    /// Seconds each check may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Leave these checks out
    #[arg(long, value_delimiter = ',', value_name = "CHECK,…")]
    skip: Vec<String>,
    /// Calls of the leak check
    #[arg(long, value_name = "N", default_value_t = 1000)]
    calls: usize,
    /// Let the plugin touch all that you may; else it gets what its model's `access` says, and without a model nothing
    #[arg(long = "no-sandbox", alias = "unfenced")]
    unsandboxed: bool,
    /// One check only, in this process (what the others are started as)
    #[arg(long, hide = true, requires = "settings")]
    only: Option<String>,
    /// How that one is checked, as JSON
    #[arg(long, hide = true)]
    settings: Option<String>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Describe { plugin, here: true, hide } => {
            describe_here(plugin.as_ref(), &hide, context)
        }
        Command::Describe { plugin, .. } => describe(&plugin, context),
        Command::Check(CheckArgs {
            plugin: Some(path),
            only: Some(name),
            settings: Some(settings),
            ..
        }) => check_one(path.as_ref(), &name, &settings, context),
        Command::Check(args) => check(&args, context),
        Command::New { name, command: false, folder } => {
            scaffold::start(&name, &folder, scaffold::CRATE, context)
        }
        Command::New { name, command: true, folder } => {
            scaffold::start(&name, &folder, scaffold::PROGRAM, context)
        }
    }
}

/// Loads a plugin behind a sandbox and says what it is.
fn describe_here(path: &Path, hidden: &[PathBuf], context: &Context) -> anyhow::Result<Outcome> {
    cell::follow_parent().context("failed to follow the parent's death")?;
    sandbox::around(&Gate::new(&Access::default(), path, hidden)?).map_err(anyhow::Error::msg)?;
    let library = plugin::load(path)?;
    context.output.json(&Described {
        file: FileRef { path: path_text(library.path()), sha256: library.sha256().to_owned() },
        identity: PluginIdentity {
            name: library.name().to_owned(),
            version: library.version().to_owned(),
            build: library.build_info().to_owned(),
        },
        fits: library.fits(),
        saves: library.saves(),
        capabilities: library.capabilities(),
    })?;
    Ok(Outcome::Done)
}

fn describe(name: &str, context: &Context) -> anyhow::Result<Outcome> {
    let settings = context.settings();
    let described =
        plugins::describe(name, &search_path(settings), &settings.cache, &settings.hidden());
    let described = described.map_err(|reason| anyhow::anyhow!(reason.message))?;
    if context.output.json {
        context.output.json(&described)?;
        return Ok(Outcome::Done);
    }
    let offers: Vec<&str> = (described.fits.then_some("fit").into_iter())
        .chain(described.capabilities.iter().map(|c| c.name()))
        .chain(described.saves.then_some("save"))
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

/// How one check is run: what its process is given.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    settings: check::Settings,
    access: Access,
    /// The model's, by id.
    weights: BTreeMap<String, FileRef>,
    /// Files and folders that its configuration names.
    inputs: Vec<PathBuf>,
    cache: Option<PathBuf>,
    /// Folders that the plugin does not see.
    hidden: Vec<PathBuf>,
}

fn check_one(path: &Path, only: &str, asked: &str, context: &Context) -> anyhow::Result<Outcome> {
    let Asked { settings, access, weights, inputs, cache, hidden } =
        serde_json::from_str(asked).context("failed to read --settings")?;
    cell::follow_parent().context("failed to follow the parent's death")?;
    let gate = Gate::new(&access, path, &hidden)?.with_inputs(inputs.iter().map(AsRef::as_ref));
    let gate = gate.with_model(&weights, cache.as_deref())?;
    sandbox::around(&gate).map_err(anyhow::Error::msg)?;
    let Some(result) = check::run(only, path, &settings) else {
        bail!(
            "there is no check `{only}`; there are {}",
            check::names().collect::<Vec<_>>().join(", ")
        );
    };
    context.output.json(&result)?;
    Ok(Outcome::Done)
}

/// Where the gate is, where no model is named.
const NO_MODEL: &str = "; a plugin that needs more than its temporary folder is checked as a model (`--model`), whose TOML has `access`, or `--no-sandbox`";

/// Which plugin, and how it is checked.
fn asked(args: &CheckArgs, context: &Context) -> anyhow::Result<(PathBuf, Asked, Option<Alone>)> {
    let folders = search_path(context.settings());
    let settings =
        check::Settings { config: args.config.clone(), calls: args.calls, ..Default::default() };
    let mut access = Access { everything: args.unsandboxed, ..Access::default() };
    let hidden = context.settings().hidden();
    let Some(name) = &args.model else {
        let plugin = args.plugin.as_deref().context("name a plugin, or a model with --model")?;
        let inputs = named_in(&args.config);
        let weights = BTreeMap::new();
        let asked = Asked { settings, access, weights, inputs, cache: None, hidden };
        return Ok((plugin::find(plugin, &folders)?, asked, None));
    };
    let catalogue = context.catalogue()?;
    let own;
    let model = if is_spec(name) {
        own = named::model(name, catalogue, context.settings())?;
        &own
    } else {
        catalogue.model(name)?
    };
    let name = &model.name;
    let board = Board::new(context.output.progress());
    let weights =
        match data::weights(std::slice::from_ref(model), context.settings(), &board).remove(name) {
            Some(found) => found.map_err(|reason| anyhow::anyhow!("{}", reason.message))?,
            None => BTreeMap::new(),
        };
    let named = inputs::of_models(std::slice::from_ref(model), &board).remove(name);
    let named = named.transpose().map_err(|reason| anyhow::anyhow!("{}", reason.message))?;
    let inputs = named.unwrap_or_default().into_values().map(|file| PathBuf::from(file.path));
    let cache = model.cache.then(|| context.settings().cache.join("models").join(name));
    let needs = Needs { model, weights: &weights, threads: settings.threads };
    let server = Alone::start(&needs, &board).context("the model's server is not there")?;
    let cached = cache.as_deref().map(path_text);
    let socket = server.as_ref().map(Alone::socket);
    let config = cell::config(model, &weights, cached.as_deref(), socket.as_deref())?;
    let inputs = inputs.chain(socket).collect();
    if !args.unsandboxed {
        access = model.access.clone();
    }
    // A model that is made for some tasks may know their labels only.
    let labels = model.tasks.first().map(|task| catalogue.task(task)).transpose()?;
    let labels = labels.map(|(_, task)| task.labels.clone()).filter(|labels| !labels.is_empty());
    let labels = labels.unwrap_or(settings.labels.clone());
    let settings =
        check::Settings { config, labels, offers: model.capabilities.clone(), ..settings };
    let asked = Asked { settings, access, weights, inputs, cache, hidden };
    Ok((plugin::find(&model.plugin, &folders)?, asked, server))
}

/// Files and folders that a configuration in JSON names, at any depth: they may lie in a folder that plugins do not see. Of a
/// text that is not JSON the check `create` reports the error.
fn named_in(config: &str) -> Vec<PathBuf> {
    fn walk(value: &serde_json::Value, found: &mut Vec<PathBuf>) {
        match value {
            serde_json::Value::String(text) if Path::new(text).exists() => found.push(text.into()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            serde_json::Value::Object(fields) => fields.values().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(config).unwrap_or_default(), &mut found);
    found
}

/// Runs every check in a process of its own, so that a plugin that hangs or aborts fails one check only.
fn check(args: &CheckArgs, context: &Context) -> anyhow::Result<Outcome> {
    all_known(&args.skip)?;
    let (path, asked, _server) = asked(args, context)?;
    let told = serde_json::to_string(&asked)?;
    if !asked.access.everything {
        context.output.unsandboxed();
    }
    let mut results: Vec<check::Check> = Vec::new();
    for name in check::names() {
        // Without a table there is nothing to check.
        if let [abi] = &results[..]
            && abi.outcome == check::Outcome::Fail
        {
            break;
        }
        let result = if args.skip.iter().any(|skipped| skipped == name) {
            let reason = "left out by --skip".to_owned();
            check::Check { check: name.to_owned(), outcome: check::Outcome::Skipped, reason }
        } else {
            one(name, args, &path, &asked, &told)?
        };
        if context.output.json {
            context.output.json(&result)?;
        }
        results.push(result);
    }
    if !context.output.json {
        context.output.text(as_table(&results))?;
    }
    let failed = results.iter().filter(|r| r.outcome == check::Outcome::Fail).count();
    let of = results.len();
    let unasked = check::names().len() - of;
    let rest = if unasked > 0 { format!(", {unasked} were not tried") } else { String::new() };
    context.output.note(format!("{}: {failed} of {of} checks failed{rest}", path.display()));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::No })
}

/// An error where there is no check of one of these names.
fn all_known(names: &[String]) -> anyhow::Result<()> {
    let Some(odd) = names.iter().find(|name| !check::names().any(|known| known == *name)) else {
        return Ok(());
    };
    let names: Vec<&str> = check::names().collect();
    let meant = nearest(odd, names.iter().copied())
        .map(|n| format!("did you mean `{n}`? "))
        .unwrap_or_default();
    Err(hinted(
        anyhow::anyhow!("there is no check `{odd}`"),
        format!("{meant}there are {}", names.join(", ")),
    ))
}

/// One check, with the way out where the sandbox is in its way.
fn one(
    name: &str,
    args: &CheckArgs,
    path: &Path,
    asked: &Asked,
    told: &str,
) -> anyhow::Result<check::Check> {
    let (mut command, _scratch) = sandboxed::command(&asked.access, asked.settings.threads)
        .context("failed to prepare a process for a check")?;
    command.args(["plugin", "check", "--only", name, "--settings", told]).arg(path);
    let mut result = checked(&mut command, name, args.patience)?;
    if result.outcome == check::Outcome::Fail {
        let hint = sandboxed::hint(&result.reason, &asked.access);
        result.reason += if args.model.is_none() && !hint.is_empty() { NO_MODEL } else { hint };
    }
    Ok(result)
}

fn as_table(results: &[check::Check]) -> String {
    let rows = results.iter().map(|r| {
        let outcome = match r.outcome {
            check::Outcome::Pass => "pass",
            check::Outcome::Fail => "FAIL",
            check::Outcome::Skipped => "skipped",
        };
        vec![outcome.to_owned(), r.check.clone(), r.reason.clone()]
    });
    table(&["", "check", "seen"], rows)
}

/// Runs one check.
fn checked(command: &mut Process, name: &str, patience: u64) -> anyhow::Result<check::Check> {
    let failed = |reason: String| check::Check {
        check: name.to_owned(),
        outcome: check::Outcome::Fail,
        reason,
    };
    let (status, out, err) = sandboxed::output(command, Duration::from_secs(patience))
        .context("failed to run a check")?;
    let Some(status) = status else {
        return Ok(failed(format!("still running after {patience} s")));
    };
    let text = String::from_utf8_lossy(&out);
    // The plugin may have printed before: the result is the last line.
    Ok(text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| {
        let said = String::from_utf8_lossy(&err);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        failed(format!(
            "the process ended with {status}{}",
            if said.is_empty() { said } else { format!(": {said}") }
        ))
    }))
}
