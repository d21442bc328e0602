//! The kinds of specs, and their keys.

/// What names a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `transformers` in a program of its own.
    HuggingFace,
    /// `vllm serve`.
    Vllm,
    /// SGLang's server.
    Sglang,
    /// llama.cpp's server.
    LlamaCpp,
    /// `ollama serve`.
    Ollama,
    /// A server that is there already.
    OpenAi,
    /// A program on the `command` protocol.
    Command,
    /// A plugin.
    Plugin,
}

const ALL: [Kind; 8] = [
    Kind::HuggingFace,
    Kind::Vllm,
    Kind::Sglang,
    Kind::LlamaCpp,
    Kind::Ollama,
    Kind::OpenAi,
    Kind::Command,
    Kind::Plugin,
];

impl Kind {
    /// Its name before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::HuggingFace => "hf",
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::LlamaCpp => "llama.cpp",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Command => "command",
            Self::Plugin => "plugin",
        }
    }

    /// A spec of this kind.
    pub fn example(self) -> &'static str {
        match self {
            Self::HuggingFace => "hf:ORG/NAME or hf:FOLDER",
            Self::Vllm => "vllm:ORG/NAME",
            Self::Sglang => "sglang:ORG/NAME",
            Self::LlamaCpp => "llama.cpp:FILE.gguf",
            Self::Ollama => "ollama:NAME",
            Self::OpenAi => "openai:NAME",
            Self::Command => "command:\"python3 my.py\"",
            Self::Plugin => "plugin:FILE.so",
        }
    }

    /// The kind of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// All names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        ALL.into_iter().map(Self::name)
    }

    /// All kinds, each by an example.
    pub fn listed() -> String {
        ALL.map(Self::example).join(", ")
    }

    /// Whether a server answers for it.
    pub(super) fn is_served(self) -> bool {
        matches!(self, Self::Vllm | Self::Sglang | Self::LlamaCpp | Self::Ollama | Self::OpenAi)
    }

    /// Keys beside those of every kind.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::HuggingFace => &[
                "dtype", "device", "revision", "adapter", "quantize", "head", "chat", "thinking",
                "offline", "python",
            ],
            Self::Vllm => {
                &["dtype", "revision", "adapter", "tensor_parallel", "context", "program"]
            }
            Self::Sglang => &["dtype", "revision", "tensor_parallel", "context", "python"],
            Self::LlamaCpp => &["context", "gpu_layers", "adapter", "program"],
            Self::Ollama => &["program"],
            Self::OpenAi => &["base_url", "key_env"],
            Self::Command => &["can"],
            Self::Plugin => &[],
        }
    }
}
