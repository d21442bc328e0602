//! Kalahi: answers scored by their length.

use culture_scores::likelihood::{mc1, mc2, mc3};
use culture_scores::reference::TextScore;

use super::ledger::Ledger;
use super::read::{Data, fingerprint};

/// A list parted at semicolons: trimmed, with a full stop where it is missing.
fn answers(cell: &str) -> Vec<String> {
    cell.split(';').map(str::trim).filter(|answer| !answer.is_empty()).map(stopped).collect()
}

fn stopped(answer: &str) -> String {
    if answer.ends_with('.') { answer.to_owned() } else { format!("{answer}.") }
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    for subset in ["filipino", "filipino_partially_enriched", "filipino_unenriched"] {
        let rows = data.csv(&format!("kalahi/data/{subset}.csv"));
        ledger.count(&format!("{subset}.rows"), rows.len());
        let items: Vec<(String, Vec<String>, Vec<String>)> = (rows.iter())
            .map(|row| {
                let (right, wrong) =
                    (answers(&row["relevant_answers"]), answers(&row["irrelevant_answers"]));
                (stopped(row["best_answer"].trim()), right, wrong)
            })
            .collect();
        let digest = fingerprint(rows.iter().zip(&items).map(|(row, (best, right, wrong))| {
            let at = right.iter().position(|answer| answer == best).unwrap();
            vec![
                row["prompt_variation_id"].clone(),
                right.len().to_string(),
                wrong.len().to_string(),
                at.to_string(),
            ]
        }));
        ledger.check(&format!("{subset}.fingerprint"), digest);
        for score in [TextScore::Constant, TextScore::BytesPer100, TextScore::MinusBytesPer100] {
            let mut sums = [0.0; 3];
            for (best, right, wrong) in &items {
                let of =
                    |texts: &[String]| texts.iter().map(|text| score.of(text)).collect::<Vec<_>>();
                let (right, wrong) = (of(right), of(wrong));
                let figures =
                    [mc1(score.of(best), &wrong), mc2(&right, &wrong), mc3(&right, &wrong)];
                for (sum, figure) in sums.iter_mut().zip(figures) {
                    *sum += figure.unwrap() / items.len() as f64;
                }
            }
            for (name, mean) in ["mc1", "mc2", "mc3"].into_iter().zip(sums) {
                ledger.check(&format!("{subset}.{}.{name}", score.name()), mean);
            }
        }
    }
}
