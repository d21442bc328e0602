//! Small constructed panels with known answers.

use super::draws::Design;
use super::{
    Column, ComparedModel, Comparison, Correction, Discordant, Interval, NotCompared, Options,
    OverBenchmarks, Own, Part, Replicated, Report, Scope, Verdict, WinTieLoss, compare,
};
use crate::answer::Answer;
use crate::definition::dataset::{Measure, Metric};
use crate::definition::metric::ValueMetric;
use eval_stats::choose::Test;

use crate::report::comparison::{answer, latex, markdown, text};

pub(super) fn options() -> Options {
    Options {
        alpha: 0.05,
        confidence: 0.95,
        correction: Correction::Holm,
        resamples: 500,
        seed: 1,
        test: None,
        baseline: None,
        margin: None,
        non_inferior: None,
        version: "test".to_owned(),
    }
}

/// Gold label 1 everywhere; `right[model][example]` tells who is right.
fn field(name: &str, right: &[Vec<bool>], clusters: &[u32]) -> Comparison {
    let n = right[0].len();
    let answers = |r: &Vec<bool>| {
        vec![vec![r.iter().map(|right| Answer::Label(u32::from(*right))).collect()]]
    };
    Comparison {
        benchmark: name.to_owned(),
        title: name.to_uppercase(),
        protocol: "trained".to_owned(),
        metric: Metric::Accuracy.into(),
        mean_over_cultures: false,
        sample: false,
        data: vec!["hash".to_owned()],
        cultures: vec!["x".to_owned()],
        parts: vec![Part {
            classes: 2,
            positive: 1,
            smoothing: 0.0,
            gold: vec![1; n],
            cultures: vec![0; n],
            clusters: clusters.to_vec(),
        }],
        models: (right.iter().enumerate())
            .map(|(m, r)| ComparedModel {
                name: format!("m{m}"),
                seeds: vec![1],
                answers: answers(r),
                values: Vec::new(),
                own: Own::default(),
            })
            .collect(),
    }
}

fn column(name: &str) -> Column {
    Column {
        benchmark: name.to_owned(),
        task: Some(name.to_owned()),
        cultures: Vec::new(),
        aggregate: Vec::new(),
    }
}

fn of(fields: &[Comparison], options: &Options) -> Report {
    let columns: Vec<Column> = fields.iter().map(|f| column(&f.benchmark)).collect();
    compare(("s", "S"), fields, &columns, Vec::new(), options).unwrap()
}

