//! `culture-eval stats plan`: how many examples and seeds find a difference; what differs may be taken from a run.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use super::Context;
use crate::compare::{Options, Outcome};
use crate::results::Run;
use crate::store::RunFolder;
use crate::text::format::percent;
use crate::text::table::{Cell, Table};

/// Inputs of the function `plan`, with what is known from a run if one is named (`run`, `benchmark`).
pub(super) fn inputs(
    mut given: Vec<(String, Value)>,
    context: &Context,
) -> Result<Vec<(String, Value)>> {
    let mut take = |name: &str| {
        let place = given.iter().position(|(key, _)| key == name)?;
        let value = given.remove(place).1;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let (run, benchmark) = (take("run"), take("benchmark"));
    let Some(run) = run else {
        if benchmark.is_some() {
            bail!("--benchmark names one of a run: give --run too");
        }
        return Ok(given);
    };
    let opened = Run::open(RunFolder::named(&context.settings().runs, &run))?;
    let wanted: Vec<String> = benchmark.into_iter().collect();
    // Variances need no resample.
    let options = Options { resamples: 100, ..Options::default() };
    let report = opened.compare(&[], &wanted, &options)?;
    let outcome = match report.benchmarks.as_slice() {
        [one] => one,
        [] => {
            bail!("run {run} compares no two models there: nothing is known of their differences")
        }
        several => bail!(
            "run {run} compares models on {} benchmarks and protocols: name one with --benchmark ({})",
            several.len(),
            several.iter().map(|o| &*o.benchmark).collect::<Vec<_>>().join(", ")
        ),
    };
    let found = components(outcome)
        .with_context(|| format!("no variance is known of {} in run {run}", outcome.benchmark))?;
    for (name, value) in found {
        if given.iter().all(|(key, _)| key != name) {
            given.push((name.to_owned(), json!(value)));
        }
    }
    Ok(given)
}

/// Medians over pairs and models of one comparison.
fn components(outcome: &Outcome) -> Option<Vec<(&'static str, f64)>> {
    let clusters = outcome.clusters as f64;
    let seeds = outcome.models.iter().map(|m| m.seeds.len()).max()?.max(1) as f64;
    let between = outcome.models.iter().filter_map(|m| m.variance.and_then(|v| v.seed_sd));
    let both = outcome
        .models
        .iter()
        .filter_map(|m| m.variance)
        .map(|v| v.seeds_by_examples * v.standard_error * v.standard_error * seeds * clusters);
    let interaction = median(both.collect()).unwrap_or(0.0);
    let over_clusters = outcome.pairs.iter().filter_map(|p| p.variance).map(|v| v.examples);
    let of_mean = median(over_clusters.collect())? * clusters;
    Some(vec![
        ("cluster_variance", (of_mean - 2.0 * interaction / seeds).max(0.0)),
        ("seed_variance", median(between.map(|sd| sd * sd).collect()).unwrap_or(0.0)),
        ("interaction_variance", interaction),
        ("examples_per_cluster", outcome.n as f64 / clusters),
        ("models", outcome.models.len() as f64),
    ])
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(values[middle - 1].midpoint(values[middle])),
    }
}

/// The answer of `plan` for the eye.
pub(super) fn text(input: &Map<String, Value>, answer: &Map<String, Value>) -> String {
    let number = |map: &Map<String, Value>, key: &str, default: f64| {
        map.get(key).and_then(Value::as_f64).unwrap_or(default)
    };
    let list = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let seed_variance = number(input, "seed_variance", 0.0);
    let rows = list("seeds").into_iter().zip(list("clusters")).zip(list("examples")).map(
        |((seeds, clusters), examples)| {
            let few = seeds.as_u64() == Some(1);
            let shown = |value: &Value| value.as_u64().map_or("-".to_owned(), |n| n.to_string());
            let about = match (few, clusters.is_null()) {
                (_, true) => "no number of examples is enough",
                (true, _) => "about the trained weights",
                _ => "about the training recipe",
            };
            vec![
                Cell::Number(shown(&seeds)),
                Cell::Number(shown(&clusters)),
                Cell::Number(shown(&examples)),
                about.into(),
            ]
        },
    );
    let table = Table::new(["seeds", "clusters", "examples", "the verdict is"]).with(rows);
    let unknown = if seed_variance == 0.0 {
        "\nNo variance between seeds is given: plans with several seeds leave it out (--seed-variance, or a --run with several seeds).\n"
    } else {
        ""
    };
    let pairs = number(answer, "pairs", 1.0);
    let family = if pairs > 1.0 {
        format!(
            "over {pairs} pairs (first step {:.4})",
            number(answer, "alpha_of_first_step", 0.05)
        )
    } else {
        "for one pair".to_owned()
    };
    format!(
        "A difference of {} points is found with {} % power at alpha {} {family} with\n\n{}\n\nVariances: clusters {:.6}, seeds {:.6} (sd {} points), seeds x clusters {:.6}.\n{unknown}",
        percent(number(input, "difference", 0.0)),
        percent(number(input, "power", 0.8)).trim_end_matches(".0"),
        number(input, "alpha", 0.05),
        table.indented(),
        number(input, "cluster_variance", 0.0),
        seed_variance,
        percent(seed_variance.sqrt()),
        number(input, "interaction_variance", 0.0),
    )
}
