//! COPAL-ID and FORK: two options each.

use std::collections::BTreeMap;

use culture_scores::reference::{Item, Predictor};

use super::ledger::Ledger;
use super::read::{Data, Row, fingerprint};

fn cells(row: &Row, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| row[*column].clone()).collect()
}

pub(crate) fn copal_id(data: &Data, ledger: &mut Ledger) {
    for register in ["test_copal", "test_copal_colloquial"] {
        let rows = data.csv(&format!("copal-id/data/v1/{register}.csv"));
        ledger.count(&format!("{register}.rows"), rows.len());
        let columns = ["idx", "question", "label", "Terminology", "Culture", "Language"];
        let digest = fingerprint(rows.iter().map(|row| cells(row, &columns)));
        ledger.check(&format!("{register}.fingerprint"), digest);
        let kinds = ["Terminology", "Culture", "Language"];
        for kind in kinds {
            ledger.count(
                &format!("{register}.rows.{kind}"),
                rows.iter().filter(|row| row[kind] == "1").count(),
            );
        }
        let predictors = [
            ("first", Predictor::First),
            ("row-mod-2", Predictor::RowMod2),
            ("shorter-in-bytes-ties-first", Predictor::ShorterInBytes),
        ];
        for (name, predictor) in predictors {
            let right = |(at, row): &(usize, &Row)| {
                let options = [&row["choice1"], &row["choice2"]];
                let chosen = predictor.of(&Item { row: *at, options: &options, roles: None });
                chosen == row["label"].parse().ok()
            };
            let hits: Vec<&Row> =
                rows.iter().enumerate().filter(right).map(|(_, row)| row).collect();
            ledger.count(&format!("{register}.{name}.right"), hits.len());
            for kind in kinds {
                let of_kind = hits.iter().filter(|row| row[kind] == "1").count();
                ledger.count(&format!("{register}.{name}.right.{kind}"), of_kind);
            }
        }
    }
}

pub(crate) fn fork(data: &Data, ledger: &mut Ledger) {
    let rows = data.csv("fork/fork.csv");
    ledger.count("rows", rows.len());
    let digest =
        fingerprint(rows.iter().map(|row| cells(row, &["ID", "Answer Key", "Country", "Type"])));
    ledger.check("fingerprint", digest);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        for column in ["Country", "Type"] {
            *groups.entry(&row[column]).or_default() += 1;
        }
    }
    for (group, count) in groups {
        ledger.count(&format!("rows.{group}"), count);
    }
    for (name, predictor) in
        [("A", Predictor::First), ("shorter-in-bytes-ties-A", Predictor::ShorterInBytes)]
    {
        let right = |row: &&Row| {
            let options = [&row["Option A"], &row["Option B"]];
            let chosen = predictor.of(&Item { row: 0, options: &options, roles: None });
            chosen == ["A", "B"].iter().position(|key| row["Answer Key"] == *key)
        };
        let hits: Vec<&Row> = rows.iter().filter(right).collect();
        let usa = hits.iter().filter(|row| row["Country"] == "USA").count();
        ledger.count(&format!("{name}.right"), hits.len());
        ledger.count(&format!("{name}.right.USA"), usa);
        ledger.count(&format!("{name}.right.others"), hits.len() - usa);
    }
    us_answers(&rows, ledger);
}

/// Questions of other countries whose two options are also in a question about the USA.
fn us_answers(rows: &[Row], ledger: &mut Ledger) {
    let pair = |row: &Row| {
        let mut pair = [row["Option A"].trim().to_owned(), row["Option B"].trim().to_owned()];
        pair.sort();
        pair
    };
    let (usa, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row["Country"] == "USA");
    let shared = others.iter().filter(|row| usa.iter().any(|one| pair(one) == pair(row)));
    ledger.count("us-answer-elsewhere.n", shared.count());
}
