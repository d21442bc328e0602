//! Tests at .05 reject a true null hypothesis in at most 5.5 % of simulations (where not: said in place).

use eval_stats::Direction;
use eval_stats::bootstrap::{BootstrapOptions, paired_bootstrap_accuracy};
use eval_stats::cells::Cells;
use eval_stats::cluster::paired_clustered_se;
use eval_stats::friedman::{cochran_q, friedman, friedman_permutation, quade};
use eval_stats::mcnemar::{Alternative, McnemarMethod, mcnemar, sign_test};
use eval_stats::metric::{Metric, MetricOptions};
use eval_stats::permutation::{
    PermutationMethod, cluster_permutation_mean, permutation_mean, permutation_metric,
};
use eval_stats::rng::{Generator, Stream};
use eval_stats::ttest::paired_t;
use eval_stats::wilcoxon::{WilcoxonOptions, ZeroMethod, wilcoxon};

use super::simulation::{Band, RATES, SIZES, normal, share, table, uniform};

#[test]
fn paired_tests_hold_their_level() {
    let mut band = Band::new(0.0, 0.055);
    for n in SIZES {
        for p in RATES {
            for method in [McnemarMethod::Exact, McnemarMethod::MidP] {
                let rejected = share(&format!("mcnemar {n} {p}"), 40_000, |rng, _| {
                    mcnemar(&table(rng, n, p, 0.3), method, Alternative::TwoSided).unwrap().p_value
                        <= 0.05
                });
                band.see(format!("mcnemar {method:?} n={n} p={p}"), rejected);
            }
            let rejected = share(&format!("sign {n} {p}"), 20_000, |rng, _| {
                let t = table(rng, n, p, 0.3);
                sign_test(t.only_a, t.only_b, Alternative::TwoSided).p_value <= 0.05
            });
            band.see(format!("sign n={n} p={p}"), rejected);
            let rejected = share(&format!("bootstrap shift {n} {p}"), 4000, |rng, r| {
                let mut options = BootstrapOptions::new(Stream::new(r, "inner"));
                options.resamples = 1000;
                paired_bootstrap_accuracy(&table(rng, n, p, 0.3), &options).unwrap().p_shift <= 0.05
            });
            // A bootstrap p-value is approximate at n = 30: shown, judged from n = 200.
            if n >= 200 {
                band.see(format!("bootstrap shift n={n} p={p}"), rejected);
            } else {
                println!("{rejected:.4}  bootstrap shift n={n} p={p} (not judged)");
            }
        }
    }
    band.close();
}

#[test]
fn graded_tests_hold_their_level() {
    let mut band = Band::new(0.0, 0.055);
    type Draw = fn(&mut Generator) -> f64;
    let draws: [(&str, Draw); 3] = [
        ("normal", normal),
        ("rounded", |rng| (2.0 * normal(rng)).round()),
        ("cauchy-like", |rng| normal(rng) / uniform(rng).max(0.05)),
    ];
    for n in [30_usize, 200] {
        for (name, draw) in draws {
            let sample = |rng: &mut Generator| (0..n).map(|_| draw(rng)).collect::<Vec<f64>>();
            let rejected = share(&format!("t {name} {n}"), 20_000, |rng, _| {
                paired_t(&sample(rng), Alternative::TwoSided, 0.95).unwrap().p_value <= 0.05
            });
            band.see(format!("t {name} n={n}"), rejected);
            // Without exact zeros the three methods are one.
            let zeros: &[ZeroMethod] = if name == "rounded" {
                &[ZeroMethod::Wilcox, ZeroMethod::Pratt, ZeroMethod::Zsplit]
            } else {
                &[ZeroMethod::Wilcox]
            };
            for zero_method in zeros {
                let options =
                    WilcoxonOptions { zero_method: *zero_method, ..WilcoxonOptions::default() };
                let rejected = share(&format!("w {name} {n}"), 10_000, |rng, _| {
                    wilcoxon(&sample(rng), &options).unwrap().p_value <= 0.05
                });
                band.see(format!("wilcoxon {zero_method:?} {name} n={n}"), rejected);
            }
            let rejected = share(&format!("perm {name} {n}"), 4000, |rng, r| {
                let method = PermutationMethod::MonteCarlo {
                    resamples: 999,
                    stream: Stream::new(r, "inner"),
                };
                permutation_mean(&sample(rng), &method, Alternative::TwoSided).unwrap().p_value
                    <= 0.05
            });
            band.see(format!("sign flips {name} n={n}"), rejected);
        }
    }
    band.close();
}

