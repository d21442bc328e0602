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

/// Parts of codes, in lower case and without `_`, `-` and blanks.
const MODERATED_CODES: [&str; 11] = [
    "contentfilter",
    "contentpolicyviolation",
    "contentblocked",
    "datainspectionfailed",
    "responsibleaipolicyviolation",
    "moderation",
    "promptblocked",
    "sensitivecontent",
    "contentdetected",
    "censorship",
    "guardrail",
];

/// Numbers in the place of a code: Zhipu's, MiniMax's for prompt and for reply.
const MODERATED_NUMBERS: [&str; 3] = ["1301", "1026", "1027"];

/// Words of messages, in lower case.
const MODERATED_WORDS: [&str; 34] = [
    "content exists risk",
    "content management policy",
    "content policy",
    "content filter",
    "content_filter",
    "content moderation",
    "content violates",
    "inappropriate content",
    "harmful content",
    "unsafe content",
    "requires moderation",
    "flagged",
    "moderation blocked",
    "blocked by moderation",
    "prohibited content",
    "sensitive content",
    "sensitive information",
    "sensitive words",
    "new_sensitive",
    "considered high risk",
    "machine outputted is blocked",
    "guardrail",
    "safety system",
    "safety guidelines",
    "safety policies",
    "usage guidelines",
    "usage policies",
    "usage policy",
    "violates our",
    "violate our",
    "violating our",
    "responsible ai",
    "敏感",
    "违规",
];

/// Parts of codes, as above.
const TOO_LONG_CODES: [&str; 6] = [
    "contextlengthexceeded",
    "exceedcontextsize",
    "contextwindowexceeded",
    "stringabovemaxlength",
    "prompttoolong",
    "inputtoolong",
];

/// Words that say it alone, whatever the status.
const TOO_LONG_WORDS: [&str; 22] = [
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
    "too long to fit",
    "input is too long",
    "input too long",
    "input is too large to process",
    "reduce the length",
    "range of input length",
    "input token count",
    "`inputs` tokens + `max_new_tokens`",
    "`inputs` must have less than",
    "exceeded model token limit",
    // What is left for the reply is less than nothing (vLLM).
    "max_tokens must be at least 1, got -",
    "prompt 超长",
];

/// One of these and one of [`MEASURED`] say it together.
const EXCESS: [&str; 9] = [
    "exceed",
    "too long",
    "longer than",
    "too large",
    "is greater than",
    "larger than",
    "too many tokens",
    "超长",
    "超过",
];
const MEASURED: [&str; 10] = [
    "prompt",
    "input",
    "context",
    "messages",
    "sequence length",
    "number of tokens",
    "too many tokens",
    "max_seq_len",
    "session_len",
    "输入",
];
/// Limits of an account, and fields of a request, which are those of every prompt.
const NOT_OF_A_PROMPT: [&str; 9] = [
    "per minute",
    "per day",
    "rate limit",
    "quota",
    "balance",
    "credit",
    "input should be",
    "logprobs",
    "temperature",
];

impl Withheld {
    /// What an error with this status means for its prompt alone; nothing where it concerns every prompt. `words` is the message
    /// for people. An error in a 200 is read alike.
    pub fn of(status: u16, told: &Told, words: impl FnOnce() -> String) -> Option<Self> {
        let code: String =
            told.code.to_lowercase().chars().filter(|c| !matches!(c, '_' | ' ' | '-')).collect();
        let message = told.message.to_lowercase();
        let any = |all: &[&str]| all.iter().any(|one| message.contains(one));
        let is_code = |all: &[&str]| all.iter().any(|one| code.contains(one));
        // A field of the request that the server does not know is in every request.
        let is_field = any(&[
            "unsupported parameter",
            "unknown parameter",
            "invalid parameter",
            "unrecognized",
        ]);
        let is_long = is_code(&TOO_LONG_CODES) || any(&TOO_LONG_WORDS) && !is_field;
        let is_measured = any(&EXCESS) && any(&MEASURED) && !any(&NOT_OF_A_PROMPT) && !is_field;
        if status == 413
            || is_long && matches!(status, 200 | 400 | 422 | 500)
            || is_measured && matches!(status, 400 | 422)
        {
            return Some(Self::TooLong(words()));
        }
        let is_moderated = is_code(&MODERATED_CODES)
            || MODERATED_NUMBERS.contains(&&*code)
            || any(&MODERATED_WORDS) && !is_field;
        (is_moderated && matches!(status, 200 | 400 | 403 | 422 | 451 | 500))
            .then(|| Self::Moderated(words()))
    }
}

