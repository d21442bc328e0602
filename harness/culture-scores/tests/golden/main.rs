//! Known values of the second wave of datasets, computed from the original files: every golden value of
//! `CULTURE_EVAL_SHARED`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bbq;
mod blend;
mod blend_floors;
mod copal_fork;
mod crows_pairs;
mod esbbq;
mod kalahi;
mod kobbq;
mod ledger;
mod opinions;
mod read;
mod seegull;
#[path = "../../../tests/fixtures/skipped.rs"]
mod skipped;
mod survey_map;
mod votes;

use ledger::{Golden, Ledger, Report};
use read::Data;

/// A dataset: the first part of its ids, how many values it has, and what computes them.
type Dataset = (&'static str, usize, fn(&Data, &mut Ledger));

const DATASETS: [Dataset; 14] = [
    ("blend", 349, blend::check),
    ("bbq", 117, bbq::check),
    ("kobbq", 101, kobbq::check),
    ("kobbq-survey", 4, kobbq::survey),
    ("esbbq", 98, esbbq::check),
    ("copal-id", 19, copal_fork::copal_id),
    ("fork", 19, copal_fork::fork),
    ("kalahi", 22, kalahi::check),
    ("crows-pairs", 49, crows_pairs::check),
    ("globalopinionqa", 34, opinions::check),
    ("seegull", 17, seegull::check),
    ("seegull-multilingual", 27, seegull::multilingual),
    ("crehate-votes", 100, votes::check),
    ("iw-map", 41, survey_map::check),
];

/// What became of the values of a dataset, and how many they are; `None` without the data.
#[track_caller]
fn dataset(name: &str) -> Option<(Report, usize)> {
    let (data, golden) = read::shared()?;
    let (_, count, check) = DATASETS.into_iter().find(|(dataset, ..)| *dataset == name)?;
    let mut ledger = Ledger::new(name, golden);
    check(&data, &mut ledger);
    Some((ledger.report(), count))
}

#[test]
fn the_datasets_are_all_of_the_file() {
    let Some((_, golden)) = read::shared() else { return };
    assert_eq!(DATASETS.iter().map(|(_, count, _)| count).sum::<usize>(), 997);
    let known = |id: &str| DATASETS.iter().any(|(dataset, ..)| ledger::is_of(id, dataset));
    let unknown: Vec<&Golden> = golden.iter().filter(|value| !known(&value.id)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(golden.len(), 997);
}

macro_rules! datasets {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            let Some((report, count)) = dataset($name) else { return };
            println!("{report}");
            assert!(report.failures.is_empty() && report.not_covered.is_empty(), "{report}");
            assert_eq!(report.checked, count, "{report}");
        })*
    };
}

datasets! {
    blend_values: "blend",
    bbq_values: "bbq",
    kobbq_values: "kobbq",
    kobbq_survey_values: "kobbq-survey",
    esbbq_values: "esbbq",
    copal_id_values: "copal-id",
    fork_values: "fork",
    kalahi_values: "kalahi",
    crows_pairs_values: "crows-pairs",
    globalopinionqa_values: "globalopinionqa",
    seegull_values: "seegull",
    seegull_multilingual_values: "seegull-multilingual",
    crehate_votes_values: "crehate-votes",
    iw_map_values: "iw-map",
}
