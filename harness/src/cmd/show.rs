//! `culture-eval show NAME`: one benchmark, task, model, suite or run in full.

use anyhow::anyhow;
use serde::Serialize;

use super::{Context, Outcome, hinted};
use crate::definition::nearest;
use crate::report::card;
use crate::results::manifest::Manifest;
use crate::store::{self, RunFolder};

/// Shows one benchmark, task, model, suite or run in full
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: String,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let name = args.name.as_str();
    let found = std::cell::Cell::new(false);
    let show = |kind: &str, value: &dyn erased::Show| -> anyhow::Result<()> {
        found.set(true);
        value.show(kind, context)
    };
    for dataset in catalogue.datasets() {
        if dataset.name == name {
            show("dataset", dataset)?;
        }
        for benchmark in dataset.benchmarks.iter().filter(|b| b.name == name) {
            show("benchmark", benchmark)?;
            for number in dataset.published.iter().filter(|p| p.benchmark == name) {
                show("published", number)?;
            }
        }
        for task in dataset.tasks.iter().filter(|t| t.name == name) {
            show("task", task)?;
        }
    }
    if let Ok(model) = catalogue.model(name) {
        if context.output.json {
            show("model", model)?;
        } else {
            found.set(true);
            context.output.text(card::render(model))?;
        }
    }
    for suite in catalogue.suites().filter(|s| s.name == name) {
        show("suite", suite)?;
    }
    let run = RunFolder::named(&context.settings().runs, name);
    if run.manifest().is_file() {
        show("run", &store::read_json::<Manifest>(&run.manifest())?)?;
    }
    if found.get() {
        return Ok(Outcome::Done);
    }
    let names = (catalogue.datasets().flat_map(|f| {
        std::iter::once(f.name.as_str())
            .chain(f.benchmarks.iter().map(|b| b.name.as_str()))
            .chain(f.tasks.iter().map(|t| t.name.as_str()))
    }))
    .chain(catalogue.models().map(|m| m.name.as_str()))
    .chain(catalogue.suites().map(|s| s.name.as_str()));
    let meant = nearest(name, names).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    Err(hinted(
        anyhow!("nothing is called `{name}`"),
        format!("{meant}`culture-eval list benchmarks|tasks|models|suites|runs` shows all names"),
    ))
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