#[test]
fn clustered_tests_hold_their_level() {
    let mut band = Band::new(0.0, 0.055);
    for clusters in [10_u32, 40, 200] {
        let sample = |rng: &mut Generator| {
            let (mut d, mut id) = (Vec::new(), Vec::new());
            for cluster in 0..clusters {
                let common = normal(rng);
                for _ in 0..5 {
                    d.push(0.7 * common + normal(rng));
                    id.push(cluster);
                }
            }
            (d, id)
        };
        let rejected = share(&format!("cluster flips {clusters}"), 6000, |rng, r| {
            let (d, id) = sample(rng);
            let method =
                PermutationMethod::MonteCarlo { resamples: 999, stream: Stream::new(r, "inner") };
            cluster_permutation_mean(&d, &id, &method, Alternative::TwoSided).unwrap().p_value
                <= 0.05
        });
        band.see(format!("cluster sign flips G={clusters}"), rejected);
        let rejected = share(&format!("cluster t {clusters}"), 20_000, |rng, _| {
            let (d, id) = sample(rng);
            let zero = vec![0.0; d.len()];
            paired_clustered_se(&d, &zero, &id).unwrap().t.unwrap().1 <= 0.05
        });
        band.see(format!("clustered t G={clusters}"), rejected);
    }
    band.close();
}

#[test]
fn set_metric_randomisation_holds_its_level() {
    let mut band = Band::new(0.0, 0.055);
    for n in [50_usize, 200] {
        for metric in [Metric::MacroF1, Metric::MacroPrecision, Metric::Mcc, Metric::Accuracy] {
            let rejected = share(&format!("randomisation {n} {metric:?}"), 20_000, |rng, r| {
                let label = |rng: &mut Generator| (uniform(rng) * 4.0) as u16;
                let gold: Vec<u16> = (0..n).map(|_| label(rng)).collect();
                let answer =
                    |rng: &mut Generator, g: u16| if uniform(rng) < 0.6 { g } else { label(rng) };
                let a: Vec<u16> = gold.iter().map(|g| answer(rng, *g)).collect();
                let b: Vec<u16> = gold.iter().map(|g| answer(rng, *g)).collect();
                let cells = Cells::collapse(&gold, &[&a, &b], 4).unwrap();
                let method = PermutationMethod::MonteCarlo {
                    resamples: 999,
                    stream: Stream::new(r, "inner"),
                };
                let options = MetricOptions::default();
                permutation_metric(&cells, metric, options, &method, Alternative::TwoSided)
                    .unwrap()
                    .p_value
                    <= 0.05
            });
            band.see(format!("randomisation {metric:?} n={n}"), rejected);
        }
    }
    band.close();
}

#[test]
fn rank_tests_hold_their_level() {
    let mut band = Band::new(0.0, 0.055);
    for (n, k) in [(11_usize, 4_usize), (11, 10), (30, 5)] {
        let scores = |rng: &mut Generator| {
            (0..n).map(|_| (0..k).map(|_| normal(rng)).collect()).collect::<Vec<Vec<f64>>>()
        };
        let rejected = share(&format!("friedman {n} {k}"), 40_000, |rng, _| {
            friedman(&scores(rng), Direction::HigherIsBetter).unwrap().iman_davenport_p <= 0.05
        });
        // F approximates a discrete distribution: at 11 benchmarks and 4 models its level is .056 and no other (40,000
        // tables, standard error .0012), so `compare` takes the p by permutation, which is judged below.
        println!("{rejected:.4}  iman-davenport N={n} k={k} (judged to .058)");
        assert!(rejected <= 0.058, "iman-davenport N={n} k={k}: {rejected}");
        let rejected = share(&format!("friedman permutation {n} {k}"), 10_000, |rng, r| {
            friedman_permutation(&scores(rng), 999, &Stream::new(r, "inner")).unwrap() <= 0.05
        });
        band.see(format!("friedman permutation N={n} k={k}"), rejected);
        let rejected = share(&format!("chi2 {n} {k}"), 20_000, |rng, _| {
            friedman(&scores(rng), Direction::HigherIsBetter).unwrap().p_value <= 0.05
        });
        band.see(format!("friedman N={n} k={k}"), rejected);
        let rejected = share(&format!("quade {n} {k}"), 20_000, |rng, _| {
            quade(&scores(rng)).unwrap().p_value <= 0.05
        });
        band.see(format!("quade N={n} k={k}"), rejected);
    }
    for n in [50_usize, 500] {
        let rejected = share(&format!("cochran {n}"), 20_000, |rng, _| {
            let rows: Vec<Vec<bool>> = (0..n)
                .map(|_| {
                    let p = 0.3 + 0.6 * uniform(rng);
                    (0..4).map(|_| uniform(rng) < p).collect()
                })
                .collect();
            cochran_q(&rows).unwrap().p_value <= 0.05
        });
        band.see(format!("cochran q n={n}"), rejected);
    }
    band.close();
}
