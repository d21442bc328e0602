//! The options of a multiple-choice document as lm-evaluation-harness logs them: which requests are options, and what each one is
//! called.
//!
//! ```text
//! one context, an ending an option        its ending                     "yes"
//! ... the endings are letters             the text in `doc.choices`      "It is good"
//! a context an option, endings that differ its ending
//! a context an option, one ending         the text in `doc.choices`, else its place: `option-0`
//! ```
//! Requests without the context, which some metrics ask for too, come after the options with the same endings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Object;

/// A context and what follows it; a generation has no continuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) context: &'a str,
    pub(super) continuation: Option<&'a str>,
}

/// Letters of options, and what they stand for in this log.
#[derive(Debug)]
pub(super) struct Letters<'a> {
    /// Answers that the caller reads as they stand.
    known: &'a [String],
    texts: BTreeMap<String, String>,
}

impl<'a> Letters<'a> {
    pub(super) fn new(known: &'a [String]) -> Self {
        Self { known, texts: BTreeMap::new() }
    }
}

/// The requests that are options: all, or the first half where the second repeats its endings behind one other context.
pub(super) fn conditional<'r, 'a>(requests: &'r [Request<'a>]) -> &'r [Request<'a>] {
    let (first, second) = requests.split_at(requests.len() / 2);
    let same = |requests: &[Request<'_>]| {
        requests.windows(2).all(|pair| pair[0].context == pair[1].context)
    };
    let repeats = first.len() > 1
        && first.len() == second.len()
        && first.iter().zip(second).all(|(a, b)| a.continuation == b.continuation)
        && same(second);
    if repeats { first } else { requests }
}

/// What each option is called; why that cannot be told, otherwise.
pub(super) fn names(
    options: &[Request<'_>],
    doc: &Object,
    letters: &mut Letters<'_>,
) -> Result<Vec<String>, String> {
    let endings: Option<Vec<&str>> =
        options.iter().map(|option| option.continuation.map(str::trim)).collect();
    let endings =
        endings.ok_or("a request has no continuation; is it a log of another version?")?;
    if endings.len() < 2 {
        return Err(
            "there is one continuation only, so nothing was chosen: the task is of another kind"
                .to_owned(),
        );
    }
    let contexts = count(options.iter().map(|option| option.context));
    if contexts != 1 && contexts != options.len() {
        return Err(format!(
            "its {} requests have {contexts} contexts: it is not clear which of them are options",
            options.len()
        ));
    }
    let texts = choices(doc, options.len());
    let distinct = count(endings.iter().copied());
    if distinct == endings.len() {
        let own = endings.iter().map(|ending| (*ending).to_owned()).collect();
        return match texts {
            Some(texts) if endings.iter().all(|ending| letter(ending).is_some()) => {
                of_letters(&endings, &texts, letters)
            }
            _ => Ok(own),
        };
    }
    if contexts == 1 {
        return Err(
            "two options have the same text behind one context, so the answer names neither"
                .to_owned(),
        );
    }
    if distinct != 1 {
        return Err("some of its options have the same ending and some have not: it is not clear which is which".to_owned());
    }
    Ok(texts.map_or_else(
        || (0..options.len()).map(|place| format!("option-{place}")).collect(),
        |texts| texts.iter().map(|text| text.trim().to_owned()).collect(),
    ))
}

fn count<'a>(all: impl Iterator<Item = &'a str>) -> usize {
    all.collect::<std::collections::BTreeSet<_>>().len()
}

/// Letters as they are where the caller reads them, which needs each to mean the same in every document; else their texts.
fn of_letters(
    endings: &[&str],
    texts: &[&str],
    letters: &mut Letters<'_>,
) -> Result<Vec<String>, String> {
    let reads = |ending: &&str| letters.known.iter().any(|known| known == ending);
    if !endings.iter().any(reads) {
        return Ok(texts.iter().map(|text| text.trim().to_owned()).collect());
    }
    for (ending, text) in endings.iter().zip(texts) {
        let before =
            letters.texts.entry((*ending).to_owned()).or_insert_with(|| (*text).to_owned());
        if before != text {
            return Err(format!(
                "`{ending}` means {text:?} here and {before:?} before: write --map with the texts of the options instead of their letters"
            ));
        }
    }
    Ok(endings.iter().map(|ending| (*ending).to_owned()).collect())
}

