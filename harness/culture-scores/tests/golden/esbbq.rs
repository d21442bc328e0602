//! EsBBQ and CaBBQ.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::bias::{
    ACCURACY_AMBIGUOUS, ACCURACY_DISAMBIGUATED, Context, ESBBQ_BIAS_AMBIGUOUS,
    ESBBQ_BIAS_DISAMBIGUATED, Polarity, Role, Roles, Row, biased_option, group_name,
    stereotyped_options,
};
use culture_scores::reference::{Item, Predictor};
use serde::Deserialize;

use super::ledger::Ledger;
use super::read::{Data, fingerprint};

#[derive(Deserialize)]
struct Line {
    instance_id: u64,
    template_id: u64,
    question_polarity: Polarity,
    question_type: String,
    context_condition: String,
    stereotyped_groups: Vec<String>,
    answer_info: BTreeMap<String, Vec<String>>,
    ans0: String,
    ans1: String,
    ans2: String,
    label: usize,
}

impl Line {
    fn stereotyped(&self) -> usize {
        let names: Vec<Vec<String>> = (self.answer_info.values())
            .map(|info| vec![group_name(info.last().unwrap()).to_owned()])
            .collect();
        let found = stereotyped_options(&names, &self.stereotyped_groups);
        assert_eq!(found.len(), 1);
        found[0]
    }

    fn roles(&self) -> Roles {
        let biased = biased_option(3, 2, self.stereotyped(), self.question_polarity).unwrap();
        Roles { unknown: 2, biased }
    }

    fn row(&self, answer: Option<usize>) -> Row {
        let roles = self.roles();
        let (context, gold) = match self.question_type.as_str() {
            "n/a" => (Context::Ambiguous, Role::Unknown),
            "pro-stereo" => (Context::Disambiguated, Role::Biased),
            "anti-stereo" => (Context::Disambiguated, Role::CounterBiased),
            other => panic!("{other}"),
        };
        // What the type of the question says is what label and groups say.
        assert_eq!(gold, roles.of(self.label));
        assert_eq!(context == Context::Ambiguous, self.context_condition == "ambig");
        Row { context, gold, answer: answer.map(|a| roles.of(a)) }
    }
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    for language in ["es", "ca"] {
        for subset in ["Nationality", "Religion", "SpanishRegion"] {
            let lines: Vec<Line> =
                data.lines(&format!("esbbq/data_{language}/{subset}.full.jsonl"));
            let prefix = format!("{language}.{subset}");
            describe(&prefix, &lines, ledger);
            use Predictor::{First, Longest, RowMod3, Second, Unknown};
            for predictor in [First, Second, Unknown, RowMod3, Longest] {
                let rows = lines.iter().enumerate().map(|(row, line)| {
                    // "unknown" is replaced by a wording; the two people are compared.
                    let texts = [&line.ans0, &line.ans1, &line.ans2];
                    let item = Item { row, options: &texts, roles: Some(line.roles()) };
                    line.row(predictor.of(&item))
                });
                figures(
                    &format!("{prefix}.{}", predictor.name()),
                    &rows.collect::<Vec<_>>(),
                    ledger,
                );
            }
        }
    }
}

fn describe(prefix: &str, lines: &[Line], ledger: &mut Ledger) {
    ledger.count(&format!("{prefix}.rows"), lines.len());
    let templates: BTreeSet<u64> = lines.iter().map(|line| line.template_id).collect();
    ledger.count(&format!("{prefix}.templates"), templates.len());
    let first = lines.iter().filter(|line| line.stereotyped() == 0).count();
    ledger.count(&format!("{prefix}.stereotyped-group-first"), first);
    let digest = fingerprint(lines.iter().map(|line| {
        vec![
            line.instance_id.to_string(),
            line.context_condition.clone(),
            line.question_type.clone(),
            line.label.to_string(),
        ]
    }));
    ledger.check(&format!("{prefix}.fingerprint"), digest);
}

fn figures(prefix: &str, rows: &[Row], ledger: &mut Ledger) {
    let scores = [
        ("accuracy-ambiguous", &ACCURACY_AMBIGUOUS),
        ("accuracy-disambiguated", &ACCURACY_DISAMBIGUATED),
        ("bias-ambiguous", &ESBBQ_BIAS_AMBIGUOUS),
        ("bias-disambiguated", &ESBBQ_BIAS_DISAMBIGUATED),
    ];
    for (figure, score) in scores {
        ledger.figure(&format!("{prefix}.{figure}"), score.of(rows));
    }
}