fn alone(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

/// 80 both right, 10 only A, 3 only B, 7 both wrong.
fn ten_to_three() -> Vec<Vec<bool>> {
    let a = (0..100).map(|i| i < 90).collect();
    let b = (0..100).map(|i| i < 80 || (90..93).contains(&i)).collect();
    vec![a, b]
}

#[test]
fn two_models_are_told_by_mid_p_mcnemar() {
    let report = of(
        &[field("one", &ten_to_three(), &alone(100))],
        &Options { margin: Some(0.2), ..options() },
    );
    let outcome = &report.benchmarks[0];
    assert_eq!(outcome.test.name, "mcnemar-midp");
    let pair = &outcome.pairs[0];
    // 2 P(X <= 3) - P(X = 3) of Binomial(13, 1/2) = (2 * 378 - 286) / 8192.
    assert!((pair.p - 470.0 / 8192.0).abs() < 1e-12, "{}", pair.p);
    assert_eq!(pair.discordant, Some(Discordant { only_a: 10, only_b: 3 }));
    assert!((pair.difference - 0.07).abs() < 1e-12);
    assert_eq!(pair.verdict, Verdict::Equivalent, "not significant, and within 20 points");
    assert!(pair.minimum_detectable.is_some());
    let exact = of(
        &[field("one", &ten_to_three(), &alone(100))],
        &Options { test: Some("mcnemar-exact".to_owned()), ..options() },
    );
    let pair = &exact.benchmarks[0].pairs[0];
    assert!((pair.p - 756.0 / 8192.0).abs() < 1e-12);
    assert_eq!(pair.verdict, Verdict::Undecided);
    assert!(pair.text.contains("does not make the two models equal"), "{}", pair.text);
}

#[test]
fn a_cluster_counts_once() {
    // Twenty posts of five labels: A wins eight posts whole, the rest is the same.
    let clusters: Vec<u32> = (0..100).map(|i| i / 5).collect();
    let a = vec![true; 100];
    let b: Vec<bool> = (0..100).map(|i| i >= 40).collect();
    let report = of(&[field("one", &[a, b], &clusters)], &options());
    let outcome = &report.benchmarks[0];
    assert_eq!((&*outcome.test.name, outcome.n, outcome.clusters), ("cluster-sign-flip", 100, 20));
    // All eight posts of one sign, two-sided: 2 / 2^8, and not 2 / 2^40.
    assert!((outcome.pairs[0].p - 2.0 / 256.0).abs() < 1e-12, "{}", outcome.pairs[0].p);
}

#[test]
fn a_strong_difference_survives_many_pairs() {
    // Weights that are no multiples of a unit, so that signs are drawn: the p-value may go below 1 / (R + 1).
    let n = 300;
    let mut f = field("one", &[vec![true; n], (0..n).map(|i| i % 2 == 0).collect()], &alone(n));
    f.mean_over_cultures = true;
    f.cultures = vec!["x".to_owned(), "y".to_owned()];
    f.parts[0].cultures = (0..n).map(|i| u32::from(i < 77)).collect();
    let outcome = &of(&[f], &options()).benchmarks[0];
    assert_eq!(outcome.test.name, "cluster-sign-flip");
    assert!(outcome.pairs[0].p < 1e-6 && outcome.pairs[0].p > 0.0, "{}", outcome.pairs[0].p);
}

#[test]
fn letters_ranks_and_families() {
    let n = 200;
    let good: Vec<bool> = (0..n).map(|i| i < 180).collect();
    let weak: Vec<bool> = (0..n).map(|i| i % 2 == 0).collect();
    let weak_too: Vec<bool> = (0..n).map(|i| i % 2 == 1).collect();
    let report = of(&[field("one", &[weak, good, weak_too], &alone(n))], &options());
    let outcome = &report.benchmarks[0];
    assert_eq!(outcome.test.name, "cochran-q");
    assert!(outcome.omnibus.as_ref().is_some_and(|q| q.p < 1e-6));
    let letters: Vec<(&str, &str)> =
        outcome.models.iter().map(|m| (&*m.model, &*m.letters)).collect();
    assert_eq!(letters, [("m1", "a"), ("m0", "b"), ("m2", "b")]);
    assert_eq!(outcome.models[0].rank_interval, Interval { low: 1.0, high: 1.0 });
    assert_eq!(outcome.test.family, 3);
    for pair in &outcome.pairs {
        assert!(pair.p_corrected >= pair.p && pair.p_bh >= pair.p);
    }
    let against = of(
        &[field("one", &[vec![true; n], (0..n).map(|i| i < 180).collect()], &alone(n))],
        &Options { baseline: Some("m0".to_owned()), ..options() },
    );
    assert_eq!(against.worse_than("m0"), [("one", "m1")]);
    assert!(against.worse_than("m1").is_empty());
}

/// B is right on 7 examples more than A of 100 (10 against 3), all others alike.
#[test]
fn non_inferiority_is_of_a_against_the_baseline_and_corrected() {
    let against = |margin, models: Vec<Vec<bool>>| {
        let asked =
            Options { baseline: Some("m0".to_owned()), non_inferior: Some(margin), ..options() };
        of(&[field("one", &models, &alone(100))], &asked)
    };
    let report = against(0.2, ten_to_three());
    let pair = &report.benchmarks[0].pairs[0];
    let found = pair.non_inferiority.as_ref().unwrap();
    // Tango's score at -.2 with 3 only A, 10 only B: z = 2.9576.
    assert!((pair.difference + 0.07).abs() < 1e-12 && found.shown, "{found:?}");
    assert!((found.p - 0.001_550_036_8).abs() < 1e-9, "{found:?}");
    assert!(report.not_shown_non_inferior("m0").is_empty());
    assert!(
        pair.text.contains("shows that m1 is worse than m0 by less than 0.200"),
        "{}",
        pair.text
    );
    assert!(text(&report).contains("not inferior") && markdown(&report).contains("p non-inferior"));

    let narrow = against(0.05, ten_to_three());
    assert_eq!(narrow.not_shown_non_inferior("m0"), [("one", "m1")]);
    assert!(text(&narrow).contains("non-inferiority not shown"));

    let mut three = ten_to_three();
    three.push(three[1].clone());
    let corrected = against(0.2, three);
    for pair in &corrected.benchmarks[0].pairs {
        let n = pair.non_inferiority.as_ref().unwrap();
        assert!((n.p_corrected - 2.0 * n.p).abs() < 1e-12, "Holm over two pairs: {n:?}");
    }
}

#[test]
fn a_set_metric_and_a_mean_over_cultures_have_their_values() {
    let mut f = field("one", &ten_to_three(), &alone(100));
    f.metric = Metric::F1.into();
    f.parts[0].gold = (0..100).map(|i| u32::from(i % 2 == 0)).collect();
    let outcome = &of(&[f.clone()], &options()).benchmarks[0];
    assert_eq!(outcome.test.name, "studentised-permutation");
    assert!(
        outcome.test.why.contains("Null hypothesis: the metric is equal"),
        "{}",
        outcome.test.why
    );
    // A says 1 to the first 90: tp 45, fp 45, fn 5.
    let a = outcome.models.iter().find(|m| m.model == "m0").unwrap();
    assert!((a.value - 90.0 / 140.0).abs() < 1e-12, "{}", a.value);

    let mut f = field("two", &ten_to_three(), &alone(100));
    f.mean_over_cultures = true;
    f.cultures = vec!["x".to_owned(), "y".to_owned()];
    f.parts[0].cultures = (0..100).map(|i| u32::from(i >= 80)).collect();
    f.models[0].own = Own { interval: Some(Interval { low: 0.6, high: 0.9 }), ..Own::default() };
    let outcome = &of(&[f], &options()).benchmarks[0];
    let a = outcome.models.iter().find(|m| m.model == "m0").unwrap();
    assert!((a.value - 0.75).abs() < 1e-12, "mean of 80/80 and 10/20: {}", a.value);
    let told = Some(Interval { low: 0.6, high: 0.9 });
    assert_eq!(a.interval, told, "what the leaderboard says is shown as it is");
}

#[test]
fn an_interaction_of_model_and_culture_is_seen() {
    let n = 400;
    let half = |i: usize| i < n / 2;
    let a: Vec<bool> = (0..n).map(|i| half(i) || i % 4 == 0).collect();
    let b: Vec<bool> = (0..n).map(|i| !half(i) || i % 4 == 0).collect();
    let mut f = field("one", &[a.clone(), b], &alone(n));
    f.cultures = vec!["x".to_owned(), "y".to_owned()];
    f.parts[0].cultures = (0..n).map(|i| u32::from(!half(i))).collect();
    let crossed = of(&[f.clone()], &options()).benchmarks[0].pairs[0].cultures.clone().unwrap();
    assert!(crossed.p_interaction < 0.01 && (crossed.range - 1.5).abs() < 1e-12, "{crossed:?}");
    // The same loss everywhere is none.
    let worse: Vec<Answer> =
        a.iter().enumerate().map(|(i, r)| Answer::Label(u32::from(*r && i % 10 != 0))).collect();
    f.models[1].answers = vec![vec![worse]];
    f.models[0].answers = vec![vec![vec![Answer::Label(1); n]]];
    f.parts[0].cultures = (0..n).map(|i| (i % 2) as u32).collect();
    let even = of(&[f], &options()).benchmarks[0].pairs[0].cultures.clone().unwrap();
    assert!(even.p_interaction > 0.0 && even.p_corrected <= 1.0);
}

#[test]
fn seeds_are_averaged_and_few_are_told() {
    let n = 60;
    let mut f = field("one", &[vec![true; n], (0..n).map(|i| i % 3 != 0).collect()], &alone(n));
    let other: Vec<Answer> = (0..n).map(|i| Answer::Label(u32::from(i % 2 == 0))).collect();
    f.models[1].seeds = vec![1, 2];
    f.models[1].answers[0].push(other);
    let outcome = &of(&[f], &options()).benchmarks[0];
    assert_eq!((&*outcome.test.name, outcome.scope), ("mixed-t", Scope::TrainingRecipe));
    let second = outcome.models.iter().find(|m| m.model == "m1").unwrap();
    assert!((second.value - f64::midpoint(2.0 / 3.0, 0.5)).abs() < 1e-12);
    assert_eq!(second.of_seeds.len(), 2);
    assert!(
        outcome.notes.iter().any(|n| n.contains("fewer than five seeds")),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn what_hangs_on_one_seed_is_not_said_of_the_training_recipe() {
    // A's first seed is right on everything; its second, and both of B's, on the same sixty examples.
    let all = vec![true; 100];
    let sixty: Vec<bool> = (0..100).map(|i| i < 60).collect();
    let of_seeds = |a: [&Vec<bool>; 2], test: Option<&str>| {
        let mut f = field("one", &[sixty.clone(), sixty.clone()], &alone(100));
        let column =
            |r: &Vec<bool>| r.iter().map(|right| Answer::Label(u32::from(*right))).collect();
        f.models[0].answers = vec![a.into_iter().map(column).collect()];
        f.models[1].answers = vec![vec![column(&sixty), column(&sixty)]];
        for model in &mut f.models {
            model.seeds = vec![1, 2];
        }
        let options = Options { test: test.map(str::to_owned), ..options() };
        let outcome = of(&[f], &options).benchmarks[0].clone();
        (outcome.pairs[0].clone(), outcome)
    };
    let (one, outcome) = of_seeds([&all, &sixty], None);
    assert_eq!((one.verdict, outcome.scope), (Verdict::Undecided, Scope::TrainingRecipe));
    let interval = one.interval.as_ref().unwrap();
    assert!(one.p > 0.1 && interval.low < 0.0 && interval.high > 0.4, "{one:?}");
    assert!(one.variance.is_some_and(|v| v.seeds > v.examples && v.df < 3.0), "{one:?}");
    // A test that takes the seeds as they are says of whom it speaks.
    let (asked, outcome) = of_seeds([&all, &sixty], Some("paired-t"));
    assert_eq!((asked.verdict, outcome.scope), (Verdict::ABetter, Scope::TrainedWeights));
    assert!(asked.text.contains("about the trained weights"), "{}", asked.text);
    assert!(outcome.notes.iter().any(|n| n.contains("takes the seeds as they are")));
    // Seeds that answer alike add nothing.
    let (both, _) = of_seeds([&all, &all], None);
    assert_eq!(both.verdict, Verdict::ABetter, "{both:?}");
    assert!(both.variance.is_some_and(|v| v.seeds == 0.0 && v.df == 99.0), "{both:?}");
    assert!(!both.text.contains("trained weights"), "{}", both.text);
}

#[test]
fn one_seed_is_said_to_be_about_these_weights() {
    let outcome = &of(&[field("one", &ten_to_three(), &alone(100))], &options()).benchmarks[0];
    assert_eq!(outcome.scope, Scope::TrainedWeights);
    assert!(outcome.notes.iter().any(|n| n.contains("not about the training recipe")));
    assert!(outcome.pairs[0].text.contains("not about the training recipe"));
}

#[test]
fn the_influences_have_the_spread_of_the_bootstrap() {
    let n = 300;
    let right: Vec<bool> = (0..n).map(|i| i % 7 != 0).collect();
    let mut f = field("one", &[right], &(0..n as u32).map(|i| i / 3).collect::<Vec<_>>());
    f.models[0].answers[0][0] =
        (0..n).map(|i| Answer::Label(u32::from((i * i + 3 * i) % 5 < 3))).collect();
    f.parts[0].gold = (0..n).map(|i| u32::from(i % 3 != 0)).collect();
    f.cultures = vec!["x".to_owned(), "y".to_owned()];
    f.parts[0].cultures = (0..n as u32).map(|i| u32::from(i % 4 == 0)).collect();
    for metric in Metric::ALL.iter().copied() {
        for mean_over_cultures in [false, true] {
            (f.metric, f.mean_over_cultures) = (metric.into(), mean_over_cultures);
            let design = Design::new(&f);
            let family = design.family().unwrap().unwrap();
            let own = design.observed(false).overall[0];
            assert!((family.models()[0].score - own).abs() < 1e-6, "{metric:?}");
            let spread = family.models()[0].uncertainty(&design.strata()).unwrap();
            let draws = design.replicates(&eval_stats::rng::Stream::new(1, "t"), 4_000, 0);
            let drawn: Vec<f64> = draws.iter().map(|d| d.overall[0]).collect();
            let bootstrap = eval_stats::descriptive::variance(&drawn).sqrt();
            // Drawing 100 of 100 clusters takes half a percent away; the rest is chance and curvature.
            let ratio = spread.standard_error() / bootstrap;
            assert!((0.93..1.07).contains(&ratio), "{metric:?} {mean_over_cultures}: {ratio}");
        }
    }
}

#[test]
fn what_is_detectable_is_told_of_the_first_step() {
    let right: Vec<Vec<bool>> =
        (0..6).map(|m| (0..1_000).map(|i| (i * 7 + m * 131) % 10 < 7).collect()).collect();
    let of_all = |models: usize, correction| {
        let options = Options { correction, ..options() };
        let report = of(&[field("one", &right[..models], &alone(1_000))], &options);
        let pair = report.benchmarks[0].pairs[0].clone();
        (pair.minimum_detectable.unwrap(), pair.text)
    };
    let (one, _) = of_all(2, Correction::Holm);
    let (all, text) = of_all(6, Correction::Holm);
    // z(.05 / 30) + z(.8) to z(.025) + z(.8).
    assert!((all / one - 1.348).abs() < 0.02, "{one} {all}");
    assert!(text.contains("80 % power after correction over 15 pairs"), "{text}");
    let (plain, text) = of_all(6, Correction::None);
    assert!((plain - one).abs() < 1e-9 && !text.contains("after correction"), "{plain} {one}");
}

#[test]
fn pairs_that_no_answers_could_tell_apart_are_named() {
    let clusters: Vec<u32> = (0..50).map(|i| i / 10).collect();
    let right = [vec![true; 50], vec![false; 50]];
    let outcome = &of(&[field("one", &right, &clusters)], &options()).benchmarks[0];
    // Five clusters: 2 / 2^5.
    assert!((outcome.pairs[0].p - 0.0625).abs() < 1e-12);
    assert!(outcome.notes.iter().any(|n| n.contains("smallest p of a pair is 0.0625")));
    assert_eq!(outcome.pairs[0].minimum_detectable, None);
}

#[test]
fn few_clusters_get_students_interval() {
    let interval = |count: u32| {
        let n = 5 * count as usize;
        let clusters: Vec<u32> = (0..n as u32).map(|i| i / 5).collect();
        let right =
            [0, 1].map(|m| (0..n).map(|i| (i * 3 + m * i / 5) % 7 < 4).collect::<Vec<bool>>());
        let mut f = field("one", &right, &clusters);
        f.metric = Metric::MacroF1.into();
        f.parts[0].gold = (0..n).map(|i| u32::from(i % 3 == 0)).collect();
        of(&[f], &options()).benchmarks[0].pairs[0].interval.clone().unwrap().method
    };
    assert_eq!(interval(29), "Student's t over clusters");
    assert_eq!(interval(30), "percentile cluster bootstrap");
}

#[test]
fn the_same_answers_are_no_proof_of_equality() {
    let mut f = field("one", &[ten_to_three()[0].clone(), ten_to_three()[0].clone()], &alone(100));
    for metric in [Metric::Accuracy, Metric::MacroF1] {
        f.metric = metric.into();
        f.parts[0].gold = (0..100).map(|i| u32::from(i % 3 == 0)).collect();
        let pair = of(&[f.clone()], &options()).benchmarks[0].pairs[0].clone();
        assert_eq!((pair.p, pair.verdict), (1.0, Verdict::Undecided));
        assert!(pair.interval.is_none_or(|i| i.high > i.low), "no interval of width 0");
    }
}

#[test]
fn no_benchmark_counts_twice_and_too_few_are_refused() {
    let strong: Vec<bool> = (0..100).map(|i| i < 90).collect();
    let fields: Vec<Comparison> = (["p", "q", "all", "high", "whole"].iter())
        .map(|name| {
            field(name, &[strong.clone(), ten_to_three()[1].clone(), vec![false; 100]], &alone(100))
        })
        .collect();
    let columns = [
        column("p"),
        column("q"),
        Column { task: None, aggregate: vec!["p".to_owned(), "q".to_owned()], ..column("all") },
        Column { task: Some("whole".to_owned()), cultures: vec!["x".to_owned()], ..column("high") },
        column("whole"),
    ];
    let report = compare(("s", "S"), &fields, &columns, Vec::new(), &options()).unwrap();
    let OverBenchmarks::Found(over) = &report.over else { panic!("{:?}", report.over) };
    assert_eq!(over.benchmarks, ["p (trained)", "q (trained)", "whole (trained)"]);
    assert_eq!(over.left_out.len(), 2);
    let friedman = over.friedman.as_ref().unwrap();
    // All three benchmarks rank alike: chi2 = N (k - 1), and F is infinite.
    assert!((friedman.chi2 - 6.0).abs() < 1e-9 && friedman.f.is_none());
    assert_eq!(over.models[0].mean_rank, 1.0);
    let best_to_worst = over.pairs.iter().find(|p| (&*p.a, &*p.b) == ("m0", "m2")).unwrap();
    assert_eq!(best_to_worst.win_tie_loss, WinTieLoss { wins: 3, ties: 0, losses: 0 });
    assert_eq!(best_to_worst.replicated, Replicated { a: 3, b: 0 });

    let one = compare(("s", "S"), &fields[..1], &columns[..1], Vec::new(), &options()).unwrap();
    assert!(matches!(&one.over, OverBenchmarks::Reason(reason) if reason.contains("at least two")));
    let mut apart = fields[..2].to_vec();
    apart[1].models.iter_mut().for_each(|m| m.name.insert(0, 'x'));
    let report = compare(("s", "S"), &apart, &columns[..2], Vec::new(), &options()).unwrap();
    assert!(
        matches!(&report.over, OverBenchmarks::Reason(reason) if reason.contains("two models"))
    );
}

#[test]
fn the_faces_escape_and_the_answer_is_the_same_on_any_thread() {
    let mut f = field("one", &ten_to_three(), &(0..100).map(|i| i / 4).collect::<Vec<_>>());
    f.models[0].name = "a_b&|c".to_owned();
    f.metric = Metric::MacroF1.into();
    f.parts[0].gold = (0..100).map(|i| u32::from(i % 2 == 0)).collect();
    let left_out = NotCompared {
        benchmark: "one".to_owned(),
        model: "gone".to_owned(),
        protocol: String::new(),
        reason: "not run: no cell was planned".to_owned(),
    };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            compare(("s", "S"), &[f.clone()], &[column("one")], vec![left_out.clone()], &options())
                .unwrap()
        })
    };
    let report = run(1);
    assert_eq!(serde_json::to_vec(&report).unwrap(), serde_json::to_vec(&run(3)).unwrap());
    assert!(latex(&report).contains("a\\_b\\&"));
    assert!(markdown(&report).contains("a\\_b&amp;\\|c"));
    for format in [text(&report), markdown(&report)] {
        assert!(format.contains("gone") && format.contains("no cell was planned"));
        assert!(!format.contains("NaN"));
    }
}

