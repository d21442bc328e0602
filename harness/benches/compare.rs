//! All pairs of 50 models on 11 benchmarks with 10,000 resamples, once: `cargo bench -p harness --bench compare`.
//!
//! Six benchmarks are accuracies of clustered examples, one a macro-F1, four an F1; each has 4,000 examples (or as many as
//! the first argument says) of ten cultures. Fails where it takes longer than the 30 seconds that are allowed on two cores.

use std::process::ExitCode;
use std::time::Instant;

use harness::answer::Answer;
use harness::compare::{
    Column, ComparedModel, Comparison, Correction, Options, Own, Part, compare,
};
use harness::definition::dataset::Metric;

const MODELS: u64 = 50;
const BENCHMARKS: usize = 11;
const ALLOWED: f64 = 30.0;

/// `true` in `share` of 100 cases, from a linear congruential generator (Knuth 1997, section 3.3.4, line 26).
fn coin(state: &mut u64, share: u64) -> bool {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % 100 < share
}

fn field(number: usize, n: u32, state: &mut u64) -> Comparison {
    let accuracy = number < 6;
    let models = (0..MODELS).map(|m| {
        let answers = (0..n).map(|_| Answer::Label(u32::from(coin(state, 50 + m / 2)))).collect();
        ComparedModel {
            name: format!("m{m}"),
            seeds: vec![1],
            answers: vec![vec![answers]],
            values: Vec::new(),
            own: Own::default(),
        }
    });
    let models = models.collect();
    Comparison {
        benchmark: format!("b{number}"),
        title: format!("B{number}"),
        protocol: "trained".to_owned(),
        metric: match number {
            0..6 => Metric::Accuracy.into(),
            6 => Metric::MacroF1.into(),
            _ => Metric::F1.into(),
        },
        mean_over_cultures: false,
        sample: false,
        data: vec!["hash".to_owned()],
        cultures: (0..10).map(|c| c.to_string()).collect(),
        parts: vec![Part {
            classes: 2,
            positive: 1,
            smoothing: 0.0,
            gold: (0..n).map(|i| u32::from(accuracy || i % 2 == 0)).collect(),
            cultures: (0..n).map(|i| i % 10).collect(),
            clusters: (0..n).map(|i| if accuracy { i / 5 } else { i }).collect(),
        }],
        models,
    }
}

#[expect(clippy::print_stdout, reason = "the figure is its product")]
fn main() -> ExitCode {
    let n = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(4_000);
    let mut state = 1;
    let fields: Vec<Comparison> = (0..BENCHMARKS).map(|b| field(b, n, &mut state)).collect();
    let columns: Vec<Column> = (fields.iter())
        .map(|f| Column {
            benchmark: f.benchmark.clone(),
            task: Some(f.benchmark.clone()),
            cultures: Vec::new(),
            aggregate: Vec::new(),
        })
        .collect();
    let options = Options {
        alpha: 0.05,
        confidence: 0.95,
        correction: Correction::Holm,
        resamples: 10_000,
        seed: 1,
        test: None,
        baseline: None,
        margin: None,
        non_inferior: None,
        version: "bench".to_owned(),
    };
    let start = Instant::now();
    let report = match compare(("bench", "bench"), &fields, &columns, Vec::new(), &options) {
        Ok(report) => report,
        Err(error) => {
            println!("compare failed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let pairs: usize = report.benchmarks.iter().map(|b| b.pairs.len()).sum();
    println!(
        "{pairs} pairs ({MODELS} models x {BENCHMARKS} benchmarks of {n} examples), 10,000 resamples, {} threads: {seconds:.1} s",
        rayon::current_num_threads()
    );
    if pairs == BENCHMARKS * 1225 && seconds < ALLOWED {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
