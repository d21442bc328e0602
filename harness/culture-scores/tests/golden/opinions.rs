//! GlobalOpinionQA: shares of countries.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::shares::{ShareScore, mean_of_others, normalised, one_hot, uniform};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::read::{Data, fingerprint};

#[derive(Deserialize)]
struct Opinion {
    country: String,
    question: String,
    options: Vec<Value>,
    distribution: Vec<f64>,
}

/// Question and options: both must be the same.
type Key = (String, String);

struct Example {
    country: String,
    key: Key,
    shares: Vec<f64>,
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    let rows: Vec<Opinion> = data.json("globalopinionqa/data/eval.json");
    ledger.count("rows", rows.len());
    let fields = |row: &Opinion| {
        let sum: f64 = row.distribution.iter().sum();
        vec![row.country.clone(), row.options.len().to_string(), format!("{sum:.6}")]
    };
    ledger.check("fingerprint", fingerprint(rows.iter().map(fields)));
    // A sum of 0 is refused: nine rows.
    let examples: Vec<Example> = (rows.iter())
        .filter_map(|row| {
            let shares = normalised(&row.distribution).ok()?;
            let key = (row.question.clone(), json!(row.options).to_string());
            Some(Example { country: row.country.clone(), key, shares })
        })
        .collect();
    describe(&examples, ledger);
    figures("uniform", &examples, |e| Some(uniform(e.shares.len())), ledger);
    figures("first", &examples, |e| Some(one_hot(0, e.shares.len()).unwrap()), ledger);
    figures(
        "own-mode",
        &examples,
        |e| Some(one_hot(mode(&e.shares), e.shares.len()).unwrap()),
        ledger,
    );
    let keyed: Vec<(Key, &[f64])> =
        examples.iter().map(|e| (e.key.clone(), e.shares.as_slice())).collect();
    let others = mean_of_others(&keyed).unwrap();
    let with: Vec<(&Example, Option<Vec<f64>>)> = examples.iter().zip(others).collect();
    pairs("mean-of-other-countries", &with, ledger);
    let us: BTreeMap<&Key, &Vec<f64>> = examples
        .iter()
        .filter(|e| e.country == "United States")
        .map(|e| (&e.key, &e.shares))
        .collect();
    let others: Vec<&Example> = examples.iter().filter(|e| e.country != "United States").collect();
    let with: Vec<(&Example, Option<Vec<f64>>)> =
        others.into_iter().map(|e| (e, us.get(&e.key).map(|shares| (*shares).clone()))).collect();
    pairs("us-answers", &with, ledger);
}

/// The first of the largest shares.
fn mode(shares: &[f64]) -> usize {
    (0..shares.len()).rev().max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap()
}

fn describe(examples: &[Example], ledger: &mut Ledger) {
    ledger.count("usable", examples.len());
    let countries: BTreeSet<&str> = examples.iter().map(|e| e.country.as_str()).collect();
    ledger.count("countries", countries.len());
    let questions: BTreeSet<&Key> = examples.iter().map(|e| &e.key).collect();
    ledger.count("questions", questions.len());
    let mut options: BTreeMap<String, u64> = BTreeMap::new();
    for example in examples {
        *options.entry(example.shares.len().to_string()).or_default() += 1;
    }
    ledger.check("options", json!(options));
    for country in countries {
        let of: Vec<&Example> = examples.iter().filter(|e| e.country == country).collect();
        ledger.count(&format!("{country}.n"), of.len());
        let pairs = of.iter().map(|e| (uniform(e.shares.len()), &e.shares));
        ledger.figure(&format!("{country}.uniform.jsd"), ShareScore::Jsd.mean(pairs).unwrap());
    }
}

fn figures(
    name: &str,
    examples: &[Example],
    predict: impl Fn(&Example) -> Option<Vec<f64>>,
    ledger: &mut Ledger,
) {
    let with: Vec<(&Example, Option<Vec<f64>>)> =
        examples.iter().map(|e| (e, predict(e))).collect();
    pairs(name, &with, ledger);
}

fn pairs(name: &str, examples: &[(&Example, Option<Vec<f64>>)], ledger: &mut Ledger) {
    let pairs: Vec<(&Vec<f64>, &Vec<f64>)> = examples
        .iter()
        .filter_map(|(e, predicted)| Some((predicted.as_ref()?, &e.shares)))
        .collect();
    ledger.count(&format!("{name}.n"), pairs.len());
    for score in ShareScore::ALL {
        let id = format!("{name}.{}", score.facts().name);
        ledger.figure(&id, score.mean(pairs.iter().copied()).unwrap());
    }
}
