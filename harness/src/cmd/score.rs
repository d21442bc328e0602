//! `culture-eval score`: predictions made elsewhere against one benchmark, without a suite.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::import::{pair, template};
use super::{Context, Outcome, hinted, table};
use crate::answer::Given;
use crate::definition::dataset::{Benchmark, Capability, Task};
use crate::definition::nearest;
use crate::example::Examples;
use crate::exec::bars::Board;
use crate::exec::data;
use crate::import::{self, Counts, Coverage, How, Joined, Log, Names, Rule};
use crate::normalise::Rows;
use crate::prepare;
use crate::report;
use crate::results::leaderboard;
use crate::score::kinds::{Measures, Way};
use crate::score::votes::Against;
use crate::score::{self, Answer, Evaluation, Questions, Subset};
use crate::text::template::Template;

/// Scores predictions made elsewhere, without a suite
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval score --benchmark emgsd --predictions mine.csv
  culture-eval score --benchmark crehate --predictions mine.jsonl --protocol zero-shot
  culture-eval score --benchmark emgsd --predictions out.parquet --id text --label predicted --map 1=stereotype --map 0=non-stereotype
  culture-eval score --benchmark crehate --predictions wide.csv --id '{ID}/{country}' --label '{country}_Hate' --map 1.0=hate --map 0.0=non-hate --map country:Singapore=SG

The file has a row for each example, named by its id (`culture-eval prepare TASK` shows ids) or by its text. A template
'{country}_Hate' reads several columns a row. An example without a row is counted as missing; a label that is none of the
task's is unparsable.")]
pub(super) struct Args {
    /// The benchmark
    #[arg(long)]
    benchmark: String,
    /// The file: .csv, .tsv, .jsonl or .parquet, or a log of lm-evaluation-harness or inspect_ai
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// The protocol they were made by; the task's first where absent
    #[arg(long)]
    protocol: Option<String>,
    /// Column that names the example, or a template: '{ID}/{country}'; `{row}` is the row's number from 0
    #[arg(long, alias = "key", default_value = "id", value_name = "COLUMN")]
    id: String,
    /// Column with the example's text, where ids are not known
    #[arg(long, default_value = "text", value_name = "COLUMN")]
    text: String,
    /// Column with the example's culture, where several examples share a text
    #[arg(long, value_name = "COLUMN")]
    culture: Option<String>,
    /// Column with the predicted label, or a template of several: '{country}_Hate'
    #[arg(long, default_value = "label", value_name = "COLUMN")]
    label: String,
    /// What a value means (repeatable): --map 1=hate; of a column: --map country:Singapore=SG
    #[arg(long, value_name = "VALUE=LABEL", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Score fewer than nine in ten examples; the others count as missing, which is wrong
    #[arg(long)]
    partial: bool,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let benchmark = catalogue.benchmark(&args.benchmark)?;
    let Some(task) = &benchmark.task else {
        bail!(
            "`{}` is the mean of {}; score those",
            benchmark.name,
            benchmark.aggregate.join(", ")
        );
    };
    let (_, task) = catalogue.task(task)?;
    let protocol = match &args.protocol {
        None => task
            .protocols
            .first()
            .with_context(|| format!("task `{}` has no protocol", task.name))?,
        Some(name) => {
            let names = || task.protocols.iter().map(|p| p.name.as_str());
            task.protocols.iter().find(|p| p.name == *name).ok_or_else(|| {
                let meant = nearest(name, names())
                    .map(|n| format!("did you mean `{n}`? "))
                    .unwrap_or_default();
                let all = names().collect::<Vec<_>>().join(", ");
                hinted(
                    anyhow::anyhow!("task `{}` has no protocol `{name}`", task.name),
                    format!("{meant}it has {all}"),
                )
            })?
        }
    };
    let board = Board::new(context.output.progress());
    let mut tasks =
        data::obtain(catalogue, std::slice::from_ref(benchmark), context.settings(), &board)?;
    let data = match tasks.remove(&task.name) {
        Some(Ok(data)) => data,
        Some(Err(reason)) => bail!("{}", reason.message),
        None => bail!("task `{}` was not prepared", task.name),
    };
    let examples = prepare::load(data.file.path.as_ref(), &protocol.eval, &data.labels)?;
    let joined = read(&args, &examples, &data.labels)?;
    if let Some(first) = &joined.first_unmatched {
        let n = joined.counts.unmatched;
        let file = args.predictions.display();
        context.output.warn(format!("{n} rows of {file} name no example, the first is {first}"));
    }
    let mut given = vec![vec![Given::MISSING; examples.len()]; joined.variants.len()];
    for row in &joined.rows {
        let text = row.text.clone().unwrap_or_default();
        given[row.variant][row.example] = Given { answer: row.answer, scores: Vec::new(), text };
    }
    let evaluation = evaluate(benchmark, task, &data.labels, &examples, &given, context)?;
    print(&evaluation, benchmark, &protocol.name, data.sample, &joined.counts, context)
}

