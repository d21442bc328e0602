//! What is read off resamples, rankings, label metrics, and the choice of a test.

use eval_stats::bootstrap::{BootstrapMethod, BootstrapOptions, summarise};
use eval_stats::choose::{MetricKind, Situation, Test, choose_test};
use eval_stats::metric::{Margins, Metric, MetricOptions};
use eval_stats::panel::{Panel, RankTies, all_pairs, bootstrap_ranks};

use crate::support::{resampled, same, within};

/// Two models: A alone right on 12 of 20 examples, B alone on 6.
fn rows() -> Vec<Vec<f64>> {
    [vec![vec![1.0, 0.0]; 12], vec![vec![0.0, 1.0]; 6], vec![vec![1.0, 1.0]; 2]].concat()
}

/// All resamples enumerated with `scipy.stats.multinomial`: A is ahead in .91052 of them, level in .03265, behind in
/// .05683.
#[test]
fn bootstrap_ranks_has_the_probabilities_of_the_multinomial() {
    let panel = Panel::collapse(&rows()).unwrap();
    let options = resampled("ranks", 40_000);
    let r = bootstrap_ranks(&panel, RankTies::Min, &options).unwrap();
    assert_eq!(r.ranks, [1.0, 2.0]);
    within(r.p_rank1[0], 0.910_520 + 0.032_647, 0.006);
    within(r.p_rank1[1], 0.056_833 + 0.032_647, 0.006);
    within(r.p_same_order, 0.910_520, 0.006);
    // Mean tau-b over the resamples in which the models differ.
    within(r.stability.unwrap(), (0.910_520 - 0.056_833) / (0.910_520 + 0.056_833), 0.012);
    // A is second in 5.7 %: inside the interval of 95 % or 90 %, each with half of its error above, outside that of 86 %.
    for (confidence, high) in [(0.95, 2.0), (0.9, 2.0), (0.86, 1.0)] {
        let options = BootstrapOptions { confidence, ..options.clone() };
        let r = bootstrap_ranks(&panel, RankTies::Min, &options).unwrap();
        assert_eq!((r.rank_low[0], r.rank_high[0]), (1.0, high), "{confidence}");
    }
    // Models that are level share rank 2 or 1.5: neither is first.
    for ties in [RankTies::Max, RankTies::Average] {
        let shared = bootstrap_ranks(&panel, ties, &options).unwrap();
        within(shared.p_rank1[0], 0.910_520, 0.006);
    }
}

/// Each example three times, as a cluster: the errors are those of the distinct examples.
#[test]
fn a_panel_of_clusters_resamples_clusters() {
    let plain = all_pairs(&Panel::collapse(&rows()).unwrap(), &resampled("panel", 40_000)).unwrap();
    let copies: Vec<Vec<f64>> =
        rows().into_iter().flat_map(|row| std::iter::repeat_n(row, 3)).collect();
    let clusters: Vec<u32> = (0..60).map(|i| i / 3).collect();
    let panel = Panel::collapse_clusters(&copies, &clusters).unwrap();
    let clustered = all_pairs(&panel, &resampled("panel", 40_000)).unwrap();
    same(clustered[0].bootstrap.estimate, 0.3);
    // Variance of the differences +1, -1, 0: (18 - 36 / 20) / 20, over 20.
    let se = (16.2_f64 / 400.0).sqrt();
    within(plain[0].bootstrap.se / se, 1.0, 0.02);
    within(clustered[0].bootstrap.se / se, 1.0, 0.02);
    // Clusters of 1, 2, ..., 6 examples: a resample has more examples or fewer, the difference of all of them stays 1.
    let always = vec![vec![1.0, 0.0]; 21];
    let sizes: Vec<u32> =
        (1..=6).flat_map(|size| std::iter::repeat_n(size, size as usize)).collect();
    let panel = Panel::collapse_clusters(&always, &sizes).unwrap();
    let pair = &all_pairs(&panel, &resampled("sizes", 200)).unwrap()[0].bootstrap;
    assert!(pair.degenerate && pair.interval.low == 1.0 && pair.interval.high == 1.0);
}

