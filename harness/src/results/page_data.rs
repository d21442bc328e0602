//! From a run folder to the [`Material`] of its pages: cards, statistics, texts and answers. Never calls a model.
//!
//! What is not on this machine (prepared data, definitions) is left out of the pages with the reason; a file of answers
//! that is broken is an error.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use fs_err as fs;
use rayon::prelude::*;

use super::Run;
use super::cells::Group;
use super::gold::Gold;
use super::manifest::{Manifest, PlannedCell};
use super::material::{CellFacts, Column, ExampleSet, Explained, MOST_LABELS, Material, Ran};
use crate::answer::Answer;
use crate::compare::Report;
use crate::definition::catalogue::Catalogue;
use crate::example::Examples;
use crate::prepare::Meta;
use crate::results::summary::Summary;
use crate::score::calibration::{self, Calibration};
use crate::store::predictions;
use crate::store::record::record_of;
use crate::store::record::{CellSpec, End, Reason, ReasonKind, Timing};
use crate::store::{self, RunFolder, metrics};

/// Label lists that are longer have no confusion matrix: nobody can look at it.
const LABELS_TO_LOOK_AT: usize = 24;

/// Bins of the calibration curves.
const BINS: usize = 10;

/// What probabilities of one example may add up to, rounding considered.
const ONE: f32 = 1.001;

/// Gathers everything beside the summary and its comparison.
pub fn page_data(
    run: &Run,
    summary: Summary,
    comparison: Result<Report, String>,
    catalogue: Option<&Catalogue>,
) -> anyhow::Result<Material> {
    let manifest = &run.manifest;
    let mut tasks = BTreeMap::new();
    for group in &run.groups {
        if let Some(cell) = group.cells.first() {
            tasks.entry(group.task.clone()).or_insert_with(|| cell.spec.task.clone());
        }
    }
    for benchmark in &manifest.benchmarks {
        let Some(name) = &benchmark.task else { continue };
        if let (false, Some(Ok((_, task)))) =
            (tasks.contains_key(name), catalogue.map(|c| c.task(name)))
        {
            tasks.insert(name.clone(), task.clone());
        }
    }
    let datasets = manifest.columns.iter().filter_map(|column| {
        catalogue?.datasets().find(|dataset| dataset.name == column.dataset).cloned()
    });
    let mut datasets: Vec<_> = datasets.collect();
    datasets.dedup_by(|a, b| a.name == b.name);
    let data = (manifest.data.iter())
        .filter_map(|(task, file)| Some((task.clone(), Meta::beside(file.path.as_ref()).ok()?)))
        .collect();
    let (sets, without_examples) = sets(run)?;
    Ok(Material {
        cells: cells(&run.folder, manifest)?,
        explained: explained(&run.folder)?,
        ran: Ran {
            harness: manifest.harness.clone(),
            seeds: manifest.seeds.clone(),
            limit: manifest.limit,
            environment: manifest.environment.clone(),
            data: (manifest.data.iter()).map(|(t, f)| (t.clone(), f.sha256.clone())).collect(),
            suite: manifest.suite.name.clone(),
        },
        models: manifest.models.clone(),
        benchmarks: manifest.benchmarks.clone(),
        summary,
        comparison,
        datasets,
        tasks,
        data,
        sets,
        without_examples,
    })
}

/// Examples of a task that a page shows one by one.
const MOST_EXAMPLES: u64 = 200_000;

/// Groups that answered the same examples are together.
type Alike<'g> = Vec<(String, Vec<&'g Group>)>;

type Sets = (Vec<ExampleSet>, Vec<(String, String)>);

fn sets(run: &Run) -> anyhow::Result<Sets> {
    let manifest = &run.manifest;
    let gold = Gold::with_texts(manifest);
    let mut alike: Alike<'_> = Vec::new();
    let mut order: Vec<&str> =
        manifest.benchmarks.iter().filter_map(|b| b.task.as_deref()).collect();
    order.dedup();
    for task in order {
        for group in run.groups.iter().filter(|g| g.task == task && g.reasons.is_empty()) {
            let Some(cell) = group.cells.first() else { continue };
            let key = same_examples(&cell.spec);
            match alike.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.push(group),
                None => alike.push((key, vec![group])),
            }
        }
    }
    let mut sets = Vec::new();
    let mut without = Vec::new();
    for (_, mut groups) in alike {
        let first = &groups[0].cells[0];
        if first.examples > MOST_EXAMPLES {
            let why = format!(
                "{} examples are more than the {MOST_EXAMPLES} that a page holds; `predictions.parquet` of each cell has all answers",
                first.examples
            );
            without.push((groups[0].task.clone(), why));
            continue;
        }
        let kind = first.spec.task.kind();
        if !kind.has_right_option() {
            let why = "its answers are not right or wrong; `predictions.parquet` of each cell has all answers";
            without.push((groups[0].task.clone(), why.to_owned()));
            continue;
        }
        let labels = first.spec.task.labels.len();
        if labels > usize::from(MOST_LABELS) {
            let why =
                format!("{labels} labels are more than the {MOST_LABELS} that a page numbers");
            without.push((groups[0].task.clone(), why));
            continue;
        }
        let examples = match gold.of(first) {
            Ok(examples) => examples,
            Err(error) => {
                without.push((groups[0].task.clone(), format!("{error:#}")));
                continue;
            }
        };
        let row = |model: &str| manifest.rows.iter().position(|r| r.name == model);
        groups.sort_by_key(|g| (row(&g.model), g.protocol.clone()));
        let columns = groups
            .par_iter()
            .map(|group| column(&run.folder, group, &examples))
            .collect::<anyhow::Result<Vec<Column>>>()?;
        let mut protocols: Vec<String> = groups.iter().map(|g| g.protocol.clone()).collect();
        protocols.sort();
        protocols.dedup();
        sets.push(ExampleSet {
            task: groups[0].task.clone(),
            protocols,
            sample: first.spec.sample,
            labels: first.spec.task.labels.clone(),
            examples,
            columns,
        });
    }
    Ok((sets, without))
}

