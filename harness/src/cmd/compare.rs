//! `culture-eval compare`: which model of a run, or of files of scores, is better, and do we know it? Never calls a model.

use anyhow::{Context as _, bail};

use super::compare_files::{self, Files};
use super::{Context, Outcome, hinted};
use crate::compare::{Correction, Options, RESAMPLING_SEED, Report};
use crate::report::comparison;
use crate::results::Run;
use crate::settings::MOST_RESAMPLES;
use crate::store::{self, RunFolder};

/// Compares the models of a run, or files with a score for each item: tests, intervals, effect sizes
///
/// Only answers to the same examples by the same protocol are compared, paired by example; what is left out is listed
/// with the reason. The test follows from the metric, the number of models and whether examples are independent.
/// The whole comparison of a run is also written to its `comparison.json`.
///
/// Two or more files are compared by item, without a benchmark of ours: logs of lm-evaluation-harness (samples_*.jsonl), of
/// inspect_ai (.eval, .json), samples of Every Eval Ever (.jsonl), or tables with an id and a score a row (.csv, .tsv, .jsonl).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval compare                                     the run `default`: who leads, who differs
  culture-eval compare --all | less -S                     every pair, with all figures
  culture-eval compare mine --baseline majority            every model against one
  culture-eval compare mine --margin 2                     also: equivalent within 2 points?
  culture-eval compare mine --format latex > compare.tex   tables and paragraphs for a paper
  culture-eval compare a.jsonl b.jsonl                     do these two files of scores differ?
  culture-eval compare a.eval b.eval --metric match --cluster subject
  culture-eval compare mine --fail-if-worse released       for CI: exit 1 on a significant loss
  culture-eval compare mine --fail-if-worse released --non-inferior 2
                                                           for CI: exit 1 unless a loss of 2 points is ruled out

--fail-if-worse exits 1 when any compared model is significantly worse than BASELINE on any benchmark, after
correction at --alpha. A model that was not compared does not fail; it is listed. Exit 2 where BASELINE was compared
with no model at all. \"Not significant\" is never \"equal\": look at the detectable difference, or give --margin.
With --non-inferior the burden is reversed: exit 1 unless every compared model is shown to be worse than BASELINE by
less than that on every benchmark, if at all. Too few examples then fail instead of passing.")]
pub(super) struct Args {
    /// Name or folder of the run; or two or more files with a score for each item
    #[arg(default_value = "default", value_name = "RUN | FILE FILE…", hide_default_value = true)]
    what: Vec<String>,
    #[command(flatten)]
    files: Files,
    /// Only these models
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    models: Vec<String>,
    /// Only these benchmarks
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    benchmarks: Vec<String>,
    /// A test, instead of the one that fits: mcnemar-midp, mcnemar-exact, cochran-q, approximate-randomisation,
    /// studentised-permutation, cluster-sign-flip, cluster-bootstrap, paired-t, wilcoxon, wilcoxon-pratt
    #[arg(long, value_name = "NAME")]
    test: Option<String>,
    /// Level of the tests
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Level of the intervals of differences [default: 1 - alpha]; scores keep the leaderboard's 95 % interval
    #[arg(long, value_name = "LEVEL")]
    confidence: Option<f64>,
    /// Correction over the pairs of a benchmark
    #[arg(long, value_enum, default_value_t = Correction::Holm)]
    correction: Correction,
    /// Resamples of bootstraps and randomisation tests [default: the setting `resamples`]
    #[arg(long, value_name = "N")]
    resamples: Option<usize>,
    /// Compare all other models with this one only
    #[arg(long, value_name = "MODEL")]
    baseline: Option<String>,
    /// Test equivalence within so many points (hundredths of the score)
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// Test that no model is worse than the baseline by so many points (needs --baseline or --fail-if-worse)
    #[arg(long, value_name = "POINTS")]
    non_inferior: Option<f64>,
    /// Exit 1 when a model is significantly worse than this one (sets --baseline)
    #[arg(long, value_name = "BASELINE")]
    fail_if_worse: Option<String>,
    /// Print every pair with interval, effect size and detectable difference, the seeds and the notes
    #[arg(long)]
    all: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A format of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Tables for the eye
    Text,
    /// GitHub Markdown
    Md,
    /// Tables and paragraphs for a paper
    Latex,
    /// Everything
    Json,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let options = options(&args, context.settings().resamples)?;
    let report = match &args.what[..] {
        [run] => of_run(&args, run, &options, context)?,
        files => compare_files::report(files, &args.files, &options)?,
    };
    print(&report, &args, context)?;
    match &args.fail_if_worse {
        Some(baseline) => verdict(&report, baseline, &args, context),
        None => Ok(Outcome::Done),
    }
}

