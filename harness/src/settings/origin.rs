//! Where a value comes from. The order of the variants is the order in which they win: the last one that says anything does.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// The origin of a value, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in.
    Default,
    /// `culture-eval.toml`.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// The TOML of the suite of this name.
    Suite(String),
    /// The TOML of the model of this name.
    Model(String),
    /// A flag, with its dashes.
    Flag(String),
}

impl Origin {
    /// Whether it speaks of all runs alike, not of one suite, model or command.
    pub fn is_setting(&self) -> bool {
        matches!(self, Self::Default | Self::File(_) | Self::Variable(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
            Self::Suite(name) => write!(f, "suite {name}"),
            Self::Model(name) => write!(f, "model {name}"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// What holds.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value from somewhere.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// This value, unless a stronger origin gives another.
    #[must_use]
    pub fn unless(self, others: impl IntoIterator<Item = Option<Self>>) -> Self {
        others
            .into_iter()
            .flatten()
            .fold(self, |held, other| if other.origin >= held.origin { other } else { held })
    }
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    /// The value; its origin in parentheses, unless it is built in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Default => write!(f, "{}", self.value),
            _ => write!(f, "{} ({})", self.value, self.origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_origin_wins_in_whatever_order_they_are_asked() {
        let from_weak_to_strong = [
            Origin::Default,
            Origin::File("culture-eval.toml".into()),
            Origin::Variable("CULTURE_EVAL_TIMEOUT".into()),
            Origin::Suite("s".into()),
            Origin::Model("m".into()),
            Origin::Flag("--timeout".into()),
        ];
        for (weak, a) in from_weak_to_strong.iter().enumerate() {
            for (strong, b) in from_weak_to_strong.iter().enumerate().skip(weak + 1) {
                let (a, b) = (Sourced::new(weak, a.clone()), Sourced::new(strong, b.clone()));
                assert_eq!(a.clone().unless([Some(b.clone()), None]), b);
                assert_eq!(b.clone().unless([None, Some(a)]), b);
            }
        }
    }

    #[test]
    fn an_origin_is_shown_unless_it_is_built_in() {
        let shown = |origin| Sourced::new(60, origin).to_string();
        assert_eq!(shown(Origin::Default), "60");
        assert_eq!(shown(Origin::Model("m".into())), "60 (model m)");
        assert_eq!(shown(Origin::Flag("--timeout".into())), "60 (--timeout)");
    }
}