fn evaluate(
    benchmark: &Benchmark,
    task: &Task,
    labels: &[String],
    examples: &Examples,
    given: &[Vec<Given>],
    context: &Context,
) -> anyhow::Result<Evaluation> {
    let answers: Vec<Vec<Answer>> =
        given.iter().map(|column| column.iter().map(|one| one.answer).collect()).collect();
    let columns: Vec<&[Answer]> = answers.iter().map(Vec::as_slice).collect();
    let none = vec![None; columns.len()];
    let task = Task { labels: labels.to_vec(), ..task.clone() };
    // At which place an option was shown is not known here.
    let measures = Measures::of(&task, 0);
    let way = Way { served: Capability::Choose };
    let terms: Vec<Vec<f64>> = (given.iter())
        .filter(|_| !measures.is_empty())
        .map(|column| measures.column(examples, column, way, |_, _| None))
        .collect();
    let terms: Vec<&[f64]> = terms.iter().map(Vec::as_slice).collect();
    let questions = Questions {
        labels,
        gold: &examples.labels,
        answers: &columns,
        ranks: None,
        cultures: &examples.cultures,
        clusters: &examples.clusters,
        groups: &examples.groups,
        against: Some(Against { votes: &examples.votes, probabilities: &none }),
        terms: &measures.measures,
        term_columns: &terms,
    };
    Ok(score::evaluate(
        &questions,
        &leaderboard::rules(benchmark, &task, context.settings().resamples),
    )?)
}

/// The answers in the evaluated order.
fn read(args: &Args, examples: &Examples, labels: &[String]) -> anyhow::Result<Joined> {
    let names = Names {
        id: template("--id", &args.id)?,
        text: template("--text", &args.text)?,
        culture: args.culture.as_deref().map(|c| template("--culture", c)).transpose()?,
        text_is_sure: false,
    };
    let mut log = open(args, &names)?;
    let map = import::rename(&mut log.rows, &args.map);
    let rule = Rule::names(labels, &map).context("failed to read --map")?;
    let coverage = if args.partial { Coverage::Partial } else { Coverage::Most };
    import::join(&log.rows, examples, &names, &rule, coverage).map_err(|e| {
        let labels = labels.join(", ");
        hinted(e, format!("labels are {labels}; --map says what a value means, --label which column has it, --id and --text which column names the example"))
    })
}

fn open(args: &Args, names: &Names) -> anyhow::Result<Log> {
    let path = args.predictions.as_path();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let how = How { filter: None, scorer: None, label: args.label.clone(), known: Vec::new() };
    let file = fs::File::open(path).context("failed to open the predictions")?.into_file();
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if ending != "parquet" {
        return Ok(import::read(&name, file, &how)?);
    }
    let there = Rows::parquet_columns(&name, file.try_clone()?)?;
    let asked = [Some(&names.id), Some(&names.text), names.culture.as_ref()];
    let asked = asked.into_iter().flatten().flat_map(Template::names);
    let mut columns: Vec<String> = asked.map(str::to_owned).filter(|c| there.contains(c)).collect();
    let answers = there.iter().filter(|c| args.label.contains('{') || **c == args.label);
    columns.extend(answers.cloned());
    columns.sort();
    columns.dedup();
    let rows = Rows::parquet(&name, &columns, file)?;
    Ok(import::read_table(&name, rows, &columns, &how)?)
}

fn print(
    evaluation: &Evaluation,
    benchmark: &Benchmark,
    protocol: &str,
    sample: bool,
    counts: &Counts,
    context: &Context,
) -> anyhow::Result<Outcome> {
    if context.output.json {
        context.output.json(&serde_json::json!({
            "benchmark": benchmark.name, "protocol": protocol, "sample": sample,
            "counts": counts, "scores": evaluation.scores, "refused": evaluation.refused,
        }))?;
    } else {
        let rows = evaluation.scores.iter().map(|s| {
            vec![
                s.metric.clone(),
                if s.subset == Subset::All { String::new() } else { s.subset.to_string() },
                report::figure(&s.metric, s.value),
                report::interval_of(s),
                s.n.to_string(),
                s.unparsable.to_string(),
                s.missing.to_string(),
            ]
        });
        let mark = if sample { " · SAMPLE" } else { "" };
        context.output.text(format!("{} · {protocol}{mark}", benchmark.title))?;
        context
            .output
            .text(table(&["metric", "on", "score", "95 %", "n", "unparsable", "missing"], rows))?;
        for refused in &evaluation.refused {
            context
                .output
                .note(format!("{} on {}: {}", refused.metric, refused.subset, refused.reason));
        }
    }
    Ok(if evaluation.primary().is_ok() { Outcome::Done } else { Outcome::No })
}