/// The comparison of a run, which is also written into it.
fn of_run(args: &Args, name: &str, options: &Options, context: &Context) -> anyhow::Result<Report> {
    compare_files::refuse_one_file(name, &args.files)?;
    let run = RunFolder::named(&context.settings().runs, name);
    let opened =
        Run::open(run.clone()).map_err(|error| or_name(args, (name, &run), error, context))?;
    let report = opened.compare(&args.models, &args.benchmarks, options)?;
    store::write_json(&run.path().join("comparison.json"), &report).with_context(|| {
        format!("failed to write {}", run.path().join("comparison.json").display())
    })?;
    Ok(report)
}

fn print(report: &Report, args: &Args, context: &Context) -> anyhow::Result<()> {
    let output = context.output;
    match args.format {
        Format::Text if !output.json && args.all => output.text(comparison::text(report))?,
        Format::Text if !output.json => output.text(comparison::answer(report, output.width()))?,
        Format::Md => output.text(comparison::markdown(report))?,
        Format::Latex => output.text(comparison::latex(report))?,
        Format::Text | Format::Json => output.json(report)?,
    }
    Ok(())
}

/// Whether no model is worse than the baseline.
fn verdict(
    report: &Report,
    baseline: &str,
    args: &Args,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let output = context.output;
    if !report.compares(baseline) {
        return Err(hinted(
            anyhow::anyhow!("--fail-if-worse {baseline}: it was compared with no model"),
            "the list of what was not compared gives the reason",
        ));
    }
    let worse = report.worse_than(baseline);
    for (benchmark, model) in &worse {
        output.warn(format!("{model} is significantly worse than {baseline} on {benchmark}"));
    }
    let open = match args.non_inferior {
        Some(_) => report.not_shown_non_inferior(baseline),
        None => Vec::new(),
    };
    for (benchmark, model) in &open {
        output
            .warn(format!("{model} is not shown to be non-inferior to {baseline} on {benchmark}"));
    }
    Ok(if worse.is_empty() && open.is_empty() { Outcome::Done } else { Outcome::No })
}

/// A name after a blank is read as the name of the run: `--models a b`.
fn or_name(
    args: &Args,
    (name, run): (&str, &RunFolder),
    error: anyhow::Error,
    context: &Context,
) -> anyhow::Error {
    let listed = args.models.len() + args.benchmarks.len() > 0;
    if run.manifest().exists() || !listed {
        return error;
    }
    let Ok(known) = context.catalogue() else { return error };
    if known.model(name).is_err() && known.benchmark(name).is_err() {
        return error;
    }
    let remedy = format!(
        "`{name}` was read as the name of the run: separate names by commas, `--models a,b`"
    );
    hinted(error, remedy)
}

fn options(args: &Args, resamples: usize) -> anyhow::Result<Options> {
    let resamples = args.resamples.unwrap_or(resamples);
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        bail!("--alpha is {}: give a number between 0 and 1", args.alpha);
    }
    if let Some(level) = args.confidence.filter(|c| !(*c > 0.0 && *c < 1.0)) {
        bail!("--confidence is {level}: give a number between 0 and 1, .95 for 95 %");
    }
    if !(100..=MOST_RESAMPLES).contains(&resamples) {
        bail!("--resamples is {resamples}: give 100 to {MOST_RESAMPLES}");
    }
    if let Some(margin) = args.margin.filter(|m| !(*m > 0.0 && *m <= 100.0)) {
        bail!("--margin is {margin}: give points above 0, at most 100");
    }
    if let Some(margin) = args.non_inferior {
        if !(margin > 0.0 && margin < 100.0) {
            bail!("--non-inferior is {margin}: give points above 0 and below 100");
        }
        if args.baseline.is_none() && args.fail_if_worse.is_none() {
            bail!(
                "--non-inferior needs a model to compare with: give --baseline or --fail-if-worse"
            );
        }
    }
    if let (Some(baseline), Some(fail)) = (&args.baseline, &args.fail_if_worse)
        && baseline != fail
    {
        bail!("--baseline {baseline} and --fail-if-worse {fail} name two models: give one");
    }
    Ok(Options {
        alpha: args.alpha,
        confidence: args.confidence.unwrap_or(1.0 - args.alpha),
        correction: args.correction,
        resamples,
        seed: RESAMPLING_SEED,
        test: args.test.clone(),
        baseline: args.baseline.clone().or_else(|| args.fail_if_worse.clone()),
        margin: args.margin.map(|m| m / 100.0),
        non_inferior: args.non_inferior.map(|m| m / 100.0),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
