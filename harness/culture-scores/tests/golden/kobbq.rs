//! KoBBQ: samples, parser, survey.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::bias::{
    ACCURACY_AMBIGUOUS, ACCURACY_DISAMBIGUATED, Context, KOBBQ_BIAS_AMBIGUOUS,
    KOBBQ_BIAS_DISAMBIGUATED, Roles, Row, UNPARSABLE,
};
use culture_scores::parse::kobbq;
use culture_scores::reference::{Item, Predictor};
use culture_scores::shares::{ShareScore, uniform};
use serde::Deserialize;
use serde_json::Value;

use super::ledger::Ledger;
use super::read::{Data, Members, fingerprint, python_list};

/// The orders of options in the authors' evaluation.
const ORDERS: [[usize; 3]; 3] = [[0, 2, 1], [1, 0, 2], [2, 1, 0]];

struct Sample {
    id: String,
    origin: String,
    options: Vec<String>,
    gold: usize,
    roles: Roles,
}

impl Sample {
    fn part(&self, at: usize) -> &str {
        self.id.split('-').nth(at).unwrap()
    }

    fn template(&self) -> String {
        let number = self.part(1);
        format!("{}-{}", self.part(0), &number[..number.len() - 1])
    }

    fn row(&self, answer: Option<usize>) -> Row {
        let context =
            if self.part(3) == "amb" { Context::Ambiguous } else { Context::Disambiguated };
        Row { context, gold: self.roles.of(self.gold), answer: answer.map(|a| self.roles.of(a)) }
    }
}

fn samples(data: &Data) -> Vec<Sample> {
    let rows = data.table("kobbq/data/KoBBQ_test_samples.tsv", b'\t');
    rows.into_iter()
        .map(|row| {
            let options: Vec<String> =
                serde_json::from_value(python_list(&row["choices"])).unwrap();
            let at = |text: &str| options.iter().position(|option| option == text).unwrap();
            let (gold, biased) = (at(&row["answer"]), at(&row["biased_answer"]));
            Sample {
                id: row["sample_id"].clone(),
                origin: row["label_annotation"].clone(),
                options,
                gold,
                roles: Roles { unknown: 2, biased },
            }
        })
        .collect()
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    parser(ledger);
    let samples = samples(data);
    ledger.count("rows", samples.len());
    let templates: BTreeSet<String> = samples.iter().map(Sample::template).collect();
    ledger.count("templates", templates.len());
    ledger.check(
        "fingerprint",
        fingerprint(
            samples
                .iter()
                .map(|s| vec![s.id.clone(), s.gold.to_string(), s.roles.biased.to_string()]),
        ),
    );
    ledger.count("three-orders.rows", samples.len() * ORDERS.len());
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        groups.entry(sample.part(0)).or_default().push(at);
        groups.entry(&sample.origin).or_default().push(at);
    }
    for (group, members) in &groups {
        ledger.count(&format!("rows.{group}"), members.len());
    }
    use Predictor::{Biased, First, Longest, RowMod3, Second, Unknown};
    for predictor in [Unknown, Biased, First, Second, RowMod3, Longest] {
        let rows: Vec<Row> = (samples.iter().enumerate())
            .map(|(row, s)| {
                s.row(predictor.of(&Item { row, options: &s.options, roles: Some(s.roles) }))
            })
            .collect();
        figures(predictor.name(), &rows, ledger);
        for (group, members) in &groups {
            let rows: Vec<Row> = members.iter().map(|at| rows[*at]).collect();
            figures(&format!("{}.{group}", predictor.name()), &rows, ledger);
        }
    }
}

fn figures(prefix: &str, rows: &[Row], ledger: &mut Ledger) {
    let scores = [
        ("out-of-choice", &UNPARSABLE),
        ("accuracy-ambiguous", &ACCURACY_AMBIGUOUS),
        ("accuracy-disambiguated", &ACCURACY_DISAMBIGUATED),
        ("diff-bias-ambiguous", &KOBBQ_BIAS_AMBIGUOUS),
        ("diff-bias-disambiguated", &KOBBQ_BIAS_DISAMBIGUATED),
    ];
    for (figure, score) in scores {
        ledger.figure(&format!("{prefix}.{figure}"), score.of(rows));
    }
}

/// Replies that went through the authors' own program.
fn parser(ledger: &mut Ledger) {
    #[derive(Deserialize)]
    struct Case {
        options: BTreeMap<char, String>,
        reply: String,
    }
    for golden in ledger.cases("kobbq.parser.") {
        let case: Case = serde_json::from_str(&golden.what).unwrap();
        let options: Vec<&String> = case.options.values().collect();
        let letter =
            kobbq(&case.reply, &options).map(|at| case.options.keys().nth(at).unwrap().to_string());
        ledger.check(
            golden.id.strip_prefix("kobbq.").unwrap(),
            letter.map_or(Value::Null, Value::from),
        );
    }
}

/// What Koreans answered about the stereotypes: counts of groups, `no_stereo` the last.
pub(crate) fn survey(data: &Data, ledger: &mut Ledger) {
    #[derive(Deserialize)]
    struct Stereotype {
        survey_stats: Members<f64>,
    }
    let items: Vec<Stereotype> = data.json("kobbq/data/KoBBQ_survey_result.json");
    ledger.count("items", items.len());
    let counts =
        |item: &Stereotype| -> Vec<f64> { item.survey_stats.0.iter().map(|(_, n)| *n).collect() };
    let single: Vec<Vec<f64>> = (items.iter().map(counts))
        .filter(|counts| counts.len() == 3 && counts.iter().sum::<f64>() == 100.0)
        .collect();
    ledger.count("single-choice", single.len());
    let examples = single.iter().map(|counts| (uniform(3), counts));
    ledger.figure("uniform.jsd", ShareScore::Jsd.mean(examples).unwrap());
    let first_is_most = |counts: &&Vec<f64>| counts.iter().all(|count| *count <= counts[0]);
    ledger.count("first-is-mode", single.iter().filter(first_is_most).count());
}
