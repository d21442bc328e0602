//! Why a prompt or a parser cannot be used.

/// A definition that does not fit its task: what is at fault and what to give instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// A template that names a field nobody fills.
    #[error(
        "template `{template}` is wrong at `{at}`: its fields are {}, and {{{{ or }}}} is a brace",
        braced(fields)
    )]
    Template { template: String, at: String, fields: Vec<String> },
    /// A name in a parser or an option list that is no label of the task.
    #[error("{place} names `{name}`, which is no label of the task: use one of {}", labels.join(", "))]
    NoSuchLabel { place: &'static str, name: String, labels: Vec<String> },
    /// A label without the thing every label needs.
    #[error("{place} has no entry for label `{name}`: add one")]
    LabelWithout { place: &'static str, name: String },
}

fn braced(fields: &[String]) -> String {
    fields.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}
