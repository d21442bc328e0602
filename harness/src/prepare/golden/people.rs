//! Votes and shares of people: CREHate's votes, GlobalOpinionQA, SeeGULL.

use std::collections::{BTreeMap, BTreeSet};

use super::{Golden, count, distinct, fingerprint, read};
use crate::example::Example;
use crate::normalise::Rows;
use crate::normalise::value::Value;
use crate::testing::shared;

/// Votes for an option.
fn votes(example: &Example, option: usize) -> u32 {
    (example.item.target[option] * f64::from(example.item.votes)).round() as u32
}

#[test]
fn crehate_votes() {
    let Some(read) = read("crehate-votes") else { return };
    let golden = Golden::of("crehate-votes").unwrap();
    let all = &read.examples;
    let mut checked = golden.is("examples", all.len());
    let odd: BTreeSet<String> = all
        .iter()
        .filter(|e| e.item.votes != 5)
        .map(|e| format!("{}:{}", e.id, e.item.votes))
        .collect();
    checked += golden.is("not-five-votes", odd.into_iter().collect::<Vec<_>>());
    for country in ["US", "AU", "GB", "ZA", "SG"] {
        let mine: Vec<&Example> = all.iter().filter(|e| e.culture == country).collect();
        checked += golden.is(&format!("{country}.posts"), mine.len());
        let hate = |n: u32| {
            let with = |e: &&&Example| e.item.votes == 5 && votes(e, 1) == n;
            mine.iter().filter(with).count()
        };
        let by_votes: Vec<usize> = (0..6).map(hate).collect();
        checked += golden.is(&format!("{country}.posts-by-hate-votes-of-five"), by_votes);
        let share =
            |all: &[&Example]| all.iter().map(|e| e.item.target[1]).sum::<f64>() / all.len() as f64;
        checked += golden.is(&format!("{country}.mean-share"), share(&mine));
        let test: Vec<&Example> =
            mine.iter().filter(|e| e.part.unwrap().name() == "test").copied().collect();
        checked += golden.is(&format!("{country}.test.mean-share"), share(&test));
    }
    assert!(checked >= 16, "{checked} values");
    let other = super::read("crehate").unwrap();
    for (mine, label) in all.iter().zip(&other.examples) {
        assert_eq!((&mine.id, &mine.text), (&label.id, &label.text));
        assert_eq!(mine.label == "B", label.label == "hate", "the label is the strict majority");
    }
}

#[test]
fn globalopinionqa() {
    let Some(read) = read("globalopinionqa") else { return };
    let golden = Golden::of("globalopinionqa").unwrap();
    let all = &read.examples;
    let mut checked = golden.is("rows", read.tally.read) + golden.is("usable", all.len());
    assert_eq!(read.tally.dropped, 9);
    checked += golden.is("countries", distinct(all, |e| &e.culture));
    checked += golden.is("questions", distinct(all, |e| &e.cluster));
    let sizes: BTreeMap<String, u64> =
        read.statistics.options.iter().map(|(size, n)| (size.to_string(), *n)).collect();
    checked += golden.is("options", serde_json::to_value(sizes).unwrap());
    for country in ["United States", "Germany", "China", "India (Current national sample)"] {
        let n = count(all, |e| e.culture == country);
        checked += golden.is(&format!("{country}.n"), n);
    }
    let mut populations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for e in all {
        populations.entry(&e.cluster).or_default().insert(&e.culture);
    }
    let shared_questions = count(all, |e| populations[e.cluster.as_str()].len() > 1);
    checked += golden.is("mean-of-other-countries.n", shared_questions);
    assert!(checked >= 8, "{checked} values");
    assert!(all.iter().all(|e| (e.item.target.iter().sum::<f64>() - 1.0).abs() < 1e-12));
    // Options that are numbers have no decimals.
    assert!(all.iter().all(|e| !e.item.options.iter().any(|o| o.ends_with(".0"))));
    assert!(all.iter().any(|e| e.item.options.iter().any(|option| option == "1")));
}

/// The document as it is read: country, number of options and sum of shares of every row.
#[test]
fn globalopinionqa_is_read_as_it_is() {
    let Some(path) = shared("globalopinionqa/data/eval.json") else { return };
    let golden = Golden::of("globalopinionqa").unwrap();
    let columns = ["country", "options", "distribution"].map(str::to_owned);
    let list = serde_json::from_str("\"[]\"").unwrap();
    let file = fs_err::File::open(path).unwrap();
    let mut rows = Rows::json("eval.json", &list, &columns, file).unwrap();
    let (mut all, mut row) = (Vec::new(), vec![String::new(); 3]);
    while rows.next(&mut row).unwrap() {
        let elements = |cell: &str| match Value::from_json(cell).unwrap() {
            Value::List(elements) => elements,
            other => panic!("{other}"),
        };
        let sum: f64 = elements(&row[2]).iter().map(|share| share.number().unwrap()).sum();
        let options = elements(&row[1]).len().to_string();
        all.push(vec![row[0].clone(), options, format!("{sum:.6}")]);
    }
    assert_eq!(golden.is("fingerprint", fingerprint(all)), 1);
}

#[test]
fn seegull() {
    let Some(labels) = read("seegull") else { return };
    let Some(shares) = read("seegull-votes") else { return };
    let golden = Golden::of("seegull").unwrap();
    let all = &shares.examples;
    let mut checked = golden.is("rows", all.len() / 2);
    checked += golden.is("identities", distinct(all, |e| &e.culture));
    let region: Vec<&Example> = all.iter().filter(|e| e.groups["side"] == "region").collect();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for e in &region {
        *sizes.entry(e.item.votes.to_string()).or_default() += 1;
    }
    checked += golden.is("votes-a-side", serde_json::to_value(sizes).unwrap());
    let copied = region.iter().filter(|e| e.groups["sides"] == "copied").count();
    checked += golden.is("copied-sides", copied);
    checked += golden.is("without-copies.n", region.len() - copied);
    let yes =
        |side: &str| count(&labels.examples, |e| e.groups["side"] == side && e.label == "yes");
    checked += golden.is("all.stereotype-by-region", yes("region"));
    checked += golden.is("all.stereotype-by-north-america", yes("north-america"));
    let same = labels.examples.chunks(2).filter(|pair| pair[0].label == pair[1].label).count();
    checked += golden.is("all.same-label", same);
    assert!(checked >= 8, "{checked} values");
    // The copies are copies.
    for pair in all.chunks(2).filter(|pair| pair[0].groups["sides"] == "copied") {
        assert_eq!(pair[0].item.target, pair[1].item.target, "{}", pair[0].id);
    }
}

#[test]
fn seegull_multilingual() {
    let Some(labels) = read("seegull-multilingual") else { return };
    let Some(shares) = read("seegull-multilingual-votes") else { return };
    let golden = Golden::of("seegull-multilingual").unwrap();
    let mut checked = golden.is("rows", labels.examples.len());
    for name in golden.below("") {
        let Some(file) = name.strip_suffix(".rows") else { continue };
        let (language, rest) = file.split_once(" (").unwrap();
        let culture = format!("{language} in {}", rest.split_once(" in ").unwrap().1);
        let mine = |e: &Example| e.culture == culture;
        checked += golden.is(&name, count(&labels.examples, mine));
        let yes = count(&labels.examples, |e| mine(e) && e.label == "yes");
        checked += golden.is(&format!("{file}.stereotype"), yes);
    }
    assert!(checked >= 27, "{checked} values");
    assert_eq!(shares.statistics.votes, [(3, 25_861)].into(), "three votes, always");
}
