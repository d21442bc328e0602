//! Cut replies, thoughts and rules together.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::definition::dataset::Denied;

fn texts(no: &[&str], yes: &[&str]) -> BTreeMap<String, Vec<String>> {
    let own = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    BTreeMap::from([("no".to_owned(), own(no)), ("yes".to_owned(), own(yes))])
}

fn reader(parser: &Parser) -> Reader {
    Reader::new(parser, &["no".to_owned(), "yes".to_owned()]).unwrap()
}

fn words() -> Reader {
    reader(&Parser::Word {
        words: texts(&["no"], &["yes"]),
        denied: Denied::default(),
        denials: None,
    })
}

const NO: Answer = Answer::Label(0);
const YES: Answer = Answer::Label(1);

#[track_caller]
fn check(reader: &Reader, reply: Reply, answer: Answer, reason: &str) -> Reading {
    let reading = reader.read(&reply);
    assert_eq!(reading.answer, answer, "{reply:?}: {reading:?}");
    assert!(reading.reason.contains(reason), "{reason:?} is not in {reading:?}");
    assert_eq!(reading.reason.is_empty(), reason.is_empty(), "{reading:?}");
    reading
}

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

fn cut(text: &str) -> Reply {
    Reply::Cut(text.to_owned())
}

#[test]
fn a_thought_is_set_aside_before_the_rule() {
    let words = words();
    let reading = check(&words, text("<think>no? no</think>\n\nYes"), YES, "");
    assert_eq!((reading.thought, reading.is_cut), (Thought::Closed, false));
    check(&words, text("First no comes to mind\n</think>\n\nyes"), YES, "");
    let reading = check(&words, text("<think>At first sight no"), Answer::Missing, "the thought");
    assert_eq!((reading.thought, reading.is_cut), (Thought::Cut, true));
    check(&words, cut("<think>At first sight no"), Answer::Missing, "cut the thought");
    check(&words, text("<think>no</think>"), Answer::Unparsable, "");
    check(&words, cut("<think>no</think>\n"), Answer::Missing, "left no answer");
    check(&words, cut(""), Answer::Missing, "left no answer");
    check(&words, text(""), Answer::Unparsable, "");
    check(&words, Reply::Missing("refused".to_owned()), Answer::Missing, "refused");
}

#[test]
fn a_cut_reply_counts_where_it_begins_with_a_label() {
    let words = words();
    for reply in ["Yes", "**Yes**, because it", " \"yes\". It", "Yes"] {
        check(&words, cut(reply), YES, "");
    }
    for reply in [
        "Whether the answer is no depends on",
        "The answer is yes",
        "Yes or no, that is",
        "Hm",
        "...",
        "yesterday",
    ] {
        check(&words, cut(reply), Answer::Missing, "cut the reply");
    }
    let long = reader(&Parser::Word {
        words: texts(&["not hateful"], &["hateful"]),
        denied: Denied::default(),
        denials: None,
    });
    check(&long, cut("Not hateful, since"), NO, "");
    check(&long, cut("Hateful. It"), YES, "");
    check(&long, cut("It is not hateful"), Answer::Missing, "cut the reply");
    check(&long, cut("Not"), Answer::Missing, "cut the reply");
}

#[test]
fn a_rule_of_beginnings_needs_no_more_than_them() {
    let prefix = |otherwise: Option<&str>| {
        reader(&Parser::Prefix {
            strip: vec!["Answer: ".to_owned()],
            prefixes: texts(&[], &["True"]),
            otherwise: otherwise.map(str::to_owned),
        })
    };
    let official = prefix(Some("no"));
    check(&official, cut("True, because"), YES, "");
    check(&official, cut("Answer: True"), YES, "");
    check(&official, cut("It may be"), NO, "");
    check(&official, cut("Tr"), Answer::Missing, "cut the reply");
    check(&official, cut("Answ"), Answer::Missing, "cut the reply");
    check(&official, text("Tr"), NO, "");
    check(&official, text(" \n"), Answer::Unparsable, "");
    check(&prefix(None), cut("It may be"), Answer::Missing, "cut the reply");
}

proptest! {
    /// A thought changes nothing but itself, whatever it says.
    #[test]
    fn an_answer_is_the_same_behind_a_thought(thought in "[a-z <>no.yes]{0,40}", answer in "(yes|no|maybe|yes or no)[.!]?", is_cut: bool) {
        let reply = |text: String| if is_cut { Reply::Cut(text) } else { Reply::Text(text) };
        let words = words();
        let plain = words.read(&reply(answer.clone()));
        let behind = words.read(&reply(format!("<think>{thought}</think>\n\n{answer}")));
        prop_assert_eq!((plain.answer, plain.reason), (behind.answer, behind.reason));
        prop_assert_eq!(behind.thought, Thought::Closed);
    }

    /// What counts although it was cut keeps its label however the model would have gone on, unless it takes it back.
    #[test]
    fn a_cut_answer_is_that_of_its_beginning(rest in "( [a-z]{1,8}){0,6}") {
        let words = words();
        let reading = words.read(&Reply::Cut(format!("Yes{rest}")));
        if rest.split(' ').any(|word| word == "no") {
            prop_assert_eq!(reading.answer, Answer::Missing);
        } else {
            prop_assert_eq!(reading.answer, YES);
        }
    }
}

#[test]
fn a_tally_tells_what_happened() {
    let words = words();
    let mut tally = Tally::default();
    assert_eq!(tally.line(), None);
    for reply in [text("yes"), text("hm")] {
        tally.add(&words.read(&reply));
    }
    assert_eq!(tally.line(), None, "nothing out of the ordinary");
    for reply in [
        text("<think>a</think>no"),
        cut("<think>no"),
        cut("Yes, as"),
        Reply::Missing("refused: no".to_owned()),
    ] {
        tally.add(&words.read(&reply));
    }
    assert_eq!(
        tally.line().unwrap(),
        "6 replies: 2 with a thought, which was set aside; 2 cut by the limit of tokens, 1 of them with an answer (raise \
         `max_tokens`); 1 without an answer: refused: no; 1 without an answer: the limit of tokens cut the thought"
    );
}
