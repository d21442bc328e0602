//! Replies of a generating model: how they are asked for, and where they go.

use std::fmt;

/// How to generate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Generation {
    /// Longest reply in tokens.
    pub max_tokens: u64,
    /// 0 = always the likeliest token.
    pub temperature: f64,
}

/// Where replies and explanations go.
pub struct Replies<'a> {
    pub(crate) put: &'a mut dyn FnMut(usize, Reply<'_>),
}

/// What a model gave for a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// What it wrote.
    Text(&'a str),
    /// What it had written when the limit of tokens cut it.
    Cut(&'a str),
    /// Nothing, and why, in a sentence: the server's moderation refuses the prompt. The example counts as not answered.
    Missing(&'a str),
}

impl<'a> Reply<'a> {
    /// A reply that may have been cut.
    pub fn new(text: &'a str, is_cut: bool) -> Self {
        if is_cut { Self::Cut(text) } else { Self::Text(text) }
    }

    /// What the model wrote.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) | Self::Cut(text) => Some(text),
            Self::Missing(_) => None,
        }
    }
}

impl Replies<'_> {
    /// The text for prompt or example `index`. A thought of the model comes before it, as [`with_thought`] writes it: the harness
    /// sets it aside.
    pub fn put(&mut self, index: usize, reply: &str) {
        (self.put)(index, Reply::Text(reply));
    }

    /// What became of prompt `index`, where it is not simply a text.
    pub fn tell(&mut self, index: usize, reply: Reply<'_>) {
        (self.put)(index, reply);
    }
}

/// A reply behind its thought, in the form that the harness sets aside: `<think>`, the thought, `</think>`, the reply.
pub fn with_thought(thought: &str, reply: &str) -> String {
    format!("<think>\n{thought}\n</think>\n\n{reply}")
}

impl fmt::Debug for Replies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replies")
    }
}
