//! The `,key=value` of a spec: which keys a kind knows, and values read as what they should be.

use std::collections::BTreeMap;

use super::kinds::Kind;
use crate::definition::nearest;

/// What is wrong, and the remedy.
pub(super) type Wrong = (String, String);

/// Keys that every kind knows.
const ALL: [&str; 9] =
    ["name", "title", "license", "batch", "shots", "timeout", "memory", "gpus", "persona"];

/// Keys of every kind that a server answers for.
const SERVED: [&str; 6] =
    ["chat", "likelihood", "max_tokens", "temperature", "concurrency", "thinking"];

/// Options by key; each is taken once.
#[derive(Debug)]
pub(super) struct Options(BTreeMap<String, String>);

impl Options {
    /// The options of a kind; those of `plugin` may have any key, since they go to its configuration.
    pub(super) fn new(kind: Kind, typed: Vec<(String, String)>) -> Result<Self, Wrong> {
        let served: &[&str] = if kind.is_served() { &SERVED } else { &[] };
        let known: Vec<&str> = ALL.iter().chain(served).chain(kind.keys()).copied().collect();
        let mut options = BTreeMap::new();
        for (key, value) in typed {
            if kind != Kind::Plugin && !known.contains(&key.as_str()) {
                let meant = nearest(&key, known.iter().copied())
                    .map_or_else(String::new, |name| format!("did you mean `{name}`? "));
                let all = known.join(", ");
                return Err((
                    format!("unknown key `{key}`"),
                    format!("{meant}`{}:` has {all}", kind.name()),
                ));
            }
            if value.is_empty() {
                return Err((format!("`{key}` has no value"), format!("write {key}=VALUE")));
            }
            if options.insert(key.clone(), value).is_some() {
                return Err((format!("`{key}` is given twice"), "remove one".to_owned()));
            }
        }
        Ok(Self(options))
    }

    /// Takes a text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// Takes a whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<Option<T>, Wrong> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong =
            || (format!("`{key}={text}` is not a number of that kind"), format!("write {key}=8"));
        text.parse().map(Some).map_err(|_| wrong())
    }

    /// Takes a yes or no.
    pub(super) fn yes(&mut self, key: &str) -> Result<Option<bool>, Wrong> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match text.as_str() {
            "yes" | "on" | "true" => Ok(Some(true)),
            "no" | "off" | "false" => Ok(Some(false)),
            _ => Err((
                format!("`{key}={text}` is neither yes nor no"),
                format!("write {key}=yes or {key}=no"),
            )),
        }
    }

    /// Takes one of a few words.
    pub(super) fn one_of(&mut self, key: &str, words: &[&str]) -> Result<Option<String>, Wrong> {
        match self.text(key) {
            Some(text) if !words.contains(&text.as_str()) => {
                Err((format!("`{key}={text}` is not known"), format!("write {}", words.join(", "))))
            }
            found => Ok(found),
        }
    }

    /// What is left, each value as TOML would have it: a number, true or false, else a text.
    pub(super) fn rest(&mut self) -> toml::Table {
        let value = |text: String| {
            let whole = text.parse().map(toml::Value::Integer).ok();
            let real = || text.parse().ok().filter(|x: &f64| x.is_finite()).map(toml::Value::Float);
            let yes = || text.parse().map(toml::Value::Boolean).ok();
            whole.or_else(real).or_else(yes).unwrap_or(toml::Value::String(text))
        };
        std::mem::take(&mut self.0).into_iter().map(|(key, text)| (key, value(text))).collect()
    }
}
