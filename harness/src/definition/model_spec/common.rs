//! What the definitions of all kinds have in common, and names made from targets.

use std::path::Path;

use toml::Table;

use super::kinds::Kind;
use super::options::{Options, Wrong};
use super::read::ModelSpec;
use super::words::words;
use crate::definition::access::Access;
use crate::definition::model::{Model, Prompting, is_path};
use crate::definition::resources::Resources;

/// What every kind has.
pub(super) fn common(
    kind: Kind,
    target: &str,
    options: &mut Options,
    typed: &str,
) -> Result<ModelSpec, Wrong> {
    let short = short_name(kind, target);
    let name = options.text("name").unwrap_or_else(|| named(&short));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(fits) {
        return Err((
            format!("`{name}` is not a name"),
            "add ,name=NAME of lower-case letters, digits, `-` and `.`".to_owned(),
        ));
    }
    let model = Model {
        name,
        title: options.text("title").unwrap_or_else(|| format!("{short} ({})", kind.name())),
        plugin: String::new(),
        description: format!("Named in one line: {typed}"),
        license: options.text("license").unwrap_or_else(|| "see the model's card".to_owned()),
        tasks: Vec::new(),
        protocols: Vec::new(),
        parameters: None,
        contamination: Vec::new(),
        weights: Vec::new(),
        files: std::collections::BTreeMap::new(),
        capabilities: Vec::new(),
        cache: false,
        batch: options.number("batch")?.unwrap_or(64),
        neighbours: None,
        timeout: options.number("timeout")?,
        memory: options.number("memory")?,
        resources: Resources { gpus: options.number("gpus")?, ..Resources::default() },
        access: Access::default(),
        prompt: Prompting {
            persona: options.text("persona"),
            shots: options.number("shots")?.unwrap_or(0),
            messages: false,
        },
        server: None,
        config: Table::new(),
    };
    Ok(ModelSpec { model, needs: Vec::new(), makes: Vec::new() })
}

/// What a target is called: the last part of its path, without the ending of a file.
pub(super) fn short_name(kind: Kind, target: &str) -> String {
    let last =
        |text: &str| text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    match kind {
        Kind::Command => {
            let words = words(target).unwrap_or_default();
            let program = words.iter().find(|word| is_file(word)).or(words.first());
            stem(&last(program.map_or("", String::as_str)))
        }
        Kind::LlamaCpp => stem(&last(target)),
        Kind::Plugin => {
            let stem = stem(&last(target));
            stem.strip_prefix("lib").filter(|_| is_path(target)).unwrap_or(&stem).to_owned()
        }
        _ => last(target),
    }
}

fn stem(file: &str) -> String {
    Path::new(file).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// A text as the name of a model.
fn named(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let plain: String = text.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    plain.trim_matches(['-', '.']).to_lowercase()
}

/// Whether a word of a command names a file: it has a separator, or the ending of a script.
pub(super) fn is_file(word: &str) -> bool {
    let path = Path::new(word);
    let script = path.extension().and_then(|ending| ending.to_str());
    let scripts = ["py", "sh", "R", "r", "jl", "js", "mjs", "pl", "rb", "lua", "php"];
    !word.starts_with('-') && (word.contains('/') || script.is_some_and(|e| scripts.contains(&e)))
}
