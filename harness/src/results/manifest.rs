//! `manifest.json`: what a run was asked to do, on what, with what. Written before the first cell.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};

use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{Benchmark, Capability, Published};
use crate::definition::model::Model;
use crate::definition::suite::Suite;
use crate::exec::data::TaskData;
use crate::exec::plan::{Missing, Plan};
use crate::exec::request::{Asked, Request};
use crate::prepare::trust;
use crate::results::references;
use crate::results::summary::{Column, Data, MEAN_OVER_CULTURES, MICRO_MEAN, ReferenceLine, Row};
use crate::store::record::{CellSpec, FORMAT, FileRef, Reason, ReasonKind};
use crate::store::{self, RunFolder};
use crate::text::hint::hinted;

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file.
    pub format: u32,
    /// Version of the harness.
    pub harness: String,
    /// The suite as asked for.
    pub suite: Suite,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Only so many examples of every evaluated part; 0 = all.
    pub limit: usize,
    /// Protocols that were asked for; empty = the models' own choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// Benchmarks, aggregates' parts included.
    pub benchmarks: Vec<Benchmark>,
    /// Columns of the board.
    pub columns: Vec<Column>,
    /// Rows of the board.
    pub rows: Vec<Row>,
    /// Models in full.
    pub models: Vec<Model>,
    /// Prepared data of each task.
    pub data: BTreeMap<String, FileRef>,
    /// Tasks whose data are not available, and why.
    pub no_data: BTreeMap<String, Reason>,
    /// Cells.
    pub cells: Vec<PlannedCell>,
    /// Models and tasks that make no cell.
    pub missing: Vec<Missing>,
    /// Numbers that others printed.
    pub published: Vec<Published>,
    /// The machine.
    pub environment: Environment,
    /// SHA-256 of this file without its seal; empty in runs of before there were seals.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

/// A cell of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCell {
    /// Name of its folder below `cells/`.
    pub folder: String,
    /// Its key.
    pub key: String,
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// The protocol.
    pub protocol: String,
    /// How the model serves the protocol; none in manifests of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Capability>,
    /// The seed.
    pub seed: u64,
    /// The tool that asked the model, where it was another one; such a cell is never run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
}

impl PlannedCell {
    /// The place of a cell in a run.
    pub fn of(cell: &CellSpec) -> Self {
        Self {
            folder: cell.folder(),
            key: cell.key.clone(),
            model: cell.model.name.clone(),
            task: cell.task.name.clone(),
            protocol: cell.protocol.name.clone(),
            served: Some(cell.served),
            seed: cell.seed,
            imported: cell
                .imported
                .as_ref()
                .map(|from| format!("{} {}", from.tool, from.version).trim().to_owned()),
        }
    }
}

/// The machine and the state of the working folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Processor as it calls itself.
    pub processor: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Commit of the working folder, `+` where it has changes; empty outside a checkout.
    pub git: String,
}

impl Environment {
    /// Looks at this machine.
    pub fn here() -> Self {
        let cpuinfo = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = (cpuinfo.lines())
            .find_map(|line| {
                line.strip_prefix("model name")?
                    .split_once(':')
                    .map(|(_, name)| name.trim().to_owned())
            })
            .unwrap_or_default();
        let git = |args: &[&str]| {
            let output = Command::new("git").args(args).output().ok()?;
            output
                .status
                .success()
                .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let commit = git(&["rev-parse", "HEAD"]).map(|commit| {
            let changed = git(&["status", "--porcelain", "--untracked-files=no"])
                .is_some_and(|s| !s.is_empty());
            if changed { commit + "+" } else { commit }
        });
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            processor,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            git: commit.unwrap_or_default(),
        }
    }
}

impl Manifest {
    /// Puts down what will be done.
    pub fn new(
        suite: &Suite,
        request: &Request,
        tasks: &BTreeMap<String, Result<TaskData, Reason>>,
        plan: &Plan,
        catalogue: &Catalogue,
    ) -> Self {
        let mut benchmarks = request.benchmarks.clone();
        for part in request.benchmarks.iter().flat_map(|b| &b.aggregate) {
            if let Ok(part) = catalogue.benchmark(part)
                && benchmarks.iter().all(|b| b.name != part.name)
            {
                benchmarks.push(part.clone());
            }
        }
        let asked = |name: &str| request.benchmarks.iter().any(|b| b.name == name);
        let published =
            catalogue.datasets().flat_map(|f| &f.published).filter(|p| asked(&p.benchmark));
        Self {
            format: FORMAT,
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            suite: suite.clone(),
            seeds: request.seeds.clone(),
            limit: request.limit,
            protocols: request.protocols.clone(),
            columns: request
                .benchmarks
                .iter()
                .map(|b| column(b, &benchmarks, tasks, catalogue))
                .collect(),
            rows: request.models.iter().map(|m| row(m, &request.benchmarks, catalogue)).collect(),
            benchmarks,
            models: request.models.clone(),
            data: tasks
                .iter()
                .filter_map(|(name, t)| Some((name.clone(), t.as_ref().ok()?.file.clone())))
                .collect(),
            no_data: tasks
                .iter()
                .filter_map(|(name, t)| Some((name.clone(), t.as_ref().err()?.clone())))
                .collect(),
            cells: plan.cells.iter().map(PlannedCell::of).collect(),
            missing: plan.missing.clone(),
            published: published.cloned().collect(),
            environment: Environment::here(),
            seal: String::new(),
        }
    }

