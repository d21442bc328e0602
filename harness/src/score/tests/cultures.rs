//! Small cultures, smoothed zeros, rare classes: what intervals say where a bootstrap knows nothing.

use std::collections::BTreeMap;

use crate::definition::dataset::{Metric, Scoring};
use crate::example::Coded;
use crate::score::{Answer, Evaluation, NoScore, Questions, Rules, Subset, evaluate};
use eval_stats::rng::{Generator, Stream, uniform};

/// Examples of cultures, each on its own.
#[derive(Default)]
struct Examples {
    gold: Vec<u32>,
    answers: Vec<Answer>,
    cultures: Vec<u32>,
}

impl Examples {
    fn evaluate(&self, labels: usize, cultures: usize, rules: &Rules) -> Evaluation {
        let clusters: Vec<u32> = (0..self.gold.len() as u32).collect();
        self.clustered(labels, cultures, &clusters, rules)
    }

    fn clustered(
        &self,
        labels: usize,
        cultures: usize,
        clusters: &[u32],
        rules: &Rules,
    ) -> Evaluation {
        let names = |stem: &str, n: usize| (0..n).map(|i| format!("{stem}{i}")).collect::<Vec<_>>();
        let cultures = Coded { names: names("c", cultures), codes: self.cultures.clone() };
        let questions = Questions {
            against: None,
            terms: &[],
            term_columns: &[],
            labels: &names("l", labels),
            gold: &self.gold,
            answers: &[&self.answers],
            ranks: None,
            cultures: &cultures,
            clusters,
            groups: &BTreeMap::new(),
        };
        evaluate(&questions, rules).unwrap()
    }
}

fn rules(metric: Metric, smoothing: f64, resamples: usize, seed: u64) -> Rules {
    Rules {
        metric: metric.into(),
        also: Vec::new(),
        scoring: Scoring { smoothing, ..Scoring::default() },
        positive: Some(1),
        cultures: Vec::new(),
        only: BTreeMap::new(),
        absent_cultures: crate::definition::dataset::AbsentCultures::default(),
        mean_over_cultures: false,
        stream: Stream::new(seed, "cultures"),
        resamples,
        breakdown_resamples: resamples,
    }
}

/// A model that always denies, on culture 0 of 105 examples, and is always right on culture 1; F1 smoothed by .0001.
#[test]
fn smoothing_does_not_fake_certainty() {
    let mut examples = Examples::default();
    for i in 0..210 {
        let gold = i % 2;
        examples.gold.push(gold);
        examples.cultures.push(u32::from(i >= 105));
        examples.answers.push(Answer::Label(if i < 105 { 0 } else { gold }));
    }
    let got = examples.evaluate(2, 2, &rules(Metric::F1, 0.0001, 500, 1));
    let of = |subset: Subset| got.find("f1", &subset).unwrap().clone();
    let china = of(Subset::Culture { name: "c0".to_owned() });
    assert!(china.value < 1e-5 && china.high > 0.03, "{china:?}");
    assert_eq!(china.method, "wilson-bound");
    let worst = of(Subset::WorstCulture { name: "c0".to_owned() });
    assert!(worst.value < 1e-5 && worst.high > 0.03 && worst.n == 105, "{worst:?}");
    let gap = of(Subset::CultureGap { best: "c1".to_owned(), worst: "c0".to_owned() });
    assert!(gap.value > 0.99 && gap.low < 0.97 && gap.low > 0.7, "{gap:?}");
    assert!(gap.gap.unwrap().p_equal < 0.001);
}

/// Cultures of 9, 10 and 40 examples: the first is in no comparison, and its value is drawn towards the others.
#[test]
fn a_small_culture_is_shrunken_and_not_compared() {
    let mut examples = Examples::default();
    for (culture, n, wrong) in [(0, 9, 0), (1, 10, 2), (2, 40, 11), (3, 40, 10)] {
        for i in 0..n {
            examples.gold.push(1);
            examples.answers.push(Answer::Label(u32::from(i >= wrong)));
            examples.cultures.push(culture);
        }
    }
    let got = examples.evaluate(2, 4, &rules(Metric::Accuracy, 0.0, 500, 1));
    let gap = got.scores.iter().find(|s| s.gap.is_some()).unwrap();
    let worst = "c2".to_owned();
    assert_eq!(gap.subset, Subset::CultureGap { best: "c1".to_owned(), worst });
    let figures = gap.gap.unwrap();
    assert_eq!((figures.cultures, figures.best_n, figures.worst_n), (3, 10, 40));
    assert!(figures.p_equal > 0.5 && figures.excess < 0.0, "{figures:?}");
    let among = |name: &str| {
        got.find("accuracy", &Subset::Culture { name: name.to_owned() }).unwrap().among.unwrap()
    };
    assert!(among("c0").simultaneous.is_none() && among("c1").simultaneous.is_some());
    let drawn = among("c0").shrunken.unwrap();
    assert!(drawn.value < 0.9 && drawn.value > 0.7 && drawn.weight < 0.3, "{drawn:?}");
}

