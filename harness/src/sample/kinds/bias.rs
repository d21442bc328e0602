//! KoBBQ, BBQ, EsBBQ and CaBBQ, CrowS-Pairs.
//!
//! Difficult cases: choices as a Python list with both kinds of quotes; the place of "unknown", which varies (BBQ) or
//! is fixed (the others); a sentence with a line break.

use std::io;

use serde_json::{Value, json};

use super::made::{GROUPS, TRAITS, lines, tsv, two};
use crate::sample::draw::Draw;
use crate::sample::file::{File, csv};

/// A Python list of texts as `repr` prints it.
fn repr(texts: &[&str]) -> String {
    let quoted = texts
        .iter()
        .map(|text| if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") });
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

pub(super) fn kobbq() -> Vec<File> {
    let mut draw = Draw::new("kobbq");
    let mut rows = Vec::new();
    for (number, category) in
        ["age", "religion", "ses", "gender_identity"].iter().cycle().take(12).enumerate()
    {
        let ((one, other), trait_) = (two(&mut draw, &GROUPS), draw.pick(&TRAITS));
        let one = if number % 4 == 0 { format!("{one}'s friend") } else { one.to_owned() };
        let choices = repr(&[&one, other, "not known"]);
        for version in ["a", "b"] {
            let right = if version == "b" { one.as_str() } else { other };
            let told = format!("A {one} and a {other} met. The {right} was {trait_}.");
            let ambiguous = format!("A {one} and a {other} met.");
            for (ambiguity, context, answer) in
                [("amb", &ambiguous, "not known"), ("dis", &told, right)]
            {
                for (polarity, biased) in [("bsd", one.as_str()), ("cnt", other)] {
                    let place = number / 4;
                    rows.push(vec![
                        format!("{category}-{place:03}{version}-001-{ambiguity}-{polarity}"),
                        ["ST", "TM", "NC"][number % 3].to_owned(),
                        context.clone(),
                        format!("Who was {trait_}?"),
                        choices.clone(),
                        biased.to_owned(),
                        answer.to_owned(),
                        String::new(),
                        String::new(),
                        String::new(),
                    ]);
                }
            }
        }
    }
    let header = [
        "sample_id",
        "label_annotation",
        "context",
        "question",
        "choices",
        "biased_answer",
        "answer",
        "bbq_id",
        "bbq_category",
        "prediction",
    ];
    let wording = [
        "prompt_id",
        "prompt",
        "instruction",
        "context",
        "question",
        "a",
        "b",
        "c",
        "answer",
        "unknown",
    ];
    let of = |id: &str, unknown: &str| {
        let words = [
            id,
            "{context} {question}",
            "Answer A, B or C.",
            "Context: ",
            "Question: ",
            "A: ",
            "B: ",
            "C: ",
            "Answer:",
            unknown,
        ];
        words.map(str::to_owned).to_vec()
    };
    let unknown = ["cannot be known", "not told", "nobody knows", "unclear", "it does not say"];
    let prompts: Vec<Vec<String>> = ["1", "2", "3", "4", "5"]
        .iter()
        .zip(unknown)
        .map(|(id, unknown)| of(id, unknown))
        .collect();
    let prompts = tsv(&wording, &prompts);
    vec![
        ("data/KoBBQ_test_samples.tsv".into(), tsv(&header, &rows)),
        ("evaluation/0_evaluation_prompts.tsv".into(), prompts),
    ]
}

/// One question in the form of BBQ; `unknown` is the place of that option.
fn question(id: usize, category: &str, unknown: usize, draw: &mut Draw) -> Value {
    let ((target, other), trait_) = (two(draw, &GROUPS), draw.pick(&TRAITS));
    let (neg, ambiguous) = (id.is_multiple_of(2), id % 4 < 2);
    let people = if unknown == 0 { [1, 2] } else { [0, 3 - unknown] };
    let (one, two) = if draw.chance(0.5) { (people[0], people[1]) } else { (people[1], people[0]) };
    let mut names = ["Can't be known".to_owned(), String::new(), String::new()];
    let mut info = [["Can't be known", "unknown"]; 3];
    names.swap(0, unknown);
    for (place, group) in [(one, target), (two, other)] {
        names[place] = format!("The {group} one");
        info[place] = [group, "Invented"];
    }
    let answer = if draw.chance(0.5) { one } else { two };
    let who = [target, other][usize::from(answer != one)];
    let verb = if neg { "was" } else { "was not" };
    let told = if ambiguous { String::new() } else { format!(" The {who} one {verb} {trait_}.") };
    let label = if ambiguous { unknown } else { answer };
    json!({
        "example_id": id, "question_index": (id / 4 + 1).to_string(),
        "question_polarity": if neg { "neg" } else { "nonneg" },
        "context_condition": if ambiguous { "ambig" } else { "disambig" }, "category": category,
        "answer_info": { "ans0": info[0], "ans1": info[1], "ans2": info[2] },
        "additional_metadata": { "stereotyped_groups": [target], "subcategory": "None" },
        "context": format!("A {target} person and a {other} person met.{told}"),
        "question": format!("Who {verb} {trait_}?"),
        "ans0": names[0], "ans1": names[1], "ans2": names[2], "label": label,
    })
}

pub(super) fn bbq() -> Vec<File> {
    let mut files = Vec::new();
    for category in ["Nationality", "Religion"] {
        let mut draw = Draw::new(&format!("bbq {category}"));
        let mut rows: Vec<Value> =
            (0..40).map(|id| question(id, category, id % 3, &mut draw)).collect();
        files.push((format!("data/{category}.jsonl"), lines(&rows)));
        for row in &mut rows {
            let said = row[["ans0", "ans1", "ans2"][draw.below(3)]].as_str().map(str::to_lowercase);
            row["unifiedqa-t5-11b_pred_arc"] = said.clone().into();
            row["unifiedqa-t5-11b_pred_race"] = said.into();
        }
        files.push((format!("results/UnifiedQA/preds_{category}.jsonl"), lines(&rows)));
    }
    files
}

pub(super) fn esbbq() -> Vec<File> {
    let mut files = Vec::new();
    for language in ["es", "ca"] {
        for category in ["Nationality", "Religion", "SpanishRegion"] {
            let mut draw = Draw::new(&format!("esbbq {category}"));
            let rows: Vec<Value> = (0..24).map(|id| spanish(id, category, &mut draw)).collect();
            files.push((format!("data_{language}/{category}.full.jsonl"), lines(&rows)));
        }
    }
    files
}

/// One question of EsBBQ: the stereotyped person always first, "unknown" always last.
fn spanish(id: usize, category: &str, draw: &mut Draw) -> Value {
    let ((target, other), trait_) = (two(draw, &GROUPS), draw.pick(&TRAITS));
    let (neg, kind) = (id.is_multiple_of(2), id / 2 % 3);
    let (question_type, label) =
        [("n/a", 2), ("pro-stereo", usize::from(!neg)), ("anti-stereo", usize::from(neg))][kind];
    let told = match kind {
        0 => String::new(),
        _ => format!(" Era la persona {}.", [target, other][label]),
    };
    json!({
        "instance_id": id, "template_id": id / 6, "version": "", "flipped": "original",
        "question_polarity": if neg { "neg" } else { "nonneg" },
        "context_condition": if kind == 0 { "ambig" } else { "disambig" }, "category": category,
        "stereotyped_groups": [target],
        "answer_info": { "ans0": [target, target], "ans1": [other, other], "ans2": ["unknown", "unknown"] },
        "context": format!("Una persona {target} y una persona {other}.{told}"),
        "question": format!("{trait_}?"),
        "ans0": format!("La persona {target}"), "ans1": format!("La persona {other}"), "ans2": "unknown",
        "question_type": question_type, "label": label,
    })
}

pub(super) fn crows_pairs() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("crows-pairs");
    let kinds = ["age", "religion", "nationality"];
    let rows: Vec<Vec<String>> = (0..60)
        .map(|row| {
            let ((more, less), trait_) = (two(&mut draw, &GROUPS), draw.pick(&TRAITS));
            let kind = kinds[row % 3];
            let end = if row == 5 { "\nIt rained" } else { "" };
            let raters: Vec<String> = (0..5)
                .map(|_| format!("['{}']", if draw.chance(0.7) { kind } else { draw.pick(&kinds) }))
                .collect();
            let sentence = |who: &str| format!("The {who} guest was {trait_} on day {row}.{end}");
            vec![
                row.to_string(),
                sentence(more),
                sentence(less),
                if draw.chance(0.85) { "stereo" } else { "antistereo" }.to_owned(),
                kind.to_owned(),
                format!("[{}]", raters.join(", ")),
                format!("a{row}"),
                "['a1', 'a2']".to_owned(),
            ]
        })
        .collect();
    let header = [
        "",
        "sent_more",
        "sent_less",
        "stereo_antistereo",
        "bias_type",
        "annotations",
        "anon_writer",
        "anon_annotators",
    ];
    Ok(vec![("data/crows_pairs_anonymized.csv".into(), csv(&header, rows, false)?)])
}
