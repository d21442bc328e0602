use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

const OPTIONS: [&str; 3] = ["The owner", "the guest", "not known"];

fn owner_or_guest(reply: &str) -> Option<usize> {
    letter(reply, &OPTIONS, LetterRule::default())
}

#[test]
fn letters_that_are_chosen() {
    let cases = [
        ("A", Some(0)),
        ("b", Some(1)),
        (" (C) ", Some(2)),
        ("**B**", Some(1)),
        ("B. the guest", Some(1)),
        ("Answer: B", Some(1)),
        ("The correct choice is\nC.", Some(2)),
        ("A guest came.", None),
        ("A man and the guest", Some(1)),
        ("D", None),
        ("(A) or (B)", None),
        ("so (B it is", Some(1)),
        ("so B it is", None),
        ("The guest!", Some(1)),
        ("The owner or the guest", None),
        ("Not known, the guest may be", None),
        ("unknown", None),
        ("", None),
        ("the guesthouse", None),
    ];
    for (reply, expect) in cases {
        assert_eq!(owner_or_guest(reply), expect, "{reply:?}");
    }
}

#[test]
fn the_rule_of_letters_can_be_narrowed() {
    let start = LetterRule { place: Place::Start, texts: OptionTexts::Ignored };
    let of = |reply| letter(reply, &OPTIONS, start);
    assert_eq!(of("(B) because A) is wrong"), Some(1));
    assert_eq!(of("Surely (B)"), None);
    assert_eq!(of("the guest"), None);
    let rule: LetterRule =
        serde_json::from_str(r#"{"where": "start", "texts": "ignored"}"#).unwrap();
    assert_eq!(rule, start);
    assert!(serde_json::from_str::<LetterRule>(r#"{"place": "start"}"#).is_err());
}

/// Where an option's text holds another one, the longer one takes its place first.
#[test]
fn texts_within_texts() {
    let options = ["man", "old man", "Old men"];
    let of = |reply| letter(reply, &options, LetterRule::default());
    assert_eq!(of("the old man"), Some(1));
    assert_eq!(of("the man"), Some(0));
    assert_eq!(of("the old man, not the man"), None);
    assert_eq!(letter("anything", &["", "x"], LetterRule::default()), None);
}

#[test]
fn the_rule_of_kobbq_step_by_step() {
    let cases = [
        // A letter, and a text behind the colon that is another option's alone: the letter counts.
        ("A: the guest", Some(0)),
        // Two texts behind it: unparsable.
        ("A: the owner or the guest", None),
        ("A) ", Some(0)),
        ("(b", Some(1)),
        ("AB", None),
        // A second line does not count.
        ("B\nA", Some(1)),
        ("B. A", Some(1)),
        ("THE GUEST", Some(1)),
        // The text is not trimmed at its end.
        ("the guest ", None),
        ("**the guest** or **A**", Some(1)),
        ("**x** A)", None),
        ("정답: \"the guest\"", Some(1)),
        ("so 'C'", Some(2)),
        ("so C) it is", Some(2)),
        ("so C) or A:", None),
        ("답은 답은 B", Some(1)),
        ("\u{1c}B", Some(1)),
    ];
    for (reply, expect) in cases {
        assert_eq!(kobbq(reply, &OPTIONS), expect, "{reply:?}");
    }
    assert_eq!(kobbq(&format!("{}B", "답은".repeat(MOST_LEVELS - 1)), &OPTIONS), Some(1));
    assert_eq!(kobbq(&format!("{}B", "답은".repeat(MOST_LEVELS)), &OPTIONS), None);
}

#[test]
fn json_as_blend_reads_it() {
    let options = ["beef", "Rice", "tofu"];
    let of = |reply| json(reply, "answer_choice", &options);
    let cases = [
        (r#"{"answer_choice":"B"}"#, Some(1)),
        ("{\"answer_choice\":\n\"A\",}", Some(0)),
        (r#"{"answer_choice":"tofu",}"#, Some(2)),
        (r#"{} {"answer_choice": "C"}"#, Some(2)),
        // The first capital letter of a text is R, which no option has: the text counts.
        (r#"{"answer_choice": "Rice"}"#, Some(1)),
        (r#"{"answer_choice": "rice"}"#, None),
        (r#"{"answer_choice": "Beef"}"#, Some(1)),
        (r#"{"answer_choice": null}"#, None),
        (r#"{"other": "B"}"#, None),
        ("B) rice", Some(1)),
        ("My answer: B", None),
        ("{B", Some(1)),
        ("{B}", Some(1)),
        ("", None),
        ("{}", None),
    ];
    for (reply, expect) in cases {
        assert_eq!(of(reply), expect, "{reply:?}");
    }
}

#[test]
fn integers_of_any_script_and_size() {
    let all = |text: &str| integers(text).collect::<Vec<_>>();
    assert_eq!(all("-3 and 4-5, 007"), [-3, 4, -5, 7]);
    assert_eq!(all("१० ٣"), [10, 3]);
    assert_eq!(all(&"9".repeat(40)), [i64::MAX]);
    assert_eq!(all("- 3"), [3]);
    assert_eq!(number("12, then -1, then 10", 1, 10), Some(10));
    assert_eq!(number("7.5", 1, 10), Some(7));
}

#[test]
fn items_of_the_survey() {
    use SurveyItem::{A008, A165, E018, E025, F118, G006, Y002, Y003};
    let cases = [
        (F118, "10", Some(10)),
        (F118, "0 or 11", None),
        (G006, "5, no: 4", Some(4)),
        (A008, "I am an AI", None),
        (E018, "10 of 10: 3", Some(3)),
        (E025, "A", Some(1)),
        (E025, "(c) would never", Some(3)),
        (E025, "**B", Some(2)),
        (E025, "Option B", Some(2)),
        (E025, "I might do it", Some(2)),
        (E025, "Maybe", None),
        // The letter's order beats that of the text: the first option that anything speaks for.
        (E025, "B, as I have signed", Some(1)),
        (A165, "B", Some(2)),
        (A165, "C", None),
        (A165, "You need to be very careful", Some(2)),
        (A165, "As most people", None),
        (Y002, "1 3", Some(1)),
        (Y002, "3, 1", Some(1)),
        (Y002, "2 and 4", Some(3)),
        (Y002, "1 1", Some(2)),
        (Y002, "1", None),
        (Y002, "-1 -3", Some(1)),
        (Y003, "Independence, Determination, perseverance", Some(2)),
        (Y003, "Religious faith; Obedience", Some(-2)),
        (Y003, "independence", Some(0)),
        (Y003, " \n", None),
    ];
    for (item, reply, expect) in cases {
        assert_eq!(item.parse(reply), expect, "{} {reply:?}", item.name());
    }
    for item in SurveyItem::ALL {
        assert_eq!(SurveyItem::parse_name(item.name()).unwrap(), item);
        assert_eq!(serde_json::to_value(item).unwrap(), item.name());
    }
    assert!(SurveyItem::parse_name("f999").unwrap_err().to_string().contains("f999"));
}

#[test]
fn predictions_of_bbq() {
    assert_eq!(option_text("the GUEST.", &OPTIONS), Some(1));
    assert_eq!(option_text("{not known}", &OPTIONS), Some(2));
    assert_eq!(option_text("guest", &OPTIONS), None);
    assert_eq!(option_text("x", &["x.", "X"]), Some(0));
    assert_eq!(option_text("the haitian friend", &["not known", "the Haitian friend "]), Some(1));
}

/// Whatever a reply holds, parsers answer an option that exists, or none; and numbers in range.
#[test]
fn hostile_replies_do_no_harm() {
    let pieces = [
        "A",
        "b",
        "C:",
        "D)",
        "(",
        ")",
        "*",
        "**",
        "'",
        "\"",
        "답",
        "변",
        "은",
        ":",
        ".",
        "\n",
        " ",
        "\u{1c}",
        "the",
        "guest",
        "The owner",
        "{",
        "}",
        "`",
        "\"answer_choice\"",
        ",",
        "\\",
        "7",
        "٣",
        "-",
        "İ",
        "ß",
        "ﬁ",
        "\u{301}",
        "입니다",
        "없습니다",
        "option",
        "answer is",
        "\u{10ffff}",
        "Religious faith",
        "99999999999999999999",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    for _ in 0..20_000 {
        let length = rng.random_range(0..12);
        let reply: String =
            (0..length).map(|_| pieces[rng.random_range(0..pieces.len())]).collect();
        for options in [&OPTIONS[..], &["", "A", "b"], &[], &["ß", "SS"]] {
            let rule = LetterRule::default();
            let found = [
                kobbq(&reply, options),
                letter(&reply, options, rule),
                letter(&reply, options, LetterRule { place: Place::Start, ..rule }),
                json(&reply, "answer_choice", options),
                option_text(&reply, options),
            ];
            assert!(found.iter().flatten().all(|o| *o < options.len()), "{reply:?} {found:?}");
        }
        for item in SurveyItem::ALL {
            let (low, high) = item.range();
            assert!(item.parse(&reply).is_none_or(|v| (low..=high).contains(&v)), "{reply:?}");
        }
    }
}

/// What makes a backtracking or nested rule slow. No clock: a rule that is quadratic here would not end within any patience.
#[test]
fn long_replies_are_read_in_one_pass() {
    for piece in [
        "답은",
        "**",
        "'",
        "A",
        "A ",
        "(A",
        "{",
        "{}",
        "A) ",
        "the guest ",
        "-",
        "9",
        "answer A and ",
        " ",
        "**'",
    ] {
        let reply = piece.repeat(200_000 / piece.len());
        let found = [
            kobbq(&reply, &OPTIONS),
            letter(&reply, &OPTIONS, LetterRule::default()),
            json(&reply, "answer_choice", &OPTIONS),
            option_text(&reply, &OPTIONS),
        ];
        assert!(found.iter().flatten().all(|o| *o < 3));
        assert!(SurveyItem::ALL.iter().filter(|item| item.parse(&reply).is_some()).count() <= 10);
    }
}