    /// What this run was asked for, to ask it once more: models and benchmarks that were imported only are left out.
    pub fn asked(&self) -> Asked<'_> {
        let only_imported = |concerns: &dyn Fn(&PlannedCell) -> bool| {
            let mut cells = self.cells.iter().filter(|cell| concerns(cell)).peekable();
            cells.peek().is_some() && cells.all(|cell| cell.imported.is_some())
        };
        let tasks = |column: &str| {
            let benchmark = self.benchmarks.iter().find(|b| b.name == column);
            benchmark.map_or_else(Vec::new, |b| tasks_of(b, &self.benchmarks))
        };
        let model = |model: &&Model| !only_imported(&|cell| cell.model == model.name);
        let benchmark = |name: &&str| {
            let tasks = tasks(name);
            let missing = self.missing.iter().any(|m| tasks.contains(&&*m.task));
            missing || !only_imported(&|cell| tasks.contains(&&*cell.task))
        };
        Asked {
            models: self.models.iter().filter(model).collect(),
            benchmarks: self.columns.iter().map(|c| &*c.name).filter(benchmark).collect(),
            seeds: &self.seeds,
            limit: self.limit,
            protocols: &self.protocols,
        }
    }

    /// Adds an imported cell; its model and benchmark are there already.
    pub fn import(&mut self, cell: &CellSpec, catalogue: &Catalogue) {
        self.cells.push(PlannedCell::of(cell));
        self.make_rows(catalogue);
    }

    pub(super) fn make_rows(&mut self, catalogue: &Catalogue) {
        let columns: Vec<Benchmark> = (self.columns.iter())
            .filter_map(|c| self.benchmarks.iter().find(|b| b.name == c.name).cloned())
            .collect();
        self.rows = self.models.iter().map(|model| row(model, &columns, catalogue)).collect();
        for row in &mut self.rows {
            let own = self.cells.iter().filter(|cell| cell.model == row.name);
            row.imported = own.filter_map(|cell| cell.imported.clone()).collect();
            row.imported.sort();
            row.imported.dedup();
        }
    }

    /// Reads that of a run.
    pub fn read(run: &RunFolder) -> anyhow::Result<Self> {
        /// What every version of the file has.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }

        run.must_exist()?;
        let Version { format } =
            store::read_json(&run.manifest()).context("failed to read the run's manifest")?;
        if format > FORMAT {
            return Err(hinted(
                anyhow!(
                    "{}: it has format {format}, but this program reads formats up to {FORMAT}",
                    run.manifest().display()
                ),
                "use the culture-eval that made the run, or a newer one",
            ));
        }
        let manifest: Self =
            store::read_json(&run.manifest()).context("failed to read the run's manifest")?;
        manifest.stays_within().with_context(|| format!("{}", run.manifest().display()))?;
        Ok(manifest)
    }

    /// A run may come from elsewhere: no name in it leads out of its folder.
    fn stays_within(&self) -> anyhow::Result<()> {
        let cells = self.cells.iter().map(|cell| ("folder of a cell", &cell.folder));
        let benchmarks = self.benchmarks.iter().map(|benchmark| ("benchmark", &benchmark.name));
        let columns = self.columns.iter().map(|column| ("column", &column.name));
        for (what, name) in cells.chain(benchmarks).chain(columns) {
            anyhow::ensure!(
                !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']),
                "the name {name:?} of a {what} is not one this program gives: it could lead out of the run's folder; take the run from where it was made"
            );
        }
        Ok(())
    }

    /// Writes it, sealed, to the run's folder.
    pub fn write(&self, run: &RunFolder) -> std::io::Result<()> {
        store::write_json(&run.manifest(), &Self { seal: self.sealed()?, ..self.clone() })
    }

    /// The seal that belongs to the content.
    fn sealed(&self) -> std::io::Result<String> {
        Ok(store::sha256(&store::json(&Self { seal: String::new(), ..self.clone() })?))
    }

    /// Whether the file says, byte for byte, what was written; nothing where it has no seal.
    pub fn is_as_written(&self, run: &RunFolder) -> std::io::Result<Option<bool>> {
        if self.seal.is_empty() {
            return Ok(None);
        }
        let same = fs_err::read(run.manifest())? == store::json(self)?;
        Ok(Some(same && self.seal == self.sealed()?))
    }
}

