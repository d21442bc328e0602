//! Replies as models and servers write them; each form with every tag.

use super::*;

fn check(reply: &str, thought: Thought, answer: &str) {
    assert_eq!(split(reply), Split { answer: answer.to_owned(), thought }, "{reply:?}");
}

/// Tags of chat templates, of models' replies and of programs in between.
const TAGS: [(&str, &str); 30] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<analysis>", "</analysis>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<think_fast>", "</think_fast>"),
    ("<inner_thoughts>", "</inner_thoughts>"),
    ("<inner-monologue>", "</inner-monologue>"),
    ("<thought_process>", "</thought_process>"),
    ("<chain_of_thought>", "</chain_of_thought>"),
    ("<antthinking>", "</antthinking>"),
    ("<scratchpad>", "</scratchpad>"),
    ("< think >", "</ think >"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
    ("[think]", "[/think]"),
    ("[start thinking]", "[end thinking]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|think_start|>", "<|think_end|>"),
    ("<|think|>", "<|/think|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>", "<channel|>"),
    ("<unused94>", "<unused95>"),
];

#[test]
fn a_thought_in_every_tag_is_set_aside() {
    for (open, close) in TAGS {
        for (open, close) in
            [(open.to_owned(), close.to_owned()), (open.to_uppercase(), close.to_uppercase())]
        {
            let closed = |reply: String, answer| check(&reply, Thought::Closed, answer);
            closed(format!("{open}\nCould it be no?\n{close}\n\nYes"), "Yes");
            closed(format!("{open}{close}Yes"), "Yes");
            closed(format!("First no comes to mind\n{close}\n\nyes"), "yes");
            closed(format!("{close}yes"), "yes");
            closed(format!("{open}a{close}b {open}no{close}c"), "b c");
            closed(format!("{open}what does {open} mean?{close}yes"), "yes");
            closed(format!("{open}no{close}no{close}yes"), "yes");
            closed(format!("{open}no{close}"), "");
            check(&format!("{open}\nAt first sight no"), Thought::Cut, "");
            check(&format!("yes {open} no"), Thought::Cut, "");
            check(&format!("{open}a{close} no {open} b"), Thought::Cut, "");
        }
    }
}

#[test]
fn tags_may_have_attributes() {
    check("<think signature=\"no\" redacted>no</think>yes", Thought::Closed, "yes");
    check("<thinking budget=1>no", Thought::Cut, "");
    check("<think of a number> no", Thought::None, "<think of a number> no");
    check("<thinker>no", Thought::None, "<thinker>no");
    check("<think \n>no", Thought::None, "<think \n>no");
    check("<details type=\"reasoning\" done=\"true\">no</details>yes", Thought::Closed, "yes");
    check("<think/>yes", Thought::Closed, "yes");
    check("<think></think>yes", Thought::Closed, "yes");
}

#[test]
fn announced_thoughts() {
    check("Here is my thought process: no.\nHere is my response:\nYes", Thought::Closed, "Yes");
    check("Here's my thought process:\nno", Thought::Cut, "");
    check("Thinking...\nno\n...done thinking.\n\nYes", Thought::Closed, "Yes");
    check("<|im_start|>think\nno\n<|im_start|>answer\nyes", Thought::Closed, "yes");
    for plain in ["Yes. Here is my thought process: no", "Thinking... yes"] {
        check(plain, Thought::None, plain);
    }
}

#[test]
fn channels_of_gpt_oss() {
    let closed = |reply, answer| check(reply, Thought::Closed, answer);
    closed(
        "<|channel|>analysis<|message|>Is it no?<|end|><|start|>assistant<|channel|>final<|message|>Yes<|return|>",
        "Yes",
    );
    closed("<|channel|>analysis no <|channel|>final<|message|>Yes", "Yes");
    closed(
        "<|start|>assistant<|channel|>analysis<|message|>no<|end|><|channel|>final <|constrain|>text<|message|>Yes",
        "Yes",
    );
    closed("<|channel|>commentary to=x<|message|>no<|call|><|channel|>final<|message|>Yes", "Yes");
    closed(
        "<|channel|>analysis<|message|>no <think> it<|end|><|channel|>final<|message|>Yes",
        "Yes",
    );
    closed("<|channel|>analysis<|message|>no<|end|><|channel|>final", "");
    check("<|channel|>final<|message|>Yes", Thought::None, "Yes");
    check("<|channel|> final <|message|>Yes", Thought::None, "Yes");
    closed("assistantanalysisIs it no?assistantfinalYes", "Yes");
    check("<|channel|>analysis<|message|>It is no", Thought::Cut, "");
    check("<|channel|>analysis<|message|>no<|end|><|start|>assistant", Thought::Cut, "");
    closed("<think>no</think><|channel|>final<|message|>Yes", "Yes");
    closed("analysisThe user asks: no?assistantfinalYes", "Yes");
    closed("analysisWe say no.assistantcommentary noassistantfinal\nYes", "Yes");
    check("analysisThe user wants no", Thought::Cut, "");
}

#[test]
fn a_reply_without_a_thought_stays_as_it_is() {
    for reply in [
        "",
        " Yes\n",
        "analysis of the post: no",
        "Analysis: yes",
        "a < b, a <b>think</b>, [thinking] </b>",
        "I think> so",
        "<",
        "ü<thin",
        "◁think",
        "<answer>no</answer>",
        "<b>thinking</b>",
        "<rethink>no</rethink>",
        "a &lt; b &amp; c",
        "<|im_end|>",
        "<details>no</details>",
    ] {
        check(reply, Thought::None, reply);
    }
}

/// Whatever is in a thought, the answer is what follows it.
#[test]
fn no_thought_reaches_the_answer() {
    let words =
        ["no", "<think>", "<|channel|>final<|message|>no", "[THINK]", "<", "ü", "\n", "</thought>"];
    for first in words {
        for second in words {
            for third in words {
                let reply = format!("<think>{first}{second}{third}</think>\n\nYes");
                check(&reply, Thought::Closed, "Yes");
            }
        }
    }
}
