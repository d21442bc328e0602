//! `culture-eval show NAME`: one dataset, benchmark, task, model, suite or run: a card, or the whole definition.

use anyhow::anyhow;
use serde::Serialize;

use super::{Context, Outcome, hinted};
use crate::definition::dataset::Dataset;
use crate::definition::{catalogue, nearest};
use crate::prepare::Statistics;
use crate::report::card;
use crate::results::manifest::Manifest;
use crate::score::annotators::Annotators;
use crate::store::{self, RunFolder};

/// Shows one dataset, benchmark, task, model, suite or run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval show crehate          license, paper, files with hashes, protocols, published numbers, citation
  culture-eval show crehate --toml   the whole definition
  culture-eval show majority         a model's card")]
pub(super) struct Args {
    /// Its name
    name: String,
    /// Print the whole definition
    #[arg(long)]
    toml: bool,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let known = context.catalogue()?;
    let name = args.name.as_str();
    let found = std::cell::Cell::new(false);
    let show = |kind: &str, value: &dyn erased::Show| -> anyhow::Result<()> {
        found.set(true);
        value.show(kind, context)
    };
    let whole = args.toml || context.output.json;
    for dataset in known.datasets() {
        let own = dataset.benchmarks.iter().find(|benchmark| benchmark.name == name);
        if !whole && (dataset.name == name || own.is_some()) {
            found.set(true);
            let one = own.filter(|_| dataset.name != name);
            context.output.text(card::dataset(dataset, one))?;
            let task = own.or(dataset.benchmarks.first()).and_then(|one| one.task.as_deref());
            if let Some(found) = task.and_then(annotators) {
                show_annotators(&found, context)?;
            }
            continue;
        }
        if dataset.name == name {
            show("dataset", dataset)?;
        }
        for benchmark in dataset.benchmarks.iter().filter(|b| b.name == name) {
            show("benchmark", benchmark)?;
            if let Some(found) = benchmark.task.as_deref().and_then(annotators) {
                show_annotators(&found, context)?;
            }
            show_differences(dataset, context)?;
            for number in dataset.published.iter().filter(|p| p.benchmark == name) {
                show("published", number)?;
            }
        }
        for task in dataset.tasks.iter().filter(|t| t.name == name) {
            show("task", task)?;
        }
    }
    if let Ok(model) = known.model(name) {
        if whole {
            show("model", model)?;
        } else {
            found.set(true);
            context.output.text(card::render(model))?;
        }
    }
    for suite in known.suites().filter(|s| s.name == name) {
        show("suite", suite)?;
    }
    let run = RunFolder::named(&context.settings().runs, name);
    if run.manifest().is_file() {
        show("run", &store::read_json::<Manifest>(&run.manifest())?)?;
    }
    if found.get() {
        return Ok(Outcome::Done);
    }
    let names = (known.datasets().flat_map(|f| {
        std::iter::once(f.name.as_str())
            .chain(f.benchmarks.iter().map(|b| b.name.as_str()))
            .chain(f.tasks.iter().map(|t| t.name.as_str()))
    }))
    .chain(known.models().map(|m| m.name.as_str()))
    .chain(known.suites().map(|s| s.name.as_str()));
    let meant = nearest(name, names).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    Err(hinted(
        anyhow!("nothing is called `{name}`"),
        format!("{meant}`culture-eval list benchmarks|tasks|models|suites|runs` shows all names"),
    ))
}

/// How scores differ from those of the authors' evaluation.
fn show_differences(dataset: &Dataset, context: &Context) -> anyhow::Result<()> {
    if dataset.differs.is_empty() {
        return Ok(());
    }
    if context.output.json {
        return context.output.json(&serde_json::json!({ "differs": dataset.differs }));
    }
    let lines = dataset.differs.join("\n");
    context.output.text(format!("# differs from the authors' evaluation\n{lines}\n"))
}

/// What the votes of annotators say about the official data, as it is committed.
fn annotators(task: &str) -> Option<Annotators> {
    let text = catalogue::statistics(task, false)?;
    serde_json::from_str::<Statistics>(text).ok()?.annotators
}

fn show_annotators(found: &Annotators, context: &Context) -> anyhow::Result<()> {
    if context.output.json {
        return context.output.json(&serde_json::json!({ "annotators": found }));
    }
    context.output.text(format!("# votes of annotators\n{}\n", found.lines().join("\n")))
}

/// Any serialisable value as TOML text or one JSON line.
mod erased {
    use super::{Context, Serialize};

    pub(super) trait Show {
        fn show(&self, kind: &str, context: &Context) -> anyhow::Result<()>;
    }

    impl<T: Serialize> Show for T {
        fn show(&self, kind: &str, context: &Context) -> anyhow::Result<()> {
            if context.output.json {
                return context.output.json(&serde_json::json!({ kind: self }));
            }
            context.output.text(format!("# {kind}\n{}", toml::to_string_pretty(self)?))
        }
    }
}
