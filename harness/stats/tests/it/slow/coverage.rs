//! Intervals of 95 % cover the truth in 93 to 97 % of simulations.

use eval_stats::bootstrap::{BootstrapOptions, cluster_bootstrap_mean};
use eval_stats::cluster::clustered_wilson;
use eval_stats::interval::wilson;
use eval_stats::mcnemar::newcombe;
use eval_stats::rng::Stream;

use super::simulation::{Band, RATES, SIZES, clustered_scores, share, table, uniform};

#[test]
fn wilson_covers() {
    let mut band = Band::new(0.93, 0.97);
    for n in SIZES {
        for p in RATES {
            let covered = share(&format!("wilson {n} {p}"), 40_000, |rng, _| {
                let k = (0..n).filter(|_| uniform(rng) < p).count() as u64;
                wilson(k, n, 0.95).unwrap().contains(p)
            });
            band.see(format!("wilson n={n} p={p}"), covered);
        }
    }
    band.close();
}

#[test]
fn clustered_wilson_covers() {
    let mut band = Band::new(0.93, 0.97);
    for n in SIZES {
        for p in RATES {
            for size in [2, 5] {
                for rho in [0.1, 0.3] {
                    let runs = if n == 2000 { 10_000 } else { 40_000 };
                    let covered =
                        share(&format!("cluster {n} {p} {size} {rho}"), runs, |rng, _| {
                            let (scores, clusters) = clustered_scores(rng, n, size, p, rho);
                            clustered_wilson(&scores, &clusters, 0.95).unwrap().contains(p)
                        });
                    band.see(
                        format!("clustered wilson n={n} p={p} size={size} rho={rho}"),
                        covered,
                    );
                }
            }
        }
    }
    band.close();
}

#[test]
fn cluster_bootstrap_covers_from_forty_clusters() {
    let mut band = Band::new(0.93, 0.97);
    for (n, p) in [(200, 0.5), (2000, 0.05), (2000, 0.5), (2000, 0.95)] {
        let covered = share(&format!("cluster bootstrap {n} {p}"), 2000, |rng, r| {
            let (scores, clusters) = clustered_scores(rng, n, 5, p, 0.3);
            let mut options = BootstrapOptions::new(Stream::new(r, "inner"));
            options.resamples = 1000;
            cluster_bootstrap_mean(&scores, &clusters, &options).unwrap().interval.contains(p)
        });
        band.see(format!("cluster bootstrap n={n} p={p}"), covered);
    }
    band.close();
}

#[test]
fn newcombe_covers() {
    // At n = 30 with p near 0 or 1 hardly a pair is discordant: the interval is wide by design.
    let mut band = Band::new(0.93, 0.97);
    for n in SIZES {
        for p in RATES {
            let covered = share(&format!("newcombe {n} {p}"), 20_000, |rng, _| {
                newcombe(&table(rng, n, p, 0.3), 0.95).unwrap().contains(0.0)
            });
            if n == 30 && p != 0.5 {
                println!("{covered:.4}  newcombe n={n} p={p} (not judged)");
                assert!(covered >= 0.93);
            } else {
                band.see(format!("newcombe n={n} p={p}"), covered);
            }
        }
    }
    band.close();
}
