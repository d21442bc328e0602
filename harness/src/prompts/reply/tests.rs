use super::*;
use crate::definition::catalogue::Catalogue;

fn labels() -> Vec<String> {
    vec!["no".to_owned(), "yes".to_owned()]
}

fn map(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    pairs.iter().map(|(name, texts)| ((*name).to_owned(), owned(texts))).collect()
}

fn words(denied: Denied) -> Parser {
    let words = map(&[("no", &["acceptable", "not hateful"]), ("yes", &["Hateful"])]);
    Parser::Word { words, denied, denials: None }
}

#[test]
fn word_parser() {
    let parser = ReplyParser::new(&words(Denied::Unparsable), &labels()).unwrap();
    let check = |reply: &str, expect: Answer| assert_eq!(parser.parse(reply), expect, "{reply}");
    check("Hateful.", Answer::Label(1));
    check("It is NOT hateful", Answer::Label(0));
    check("hateful? not hateful", Answer::Unparsable);
    check("unacceptable", Answer::Unparsable);
    check("acceptable, acceptable", Answer::Label(0));
    check("", Answer::Unparsable);
    check("\u{fb01}ne \u{130} hateful", Answer::Label(1));
    check("It is not a hateful post", Answer::Unparsable);
    check("It is not a hateful post, it is acceptable", Answer::Unparsable);
}

#[test]
fn a_denial_says_the_other_of_two_where_the_definition_says_so() {
    let parser = ReplyParser::new(&words(Denied::Other), &labels()).unwrap();
    let check = |reply: &str, expect: Answer| assert_eq!(parser.parse(reply), expect, "{reply}");
    check("It is not a hateful post", Answer::Label(0));
    check("It is not a hateful post, it is acceptable", Answer::Label(0));
    check("That isn't acceptable at all", Answer::Label(1));
    check("It is not hateful and not acceptable", Answer::Unparsable);
    check("Hateful? No.", Answer::Unparsable);
    check("not kind, but hateful", Answer::Label(1));
    let three = [labels(), vec!["perhaps".to_owned()]].concat();
    let error = ReplyParser::new(&words(Denied::Other), &three).unwrap_err().to_string();
    assert!(error.contains("needs a task with two labels, and this one has 3"), "{error}");
}

/// Nineteen replies that deny the positive label, to the wordings of CREHate and EMGSD. The official parser of CREHate
/// reads each as `Non-hate` or as nothing.
#[test]
fn no_denial_is_the_thing_denied() {
    let all = Catalogue::embedded().unwrap();
    let replies = [
        ("crehate", "w1", "Not yes"),
        ("crehate", "w1", "I wouldn't say yes."),
        ("crehate", "w2", "It is not a hateful post."),
        ("crehate", "w2", "This isn't hateful."),
        ("crehate", "w2", "This isn\u{2019}t really hateful"),
        ("crehate", "w2", "The post is neither rude nor hateful."),
        ("crehate", "w2", "It does not appear to be hateful."),
        ("crehate", "w3", "It isn't hate"),
        ("crehate", "w3", "Not really hate."),
        ("crehate", "w3", "It does not count as hate speech"),
        ("crehate", "w3", "No hate here"),
        ("crehate", "w4", "it isn't true"),
        ("crehate", "w4", "Not quite true."),
        ("crehate", "w5", "never remove it"),
        ("crehate", "w5", "They should not remove this post"),
        ("crehate", "w5", "There is no need to remove it"),
        ("emgsd", "w2", "not stereotyping"),
        ("emgsd", "w2", "It is a non-stereotyping one."),
        ("emgsd", "w1", "I can't say yes"),
    ];
    for (task, wording, reply) in replies {
        let (_, task) = all.task(task).unwrap();
        let protocol = task.protocols.iter().find(|p| p.name == "zero-shot").unwrap();
        let prompts = protocol.prompts.iter().filter(|p| p.name.starts_with(wording));
        for prompt in prompts {
            let answer = parse(reply, &prompt.parser, &task.labels).unwrap();
            assert_eq!(answer, Answer::Label(0), "{}: {reply}", prompt.name);
        }
    }
    let (_, emgsd) = all.task("emgsd").unwrap();
    let w2 = emgsd.protocols[1].prompts.iter().find(|p| p.name == "w2-ab").unwrap();
    assert_eq!(parse("Not harmless", &w2.parser, &emgsd.labels).unwrap(), Answer::Label(1));
}

#[test]
fn prefix_parser_is_the_official_one() {
    let parser = |otherwise: Option<&str>| Parser::Prefix {
        strip: vec!["Answer: ".to_owned()],
        prefixes: map(&[("yes", &["True", "correct"])]),
        otherwise: otherwise.map(str::to_owned),
    };
    let check = |reply: &str, expect: Answer| {
        assert_eq!(parse(reply, &parser(Some("no")), &labels()).unwrap(), expect, "{reply}");
    };
    check("Answer:  True, because", Answer::Label(1));
    check("\n correct", Answer::Label(1));
    check("true", Answer::Label(0));
    check("It is True", Answer::Label(0));
    assert_eq!(parse("maybe", &parser(None), &labels()).unwrap(), Answer::Unparsable);
    let error = parse("x", &parser(Some("nope")), &labels()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the answer parser names `nope`, which is not a label of the task: use one of no, yes"
    );
}

#[test]
fn regex_parser() {
    let parser = |pattern: &str| Parser::Regex {
        patterns: map(&[("no", &["^(?i)b\\b"]), ("yes", &[pattern])]),
        otherwise: None,
    };
    let check = |reply: &str, expect: Answer| {
        assert_eq!(parse(reply, &parser("^(?i)a\\b"), &labels()).unwrap(), expect, "{reply}");
    };
    check("a) Hate", Answer::Label(1));
    check("B", Answer::Label(0));
    check("abc", Answer::Unparsable);
    let both = Parser::Regex {
        patterns: map(&[("no", &["b"]), ("yes", &["a"])]),
        otherwise: Some("no".to_owned()),
    };
    assert_eq!(parse("ab", &both, &labels()).unwrap(), Answer::Label(0), "two are none");
    let error = parse("x", &parser("("), &labels()).unwrap_err().to_string();
    assert!(
        error.starts_with("the answer parser's pattern `(` is not a regular expression"),
        "{error}"
    );
}

#[test]
fn letter_parser() {
    let letters = [("no", "A"), ("yes", "B")].map(|(l, x)| (l.to_owned(), x.to_owned())).into();
    let parser = Parser::Letter { letters };
    let check = |reply: &str, expect: Answer| {
        assert_eq!(parse(reply, &parser, &labels()).unwrap(), expect, "{reply}");
    };
    for reply in
        ["B", "b", "(B)", "B.", "B) hate", "**B**", "Answer: B", "The answer is B", "I choose B."]
    {
        check(reply, Answer::Label(1));
    }
    check("A", Answer::Label(0));
    check("A: fine", Answer::Label(0));
    for reply in ["A hateful post", "A or B", "(A) or (B)", "", "Bad", "The answer is a post"] {
        check(reply, Answer::Unparsable);
    }
}

#[test]
fn first_word_parser() {
    let parser = Parser::FirstWord { words: map(&[("no", &["no", "false"]), ("yes", &["Yes"])]) };
    let check = |reply: &str, expect: Answer| {
        assert_eq!(parse(reply, &parser, &labels()).unwrap(), expect, "{reply}");
    };
    check(" **Yes**, no doubt", Answer::Label(1));
    check("no.", Answer::Label(0));
    check("Well, yes", Answer::Unparsable);
    check("", Answer::Unparsable);
}
