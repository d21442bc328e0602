//! `culture-eval import`: answers that another tool has logged become cells of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::report::write_files;
use super::{Context, Outcome, hinted, table};
use crate::definition::catalogue::Catalogue;
use crate::definition::family::{Benchmark, Capability, Prompt, Protocol, Task};
use crate::definition::model::{Model, Prompting};
use crate::definition::nearest;
use crate::definition::resources::Resources;
use crate::definition::suite::Suite;
use crate::exec::bars::Board;
use crate::exec::data::{self, TaskData};
use crate::exec::plan::{Plan, Request};
use crate::import::{self, How, Joined, Log, Names, Rule, Tool};
use crate::prepare;
use crate::results::manifest::Manifest;
use crate::store::path_text;
use crate::store::record::{CellSpec, End, FORMAT, FileRef, Imported, PluginIdentity, Record};
use crate::store::{self, RunFolder, predictions};
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

Several files are the parts of one model's answers. Rows that name no example are counted and told; a row that could be
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
    /// The run: a name or a folder; made where there is none
    #[arg(long, default_value = "imported", value_name = "RUN")]
    run: String,
    /// The protocol they were made by; the task's first that does not fit where the log is a language model's, else its first
    #[arg(long)]
    protocol: Option<String>,
    /// The seed they stand for
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
    /// The wording that was asked: its options and its parser read the answers
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    prompt: Option<String>,
    /// What an answer means (repeatable): --map yes=hate
    #[arg(long, value_name = "ANSWER=LABEL", value_parser = pair, help_heading = "Which answer")]
    map: Vec<(String, String)>,
    /// Plain predictions: the column with the answer
    #[arg(long, default_value = "label", value_name = "COLUMN", help_heading = "Which answer")]
    label: String,
    /// lm-evaluation-harness: the filter whose answers count
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    filter: Option<String>,
    /// inspect_ai: the scorer whose extracted answer counts, instead of the completion
    #[arg(long, value_name = "NAME", help_heading = "Which answer")]
    scorer: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
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
    let log = read(&args)?;
    let protocol = protocol(task, &args, log.tool)?;
    let prompt = args.prompt.as_ref().map(|name| prompt(protocol, name)).transpose()?;
    let model = model(&args, &log, task, catalogue)?;

    let board = Board::new(context.output.bars(), context.output.quiet);
    let mut tasks =
        data::obtain(catalogue, std::slice::from_ref(benchmark), context.settings(), &board)?;
    let data = match tasks.get(&task.name) {
        Some(Ok(data)) => data.clone(),
        Some(Err(reason)) => bail!("{}", reason.message),
        None => bail!("task `{}` was not prepared", task.name),
    };
    let examples = prepare::load(data.file.path.as_ref(), &protocol.eval, &data.labels)?;
    let rule = match prompt {
        Some(prompt) => Rule::prompt(prompt, &data.labels, &args.map),
        None => Rule::names(&data.labels, &args.map),
    }
    .context("failed to read --map")?;
    let joined = import::join(&log.rows, &examples, &names(&args, log.tool)?, &rule)
        .map_err(|e| hinted(e, answers_hint(protocol, &data.labels)))?;

    let spec = spec(&args, &log, &model, task, protocol, &data)?;
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let asked = Request {
        models: vec![model.clone()],
        benchmarks: vec![benchmark.clone()],
        seeds: vec![args.seed],
        limit: 0,
        protocols: Vec::new(),
    };
    let name =
        run.path().file_name().map_or(args.run.clone(), |name| name.to_string_lossy().into_owned());
    let suite = Suite {
        title: format!("Imported answers: {name}"),
        name,
        models: vec![model.name.clone()],
        benchmarks: vec![benchmark.name.clone()],
        seeds: vec![args.seed],
        resources: Resources::default(),
    };
    tasks.retain(|name, _| *name == task.name);
    let mut manifest = Manifest::new(&suite, &asked, &tasks, &Plan::default(), catalogue);
    manifest.import(&spec, catalogue);
    let manifest = together(manifest, &run, catalogue)?;
    write(&spec, &examples.ids, &joined, &log, &run)?;
    manifest
        .write(&run)
        .with_context(|| format!("failed to write the run {}", run.path().display()))?;
    tell(&args, &log, &spec, &joined, benchmark, &run, context)
}

