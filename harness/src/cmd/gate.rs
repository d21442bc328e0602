//! `culture-eval gate`: may a new model replace an older one, by a written policy?

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use fs_err as fs;

use super::{Context, Outcome, hinted, table};
use crate::compare::{Correction, Options};
use crate::definition::policy::Policy;
use crate::report::junit;
use crate::results::Run;
use crate::results::gate::{self, Check, Gate, Verdict};
use crate::store::RunFolder;
use crate::text::format::{interval_of_points, points};

/// Judges a model of a run against another one by a policy: GO, NO-GO or NOT ENOUGH DATA
///
/// Every requirement is checked by the interval of the difference, candidate minus baseline: it is met where the whole
/// interval is on the right side of the margin, broken where it is on the wrong side, and else the data are not enough.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval gate policy.toml                                    the run `default`
  culture-eval gate policy.toml mine --candidate new --baseline released --junit gate.xml

A policy:
  candidate = \"new\"
  baseline = \"released\"
  alpha = 0.05
  [[require]]
  benchmark = \"crehate\"
  largest_drop = 1.5            # points; or largest_drop_percent, or equivalent_within
  cultures = [\"SG\", \"ZA\"]       # on each of these too,
  culture_drop = 5.0            # there with this margin

GO: every check is met, each at alpha. NO-GO: a check is broken, at alpha divided by the number of checks.
Exit codes: 0 GO, 1 NO-GO, 3 NOT ENOUGH DATA, 2 an error.")]
pub(super) struct Args {
    /// The policy
    #[arg(value_name = "POLICY.toml")]
    policy: PathBuf,
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// The model that is judged, instead of the policy's
    #[arg(long, value_name = "MODEL")]
    candidate: Option<String>,
    /// The model that it is compared with, instead of the policy's
    #[arg(long, value_name = "MODEL")]
    baseline: Option<String>,
    /// Also write the checks as JUnit XML: a broken one is a failure, an open one an error
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let name = args.policy.display().to_string();
    let text = fs::read_to_string(&args.policy)?;
    let policy = Policy::parse(&name, &text).map_err(|problem| anyhow!(problem))?;
    let model = |flag: &Option<String>, own: &Option<String>, what: &str| {
        flag.clone().or_else(|| own.clone()).ok_or_else(|| {
            let remedy = format!("write `{what} = \"MODEL\"` into it, or give --{what}");
            hinted(anyhow!("{name} names no {what}"), remedy)
        })
    };
    let candidate = model(&args.candidate, &policy.candidate, "candidate")?;
    let baseline = model(&args.baseline, &policy.baseline, "baseline")?;
    let run = Run::open(RunFolder::named(&context.settings().runs, &args.run))?;
    let benchmarks: Vec<String> = policy.require.iter().map(|r| r.benchmark.clone()).collect();
    let compared = |confidence: f64| {
        let options = Options {
            alpha: policy.alpha,
            confidence,
            correction: Correction::None,
            resamples: context.settings().resamples,
            baseline: Some(baseline.clone()),
            ..Options::default()
        };
        run.compare(std::slice::from_ref(&candidate), &benchmarks, &options)
    };
    let (met, broken) = gate::confidences(&policy);
    let found =
        gate::judge(&policy, (&candidate, &baseline), (&compared(met)?, &compared(broken)?));
    if let Some(path) = &args.junit {
        let xml = junit::gate(&found).context("failed to make the JUnit XML")?;
        fs::write(path, xml)?;
    }
    if context.output.json {
        context.output.json(&found)?;
    } else {
        context.output.text(told(&found))?;
    }
    Ok(match found.verdict {
        Verdict::Go => Outcome::Done,
        Verdict::NoGo => Outcome::No,
        Verdict::NotEnoughData => Outcome::Code(3),
    })
}

fn told(found: &Gate) -> String {
    let row = |check: &Check| -> Vec<String> {
        let ends = check.interval.map_or_else(String::new, |i| interval_of_points(i.low, i.high));
        let place = match &check.culture {
            Some(culture) => format!("{} on {culture}", check.benchmark),
            None => check.benchmark.clone(),
        };
        vec![
            check.verdict.title().to_owned(),
            place,
            check.protocol.clone(),
            check.difference.map_or_else(String::new, points),
            ends,
            check.allowed.clone(),
        ]
    };
    let head = ["verdict", "check", "protocol", "difference", "interval", "allowed"];
    let mut text = table(&head, found.checks.iter().map(row));
    for check in &found.checks {
        if let Some(reason) = &check.reason {
            let culture = check.culture.as_ref().map_or_else(String::new, |c| format!(" on {c}"));
            let _ = write!(text, "\n{}{culture}: {reason}", check.benchmark);
        }
    }
    let level = (1.0 - 2.0 * found.alpha) * 100.0;
    let Gate { candidate, baseline, alpha, .. } = found;
    let _ = write!(
        text,
        "\n{}: {candidate} against {baseline}. Differences in points with {level:.0} % intervals (one-sided level {alpha}).",
        found.verdict.title()
    );
    text
}
