//! What is removed from a reply before it is compared.

use crate::python::{in_word, is_blank, trim};

/// A step of cleaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleanStep {
    /// Removes the prompt wherever the reply repeats it.
    DropPrompt,
    /// Full-width colon, comma and full stop, and the ideographic comma, become those of ASCII. Also in the prompt, for
    /// later steps.
    FullWidth,
    /// Lower case by all of Unicode: the final sigma, and two code points for the capital I with a dot. Also in the prompt.
    Lower,
    /// If the reply starts with a word, a colon and a blank, and the word is in the prompt: removes word and colon
    /// everywhere.
    DropLabel,
    /// Removes blanks at both ends, as Python counts them: U+001C to U+001F, too.
    Trim,
    /// Removes full stops at both ends.
    TrimStops,
}

impl CleanStep {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::DropPrompt,
        Self::FullWidth,
        Self::Lower,
        Self::DropLabel,
        Self::Trim,
        Self::TrimStops,
    ];

    /// The name in definitions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropPrompt => "drop-prompt",
            Self::FullWidth => "full-width",
            Self::Lower => "lower",
            Self::DropLabel => "drop-label",
            Self::Trim => "trim",
            Self::TrimStops => "trim-stops",
        }
    }
}

/// The steps of BLEnD, in its order.
pub const BLEND_STEPS: [CleanStep; 6] = CleanStep::ALL;

/// A reply after the steps, in their order. `prompt` is what the model was asked, wholly.
///
/// ```
/// use culture_scores::short::{BLEND_STEPS, clean};
/// let prompt = "Question: What is eaten at noon?\nAnswer:";
/// assert_eq!(clean("Answer: Rice.", prompt, &BLEND_STEPS), "rice");
/// assert_eq!(clean("Note: rice", prompt, &BLEND_STEPS), "note: rice");
/// ```
pub fn clean(reply: &str, prompt: &str, steps: &[CleanStep]) -> String {
    let (mut reply, mut prompt) = (reply.to_owned(), prompt.to_owned());
    for step in steps {
        reply = match step {
            CleanStep::DropPrompt if prompt.is_empty() => reply,
            CleanStep::DropPrompt => reply.replace(&prompt, ""),
            CleanStep::FullWidth => full_width(&reply),
            CleanStep::Lower => reply.to_lowercase(),
            CleanStep::DropLabel => without_label(&reply, &prompt),
            CleanStep::Trim => trim(&reply).to_owned(),
            CleanStep::TrimStops => reply.trim_matches('.').to_owned(),
        };
        prompt = match step {
            CleanStep::FullWidth => full_width(&prompt),
            CleanStep::Lower => prompt.to_lowercase(),
            _ => prompt,
        };
    }
    reply
}

fn full_width(text: &str) -> String {
    let ascii = |c| match c {
        '：' => ':',
        '、' | '，' => ',',
        '。' => '.',
        other => other,
    };
    text.chars().map(ascii).collect()
}

fn without_label(reply: &str, prompt: &str) -> String {
    let word = &reply[..reply.find(|c| !in_word(c)).unwrap_or(reply.len())];
    let is_label =
        reply[word.len()..].strip_prefix(':').is_some_and(|rest| rest.starts_with(is_blank));
    if is_label && !word.is_empty() && prompt.contains(word) {
        reply.replace(&format!("{word}:"), "")
    } else {
        reply.to_owned()
    }
}
