//! `culture-eval import`: answers that another tool has logged become cells of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::report::write_files;
use super::{Context, Outcome, hinted, table};
use crate::definition::dataset::{Benchmark, Prompt, Protocol, Task};
use crate::definition::nearest;
use crate::exec::bars::Board;
use crate::exec::data;
use crate::import::{self, Coverage, How, Joined, Log, Names, Rule, Tool};
use crate::prepare;
use crate::results::imported::{self, Import};
use crate::store::RunFolder;
use crate::store::record::CellSpec;
use crate::text::template::Template;

/// Takes answers that another tool has logged into a run
///
/// Reads per-sample logs of lm-evaluation-harness (samples_*.jsonl), logs of inspect_ai (.eval, .json) and plain predictions
/// (.csv, .tsv, .jsonl). Each row finds its example by id, else by its exact text; its answer is read by the task's own rule.
/// The model then has a row on the run's board and takes part in `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval import out/llama/samples_crehate_2026.jsonl --benchmark crehate --id '{ID}/{country}' --prompt w1-ab
  culture-eval import logs/*.eval --benchmark emgsd --text text --map yes=stereotype --map no=non-stereotype
  culture-eval import mine.csv --benchmark emgsd --model mine --run default
  culture-eval import wide.csv --benchmark crehate --model mine --id '{ID}/{country}' --label '{country}_Hate' --map 1.0=hate --map 0.0=non-hate

Several files are the parts of one model's answers. Rows that name no example are counted and reported; a row that could be
several examples, and two different answers to one example, are errors.")]
pub(super) struct Args {
    /// The logs of one model
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The benchmark
    #[arg(long)]
    benchmark: String,
    /// Name of the model on the board, instead of the log's
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The run: a name or a folder; made if there is none
    #[arg(long, default_value = "imported", value_name = "RUN")]
    run: String,
    /// The protocol they were made by; the task's first that does not fit where the log is a language model's, else its first
    #[arg(long)]
    protocol: Option<String>,
    /// The seed that they are of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Field with the example's id, or a template over fields: '{ID}/{country}'
    #[arg(long, default_value = "id", value_name = "FIELD", help_heading = "Which example")]
    id: String,
    /// Field with the example's exact text, or a template; `text` where absent, inspect_ai's `input`
    #[arg(long, value_name = "FIELD", help_heading = "Which example")]
    text: Option<String>,
    /// Field with the example's culture, where several examples share a text
    #[arg(long, value_name = "FIELD", help_heading = "Which example")]
    culture: Option<String>,
    /// The wording that was used: its options and its parser read the answers
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    prompt: Option<String>,
    /// What an answer means (repeatable): --map yes=hate; or what a field's value means: --map country:Singapore=SG
    #[arg(long, value_name = "VALUE=LABEL", value_parser = pair, help_heading = "Which answer")]
    map: Vec<(String, String)>,
    /// Plain predictions: the column with the answer, or a template of several: '{country}_Hate'
    #[arg(long, default_value = "label", value_name = "COLUMN", help_heading = "Which answer")]
    label: String,
    /// Take answers to fewer than nine in ten examples; the others count as missing
    #[arg(long, help_heading = "Which answer")]
    partial: bool,
    /// lm-evaluation-harness: the filter whose answers count
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    filter: Option<String>,
    /// inspect_ai: the scorer whose extracted answer counts, instead of the completion
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    scorer: Option<String>,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (answer, label) = text.rsplit_once('=').ok_or("write ANSWER=LABEL, as in yes=hate")?;
    Ok((answer.to_owned(), label.to_owned()))
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let benchmark = catalogue.benchmark(&args.benchmark)?;
    let Some(task) = &benchmark.task else {
        bail!(
            "`{}` is the mean of {}; import for those",
            benchmark.name,
            benchmark.aggregate.join(", ")
        );
    };
    let (_, task) = catalogue.task(task)?;
    let mut log = read(&args)?;
    for note in &log.notes {
        context.output.warn(note);
    }
    let map = import::rename(&mut log.rows, &args.map);
    let protocol = protocol(task, &args, log.tool)?;
    let prompt = args.prompt.as_ref().map(|name| prompt(protocol, name)).transpose()?;
    let model = imported::card(args.model.as_deref(), &log, task, catalogue)?;

    let board = Board::new(context.output.progress());
    let tasks =
        data::obtain(catalogue, std::slice::from_ref(benchmark), context.settings(), &board)?;
    let data = match tasks.get(&task.name) {
        Some(Ok(data)) => data.clone(),
        Some(Err(reason)) => bail!("{}", reason.message),
        None => bail!("task `{}` was not prepared", task.name),
    };
    let examples = prepare::load(data.file.path.as_ref(), &protocol.eval, &data.labels)?;
    let rule = match prompt {
        Some(prompt) => Rule::prompt(prompt, &data.labels, &map),
        None => Rule::names(&data.labels, &map),
    }
    .context("failed to read --map")?;
    let coverage = if args.partial { Coverage::Partial } else { Coverage::Most };
    let joined = import::join(&log.rows, &examples, &names(&args, log.tool)?, &rule, coverage)
        .map_err(|e| hinted(e, answers_hint(protocol, &data.labels)))?;

    let from = Import {
        log: &log,
        files: &args.files,
        task,
        protocol,
        data: &data,
        prompt: args.prompt.as_deref(),
        map: &args.map,
        seed: args.seed,
    };
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let model = imported::beside(model, &run)?;
    let spec = imported::spec(&model, &from)?;
    let manifest = imported::manifest(&spec, benchmark, &from, &run, catalogue)?;
    imported::write(&spec, &examples.ids, &joined, &log, &run)?;
    manifest
        .write(&run)
        .with_context(|| format!("failed to write the run {}", run.path().display()))?;
    tell(&args, &log, &spec, &joined, benchmark, &run, context)
}

/// All files as one log.
fn read(args: &Args) -> anyhow::Result<Log> {
    let how = How {
        filter: args.filter.clone(),
        scorer: args.scorer.clone(),
        label: args.label.clone(),
        known: args.map.iter().map(|(answer, _)| answer.trim().to_owned()).collect(),
    };
    let mut all: Option<Log> = None;
    for path in &args.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = fs::File::open(path).context("failed to open the log")?.into_file();
        let mut log = import::read(&name, file, &how)?;
        if log.tool == Tool::LmEval {
            (log.version, log.model) = results_beside(path, &name);
        }
        match &mut all {
            None => all = Some(log),
            Some(first) if (first.tool, &first.model) == (log.tool, &log.model) => {
                first.rows.extend(log.rows);
                first.notes.extend(log.notes);
            }
            Some(first) => {
                let of = |log: &Log| {
                    format!("{} ({})", log.model.as_deref().unwrap_or("no name"), log.tool.name())
                };
                bail!(
                    "{name} is of the model {}, the files before of {}; import one model at a time",
                    of(&log),
                    of(first)
                );
            }
        }
    }
    let all = all.context("no file was named")?;
    if all.rows.is_empty() {
        bail!("{}", all.notes.join("; "));
    }
    Ok(all)
}

/// Version and model from `results_<date>.json` beside `samples_<task>_<date>.jsonl`; the folder is named after the model.
fn results_beside(path: &Path, name: &str) -> (Option<String>, Option<String>) {
    let date = name.strip_suffix(".jsonl").and_then(|name| Some(name.rsplit_once('_')?.1));
    let results = date.map(|date| path.with_file_name(format!("results_{date}.json")));
    let told =
        results.and_then(|path| fs::read(path).ok()).and_then(|bytes| import::beside(&bytes));
    let folder = || {
        Some(std::path::absolute(path).ok()?.parent()?.file_name()?.to_string_lossy().into_owned())
    };
    let (version, model) = told.unwrap_or_default();
    (version, model.or_else(folder))
}

fn protocol<'t>(task: &'t Task, args: &Args, tool: Tool) -> anyhow::Result<&'t Protocol> {
    let Some(name) = &args.protocol else {
        let unfitted = task.protocols.iter().find(|p| !p.fit && tool != Tool::Predictions);
        let first = unfitted.or_else(|| task.protocols.first());
        return first.with_context(|| format!("task `{}` has no protocol", task.name));
    };
    pick(
        "protocol",
        name,
        task.protocols.iter().map(|p| (p.name.as_str(), p)),
        &format!("task `{}`", task.name),
    )
}

fn prompt<'t>(protocol: &'t Protocol, name: &str) -> anyhow::Result<&'t Prompt> {
    let all = protocol.prompts.iter().map(|p| (p.name.as_str(), p));
    pick("prompt", name, all, &format!("protocol `{}`", protocol.name))
}

fn pick<'t, T>(
    kind: &str,
    name: &str,
    all: impl Iterator<Item = (&'t str, &'t T)> + Clone,
    holder: &str,
) -> anyhow::Result<&'t T> {
    if let Some((_, found)) = all.clone().find(|(known, _)| *known == name) {
        return Ok(found);
    }
    let names: Vec<&str> = all.map(|(name, _)| name).collect();
    let meant = nearest(name, names.iter().copied())
        .map(|n| format!("did you mean `{n}`? "))
        .unwrap_or_default();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(hinted(
        anyhow::anyhow!("{holder} has no {kind} `{name}`"),
        format!("{meant}it has {there}"),
    ))
}

fn names(args: &Args, tool: Tool) -> anyhow::Result<Names> {
    let text =
        args.text.as_deref().unwrap_or(if tool == Tool::InspectAi { "input" } else { "text" });
    Ok(Names {
        id: template("--id", &args.id)?,
        text: template("--text", text)?,
        culture: args
            .culture
            .as_deref()
            .map(|culture| template("--culture", culture))
            .transpose()?,
        text_is_sure: args.text.is_some(),
    })
}

/// The template of a flag: of the field alone if it has no braces.
pub(super) fn template(flag: &str, text: &str) -> anyhow::Result<Template> {
    let text = if text.contains('{') { text.to_owned() } else { format!("{{{text}}}") };
    Template::parse(&text).with_context(|| format!("failed to read {flag}"))
}

fn answers_hint(protocol: &Protocol, labels: &[String]) -> String {
    let prompts: Vec<&str> = protocol.prompts.iter().map(|p| p.name.as_str()).collect();
    let prompts = if prompts.is_empty() {
        String::new()
    } else {
        format!("--prompt says which wording was used ({}), ", prompts.join(", "))
    };
    format!(
        "labels are {}; {prompts}--map what an answer means; --id, --text and --culture name the example",
        labels.join(", ")
    )
}

fn tell(
    args: &Args,
    log: &Log,
    spec: &CellSpec,
    joined: &Joined,
    benchmark: &Benchmark,
    run: &RunFolder,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let output = context.output;
    let summary = write_files(run, context)?;
    let counts = &joined.counts;
    let sample = if spec.sample { " · SAMPLE" } else { "" };
    if output.json {
        let cell = summary.cells.iter().find(|c| {
            (&c.model, &c.benchmark, &c.protocol)
                == (
                    &spec.model.name,
                    &benchmark.name,
                    &Protocol::shown_as(&spec.protocol.name, spec.served),
                )
        });
        output.json(&serde_json::json!({
            "model": spec.model.name, "benchmark": benchmark.name, "protocol": spec.protocol.name,
            "sample": spec.sample, "run": run.path(), "tool": log.tool, "version": log.version,
            "variants": joined.variants, "counts": counts, "outcome": cell.map(|c| &c.outcome),
        }))?;
    } else {
        output.text(format!(
            "{} · {} · {}{sample}",
            spec.model.name, benchmark.title, spec.protocol.name
        ))?;
        let row = |what: &str, count: usize| vec![what.to_owned(), count.to_string()];
        let rows = [
            row("rows", counts.rows),
            row("matched by id", counts.by_id),
            row("matched by text", counts.by_text),
            row("unmatched", counts.unmatched),
            row("duplicates", counts.duplicates),
            row("examples with a row", counts.covered),
            row("unparsable", counts.unparsable),
            row("missing", counts.missing),
        ];
        let seldom = [
            ("failed attempts, answered by another row", counts.retried),
            ("with a thought, set aside", counts.thoughts),
            ("cut by the limit of tokens", counts.cut),
        ];
        let seldom = seldom.into_iter().filter(|(_, count)| *count > 0);
        let rows = rows.into_iter().chain(seldom.map(|(what, count)| row(what, count)));
        output.text(table(&[log.tool.name(), log.version.as_deref().unwrap_or("")], rows))?;
    }
    if let Some(first) = &joined.first_unmatched {
        output.warn(format!("{} rows name no example, the first is {first}", counts.unmatched));
    }
    let shown = run.path().display();
    output.note(format!(
        "`culture-eval report {shown}` shows the board, `culture-eval compare {shown}` the tests"
    ));
    if args.prompt.is_some() && spec.protocol.prompts.len() > 1 {
        output.note("one wording was used; a model that is run here gets all of the protocol's, and compared by their mean");
    }
    Ok(Outcome::Done)
}
