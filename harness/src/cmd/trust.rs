//! A `culture-eval.toml` found in the working folder may be a stranger's: what its models may reach beside their cells has to be allowed
//! once, by `--trust`. What was allowed is remembered, and asked again if it changes.

use std::collections::BTreeMap;

use anyhow::anyhow;

use super::{Context, hinted};
use crate::definition::access::Access;
use crate::definition::model::Model;
use crate::settings::{Origin, trusted_file};
use crate::store;

/// What each settings file may let its models reach: by its path, then by model.
type Trusted = BTreeMap<String, BTreeMap<String, Access>>;

/// Refuses models that reach beside their cells by the word of a settings file that is not trusted.
///
/// # Errors
/// The models with what they may reach, and the remedy; what is remembered cannot be read or written.
pub(super) fn check(models: &[Model], context: &Context) -> anyhow::Result<()> {
    let Some(file) = source(context) else { return Ok(()) };
    let own = models.iter().filter(|model| is_of_file(model, context));
    let asked: BTreeMap<String, Access> = own
        .filter(|model| !model.access.is_none())
        .map(|model| (model.name.clone(), model.access.clone()))
        .collect();
    let place = store::path_text(&file);
    context.output.note(format!("definitions and plugins are those of {place}"));
    let remembered = trusted_file();
    let mut trusted: Trusted =
        if remembered.is_file() { store::read_json(&remembered)? } else { Trusted::new() };
    let known = trusted.entry(place.clone()).or_default();
    let new: Vec<String> = (asked.iter())
        .filter(|(name, access)| known.get(*name) != Some(*access))
        .map(|(name, access)| format!("{name}: {}", told(access)))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    if context.trust {
        known.extend(asked);
        store::write_json(&remembered, &trusted)?;
        return Ok(());
    }
    Err(hinted(
        anyhow!(
            "{place} was found in the working folder, and its models may reach beside their cells: {}",
            new.join("; ")
        ),
        format!(
            "if you trust this folder, give --trust once; it is remembered in {}",
            remembered.display()
        ),
    ))
}

/// The settings file that names definitions or plugins, where one does.
fn source(context: &Context) -> Option<std::path::PathBuf> {
    ["definitions", "plugins"].into_iter().find_map(|name| match context.resolved.origin(name) {
        Origin::File(path) => Some(path),
        _ => None,
    })
}

/// Whether a model is defined by such a file, or its plugin lies there.
fn is_of_file(model: &Model, context: &Context) -> bool {
    let entries = context.catalogue().map(|catalogue| &catalogue.model_entries);
    let mut entries = entries.into_iter().flatten();
    entries.any(|entry| entry.value.name == model.name && !entry.embedded)
}

/// What is reached, in words.
fn told(access: &Access) -> String {
    if access.everything {
        return "everything, without a sandbox".to_owned();
    }
    let list = |what: &str, items: &[String]| {
        (!items.is_empty()).then(|| format!("{what} {}", items.join(", ")))
    };
    let network = access.network.then(|| "the network".to_owned());
    let all = [
        network,
        list("reads", &access.read),
        list("writes", &access.write),
        list("gets the variables", &access.env),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reached_is_told_in_words() {
        let access = Access {
            network: true,
            read: vec!["/a".to_owned()],
            write: vec!["/b".to_owned(), "/c".to_owned()],
            env: vec!["KEY".to_owned()],
            everything: false,
        };
        assert_eq!(told(&access), "the network, reads /a, writes /b, /c, gets the variables KEY");
        assert_eq!(told(&Access { everything: true, ..access }), "everything, without a sandbox");
    }
}
