//! The key: read from the environment, sent in one header, and taken out of every text that is kept or shown.

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// What replaces the key in a text.
const HIDDEN: &str = "[key]";

/// A secret of fewer bytes is no secret (`none`, `EMPTY`, `ollama`), and may well be a word of a reply.
const SHORTEST_IN_REPLIES: usize = 12;

/// A secret that says who asks, or none.
#[derive(Clone)]
pub struct Key {
    secret: Option<(String, HeaderValue)>,
    header: HeaderName,
    variable: String,
}

/// How the key travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `api-key: KEY`, as Azure wants it.
    ApiKey,
}

impl Key {
    /// No key.
    pub fn none() -> Self {
        Self { secret: None, header: AUTHORIZATION, variable: String::new() }
    }

    /// The value of an environment variable; none where no header can hold it.
    pub fn new(variable: &str, secret: &str, sent: Sent) -> Option<Self> {
        let (name, value) = match sent {
            Sent::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
            Sent::ApiKey => (HeaderName::from_static("api-key"), secret.to_owned()),
        };
        let mut header = HeaderValue::from_str(&value).ok()?;
        if !secret.is_ascii() {
            return None;
        }
        header.set_sensitive(true);
        let secret = Some((secret.to_owned(), header));
        Some(Self { secret, header: name, variable: variable.to_owned() })
    }

    /// The header that holds it.
    pub fn header(&self) -> Option<(&HeaderName, &HeaderValue)> {
        self.secret.as_ref().map(|(_, value)| (&self.header, value))
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
        let key = Key::new("MINE", "sk-abcdefghijkl", Sent::Bearer).unwrap();
        assert_eq!(key.scrub("bad sk-abcdefghijkl, sk-abcdefghijkl"), "bad [key], [key]");
        assert_eq!(key.scrub_reply("sk-abcdefghijkl!".to_owned()), "[key]!");
        assert!(!format!("{key:?} {:?} {}", key.header(), key.origin()).contains("abc"));
        let sent = |key: &Key| {
            let (name, value) = key.header().unwrap();
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        assert_eq!(sent(&key), ("authorization".into(), "Bearer sk-abcdefghijkl".into()));
        let azure = Key::new("MINE", "sk-abcdefghijkl", Sent::ApiKey).unwrap();
        assert_eq!(sent(&azure), ("api-key".into(), "sk-abcdefghijkl".into()));
    }

    #[test]
    fn a_word_that_serves_as_key_stays_in_replies() {
        let key = Key::new("MINE", "none", Sent::Bearer).unwrap();
        assert_eq!(key.scrub_reply("none of it".to_owned()), "none of it");
        assert_eq!(key.scrub("none"), "[key]");
        assert!(Key::new("MINE", "a\nb", Sent::Bearer).is_none());
        assert!(Key::new("MINE", "ключ", Sent::Bearer).is_none());
    }
}
