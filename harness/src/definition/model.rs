//! A model: a plugin, a configuration and weights. `baselines/*/models/*.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::access::Access;
pub use super::capability::Offer;
use super::resources::Resources;
use super::server::Server;
use super::source::Source;

/// One row of the leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Short name, unique over all models.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Plugin name (`tfidf-logreg`) or a path to a dynamic library.
    pub plugin: String,
    /// One sentence.
    pub description: String,
    /// License of code and weights.
    #[serde(rename = "licence", alias = "license")]
    pub license: String,
    /// Only these tasks; empty: all that the plugin can serve.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Only these protocols; empty: the first that the plugin can serve, for each task.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// Number of parameters, for the model card.
    pub parameters: Option<u64>,
    /// Training data known to overlap with a benchmark.
    #[serde(default)]
    pub contamination: Vec<Contamination>,
    /// Weights, fetched and pinned like any source.
    #[serde(default)]
    pub weights: Vec<Source>,
    /// Files of the model's own by id (a script, a word list), named from the folder of its TOML. The plugin gets their paths as
    /// it gets those of weights; a change of their content makes a new cell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Only these of what the plugin offers; empty: all. For plugins that cannot know by themselves, such as `command`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "super::capability::names")]
    pub capabilities: Vec<Offer>,
    /// The plugin gets a folder of the cache, `config.cache`, to keep what it paid for: answers of a server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cache: bool,
    /// Examples per call.
    #[serde(default = "default_batch")]
    pub batch: usize,
    /// Neighbours of k-NN on its embeddings, where the official setup has another number for this kind of model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<usize>,
    /// Seconds a cell may take; the suite's where absent.
    pub timeout: Option<u64>,
    /// MiB a cell may take; the suite's where absent.
    pub memory: Option<u64>,
    /// What its cells ask of a scheduler; what it does not say is as the suite has it.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
    /// What it may reach beside its cell.
    #[serde(default, skip_serializing_if = "Access::is_none")]
    pub access: Access,
    /// How prompts are put to a language model.
    #[serde(default, skip_serializing_if = "Prompting::is_plain")]
    pub prompt: Prompting,
    /// A server that its cells query, started and ended by the harness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// Handed to the plugin as JSON.
    #[serde(default)]
    pub config: toml::Table,
}

impl Model {
    /// Whether `plugin` is a path, not a name.
    pub fn plugin_is_a_path(&self) -> bool {
        is_path(&self.plugin)
    }
}

/// Whether the name of a plugin is a path: it has a separator or an ending.
pub fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    path.components().count() > 1 || path.extension().is_some()
}

/// What is around the questions that a language model is asked (`loglikelihood`, `generate`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompting {
    /// Said before everything else, such as who should answer: template over `{culture}` and `{culture_name}`.
    pub persona: Option<String>,
    /// Solved examples before each question: of the train part and, as far as there are enough, of the same culture; drawn by the
    /// run's seed. The parts that they are drawn from are not scored, and the protocol is called `4-shot`.
    #[serde(default)]
    pub shots: usize,
    /// A prompt is a JSON array of messages (`role`: `system`, `user`, `assistant`; `content`) instead of one text. The plugin is
    /// given by `config.messages`.
    #[serde(default)]
    pub messages: bool,
}

impl Prompting {
    /// Whether prompts are the protocol's, as they are.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The name of a protocol with solved examples, where there are any.
    pub fn few_shot(&self) -> Option<String> {
        (self.shots > 0).then(|| format!("{}-shot", self.shots))
    }
}

fn default_batch() -> usize {
    64
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Model {
    /// Whether the model's TOML lets the plugin do this.
    pub fn lets(&self, offer: Offer) -> bool {
        self.capabilities.is_empty() || self.capabilities.contains(&offer)
    }
}

/// Training data known to overlap with a benchmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contamination {
    /// The benchmark.
    pub benchmark: String,
    /// What is known.
    pub reason: String,
}
