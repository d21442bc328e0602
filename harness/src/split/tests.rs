//! Goldens: what pandas and scikit-learn drew (`scripts/split-goldens.py`), and the authors' own files.

use serde::Deserialize;

use super::{Columns, assign, draw, pandas_group_sample, sklearn_stratified};
use crate::definition::split::{Carve, Split, SplitRule, Unit};

#[derive(Deserialize)]
struct Goldens {
    pandas: Vec<Pandas>,
    sklearn: Vec<Sklearn>,
}

#[derive(Deserialize)]
struct Pandas {
    pattern: Vec<String>,
    step: usize,
    rows: usize,
    n: usize,
    seed: u32,
    train: Vec<usize>,
}

#[derive(Deserialize)]
struct Sklearn {
    pattern: Vec<u32>,
    step: usize,
    rows: usize,
    test_size: f64,
    seed: u32,
    train: Vec<usize>,
    test: Vec<usize>,
}

fn goldens() -> Goldens {
    serde_json::from_str(include_str!("goldens.json")).unwrap()
}

fn repeat<T: Clone>(pattern: &[T], step: usize, rows: usize) -> Vec<T> {
    (0..rows).map(|i| pattern[i * step % pattern.len()].clone()).collect()
}

#[test]
fn pandas_draws() {
    for case in goldens().pandas {
        let mut names = case.pattern.clone();
        names.dedup();
        let labels = repeat(&case.pattern, case.step, case.rows);
        // Classes are numbered as they come; the split sorts them.
        let mut names: Vec<String> = Vec::new();
        let codes: Vec<u32> = labels
            .iter()
            .map(|label| {
                names.iter().position(|name| name == label).unwrap_or_else(|| {
                    names.push(label.clone());
                    names.len() - 1
                }) as u32
            })
            .collect();
        let split = SplitRule::PandasGroupSample {
            n: case.n,
            sample_n: 1,
            random_state: case.seed,
            valid: None,
        };
        let n = codes.len();
        let columns = Columns {
            labels: &codes,
            names: &names,
            inputs: &vec![0; n],
            given: &vec![None; n],
            draws: &vec![0; n],
        };
        let parts = assign(&split, columns, false).unwrap();
        let train: Vec<usize> = (0..n).filter(|&row| parts[row] == Split::Train).collect();
        assert_eq!(train, case.train);
    }
}

#[test]
fn sklearn_draws() {
    for case in goldens().sklearn {
        let labels = repeat(&case.pattern, case.step, case.rows);
        let (train, test) = sklearn_stratified(&labels, case.test_size, case.seed).unwrap();
        assert_eq!((train, test), (case.train, case.test), "{} rows", case.rows);
    }
}

#[test]
fn a_class_too_small_is_told() {
    let error = pandas_group_sample(&[0, 0, 1], 2, 1).unwrap_err();
    assert_eq!((error.class, error.found, error.needed), (1, 1, 2));
    let names = ["a".to_owned(), "b".to_owned()];
    let columns = Columns {
        labels: &[0, 0, 1],
        names: &names,
        inputs: &[0; 3],
        given: &[None; 3],
        draws: &[0; 3],
    };
    let split = SplitRule::PandasGroupSample { n: 2, sample_n: 2, random_state: 1, valid: None };
    assert_eq!(
        assign(&split, columns, false).unwrap_err().to_string(),
        "split: class `b` has 1 rows, 2 are needed; the file is incomplete, or `split` of the definition does not fit it"
    );
}

/// A hash split has the shares asked for, keeps clusters together and is not moved by new examples.
#[test]
fn hash_split() {
    let split = SplitRule::Hash { train: 0.7, valid: 0.1, by: Unit::Cluster, seed: 1 };
    let draws: Vec<u64> =
        (0..3000).map(|i| draw(&split, &format!("{i}"), &format!("page {}", i / 3))).collect();
    let n = draws.len();
    let columns = |n: usize| (vec![0; n], vec![None; n]);
    let names = ["a".to_owned()];
    let run = |draws: &[u64]| {
        let (zeros, given) = columns(draws.len());
        let columns =
            Columns { labels: &zeros, names: &names, inputs: &zeros, given: &given, draws };
        assign(&split, columns, false).unwrap()
    };
    let parts = run(&draws);
    assert!(parts.chunks(3).all(|page| page.iter().all(|part| *part == page[0])));
    let share = |part| parts.iter().filter(|p| **p == part).count() as f64 / n as f64;
    assert!((share(Split::Train) - 0.7).abs() < 0.05 && (share(Split::Valid) - 0.1).abs() < 0.03);
    assert_eq!(run(&draws[..600]), parts[..600]);
}

/// The validation share is exact in every class, and its rows were train.
#[test]
fn carve_is_stratified() {
    let split = SplitRule::Given { valid: Some(Carve { share: 0.2, seed: 1 }) };
    let n = 500;
    let labels: Vec<u32> = (0..n).map(|i| u32::from(i % 5 == 0)).collect();
    let given: Vec<Option<Split>> =
        (0..n).map(|i| Some(if i < 400 { Split::Train } else { Split::Test })).collect();
    let draws: Vec<u64> = (0..n).map(|i| draw(&split, &i.to_string(), "")).collect();
    let names = ["no".to_owned(), "yes".to_owned()];
    let columns = Columns {
        labels: &labels,
        names: &names,
        inputs: &vec![0; n],
        given: &given,
        draws: &draws,
    };
    let parts = assign(&split, columns, false).unwrap();
    let count = |part, label| (0..n).filter(|&i| parts[i] == part && labels[i] == label).count();
    assert_eq!((count(Split::Valid, 0), count(Split::Valid, 1)), (64, 16));
    assert_eq!((count(Split::Test, 0), count(Split::Test, 1)), (80, 20));
}

/// The first five test rows of the HEARTS components, where the shared data are there.
#[test]
fn hearts_components() {
    let Some(shared) = crate::testing::shared("hearts/Model Training and Evaluation") else {
        return;
    };
    let check = |file: &str, expect: [usize; 5]| {
        let reader = fs_err::File::open(shared.join(file)).unwrap();
        let columns = ["label".to_owned()];
        let mut rows = crate::normalise::Rows::delimited(file, b',', &columns, reader).unwrap();
        let mut cells = vec![String::new()];
        let mut labels = Vec::new();
        while rows.next(&mut cells).unwrap() {
            labels.push(u32::from(cells[0].starts_with("stereotype")));
        }
        let (_, test) = sklearn_stratified(&labels, 0.2, 42).unwrap();
        assert_eq!(test[..5], expect, "{file}");
    };
    check("SeeGULL - GPT Augmentation.csv", [840, 1956, 348, 1735, 1913]);
    check("Winoqueer - GPT Augmentation.csv", [3236, 2749, 2223, 2724, 1506]);
}

#[test]
fn texts_are_compared_in_lower_case() {
    // The Kelvin sign's lower case is an ASCII letter: both ways to the key meet.
    assert_eq!(super::text_key(" Kelvin\n"), super::text_key("\u{212a}ELVIN"));
    assert_ne!(super::text_key("kelvin"), super::text_key("kelvins"));
}
