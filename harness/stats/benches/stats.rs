//! Costs of the resampling routines: R = 10,000 unless said. `cargo bench -p eval-stats --features bench`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use eval_stats::bootstrap::{BootstrapOptions, bootstrap_mean, paired_bootstrap_accuracy};
use eval_stats::cells::{Cells, paired_bootstrap_metric};
use eval_stats::mcnemar::{Alternative, PairedTable};
use eval_stats::metric::{Metric, MetricOptions};
use eval_stats::panel::{Panel, all_pairs};
use eval_stats::permutation::{PermutationMethod, permutation_metric};
use eval_stats::rng::Stream;
use eval_stats::wilcoxon::{WilcoxonOptions, wilcoxon};
use rand_chacha::rand_core::Rng;

/// Gold labels of a skewed task and two models of 70 % accuracy.
fn labels(n: usize, classes: u16) -> [Vec<u16>; 3] {
    let mut rng = Stream::new(1, "bench").at(u64::from(classes));
    let mut uniform = move || (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
    let weights: Vec<f64> = (1..=classes).map(|c| f64::from(c).sqrt().recip()).collect();
    let total: f64 = weights.iter().sum();
    let label = |u: f64| {
        let mut left = u * total;
        weights.iter().position(|w| {
            left -= w;
            left < 0.0
        })
    };
    let any = move |u: f64| label(u).unwrap_or(0) as u16;
    let gold: Vec<u16> = (0..n).map(|_| any(uniform())).collect();
    let mut model = || {
        gold.iter().map(|g| if uniform() < 0.7 { *g } else { any(uniform()) }).collect::<Vec<u16>>()
    };
    let (a, b) = (model(), model());
    [gold, a, b]
}

fn options() -> BootstrapOptions {
    BootstrapOptions::new(Stream::new(1, "bench"))
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("stats");
    group.sample_size(10);
    let table = PairedTable {
        both_right: 6_000_000,
        only_a: 1_000_000,
        only_b: 900_000,
        both_wrong: 2_100_000,
    };
    group.bench_function("bootstrap accuracy n=1e7", |b| {
        b.iter(|| paired_bootstrap_accuracy(black_box(&table), &options()));
    });
    for (classes, n) in [(2, 10_000), (20, 10_000), (20, 100_000)] {
        let [gold, a, b] = labels(n, classes);
        let Ok(cells) = Cells::collapse(&gold, &[&a, &b], usize::from(classes)) else { continue };
        let metric = Metric::MacroF1;
        group.bench_function(format!("bootstrap macro-F1 k={classes} n={n}"), |b| {
            b.iter(|| {
                paired_bootstrap_metric(
                    black_box(&cells),
                    metric,
                    MetricOptions::default(),
                    &options(),
                )
            });
        });
        let method =
            PermutationMethod::MonteCarlo { resamples: 10_000, stream: Stream::new(1, "bench") };
        group.bench_function(format!("permutation macro-F1 k={classes} n={n}"), |b| {
            b.iter(|| {
                let options = MetricOptions::default();
                permutation_metric(
                    black_box(&cells),
                    metric,
                    options,
                    &method,
                    Alternative::TwoSided,
                )
            });
        });
    }
    let mut rng = Stream::new(2, "bench").at(0);
    let graded: Vec<f64> = (0..1000).map(|_| f64::from(rng.next_u32()) / 4e9 - 0.5).collect();
    group.bench_function("bootstrap mean n=1000", |b| {
        b.iter(|| bootstrap_mean(black_box(&graded), &options()));
    });
    group.bench_function("wilcoxon exact n=1000", |b| {
        b.iter(|| wilcoxon(black_box(&graded), &WilcoxonOptions::default()));
    });
    let rows: Vec<Vec<f64>> = (0..2000)
        .map(|_| (0..50).map(|m| f64::from(u8::from(rng.next_u32() % 100 < 50 + m))).collect())
        .collect();
    if let Ok(panel) = Panel::collapse(&rows) {
        group.bench_function("all pairs of 50 models n=2000", |b| {
            b.iter(|| all_pairs(black_box(&panel), &options()));
        });
    }
    group.finish();
}

criterion_group!(stats, benches);
criterion_main!(stats);
