//! Tags around thoughts, as models write them. Pure.
//!
//! | form | models |
//! |---|---|
//! | `<think>`, `</think>` | DeepSeek R1, Qwen 3, QwQ, GLM, Nemotron, ERNIE, MiniMax, Kimi K2, Olmo 3 |
//! | other names that hold such a word: `<thinking>`, `<thought>`, `<seed:think>`, `<longcat_think>` | Claude's prompts, EXAONE Deep, Gemini, Seed-OSS, LongCat |
//! | `[THINK]`, `[/THINK]`; `◁think▷`, `◁/think▷` | Magistral; Kimi-VL |
//! | `<|begin_of_thought|>`, `<|START_THINKING|>`, `<|think|>` and their ends | Sky-T1, OpenThinker, Command A, Solar |
//! | what is in [`EXACT`] | Gemma, Apertus, MedGemma, s1, llama.cpp's program |
//! | `&lt;think&gt;`, `<details type="reasoning">` | pages and Open WebUI in between |

/// A tag in a reply, by its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which tags are a pair.
    pub(super) kind: String,
    pub(super) side: Side,
}

/// What a tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Opens,
    Closes,
    /// `<think/>`: both.
    Empty,
}

/// Words that make a name that of a thought's tag.
const WORDS: [&str; 12] = [
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reflection",
    "analysis",
    "scratchpad",
    "monologue",
    "cot",
    "antthinking",
    "rationale",
];

/// Pairs that follow no rule, in lower case.
const EXACT: [(&str, &str); 7] = [
    ("<|channel>", "<channel|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<unused94>", "<unused95>"),
    ("<|im_start|>think", "<|im_start|>answer"),
    ("[start thinking]", "[end thinking]"),
    ("<details type=\"reasoning\"", "</details>"),
    ("<|think|>", "<|content|>"),
];

/// How pages begin a section that can be folded.
const SECTION: &str = "<details";

/// Opening and closing bracket of a tag.
const BRACKETS: [(&str, &str); 6] = [
    ("<|", "|>"),
    ("<\u{ff5c}", "\u{ff5c}>"),
    ("<", ">"),
    ("&lt;", "&gt;"),
    ("◁", "▷"),
    ("[", "]"),
];

/// Bytes of the longest name that is looked at.
const LONGEST: usize = 48;

/// The first tag from a place on.
pub(super) fn first_tag(reply: &str, from: usize) -> Option<Tag> {
    let begins = |c: char| matches!(c, '<' | '[' | '◁' | '&');
    let mut at = from;
    while let Some(start) = reply[at..].find(begins).map(|place| at + place) {
        // The end of a section of a page is that of a thought where one was opened.
        let is_own = |kind: &str| !kind.starts_with(SECTION) || reply[..start].contains(kind);
        if let Some((len, kind, side)) =
            tag(&reply[start..]).filter(|(_, kind, side)| *side == Side::Opens || is_own(kind))
        {
            return Some(Tag { start, end: start + len, kind, side });
        }
        at = start + reply[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The tag at the beginning of a text: its bytes, its kind and its side.
fn tag(rest: &str) -> Option<(usize, String, Side)> {
    exact(rest).or_else(|| BRACKETS.iter().find_map(|brackets| named(rest, *brackets)))
}

fn exact(rest: &str) -> Option<(usize, String, Side)> {
    EXACT.iter().find_map(|(open, close)| {
        let (text, side) = [(*open, Side::Opens), (*close, Side::Closes)]
            .into_iter()
            .find(|(text, _)| behind(rest, text).is_some())?;
        // `<details type="reasoning" done="true">`
        let more = if text.ends_with('"') { rest[text.len()..].find('>')? + 1 } else { 0 };
        let kind = if *open == "<|think|>" { "think|" } else { open };
        Some((text.len() + more, kind.to_owned(), side))
    })
}

/// What follows a text at the beginning, whatever its case.
fn behind<'a>(rest: &'a str, text: &str) -> Option<&'a str> {
    let head = rest.get(..text.len())?;
    head.eq_ignore_ascii_case(text).then(|| &rest[text.len()..])
}

/// A tag with a name.
fn named(rest: &str, (open, close): (&str, &str)) -> Option<(usize, String, Side)> {
    let inner = behind(rest, open)?;
    let trimmed = inner.trim_start_matches(' ');
    let (slash, name_on) = trimmed
        .strip_prefix('/')
        .map_or((false, trimmed), |name| (true, name.trim_start_matches(' ')));
    let len = name_on
        .bytes()
        .take(LONGEST)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.')
        })
        .count();
    let name = name_on[..len].to_ascii_lowercase();
    let is_piped = open.len() > 1 && open.starts_with('<');
    let (kind, is_end) = if is_piped { sides(&name) } else { (name, false) };
    let is_known = if open == "[" { kind == "think" } else { is_of_a_thought(&kind) };
    if !is_known {
        return None;
    }
    let (after, is_empty) = end(&name_on[len..], close, slash)?;
    let side = match (slash || is_end, is_empty) {
        (true, _) => Side::Closes,
        (false, true) => Side::Empty,
        (false, false) => Side::Opens,
    };
    let kind = if is_piped { format!("{kind}|") } else { kind };
    Some((rest.len() - after.len(), kind, side))
}

/// What follows a tag whose name is read, and whether the tag closes itself; an opening one in angle brackets may have attributes.
fn end<'a>(rest: &'a str, close: &str, slash: bool) -> Option<(&'a str, bool)> {
    let plain = rest.trim_start_matches([' ', '\t']);
    if let Some(after) = behind(plain, close) {
        return Some((after, false));
    }
    if let Some(after) = plain.strip_prefix('/').and_then(|rest| behind(rest, close)) {
        return Some((after, true));
    }
    if slash || close != ">" {
        return None;
    }
    let attributes = rest.strip_prefix(' ')?;
    let end =
        attributes.find(['>', '<', '\n']).filter(|end| attributes[*end..].starts_with('>'))?;
    attributes[..end].contains('=').then(|| (&attributes[end + 1..], false))
}

/// Whether one of the words of a name, which `_`, `-`, `:` and `.` divide, is one of a thought's.
fn is_of_a_thought(name: &str) -> bool {
    name.split(['_', '-', ':', '.']).any(|word| WORDS.contains(&word))
}

/// The name without what says which side it is, and whether that is the end: `begin_of_thought`, `END_THINKING`, `think_end`.
fn sides(name: &str) -> (String, bool) {
    let words: Vec<&str> = name.split(['_', '-']).collect();
    let is_end = |word: &&str| matches!(*word, "end" | "stop" | "close");
    let kept = words
        .iter()
        .filter(|word| !is_end(word) && !matches!(**word, "begin" | "start" | "open" | "of"));
    (kept.copied().collect::<Vec<_>>().join("_"), words.iter().any(is_end))
}
