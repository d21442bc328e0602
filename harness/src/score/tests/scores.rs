//! What every score guarantees: n, an interval, and a reason if there is no number.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::definition::dataset::{AbsentCultures, Metric, Scoring};
use crate::example::{Coded, Votes};
use crate::score::votes::Against;
use crate::score::{
    Answer, Evaluation, NoScore, Part, Questions, Refusal, Rules, Score, ScoreError, Subset,
    aggregate, evaluate,
};
use eval_stats::interval::wilson;
use eval_stats::rng::{Stream, below, uniform};

/// Columns of a small benchmark, owned.
#[derive(Clone)]
struct Data {
    labels: Vec<String>,
    gold: Vec<u32>,
    answers: Vec<Vec<Answer>>,
    cultures: Coded,
    clusters: Vec<u32>,
    groups: BTreeMap<String, Coded>,
}

impl Data {
    /// `n` posts, each judged for every culture; answers right with the culture's probability.
    fn posts(n: usize, right: &[f64], seed: u64) -> Self {
        let mut rng = Stream::new(seed, "posts").at(0);
        let names: Vec<String> = ["US", "AU", "GB", "ZA", "SG"]
            .iter()
            .take(right.len())
            .map(|s| (*s).to_owned())
            .collect();
        let mut data = Self {
            labels: vec!["no".to_owned(), "yes".to_owned()],
            gold: Vec::new(),
            answers: vec![Vec::new()],
            cultures: Coded { names, codes: Vec::new() },
            clusters: Vec::new(),
            groups: BTreeMap::new(),
        };
        for post in 0..n {
            let shared = uniform(&mut rng);
            for (culture, right) in right.iter().enumerate() {
                let gold = below(&mut rng, 2);
                // One draw for all cultures of a post: they are right or wrong together.
                let answer = if shared < *right { gold } else { 1 - gold };
                data.gold.push(gold);
                data.answers[0].push(Answer::Label(answer));
                data.cultures.codes.push(culture as u32);
                data.clusters.push(post as u32);
            }
        }
        data
    }

    /// One culture, one cluster per example.
    fn plain(gold: &[u32], answers: &[Answer], classes: usize) -> Self {
        Self {
            labels: (0..classes).map(|c| format!("c{c}")).collect(),
            gold: gold.to_vec(),
            answers: vec![answers.to_vec()],
            cultures: Coded { names: vec!["GB".to_owned()], codes: vec![0; gold.len()] },
            clusters: (0..gold.len() as u32).collect(),
            groups: BTreeMap::new(),
        }
    }

    fn evaluate(&self, rules: &Rules) -> Result<Evaluation, ScoreError> {
        let answers: Vec<&[Answer]> = self.answers.iter().map(Vec::as_slice).collect();
        evaluate(&self.questions(&answers), rules)
    }

    fn questions<'a>(&'a self, answers: &'a [&'a [Answer]]) -> Questions<'a> {
        Questions {
            labels: &self.labels,
            gold: &self.gold,
            answers,
            ranks: None,
            cultures: &self.cultures,
            clusters: &self.clusters,
            groups: &self.groups,
            against: None,
            terms: &[],
            term_columns: &[],
        }
    }
}

fn rules(metric: Metric, also: &[Metric]) -> Rules {
    Rules {
        metric: metric.into(),
        also: also.iter().copied().map(Into::into).collect(),
        scoring: Scoring::default(),
        positive: Some(1),
        cultures: Vec::new(),
        only: BTreeMap::new(),
        absent_cultures: AbsentCultures::Refuse,
        mean_over_cultures: false,
        stream: Stream::new(0, "test"),
        resamples: 1000,
        breakdown_resamples: 500,
    }
}

fn well_formed(score: &Score) {
    let numbers = [score.low, score.value, score.high];
    let metric = Metric::ALL.into_iter().find(|metric| metric.name() == score.metric);
    let (lowest, highest) = match (metric.map_or((0.0, 1.0), Metric::range), &score.subset) {
        ((lowest, highest), Subset::CultureGap { .. }) => (0.0, highest - lowest),
        (range, _) => range,
    };
    assert!(numbers.iter().all(|v| (lowest..=highest).contains(v)), "{score:?}");
    assert!(
        score.low <= score.value && score.value <= score.high && score.low < score.high,
        "{score:?}"
    );
    assert!(score.n > 0 && score.clusters > 0 && !score.method.is_empty(), "{score:?}");
    assert_eq!(
        score.n * score.variants,
        score.answered + score.unparsable + score.missing,
        "{score:?}"
    );
}

