//! Labels of one item by several cultures: scores of panels beside accuracy, with clusters and intervals as every other.

use std::collections::BTreeMap;

use crate::answer::Given;
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{AbsentCultures, Capability, Metric, Scoring};
use crate::example::{Coded, Examples};
use crate::score::kinds::{Measures, Way};
use crate::score::{Answer, Questions, Rules, Subset, evaluate};
use eval_stats::rng::Stream;

/// 60 posts, three cultures. The third says the opposite of the others on every other post, and the model knows on three of four.
fn panels() -> (Examples, Vec<Given>) {
    let mut examples = Examples::default();
    let mut given = Vec::new();
    for post in 0..60u32 {
        for culture in 0..3u32 {
            let fact = post % 3 % 2;
            let differs = culture == 2 && post % 2 == 0;
            let gold = if differs { 1 - fact } else { fact };
            let knows = post % 8 != 0;
            let answer = if knows { gold } else { fact };
            examples.labels.push(gold);
            examples.clusters.push(post);
            examples.cultures.codes.push(culture);
            let score = |label| (label, if label == answer { 0.9 } else { 0.1 });
            given.push(Given {
                answer: Answer::Label(answer),
                scores: vec![score(answer), score(1 - answer)],
                text: String::new(),
            });
        }
    }
    examples.cultures.names = ["a", "b", "c"].map(str::to_owned).to_vec();
    (examples, given)
}

#[test]
fn crehate_has_scores_of_panels_and_other_labels_have_none() {
    let all = Catalogue::embedded().unwrap();
    let names = |task: &str| -> Vec<String> {
        let measures = Measures::of(all.task(task).unwrap().1, 0).measures;
        measures.into_iter().map(|measure| measure.name).collect()
    };
    let expected = ["culture-contrast", "accuracy-where-cultures-disagree", "differs-by-culture"];
    assert_eq!(names("crehate"), expected);
    assert!(names("emgsd").is_empty());
}

#[test]
fn panels_are_scored_by_clusters_and_cultures() {
    let all = Catalogue::embedded().unwrap();
    let measures = Measures::of(all.task("crehate").unwrap().1, 0);
    let (examples, given) = panels();
    let way = Way { served: Capability::Classify };
    let column = measures.column(&examples, &given, way, |_, _| None);
    let answers: Vec<Answer> = given.iter().map(|given| given.answer).collect();
    let questions = Questions {
        labels: &["no", "yes"].map(str::to_owned),
        gold: &examples.labels,
        answers: &[&answers],
        ranks: None,
        cultures: &examples.cultures,
        clusters: &examples.clusters,
        groups: &BTreeMap::<String, Coded>::new(),
        against: None,
        terms: &measures.measures,
        term_columns: &[&column],
    };
    let rules = Rules {
        metric: Metric::Accuracy.into(),
        also: Vec::new(),
        scoring: Scoring::default(),
        positive: None,
        cultures: Vec::new(),
        only: BTreeMap::new(),
        absent_cultures: AbsentCultures::default(),
        mean_over_cultures: false,
        stream: Stream::new(1, "panels"),
        resamples: 400,
        breakdown_resamples: 400,
    };
    let got = evaluate(&questions, &rules).unwrap();
    let of = |name: &str, subset: &Subset| got.find(name, subset).unwrap().clone();
    let whole = |name: &str| of(name, &Subset::All);
    // 30 posts with two pairs each; on 22 of them the model knows, on 8 it answers alike for all: a tie.
    let contrast = whole("culture-contrast");
    assert!((contrast.value - (22.0 + 4.0) / 30.0).abs() < 1e-12, "{contrast:?}");
    assert!(
        contrast.low > 0.5 && contrast.high < 1.0 && contrast.low < contrast.high,
        "{contrast:?}"
    );
    let disagreeing = whole("accuracy-where-cultures-disagree");
    assert!((disagreeing.value - (90.0 - 8.0) / 90.0).abs() < 1e-12, "{disagreeing:?}");
    let differs = whole("differs-by-culture");
    assert!((differs.value - (22.0 - 30.0) / 60.0).abs() < 1e-12, "{differs:?}");
    let culture = Subset::Culture { name: "a".to_owned() };
    assert!((of("culture-contrast", &culture).value - contrast.value).abs() < 1e-12);
    assert!((of("differs-by-culture", &culture).value - differs.value).abs() < 1e-12);
}
