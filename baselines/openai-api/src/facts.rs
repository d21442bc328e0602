//! Facts about an answer that is no plain reply: cut, refused, withheld, failed. Pure.
//!
//! Sources of the words and codes: answers of OpenAI, Azure, DeepSeek, Alibaba, Zhipu, OpenRouter, Mistral, Groq, xAI, Gemini,
//! vLLM, llama.cpp and TGI, as reported in public trackers (`harness/tests/field-reports`).

use std::fmt;

use crate::told::Told;

/// Why a server gives no answer to this prompt, though it may answer the next one. Never kept in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withheld {
    /// Its moderation refuses prompt or reply; its words.
    Moderated(String),
    /// The prompt is longer than the model takes; its words.
    TooLong(String),
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moderated(words) => write!(f, "the server's moderation refuses it: {words}"),
            Self::TooLong(words) => write!(f, "the prompt is too long for the server: {words}"),
        }
    }
}

/// Codes, in lower case and without `_` and blanks.
const MODERATED_CODES: [&str; 9] = [
    "contentfilter",
    "contentfiltered",
    "contentpolicyviolation",
    "datainspectionfailed",
    "responsibleaipolicyviolation",
    "moderationblocked",
    "contentmoderation",
    "promptblocked",
    "1301",
];

/// Words of messages, in lower case.
const MODERATED_WORDS: [&str; 20] = [
    "content exists risk",
    "content management policy",
    "content policy",
    "content filter",
    "content_filter",
    "content moderation",
    "inappropriate content",
    "requires moderation",
    "flagged",
    "moderation blocked",
    "blocked by moderation",
    "prohibited content",
    "sensitive content",
    "sensitive words",
    "safety system",
    "safety guidelines",
    "usage policies",
    "responsible ai",
    "敏感",
    "违规",
];

const TOO_LONG_CODES: [&str; 5] = [
    "contextlengthexceeded",
    "exceedcontextsizeerror",
    "stringabovemaxlength",
    "prompttoolong",
    "inputtoolong",
];

const TOO_LONG_WORDS: [&str; 17] = [
    "maximum context length",
    "maximum model length",
    "maximum prompt length",
    "maximum input length",
    "context length",
    "context window",
    "context size",
    "context limit",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input too long",
    "reduce the length",
    "range of input length",
    "input token count",
    "`inputs` tokens + `max_new_tokens`",
    "`inputs` must have less than",
];

impl Withheld {
    /// What an error with this status means for its prompt alone; nothing where it concerns every prompt. `words` is the message
    /// for people. An error in a 200 is read alike.
    pub fn of(status: u16, told: &Told, words: impl FnOnce() -> String) -> Option<Self> {
        let code: String =
            told.code.to_lowercase().chars().filter(|c| !matches!(c, '_' | ' ' | '-')).collect();
        let message = told.message.to_lowercase();
        let any = |all: &[&str]| all.iter().any(|one| message.contains(one));
        // A field of the request that the server does not know is in every request.
        let is_field = message.contains("parameter") || message.contains("unrecognized");
        let is_long = TOO_LONG_CODES.contains(&&*code) || any(&TOO_LONG_WORDS) && !is_field;
        if status == 413 || is_long && matches!(status, 200 | 400 | 422 | 500) {
            return Some(Self::TooLong(words()));
        }
        let is_moderated = MODERATED_CODES.contains(&&*code) || any(&MODERATED_WORDS) && !is_field;
        (is_moderated && matches!(status, 200 | 400 | 403 | 422 | 451 | 500))
            .then(|| Self::Moderated(words()))
    }
}

/// Whether the limit of tokens ended the reply.
pub fn is_cut(finish: Option<&str>) -> bool {
    let finish = finish.unwrap_or_default().to_lowercase();
    matches!(&*finish, "length" | "max_tokens" | "max_output_tokens" | "model_length")
}

