//! `[prompt]`: personas, solved examples, conversations, in the requests that reach a server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model;
use super::server::{Request, Server};
use crate::program::{Place, Ran, assert_says};

fn run(place: &Place, more: &[&str]) -> Ran {
    let args = ["run", "--data", "sample", "--models", "remote", "--benchmarks", "crehate"];
    place.run(&[&args[..], more].concat())
}

fn messages(request: &Request) -> Vec<(String, String)> {
    let list = request.body["messages"].as_array().unwrap();
    let text = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
    list.iter().map(|message| (text(message, "role"), text(message, "content"))).collect()
}

const COUNTRIES: [&str; 5] =
    ["the United States", "Australia", "the United Kingdom", "South Africa", "Singapore"];

/// The country that a text speaks of.
fn country(text: &str) -> &'static str {
    let found: Vec<&str> = COUNTRIES.into_iter().filter(|name| text.contains(name)).collect();
    assert_eq!(found.len(), 1, "{text}");
    found[0]
}

#[test]
fn a_persona_of_the_examples_culture_is_the_system_prompt() {
    let place = Place::new();
    let server = Server::honest();
    let prompt =
        "[prompt]\npersona = \"You are from {culture_name} ({culture}).\"\nmessages = true";
    model(&place, &server, prompt, "");
    run(&place, &["--limit", "40"]).exits(0);
    let mut seen = BTreeSet::new();
    for request in server.requests() {
        let messages = messages(&request);
        let [(system, persona), (user, question)] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!((system.as_str(), user.as_str()), ("system", "user"));
        let country = country(question);
        assert!(persona.starts_with(&format!("You are from {country} (")), "{persona}");
        seen.insert(country);
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(place.summary("default")["cells"][0]["protocol"], "zero-shot (replies)");
}

#[test]
fn without_messages_a_persona_opens_the_prompt() {
    let place = Place::new();
    let server = Server::honest();
    model(&place, &server, "[prompt]\npersona = \"Be {culture}.\"", "endpoint = \"completions\"");
    run(&place, &["--limit", "5"]).exits(0);
    let requests = server.requests();
    assert!(requests.iter().all(|r| r.prompt().starts_with("Be ") && r.prompt().contains(".\n\n")));
}

/// The text of the post that a question of the first wording is about.
fn post(question: &str) -> String {
    let start = question.find("Here is a post:\n\"").unwrap() + 17;
    question[start..question.rfind("\"\nWould most").unwrap()].to_owned()
}

#[test]
fn solved_examples_are_of_the_same_culture_and_never_scored() {
    let place = Place::new();
    let server = Server::honest();
    model(&place, &server, "[prompt]\nshots = 3\nmessages = true", "concurrency = 64");
    run(&place, &[]).exits(0);
    let cell = &place.summary("default")["cells"][0];
    assert_eq!(
        cell["protocol"], "3-shot (replies)",
        "scores of different protocols are not compared"
    );
    let (mut shown, mut scored) = (BTreeSet::new(), BTreeSet::new());
    let mut by_country: BTreeMap<&str, BTreeSet<Vec<(String, String)>>> = BTreeMap::new();
    for request in server.requests() {
        let messages = messages(&request);
        let (question, solved) = messages.split_last().unwrap();
        assert_eq!(solved.len(), 6);
        for pair in solved.chunks(2) {
            assert_eq!((pair[0].0.as_str(), pair[1].0.as_str()), ("user", "assistant"));
            assert_eq!(country(&pair[0].1), country(&question.1));
        }
        if !question.1.starts_with("Here is a post") || !question.1.contains("yes or no") {
            continue;
        }
        assert!(solved.iter().skip(1).step_by(2).all(|(_, said)| said == "yes" || said == "no"));
        scored.insert(post(&question.1));
        shown.extend(solved.iter().step_by(2).map(|(_, text)| post(text)));
        by_country.entry(country(&question.1)).or_default().insert(solved.to_vec());
    }
    assert!(by_country.len() == 5 && by_country.values().all(|sets| sets.len() == 1));
    assert!(shown.is_disjoint(&scored), "{:?}", shown.intersection(&scored).collect::<Vec<_>>());
    // What was shown has the label that the data has: checked where the parts are, in the sample's own files.
    let train = place.path("cache/sample");
    let files = crate::program::files_below(&train);
    let of = |part: &str| {
        let file = files.iter().find(|f| f.ends_with(format!("CREHate_{part}.csv"))).unwrap();
        let mut reader = csv::Reader::from_path(train.join(file)).unwrap();
        reader.records().map(|row| row.unwrap()[1].trim().to_owned()).collect::<BTreeSet<_>>()
    };
    let (train, test) = (of("train"), of("test"));
    assert!(shown.iter().all(|text| train.contains(text.trim())));
    assert!(test.iter().all(|text| scored.contains(text)), "all of test is scored");
}

#[test]
fn what_stands_around_a_question_makes_another_cell() {
    let place = Place::new();
    let server = Server::honest();
    let mut keys = BTreeSet::new();
    for top in [
        "",
        "[prompt]\npersona = \"Be {culture}.\"",
        "[prompt]\npersona = \"Be kind.\"",
        "[prompt]\nmessages = true",
        "[prompt]\nshots = 1",
        "[prompt]\nshots = 2",
    ] {
        model(&place, &server, top, "");
        let planned = place.run(&[
            "--json",
            "run",
            "--dry-run",
            "--data",
            "sample",
            "--models",
            "remote",
            "--benchmarks",
            "crehate",
        ]);
        let line = planned.exits(0).lines()[0].clone();
        keys.insert(line["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(keys.len(), 6);
}

#[test]
fn wrong_prompts_are_told() {
    let place = Place::new();
    let server = Server::honest();
    model(&place, &server, "[prompt]\npersona = \"Be {cultur}.\"", "");
    let found = place.run(&["validate"]).exits(1);
    assert_says(
        &format!("{}{}", found.out, found.err),
        &[
            "remote.toml: model.remote.prompt.persona: unknown name `{cultur}`; there are `culture`, `culture_name`",
        ],
    );
    model(&place, &server, "[prompt]\nshots = 1000000", "");
    run(&place, &[]).exits(1);
    let reason = &place.summary("default")["cells"][0]["outcome"]["reason"]["message"];
    assert_says(
        reason.as_str().unwrap(),
        &["`prompt.shots` = 1000000", "examples that may be shown", "lower it"],
    );
    model(&place, &server, "[prompt]\nshots = 2", "");
    run(&place, &["--protocols", "zero-shot"]);
    let reason = &place.summary("default")["cells"][0]["outcome"]["reason"]["message"];
    assert_says(
        reason.as_str().unwrap(),
        &["with `prompt.shots` = 2 a protocol that prompts is called `2-shot`"],
    );
    let error = run(&place, &["--protocols", "3-shot"]).exits(2).err;
    assert_says(&error, &["no task has a protocol `3-shot`", "did you mean `2-shot`?"]);
}
