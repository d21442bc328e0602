//! What must hold for all inputs: p in [0, 1], symmetry under swapping models, invariance under the order of examples,
//! intervals that shrink with n.

use eval_stats::cells::{Cells, paired_bootstrap_metric};
use eval_stats::correction::{self, PartialConjunction};
use eval_stats::dist;
use eval_stats::friedman::{cochran_q, friedman, nemenyi, quade};
use eval_stats::interval::{agresti_coull, clopper_pearson, jeffreys, wilson};
use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, accuracy_difference, mcnemar};
use eval_stats::metric::{Margins, Metric, MetricOptions};
use eval_stats::permutation::{PermutationMethod, permutation_mean, permutation_metric};
use eval_stats::ranking::{compact_letters, rank_correlation};
use eval_stats::rng::Stream;
use eval_stats::ttest::{independent_effect, paired_t};
use eval_stats::wilcoxon::{WilcoxonMethod, WilcoxonOptions, ZeroMethod, wilcoxon};
use eval_stats::{Direction, StatsError};
use proptest::prelude::*;

use crate::support::{METHODS, resampled};

fn table() -> impl Strategy<Value = PairedTable> {
    (0_u64..300, 0_u64..60, 0_u64..60, 1_u64..300).prop_map(
        |(both_right, only_a, only_b, both_wrong)| PairedTable {
            both_right,
            only_a,
            only_b,
            both_wrong,
        },
    )
}

fn swapped(t: PairedTable) -> PairedTable {
    PairedTable { only_a: t.only_b, only_b: t.only_a, ..t }
}

fn differences() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-20_i32..20).prop_map(|v| f64::from(v) / 8.0), 2..40)
}

