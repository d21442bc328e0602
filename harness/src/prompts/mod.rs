//! Prompts and replies: what a language model is shown for an example, and the label in what it says. No I/O; how a cell
//! puts a prompt together from its examples is `cell/prompts.rs`.

mod error;
mod reply;

pub use error::PromptError;
pub use reply::{ReplyParser, parse};

/// Fills `{name}` fields of a prompt template, `{{` and `}}` being braces. Texts are put in as they are: a brace in a
/// post is no field.
pub fn render(template: &str, fields: &[(&str, &str)]) -> Result<String, PromptError> {
    let wrong = |at: &str| PromptError::Template {
        template: template.to_owned(),
        at: at.chars().take(20).collect(),
        fields: fields.iter().map(|(name, _)| (*name).to_owned()).collect(),
    };
    let mut out =
        String::with_capacity(template.len() + fields.iter().map(|(_, v)| v.len()).sum::<usize>());
    let mut rest = template;
    while let Some(i) = rest.find(['{', '}']) {
        out.push_str(&rest[..i]);
        let at = &rest[i..];
        if let Some(after) = at.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = at.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else {
            let (name, after) =
                at.strip_prefix('{').and_then(|a| a.split_once('}')).ok_or_else(|| wrong(at))?;
            let (_, value) =
                fields.iter().find(|(field, _)| *field == name).ok_or_else(|| wrong(at))?;
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

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
    fn templates_expand_once() {
        let fields = [("text", "a {culture} b"), ("culture", "GB")];
        assert_eq!(render("[{culture}] {text} {{x}}", &fields).unwrap(), "[GB] a {culture} b {x}");
        let error = render("{tex}", &fields).unwrap_err().to_string();
        assert!(error.contains("`{tex}`") && error.contains("{text}, {culture}"), "{error}");
        assert!(render("{text", &fields).is_err());
        assert!(render("text}", &fields).is_err());
    }

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
