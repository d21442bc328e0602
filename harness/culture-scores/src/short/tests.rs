use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

const PROMPT: &str = "One reply only.\nQuestion: What do you drink?\nAnswer:";

fn blend(reply: &str) -> String {
    clean(reply, PROMPT, &BLEND_STEPS)
}

#[test]
fn each_step_does_its_own() {
    let of = |step, reply| clean(reply, "Answer: a", &[step]);
    assert_eq!(of(CleanStep::DropPrompt, "x Answer: a y Answer: a"), "x  y ");
    assert_eq!(of(CleanStep::FullWidth, "a：b、c，d。ｅ"), "a:b,c,d.ｅ");
    assert_eq!(of(CleanStep::Lower, "ΑΣ Σ İ ẞ"), "ας σ i\u{307} ß");
    assert_eq!(of(CleanStep::DropLabel, "Answer: x Answer:y"), " x y");
    assert_eq!(of(CleanStep::DropLabel, "answer: x"), "answer: x", "the prompt has a capital");
    assert_eq!(of(CleanStep::Trim, "\u{1f}\u{3000} x \n"), "x");
    assert_eq!(of(CleanStep::TrimStops, "..a.b..."), "a.b");
    assert_eq!(clean("same", "", &BLEND_STEPS), "same");
}

#[test]
fn a_label_is_a_word_with_a_colon_and_a_blank_that_the_prompt_has() {
    let cases = [
        ("Answer: tea", "tea"),
        ("ANSWER:\u{1c}tea", "tea"),
        ("Answer:tea", "answer:tea"),
        (" Answer: tea", "answer: tea"),
        ("Drink: tea", "tea"),
        ("swer: tea", "tea"),
        ("Tea: tea", "tea: tea"),
        ("two words: tea", "two words: tea"),
        (": tea", ": tea"),
        ("Answer: . tea .", " tea "),
        ("", ""),
    ];
    for (reply, expect) in cases {
        assert_eq!(blend(reply), expect, "{reply:?}");
    }
}

/// Python's `\w` has no combining marks: a label with one is not a word, and stays.
#[test]
fn a_label_with_vowel_signs_is_no_label() {
    assert_eq!(clean("উত্তৰ: ভাত", "কি? উত্তৰ:", &BLEND_STEPS), "উত্তৰ: ভাত");
    assert_eq!(clean("답: 밥", "뭐? 답:", &BLEND_STEPS), "밥");
}

#[test]
fn hyphens_and_blanks_are_alike_in_one_direction_at_a_time() {
    let rule = MatchRule::Contains;
    assert!(rule.matches("ice-cream", "an ice cream") && rule.matches("ice cream", "an ice-cream"));
    assert!(!rule.matches("vanilla ice-cream", "vanilla-ice cream"));
    assert!(rule.matches("", "x"));
    assert!(!rule.matches("Tea", "tea"), "references keep their capitals");
}

#[test]
fn tokens_fold_accents_capitals_and_blanks() {
    let rule = MatchRule::Tokens;
    assert!(rule.matches("Café", "cafe au lait"));
    assert!(!rule.matches("naïve", "naive"), "the acute alone is dropped");
    assert!(rule.matches("ΟΔΟΣ", "η οδος"));
    assert!(rule.matches("Black\u{1c}tea", "tea , black"));
    assert!(rule.matches("- , .", "nothing of it"), "every one of no tokens is there");
    assert!(!rule.matches("U.S.", "u.s"));
    assert_eq!(folded_tokens("A, () É ...").collect::<Vec<_>>(), ["a,", "e", "..."]);
}

#[test]
fn exact_is_the_whole_reply() {
    let rule = MatchRule::Exact;
    assert!(rule.matches(" Rice\n", "rice") && !rule.matches("rice", "rice tea"));
    assert!(rule.matches("İ", "i\u{307}"));
    assert!(!rule.matches("café", "cafe\u{301}"));
}

#[test]
fn the_first_reference_that_matches_counts() {
    let group = |texts: &[&str], votes| (texts.iter().map(|t| (*t).to_owned()).collect(), votes);
    let all = references([group(&["tea", "green tea"], 4), group(&[""], 2), group(&["water"], 1)])
        .unwrap();
    let of = |reply, empty| sem(reply, &all, MatchRule::Contains, empty);
    assert_eq!(
        of("green tea and water", EmptyTexts::Keep),
        Sem { binary: 1.0, weighted: 1.0, reference: Some(0) }
    );
    assert_eq!(of("water", EmptyTexts::Keep).weighted, 0.5, "the empty text comes first");
    assert_eq!(
        of("water", EmptyTexts::Drop),
        Sem { binary: 1.0, weighted: 0.25, reference: Some(2) }
    );
    assert_eq!(of("milk", EmptyTexts::Drop), Sem { binary: 0.0, weighted: 0.0, reference: None });
    assert_eq!(of("", EmptyTexts::Keep).binary, 0.0, "no reply matches nothing");
    assert_eq!(sem("x", &[], MatchRule::Tokens, EmptyTexts::Keep).binary, 0.0);
    assert!(references([group(&["a"], 0)]).is_err());
    assert!(references([]).unwrap().is_empty());
}

#[test]
fn names_are_those_of_serde() {
    for rule in MatchRule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
    }
    for step in CleanStep::ALL {
        assert_eq!(serde_json::to_value(step).unwrap(), step.name());
    }
}

/// A stricter rule never matches what a laxer one does not (texts without capitals and outer blanks), and cleaning twice
/// changes nothing more.
#[test]
fn rules_are_nested_and_cleaning_settles() {
    let pieces = [
        "a", "b-c", " ", "é", "e\u{301}", ",", ".", "-", "\u{1c}", "answer: ", "：", "ς", "ß",
        "\u{307}",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let mut text = |most: usize| -> String {
        let length = rng.random_range(0..most);
        (0..length).map(|_| pieces[rng.random_range(0..pieces.len())]).collect()
    };
    for _ in 0..20_000 {
        let (reference, reply) = (text(4), blend(&text(8)));
        let reference = clean(&reference, "", &[CleanStep::Lower, CleanStep::Trim]);
        let [exact, contains, tokens] = MatchRule::ALL.map(|rule| rule.matches(&reference, &reply));
        assert!(contains >= exact && tokens >= contains, "{reference:?} {reply:?}");
        assert_eq!(clean(&reply, "", &[CleanStep::Lower]), reply);
    }
}
