//! The thought of a reply, set aside: what a model wrote for itself before its answer. Pure.
//!
//! A thought is between two tags (`<think>` and `</think>`; [`tag`] has them), in a channel of gpt-oss's format
//! ("harmony"), behind an announcement ([`PHRASES`]), or before a closing tag whose opening one the chat template wrote. A tag
//! that is opened and not closed means that the limit of tokens cut the thought: there is no answer. Servers that send the
//! thought in a field of its own are brought to the first form by `plugin_api::Replies::put_thought`.

mod tag;

use tag::{Side, first_tag};

/// Announcements of thought and answer at the beginning of a reply: Granite 3.2, and what `ollama run` prints.
const PHRASES: [(&str, &str); 3] = [
    ("Here is my thought process:", "Here is my response:"),
    ("Here's my thought process:", "Here's my response:"),
    ("Thinking...\n", "...done thinking."),
];

/// Marks of harmony, the format of gpt-oss.
const CHANNEL: &str = "<|channel|>";
const MESSAGE: &str = "<|message|>";
const ENDS: [&str; 5] = ["<|end|>", "<|return|>", "<|call|>", "<|start|>", CHANNEL];
/// What is left of harmony's marks where a server prints no special tokens.
const BARE_ANALYSIS: &str = "analysis";
const BARE_ROLE: &str = "assistant";
const BARE_FINAL: &str = "assistantfinal";

/// A reply in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What is left for the parser.
    pub answer: String,
    /// What becomes of the rest.
    pub thought: Thought,
}

/// The thought of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thought {
    /// There is none.
    None,
    /// It came to its end.
    Closed,
    /// It was opened and not closed: there is no answer.
    Cut,
}

/// Sets the thought of a reply aside. A reply without one comes back as it is.
pub fn split(reply: &str) -> Split {
    if let Some(split) = by_phrases(reply) {
        return split;
    }
    let tag = first_tag(reply, 0);
    let channel = find(reply, CHANNEL, 0);
    match (tag, channel) {
        (Some(tag), channel) if channel.is_none_or(|channel| tag.start < channel) => {
            let outer = by_tags(reply);
            // A thought in a field of its own, and harmony's marks in the text.
            match split_harmony(&outer.answer) {
                Some(inner) if inner.thought == Thought::Cut => inner,
                Some(inner) => Split { answer: inner.answer, ..outer },
                None => outer,
            }
        }
        _ => split_harmony(reply)
            .unwrap_or_else(|| Split { answer: reply.to_owned(), thought: Thought::None }),
    }
}

/// What stands behind the announcement of the answer, where the thought was announced.
fn by_phrases(reply: &str) -> Option<Split> {
    let text = reply.trim_start();
    let (rest, end) = PHRASES.iter().find_map(|(thought, answer)| {
        let head = text.get(..thought.len()).filter(|head| head.eq_ignore_ascii_case(thought))?;
        Some((&text[head.len()..], *answer))
    })?;
    Some(match find(rest, end, 0) {
        Some(at) => {
            let answer = rest[at + end.len()..].trim_start().to_owned();
            Split { answer, thought: Thought::Closed }
        }
        None => Split { answer: String::new(), thought: Thought::Cut },
    })
}

/// What is outside of tags. A closing tag without an opening one ends a thought that began with the reply.
fn by_tags(reply: &str) -> Split {
    let mut answer = String::new();
    let (mut at, mut open) = (0, None);
    while let Some(tag) = first_tag(reply, at) {
        match (&open, tag.side) {
            (None, Side::Opens) => {
                answer.push_str(&reply[at..tag.start]);
                open = Some(tag.kind);
            }
            (None, Side::Empty) => answer.push_str(&reply[at..tag.start]),
            (None, Side::Closes) => answer.clear(),
            (Some(kind), Side::Closes) if *kind == tag.kind => open = None,
            // A mention inside a thought.
            (Some(_), _) => {}
        }
        at = tag.end;
    }
    if open.is_some() {
        return Split { answer: String::new(), thought: Thought::Cut };
    }
    answer.push_str(&reply[at..]);
    Split { answer: answer.trim_start().to_owned(), thought: Thought::Closed }
}

/// The final channel of harmony; nothing where the reply has none of its marks.
fn split_harmony(reply: &str) -> Option<Split> {
    if find(reply, CHANNEL, 0).is_some() {
        return Some(by_channels(reply));
    }
    // `analysisWe need ... assistantfinalYes`: no word of a language continues like that.
    let text = reply.trim_start();
    let rest = text.strip_prefix(BARE_ROLE).unwrap_or(text).strip_prefix(BARE_ANALYSIS)?;
    let is_bare = rest.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || c == '"');
    match text.rfind(BARE_FINAL) {
        Some(at) => {
            let answer = text[at + BARE_FINAL.len()..].trim_start().to_owned();
            Some(Split { answer, thought: Thought::Closed })
        }
        None if is_bare => Some(Split { answer: String::new(), thought: Thought::Cut }),
        None => None,
    }
}

fn by_channels(reply: &str) -> Split {
    let mut last = None;
    let mut at = 0;
    let mut thought = Thought::None;
    while let Some(channel) = find(reply, CHANNEL, at) {
        let name_at = channel + CHANNEL.len();
        let end = ENDS.iter().filter_map(|mark| find(reply, mark, name_at)).min();
        let segment = reply[name_at..end.unwrap_or(reply.len())].trim_start();
        let name: String = segment.chars().take_while(char::is_ascii_alphabetic).collect();
        let body = match segment.find(MESSAGE) {
            Some(message) => &segment[message + MESSAGE.len()..],
            None => &segment[name.len()..],
        };
        if name.eq_ignore_ascii_case("final") {
            last = Some(body.trim_start().to_owned());
        } else {
            thought = Thought::Closed;
        }
        at = name_at;
    }
    match last {
        Some(answer) => Split { answer, thought },
        None => Split { answer: String::new(), thought: Thought::Cut },
    }
}

/// The next place of a mark.
fn find(text: &str, mark: &str, from: usize) -> Option<usize> {
    text[from..].find(mark).map(|place| from + place)
}

#[cfg(test)]
mod tests;
