//! Pages made of values: old summaries, hostile strings, the same bytes, and what the parts hold.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::answer::Answer;
use crate::compare::{self, ComparedModel, Comparison, Correction, Options, Own, Part};
use crate::definition::dataset::Metric;
use crate::example::{Coded, Examples, Votes};
use crate::results::manifest::Environment;
use crate::results::material::{Column, ExampleSet, Material, Ran};
use crate::results::summary::Summary;

/// A summary as the first release wrote it.
const OLD: &str = include_str!("../../../tests/fixtures/summary/1.json");

/// Does nothing on a page, or the page is broken.
const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}{{ 7 * 7 }}&amp;\"'\0";

fn material(summary: Summary) -> Material {
    let cultures = Coded { names: vec!["SG".into(), "US".into()], codes: vec![0, 1, 0] };
    let examples = Examples {
        ids: ["a", "b", "c"].into_iter().collect(),
        texts: ["first", HOSTILE, "third"].into_iter().collect(),
        labels: vec![0, 1, 1],
        cultures,
        clusters: vec![0, 1, 2],
        votes: Votes::default(),
        groups: BTreeMap::new(),
        items: Vec::new(),
    };
    let column = Column {
        model: "one".into(),
        protocol: "zero-shot".into(),
        answers: vec![Answer::Label(0), Answer::Unparsable, Answer::Missing],
        right: vec![3, 0, 0],
        of: 3,
        confusion: vec![vec![1, 0, 0, 0], vec![0, 0, 1, 1]],
        calibration: None,
    };
    Material {
        summary,
        comparison: Err("the models could not be compared".into()),
        models: Vec::new(),
        benchmarks: Vec::new(),
        datasets: Vec::new(),
        tasks: BTreeMap::new(),
        data: BTreeMap::new(),
        sets: vec![ExampleSet {
            task: "posts".into(),
            protocols: vec!["zero-shot".into()],
            sample: false,
            labels: vec!["no".into(), "yes".into()],
            examples: Arc::new(examples),
            columns: vec![column],
        }],
        without_examples: Vec::new(),
        cells: Vec::new(),
        explained: Vec::new(),
        ran: Ran {
            harness: "0.1.0".into(),
            seeds: vec![1],
            limit: 0,
            environment: Environment {
                os: "linux".into(),
                arch: "x86_64".into(),
                processor: String::new(),
                cores: 2,
                git: String::new(),
            },
            data: BTreeMap::new(),
            suite: "small".into(),
        },
    }
}

fn old() -> Summary {
    serde_json::from_str(OLD).unwrap()
}

fn html(material: &Material) -> String {
    String::from_utf8(render(material, &Look::default(), false).unwrap().html).unwrap()
}

/// Content of the block with this id.
fn block<'a>(html: &'a str, id: &str) -> &'a str {
    let from = html.find(&format!("id=\"{id}\">")).unwrap_or_else(|| panic!("no {id}"));
    let text = &html[from..];
    let text = &text[text.find('>').unwrap() + 1..];
    &text[..text.find("</script>").unwrap()]
}

