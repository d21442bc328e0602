//! `culture-eval run --dry-run`: what would be run, what language models would be asked, and what is missing.

use serde_json::json;

use super::{Context, Outcome, limits, table};
use crate::definition::model::Model;
use crate::exec::estimate::{self, Asked};
use crate::exec::options::Options;
use crate::exec::plan::Plan;
use crate::exec::request::Request;
use crate::prepare::Meta;
use crate::store::record::CellSpec;

/// What a cell would ask a language model.
fn asked(cell: &CellSpec) -> Option<Asked> {
    let meta = Meta::beside(cell.data.path.as_ref()).ok()?;
    estimate::asked(cell, &meta)
}

/// A line for each language model: requests and tokens of all its cells.
fn all_asked(request: &Request, plan: &Plan) -> Vec<String> {
    let line = |model: &Model| {
        let cells = plan.cells.iter().filter(|cell| cell.model.name == model.name);
        let all: Vec<Asked> = cells.filter_map(asked).collect();
        let sum = |of: fn(&Asked) -> u64| all.iter().map(of).sum::<u64>();
        let [requests, prompts, replies] =
            [sum(|one| one.requests), sum(|one| one.prompt_tokens), sum(|one| one.reply_tokens)];
        (!all.is_empty()).then(|| {
            format!(
                "{}: {requests} requests, about {prompts} tokens of prompts (4 characters a token), at most {replies} of replies",
                model.name
            )
        })
    };
    request.models.iter().filter_map(line).collect()
}

/// Shows what would be run and what is missing.
pub(super) fn dry_run(
    request: &Request,
    plan: &Plan,
    options: &Options,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let output = context.output;
    if output.json {
        for cell in &plan.cells {
            let asked = asked(cell);
            output.json(&json!({
                "model": cell.model.name, "task": cell.task.name, "protocol": cell.protocol.name,
                "served": cell.served, "seed": cell.seed, "sample": cell.sample, "key": cell.key,
                "limits": limits::as_json(&cell.model, options), "asked": asked,
            }))?;
        }
        for missing in &plan.missing {
            output.json(missing)?;
        }
        return Ok(Outcome::Done);
    }
    let row = |cell: &CellSpec| {
        vec![
            cell.model.name.clone(),
            cell.task.name.clone(),
            cell.protocol.name.clone(),
            cell.served.name().to_owned(),
            cell.seed.to_string(),
            if cell.sample { "SAMPLE" } else { "official" }.to_owned(),
            asked(cell).map_or_else(|| "-".to_owned(), |asked| asked.requests.to_string()),
            asked(cell).map_or_else(|| "-".to_owned(), |asked| asked.prompt_tokens.to_string()),
        ]
    };
    let head = [
        "model",
        "task",
        "protocol",
        "served by",
        "seed",
        "data",
        "requests",
        "prompt tokens, about",
    ];
    output.text(table(&head, plan.cells.iter().map(row)))?;
    for missing in &plan.missing {
        let reason = &missing.reason;
        output.text(format!(
            "{} on {}: {}: {}",
            missing.model,
            missing.task,
            reason.kind.name(),
            reason.message
        ))?;
    }
    output.text(format!("\n{}", limits::as_table(request.models.iter(), options)))?;
    for line in all_asked(request, plan) {
        output.text(line)?;
    }
    output.text(format!("\n{} cells; nothing was run", plan.cells.len()))?;
    Ok(Outcome::Done)
}
