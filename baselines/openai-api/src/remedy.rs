//! What to change in the model's TOML, by what a server says of a refused request. Pure.

use crate::answer::Told;

/// Fields of a request that servers refuse, and that can be left out.
const FIELDS: [&str; 7] =
    ["temperature", "seed", "stream_options", "stop", "top_logprobs", "logprobs", "echo"];

/// What newer models of OpenAI want, all at once: each alone leads to the next refusal.
const NEWER: &str = "newer models of OpenAI want `max_tokens_field = \"max_completion_tokens\"` and `omit = [\"temperature\"]` in [config]; as they think before they reply, set `max_tokens` to some thousands, too";

/// Where the words say more than the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// The key is refused, whatever the status.
    Key,
    /// A sentence that names the fields of `[config]`.
    Config(String),
}

/// The remedy for a refused request; nothing where the words are not known.
pub fn of(told: &Told) -> Option<Remedy> {
    let (message, code) = (told.message.to_lowercase(), told.code.to_lowercase());
    let says = |text: &str| message.contains(text) || code == text;
    if says("api key not valid")
        || says("api_key_invalid")
        || says("invalid api key")
        || says("incorrect api key")
        || says("invalid_api_key")
    {
        return Some(Remedy::Key);
    }
    if message.contains("max_completion_tokens") && message.contains("max_tokens") {
        return Some(Remedy::Config(NEWER.to_owned()));
    }
    if message.contains("max_tokens") && says_any(&message, &["too large", "at most", "less than"])
    {
        return Some(Remedy::Config("lower `max_tokens` in [config]".to_owned()));
    }
    let no_model =
        ["not a valid model", "model does not exist", "unknown model", "model not found"];
    if says_any(&message, &no_model) {
        return Some(Remedy::Config("check `model` in [config]".to_owned()));
    }
    if says_any(&message, &["system role", "roles must alternate"]) {
        return Some(Remedy::Config(
            "the model takes no system message: set `messages = false` under [prompt]".to_owned(),
        ));
    }
    let refuses = [
        "unsupported",
        "not support",
        "unrecognized",
        "unknown",
        "unexpected",
        "not permitted",
        "not allowed",
        "extra",
        "deprecated",
        "invalid",
        "only the default",
    ];
    let field = FIELDS.iter().find(|field| names(&message, field))?;
    if !refuses.iter().any(|word| message.contains(word) || code.contains(word)) {
        return None;
    }
    let mut remedy = format!("`omit = [\"{field}\"]` in [config] leaves it out");
    if *field == "temperature" {
        remedy = format!("{remedy}; {NEWER}");
    }
    Some(Remedy::Config(remedy))
}

fn says_any(message: &str, all: &[&str]) -> bool {
    all.iter().any(|one| message.contains(one))
}

/// Whether a message names a field as a whole word.
fn names(message: &str, field: &str) -> bool {
    message.match_indices(field).any(|(at, _)| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        !message[..at].ends_with(part) && !message[at + field.len()..].starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(code: &str, message: &str) -> String {
        match of(&Told { code: code.to_owned(), message: message.to_owned() }) {
            Some(Remedy::Config(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_refused_field_is_named_as_the_table_writes_it() {
        let newer = config(
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
        assert!(newer.contains("`max_tokens_field = \"max_completion_tokens\"`"), "{newer}");
        let heat = config(
            "unsupported_value",
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        );
        assert!(
            heat.starts_with("`omit = [\"temperature\"]`") && heat.contains("max_tokens_field"),
            "{heat}"
        );
        for (message, field) in [
            ("property 'seed' is unsupported", "seed"),
            ("Unrecognized request argument supplied: stream_options", "stream_options"),
            ("Unsupported parameter: 'stop' is not supported with this model.", "stop"),
            (
                "[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra inputs are not permitted\"}]",
                "seed",
            ),
        ] {
            let found = config("", message);
            assert!(found.starts_with(&format!("`omit = [\"{field}\"]`")), "{message}: {found}");
        }
        for message in
            ["a bad request", "a stopped engine is not supported", "temperature: high load"]
        {
            assert_eq!(config("", message), "None", "{message}");
        }
    }

    #[test]
    fn other_refusals_have_their_remedy() {
        for (message, remedy) in [
            (
                "max_tokens is too large: 99999. This model supports at most 16384 completion tokens",
                "lower `max_tokens`",
            ),
            ("x/y is not a valid model ID", "check `model`"),
            ("System role not supported", "`messages = false`"),
        ] {
            let found = config("", message);
            assert!(found.contains(remedy), "{message}: {found}");
        }
    }

    #[test]
    fn a_refused_key_is_one_whatever_the_status() {
        for (code, message) in [
            ("400", "API key not valid. Please pass a valid API key."),
            ("API_KEY_INVALID", "x"),
            ("invalid_api_key", "Incorrect API key provided"),
        ] {
            let told = Told { code: code.to_owned(), message: message.to_owned() };
            assert_eq!(of(&told), Some(Remedy::Key), "{code} {message}");
        }
    }
}