fn part(html: &str, id: &str) -> Vec<u8> {
    let packed = STANDARD.decode(block(html, &format!("part-{id}"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(&*packed).read_to_end(&mut bytes).unwrap();
    bytes
}

fn json(html: &str, id: &str) -> Value {
    serde_json::from_slice(&part(html, id)).unwrap()
}

#[test]
fn an_old_summary_makes_a_page() {
    let html = html(&material(old()));
    let first: Value = serde_json::from_str(block(&html, "first")).unwrap();
    let cell = &first["cells"][0];
    assert_eq!(
        (&cell["score"]["value"], &cell["score"]["interval"]),
        (&"74.1".into(), &"[70.0, 78.0]".into())
    );
    assert_eq!((&cell["mark"], &cell["score"]["unparsable"]), (&"†".into(), &1.into()));
    assert_eq!(first["cells"][1]["reason"]["message"], "put facts.csv into drop-in/facts");
    assert_eq!(first["published"][0]["value"], "79.66");
    assert_eq!(first["rows"][1], serde_json::json!({"model": 1, "cells": [2, 3]}));
    let scores = json(&html, "scores-0");
    assert_eq!(scores.as_array().unwrap().len(), 3);
    assert_eq!((&scores[0]["model"], &scores[0]["kind"]), (&"one".into(), &"culture".into()));
    assert_eq!(json(&html, "scores-1"), serde_json::json!([]));
    // What was not tested is not called significant.
    let leads = json(&html, "leads");
    assert_eq!((&leads[0]["culture"], &leads[0]["level"]), (&"SG".into(), &"untested".into()));
    assert_eq!(
        leads[0]["sentence"],
        "one (90.0 %) has the highest score on SG of Posts (zero-shot), but nothing is tested."
    );
}

#[test]
fn a_page_has_the_unanswered_share_and_the_macro_mean() {
    let summary = crate::report::tests::half_answered(old());
    let html = html(&material(summary));
    let first: Value = serde_json::from_str(block(&html, "first")).unwrap();
    let cell = &first["cells"][0];
    assert_eq!(cell["score"]["unanswered"], "17 % unanswered");
    assert_eq!(
        (&cell["macro_mean"]["value"], &cell["macro_mean"]["interval"]),
        (&"41.4".into(), &"[40.3, 42.5]".into())
    );
    let whole = &first["cells"][2];
    assert!(whole.get("macro_mean").is_none() && whole["score"].get("unanswered").is_none());
}

#[test]
fn answers_come_back_from_their_bytes() {
    let html = html(&material(old()));
    let bytes = part(&html, "answers-0");
    let column = |place: usize| -> Vec<u16> {
        let own = &bytes[place * 6..(place + 1) * 6];
        (0..3).map(|i| u16::from_le_bytes([own[i], own[3 + i]])).collect()
    };
    assert_eq!(bytes.len(), 4 * 6);
    assert_eq!(column(0), [0, 1, 1], "gold");
    assert_eq!(column(1), [0, 1, 0], "culture");
    assert_eq!(column(2), [0, 65_534, 65_535]);
    assert_eq!(column(3), [3, 0, 0], "right");
    assert_eq!(json(&html, "texts-0")["texts"][1], HOSTILE);
}

#[test]
fn several_answers_are_summed_up_to_the_most_frequent() {
    use Answer::{Label, Missing, Unparsable};
    let (no, yes) = (Label(0), Label(1));
    let columns = [vec![no, yes, Unparsable], vec![yes, yes, Missing], vec![yes, no, Missing]];
    assert_eq!(Column::sum_up(&columns, &[1, 0, 0]), (vec![yes, yes, Missing], vec![2, 1, 0]));
    // Equally frequent: the earliest.
    assert_eq!(Column::sum_up(&[vec![yes], vec![no]], &[0]), (vec![yes], vec![1]));
    assert_eq!(Column::sum_up(&[vec![yes, no]], &[0, 0]), (vec![yes, no], vec![]));
}

#[test]
fn hostile_strings_end_no_block_and_run_nothing() {
    let text = OLD
        .replace("\"The first.\"", &serde_json::to_string(HOSTILE).unwrap())
        .replace("\"Small\"", &serde_json::to_string(HOSTILE).unwrap())
        .replace("\"put facts.csv into drop-in/facts\"", &serde_json::to_string(HOSTILE).unwrap())
        .replace(
            "\"title\": \"Posts\"",
            &format!("\"title\": {}", serde_json::to_string(HOSTILE).unwrap()),
        );
    let harmless = html(&material(old()));
    let html = html(&material(serde_json::from_str(&text).unwrap()));
    // No further element, and none closed early.
    for sign in ["<script", "</script>", "<img", "<style", "<meta"] {
        assert_eq!(html.matches(sign).count(), harmless.matches(sign).count(), "{sign}");
    }
    assert!(!html.contains("<img") && !html.contains('\u{202e}') && !html.contains('\0'));
    assert!(html.contains("{{ 7 * 7 }}"), "what looks like a template stays as it is");
    let first: Value = serde_json::from_str(block(&html, "first")).unwrap();
    assert_eq!(first["models"][0]["description"], plain(HOSTILE));
    // Nothing but our script may run, and nothing may be loaded.
    let policy = html
        .split("Content-Security-Policy\" content=\"")
        .nth(1)
        .unwrap()
        .split("\">")
        .next()
        .unwrap();
    assert!(
        policy.contains("default-src &#x27;none&#x27;")
            && policy.contains("connect-src &#x27;none&#x27;"),
        "{policy}"
    );
    let script = html.rsplit("<script>").next().unwrap().split("</script>").next().unwrap();
    let hash = STANDARD.encode(<sha2::Sha256 as sha2::Digest>::digest(script));
    assert!(policy.replace("&#x2f;", "/").contains(&hash), "{policy} {hash}");
    let addresses = harmless.replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("http://") && !addresses.contains("https://"));
}

#[test]
fn the_same_values_make_the_same_bytes() {
    assert_eq!(html(&material(old())), html(&material(old())));
}

#[test]
fn a_template_and_a_logo_of_ones_own() {
    let look = Look {
        page: Some("<title>{{ title }}</title>{{ logo }}<style>{{ style }}</style>{{ data }}<script>{{ script }}</script>".into()),
        extra: Some("body { color: teal }".into()),
        logo: Some("data:image/png;base64,AAAA".into()),
        ..Look::default()
    };
    let page = String::from_utf8(render(&material(old()), &look, false).unwrap().html).unwrap();
    assert!(page.starts_with("<title>Small</title>data:image") && page.contains("color: teal"));
    let without = Look { page: Some("{{ title }}".into()), ..Look::default() };
    let error = render(&material(old()), &without, false).unwrap_err().to_string();
    assert!(error.contains("{{ data }}"), "{error}");
    let broken = Look { page: Some("{% if %}".into()), ..Look::default() };
    let error = render(&material(old()), &broken, false).unwrap_err().to_string();
    assert!(error.contains("page.html"), "{error}");
}

#[test]
fn a_folder_holds_its_parts_beside_the_page() {
    let page = render(&material(old()), &Look::default(), true).unwrap();
    let html = String::from_utf8(page.html).unwrap();
    assert!(!html.contains("id=\"part-"), "nothing twice");
    let (_, text) = page.beside.iter().find(|(name, _)| name == "texts-0.js").unwrap();
    let text = std::str::from_utf8(text).unwrap();
    let packed = text
        .strip_prefix("culturePart(\"texts-0\",\"")
        .and_then(|t| t.strip_suffix("\");\n"))
        .unwrap();
    let mut inflated = String::new();
    flate2::read::DeflateDecoder::new(&*STANDARD.decode(packed).unwrap())
        .read_to_string(&mut inflated)
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&inflated).unwrap()["ids"],
        serde_json::json!(["a", "b", "c"])
    );
}