/// All files as one log.
fn read(args: &Args) -> anyhow::Result<Log> {
    let how =
        How { filter: args.filter.clone(), scorer: args.scorer.clone(), label: args.label.clone() };
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
    all.context("no file was named")
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

/// The card of the model: its TOML where there is one of its name, else what the log tells.
fn model(args: &Args, log: &Log, task: &Task, catalogue: &Catalogue) -> anyhow::Result<Model> {
    let title = args
        .model
        .clone()
        .or_else(|| log.model.clone())
        .context("the log names no model; name it with --model")?;
    let clean =
        |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = title.chars().map(clean).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    if name.is_empty() {
        bail!("`{title}` is no name for a model; give another with --model");
    }
    if let Ok(known) = catalogue.model(&name) {
        return Ok(known.clone());
    }
    let version = log.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
    Ok(Model {
        name,
        title,
        plugin: "import".to_owned(),
        description: format!(
            "Answers logged by {}{version}, task {}.",
            log.tool.name(),
            log.task.as_deref().unwrap_or(&task.name)
        ),
        licence: "not told".to_owned(),
        tasks: Vec::new(),
        protocols: Vec::new(),
        parameters: None,
        contamination: Vec::new(),
        weights: Vec::new(),
        files: std::collections::BTreeMap::new(),
        capabilities: Vec::new(),
        cache: false,
        batch: 1,
        timeout: None,
        memory: None,
        resources: Resources::default(),
        access: crate::definition::access::Access::default(),
        prompt: Prompting::default(),
        config: toml::Table::new(),
    })
}

fn names(args: &Args, tool: Tool) -> anyhow::Result<Names> {
    let template = |flag: &str, text: &str| {
        let text = if text.contains('{') { text.to_owned() } else { format!("{{{text}}}") };
        Template::parse(&text).with_context(|| format!("failed to read {flag}"))
    };
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

fn answers_hint(protocol: &Protocol, labels: &[String]) -> String {
    let prompts: Vec<&str> = protocol.prompts.iter().map(|p| p.name.as_str()).collect();
    let prompts = if prompts.is_empty() {
        String::new()
    } else {
        format!("--prompt says which wording was asked ({}), ", prompts.join(", "))
    };
    format!(
        "labels are {}; {prompts}--map what an answer means; --id, --text and --culture name the example",
        labels.join(", ")
    )
}

fn spec(
    args: &Args,
    log: &Log,
    model: &Model,
    task: &Task,
    protocol: &Protocol,
    data: &TaskData,
) -> anyhow::Result<CellSpec> {
    let files = args
        .files
        .iter()
        .map(|path| Ok(FileRef { path: path_text(path), sha256: store::sha256_file(path)? }));
    let imported = Imported {
        tool: log.tool.name().to_owned(),
        version: log.version.clone().unwrap_or_default(),
        task: log.task.clone().unwrap_or_default(),
        model: log.model.clone().unwrap_or_default(),
        read_as: match (&args.prompt, &args.map[..]) {
            (Some(prompt), map) => format!("prompt {prompt} {map:?}"),
            (None, map) => format!("labels {map:?}"),
        },
        files: files.collect::<std::io::Result<_>>().context("failed to read the log")?,
    };
    let mut spec = CellSpec {
        format: FORMAT,
        key: String::new(),
        model: model.clone(),
        task: Task { labels: data.labels.clone(), protocols: Vec::new(), ..task.clone() },
        protocol: protocol.clone(),
        served: if args.prompt.is_none() && log.tool == Tool::Predictions {
            Capability::Classify
        } else {
            log.served
        },
        seed: args.seed,
        limit: 0,
        plugin: FileRef { path: String::new(), sha256: String::new() },
        weights: std::collections::BTreeMap::new(),
        cache: None,
        slice: None,
        imported: Some(imported),
        data: data.file.clone(),
        sample: data.sample,
        cultures: data.cultures.clone(),
        family_version: data.family_version,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        threads: 0,
    };
    spec.key = spec.compute_key();
    Ok(spec)
}

/// The run as it was, with the new answers.
fn together(new: Manifest, run: &RunFolder, catalogue: &Catalogue) -> anyhow::Result<Manifest> {
    if !run.manifest().is_file() {
        return Ok(new);
    }
    let mut old = Manifest::read(run)?;
    if old.limit > 0 {
        bail!(
            "the run {} asks the first {} examples only; import into another run with --run",
            run.path().display(),
            old.limit
        );
    }
    if let Some(line) = old.take_imported(&new, catalogue).into_iter().next() {
        return Err(hinted(
            anyhow::anyhow!("{line}"),
            "another name for the model: --model; another run: --run; other data: --data",
        ));
    }
    Ok(old)
}

/// The cell's folder; its record comes last.
fn write(
    spec: &CellSpec,
    ids: &crate::example::Strings,
    joined: &Joined,
    log: &Log,
    run: &RunFolder,
) -> anyhow::Result<()> {
    let folder = run.cell(&spec.folder());
    folder.write_spec(spec).context("failed to write the imported cell")?;
    predictions::write(
        &folder.predictions(),
        ids,
        &joined.variants,
        &spec.task.labels,
        &joined.rows,
    )
    .context("failed to write the imported answers")?;
    let files: Vec<String> = (spec.imported.iter().flat_map(|i| &i.files))
        .map(|file| format!("sha256 {}", file.sha256))
        .collect();
    let end = End::Done {
        predictions: store::sha256_file(&folder.predictions())?,
        rows: joined.rows.len() as u64,
        examples: ids.len() as u64,
        variants: joined.variants.clone(),
        primary: joined.variants.len(),
        plugin: PluginIdentity {
            name: log.tool.name().to_owned(),
            version: log.version.clone().unwrap_or_else(|| "not told".to_owned()),
            build: format!("imported: {}", files.join(", ")),
        },
    };
    store::write_json(&folder.record(), &Record::new(&spec.key, end))
        .context("failed to write the imported cell")
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
                == (&spec.model.name, &benchmark.name, &spec.protocol.name)
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
            row("out of choice", counts.out_of_choice),
            row("missing", counts.missing),
        ];
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
        output.note("one wording was asked; a model run here is asked all of the protocol's, and compared by their mean");
    }
    Ok(Outcome::Done)
}
