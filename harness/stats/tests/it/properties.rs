//! What must hold for all inputs: p in [0, 1], symmetry under swapping models, invariance under the order of examples,
//! intervals that shrink with n, the same answer on any number of threads; and the faults of peers as regressions.

use eval_stats::StatsError;
use eval_stats::bootstrap::{
    BootstrapMethod, BootstrapOptions, bootstrap, bootstrap_mean, cluster_bootstrap,
    cluster_bootstrap_mean, paired_bootstrap_accuracy,
};
use eval_stats::cells::{Cells, paired_bootstrap_metric};
use eval_stats::correction::{self, PartialConjunction};
use eval_stats::dist;
use eval_stats::friedman::{cochran_q, critical_difference, friedman, nemenyi, quade};
use eval_stats::interval::{agresti_coull, clopper_pearson, jeffreys, wilson};
use eval_stats::mcnemar::{
    Alternative, McnemarMethod, PairedTable, accuracy_difference, fisher_exact, mcnemar,
};
use eval_stats::metric::{Margins, Metric, MetricOptions};
use eval_stats::panel::{Panel, all_pairs};
use eval_stats::permutation::{PermutationMethod, permutation_mean, permutation_metric};
use eval_stats::ranking::{compact_letters, rank_correlation};
use eval_stats::rng::Stream;
use eval_stats::studentized::{nemenyi_critical_value, studentized_range_sf};
use eval_stats::ttest::{independent_effect, paired_t};
use eval_stats::wilcoxon::{WilcoxonMethod, WilcoxonOptions, ZeroMethod, wilcoxon};
use proptest::prelude::*;

const METHODS: [McnemarMethod; 4] = [
    McnemarMethod::Exact,
    McnemarMethod::MidP,
    McnemarMethod::Asymptotic,
    McnemarMethod::AsymptoticCc,
];

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

fn options(name: &str) -> BootstrapOptions {
    let mut options = BootstrapOptions::new(Stream::new(7, name));
    options.resamples = 300;
    options
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
        let (f, g) = (friedman(&scores, true).unwrap(), friedman(&reversed, true).unwrap());
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
            let x = paired_bootstrap_metric(&forward, metric, o, &options("x")).unwrap();
            let y = paired_bootstrap_metric(&backward, metric, o, &options("x")).unwrap();
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
        let letters = compact_letters(&scores, &differs, true).unwrap();
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

#[test]
fn the_number_of_threads_changes_nothing() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(i * i % 37) / 36.0).collect();
    let clusters: Vec<u32> = (0..400).map(|i| i / 5).collect();
    let rows: Vec<Vec<f64>> = (0..300_u32)
        .map(|i| (0..6).map(|m| f64::from((i * 7 + m * m) % 3 % 2)).collect())
        .collect();
    let all = || {
        let one = bootstrap(values.len(), &options("any"), |index| {
            let mut kept: Vec<f64> = index.iter().map(|i| values[*i as usize]).collect();
            kept.sort_by(f64::total_cmp);
            kept[kept.len() / 2]
        });
        let clustered = cluster_bootstrap(&clusters, &options("cl"), |index| {
            index.iter().map(|i| values[*i as usize]).sum::<f64>() / index.len() as f64
        });
        let pairs = all_pairs(&Panel::collapse(&rows).unwrap(), &options("pairs"));
        let mean = cluster_bootstrap_mean(&values, &clusters, &options("mean"));
        (one.unwrap(), clustered.unwrap(), pairs.unwrap(), mean.unwrap())
    };
    let on = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all)
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(2), on(5));
}

#[test]
fn bootstrap_paths_agree_with_the_generic_one() {
    let values: Vec<f64> = (0..60).map(|i| f64::from(i % 7)).collect();
    let clusters: Vec<u32> = (0..60).map(|i| i / 4).collect();
    let mean =
        |index: &[u32]| index.iter().map(|i| values[*i as usize]).sum::<f64>() / index.len() as f64;
    for method in [BootstrapMethod::Percentile, BootstrapMethod::Basic, BootstrapMethod::Bca] {
        let o = BootstrapOptions {
            resamples: 40_000,
            method,
            ..BootstrapOptions::new(Stream::new(5, "agree"))
        };
        for (fast, slow) in [
            (bootstrap_mean(&values, &o).unwrap(), bootstrap(values.len(), &o, mean).unwrap()),
            (
                cluster_bootstrap_mean(&values, &clusters, &o).unwrap(),
                cluster_bootstrap(&clusters, &o, mean).unwrap(),
            ),
        ] {
            assert!((fast.estimate - slow.estimate).abs() < 1e-12);
            assert!((fast.se / slow.se - 1.0).abs() < 0.03, "{} {}", fast.se, slow.se);
            assert!((fast.interval.low - slow.interval.low).abs() < 0.03);
            assert!((fast.interval.high - slow.interval.high).abs() < 0.03);
            assert_eq!(fast.acceleration.is_some(), method == BootstrapMethod::Bca);
            if let (Some(x), Some(y)) = (fast.acceleration, slow.acceleration) {
                assert!((x - y).abs() < 1e-9);
            }
        }
    }
}

