//! `culture-eval score`: predictions made elsewhere against one benchmark, without a suite.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::{Context, Outcome, hinted, table};
use crate::definition::dataset::{Benchmark, Task};
use crate::definition::nearest;
use crate::example::Examples;
use crate::exec::bars::Board;
use crate::exec::data;
use crate::normalise::Rows;
use crate::prepare;
use crate::report::{interval, percent};
use crate::results::leaderboard;
use crate::score::{self, Answer, Evaluation, Questions, Subset};

/// Scores predictions made elsewhere, without a suite
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval score --benchmark emgsd --predictions mine.csv
  culture-eval score --benchmark crehate --predictions mine.jsonl --protocol zero-shot
  culture-eval score --benchmark emgsd --predictions out.parquet --key text --label predicted

The file has a row for each example, named by its id (`culture-eval prepare TASK` shows ids) or by its text.
An example without a row is counted as missing; a label that is none of the task's is unparsable.")]
pub(super) struct Args {
    /// The benchmark
    #[arg(long)]
    benchmark: String,
    /// The file: .csv, .tsv, .jsonl or .parquet
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// The protocol they were made by; the task's first where absent
    #[arg(long)]
    protocol: Option<String>,
    /// Column that names the example
    #[arg(long, default_value = "id")]
    key: String,
    /// Column with the predicted label
    #[arg(long, default_value = "label")]
    label: String,
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
    let answers = read(&args, &examples, &data.labels)?;
    let evaluation = evaluate(benchmark, task, &data.labels, &examples, &answers, context)?;
    print(&evaluation, benchmark, &protocol.name, data.sample, context)
}

fn evaluate(
    benchmark: &Benchmark,
    task: &Task,
    labels: &[String],
    examples: &Examples,
    answers: &[Answer],
    context: &Context,
) -> anyhow::Result<Evaluation> {
    let task = Task { labels: labels.to_vec(), ..task.clone() };
    let questions = Questions {
        labels,
        gold: &examples.labels,
        answers: &[answers],
        ranks: None,
        cultures: &examples.cultures,
        clusters: &examples.clusters,
        groups: &examples.groups,
    };
    Ok(score::evaluate(
        &questions,
        &leaderboard::rules(benchmark, &task, context.settings().resamples),
    )?)
}

/// One answer an example, in the evaluated order.
fn read(args: &Args, examples: &Examples, labels: &[String]) -> anyhow::Result<Vec<Answer>> {
    let path = args.predictions.as_path();
    let by_text = args.key == "text";
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for row in 0..examples.len() {
        let key = if by_text { examples.texts.get(row) } else { examples.ids.get(row) };
        places.entry(key).or_default().push(row);
    }
    let numbers: BTreeMap<&str, u32> =
        labels.iter().zip(0..).map(|(l, i)| (l.as_str(), i)).collect();
    let mut answers = vec![None; examples.len()];
    let (mut unknown, mut first_unknown) = (0_usize, None);
    let mut rows = open(path, &[args.key.clone(), args.label.clone()])?;
    let mut cells = vec![String::new(); 2];
    let mut read = 0;
    while rows.next(&mut cells)? {
        read += 1;
        let answer =
            numbers.get(cells[1].trim()).map_or(Answer::Unparsable, |label| Answer::Label(*label));
        let Some(known) = places.get(cells[0].as_str()) else {
            unknown += 1;
            first_unknown.get_or_insert_with(|| cells[0].clone());
            continue;
        };
        for &place in known {
            match answers[place].replace(answer) {
                Some(before) if before != answer => bail!(
                    "{}, row {}: `{}` was answered differently before; keep one row an example",
                    path.display(),
                    rows.row(),
                    cells[0]
                ),
                _ => {}
            }
        }
    }
    if read == 0 {
        bail!("{}: the file has no rows; there is nothing to score", path.display());
    }
    if let Some(first) = first_unknown {
        if unknown == read {
            let example = if by_text { examples.texts.get(0) } else { examples.ids.get(0) };
            return Err(hinted(
                anyhow::anyhow!(
                    "{}: no row names an example of the evaluated part; the first is `{first}`",
                    path.display()
                ),
                format!("the column `{}` should hold values such as `{example}`", args.key),
            ));
        }
        let mut err = std::io::stderr().lock();
        let _ = std::io::Write::write_fmt(
            &mut err,
            format_args!(
                "warning: {unknown} rows of {} name no example, the first `{first}`\n",
                path.display()
            ),
        );
    }
    Ok(answers.into_iter().map(|answer| answer.unwrap_or(Answer::Missing)).collect())
}

fn open(path: &Path, columns: &[String]) -> anyhow::Result<Rows<'static>> {
    let name = path.display().to_string();
    let file = fs::File::open(path).context("failed to open the predictions")?.into_file();
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    Ok(match ending.as_str() {
        "csv" => Rows::delimited(&name, b',', columns, file)?,
        "tsv" => Rows::delimited(&name, b'\t', columns, file)?,
        "jsonl" | "ndjson" => Rows::jsonl(&name, columns, file)?,
        "parquet" => Rows::parquet(&name, columns, file)?,
        other => bail!(
            "{name}: cannot read `.{other}`; predictions come as .csv, .tsv, .jsonl or .parquet"
        ),
    })
}

fn print(
    evaluation: &Evaluation,
    benchmark: &Benchmark,
    protocol: &str,
    sample: bool,
    context: &Context,
) -> anyhow::Result<Outcome> {
    if context.output.json {
        context.output.json(&serde_json::json!({
            "benchmark": benchmark.name, "protocol": protocol, "sample": sample,
            "scores": evaluation.scores, "refused": evaluation.refused,
        }))?;
    } else {
        let rows = evaluation.scores.iter().map(|s| {
            vec![
                s.metric.clone(),
                if s.subset == Subset::All { String::new() } else { s.subset.to_string() },
                percent(s.value),
                interval(s),
                s.n.to_string(),
                s.unparsable.to_string(),
                s.missing.to_string(),
            ]
        });
        let mark = if sample { " · SAMPLE" } else { "" };
        context.output.text(format!("{} · {protocol}{mark}", benchmark.title))?;
        context
            .output
            .text(table(&["metric", "on", "%", "95 %", "n", "unparsable", "missing"], rows))?;
        for refused in &evaluation.refused {
            context
                .output
                .note(format!("{} on {}: {}", refused.metric, refused.subset, refused.reason));
        }
    }
    Ok(if evaluation.primary().is_ok() { Outcome::Done } else { Outcome::No })
}