/// Tasks that a benchmark uses.
pub fn tasks_of<'a>(benchmark: &'a Benchmark, all: &'a [Benchmark]) -> Vec<&'a str> {
    let parts = all.iter().filter(|b| benchmark.aggregate.contains(&b.name));
    parts.chain(std::iter::once(benchmark)).filter_map(|b| b.task.as_deref()).collect()
}

fn column(
    benchmark: &Benchmark,
    all: &[Benchmark],
    tasks: &BTreeMap<String, Result<TaskData, Reason>>,
    catalogue: &Catalogue,
) -> Column {
    let dataset = catalogue.dataset_of(&benchmark.name);
    let mut known = Known::default();
    known.notes.extend(dataset.iter().flat_map(|d| d.differs.iter().cloned()));
    for name in tasks_of(benchmark, all) {
        match tasks.get(name) {
            Some(Ok(data)) => known.add(benchmark, data),
            Some(Err(reason)) => known.missing = Some(reason.clone()),
            None => {
                let message = format!("task `{name}` was not prepared");
                known.missing = Some(Reason::new(ReasonKind::NoData, message));
            }
        }
    }
    let mean = match (benchmark.mean_over_cultures, benchmark.aggregate.is_empty()) {
        (true, _) => MEAN_OVER_CULTURES,
        (false, true) => "",
        (false, false) => MICRO_MEAN,
    };
    Column {
        name: benchmark.name.clone(),
        title: benchmark.title.clone(),
        dataset: dataset.map(|f| f.name.clone()).unwrap_or_default(),
        metric: format!("{}{mean}", benchmark.metric.name()),
        mean_over_cultures: Some(benchmark.mean_over_cultures),
        status: dataset.map_or(crate::definition::dataset::Status::Open, |f| f.status),
        license: dataset.map(|f| f.license.clone()).unwrap_or_default(),
        notes: std::mem::take(&mut known.notes),
        warnings: std::mem::take(&mut known.warnings),
        references: std::mem::take(&mut known.references),
        data: known.data(),
    }
}

/// What is known of the data of a column, from its tasks.
#[derive(Default)]
struct Known {
    hashes: Vec<String>,
    notes: Vec<String>,
    warnings: Vec<String>,
    references: Vec<ReferenceLine>,
    /// Why some of them are the SAMPLE.
    sample: Option<String>,
    missing: Option<Reason>,
}

impl Known {
    fn add(&mut self, benchmark: &Benchmark, data: &TaskData) {
        self.hashes.push(data.file.sha256.clone());
        for note in &data.notes {
            if !self.notes.contains(note) {
                self.notes.push(note.clone());
            }
        }
        for warning in trust::warnings(&data.task, benchmark, &data.statistics) {
            self.warnings.push(if benchmark.task.is_some() {
                warning
            } else {
                format!("{}: {warning}", data.task.title)
            });
        }
        if let (Some(_), Some(votes)) = (&benchmark.task, &data.statistics.annotators) {
            self.references = references::lines(benchmark, votes);
        }
        if data.sample {
            self.sample.get_or_insert_with(|| data.because.clone());
        }
    }

    fn data(self) -> Data {
        match (self.missing, self.sample) {
            (Some(reason), _) => Data::Missing { reason },
            (None, Some(because)) => Data::Sample { because, sha256: self.hashes },
            (None, None) => Data::Official { sha256: self.hashes },
        }
    }
}

/// A row of the board. A known overlap counts for every column that uses examples of the benchmark it names.
pub fn row(model: &Model, columns: &[Benchmark], catalogue: &Catalogue) -> Row {
    let all: Vec<Benchmark> = catalogue.benchmarks().cloned().collect();
    let mut contamination = Vec::new();
    for column in columns {
        let tasks = tasks_of(column, &all);
        let touches = |benchmark: &Benchmark| {
            tasks_of(benchmark, &all).iter().any(|task| tasks.contains(task))
        };
        let known: Vec<&str> = (model.contamination.iter())
            .filter(|c| all.iter().find(|b| b.name == c.benchmark).is_some_and(touches))
            .map(|c| c.reason.as_str())
            .collect();
        if !known.is_empty() {
            contamination.push((column.name.clone(), known.join("; ")));
        }
    }
    let (name, title) = (model.name.clone(), model.title.clone());
    let description = model.description.clone();
    Row { name, title, description, contamination, imported: Vec::new() }
}