#[test]
fn plain_accuracy_is_wilson() {
    let gold = vec![1_u32; 100];
    let answers: Vec<Answer> = (0..100).map(|i| Answer::Label(u32::from(i < 80))).collect();
    let got = Data::plain(&gold, &answers, 2).evaluate(&rules(Metric::Accuracy, &[])).unwrap();
    let score = got.primary().unwrap();
    let expect = wilson(80, 100, 0.95).unwrap();
    assert_eq!((score.value, score.low, score.high), (0.8, expect.low, expect.high));
    assert_eq!(
        (score.method.as_str(), score.n, score.clusters, score.majority),
        ("wilson", 100, 100, Some(1.0))
    );
}

#[test]
fn unanswered_is_wrong_and_counted() {
    let answers = [Answer::Label(1), Answer::Unparsable, Answer::Missing, Answer::Label(0)];
    let got =
        Data::plain(&[1, 1, 1, 1], &answers, 2).evaluate(&rules(Metric::Accuracy, &[])).unwrap();
    let find = |metric: &str| got.find(metric, &Subset::All).unwrap();
    assert_eq!(find("accuracy").value, 0.25);
    assert_eq!(find("accuracy-answered").value, 0.5);
    assert_eq!(find("unparsable").value, 0.25);
    assert_eq!(find("missing").value, 0.25);
    assert_eq!(
        (find("accuracy").answered, find("accuracy").unparsable, find("accuracy").missing),
        (2, 1, 1)
    );
    got.scores.iter().for_each(well_formed);
}

#[test]
fn all_right_is_not_certain() {
    let gold: Vec<u32> = (0..10).map(|i| i % 2).collect();
    let answers: Vec<Answer> = gold.iter().map(|g| Answer::Label(*g)).collect();
    let also = [Metric::F1, Metric::MacroF1, Metric::WeightedF1, Metric::Precision, Metric::Recall];
    let got = Data::plain(&gold, &answers, 2).evaluate(&rules(Metric::Accuracy, &also)).unwrap();
    assert_eq!(got.scores.iter().filter(|s| s.subset == Subset::All).count(), 6);
    for score in &got.scores {
        well_formed(score);
        assert_eq!(score.value, 1.0);
        assert!(score.low < 0.8, "{score:?}");
    }
    // F1 of five positives rests on five examples, not on ten.
    assert_eq!(got.find("f1", &Subset::All).unwrap().low, wilson(5, 5, 0.95).unwrap().low);
}

#[test]
fn clusters_widen_the_pooled_interval_and_not_the_countries() {
    let data = Data::posts(200, &[0.7; 5], 3);
    let got = data.evaluate(&rules(Metric::Accuracy, &[])).unwrap();
    let all = got.primary().unwrap();
    let naive = wilson((all.value * 1000.0).round() as u64, 1000, 0.95).unwrap();
    assert_eq!((all.method.as_str(), all.n, all.clusters), ("cluster-wilson", 1000, 200));
    assert!(all.high - all.low > 2.0 * naive.width());
    let country = got.find("accuracy", &Subset::Culture { name: "GB".to_owned() }).unwrap();
    assert_eq!((country.method.as_str(), country.n, country.clusters), ("wilson", 200, 200));
}

