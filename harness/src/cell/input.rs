//! What a model reads: the protocol's template over each example.

use std::borrow::Cow;

use crate::definition::family::Task;
use crate::example::Examples;

/// The texts of examples as the model reads them. `{text}` alone borrows them as they are.
pub(super) fn texts<'a>(examples: &'a Examples, template: &str, task: &Task) -> Vec<Cow<'a, str>> {
    if template == "{text}" {
        return examples.texts.iter().map(Cow::Borrowed).collect();
    }
    (0..examples.len())
        .map(|i| Cow::Owned(render(template, examples.texts.get(i), examples.cultures.get(i), task)))
        .collect()
}

/// Fills `{text}`, `{culture}` and `{culture_name}` in one pass, so that braces inside a text stay what they are.
pub(super) fn render(template: &str, text: &str, culture: &str, task: &Task) -> String {
    let mut out = String::with_capacity(template.len() + text.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let fields = [("{text}", text), ("{culture}", culture), ("{culture_name}", task.culture_name(culture))];
        match fields.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) => {
                out.push_str(value);
                rest = &rest[name.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
