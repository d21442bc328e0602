//! CrowS-Pairs: preferences of scores that know nothing.

use std::collections::BTreeMap;

use culture_scores::RatioScore;
use culture_scores::likelihood::{
    ANTI_STEREOTYPE_SCORE, Leaning, PREFERS, Pair, Preference, STEREOTYPE_SCORE, preference,
};
use culture_scores::reference::TextScore;
use serde_json::Value;

use super::ledger::Ledger;
use super::read::{Data, Row, fingerprint, python_list};

fn leaning(row: &Row) -> Leaning {
    serde_json::from_value(Value::String(row["stereo_antistereo"].clone())).unwrap()
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    let rows = data.csv("crows-pairs/data/crows_pairs_anonymized.csv");
    ledger.count("rows", rows.len());
    let fields = |row: &Row| {
        ["", "stereo_antistereo", "bias_type"].map(|column| row[column].clone()).to_vec()
    };
    ledger.check("fingerprint", fingerprint(rows.iter().map(fields)));
    let mut cells: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *cells
            .entry(format!("rows.{}.{}", row["bias_type"], row["stereo_antistereo"]))
            .or_default() += 1;
    }
    for (id, count) in cells {
        ledger.count(&id, count);
    }
    raters(&rows, ledger);
    for score in [TextScore::MinusBytes, TextScore::MinusWords, TextScore::Crc32] {
        let pair = |row: &Row| Pair {
            leaning: leaning(row),
            preference: preference(score.of(&row["sent_more"]), score.of(&row["sent_less"]))
                .unwrap(),
        };
        let pairs: Vec<(&str, Pair)> =
            rows.iter().map(|row| (row["bias_type"].as_str(), pair(row))).collect();
        let all: Vec<Pair> = pairs.iter().map(|(_, pair)| *pair).collect();
        figures(score.name(), &all, ledger);
        let more = all.iter().filter(|pair| pair.preference == Preference::More).count();
        ledger.count(&format!("{}.more-likely", score.name()), more);
        let kinds: BTreeMap<&str, Vec<Pair>> =
            pairs.iter().fold(BTreeMap::new(), |mut kinds, (kind, pair)| {
                kinds.entry(*kind).or_insert_with(Vec::new).push(*pair);
                kinds
            });
        for (kind, pairs) in kinds {
            figures(&format!("{}.{kind}", score.name()), &pairs, ledger);
        }
    }
}

/// Percent with two decimals, as the authors print.
fn figures(prefix: &str, pairs: &[Pair], ledger: &mut Ledger) {
    let printed = |score: &RatioScore<Pair>| {
        let value = score.of(pairs)?;
        Some(format!("{:.2}", score.facts.printed(value)).parse::<f64>().unwrap())
    };
    let ties = pairs.iter().filter(|pair| pair.preference == Preference::Neutral).count();
    ledger.count(&format!("{prefix}.ties"), ties);
    ledger.figure(&format!("{prefix}.metric"), printed(&PREFERS));
    ledger.figure(&format!("{prefix}.stereotype"), printed(&STEREOTYPE_SCORE));
    ledger.figure(&format!("{prefix}.anti-stereotype"), printed(&ANTI_STEREOTYPE_SCORE));
}

/// Pairs by how many of the five raters named the type.
fn raters(rows: &[Row], ledger: &mut Ledger) {
    let mut counts = vec![0_u64; 6];
    for row in rows {
        let annotations = python_list(&row["annotations"]);
        let kind = Value::String(row["bias_type"].clone());
        let names = |rater: &&Value| rater.as_array().unwrap().contains(&kind);
        counts[annotations.as_array().unwrap().iter().filter(names).count()] += 1;
    }
    ledger.check("raters-who-name-the-type", counts);
}
