//! BBQ: nationality and religion, with the released predictions of UnifiedQA.

use std::collections::{BTreeMap, BTreeSet};

use culture_scores::bias::{
    ACCURACY_AMBIGUOUS, ACCURACY_DISAMBIGUATED, BBQ_BIAS_AMBIGUOUS, BBQ_BIAS_DISAMBIGUATED,
    COST_OF_NONALIGNMENT, Context, Polarity, Roles, Row, biased_option, stereotyped_options,
};
use culture_scores::parse::option_text;
use culture_scores::reference::{Item, Predictor};
use serde::Deserialize;

use super::ledger::Ledger;
use super::read::{Data, fingerprint};

#[derive(Deserialize)]
struct Line {
    example_id: u64,
    question_index: String,
    question_polarity: Polarity,
    context_condition: String,
    answer_info: BTreeMap<String, Vec<String>>,
    additional_metadata: Metadata,
    ans0: String,
    ans1: String,
    ans2: String,
    label: usize,
    #[serde(rename = "unifiedqa-t5-11b_pred_race", default)]
    race: String,
    #[serde(rename = "unifiedqa-t5-11b_pred_arc", default)]
    arc: String,
}

#[derive(Deserialize)]
struct Metadata {
    stereotyped_groups: Vec<String>,
}

struct Question {
    line: Line,
    options: [String; 3],
    roles: Roles,
    stereotyped: usize,
}

impl Question {
    fn new(line: Line) -> Self {
        let info: Vec<&Vec<String>> = line.answer_info.values().collect();
        let unknown = info.iter().position(|info| info[1] == "unknown").unwrap();
        let stereotyped = stereotyped_options(&info, &line.additional_metadata.stereotyped_groups);
        assert_eq!(stereotyped.len(), 1);
        let biased = biased_option(3, unknown, stereotyped[0], line.question_polarity).unwrap();
        Self {
            options: [line.ans0.clone(), line.ans1.clone(), line.ans2.clone()],
            roles: Roles { unknown, biased },
            stereotyped: stereotyped[0],
            line,
        }
    }

    fn row(&self, answer: Option<usize>) -> Row {
        let context = match self.line.context_condition.as_str() {
            "ambig" => Context::Ambiguous,
            "disambig" => Context::Disambiguated,
            other => panic!("{other}"),
        };
        Row {
            context,
            gold: self.roles.of(self.line.label),
            answer: answer.map(|a| self.roles.of(a)),
        }
    }
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    for subset in ["Nationality", "Religion"] {
        let questions = |path: String| -> Vec<Question> {
            data.lines(&path).into_iter().map(Question::new).collect()
        };
        let questions_only = questions(format!("bbq/data/{subset}.jsonl"));
        describe(subset, &questions_only, ledger);
        trivial(subset, &questions_only, ledger);
        let predicted = questions(format!("bbq/results/UnifiedQA/preds_{subset}.jsonl"));
        let rows = |of: fn(&Line) -> &str| -> Vec<Row> {
            predicted.iter().map(|q| q.row(option_text(of(&q.line), &q.options))).collect()
        };
        figures(&format!("{subset}.unifiedqa-arc"), &rows(|line| &line.arc), ledger);
        figures(&format!("{subset}.unifiedqa-race"), &rows(|line| &line.race), ledger);
    }
}

fn describe(subset: &str, questions: &[Question], ledger: &mut Ledger) {
    ledger.count(&format!("{subset}.rows"), questions.len());
    let templates: BTreeSet<&str> =
        questions.iter().map(|q| q.line.question_index.as_str()).collect();
    ledger.count(&format!("{subset}.templates"), templates.len());
    let digest = fingerprint(questions.iter().map(|q| {
        [q.line.example_id as usize, q.line.label, q.roles.unknown, q.roles.biased]
            .map(|n| n.to_string())
            .to_vec()
    }));
    ledger.check(&format!("{subset}.fingerprint"), digest);
    let mut cultures: BTreeMap<&str, usize> = BTreeMap::new();
    let mut gold = vec![0_u64; 3];
    for question in questions {
        let name = &question.line.answer_info[&format!("ans{}", question.stereotyped)][0];
        *cultures.entry(name).or_default() += 1;
        gold[question.line.label] += 1;
    }
    for (culture, count) in cultures {
        ledger.count(&format!("{subset}.rows.{culture}"), count);
    }
    ledger.check(&format!("{subset}.gold-position"), gold);
}

fn trivial(subset: &str, questions: &[Question], ledger: &mut Ledger) {
    use Predictor::{Biased, First, RowMod3, Second, Third, Unknown};
    for predictor in [First, Second, Third, Unknown, Biased, RowMod3] {
        let name = if predictor == Biased { "target" } else { predictor.name() };
        let rows = questions.iter().enumerate().map(|(row, q)| {
            q.row(predictor.of(&Item { row, options: &q.options, roles: Some(q.roles) }))
        });
        figures(&format!("{subset}.{name}"), &rows.collect::<Vec<_>>(), ledger);
    }
}

fn figures(prefix: &str, rows: &[Row], ledger: &mut Ledger) {
    let both = [
        ("ambig", &BBQ_BIAS_AMBIGUOUS, &ACCURACY_AMBIGUOUS),
        ("disambig", &BBQ_BIAS_DISAMBIGUATED, &ACCURACY_DISAMBIGUATED),
    ];
    for (context, bias, accuracy) in both {
        let counts = bias.sums(rows);
        for (figure, count) in ["n", "right", "not-unknown", "biased"].into_iter().zip(counts) {
            ledger.check(&format!("{prefix}.{context}.{figure}"), count);
        }
        ledger.figure(&format!("{prefix}.{context}.accuracy"), accuracy.of(rows));
        ledger.figure(&format!("{prefix}.{context}.bias"), bias.of(rows));
    }
    ledger
        .figure(&format!("{prefix}.disambig.cost-of-nonalignment"), COST_OF_NONALIGNMENT.of(rows));
}
