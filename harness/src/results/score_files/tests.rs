use super::*;

fn file(name: &str, scores: &[f64], cluster: Option<&dyn Fn(usize) -> String>) -> File {
    let items = scores.iter().enumerate().map(|(i, score)| ItemScore {
        place: format!("{name}, row {}", i + 1),
        id: format!("item-{i}"),
        question: Some(format!("q{i}")),
        score: Some(*score),
        cluster: cluster.map(|of| of(i)),
    });
    let scores = Scores {
        task: None,
        model: None,
        metric: "acc".to_owned(),
        items: items.collect(),
        notes: Vec::new(),
    };
    (name.to_owned(), scores)
}

const WAY: Way = Way { scale: 1.0, partial: false };

fn of(files: &[File]) -> Result<Report, String> {
    compare(files, WAY, &Options { resamples: 2000, ..Options::default() })
        .map_err(|e| e.to_string())
}

/// 200 items: A is wrong on every fifth, B on every fourth and on those after a fifth. 70 only A has right, 30 only B.
fn binary() -> [Vec<f64>; 2] {
    let right = |wrong: &dyn Fn(usize) -> bool| {
        (0..200).map(|i| f64::from(u8::from(!wrong(i)))).collect::<Vec<f64>>()
    };
    [right(&|i| i % 5 == 0), right(&|i| i % 4 == 0 || i % 5 == 1)]
}

/// Mid-p McNemar of 70 against 30 by SciPy's binomial distribution: 5.533070587580156e-05.
#[test]
fn right_and_wrong_answers_are_compared_by_mcnemar() {
    let [a, b] = binary();
    // The second file has its items in another order.
    let mut turned = file("b.jsonl", &b, None);
    turned.1.items.reverse();
    let report = of(&[file("a.jsonl", &a, None), turned]).unwrap();
    let outcome = &report.benchmarks[0];
    assert_eq!((outcome.n, outcome.test.name.as_str()), (200, "mcnemar-midp"));
    let pair = &outcome.pairs[0];
    assert_eq!((pair.a.as_str(), pair.b.as_str()), ("a", "b"));
    assert!((pair.difference - 0.2).abs() < 1e-12);
    assert!((pair.p - 5.533_070_587_580_156e-5).abs() < 1e-12, "{}", pair.p);
    let own = outcome.models[0].interval.unwrap();
    // Wilson's interval of 160 of 200.
    assert!((own.low - 0.7391).abs() < 1e-4 && (own.high - 0.8495).abs() < 1e-4, "{own:?}");
}

/// The paired t test by SciPy: t = 2.424267674112443, p = 0.017153335490515433.
#[test]
fn graded_scores_are_compared_by_their_values() {
    let scores =
        |step: usize, of: usize| (0..100).map(|i| (i * step % of) as f64).collect::<Vec<_>>();
    let files = [file("x.csv", &scores(7, 11), None), file("y.csv", &scores(5, 9), None)];
    let error = of(&files).unwrap_err();
    assert!(
        error.contains("x.csv, row 2: the score is 7, and scores are between 0 and 1"),
        "{error}"
    );
    assert!(error.contains("--scale 10"), "{error}");
    let way = Way { scale: 10.0, ..WAY };
    let report = compare(&files, way, &Options { resamples: 2000, ..Options::default() }).unwrap();
    let pair = &report.benchmarks[0].pairs[0];
    assert_eq!(report.benchmarks[0].test.name, "paired-t");
    // Values are kept as f32.
    assert!((pair.difference - 0.099).abs() < 1e-7, "{}", pair.difference);
    assert!((pair.p - 0.017_153_335).abs() < 1e-6, "{}", pair.p);
}

#[test]
fn clusters_change_the_test() {
    let [a, b] = binary();
    let cluster = |i: usize| format!("passage {}", i / 4);
    let report =
        of(&[file("a.csv", &a, Some(&cluster)), file("b.csv", &b, Some(&cluster))]).unwrap();
    let outcome = &report.benchmarks[0];
    assert_eq!((outcome.clusters, outcome.test.name.as_str()), (50, "cluster-sign-flip"));
    let other = |i: usize| format!("passage {}", i / 5);
    let error =
        of(&[file("a.csv", &a, Some(&cluster)), file("b.csv", &b, Some(&other))]).unwrap_err();
    assert!(
        error.contains("the item `item-4` is in the cluster `passage 1` in a.csv, row 5"),
        "{error}"
    );
}

#[test]
fn files_that_do_not_fit_are_refused_with_what_to_do() {
    let [a, b] = binary();
    let files = || [file("a.csv", &a, None), file("b.csv", &b, None)];
    let said = |change: &dyn Fn(&mut Scores)| {
        let mut files = files();
        change(&mut files[1].1);
        of(&files).unwrap_err()
    };
    let error = said(&|scores| scores.metric = "exact_match".to_owned());
    assert!(error.contains("a.csv has the score `acc`, b.csv has `exact_match`"), "{error}");
    let error = said(&|scores| scores.items[3].question = Some("changed".to_owned()));
    assert!(
        error.contains("`item-3` is another question in b.csv, row 4 than in a.csv, row 4"),
        "{error}"
    );
    let error = said(&|scores| scores.items.truncate(150));
    assert!(
        error.contains("scores of 150 items in common, of up to 200")
            && error.contains("--partial"),
        "{error}"
    );
    let error = said(&|scores| scores.items.iter_mut().for_each(|item| item.id.insert(0, 'x')));
    assert!(error.contains("share no item: a.csv has `item-0`, b.csv has `xitem-0`"), "{error}");
    let options = Options { baseline: Some("c".to_owned()), ..Options::default() };
    let error = compare(&files(), WAY, &options).unwrap_err().to_string();
    assert!(error.contains("no file is of the model `c`: there are a, b"), "{error}");
}

#[test]
fn what_is_left_out_is_told() {
    let [a, b] = binary();
    let mut files = [file("a.csv", &a, None), file("b.csv", &b, None)];
    files[1].1.items.truncate(195);
    files[1].1.items[0].score = None;
    let report = of(&files).unwrap();
    let outcome = &report.benchmarks[0];
    assert_eq!(outcome.n, 194);
    for note in [
        "5 items of a.csv are not in every file and were left out",
        "1 items have no score in one of the files and were left out",
    ] {
        assert!(outcome.notes.iter().any(|n| n == note), "{:?}", outcome.notes);
    }
}

#[test]
fn models_are_called_as_logged_or_as_their_files() {
    let [a, b] = binary();
    let named = |names: [Option<&str>; 2]| {
        let mut files = [file("one/a.csv", &a, None), file("two/a.csv", &b, None)];
        for (file, name) in files.iter_mut().zip(names) {
            file.1.model = name.map(str::to_owned);
        }
        super::names(&files)
    };
    assert_eq!(named([Some("org/m"), Some("org/n")]), ["org/m", "org/n"]);
    // The same model twice, as with two prompts: the files differ.
    assert_eq!(named([Some("org/m"), Some("org/m")]), ["one/a.csv", "two/a.csv"]);
    assert_eq!(named([Some("org/m"), None]), ["one/a.csv", "two/a.csv"]);
}
