//! `culture-eval config`: all settings and where each comes from.

use serde_json::json;

use toml::Table;

use super::flags::RunFlags;
use super::{Context, Outcome, limits, table};
use crate::definition::model::Model;
use crate::exec::options::Options;
use crate::exec::request::{Narrowed, Request};
use crate::fetch;
use crate::settings::{DEFAULTS, OTHER_VARIABLES};

/// Shows all settings and where each comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval config                                  every setting, its value and its origin
  culture-eval config --suite default --timeout 600    also the limits of the suite's models, with this flag
  culture-eval config --defaults > culture-eval.toml   the commented defaults, to start from

The later wins: default, culture-eval.toml, environment, a suite's TOML, a model's TOML, flag.")]
pub(super) struct Args {
    /// Print the commented defaults, to start a culture-eval.toml from
    #[arg(long)]
    defaults: bool,
    /// Print the values (the default)
    #[arg(long, conflicts_with = "defaults")]
    show: bool,
    /// Also show the limits of each model of this suite
    #[arg(long, value_name = "SUITE", conflicts_with = "defaults")]
    suite: Option<String>,
    #[command(flatten)]
    flags: RunFlags,
}

impl Args {
    /// Settings that were typed as flags.
    pub(super) fn settings(&self) -> Table {
        self.flags.settings()
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    if args.defaults {
        output.text(DEFAULTS)?;
        return Ok(Outcome::Done);
    }
    let _ = args.show;
    let limited = args.suite.as_deref().map(|name| limited(name, context)).transpose()?;
    let mut settings = context.settings().clone();
    for mirror in &mut settings.mirror {
        *mirror = fetch::without_password(mirror);
    }
    let values = Table::try_from(settings)?;
    if output.json {
        for (name, value) in &values {
            let origin = context.resolved.origin(name);
            output.json(&json!({"setting": name, "value": value, "origin": origin}))?;
        }
        for (options, model) in
            limited.iter().flat_map(|(o, models)| models.iter().map(move |m| (o, m)))
        {
            output
                .json(&json!({"model": model.name, "limits": limits::as_json(model, options)}))?;
        }
        return Ok(Outcome::Done);
    }
    let rows = values.iter().map(|(name, value)| {
        vec![name.clone(), value.to_string(), context.resolved.origin(name).to_string()]
    });
    output.text(table(&["setting", "value", "origin"], rows))?;
    if let Some((options, models)) = &limited {
        output.text(format!("\n{}", limits::as_table(models.iter(), options)))?;
    }
    let others =
        OTHER_VARIABLES.iter().map(|(name, what)| vec![(*name).to_owned(), (*what).to_owned()]);
    output.text(format!("\n{}", table(&["other variable", "what it does"], others)))?;
    Ok(Outcome::Done)
}

/// The models of a suite and what decides their limits on this machine.
fn limited(suite: &str, context: &Context) -> anyhow::Result<(Options, Vec<Model>)> {
    let catalogue = context.catalogue()?;
    let suite = catalogue.suite(suite)?;
    let models = Request::new(suite, Narrowed::default(), catalogue, context.settings())?.models;
    Ok((Options::new(&context.resolved, suite, limits::here(context.settings())), models))
}
