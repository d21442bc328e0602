//! Answers that another tool has logged, as a cell of a run: its model's card, its specification, its files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::manifest::Manifest;
use crate::definition::access::Access;
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{Benchmark, Capability, Protocol, Task};
use crate::definition::model::{Model, Prompting};
use crate::definition::resources::Resources;
use crate::definition::suite::Suite;
use crate::example::Strings;
use crate::exec::data::TaskData;
use crate::exec::plan::Plan;
use crate::exec::request::Request;
use crate::import::{Joined, Log, Tool};
use crate::store::record::{CellSpec, End, FORMAT, FileRef, Imported, PluginIdentity, Record};
use crate::store::{self, RunFolder, path_text, predictions};
use crate::text::hint::hinted;

/// What is imported, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// The rows of all files.
    pub log: &'a Log,
    /// Those files.
    pub files: &'a [PathBuf],
    /// The task that the answers belong to.
    pub task: &'a Task,
    /// The protocol that they were made by.
    pub protocol: &'a Protocol,
    /// The task's prepared data.
    pub data: &'a TaskData,
    /// The wording that was used, if the replies are read by it.
    pub prompt: Option<&'a str>,
    /// What answers mean, as (answer, label).
    pub map: &'a [(String, String)],
    /// The seed that they stand for.
    pub seed: u64,
}

/// The card of the model: its TOML where there is one of its name, else what the log tells.
///
/// # Errors
/// Neither `name` nor the log names the model.
pub fn card(
    name: Option<&str>,
    log: &Log,
    task: &Task,
    catalogue: &Catalogue,
) -> anyhow::Result<Model> {
    let title = name
        .map(str::to_owned)
        .or_else(|| log.model.clone())
        .context("the log names no model; name it with --model")?;
    let name = short_name(&title);
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
        license: "not stated".to_owned(),
        tasks: Vec::new(),
        protocols: Vec::new(),
        parameters: None,
        contamination: Vec::new(),
        weights: Vec::new(),
        files: BTreeMap::new(),
        capabilities: Vec::new(),
        cache: false,
        batch: 1,
        neighbours: None,
        server: None,
        timeout: None,
        memory: None,
        resources: Resources::default(),
        access: Access::default(),
        prompt: Prompting::default(),
        config: toml::Table::new(),
    })
}

/// A name that a folder can have. Where letters beyond ASCII are lost, a part of the title's hash distinguishes the model from
/// others of the same remains.
fn short_name(title: &str) -> String {
    let clean =
        |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = title.chars().map(clean).collect();
    let name = name.trim_matches(['-', '.']);
    if title.is_ascii() && !name.is_empty() { name.to_owned() } else { with_hash(name, title) }
}

fn with_hash(name: &str, title: &str) -> String {
    let hash = &store::sha256(title.as_bytes())[..6];
    if name.is_empty() { format!("model-{hash}") } else { format!("{name}-{hash}") }
}

/// The model beside those that a run has: two titles that make one name (`a/b`, `a b`) stay two models.
///
/// # Errors
/// The run cannot be read.
pub fn beside(model: Model, run: &RunFolder) -> anyhow::Result<Model> {
    if !run.manifest().is_file() {
        return Ok(model);
    }
    let taken = |other: &Model| other.name == model.name && other.title != model.title;
    Ok(if Manifest::read(run)?.models.iter().any(taken) {
        Model { name: with_hash(&model.name, &model.title), ..model }
    } else {
        model
    })
}

/// The cell that imported answers make.
///
/// # Errors
/// A log cannot be read.
pub fn spec(model: &Model, from: &Import<'_>) -> anyhow::Result<CellSpec> {
    let Import { log, task, protocol, data, .. } = from;
    let files = from
        .files
        .iter()
        .map(|path| Ok(FileRef { path: path_text(path), sha256: store::sha256_file(path)? }));
    let imported = Imported {
        tool: log.tool.name().to_owned(),
        version: log.version.clone().unwrap_or_default(),
        task: log.task.clone().unwrap_or_default(),
        model: log.model.clone().unwrap_or_default(),
        read_as: match (from.prompt, from.map) {
            (Some(prompt), map) => format!("prompt {prompt} {map:?}"),
            (None, map) => format!("labels {map:?}"),
        },
        files: files.collect::<std::io::Result<_>>().context("failed to read the log")?,
    };
    let mut spec = CellSpec {
        format: FORMAT,
        key: String::new(),
        model: model.clone(),
        task: Task { labels: data.labels.clone(), protocols: Vec::new(), ..(*task).clone() },
        protocol: Protocol { sees: Some(task.seen_by(protocol)), ..(*protocol).clone() },
        served: if from.prompt.is_none() && log.tool == Tool::Predictions {
            Capability::Classify
        } else {
            log.served
        },
        seed: from.seed,
        limit: 0,
        plugin: FileRef { path: String::new(), sha256: String::new() },
        weights: BTreeMap::new(),
        inputs: BTreeMap::new(),
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

/// The manifest of a run that takes such a cell: of a new run, or the run's own with the new answers.
///
/// # Errors
/// The run's manifest cannot be read, or the run asks something else.
pub fn manifest(
    spec: &CellSpec,
    benchmark: &Benchmark,
    from: &Import<'_>,
    run: &RunFolder,
    catalogue: &Catalogue,
) -> anyhow::Result<Manifest> {
    let asked = Request {
        models: vec![spec.model.clone()],
        benchmarks: vec![benchmark.clone()],
        seeds: vec![spec.seed],
        limit: 0,
        protocols: Vec::new(),
    };
    let name = run.path().file_name().unwrap_or(run.path().as_os_str()).to_string_lossy();
    let suite = Suite {
        title: format!("Imported answers: {name}"),
        name: name.into_owned(),
        models: vec![spec.model.name.clone()],
        benchmarks: vec![benchmark.name.clone()],
        seeds: vec![spec.seed],
        timeout: None,
        memory: None,
        resources: Resources::default(),
    };
    let tasks = BTreeMap::from([(spec.task.name.clone(), Ok(from.data.clone()))]);
    let mut manifest = Manifest::new(&suite, &asked, &tasks, &Plan::default(), catalogue);
    manifest.import(spec, catalogue);
    together(manifest, run, catalogue)
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

/// Writes the cell's folder; its record comes last.
///
/// # Errors
/// A file cannot be written.
pub fn write(
    spec: &CellSpec,
    ids: &Strings,
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
            version: log.version.clone().unwrap_or_else(|| "not stated".to_owned()),
            build: format!("imported: {}", files.join(", ")),
        },
    };
    store::write_json(&folder.record(), &Record::new(&spec.key, end))
        .context("failed to write the imported cell")
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn names_beyond_ascii_stay_apart() {
        assert_eq!(short_name("meta-llama/Llama-3.1-8B"), "meta-llama-llama-3.1-8b");
        let (one, other) = (short_name("模型-7b"), short_name("型号-7b"));
        assert!(
            one.starts_with("7b-") && other.starts_with("7b-") && one != other,
            "{one} {other}"
        );
        assert_ne!(short_name("模型"), short_name("型号"));
        assert_eq!(short_name("模型"), short_name("模型"));
        assert!(short_name("!!!").starts_with("model-"));
    }
}
