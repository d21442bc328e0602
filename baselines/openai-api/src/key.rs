//! The key: read from the environment, sent in one header, and taken out of every text that is kept or shown.

use std::fmt;

use reqwest::header::HeaderValue;

/// What stands where a text held the key.
const HIDDEN: &str = "[key]";

/// A secret of fewer bytes is no secret (`none`, `EMPTY`, `ollama`), and may well be a word of a reply.
const SHORTEST_IN_REPLIES: usize = 12;

/// A bearer token, or none.
#[derive(Clone)]
pub struct Key {
    secret: Option<(String, HeaderValue)>,
    variable: String,
}

impl Key {
    /// No key.
    pub fn none() -> Self {
        Self { secret: None, variable: String::new() }
    }

    /// The value of an environment variable; none where no header can hold it.
    pub fn new(variable: &str, secret: &str) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("Bearer {secret}")).ok()?;
        if !secret.is_ascii() {
            return None;
        }
        header.set_sensitive(true);
        Some(Self { secret: Some((secret.to_owned(), header)), variable: variable.to_owned() })
    }

    /// The value of the header `Authorization`.
    pub fn header(&self) -> Option<&HeaderValue> {
        self.secret.as_ref().map(|(_, header)| header)
    }

    /// Where it came from, for messages: the variable's name, or that there is none.
    pub fn origin(&self) -> String {
        match &self.secret {
            Some(_) => format!("the key in {}", self.variable),
            None => "no key (name its variable with `key_env`)".to_owned(),
        }
    }

    /// A message without the key.
    pub fn scrub(&self, text: &str) -> String {
        match &self.secret {
            Some((secret, _)) => text.replace(secret.as_str(), HIDDEN),
            None => text.to_owned(),
        }
    }

    /// A reply without the key.
    pub fn scrub_reply(&self, text: String) -> String {
        match &self.secret {
            Some((secret, _)) if secret.len() >= SHORTEST_IN_REPLIES && text.contains(secret) => {
                text.replace(secret.as_str(), HIDDEN)
            }
            _ => text,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key {{ {} }}", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_in_no_text() {
        let key = Key::new("MINE", "sk-abcdefghijkl").unwrap();
        assert_eq!(key.scrub("bad sk-abcdefghijkl, sk-abcdefghijkl"), "bad [key], [key]");
        assert_eq!(key.scrub_reply("sk-abcdefghijkl!".to_owned()), "[key]!");
        assert!(!format!("{key:?} {:?} {}", key.header(), key.origin()).contains("abc"));
        assert_eq!(key.header().unwrap().to_str().unwrap(), "Bearer sk-abcdefghijkl");
    }

    #[test]
    fn a_word_that_serves_as_key_stays_in_replies() {
        let key = Key::new("MINE", "none").unwrap();
        assert_eq!(key.scrub_reply("none of it".to_owned()), "none of it");
        assert_eq!(key.scrub("none"), "[key]");
        assert!(Key::new("MINE", "a\nb").is_none());
        assert!(Key::new("MINE", "ключ").is_none());
    }
}