#[test]
fn mean_gap_and_worst_culture() {
    let data = Data::posts(300, &[0.9, 0.8, 0.6], 5);
    let mut rules = rules(Metric::Accuracy, &[Metric::MacroF1]);
    rules.mean_over_cultures = true;
    let got = data.evaluate(&rules).unwrap();
    got.scores.iter().for_each(well_formed);
    let country = |name: &str| {
        got.find("accuracy", &Subset::Culture { name: name.to_owned() }).unwrap().value
    };
    let mean = got.primary().unwrap();
    assert_eq!(mean.subset, Subset::CultureMean);
    assert!((mean.value - (country("US") + country("AU") + country("GB")) / 3.0).abs() < 1e-12);
    assert_eq!(mean.method, "cluster-bootstrap-percentile");
    let gap = Subset::CultureGap { best: "US".to_owned(), worst: "GB".to_owned() };
    let gap = got.find("accuracy", &gap).unwrap();
    assert!((gap.value - (country("US") - country("GB"))).abs() < 1e-12);
    assert!(gap.low > 0.15 && gap.high < 0.42 && gap.majority.is_none());
    let figures = gap.gap.unwrap();
    assert_eq!((figures.cultures, figures.best_n, figures.worst_n), (3, 300, 300));
    assert!(figures.p_equal < 0.001 && figures.expected_if_equal < 0.06, "{figures:?}");
    assert!((figures.excess - (gap.value - figures.expected_if_equal)).abs() < 1e-12);
    let worst = got.find("accuracy", &Subset::WorstCulture { name: "GB".to_owned() }).unwrap();
    assert_eq!((worst.value, worst.n), (country("GB"), 300));
    assert!(worst.gap.is_none() && worst.among.is_none());
    for name in ["US", "AU", "GB"] {
        let one = got.find("accuracy", &Subset::Culture { name: name.to_owned() }).unwrap();
        let among = one.among.unwrap();
        let (at_once, shrunken) = (among.simultaneous.unwrap(), among.shrunken.unwrap());
        assert_eq!(at_once.cultures, 3);
        assert!(at_once.low < one.low && at_once.high > one.high, "{one:?}");
        assert!(shrunken.weight > 0.9 && (shrunken.value - one.value).abs() < 0.02, "{one:?}");
    }
    assert_eq!(got, data.evaluate(&rules).unwrap());
}

#[test]
fn equal_cultures_have_a_gap_interval_that_reaches_down() {
    let got = Data::posts(150, &[0.7, 0.7], 8);
    // Judge the two countries independently.
    let mut data = got;
    data.clusters = (0..data.gold.len() as u32).collect();
    let got = data.evaluate(&rules(Metric::Accuracy, &[])).unwrap();
    let gap = got.scores.iter().find(|s| matches!(s.subset, Subset::CultureGap { .. })).unwrap();
    assert!(gap.low == 0.0 && gap.high > gap.value, "{gap:?}");
    assert!(gap.gap.unwrap().p_equal > 0.05, "{gap:?}");
}

#[test]
fn subsets_of_cultures_and_groups() {
    let mut data = Data::posts(50, &[0.9, 0.5, 0.7], 2);
    let tags = Coded {
        names: vec!["a".to_owned(), "b".to_owned(), "unused".to_owned()],
        codes: (0..150).map(|i| u32::from(i % 2 == 0)).collect(),
    };
    data.groups.insert("tag".to_owned(), tags);
    let mut rules = rules(Metric::Accuracy, &[]);
    rules.cultures = vec!["GB".to_owned(), "US".to_owned(), "XX".to_owned()];
    let not_whole = NoScore::NotWhole { cultures: vec!["XX".to_owned()] };
    let absent = NoScore::AbsentCulture { culture: "XX".to_owned() };
    let subset = Subset::Culture { name: "XX".to_owned() };
    let got = data.evaluate(&rules).unwrap();
    assert_eq!(got.primary().unwrap_err(), not_whole, "a score of two of three is another one");
    assert!(got.refused.iter().any(|r| r.subset == subset && r.reason == absent));
    assert!(got.refused.iter().any(|r| r.subset == Subset::CultureMean && r.reason == not_whole));
    assert!(got.find("accuracy", &Subset::Culture { name: "US".to_owned() }).is_some());

    rules.absent_cultures = AbsentCultures::Allow;
    let got = data.evaluate(&rules).unwrap();
    assert_eq!(got.primary().unwrap().n, 100);
    assert!(got.refused.iter().any(|r| r.subset == subset && r.reason == absent));
    assert!(
        got.find("accuracy", &Subset::CultureMean).is_some(),
        "the mean of those that are there"
    );
    let tagged: u64 =
        got.scores.iter().filter(|s| matches!(s.subset, Subset::Group { .. })).map(|s| s.n).sum();
    assert_eq!(tagged, 100);
}