/// Means of values: m0 has 1 everywhere, m1 every second time.
fn of_values() -> Comparison {
    let all = vec![true; 100];
    let mut field = field("short", &[all.clone(), all], &alone(100));
    field.metric = Measure::Mean(ValueMetric::SemB);
    let half = (0..100).map(|i| if i % 2 == 0 { 1.0 } else { 0.0 }).collect();
    field.models[0].values = vec![vec![vec![1.0; 100]]];
    field.models[1].values = vec![vec![half]];
    field
}

/// Every test of a mean of values uses the values. The two-sided p of t = .5 / sqrt(.25 / 99) = 9.9499 with 99 degrees of freedom is
/// 1.4e-16; all answers, as labels, are right.
#[test]
fn tests_of_values_use_the_values() {
    for test in [Test::PairedT, Test::WilcoxonPratt, Test::ClusterSignFlip, Test::ClusterBootstrap]
    {
        let report =
            of(&[of_values()], &Options { test: Some(test.name().to_owned()), ..options() });
        let outcome = &report.benchmarks[0];
        assert_eq!(outcome.test.name, test.name());
        assert!((outcome.pairs[0].difference - 0.5).abs() < 1e-12);
        // Of 500 resamples of the bootstrap none is as far from its mean.
        assert!(outcome.pairs[0].p < 2e-3, "{}: {}", test.name(), outcome.pairs[0].p);
        if test == Test::PairedT {
            let p = outcome.pairs[0].p;
            assert!((p / 1.397e-16 - 1.0).abs() < 0.01, "{p:e}");
        }
    }
}