/// Ten examples of three classes; kappa and MCC in NumPy, the rest by hand from hits 2, 3, 2.
#[test]
fn label_metrics_are_those_of_the_confusion_matrix() {
    let gold = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
    let pred = [0, 0, 1, 1, 1, 2, 1, 2, 0, 2];
    let margins = Margins::count(&gold, &pred, 3).unwrap();
    let value = |metric| margins.value(metric, MetricOptions::default()).unwrap();
    same(value(Metric::Accuracy), 0.7);
    same(value(Metric::CohenKappa), 6.0 / 11.0);
    same(value(Metric::Mcc), 6.0 / 11.0);
    same(value(Metric::MacroF1), (2.0 / 3.0 + 3.0 / 4.0 + 2.0 / 3.0) / 3.0);
    same(value(Metric::WeightedF1), 0.7);
    // F1 of class 1, the positive one by default.
    same(value(Metric::F1), 0.75);
    // A class that is neither gold nor predicted counts as 0, unless only classes that occur are averaged.
    let four = Margins::count(&gold, &pred, 4).unwrap();
    let all = four.value(Metric::MacroF1, MetricOptions::default()).unwrap();
    same(all, value(Metric::MacroF1) * 0.75);
    let present = MetricOptions { present_only: true, ..MetricOptions::default() };
    same(four.value(Metric::MacroF1, present).unwrap(), value(Metric::MacroF1));
}

/// The situations of Dror et al. 2018 and Demšar 2006.
#[test]
fn each_situation_has_its_test() {
    let within_task = Situation {
        metric: MetricKind::Accuracy,
        models: 2,
        benchmarks: 1,
        examples: 500,
        clustered: false,
        several_seeds: false,
        zero_share: 0.0,
        against_baseline: false,
    };
    let graded = Situation { metric: MetricKind::Graded, ..within_task };
    let set = Situation { metric: MetricKind::Set, ..within_task };
    let over = Situation { benchmarks: 11, ..within_task };
    for (situation, test, correction) in [
        (within_task, Test::McnemarMidP, "none"),
        (Situation { models: 4, ..within_task }, Test::CochranQ, "holm"),
        (Situation { clustered: true, ..within_task }, Test::ClusterSignFlip, "none"),
        (Situation { several_seeds: true, clustered: true, ..set }, Test::MixedT, "none"),
        (set, Test::ApproximateRandomisation, "none"),
        (Situation { clustered: true, ..set }, Test::ClusterBootstrap, "none"),
        (graded, Test::PairedT, "none"),
        (Situation { examples: 29, ..graded }, Test::WilcoxonExact, "none"),
        (Situation { zero_share: 0.5, ..graded }, Test::WilcoxonPratt, "none"),
        (over, Test::WilcoxonExact, "none"),
        (Situation { models: 4, ..over }, Test::Friedman, "holm"),
        (
            Situation { models: 4, against_baseline: true, ..over },
            Test::FriedmanAgainstControl,
            "holm",
        ),
    ] {
        let choice = choose_test(&situation);
        assert_eq!((choice.test, choice.correction), (test, correction), "{situation:?}");
        assert_eq!(Test::parse(choice.test.name()), Some(choice.test));
    }
    // 2^(1 - 5): no signed-rank test over five benchmarks reaches .05.
    let few = choose_test(&Situation { benchmarks: 5, ..over });
    assert!(few.warnings[0].contains("0.0625"), "{:?}", few.warnings);
    // Holm over 55 pairs on 11 benchmarks: 55 / 1,024 = .0537; over 45 pairs .0439. Against a baseline no signed ranks are used.
    let warns = |models, against_baseline| {
        let choice = choose_test(&Situation { models, against_baseline, ..over });
        choice.warnings.iter().any(|w| w.contains("no pair can reach"))
    };
    assert!(warns(11, false) && !warns(10, false) && !warns(11, true));
}

/// Eleven resamples 0, 1, ..., 10 of an estimate of 4. BCa's ends by `scipy.stats.norm` and `numpy.quantile`.
#[test]
fn intervals_and_p_values_are_read_off_the_resamples() {
    let of = |method, acceleration| {
        let options = BootstrapOptions { confidence: 0.8, method, ..resampled("given", 11) };
        summarise(4.0, (0..=10).map(f64::from).collect(), &options, || acceleration).unwrap()
    };
    let ends = |method, acceleration| {
        let interval = of(method, acceleration).interval;
        (interval.low, interval.high)
    };
    for (method, acceleration, low, high) in [
        (BootstrapMethod::Percentile, 0.0, 1.0, 9.0),
        (BootstrapMethod::Basic, 0.0, -1.0, 7.0),
        (BootstrapMethod::Bca, 0.0, 0.408_137_686_437_066_67, 7.943_998_886_637_599_5),
        (BootstrapMethod::Bca, 0.05, 0.510_115_946_531_849_9, 8.106_117_347_431_51),
    ] {
        let got = ends(method, acceleration);
        same(got.0, low);
        same(got.1, high);
    }
    let bca = of(BootstrapMethod::Bca, 0.05);
    same(bca.bias_correction.unwrap(), -0.229_884_117_579_232_05);
    same(bca.se, 11.0_f64.sqrt());
    // |v - 4| >= 4: 0, 8, 9, 10. At most 0: one.
    same(bca.p_shift, 5.0 / 12.0);
    same(bca.p_inversion, 2.0 * 2.0 / 12.0);
    assert!(!bca.degenerate);
}