/// The letter or digit that an ending is: `A`, `(B)`, `1.`.
fn letter(ending: &str) -> Option<char> {
    let mut chars = ending.trim_matches(|c: char| matches!(c, '(' | ')' | '.' | ':' | ' ')).chars();
    let only = chars.next().filter(char::is_ascii_alphanumeric)?;
    chars.next().is_none().then_some(only)
}

/// Where documents have the texts of their options.
const TEXTS: [&str; 5] = ["choices", "options", "endings", "answers", "candidates"];

/// The texts of the options, of this length: a list, or an object with the list `text`.
fn choices(doc: &Object, length: usize) -> Option<Vec<&str>> {
    TEXTS.iter().find_map(|name| {
        let choices = doc.get(*name)?;
        let list = choices.as_array().or_else(|| choices.get("text")?.as_array())?;
        let texts: Vec<&str> = list.iter().map(Value::as_str).collect::<Option<_>>()?;
        (texts.len() == length && count(texts.iter().map(|text| text.trim())) == length)
            .then_some(texts)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn requests<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Request<'a>> {
        let request = |(context, ending): &(&'a str, &'a str)| Request {
            context,
            continuation: Some(ending),
        };
        pairs.iter().map(request).collect()
    }

    fn named(pairs: &[(&str, &str)], doc: &Value, known: &[&str]) -> Result<Vec<String>, String> {
        let known: Vec<String> = known.iter().map(|one| (*one).to_owned()).collect();
        let requests = requests(pairs);
        let doc = doc.as_object().unwrap();
        names(conditional(&requests), doc, &mut Letters::new(&known))
    }

    #[test]
    fn every_shape_of_a_choice_has_its_names() {
        let none = json!({});
        let texts = json!({"choices": ["bad", "good"]});
        let listed = json!({"choices": ["bad"], "options": ["bad", "good"]});
        let arc = json!({"choices": {"text": ["bad", "good"], "label": ["A", "B"]}});
        for (pairs, doc, expect) in [
            (vec![("c", " no"), ("c", " yes")], &none, ["no", "yes"]),
            (vec![("c", " no"), ("c", " yes"), ("", " no"), ("", " yes")], &none, ["no", "yes"]),
            (vec![("", " no"), ("", " yes"), ("", " no"), ("", " yes")], &none, ["no", "yes"]),
            (vec![("c", " A"), ("c", " B")], &none, ["A", "B"]),
            (vec![("c", " A"), ("c", " B")], &texts, ["bad", "good"]),
            (vec![("c", "(1)"), ("c", "(2)")], &arc, ["bad", "good"]),
            (vec![("c", " A"), ("c", " B")], &listed, ["bad", "good"]),
            (vec![("c", " no"), ("c", " yes")], &texts, ["no", "yes"]),
            (vec![("c", " no"), ("d", " yes")], &none, ["no", "yes"]),
            (vec![("c", " so"), ("d", " so")], &none, ["option-0", "option-1"]),
            (vec![("c", " so"), ("d", " so")], &texts, ["bad", "good"]),
            (vec![("c", " so"), ("d", " so"), ("", " so"), ("", " so")], &texts, ["bad", "good"]),
        ] {
            assert_eq!(named(&pairs, doc, &[]).unwrap(), expect, "{pairs:?} {doc}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let check = |pairs: &[(&str, &str)], what: &str| {
            let error = named(pairs, &json!({}), &[]).unwrap_err();
            assert!(error.contains(what), "{error}");
        };
        check(&[("c", " yes")], "one continuation only");
        check(&[("c", " yes"), ("c", " yes")], "the same text behind one context");
        check(&[("c", " a"), ("c", " b"), ("d", " c")], "2 contexts");
        check(&[("c", " a"), ("d", " a"), ("e", " b")], "the same ending and some have not");
    }

    /// `A` is an answer where the caller says what it means, and means the same in every document.
    #[test]
    fn letters_that_are_mapped_must_mean_the_same() {
        let known = ["A".to_owned(), "B".to_owned()];
        let mut letters = Letters::new(&known);
        let pairs = requests(&[("c", " A"), ("c", " B")]);
        let mut of = |choices: Value| {
            names(&pairs, json!({ "choices": choices }).as_object().unwrap(), &mut letters)
        };
        assert_eq!(of(json!(["bad", "good"])).unwrap(), ["A", "B"]);
        assert_eq!(of(json!(["bad", "good"])).unwrap(), ["A", "B"]);
        let error = of(json!(["good", "bad"])).unwrap_err();
        assert!(error.contains("`A` means \"good\" here and \"bad\" before"), "{error}");
    }
}