/// Tests of right and wrong answers, and of label counts, do not fit a mean of values.
#[test]
fn tests_of_labels_are_refused_for_values() {
    for (test, why) in [
        (Test::McnemarMidP, "sem-b is not right or wrong per example"),
        (Test::McnemarExact, "sem-b is not right or wrong per example"),
        (Test::CochranQ, "sem-b is not right or wrong per example"),
        (
            Test::ApproximateRandomisation,
            "sem-b is a mean of values, not a function of label counts",
        ),
    ] {
        let report =
            of(&[of_values()], &Options { test: Some(test.name().to_owned()), ..options() });
        let outcome = &report.benchmarks[0];
        assert_ne!(outcome.test.name, test.name());
        let told = outcome.notes.iter().any(|note| note.contains(why));
        assert!(told, "{}: {:?}", test.name(), outcome.notes);
        assert!(outcome.pairs[0].p < 1e-3);
    }
}

/// The answer comes first: the leader, who differs significantly from it, and the models in order, no wider than the screen.
#[test]
fn the_answer_names_the_leader_and_who_differs() {
    let best = (0..100).map(|_| true).collect();
    let near = (0..100).map(|i| i != 7).collect();
    let far = (0..100).map(|i| i % 2 == 0).collect();
    let report = of(&[field("one", &[best, near, far], &alone(100))], &options());
    let text = answer(&report, 60);
    for part in [
        "Leader: m0 100.0",
        "No significant difference: m1 (-1.0, p .500).",
        "Significantly worse: m2 (-50.0, p < .001).",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    let against = Options { baseline: Some("m2".to_owned()), ..options() };
    let best = (0..100).map(|_| true).collect();
    let far = (0..100).map(|i| i % 2 == 0).collect();
    let far_too = (0..100).map(|i| i % 2 == 0).collect();
    let report = of(&[field("one", &[best, far_too, far], &alone(100))], &against);
    let text = answer(&report, 100);
    assert!(text.contains("Baseline: m2 50.0"), "{text}");
    assert!(text.contains("Significantly better: m0 (+50.0, p < .001)."), "{text}");
    assert!(text.contains("No significant difference: m1 (+0.0, p 1.000)."), "{text}");
}