fn unit(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mcnemar_is_a_probability_and_symmetric(t in table()) {
        for method in METHODS {
            for (side, other) in [
                (Alternative::TwoSided, Alternative::TwoSided),
                (Alternative::Greater, Alternative::Less),
            ] {
                let p = mcnemar(&t, method, side).unwrap().p_value;
                let q = mcnemar(&swapped(t), method, other).unwrap().p_value;
                prop_assert!(unit(p) && close(p, q), "{method:?} {p} {q}");
            }
        }
        let [exact, mid] = [McnemarMethod::Exact, McnemarMethod::MidP]
            .map(|m| mcnemar(&t, m, Alternative::TwoSided).unwrap().p_value);
        prop_assert!(mid <= exact + 1e-12);
    }

    #[test]
    fn accuracy_difference_mirrors(t in table()) {
        let (d, e) = (accuracy_difference(&t, 0.95).unwrap(), accuracy_difference(&swapped(t), 0.95).unwrap());
        prop_assert!(close(d.difference, -e.difference) && close(d.se, e.se));
        for (i, j) in [(d.wald, e.wald), (d.agresti_min, e.agresti_min), (d.newcombe, e.newcombe)] {
            prop_assert!((i.low + j.high).abs() < 1e-12 && (i.high + j.low).abs() < 1e-12);
            prop_assert!(i.low <= i.high && i.low >= -1.0 && i.high <= 1.0);
        }
        prop_assert!(d.newcombe.contains(d.difference));
        if t.discordant() > 0 {
            let (low, high) = d.odds_ratio_interval;
            prop_assert!(low <= d.odds_ratio.unwrap() && d.odds_ratio.unwrap() <= high);
        }
    }

    #[test]
    fn proportion_intervals_hold_the_estimate_and_mirror(n in 1_u64..2000, share in 0.0_f64..=1.0) {
        let k = (share * n as f64).round() as u64;
        let p = k as f64 / n as f64;
        type Make = fn(u64, u64, f64) -> Result<eval_stats::Interval, StatsError>;
        for make in [wilson as Make, clopper_pearson, agresti_coull, jeffreys] {
            let (i, j) = (make(k, n, 0.95).unwrap(), make(n - k, n, 0.95).unwrap());
            prop_assert!((i.low + j.high - 1.0).abs() < 1e-9 && (i.high + j.low - 1.0).abs() < 1e-9);
            prop_assert!(i.low >= 0.0 && i.high <= 1.0 && i.low < i.high, "never of width 0: {i:?}");
            prop_assert!(i.low - 1e-12 <= p && p <= i.high + 1e-12 || (k == 0 || k == n));
            // Ten times the evidence, same share: narrower. More confidence: wider.
            prop_assert!(make(10 * k, 10 * n, 0.95).unwrap().width() < i.width());
            prop_assert!(make(k, n, 0.99).unwrap().width() > i.width());
        }
        prop_assert!(clopper_pearson(k, n, 0.95).unwrap().width() + 1e-12 >= wilson(k, n, 0.95).unwrap().width() * 0.9);
    }

    #[test]
    fn graded_tests_are_symmetric_and_blind_to_order(d in differences(), shuffle in any::<u64>()) {
        let mirrored: Vec<f64> = d.iter().map(|v| -v).collect();
        let mut order: Vec<usize> = (0..d.len()).collect();
        order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let moved: Vec<f64> = order.iter().map(|i| d[*i]).collect();
        for zero_method in [ZeroMethod::Wilcox, ZeroMethod::Pratt, ZeroMethod::Zsplit] {
            for method in [WilcoxonMethod::Exact, WilcoxonMethod::Asymptotic] {
                for (alternative, opposite) in [(Alternative::TwoSided, Alternative::TwoSided), (Alternative::Greater, Alternative::Less)] {
                    let o = WilcoxonOptions { zero_method, method, alternative, ..WilcoxonOptions::default() };
                    let w = wilcoxon(&d, &o).unwrap();
                    prop_assert!(unit(w.p_value) && w.p_value > 0.0);
                    prop_assert!(close(w.p_value, wilcoxon(&moved, &o).unwrap().p_value));
                    let m = wilcoxon(&mirrored, &WilcoxonOptions { alternative: opposite, ..o }).unwrap();
                    prop_assert!(close(w.p_value, m.p_value) && close(w.w_plus, m.w_minus));
                }
            }
        }
        let exact = |v: &[f64], a| permutation_mean(v, &PermutationMethod::Exact, a).unwrap().p_value;
        prop_assert!(close(exact(&d, Alternative::TwoSided), exact(&mirrored, Alternative::TwoSided)));
        prop_assert!(close(exact(&d, Alternative::Greater), exact(&mirrored, Alternative::Less)));
        prop_assert!(close(exact(&d, Alternative::Greater), exact(&moved, Alternative::Greater)));
        match (paired_t(&d, Alternative::TwoSided, 0.95), paired_t(&mirrored, Alternative::TwoSided, 0.95)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(unit(a.p_value) && close(a.p_value, b.p_value) && close(a.statistic, -b.statistic));
                prop_assert!(a.interval.contains(a.mean_difference));
            }
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }

    #[test]
    fn monte_carlo_is_near_exact_and_never_zero(d in prop::collection::vec(-9_i32..10, 3..14)) {
        let d: Vec<f64> = d.iter().map(|v| f64::from(*v) / 10.0).collect();
        let exact = permutation_mean(&d, &PermutationMethod::Exact, Alternative::TwoSided).unwrap();
        let mc = PermutationMethod::MonteCarlo { resamples: 2000, stream: Stream::new(3, "mc") };
        let mc = permutation_mean(&d, &mc, Alternative::TwoSided).unwrap();
        let se = (exact.p_value * (1.0 - exact.p_value) / 2000.0).sqrt();
        prop_assert!((mc.p_value - exact.p_value).abs() < 5.5 * se + 1e-3 && mc.p_value >= 1.0 / 2001.0);
    }

    #[test]
    fn corrections_are_ordered(p in prop::collection::vec(0.0_f64..=1.0, 1..25)) {
        let all = [
            correction::bonferroni(&p), correction::holm(&p), correction::hochberg(&p), correction::hommel(&p),
            correction::benjamini_hochberg(&p),
        ].map(Result::unwrap);
        for (i, raw) in p.iter().enumerate() {
            // From the most to the least cautious, and none below the raw p-value.
            for pair in all.windows(2) {
                prop_assert!(pair[1][i] <= pair[0][i] + 1e-12);
            }
            prop_assert!(all.iter().all(|a| unit(a[i]) && a[i] >= raw - 1e-12));
        }
        let by = correction::benjamini_yekutieli(&p).unwrap();
        prop_assert!(by.iter().zip(&all[4]).all(|(y, h)| y + 1e-12 >= *h));
        // Monotone: the order of p-values is kept.
        for a in &all {
            for i in 0..p.len() {
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || a[i] <= a[j] + 1e-12);
                }
            }
        }
        let k = correction::replicability_count(&p, 0.05, PartialConjunction::Bonferroni).unwrap();
        prop_assert!(k >= correction::replicated_benchmarks(&p, 0.05).unwrap().len());
    }

    #[test]
    fn rank_tests_are_blind_to_the_order_of_rows(rows in prop::collection::vec(prop::collection::vec(0_i32..6, 4), 3..12)) {
        let scores: Vec<Vec<f64>> = rows.iter().map(|r| r.iter().map(|v| f64::from(*v)).collect()).collect();
        let mut reversed = scores.clone();
        reversed.reverse();
        let (f, g) = (friedman(&scores, Direction::HigherIsBetter).unwrap(), friedman(&reversed, Direction::HigherIsBetter).unwrap());
        prop_assert!(close(f.chi2, g.chi2) && unit(f.p_value) && unit(f.iman_davenport_p) && unit(f.kendall_w));
        prop_assert!((f.mean_ranks.iter().sum::<f64>() - 10.0).abs() < 1e-9);
        prop_assert!(f.chi2 >= f.chi2_no_tie_correction - 1e-12);
        prop_assert!(nemenyi(&f).unwrap().iter().flatten().all(|p| unit(*p)));
        let (q, r) = (quade(&scores).unwrap(), quade(&reversed).unwrap());
        prop_assert!(unit(q.p_value) && close(q.p_value, r.p_value));
        let right: Vec<Vec<bool>> = rows.iter().map(|r| r.iter().map(|v| *v > 2).collect()).collect();
        prop_assert!(unit(cochran_q(&right).unwrap().p_value));
    }

    #[test]
    fn cells_bootstrap_and_randomisation_swap(labels in prop::collection::vec((0_u16..3, 0_u16..3, 0_u16..3), 4..40)) {
        let column = |f: fn(&(u16, u16, u16)) -> u16| labels.iter().map(f).collect::<Vec<u16>>();
        let (gold, a, b) = (column(|l| l.0), column(|l| l.1), column(|l| l.2));
        let (forward, backward) =
            (Cells::collapse(&gold, &[&a, &b], 3).unwrap(), Cells::collapse(&gold, &[&b, &a], 3).unwrap());
        let mc = PermutationMethod::MonteCarlo { resamples: 200, stream: Stream::new(1, "swap") };
        for metric in [Metric::MacroF1, Metric::Accuracy, Metric::Mcc, Metric::MacroPrecision] {
            let o = MetricOptions::default();
            let p = permutation_metric(&forward, metric, o, &mc, Alternative::TwoSided).unwrap();
            prop_assert!(unit(p.p_value) && p.p_value > 0.0);
            let x = paired_bootstrap_metric(&forward, metric, o, &resampled("x", 300)).unwrap();
            let y = paired_bootstrap_metric(&backward, metric, o, &resampled("x", 300)).unwrap();
            prop_assert!(close(x.estimate, -y.estimate) && close(p.observed, x.estimate));
            prop_assert!(unit(x.p_shift) && unit(x.p_inversion) && x.interval.low <= x.interval.high);
        }
    }

    #[test]
    fn label_metrics_stay_in_range(labels in prop::collection::vec((0_u16..4, 0_u16..4), 1..50)) {
        let (gold, pred): (Vec<u16>, Vec<u16>) = labels.into_iter().unzip();
        let margins = Margins::count(&gold, &pred, 4).unwrap();
        for metric in Metric::ALL {
            if let Some(v) = margins.value(metric, MetricOptions::default()) {
                let (low, high) = metric.range();
                prop_assert!((low - 1e-12..=high + 1e-12).contains(&v), "{metric:?} {v}");
            }
        }
    }

    #[test]
    fn effect_sizes_agree(a in prop::collection::vec(-50_i32..50, 1..30), b in prop::collection::vec(-50_i32..50, 1..30)) {
        let (a, b): (Vec<f64>, Vec<f64>) =
            (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
        let (e, f) = (independent_effect(&a, &b).unwrap(), independent_effect(&b, &a).unwrap());
        prop_assert!(close(e.cliffs_delta, -f.cliffs_delta) && close(e.a12, 0.5 * (e.cliffs_delta + 1.0)));
        if a.len() == b.len() && a.len() > 1 {
            let r = rank_correlation(&a, &b).unwrap();
            for v in [r.kendall_tau_b, r.spearman_rho].into_iter().flatten() {
                prop_assert!((-1.0..=1.0).contains(&v));
            }
        }
    }

    #[test]
    fn letters_say_exactly_what_differs(bits in prop::collection::vec(any::<bool>(), 21), scores in prop::collection::vec(0_i32..100, 7)) {
        let mut differs = vec![vec![false; 7]; 7];
        let mut bit = bits.into_iter();
        for (i, j) in (0..7).flat_map(|i| (i + 1..7).map(move |j| (i, j))) {
            differs[i][j] = bit.next().unwrap();
            differs[j][i] = differs[i][j];
        }
        let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
        let letters = compact_letters(&scores, &differs, Direction::HigherIsBetter).unwrap();
        for i in 0..7 {
            prop_assert!(!letters[i].is_empty());
            for j in 0..7 {
                let share = letters[i].chars().any(|l| letters[j].contains(l));
                prop_assert_eq!(share, i == j || !differs[i][j]);
            }
        }
    }

    #[test]
    fn distributions_add_to_one(x in -30.0_f64..30.0, df in 0.5_f64..1e7, a in 0.3_f64..500.0, b in 0.3_f64..500.0, p in 1e-9_f64..1.0) {
        prop_assert!((dist::t_sf(x, df) + dist::t_cdf(x, df) - 1.0).abs() < 1e-12);
        prop_assert!((dist::norm_sf(x) + dist::norm_cdf(x) - 1.0).abs() < 1e-12);
        let q = p.min(1.0 - 1e-9);
        prop_assert!((dist::norm_sf(dist::norm_isf(q).unwrap()) / q - 1.0).abs() < 1e-9);
        prop_assert!((dist::t_sf(dist::t_isf(q, df).unwrap(), df) / q - 1.0).abs() < 1e-8);
        let x = dist::beta_ppf(q, a, b).unwrap();
        prop_assert!((dist::beta_cdf(x, a, b).unwrap() - q).abs() < 1e-8);
    }
}
