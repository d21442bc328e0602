//! COPAL-ID, FORK, Kalahi.

use std::collections::BTreeSet;

use super::{Golden, cells, count, fingerprint, read, right, shorter};
use crate::example::Example;

#[test]
fn copal_id() {
    for (task, prefix, file) in [
        ("copal-id", "copal-id.test_copal", "test_copal"),
        ("copal-id-colloquial", "copal-id.test_copal_colloquial", "test_copal_colloquial"),
    ] {
        let Some(read) = read(task) else { return };
        let golden = Golden::of(prefix).unwrap();
        let all = &read.examples;
        let mut checked = golden.is("rows", all.len());
        let row = |e: &Example| {
            let group = |name: &str| e.groups[name].clone();
            let gold = right(e).to_string();
            vec![
                e.id.clone(),
                group("question"),
                gold,
                group("terminology"),
                group("culture"),
                group("language"),
            ]
        };
        checked += golden.is("fingerprint", fingerprint(all.iter().map(row)));
        type Predictor = fn(usize, &Example) -> usize;
        let predictors: [(&str, Predictor); 3] = [
            ("first", |_, _| 0),
            ("row-mod-2", |row, _| row % 2),
            ("shorter-in-bytes-ties-first", |_, e| shorter(e)),
        ];
        for (group, ending) in [
            ("", ""),
            ("terminology", ".Terminology"),
            ("culture", ".Culture"),
            ("language", ".Language"),
        ] {
            let within = |e: &Example| group.is_empty() || e.groups[group] == "1";
            checked += golden.is(&format!("rows{ending}"), count(all, within));
            for (name, predictor) in predictors {
                let hit =
                    |(row, e): &(usize, &Example)| within(e) && predictor(*row, e) == right(e);
                let n = all.iter().enumerate().filter(hit).count();
                checked += golden.is(&format!("{name}.right{ending}"), n);
            }
        }
        assert!(checked >= 2, "{file}: {checked} values");
        let trimmed = |text: &String| text.trim() == text;
        assert!(all.iter().all(|e| trimmed(&e.text) && e.item.options.iter().all(trimmed)));
    }
}

#[test]
fn fork() {
    let Some(read) = read("fork") else { return };
    let golden = Golden::of("fork").unwrap();
    let all = &read.examples;
    let mut checked = golden.is("rows", all.len());
    let names = [
        ("CN", "China"),
        ("US", "USA"),
        ("JP", "Japan"),
        ("IN", "India"),
        ("AE", "UAE"),
        ("KR", "South Korea"),
        ("FR", "France"),
        ("IT", "Italy"),
        ("SA", "Saudi Arabia"),
        ("DE", "Germany"),
        ("KZ", "Kazakhstan"),
    ];
    let country = |e: &Example| names.iter().find(|(tag, _)| *tag == e.culture).unwrap().1;
    let row = |e: &Example| {
        vec![e.id.clone(), e.label.clone(), country(e).to_owned(), e.groups["type"].clone()]
    };
    checked += golden.is("fingerprint", fingerprint(all.iter().map(row)));
    for name in golden.below("rows.") {
        let n = count(all, |e| country(e) == name || e.groups["type"] == name);
        checked += golden.is(&format!("rows.{name}"), n);
    }
    for (ending, place) in [("", None), (".USA", Some("US")), (".others", Some("others"))] {
        let within = |e: &Example| place.is_none_or(|place| e.groups["place"] == place);
        checked +=
            golden.is(&format!("A.right{ending}"), count(all, |e| within(e) && right(e) == 0));
        let short = count(all, |e| within(e) && shorter(e) == right(e));
        checked += golden.is(&format!("shorter-in-bytes-ties-A.right{ending}"), short);
    }
    let of_us: BTreeSet<&str> =
        all.iter().filter(|e| e.culture == "US").map(|e| e.cluster.as_str()).collect();
    let shared = count(all, |e| e.culture != "US" && of_us.contains(e.cluster.as_str()));
    checked += golden.is("us-answer-elsewhere.n", shared);
    assert_eq!(read.statistics.clusters, 20, "pairs of options");
    assert!(checked >= 17, "{checked} values");
}

#[test]
fn kalahi() {
    for (task, prefix, file) in [
        ("kalahi", "kalahi.filipino", "filipino"),
        ("kalahi-partial", "kalahi.filipino_partially_enriched", "filipino_partially_enriched"),
        ("kalahi-plain", "kalahi.filipino_unenriched", "filipino_unenriched"),
    ] {
        let Some(read) = read(task) else { return };
        let golden = Golden::of(prefix).unwrap();
        let all = &read.examples;
        golden.is("rows", all.len());
        // Options are in the order of a hash; where the best one is among the right ones, the file says.
        let path = format!("kalahi/data/{file}.csv");
        let lists = cells(&path, &["relevant_answers"]);
        let row = |(e, list): (&Example, &Vec<String>)| {
            let best = &e.item.options[e.item.roles["best"] as usize];
            let right = count_of(e, 1.0);
            let of_list = list[0].split(';').map(str::trim);
            let place = of_list
                .into_iter()
                .position(|text| text.trim_end_matches('.') == best.trim_end_matches('.'))
                .unwrap();
            let wrong = e.item.options.len() - right;
            vec![e.id.clone(), right.to_string(), wrong.to_string(), place.to_string()]
        };
        golden.is("fingerprint", fingerprint(all.iter().zip(&lists).map(row)));
        let expected = if file == "filipino_unenriched" { (85, 85) } else { (150, 86) };
        assert_eq!((all.len() as u64, read.statistics.clusters), expected);
        // As many right as wrong ones, three to five, each with a full stop; their order says nothing.
        for e in all {
            let right = count_of(e, 1.0);
            assert!(2 * right == e.item.options.len() && (3..=5).contains(&right), "{}", e.id);
            assert!(e.item.options.iter().all(|option| option.ends_with('.')), "{}", e.id);
        }
        let first = count(all, |e| e.item.target[0] == 1.0) as f64 / all.len() as f64;
        assert!((0.3..0.7).contains(&first), "{first} of the first options are right");
    }
}

fn count_of(example: &Example, target: f64) -> usize {
    example.item.target.iter().filter(|share| **share == target).count()
}
