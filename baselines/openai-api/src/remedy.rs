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
    /// The account is empty, whatever the status.
    Credit,
    /// A sentence that names the fields of `[config]`.
    Config(String),
}

/// Words of a key that is refused.
const KEYS: [&str; 9] = [
    "api key not valid",
    "api key not found",
    "api key expired",
    "api_key_invalid",
    "invalid api key",
    "invalid_api_key",
    "incorrect api key",
    "missing api key",
    "invalid subscription key",
];

/// Words of an account that is empty; a plain "quota" may be a limit of a minute.
const CREDITS: [&str; 7] = [
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "credit balance is too low",
    "requires more credits",
    "account is in arrears",
    "余额不足",
];

/// Words of a message, one of each list, and what to do.
const KNOWN: [(&[&str], &[&str], &str); 9] = [
    (
        &["max_tokens", "max_output_tokens", "max_completion_tokens"],
        &["minimum", "at least", "greater than or equal"],
        "raise `max_tokens` in [config]",
    ),
    (
        &["max_tokens"],
        &["too large", "at most", "less than", "maximum"],
        "lower `max_tokens` in [config]",
    ),
    (
        &["not a valid model", "model does not exist", "unknown model", "model not found"],
        &[""],
        "check `model` in [config]",
    ),
    (
        &[
            "system role",
            "'system'",
            "system message",
            "system instruction",
            "developer instruction",
            "roles must alternate",
            "assistant roles are supported",
        ],
        &["not support", "not enabled", "unsupported", "alternate", "are supported", "not allowed"],
        "the model takes no system message: set `messages = false` under [prompt]",
    ),
    (
        &[
            "only support stream",
            "only supports stream",
            "non-streaming",
            "streaming is required",
            "stream must be",
        ],
        &[""],
        "set `stream = true` in [config]",
    ),
    (
        &["stream"],
        &["stream is not supported", "streaming is not supported", "not support stream"],
        "set `stream = false` in [config]",
    ),
    (
        &["chat template", "not a chat model", "v1/completions"],
        &[""],
        "the model is asked without a conversation: set `endpoint = \"completions\"` in [config]",
    ),
    (
        &["v1/responses", "responses api"],
        &[""],
        "the model is served by the Responses API alone, which is not asked here; take one that chats",
    ),
    (
        &["location is not supported", "not available in your country", "region is not supported"],
        &[""],
        "the provider does not serve the country of this machine; ask another server",
    ),
];

/// Words in which servers refuse a field or its value.
const REFUSES: [&str; 15] = [
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
    "must be",
    "may only",
    "can only",
    "out of range",
];

/// The remedy for a refused request; nothing where the words are not known.
pub fn of(told: &Told) -> Option<Remedy> {
    let (message, code) = (told.message.to_lowercase(), told.code.to_lowercase());
    let says = |text: &&str| message.contains(text) || code == **text;
    if KEYS.iter().any(says) {
        return Some(Remedy::Key);
    }
    if CREDITS.iter().any(says) {
        return Some(Remedy::Credit);
    }
    let config = |text: &str| Some(Remedy::Config(text.to_owned()));
    if message.contains("max_completion_tokens") && message.contains("max_tokens") {
        return config(NEWER);
    }
    if let Some((.., remedy)) = (KNOWN.iter())
        .find(|(about, what, _)| says_any(&message, about) && says_any(&message, what))
    {
        return config(remedy);
    }
    let is_refused = REFUSES.iter().any(|word| message.contains(word) || code.contains(word));
    if is_refused && message.contains("max_completion_tokens") && !message.contains("instead") {
        return config(
            "`max_tokens_field = \"max_tokens\"` in [config] is what older servers know",
        );
    }
    let field = FIELDS.iter().find(|field| names(&message, field)).filter(|_| is_refused)?;
    let remedy = format!("`omit = [\"{field}\"]` in [config] leaves it out");
    if *field == "temperature" {
        return config(&format!("{remedy}; {NEWER}"));
    }
    config(&remedy)
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
            (
                "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                "`messages = false`",
            ),
            ("Developer instruction is not enabled for models/x", "`messages = false`"),
            ("Only user and assistant roles are supported!", "`messages = false`"),
            (
                "Conversation roles must alternate user/assistant/user/assistant/...",
                "`messages = false`",
            ),
            (
                "Invalid 'max_output_tokens': integer below minimum value. Expected >= 16",
                "raise `max_tokens`",
            ),
            (
                "This model only support stream mode, please enable the stream parameter",
                "`stream = true`",
            ),
            (
                "parameter.enable_thinking must be set to false for non-streaming calls",
                "`stream = true`",
            ),
            ("Streaming is not supported for this model", "`stream = false`"),
            (
                "As of transformers v4.44, default chat template is no longer allowed",
                "`endpoint = \"completions\"`",
            ),
            (
                "This is not a chat model. Did you mean to use v1/completions?",
                "`endpoint = \"completions\"`",
            ),
            (
                "This model is only supported in v1/responses and not in v1/chat/completions.",
                "Responses API",
            ),
            (
                "Unrecognized request argument supplied: max_completion_tokens",
                "`max_tokens_field = \"max_tokens\"`",
            ),
            (
                "Input validation error: `temperature` must be strictly positive",
                "`omit = [\"temperature\"]`",
            ),
            (
                "`temperature` may only be set to 1 when thinking is enabled.",
                "`omit = [\"temperature\"]`",
            ),
            ("User location is not supported for the API use.", "the country of this machine"),
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
            ("400", "API key expired. Please renew the API key."),
            ("", "API Key not found. Please pass a valid API key."),
            ("401", "Access denied due to invalid subscription key or wrong API endpoint."),
        ] {
            let told = Told { code: code.to_owned(), message: message.to_owned() };
            assert_eq!(of(&told), Some(Remedy::Key), "{code} {message}");
        }
    }

    #[test]
    fn an_empty_account_is_one_whatever_the_status() {
        for message in [
            "Insufficient Balance",
            "Your credit balance is too low to access the API.",
            "This request requires more credits, or fewer max_tokens.",
        ] {
            let told = Told { code: String::new(), message: message.to_owned() };
            assert_eq!(of(&told), Some(Remedy::Credit), "{message}");
        }
        let minute = Told { code: String::new(), message: "You exceeded your quota".to_owned() };
        assert_eq!(of(&minute), None);
    }
}
