//! A model in one line: `llama.cpp:smollm2.gguf,chat=no` becomes the definition that a TOML would hold. Nothing is read here.

mod common;
mod error;
mod expand;
mod kinds;
mod options;
mod read;
mod words;

pub use error::Error;
pub use kinds::Kind;
pub use read::{ModelSpec, Place, hugging_face_below};

use super::model::Model;
use super::nearest;
use options::Options;

/// Whether a text is a spec and not the name of a model: names hold no colon.
pub fn is_spec(text: &str) -> bool {
    text.contains(':')
}

/// Reads a spec.
///
/// # Errors
/// Its kind or a key is unknown, a value cannot be read, or the target is missing.
pub fn parse(text: &str, place: &Place) -> Result<ModelSpec, Error> {
    let wrong = |what: String, remedy: String| Error { spec: text.to_owned(), what, remedy };
    let cut = words::cut(text).ok_or_else(|| {
        wrong("it names no kind".into(), format!("write KIND:NAME with one of {}", Kind::listed()))
    })?;
    let kind = Kind::of(&cut.kind).ok_or_else(|| {
        let meant = nearest(&cut.kind, Kind::names());
        let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}:`? "));
        wrong(
            format!("unknown kind `{}`", cut.kind),
            format!("{meant}There are {}", Kind::listed()),
        )
    })?;
    if cut.target.is_empty() {
        return Err(wrong(
            format!("nothing follows `{}:`", kind.name()),
            format!("write {}", kind.example()),
        ));
    }
    let mut options = Options::new(kind, cut.options).map_err(|(what, how)| wrong(what, how))?;
    expand::model(kind, &cut.target, &mut options, place, text)
        .map_err(|(what, how)| wrong(what, how))
}

/// The definition as a TOML that loads to the same.
///
/// # Errors
/// The TOML cannot be written.
pub fn to_toml(model: &Model) -> Result<String, toml::ser::Error> {
    let mut table = toml::Table::try_from(model)?;
    table.retain(|key, value| match value {
        toml::Value::Array(list) => !list.is_empty(),
        toml::Value::Table(table) => !table.is_empty() || key == "config",
        _ => true,
    });
    toml::to_string_pretty(&table)
}

#[cfg(test)]
mod tests;