#[test]
fn of_equal_scores_the_one_that_is_compared_stands_first() {
    let mut summary = old();
    let mut twin = summary.cells[0].clone();
    let (benchmark, protocol) = (twin.benchmark.clone(), twin.protocol.clone());
    "a-twin".clone_into(&mut twin.model);
    summary.cells.push(twin);
    let entrant = |name: &str| ComparedModel {
        name: name.to_owned(),
        seeds: vec![1],
        answers: vec![vec![[1, 0, 1, 0].map(Answer::Label).to_vec()]],
        values: Vec::new(),
        own: Own::default(),
    };
    let field = Comparison {
        benchmark: benchmark.clone(),
        title: "Posts".to_owned(),
        protocol,
        metric: Metric::Accuracy.into(),
        mean_over_cultures: false,
        sample: false,
        data: Vec::new(),
        cultures: vec!["SG".to_owned()],
        parts: vec![Part {
            classes: 2,
            positive: 1,
            smoothing: 0.0,
            gold: vec![1; 4],
            cultures: vec![0; 4],
            clusters: vec![0, 1, 2, 3],
        }],
        models: vec![entrant("one"), entrant("a-twin")],
    };
    let column =
        compare::Column { benchmark, task: None, cultures: Vec::new(), aggregate: Vec::new() };
    let options = Options {
        alpha: 0.05,
        confidence: 0.95,
        correction: Correction::Holm,
        resamples: 100,
        seed: 1,
        test: None,
        baseline: None,
        margin: None,
        non_inferior: None,
        version: "test".to_owned(),
    };
    let report = compare::compare(("s", "S"), &[field], &[column], Vec::new(), &options).unwrap();
    let html = html(&Material { comparison: Ok(report), ..material(summary) });
    let first: Value = serde_json::from_str(block(&html, "first")).unwrap();
    let lead = &first["leads"][0];
    assert_eq!(lead["level"], "open", "{lead}");
    assert_eq!(
        (&lead["ranking"][0]["model"], &lead["untold"]),
        (&"a-twin".into(), &serde_json::json!(["one"]))
    );
    assert!(
        lead["sentence"].as_str().unwrap().contains("a-twin (74.1 %) has the highest score"),
        "{lead}"
    );
}