#[test]
fn reasons_instead_of_numbers() {
    let reason = |data: &Data, metric: Metric| {
        data.evaluate(&rules(metric, &[])).unwrap().primary().unwrap_err()
    };
    let empty = Data::plain(&[], &[], 2);
    assert!(matches!(reason(&empty, Metric::Accuracy), NoScore::NoExample { .. }));
    let answers = [Answer::Label(0); 4];
    let one_class = Data::plain(&[0, 0, 0, 0], &answers, 2);
    assert!(matches!(reason(&one_class, Metric::MacroF1), NoScore::OneClass { .. }));
    assert!(matches!(reason(&one_class, Metric::F1), NoScore::NoPositive { .. }));
    for metric in [Metric::Mcc, Metric::CohenKappa] {
        let said = reason(&one_class, metric).to_string();
        assert!(said.contains("only label c0") && said.contains(metric.name()), "{said}");
    }
    let mut one_cluster = Data::plain(&[0, 1, 0, 1], &answers, 2);
    one_cluster.clusters = vec![3; 4];
    assert!(matches!(reason(&one_cluster, Metric::Accuracy), NoScore::OneCluster { n: 4, .. }));
    let mut without = rules(Metric::F1, &[]);
    without.positive = None;
    let error = one_class.evaluate(&without).unwrap_err().to_string();
    assert!(error.contains("`f1` needs a positive class"), "{error}");
    let wrong =
        Data::plain(&[0, 5], &answers[..2], 2).evaluate(&rules(Metric::Accuracy, &[])).unwrap_err();
    assert!(wrong.to_string().contains("`gold` row 1 is label 5"));
    // A model that never says yes: its precision is 0 by convention, and nothing is known about it.
    let never =
        Data::plain(&[0, 1, 0, 1], &answers, 2).evaluate(&rules(Metric::Precision, &[])).unwrap();
    let never = never.primary().unwrap();
    assert_eq!(
        (never.value, never.low, never.high, never.method.as_str()),
        (0.0, 0.0, 1.0, "no-prediction")
    );
    let mut at_k = rules(Metric::Accuracy, &[]);
    at_k.scoring.acc_at = vec![5];
    let got = Data::plain(&[0, 1, 0, 1], &answers, 2).evaluate(&at_k).unwrap();
    assert!(
        got.refused.iter().any(|r| r.reason == NoScore::NoRanks { metric: "acc@5".to_owned() })
    );
}

#[test]
fn accuracy_at_k_with_clamped_k() {
    let data = Data::plain(&[0, 1, 2, 0], &[Answer::Label(0); 4], 3);
    let ranks: Vec<Option<u32>> = vec![Some(0), Some(1), Some(2), None];
    let mut rules = rules(Metric::Accuracy, &[]);
    rules.scoring.acc_at = vec![10, 1, 2];
    let answers: Vec<&[Answer]> = data.answers.iter().map(Vec::as_slice).collect();
    let ranks = [ranks.as_slice()];
    let questions = Questions { ranks: Some(&ranks), ..data.questions(&answers) };
    let got = evaluate(&questions, &rules).unwrap();
    let at = |k: &str| got.find(k, &Subset::All).unwrap().value;
    assert_eq!((at("acc@1"), at("acc@2"), at("acc@10")), (0.25, 0.5, 0.75));
}

#[test]
fn variants_are_averaged_and_posts_stay_whole() {
    let mut data = Data::posts(200, &[0.8, 0.7], 4);
    let flipped = data.answers[0].iter().enumerate().map(|(i, a)| match a {
        Answer::Label(l) if i % 10 == 0 => Answer::Label(1 - l),
        _ if i % 10 == 1 => Answer::Unparsable,
        other => *other,
    });
    let second = flipped.collect();
    data.answers.push(second);
    let mut rules = rules(Metric::Accuracy, &[]);
    rules.mean_over_cultures = true;
    let both = data.evaluate(&rules).unwrap();
    both.scores.iter().for_each(well_formed);
    let alone = |variant: usize| {
        let mut one = data.clone();
        one.answers = vec![data.answers[variant].clone()];
        one.evaluate(&rules).unwrap().primary().unwrap().value
    };
    let score = both.primary().unwrap();
    assert!((score.value - f64::midpoint(alone(0), alone(1))).abs() < 1e-12);
    assert_eq!((score.n, score.variants, score.clusters, score.unparsable), (400, 2, 200, 40));
}

