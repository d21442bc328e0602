use super::*;
use crate::bias::Roles;

fn item<'a>(row: usize, options: &'a [&'a str]) -> Item<'a, &'a str> {
    Item { row, options, roles: Some(Roles { unknown: 2, biased: 1 }) }
}

#[test]
fn predictors_choose_by_place_length_or_role() {
    let three = item(5, &["naïve", "naive", "né"]);
    let chosen = Predictor::ALL.map(|predictor| predictor.of(&three));
    assert_eq!(
        chosen,
        [Some(0), Some(1), Some(2), Some(2), Some(1), Some(1), Some(2), Some(0), Some(2)]
    );
    // The same number of code points: the first. One byte more: not shorter.
    let two = item(0, &["naïve", "naive"]);
    assert_eq!(Predictor::Longest.of(&two), Some(0));
    assert_eq!(Predictor::ShorterInBytes.of(&two), Some(1));
    assert_eq!(Predictor::ShorterInBytes.of(&item(0, &["ab", "cd"])), Some(0));
    assert_eq!((Predictor::Third.of(&two), Predictor::Unknown.of(&two)), (None, None));
    assert_eq!(Predictor::ALL.map(|predictor| predictor.of(&item(1, &[]))), [None; 9]);
}

#[test]
fn names_are_those_of_serde() {
    for predictor in Predictor::ALL {
        assert_eq!(serde_json::to_value(predictor).unwrap(), predictor.name());
    }
    for score in TextScore::ALL {
        assert_eq!(serde_json::to_value(score).unwrap(), score.name());
    }
    assert_eq!(serde_json::from_str::<Predictor>("\"target\"").unwrap(), Predictor::Biased);
}

/// zlib.crc32 of Python 3.13.
#[test]
fn scores_of_texts() {
    let of = |text| TextScore::ALL.map(|score| score.of(text));
    assert_eq!(
        of("té  a\u{1c}b "),
        [0.0, 0.09, -0.09, -9.0, -3.0, f64::from(crc32("té  a\u{1c}b ".as_bytes()))]
    );
    assert_eq!(crc32(b""), 0);
    assert_eq!(crc32("é".as_bytes()), 0x0e04_8d3e);
}

#[test]
fn lines_over_items() {
    assert_eq!(uniform_accuracy([(1, 2), (1, 4)]).unwrap(), Some(0.375));
    assert_eq!(uniform_accuracy([]).unwrap(), None);
    assert!(uniform_accuracy([(1, 2), (3, 2)]).unwrap_err().to_string().contains("index 1"));
    assert!(uniform_accuracy([(0, 0)]).is_err());
    assert_eq!(above_chance(0.5, 0.25), Some(1.0 / 3.0));
    assert_eq!(above_chance(0.0, 0.5), Some(-1.0));
    assert_eq!(above_chance(1.0, 1.0), None);
    assert_eq!(mean_shares(&[[3.0, 1.0], [0.0, 2.0]]).unwrap(), Some(vec![0.375, 0.625]));
    assert_eq!(mean_shares::<[f64; 2]>(&[]).unwrap(), None);
    assert!(mean_shares(&[vec![1.0], vec![1.0, 1.0]]).is_err());
}

#[test]
fn the_commonest_and_positions() {
    assert_eq!(commonest(["b", "a", "a", "b", "c"]), Some(("b", 2)));
    assert_eq!(commonest([]), None);
    assert_eq!(
        position_shares([Some(0), None, Some(0), Some(2)], 3).unwrap(),
        [2.0 / 3.0, 0.0, 1.0 / 3.0]
    );
    assert_eq!(position_shares([None], 3), None);
    assert_eq!(position_shares([Some(3)], 3), None, "there is no such position");
}
