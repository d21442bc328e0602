//! A case as its TOML has it.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) no: String,
    pub(super) what: String,
    /// Where it was reported: issues of trackers, or `habit`.
    #[expect(dead_code, reason = "for readers of the file")]
    source: Vec<String>,
    /// Rules of a server on loopback, at which the model `m` is.
    #[serde(default)]
    pub(super) server: Vec<Rule>,
    /// The address below the server, where it is not `/v1`.
    pub(super) path: Option<String>,
    /// The plugin of the model, where it is not `openai-api`.
    pub(super) plugin: Option<String>,
    /// What the model is asked for; a generating model where absent.
    capabilities: Option<String>,
    /// Lines above the model's `[config]`, and in it.
    #[serde(default)]
    pub(super) top: String,
    #[serde(default)]
    pub(super) config: String,
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    pub(super) rows: Option<Rows>,
    /// Files that are written anew before the last command.
    #[serde(default)]
    pub(super) changed: BTreeMap<String, String>,
    /// Run one after another; the last is looked at.
    #[serde(default)]
    pub(super) commands: Vec<Vec<String>>,
    pub(super) expect: Expect,
}

impl Case {
    pub(super) fn capabilities(&self) -> &str {
        self.capabilities.as_deref().unwrap_or("generate")
    }
}

/// A file with a line for each example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    pub(super) name: String,
    pub(super) each: String,
    /// One JSON list instead of lines.
    #[serde(default)]
    pub(super) list: bool,
}

/// How a server answers prompts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rule {
    pub(super) when: Option<String>,
    pub(super) times: Option<usize>,
    pub(super) status: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) body: Option<String>,
    pub(super) content: Option<String>,
    pub(super) finish: Option<String>,
    pub(super) message: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) then: Option<String>,
}

/// What must come out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    #[serde(default)]
    pub(super) exit: i32,
    /// In percent.
    pub(super) value: Option<f64>,
    pub(super) answered: Option<u64>,
    pub(super) unparsable: Option<u64>,
    pub(super) missing: Option<u64>,
    /// Parts of the reason in the place of a score.
    #[serde(default)]
    pub(super) no_score: Vec<String>,
    #[serde(default)]
    pub(super) says: Vec<String>,
    #[serde(default)]
    pub(super) log: Vec<String>,
    #[serde(default)]
    pub(super) never: Vec<String>,
    pub(super) requests: Option<usize>,
    /// Where all requests must go to.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// Answers in the model's cache.
    pub(super) kept: Option<usize>,
}

impl Expect {
    pub(super) fn looks_at_a_score(&self) -> bool {
        let counts = [self.answered, self.unparsable, self.missing];
        self.value.is_some() || !self.no_score.is_empty() || counts.iter().any(Option::is_some)
    }
}