/// Whether the server's moderation ended the reply.
pub fn is_filtered(finish: Option<&str>) -> bool {
    let finish = finish.unwrap_or_default().to_lowercase();
    matches!(
        &*finish,
        "content_filter" | "safety" | "prohibited_content" | "blocklist" | "sensitive" | "spii"
    )
}

/// Whether the server failed in the middle of the reply: OpenRouter's `error`, vLLM's `abort`, Zhipu's `network_error`, DeepSeek's
/// `insufficient_system_resource`.
pub fn has_failed(finish: Option<&str>) -> bool {
    let finish = finish.unwrap_or_default().to_lowercase();
    matches!(
        &*finish,
        "error"
            | "abort"
            | "aborted"
            | "failed"
            | "cancelled"
            | "network_error"
            | "server_error"
            | "insufficient_system_resource"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: &str, message: &str) -> Option<&'static str> {
        let told = Told { code: code.to_owned(), message: message.to_owned() };
        Withheld::of(status, &told, String::new).map(|withheld| match withheld {
            Withheld::Moderated(_) => "moderated",
            Withheld::TooLong(_) => "too long",
        })
    }

    /// Messages as servers write them; the numbers are made up.
    #[test]
    fn one_of_many_is_told_from_all() {
        for (status, code, message) in [
            (400, "invalid_request_error", "Content Exists Risk"),
            (400, "content_filter", "The response was filtered"),
            (
                400,
                "",
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            ),
            (400, "data_inspection_failed", "Input data may contain inappropriate content."),
            (400, "DataInspectionFailed", "x"),
            (400, "1301", "系统检测到输入或生成内容可能包含不安全或敏感内容"),
            (
                403,
                "403",
                "openai/x requires moderation on OpenAI. Your input was flagged for \"hate\".",
            ),
            (
                400,
                "content_policy_violation",
                "Your request was rejected as a result of our safety system.",
            ),
            (422, "", "Prompt blocked by moderation"),
            (200, "content_filter", ""),
        ] {
            assert_eq!(of(status, code, message), Some("moderated"), "{status} {code} {message}");
        }
        for (status, code, message) in [
            (
                400,
                "400",
                "This model's maximum context length is 512 tokens. However, you requested 544 tokens.",
            ),
            (400, "context_length_exceeded", "x"),
            (400, "exceed_context_size_error", "the request exceeds the available context size"),
            (
                400,
                "",
                "The decoder prompt (length 4811) is longer than the maximum model length of 2048.",
            ),
            (
                422,
                "",
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097.",
            ),
            (400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"),
            (400, "", "Please reduce the length of the messages or completion."),
            (
                400,
                "",
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            ),
            (
                400,
                "",
                "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            ),
            (413, "", "Request Entity Too Large"),
            (500, "", "the request exceeds the available context size, try increasing it"),
        ] {
            assert_eq!(of(status, code, message), Some("too long"), "{status} {code} {message}");
        }
        for (status, code, message) in [
            (
                400,
                "unsupported_parameter",
                "Unsupported parameter: 'moderation' is not flagged as supported",
            ),
            (
                400,
                "invalid_request_error",
                "max_tokens is too large: 99999. This model supports at most 16384 completion tokens",
            ),
            (401, "", "Your account was flagged"),
            (429, "", "maximum context length"),
            (400, "", "unknown model"),
            (200, "502", "Upstream provider disconnected"),
            (503, "", "content filter is loading"),
        ] {
            assert_eq!(of(status, code, message), None, "{status} {code} {message}");
        }
    }

    #[test]
    fn reasons_of_an_end() {
        for (finish, expect) in [
            (Some("length"), (true, false, false)),
            (Some("MAX_TOKENS"), (true, false, false)),
            (Some("content_filter"), (false, true, false)),
            (Some("SAFETY"), (false, true, false)),
            (Some("error"), (false, false, true)),
            (Some("abort"), (false, false, true)),
            (Some("insufficient_system_resource"), (false, false, true)),
            (Some("stop"), (false, false, false)),
            (None, (false, false, false)),
        ] {
            assert_eq!((is_cut(finish), is_filtered(finish), has_failed(finish)), expect);
        }
    }
}