/// Everything that makes the examples of two cells the same.
fn same_examples(spec: &CellSpec) -> String {
    format!("{} {} {:?} {}", spec.task.name, spec.data.sha256, spec.protocol.eval, spec.limit)
}

fn column(run: &RunFolder, group: &Group, examples: &Examples) -> anyhow::Result<Column> {
    let labels = &group.cells[0].spec.task.labels;
    let mut answers = Vec::new();
    for cell in &group.cells {
        let path = run.cell(&cell.planned.folder).predictions();
        let primary = &cell.variants[..cell.primary];
        answers.extend(predictions::answers(&path, primary, labels, &examples.ids)?);
    }
    let confusion = if labels.len() <= LABELS_TO_LOOK_AT {
        confusion(&answers, &examples.labels, labels.len())
    } else {
        Vec::new()
    };
    let (summed, right) = Column::sum_up(&answers, &examples.labels);
    Ok(Column {
        model: group.model.clone(),
        protocol: group.protocol.clone(),
        of: answers.len(),
        answers: summed,
        right,
        confusion,
        calibration: curve(run, group, examples, labels)?,
    })
}

fn confusion(answers: &[Vec<Answer>], gold: &[u32], labels: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; labels + 2]; labels];
    for answers in answers {
        for (answer, gold) in answers.iter().zip(gold) {
            let place = match *answer {
                Answer::Label(label) => label as usize,
                Answer::Unparsable => labels,
                Answer::Missing => labels + 1,
            };
            counts[*gold as usize][place] += 1;
        }
    }
    counts
}

/// The calibration curve over all seeds and wordings; none where the model gives no probabilities. It is remembered beside
/// the scores, for scores of every label take longer to read than answers.
fn curve(
    run: &RunFolder,
    group: &Group,
    examples: &Examples,
    labels: &[String],
) -> anyhow::Result<Option<Calibration>> {
    let first = &group.cells[0];
    let hashes: Vec<&str> = group.cells.iter().map(|c| c.predictions.as_str()).collect();
    let asked = (1, &first.spec.data.sha256, first.primary, BINS, hashes);
    let key = store::sha256(&serde_json::to_vec(&asked)?);
    let path = run.path().join("scores").join(format!("calibration-{}.json", &key[..16]));
    if let Ok(known) = store::read_json(&path) {
        return Ok(known);
    }
    let place: HashMap<&str, usize> =
        examples.ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
    let (mut confidence, mut right) = (Vec::new(), Vec::new());
    let mut probabilities = true;
    for cell in &group.cells {
        let file = run.cell(&cell.planned.folder).predictions();
        let read = predictions::read(&file, &cell.variants, &cell.spec.task.labels)?;
        for answers in read.iter().take(cell.primary) {
            for (id, top) in answers.ids.iter().zip(&answers.top) {
                let (Some((label, p)), Some(row)) = (top.first(), place.get(id)) else { continue };
                let sum: f32 = top.iter().map(|(_, p)| p).sum();
                probabilities &= top.iter().all(|(_, p)| (0.0..=ONE).contains(p))
                    && sum <= ONE
                    && (top.len() < labels.len() || sum >= 2.0 - ONE);
                confidence.push(f64::from(p.clamp(0.0, 1.0)));
                right.push(*label == examples.labels[*row]);
            }
        }
    }
    let curve = if probabilities && !confidence.is_empty() {
        Some(calibration::calibration(&confidence, &right, BINS)?)
    } else {
        None
    };
    store::write_json(&path, &curve).context("failed to keep a calibration curve")?;
    Ok(curve)
}

fn cells(run: &RunFolder, manifest: &Manifest) -> anyhow::Result<Vec<CellFacts>> {
    let facts = |planned: &PlannedCell| {
        let folder = run.cell(&planned.folder);
        let (plugin, reason) = match record_of(&folder, &planned.key)?.map(|r| r.end) {
            Some(End::Done { plugin, .. }) => {
                let spec: CellSpec = store::read_json(&folder.spec())?;
                (format!("{} {} {}", plugin.name, plugin.version, spec.plugin.sha256), None)
            }
            Some(End::Failed { reason }) => (String::new(), Some(reason)),
            None => {
                let reason =
                    Reason::new(ReasonKind::NotRun, "not finished; run the suite again to resume");
                (String::new(), Some(reason))
            }
        };
        // A file of seconds that cannot be read costs the seconds.
        let timing: Option<Timing> = store::read_json(&folder.timing()).ok();
        Ok(CellFacts {
            model: planned.model.clone(),
            task: planned.task.clone(),
            protocol: planned.protocol.clone(),
            seed: planned.seed,
            key: planned.key.clone(),
            plugin,
            reason,
            timing,
            metrics: metrics::read(&folder.messages())
                .context("failed to read the metrics of a cell")?,
        })
    };
    manifest.cells.par_iter().map(facts).collect()
}

/// Lines of `culture-eval explain --out RUN/explain/NAME.jsonl`.
fn explained(run: &RunFolder) -> anyhow::Result<Vec<Explained>> {
    let folder = run.path().join("explain");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let parse = |(number, line): (usize, &str)| {
            serde_json::from_str(line).with_context(|| {
                format!(
                    "{}, line {} is not JSON; write it again with `culture-eval explain --out`, or delete it",
                    path.display(),
                    number + 1
                )
            })
        };
        all.push(Explained {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            lines: lines.map(parse).collect::<anyhow::Result<_>>()?,
        });
    }
    Ok(all)
}