/// sacreBLEU counts resamples strictly above the observed difference: type-I error .197 at n = 50 on accuracy. Equality is
/// a hit here, up to the rounding of sums of decimals.
#[test]
fn equal_resamples_are_hits() {
    let d = [0.1, 0.1, 0.1, -0.1, -0.1, 0.0];
    let mc = PermutationMethod::MonteCarlo { resamples: 999, stream: Stream::new(1, "ties") };
    assert_eq!(permutation_mean(&d, &mc, Alternative::TwoSided).unwrap().p_value, 1.0);
    assert_eq!(
        permutation_mean(&d, &PermutationMethod::Exact, Alternative::TwoSided).unwrap().p_value,
        1.0
    );
}

/// criterion and deepsig can print p = 0; (1 + hits) / (R + 1) cannot.
#[test]
fn resampled_p_is_never_zero() {
    let d = vec![1.0; 60];
    let mc = PermutationMethod::MonteCarlo { resamples: 99, stream: Stream::new(1, "zero") };
    assert_eq!(permutation_mean(&d, &mc, Alternative::TwoSided).unwrap().p_value, 0.01);
    let t = PairedTable { both_right: 10, only_a: 90, only_b: 0, both_wrong: 10 };
    let b = paired_bootstrap_accuracy(&t, &options("zero")).unwrap();
    assert!(b.p_shift > 0.0 && b.p_inversion > 0.0);
    let exact =
        permutation_mean(&vec![1.0; 2000], &PermutationMethod::Exact, Alternative::TwoSided)
            .unwrap();
    assert!(exact.p_value > 0.0);
}

/// deepsig resamples the two sides of a "paired" bootstrap apart: identical models must have no spread here.
#[test]
fn a_paired_bootstrap_of_a_model_with_itself_does_not_vary() {
    let gold: Vec<u16> = (0..50).map(|i| i % 3).collect();
    let pred: Vec<u16> = (0..50).map(|i| i * i % 3).collect();
    let cells = Cells::collapse(&gold, &[&pred, &pred], 3).unwrap();
    let b = paired_bootstrap_metric(
        &cells,
        Metric::MacroF1,
        MetricOptions::default(),
        &options("self"),
    )
    .unwrap();
    assert!(b.degenerate && b.p_shift == 1.0 && b.estimate == 0.0);
}

/// compare-mt resamples half of the sample: its intervals are sqrt 2 too wide. Ours match the textbook error.
#[test]
fn bootstrap_error_is_that_of_the_full_sample() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
    let o = BootstrapOptions { resamples: 20_000, ..BootstrapOptions::new(Stream::new(2, "full")) };
    let se = bootstrap_mean(&values, &o).unwrap().se;
    assert!((se / (0.25_f64 * 0.75 / 400.0).sqrt() - 1.0).abs() < 0.03);
}

/// deepsig sorts Holm's p-values wrongly: worked example of Holm 1979's procedure, out of order.
#[test]
fn holm_keeps_the_order_given() {
    let adjusted = correction::holm(&[0.04, 0.01, 0.03, 0.005]).unwrap();
    for (got, expected) in adjusted.iter().zip([0.06, 0.03, 0.06, 0.02]) {
        assert!((got - expected).abs() < 1e-12);
    }
}

/// autorank tests one-sided in the direction the data chose; scmamp halves p; statsmodels divides by b + c = 0.
#[test]
fn two_sided_means_two_sided() {
    let t = PairedTable { both_right: 0, only_a: 9, only_b: 1, both_wrong: 0 };
    let p = |a| mcnemar(&t, McnemarMethod::Exact, a).unwrap().p_value;
    assert!((p(Alternative::TwoSided) - 2.0 * p(Alternative::Greater)).abs() < 1e-15);
    assert!((p(Alternative::TwoSided) - 22.0 / 1024.0).abs() < 1e-15);
    let none = PairedTable { both_right: 5, ..PairedTable::default() };
    for method in METHODS {
        assert_eq!(mcnemar(&none, method, Alternative::TwoSided).unwrap().p_value, 1.0);
    }
    let balanced = PairedTable { only_a: 4, only_b: 4, ..none };
    for method in METHODS {
        assert_eq!(mcnemar(&balanced, method, Alternative::TwoSided).unwrap().p_value, 1.0);
    }
}

