//! The roles of columns by their names.

/// Names of ids.
pub(super) const ID: &[&str] = &[
    "id",
    "idx",
    "uid",
    "uuid",
    "guid",
    "index",
    "item_id",
    "example_id",
    "question_id",
    "sample_id",
    "row_id",
    "instance_id",
    "qid",
    "unnamed_0",
];

/// Names of cultures.
pub(super) const CULTURE: &[&str] = &[
    "culture",
    "country",
    "nation",
    "nationality",
    "country_name",
    "country_code",
    "region",
    "cultural_group",
    "ethnicity",
    "religion",
    "demographic",
    "community",
    "language",
    "lang",
    "locale",
    "group",
    "target_group",
    "bias_type",
];

/// Names of splits.
pub(super) const SPLIT: &[&str] = &["split", "part", "partition", "subset", "fold", "set"];

/// Names of what is before the question.
pub(super) const CONTEXT: &[&str] =
    &["context", "passage", "background", "story", "situation", "scenario", "paragraph", "article"];

/// Names of the text.
pub(super) const TEXT: &[&str] = &[
    "question",
    "text",
    "prompt",
    "sentence",
    "post",
    "tweet",
    "comment",
    "premise",
    "stem",
    "question_text",
    "question_stem",
    "query",
    "input",
    "content",
    "body",
    "statement",
    "message",
    "instruction",
    "utterance",
    "goal",
    "document",
    "review",
    "assertion",
    "claim",
];

/// Names of a cell with all options.
pub(super) const OPTIONS: &[&str] = &[
    "options",
    "choices",
    "candidates",
    "alternatives",
    "endings",
    "answer_choices",
    "answer_options",
    "mc_options",
    "choices_text",
    "options_text",
    "option_list",
];

/// How columns with one option each begin.
pub(super) const OPTION: &[&str] = &[
    "option",
    "opt",
    "op",
    "choice",
    "answer",
    "ans",
    "ending",
    "candidate",
    "alternative",
    "sol",
    "solution",
    "response",
    "",
];

/// Names of the right option.
pub(super) const GOLD: &[&str] = &[
    "gold",
    "answer",
    "answer_key",
    "correct_answer",
    "correct_option",
    "correct_choice",
    "gold_answer",
    "gold_label",
    "label",
    "correct",
    "answer_idx",
    "answer_index",
    "label_idx",
    "gold_index",
    "gold_idx",
    "correct_index",
    "correct_idx",
    "right_answer",
    "target",
    "solution",
    "key",
    "cop",
];

/// Names of labels.
pub(super) const LABEL: &[&str] = &[
    "label",
    "gold_label",
    "gold",
    "class",
    "target",
    "annotation",
    "category",
    "sentiment",
    "hate",
    "hateful",
    "is_hate",
    "toxic",
    "toxicity",
    "offensive",
    "stereotype",
    "verdict",
    "rating",
    "answer",
    "y",
];

/// Names of texts that are right.
pub(super) const REFERENCES: &[&str] = &[
    "references",
    "reference",
    "answers",
    "gold_answers",
    "correct_answers",
    "acceptable_answers",
    "annotations",
    "aliases",
    "answer",
    "gold_answer",
    "correct_answer",
    "gold",
    "target",
    "output",
];

/// Names of shares and votes, of a cell with all or the begin of columns with one each.
pub(super) const SHARES: &[&str] = &[
    "shares",
    "share",
    "votes",
    "vote",
    "counts",
    "count",
    "distribution",
    "selections",
    "probabilities",
    "probs",
    "percentages",
    "percent",
    "proportions",
    "human_distribution",
];

/// Names of two sentences: the more and the less stereotyped one.
pub(super) const PAIRS: &[(&str, &str)] = &[
    ("sent_more", "sent_less"),
    ("sentence_more", "sentence_less"),
    ("more", "less"),
    ("stereotype", "anti_stereotype"),
    ("stereotype", "antistereotype"),
    ("stereotyped", "anti_stereotyped"),
    ("stereotypical", "anti_stereotypical"),
    ("pro_stereotype", "anti_stereotype"),
    ("stereo", "antistereo"),
    ("more_stereotyped", "less_stereotyped"),
    ("more_stereotypical", "less_stereotypical"),
];

/// A name in lower case, its words between underscores: `answerKey`, `Answer Key` and `answer-key` are `answer_key`.
pub(super) fn plain(name: &str) -> String {
    let mut out = String::new();
    let mut before_was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_was_lower || !c.is_alphanumeric() {
            out.push('_');
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
        before_was_lower = c.is_lowercase();
    }
    out.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

/// What follows a begin: `option_a` is `a` after `option`.
pub(super) fn suffix<'n>(plain: &'n str, begin: &str) -> Option<&'n str> {
    let rest = plain.strip_prefix(begin)?;
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    (!rest.is_empty()).then_some(rest)
}

/// The place that a letter or a number stands for: `a` and `0` are the first; `1` is the second, or the first where none is `0`.
pub(super) fn place(suffix: &str) -> Option<(char, usize)> {
    let mut chars = suffix.chars();
    match (chars.next(), chars.next()) {
        (Some(letter @ 'a'..='z'), None) => Some(('a', letter as usize - 'a' as usize)),
        _ if suffix.len() <= 2 => suffix.parse().ok().map(|number| ('0', number)),
        _ => None,
    }
}