#[test]
fn aggregates() {
    let (a, b) = (Data::posts(100, &[0.9], 1), Data::posts(300, &[0.5], 2));
    let columns: Vec<Vec<&[Answer]>> =
        [&a, &b].iter().map(|d| d.answers.iter().map(Vec::as_slice).collect()).collect();
    let rules = rules(Metric::Accuracy, &[Metric::WeightedF1]);
    let means = |parts: &[Part<'_>], place: usize| aggregate(parts).unwrap()[place].clone();
    let parts = [
        Part { name: "a", questions: a.questions(&columns[0]), rules: &rules },
        Part { name: "b", questions: b.questions(&columns[1]), rules: &rules },
    ];
    let got = means(&parts, 0).means.unwrap();
    let (va, vb) = (got.parts[0].1, got.parts[1].1);
    assert!((got.macro_mean.value - f64::midpoint(va, vb)).abs() < 1e-12);
    assert!((got.micro.value - (va * 100.0 + vb * 300.0) / 400.0).abs() < 1e-12);
    assert_eq!((got.n, got.clusters), (400, 400));
    // Stratified: the standard error of a mean of two independent accuracies.
    let se = ((va * (1.0 - va) / 100.0 + vb * (1.0 - vb) / 300.0) / 4.0).sqrt();
    let width = got.macro_mean.high - got.macro_mean.low;
    assert!((width / (2.0 * 1.96 * se) - 1.0).abs() < 0.15, "{width} {se}");
    let empty = Data::plain(&[], &[], 2);
    let none: [&[Answer]; 1] = [&[]];
    let broken = [parts[0], Part { name: "c", questions: empty.questions(&none), rules: &rules }];
    assert!(
        matches!(means(&broken, 0).means.unwrap_err(), NoScore::Part { part, .. } if part == "c")
    );
    assert!(means(&[], 0).means.is_err());
    // Further metrics have their means, too.
    let further = means(&parts, 1);
    let found = further.means.unwrap();
    let alone = |data: &Data| {
        let found = data.evaluate(&rules).unwrap();
        found.find("weighted-f1", &Subset::All).unwrap().value
    };
    assert_eq!(further.metric, "weighted-f1");
    assert!((found.macro_mean.value - f64::midpoint(alone(&a), alone(&b))).abs() < 1e-12);
}

/// As the first version wrote them: old `scores/` load for ever.
#[test]
fn old_refusals_load() {
    let old = r#"{"metric":"macro-f1","subset":{"kind":"all"},"reason":{"kind":"part","part":"a","reason":{"kind":"one-cluster","subset":"all examples","n":4}}}"#;
    let refusal: Refusal = serde_json::from_str(old).unwrap();
    let inner = NoScore::OneCluster { subset: "all examples".to_owned(), n: 4 };
    assert_eq!(refusal.reason, NoScore::Part { part: "a".to_owned(), reason: Box::new(inner) });
    assert_eq!(serde_json::to_string(&refusal).unwrap(), old);
    let reason = crate::store::record::Reason::from(refusal.reason);
    assert_eq!(reason.kind, crate::store::record::ReasonKind::NoScore);
    assert!(reason.message.starts_with("part `a` has no score: all 4 examples"), "{reason:?}");
}

#[test]
fn evaluations_survive_json() {
    let got = Data::posts(30, &[0.9, 0.6], 1)
        .evaluate(&rules(Metric::MacroF1, &[Metric::Accuracy]))
        .unwrap();
    let text = serde_json::to_string(&got).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), got);
    assert!(text.contains(r#""subset":{"kind":"culture","name":"US"}"#), "{text}");
}

/// Always wrong, always right, and always the same answer: the bootstrap sees no spread, and a bound replaces it.
#[test]
fn a_correlation_keeps_its_interval_within_its_range() {
    let gold: Vec<u32> = (0..40).map(|i| i % 2).collect();
    let score = |answer: &dyn Fn(u32) -> u32, metric| {
        let answers: Vec<Answer> = gold.iter().map(|g| Answer::Label(answer(*g))).collect();
        let got = Data::plain(&gold, &answers, 2).evaluate(&rules(metric, &[])).unwrap();
        got.primary().unwrap().clone()
    };
    for metric in [Metric::Mcc, Metric::CohenKappa] {
        let (wrong, right) = (score(&|g| 1 - g, metric), score(&|g| g, metric));
        let same = score(&|_| 0, metric);
        for score in [&wrong, &right, &same] {
            well_formed(score);
        }
        assert_eq!((wrong.value, right.value, same.value), (-1.0, 1.0, 0.0));
        assert!(wrong.low == -1.0 && wrong.high < -0.5 && right.low > 0.5 && right.high == 1.0);
        assert_eq!(right.method, "wilson-bound");
        // All wrong is -1 in every resample for MCC only; kappa depends on how often a class was drawn.
        if metric == Metric::Mcc {
            assert!((wrong.high + right.low).abs() < 1e-12, "mirrored: {wrong:?} {right:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the data: every figure is a number with an interval of some width, or a reason.
    #[test]
    fn every_figure_is_a_number_or_a_reason(
        rows in prop::collection::vec((0_u32..3, 0_u32..5, 0_u32..3, 0_u32..6), 0..40),
        metric in 0_usize..Metric::ALL.len(),
        mean in any::<bool>(),
    ) {
        let metrics = Metric::ALL;
        let answer = |a: u32| match a { 3 => Answer::Unparsable, 4 => Answer::Missing, label => Answer::Label(label) };
        let data = Data {
            labels: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            gold: rows.iter().map(|r| r.0).collect(),
            answers: vec![rows.iter().map(|r| answer(r.1)).collect()],
            cultures: Coded {
                names: vec!["x".to_owned(), "y".to_owned(), "z".to_owned()],
                codes: rows.iter().map(|r| r.2).collect(),
            },
            clusters: rows.iter().map(|r| r.3).collect(),
            groups: BTreeMap::new(),
        };
        let mut rules = rules(metrics[metric], &metrics);
        (rules.resamples, rules.breakdown_resamples, rules.mean_over_cultures) = (50, 50, mean);
        let got = data.evaluate(&rules).unwrap();
        got.scores.iter().for_each(well_formed);
        prop_assert!(got.primary().is_ok() || got.refused.iter().any(|r| r.metric == metrics[metric].name()));
    }
}

/// Two posts in two countries, by hand: the answers hate, hate, non-hate, missing against 5, 3, 2 and 1 of 5 votes for hate.
#[test]
fn distances_from_votes_are_means_over_examples() {
    let mut data = Data::plain(
        &[1, 1, 0, 0],
        &[Answer::Label(1), Answer::Label(1), Answer::Label(0), Answer::Missing],
        2,
    );
    data.cultures = Coded { names: vec!["GB".into(), "SG".into()], codes: vec![0, 1, 0, 1] };
    data.clusters = vec![0, 0, 1, 1];
    let mut votes = Votes::new(2);
    for hate in [5, 3, 2, 1] {
        votes.push(&[5 - hate, hate]);
    }
    let columns: Vec<&[Answer]> = data.answers.iter().map(Vec::as_slice).collect();
    let hard = Against { votes: &votes, probabilities: &[None] };
    let mut rules = rules(Metric::Accuracy, &[]);
    rules.mean_over_cultures = true;
    let questions = Questions { against: Some(hard), ..data.questions(&columns) };
    let found = evaluate(&questions, &rules).unwrap();
    let brier = |subset: &Subset| found.find("brier", subset).unwrap().clone();
    // 2 (1 - share)^2 of the answered label: 0, .32, .32; the missing one counts as hate: 1.28.
    let [gb, sg] = ["GB", "SG"].map(|name| brier(&Subset::Culture { name: name.into() }).value);
    assert!((gb - 0.16).abs() < 1e-12 && (sg - 0.8).abs() < 1e-12, "{gb} {sg}");
    let all = brier(&Subset::CultureMean);
    assert!((all.value - 0.48).abs() < 1e-12);
    assert_eq!((all.n, all.answered, all.missing, all.clusters), (4, 3, 1, 2));
    assert!(all.low == 0.0 && all.high > all.value && all.method.contains("hard"));

    let shares: Vec<f32> = vec![0.0, 1.0, 0.4, 0.6, 0.6, 0.4, 0.8, 0.2];
    let soft = Against { votes: &votes, probabilities: &[Some(&shares)] };
    let perfect = evaluate(&Questions { against: Some(soft), ..questions }, &rules).unwrap();
    for metric in ["brier", "jsd"] {
        let value = perfect.find(metric, &Subset::All).unwrap().value;
        assert!(value < 1e-12, "{metric} {value}");
    }
    let entropy = perfect.find("cross-entropy", &Subset::All).unwrap();
    assert!((entropy.value - 0.461_6).abs() < 1e-3 && entropy.method.contains("probabilities"));
}