#[test]
fn one_large_culture_has_no_gap_and_a_reason() {
    let mut examples = Examples::default();
    for i in 0..49 {
        examples.gold.push(i % 2);
        examples.answers.push(Answer::Label(1));
        examples.cultures.push(u32::from(i < 9));
    }
    let got = examples.evaluate(2, 2, &rules(Metric::Accuracy, 0.0, 200, 1));
    assert!(got.scores.iter().all(|s| s.gap.is_none()));
    let few = NoScore::TooFewCultures { cultures: 1 };
    assert_eq!(got.refused.iter().filter(|r| r.reason == few).count(), 2, "gap and worst");
}

/// Twelve classes, six of them below 3 %; a model that is right on .7 of each, and else answers by the classes' shares.
fn with_rare_classes(rng: &mut Generator, n: usize) -> (Examples, f64) {
    const COMMON: [f64; 6] = [0.18, 0.16, 0.15, 0.14, 0.14, 0.13];
    const RARE: [f64; 6] = [0.005, 0.01, 0.015, 0.02, 0.025, 0.025];
    let shares: Vec<f64> = COMMON.iter().chain(&RARE).copied().collect();
    let draw = |rng: &mut Generator| {
        let mut left = uniform(rng);
        shares
            .iter()
            .position(|s| {
                left -= s;
                left < 0.0
            })
            .unwrap_or(11) as u32
    };
    let mut examples = Examples::default();
    for _ in 0..n {
        let gold = draw(rng);
        let answer = if uniform(rng) < 0.7 { gold } else { draw(rng) };
        examples.gold.push(gold);
        examples.answers.push(Answer::Label(answer));
        examples.cultures.push(0);
    }
    // F1 of a class of share s: hits s (.7 + .3 s), gold s, predicted .7 s + .3 s.
    let truth = shares.iter().map(|s| 0.7 + 0.3 * s).sum::<f64>() / 12.0;
    (examples, truth)
}

/// One Monte-Carlo standard error is .015; a percentile bootstrap covers .30.
#[test]
fn macro_f1_with_rare_classes_is_covered() {
    let stream = Stream::new(9, "rare classes");
    let runs = 200;
    let mut covered = 0;
    for run in 0..runs {
        let (examples, truth) = with_rare_classes(&mut stream.at(run), 200);
        let got = examples.evaluate(12, 1, &rules(Metric::MacroF1, 0.0, 100, run));
        let score = got.primary().unwrap();
        assert!(score.method.contains("classes below 10 examples"), "{}", score.method);
        assert!(score.low <= score.value && score.value <= score.high && score.high < 1.0);
        covered += u64::from(score.low <= truth && truth <= score.high);
    }
    assert!(covered * 100 >= 93 * runs, "{covered} of {runs}");
}

/// Five cultures that share their posts, a model that is equally good on all: what a post's difficulty makes common is in
/// the correlation. One Monte-Carlo standard error is .02.
#[test]
fn gap_and_worst_of_cultures_that_share_posts_are_covered() {
    const RIGHT: f64 = 0.7;
    let stream = Stream::new(21, "shared posts");
    let runs = 100;
    let (mut gaps, mut worsts, mut rejected) = (0, 0, 0);
    for run in 0..runs {
        let rng = &mut stream.at(run);
        let (mut examples, mut posts) = (Examples::default(), Vec::new());
        for post in 0..60 {
            // Half of the posts are right or wrong for all cultures together.
            let together = (uniform(rng) < 0.5).then(|| uniform(rng) < RIGHT);
            for culture in 0..5 {
                let right = together.unwrap_or_else(|| uniform(rng) < RIGHT);
                examples.gold.push(1);
                examples.answers.push(Answer::Label(u32::from(right)));
                examples.cultures.push(culture);
                posts.push(post);
            }
        }
        let got = examples.clustered(2, 5, &posts, &rules(Metric::Accuracy, 0.0, 300, run));
        let gap = got.scores.iter().find(|s| s.gap.is_some()).unwrap();
        let worst =
            got.scores.iter().find(|s| matches!(s.subset, Subset::WorstCulture { .. })).unwrap();
        gaps += u64::from(gap.low <= 0.0);
        worsts += u64::from(worst.low <= RIGHT && RIGHT <= worst.high);
        rejected += u64::from(gap.gap.unwrap().p_equal <= 0.05);
    }
    assert!(gaps >= 88 && worsts >= 88, "{gaps} and {worsts} of {runs}");
    assert!(rejected <= 12, "{rejected} of {runs}");
}
