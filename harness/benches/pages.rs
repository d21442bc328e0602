//! The pages of 50 models on 11 benchmarks, 5 seeds, 100,000 examples: how long they take to make and how big they are.
//! `cargo bench -p harness --bench pages -- FILE` also writes the page. Fails above 5 s or 20 MB.
//!
//! Answers, texts and scores are drawn by a linear congruential generator; the comparison is a real one of 400 examples a
//! benchmark, since its size does not depend on their number.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use harness::answer::Answer;
use harness::compare::{self, ComparedModel, Comparison, Correction, Options, Own, Part};
use harness::definition::dataset::{Metric, Status};
use harness::example::{Coded, Examples, Votes};
use harness::report::html::{Look, render};
use harness::results::manifest::Environment;
use harness::results::material::{Column, ExampleSet, Material, Ran};
use harness::results::summary::{self, Cell, Data, Detail, Outcome, Row, Summary};
use harness::score::{Score, Subset};

const MODELS: usize = 50;
const BENCHMARKS: usize = 11;
const SEEDS: usize = 5;
const EXAMPLES: usize = 100_000;
const CULTURES: usize = 20;
const SECONDS: f64 = 5.0;
const BYTES: usize = 20_000_000;

/// Knuth 1997, section 3.3.4, line 26.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

fn score(subset: Subset, value: f64) -> Score {
    Score {
        metric: "accuracy".to_owned(),
        subset,
        value,
        low: value - 0.021,
        high: value + 0.021,
        method: "cluster-bootstrap-percentile + 5 seeds".to_owned(),
        n: (EXAMPLES / BENCHMARKS) as u64,
        variants: SEEDS as u64,
        answered: (EXAMPLES / BENCHMARKS * SEEDS) as u64,
        unparsable: 0,
        missing: 0,
        clusters: 2000,
        majority: None,
        gap: None,
        among: None,
    }
}

fn summary(draw: &mut Draw) -> Summary {
    let model = |m: usize| format!("model-{m:02}");
    let benchmark = |b: usize| format!("benchmark-{b:02}");
    let (mut cells, mut scores) = (Vec::new(), Vec::new());
    for m in 0..MODELS {
        for b in 0..BENCHMARKS {
            let value = 0.5 + 0.005 * m as f64 + 0.001 * draw.below(100) as f64;
            cells.push(Cell {
                model: model(m),
                benchmark: benchmark(b),
                protocol: "trained".to_owned(),
                served: "classify".to_owned(),
                variant: "direct".to_owned(),
                seeds: (1..=SEEDS as u64).collect(),
                sample: false,
                outcome: Outcome::Score(score(Subset::All, value)),
            });
            for c in 0..CULTURES * 3 {
                let subset = Subset::Culture { name: format!("C{:02}", c % CULTURES) };
                let mut score = score(subset, value + 0.001 * draw.below(100) as f64 - 0.05);
                ["accuracy", "macro-f1", "weighted-f1"][c / CULTURES].clone_into(&mut score.metric);
                scores.push(Detail {
                    model: model(m),
                    benchmark: benchmark(b),
                    protocol: "trained".to_owned(),
                    variant: "direct".to_owned(),
                    sample: false,
                    score,
                });
            }
        }
    }
    Summary {
        format: 1,
        suite: "big".to_owned(),
        title: "A big run".to_owned(),
        sample: false,
        confidence: 0.95,
        signature: "made by benches/pages.rs".to_owned(),
        benchmarks: (0..BENCHMARKS)
            .map(|b| summary::Column {
                name: benchmark(b),
                title: format!("Benchmark {b}"),
                dataset: "big".to_owned(),
                metric: "accuracy".to_owned(),
                mean_over_cultures: Some(false),
                status: Status::Open,
                license: "none".to_owned(),
                data: Data::Official { sha256: vec!["0".repeat(64)] },
                notes: Vec::new(),
                warnings: Vec::new(),
                references: Vec::new(),
            })
            .collect(),
        models: (0..MODELS)
            .map(|m| Row {
                name: model(m),
                title: format!("Model {m}"),
                description: "A model that draws its answers.".to_owned(),
                contamination: Vec::new(),
                imported: Vec::new(),
            })
            .collect(),
        cells,
        scores,
        refusals: Vec::new(),
        references: Vec::new(),
        published: Vec::new(),
    }
}

fn field(b: usize, draw: &mut Draw) -> Comparison {
    let n = 400;
    Comparison {
        benchmark: format!("benchmark-{b:02}"),
        title: format!("Benchmark {b}"),
        protocol: "trained".to_owned(),
        metric: Metric::Accuracy.into(),
        mean_over_cultures: false,
        sample: false,
        data: vec!["0".repeat(64)],
        cultures: (0..CULTURES).map(|c| format!("C{c:02}")).collect(),
        parts: vec![Part {
            classes: 2,
            positive: 1,
            smoothing: 0.0,
            gold: vec![1; n],
            cultures: (0..n as u32).map(|i| i % CULTURES as u32).collect(),
            clusters: (0..n as u32).collect(),
        }],
        models: (0..MODELS)
            .map(|m| ComparedModel {
                name: format!("model-{m:02}"),
                seeds: vec![1],
                answers: vec![vec![
                    (0..n)
                        .map(|_| Answer::Label(u32::from(draw.below(100) < 50 + m / 2)))
                        .collect(),
                ]],
                values: Vec::new(),
                own: Own::default(),
            })
            .collect(),
    }
}

