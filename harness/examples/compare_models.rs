//! Compares two models of a run without the command line.
//!
//! ```sh
//! cargo run -p harness --example compare_models -- runs/default majority tfidf-logreg
//! ```
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::Path;

use anyhow::{Context as _, bail};
use harness::compare::{Options, Verdict};
use harness::results::Run;
use harness::store::RunFolder;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first, second] = args.as_slice() else {
        bail!("give a run folder and the names of two models");
    };
    let run = Run::open(RunFolder::named(Path::new(""), folder))
        .with_context(|| format!("failed to open {folder}"))?;
    let models = [first.clone(), second.clone()];
    let comparison = run.compare(&models, &[], &Options::default())?;
    for benchmark in &comparison.benchmarks {
        for pair in &benchmark.pairs {
            let verdict = match pair.verdict {
                Verdict::ABetter => format!("{} is significantly better", pair.a),
                Verdict::BBetter => format!("{} is significantly better", pair.b),
                Verdict::Equivalent => "equivalent within the margin".to_owned(),
                Verdict::Undecided => "no significant difference".to_owned(),
            };
            println!(
                "{}: {} - {} = {:+.3}, corrected p {:.3}, n = {}: {verdict}",
                benchmark.title, pair.a, pair.b, pair.difference, pair.p_corrected, benchmark.n
            );
        }
    }
    for left_out in &comparison.not_compared {
        println!(
            "{}: {} was not compared: {}",
            left_out.benchmark, left_out.model, left_out.reason
        );
    }
    Ok(())
}
