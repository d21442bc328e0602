//! The thought of a reply, set aside: what a model wrote for itself before its answer. Pure.
//!
//! A thought is between two tags (`<think>`, `</think>` and those of [`TAGS`]), in a channel of gpt-oss's format
//! ("harmony"), or before a closing tag whose opening one the chat template wrote. A tag that is opened and not closed means
//! that the limit of tokens cut the thought: there is no answer. Servers that send the thought in a field of its own are
//! brought to the first form by `plugin_api::Replies::put_thought`.

/// Tags of thoughts, opening and closing, in lower case. A `>` may be preceded by attributes (`<think signature="...">`).
/// Sources: chat templates and parsers of DeepSeek R1, Qwen 3, QwQ, Nemotron, ERNIE, MiniMax (`think`), EXAONE Deep
/// (`thought`), Claude's prompts (`thinking`), Seed-OSS (`seed:think`), Magistral (`[think]`), Kimi-VL (`◁think▷`), Sky-T1 and
/// OpenThinker (`begin_of_thought`), Command A (`start_thinking`), Gemma (`<|channel>`).
const TAGS: [(&str, &str); 11] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<scratchpad>", "</scratchpad>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|channel>", "<channel|>"),
];

/// Marks of harmony, the format of gpt-oss.
const CHANNEL: &str = "<|channel|>";
const MESSAGE: &str = "<|message|>";
const ENDS: [&str; 5] = ["<|end|>", "<|return|>", "<|call|>", "<|start|>", CHANNEL];
/// What is left of harmony's marks where a server prints no special tokens.
const BARE_ANALYSIS: &str = "analysis";
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

/// A tag in a reply, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag {
    start: usize,
    end: usize,
    kind: usize,
    opens: bool,
}

/// The first tag from a place on.
fn first_tag(reply: &str, from: usize) -> Option<Tag> {
    let begins = |c: char| matches!(c, '<' | '[' | '◁');
    let mut at = from;
    while let Some(start) = reply[at..].find(begins).map(|place| at + place) {
        for (kind, (open, close)) in TAGS.iter().enumerate() {
            for (text, opens) in [(open, true), (close, false)] {
                if let Some(len) = tag_len(&reply[start..], text, opens) {
                    return Some(Tag { start, end: start + len, kind, opens });
                }
            }
        }
        at = start + reply[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The bytes of a tag at the beginning of a text; an opening one in angle brackets may have attributes.
fn tag_len(rest: &str, tag: &str, opens: bool) -> Option<usize> {
    let head = |len: usize| rest.get(..len).filter(|head| head.eq_ignore_ascii_case(&tag[..len]));
    if head(tag.len()).is_some() {
        return Some(tag.len());
    }
    let name = tag.len() - 1;
    if !opens || !tag.ends_with('>') || tag.ends_with("|>") || head(name).is_none() {
        return None;
    }
    let attributes = rest[name..].strip_prefix(' ')?;
    let end =
        attributes.find(['>', '<', '\n']).filter(|end| attributes[*end..].starts_with('>'))?;
    attributes[..end].contains('=').then_some(name + 1 + end + 1)
}

/// What is outside of tags. A closing tag without an opening one ends a thought that began with the reply.
fn by_tags(reply: &str) -> Split {
    let mut answer = String::new();
    let (mut at, mut open) = (0, None);
    while let Some(tag) = first_tag(reply, at) {
        match open {
            None if tag.opens => {
                answer.push_str(&reply[at..tag.start]);
                open = Some(tag.kind);
            }
            None => answer.clear(),
            Some(kind) if kind == tag.kind && !tag.opens => open = None,
            // A mention inside a thought.
            Some(_) => {}
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
    let rest = text.strip_prefix(BARE_ANALYSIS)?;
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
        let segment = &reply[name_at..end.unwrap_or(reply.len())];
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
