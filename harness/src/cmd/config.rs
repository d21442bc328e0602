//! `culture-eval config`: all settings and where each comes from.

use serde_json::json;

use super::{Context, Outcome, table};
use crate::fetch;
use crate::settings::{DEFAULTS, OTHER_VARIABLES};

/// Shows all settings and where each comes from
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the commented defaults, to start a culture-eval.toml from
    #[arg(long)]
    defaults: bool,
    /// Print the values (the default)
    #[arg(long, conflicts_with = "defaults")]
    show: bool,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    if args.defaults {
        output.text(DEFAULTS)?;
        return Ok(Outcome::Done);
    }
    let _ = args.show;
    let mut settings = context.settings().clone();
    for mirror in &mut settings.mirror {
        *mirror = fetch::without_password(mirror);
    }
    let values = toml::Table::try_from(settings)?;
    if output.json {
        for (name, value) in &values {
            output.json(&json!({"setting": name, "value": value, "origin": context.resolved.origins.get(name)}))?;
        }
        return Ok(Outcome::Done);
    }
    let rows = values.iter().map(|(name, value)| {
        vec![
            name.clone(),
            value.to_string(),
            context.resolved.origins.get(name).cloned().unwrap_or_default(),
        ]
    });
    output.text(table(&["setting", "value", "origin"], rows))?;
    let others =
        OTHER_VARIABLES.iter().map(|(name, what)| vec![(*name).to_owned(), (*what).to_owned()]);
    output.text(format!("\n{}", table(&["other variable", "what it does"], others)))?;
    Ok(Outcome::Done)
}
