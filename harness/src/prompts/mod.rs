//! Prompts and replies: what a language model is shown for an example, and the label in what it says when its thought is set aside. No I/O; how a cell
//! puts a prompt together from its examples is `cell/prompts.rs`.

mod error;
pub mod negation;
pub mod options;
pub mod order;
mod reading;
mod reply;
mod thought;

pub use error::PromptError;
pub use reading::{Reader, Reading, Reply, Tally, read};
pub use reply::{ReplyParser, parse};
pub use thought::{Split, Thought, split};

/// What a template over an example may name.
pub const OF_EXAMPLE: [&str; 3] = ["text", "culture", "culture_name"];

/// What a persona may name.
pub const OF_CULTURE: [&str; 2] = ["culture", "culture_name"];

/// The continuation of every label, in label order, from a prompt's `options`.
pub fn options<'a>(
    options: &'a std::collections::BTreeMap<String, String>,
    labels: &[String],
) -> Result<Vec<&'a str>, PromptError> {
    if let Some(name) = options.keys().find(|name| !labels.contains(name)) {
        return Err(PromptError::NoSuchLabel {
            place: "the prompt's options",
            name: name.clone(),
            labels: labels.to_vec(),
        });
    }
    labels
        .iter()
        .map(|name| {
            options.get(name).map(String::as_str).ok_or_else(|| PromptError::LabelWithout {
                place: "the prompt's options",
                name: name.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn options_cover_all_labels() {
        let labels = ["no".to_owned(), "yes".to_owned()];
        let mut map = BTreeMap::from([("yes".to_owned(), " yes".to_owned())]);
        assert!(options(&map, &labels).unwrap_err().to_string().contains("label `no`"));
        map.insert("no".to_owned(), " no".to_owned());
        assert_eq!(options(&map, &labels).unwrap(), [" no", " yes"]);
        map.insert("eh".to_owned(), String::new());
        assert!(options(&map, &labels).is_err());
    }
}
