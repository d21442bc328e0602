//! The run: what it was made with, and how to make it again. No path of the machine is told.

use serde_json::{Value, json};

use super::plain;
use crate::results::material::Material;

/// Everything on the run page.
pub(super) fn provenance(material: &Material) -> Value {
    let ran = &material.ran;
    let summary = &material.summary;
    let seeds: Vec<String> = ran.seeds.iter().map(u64::to_string).collect();
    let names = |of: Vec<&str>| of.join(",");
    let limit = if ran.limit > 0 { format!(" --limit {}", ran.limit) } else { String::new() };
    let command = format!(
        "culture-eval run {} --seeds {} --models {} --benchmarks {}{limit}",
        plain(&ran.suite),
        seeds.join(","),
        plain(&names(summary.models.iter().map(|m| &*m.name).collect())),
        plain(&names(summary.benchmarks.iter().map(|b| &*b.name).collect()))
    );
    let environment = &ran.environment;
    json!({
        "harness": ran.harness,
        "page": env!("CARGO_PKG_VERSION"),
        "seeds": seeds,
        "limit": ran.limit,
        "commit": environment.git,
        "machine": [plain(&environment.os), plain(&environment.arch), plain(&environment.processor), environment.cores.to_string()],
        "data": ran.data,
        "command": command,
        "cells": material.cells.iter().map(|c| json!([
            plain(&c.model), plain(&c.task), c.protocol, c.seed, c.key, plain(&c.plugin),
            c.reason.as_ref().map(|r| format!("{}: {}", r.kind.name(), plain(&r.message))),
        ])).collect::<Vec<_>>(),
    })
}