/// A reason of an end, in lower case and without what stands between words.
fn plain(finish: Option<&str>) -> String {
    let letters = finish.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn holds(finish: Option<&str>, all: &[&str]) -> bool {
    let finish = plain(finish);
    all.iter().any(|one| finish.contains(one))
}

/// Whether the limit of tokens ended the reply: `length`, `max_tokens`, `MAX_TOKENS`, `max_output_tokens`, `model_length`,
/// `model_context_window_exceeded`, `token_limit`, `maximum_tokens`.
pub fn is_cut(finish: Option<&str>) -> bool {
    holds(finish, &["length", "contextwindow", "tokenlimit"])
        || holds(finish, &["max"]) && holds(finish, &["token"])
}

/// Whether the server's moderation ended the reply, in whatever words: `content_filter`, `SAFETY`, `guardrail_intervened`,
/// `content_filter: PROHIBITED_CONTENT`.
pub fn is_filtered(finish: Option<&str>) -> bool {
    const WORDS: [&str; 12] = [
        "filter",
        "safety",
        "prohibited",
        "blocklist",
        "blocked",
        "sensitive",
        "spii",
        "guardrail",
        "moderation",
        "censor",
        "toxic",
        "recitation",
    ];
    holds(finish, &WORDS)
}

/// Whether the model itself ended it: Anthropic's `refusal`.
pub fn is_refused(finish: Option<&str>) -> bool {
    holds(finish, &["refus"])
}

/// Whether the server failed in the middle of the reply: OpenRouter's `error`, vLLM's `abort`, Zhipu's `network_error`, DeepSeek's
/// `insufficient_system_resource`, watsonx's `time_limit`, and whatever else says so.
pub fn has_failed(finish: Option<&str>) -> bool {
    const WORDS: [&str; 9] = [
        "error",
        "abort",
        "fail",
        "cancel",
        "timeout",
        "timelimit",
        "insufficient",
        "unavailable",
        "interrupt",
    ];
    holds(finish, &WORDS) && !is_filtered(finish) && !is_cut(finish)
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
            (400, "InputTextSensitiveContentDetected", "x"),
            (
                400,
                "",
                "The request failed because the input text may contain sensitive information.",
            ),
            (403, "", "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE"),
            (
                451,
                "censorship_blocked",
                "The content you provided or machine outputted is blocked.",
            ),
            (200, "1026", "input new_sensitive"),
            (400, "", "The request was rejected because it was considered high risk"),
            (400, "", "Output blocked by content filtering policy"),
            (400, "guardrail_intervened", "x"),
            (400, "", "This prompt may violate our policies"),
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
            (400, "", "Invalid request: Your request exceeded model token limit: 8192"),
            (
                400,
                "",
                "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000",
            ),
            (
                400,
                "",
                "Input length (5000 tokens) exceeds the maximum allowed length (4095 tokens).",
            ),
            (400, "", "The prompt (total length 9000) is too long to fit into the model"),
            (400, "", "max_tokens must be at least 1, got -32."),
            (400, "", "Number of input tokens exceeds maximum length."),
            (400, "1261", "Prompt 超长"),
            (
                400,
                "invalid_parameter_error",
                "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
            ),
            (
                400,
                "",
                "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            ),
            (400, "", "Prompt length 5000 is greater than max_seq_len 4096"),
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
            (400, "", "Invalid value for 'top_logprobs': 25 is greater than the maximum of 20"),
            (400, "", "[{\"msg\":\"Input should be greater than or equal to 0\",\"input\":-1}]"),
            (400, "", "This request exceeds your quota of input tokens per minute"),
            (402, "", "This request requires more credits: the prompt exceeds what you can afford"),
            (500, "", "CUDA out of memory: the input exceeds what is free"),
        ] {
            assert_eq!(of(status, code, message), None, "{status} {code} {message}");
        }
    }

    #[test]
    fn reasons_of_an_end() {
        let check = |all: &[&str], expect: [bool; 4]| {
            for finish in all {
                let finish = Some(*finish);
                let found =
                    [is_cut(finish), is_filtered(finish), is_refused(finish), has_failed(finish)];
                assert_eq!(found, expect, "{finish:?}");
            }
        };
        check(
            &[
                "length",
                "MAX_TOKENS",
                "max_output_tokens",
                "model_length",
                "model_context_window_exceeded",
                "token_limit",
                "maximum_tokens",
            ],
            [true, false, false, false],
        );
        check(
            &[
                "content_filter",
                "SAFETY",
                "content_filter: PROHIBITED_CONTENT",
                "guardrail_intervened",
                "sensitive",
                "RECITATION",
                "ERROR_TOXIC",
            ],
            [false, true, false, false],
        );
        check(&["refusal"], [false, false, true, false]);
        check(
            &[
                "error",
                "abort",
                "insufficient_system_resource",
                "network_error",
                "engine_error",
                "timeout",
                "time_limit",
                "cancelled",
            ],
            [false, false, false, true],
        );
        check(
            &["stop", "end_turn", "eos", "COMPLETE", "stop_sequence", "tool_calls", "", "running"],
            [false; 4],
        );
        assert!(!is_cut(None) && !is_filtered(None) && !has_failed(None));
    }
}