/// SciPy's and R's studentized range lose the far tail to 1 - cdf. At k = 2 the range is |Z1 - Z2| = sqrt 2 |Z|.
#[test]
fn studentized_range_keeps_its_far_tail() {
    for q in [1.0, 5.0, 12.0, 30.0] {
        let expected = 2.0 * dist::norm_sf(q / std::f64::consts::SQRT_2);
        let got = studentized_range_sf(q, 2, f64::INFINITY).unwrap();
        assert!((got / expected - 1.0).abs() < 1e-9);
        // k groups: at most k (k - 1) / 2 times a pair's tail, and close to it far out.
        let five = studentized_range_sf(q, 5, f64::INFINITY).unwrap();
        assert!(five <= 10.0 * expected * (1.0 + 1e-9));
        assert!(q < 12.0 || five >= 0.99 * 10.0 * expected);
    }
}

/// Demšar 2006, table 5a (his 2.343 and 2.949 are off in the last place), and the critical differences of 11 benchmarks.
#[test]
fn nemenyi_matches_the_published_table() {
    for (k, q05) in [
        (2, 1.960),
        (3, 2.343),
        (4, 2.569),
        (5, 2.728),
        (6, 2.850),
        (7, 2.949),
        (8, 3.031),
        (9, 3.102),
        (10, 3.164),
    ] {
        assert!((nemenyi_critical_value(k, 0.05).unwrap() - q05).abs() < 0.0011, "{k}");
    }
    for (k, cd) in [(2, 0.591), (3, 0.999), (5, 1.839), (10, 4.084), (12, 5.024)] {
        assert!((critical_difference(k, 11, 0.05).unwrap() - cd).abs() < 0.0006, "{k}");
    }
}

/// statrs' two-sided Fisher is wrong from counts of a few hundred; a balanced table has p = 1, and the tails agree.
#[test]
fn fisher_with_large_counts() {
    let p = |t, a| fisher_exact(t, a).unwrap().1;
    assert!((p([500, 500, 500, 500], Alternative::TwoSided) - 1.0).abs() < 1e-9);
    for t in [[300, 250, 280, 310], [5000, 5200, 5100, 4900], [3, 17, 12, 8]] {
        let mirrored = [t[1], t[0], t[3], t[2]];
        assert!(
            (p(t, Alternative::TwoSided) / p(mirrored, Alternative::TwoSided) - 1.0).abs() < 1e-9
        );
        assert!((p(t, Alternative::Greater) / p(mirrored, Alternative::Less) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let nan = [1.0, f64::NAN];
    assert!(matches!(
        paired_t(&nan, Alternative::TwoSided, 0.95),
        Err(StatsError::NotFinite { index: 1, .. })
    ));
    assert!(matches!(
        paired_t(&[1.0], Alternative::TwoSided, 0.95),
        Err(StatsError::TooFew { needed: 2, .. })
    ));
    assert!(matches!(
        paired_t(&[2.0, 2.0], Alternative::TwoSided, 0.95),
        Err(StatsError::Degenerate { .. })
    ));
    assert!(
        wilson(0, 0, 0.95).is_err() && wilson(3, 2, 0.95).is_err() && wilson(1, 2, 1.0).is_err()
    );
    assert!(friedman(&[vec![1.0, 2.0], vec![1.0]], true).is_err());
    assert!(bootstrap_mean(&[], &options("none")).is_err());
    assert!(mcnemar(&PairedTable::default(), McnemarMethod::Exact, Alternative::TwoSided).is_err());
    assert!(bootstrap(5, &options("nan"), |_| f64::NAN).is_err());
}

/// 10 of 10 has an interval of width above 0, and a bootstrap of it says that it is degenerate.
#[test]
fn ten_of_ten_is_not_certainty() {
    let i = wilson(10, 10, 0.95).unwrap();
    assert!(i.low < 0.75 && i.high == 1.0);
    assert!(bootstrap_mean(&[1.0; 10], &options("ten")).unwrap().degenerate);
}