fn set(b: usize, draw: &mut Draw) -> ExampleSet {
    let n = EXAMPLES / BENCHMARKS;
    let words = [
        "people", "here", "say", "that", "the", "old", "custom", "of", "tea", "matters", "because",
        "guests", "come", "late", "and", "never",
    ];
    let texts: Vec<String> = (0..n)
        .map(|_| (0..18).map(|_| words[draw.below(words.len())]).collect::<Vec<_>>().join(" "))
        .collect();
    let ids: Vec<String> = (0..n).map(|i| format!("b{b}-{i}")).collect();
    let labels: Vec<u32> = (0..n).map(|_| draw.below(4) as u32).collect();
    let columns = (0..MODELS)
        .map(|m| {
            let drawn: Vec<Vec<Answer>> = (0..SEEDS)
                .map(|_| {
                    labels
                        .iter()
                        .map(|gold| {
                            let right = draw.below(100) < 50 + m / 2;
                            Answer::Label(if right { *gold } else { draw.below(4) as u32 })
                        })
                        .collect()
                })
                .collect();
            let (answers, right) = Column::sum_up(&drawn, &labels);
            Column {
                model: format!("model-{m:02}"),
                protocol: "trained".to_owned(),
                answers,
                right,
                of: SEEDS,
                confusion: vec![vec![n as u64; 6]; 4],
                calibration: None,
            }
        })
        .collect();
    ExampleSet {
        task: format!("benchmark-{b:02}"),
        protocols: vec!["trained".to_owned()],
        sample: false,
        labels: (0..4).map(|l| format!("label {l}")).collect(),
        examples: Arc::new(Examples {
            ids: ids.iter().map(String::as_str).collect(),
            texts: texts.iter().map(String::as_str).collect(),
            labels,
            cultures: Coded {
                names: (0..CULTURES).map(|c| format!("C{c:02}")).collect(),
                codes: (0..n as u32).map(|i| i % CULTURES as u32).collect(),
            },
            clusters: (0..n as u32).collect(),
            groups: BTreeMap::new(),
            items: Vec::new(),
            votes: Votes::default(),
        }),
        columns,
    }
}

fn options() -> Options {
    Options {
        alpha: 0.05,
        confidence: 0.95,
        correction: Correction::Holm,
        resamples: 1000,
        seed: 1,
        test: None,
        baseline: None,
        margin: None,
        non_inferior: None,
        version: "bench".to_owned(),
    }
}

#[expect(clippy::print_stdout, reason = "the figures are its product")]
fn main() -> ExitCode {
    let mut draw = Draw(1);
    let fields: Vec<Comparison> = (0..BENCHMARKS).map(|b| field(b, &mut draw)).collect();
    let columns: Vec<compare::Column> = (0..BENCHMARKS)
        .map(|b| compare::Column {
            benchmark: format!("benchmark-{b:02}"),
            task: Some(format!("benchmark-{b:02}")),
            cultures: Vec::new(),
            aggregate: Vec::new(),
        })
        .collect();
    let comparison =
        compare::compare(("big", "A big run"), &fields, &columns, Vec::new(), &options());
    let material = Material {
        summary: summary(&mut draw),
        comparison: comparison.map_err(|e| e.to_string()),
        models: Vec::new(),
        benchmarks: Vec::new(),
        datasets: Vec::new(),
        tasks: BTreeMap::new(),
        data: BTreeMap::new(),
        sets: (0..BENCHMARKS).map(|b| set(b, &mut draw)).collect(),
        without_examples: Vec::new(),
        cells: Vec::new(),
        explained: Vec::new(),
        ran: Ran {
            harness: "bench".to_owned(),
            seeds: (1..=SEEDS as u64).collect(),
            limit: 0,
            environment: Environment {
                os: String::new(),
                arch: String::new(),
                processor: String::new(),
                cores: 0,
                git: String::new(),
            },
            data: BTreeMap::new(),
            suite: "big".to_owned(),
        },
    };
    let start = Instant::now();
    let page = match render(&material, &Look::default(), false) {
        Ok(page) => page.html,
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{MODELS} models x {BENCHMARKS} benchmarks x {SEEDS} seeds, {EXAMPLES} examples: {seconds:.2} s, {:.1} MB",
        page.len() as f64 / 1e6
    );
    if let Some(path) = std::env::args()
        .skip(1)
        .find(|a| std::path::Path::new(a).extension().is_some_and(|e| e == "html"))
        && let Err(error) = fs_err::write(&path, &page)
    {
        println!("{error}");
        return ExitCode::FAILURE;
    }
    if seconds > SECONDS || page.len() > BYTES {
        println!("too slow or too big: {SECONDS} s and {BYTES} bytes are allowed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
