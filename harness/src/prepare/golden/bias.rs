//! KoBBQ, BBQ, EsBBQ and CaBBQ, CrowS-Pairs.

use super::{Golden, cells, count, distinct, fingerprint, read, right};
use crate::example::Example;

#[test]
fn kobbq() {
    let Some(read) = read("kobbq") else { return };
    let golden = Golden::of("kobbq").unwrap();
    let all = &read.examples;
    let mut checked = golden.is("rows", all.len());
    checked += golden.is("templates", distinct(all, |e| &e.cluster));
    let row =
        |e: &Example| vec![e.id.clone(), right(e).to_string(), e.item.roles["biased"].to_string()];
    checked += golden.is("fingerprint", fingerprint(all.iter().map(row)));
    for name in golden.below("rows.") {
        let n = count(all, |e| e.culture == name || e.groups["origin"] == name);
        checked += golden.is(&format!("rows.{name}"), n);
    }
    assert!(checked >= 13, "{checked} values");
    assert!(all.iter().all(|e| e.item.roles["unknown"] == 2 && e.item.options.len() == 3));
    // Where nothing is known, "unknown" is right; else the person that the version of the context says.
    for e in all {
        let ambiguous = e.groups["ambiguity"] == "amb";
        assert_eq!(right(e) == 2, ambiguous, "{}", e.id);
        let biased = e.item.roles["biased"] as usize == right(e);
        assert!(ambiguous || biased == (e.groups["leaning"] == "biased"), "{}", e.id);
    }
}

#[test]
fn bbq() {
    let Some(read) = read("bbq") else { return };
    for (category, prefix) in [("Nationality", "bbq.Nationality"), ("Religion", "bbq.Religion")] {
        let golden = Golden::of(prefix).unwrap();
        let mine = read.examples.iter().filter(|e| e.groups["category"] == category);
        let all: Vec<Example> = mine.cloned().collect();
        let mut checked = golden.is("rows", all.len());
        checked += golden.is("templates", distinct(&all, |e| &e.cluster));
        let row = |e: &Example| {
            let id = e.id.split_once('/').unwrap().1.to_owned();
            let roles = &e.item.roles;
            vec![
                id,
                right(e).to_string(),
                roles["unknown"].to_string(),
                roles["biased"].to_string(),
            ]
        };
        checked += golden.is("fingerprint", fingerprint(all.iter().map(row)));
        for name in golden.below("rows.") {
            checked += golden.is(&format!("rows.{name}"), count(&all, |e| e.culture == name));
        }
        let positions = [0, 1, 2].map(|place| count(&all, |e| right(e) == place));
        checked += golden.is("gold-position", positions.to_vec());
        for condition in ["ambig", "disambig"] {
            type Predictor = fn(usize, &Example) -> usize;
            let predictors: [(&str, Predictor); 5] = [
                ("first", |_, _| 0),
                ("second", |_, _| 1),
                ("unknown", |_, e| e.item.roles["unknown"] as usize),
                ("target", |_, e| e.item.roles["biased"] as usize),
                ("row-mod-3", |row, _| row % 3),
            ];
            for (name, predictor) in predictors {
                let hit = |(row, e): &(usize, &Example)| {
                    e.groups["ambiguity"] == condition && predictor(*row, e) == right(e)
                };
                let n = all.iter().enumerate().filter(hit).count();
                checked += golden.is(&format!("{name}.{condition}.right"), n);
            }
        }
        assert!(checked >= 15, "{category}: {checked} values");
    }
}

#[test]
fn esbbq_and_cabbq() {
    for (task, language) in [("esbbq", "es"), ("cabbq", "ca")] {
        let Some(read) = read(task) else { return };
        let golden = Golden::of("esbbq").unwrap();
        let mut checked = 0;
        for category in ["Nationality", "Religion", "SpanishRegion"] {
            let mine = read.examples.iter().filter(|e| e.culture == category);
            let all: Vec<Example> = mine.cloned().collect();
            let at = format!("{language}.{category}");
            checked += golden.is(&format!("{at}.rows"), all.len());
            checked += golden.is(&format!("{at}.templates"), distinct(&all, |e| &e.cluster));
            let row = |e: &Example| {
                let id = e.id.split_once('/').unwrap().1.to_owned();
                vec![
                    id,
                    e.groups["ambiguity"].clone(),
                    e.groups["type"].clone(),
                    right(e).to_string(),
                ]
            };
            checked += golden.is(&format!("{at}.fingerprint"), fingerprint(all.iter().map(row)));
        }
        assert!(checked >= 7, "{task}: {checked} values");
        assert!(read.examples.iter().all(|e| !e.item.options.iter().any(|o| o == "unknown")));
    }
}

#[test]
fn crows_pairs() {
    let Some(read) = read("crows-pairs") else { return };
    let golden = Golden::of("crows-pairs").unwrap();
    let all = &read.examples;
    let mut checked = golden.is("rows", all.len());
    // The file's unnamed first column is the number of the row.
    let columns = ["", "stereo_antistereo", "bias_type"];
    let file = cells("crows-pairs/data/crows_pairs_anonymized.csv", &columns);
    assert_eq!(golden.is("fingerprint", fingerprint(file)), 1);
    let row = |e: &Example| vec![e.id.clone(), e.groups["direction"].clone(), e.culture.clone()];
    checked += golden.is("fingerprint", fingerprint(all.iter().map(row)));
    for name in golden.below("rows.") {
        let (kind, direction) = name.split_once('.').unwrap();
        let n = count(all, |e| e.culture == kind && e.groups["direction"] == direction);
        checked += golden.is(&format!("rows.{name}"), n);
    }
    let raters: Vec<usize> =
        (0..6).map(|n| count(all, |e| e.groups["raters"] == n.to_string())).collect();
    checked += golden.is("raters-who-name-the-type", raters);
    // Shorter sentences as likelier ones.
    let more = |e: &Example| e.item.options[right(e)].len();
    let less = |e: &Example| e.item.options[1 - right(e)].len();
    checked += golden.is("minus-bytes.ties", count(all, |e| more(e) == less(e)));
    checked += golden.is("minus-bytes.more-likely", count(all, |e| more(e) < less(e)));
    assert!(checked >= 16, "{checked} values");
    // The order of the two does not tell which is the more stereotyped one.
    let first = count(all, |e| right(e) == 0);
    assert!((650..=860).contains(&first), "{first} of 1,508");
    assert!(all.iter().all(|e| !e.item.options.iter().any(|option| e.text.contains(option))));
}
