//! Commands of the pages that are not run as they are there, and why. A row that fits no command fails the test.

/// What is done with a command that a row fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instead {
    /// It is not run.
    Skipped,
    /// `run` gets `--dry-run`.
    Dry,
    /// It ends with this code.
    Exits(i32),
}

/// A row: the page, how the command begins, what is done instead of running it, why.
pub(super) type Row = (&'static str, &'static str, Instead, &'static str);

use Instead::{Dry, Exits, Skipped};

const BUILDS: &str = "builds the repository: CI and scripts/try-new-baseline do that";
const QUEUE: &str = "needs the scheduler: tests `cluster`, `slurm`, scripts/test-slurm";

const TORCH: &str = "needs torch: test `transformers`";
const C: &str = "needs a C compiler: test `plugin::c`";

pub(super) const ROWS: &[Row] = &[
    ("README.md", "scripts/just eval-all", Skipped, BUILDS),
    ("README.md", "scripts/just test", Skipped, BUILDS),
    ("README.md", "scripts/just new-baseline", Skipped, "test `scaffold`"),
    ("README.md", "scripts/just run", Skipped, BUILDS),
    ("docs/cluster.md", "culture-eval fetch", Exits(1), "offline, no data are available"),
    ("docs/cluster.md", "culture-eval run --executor slurm", Dry, QUEUE),
    ("docs/cluster.md", "run --executor command", Dry, QUEUE),
    ("docs/commands.md", "culture-eval serve", Skipped, "serves until it is stopped: test `html`"),
    ("docs/commands.md", "culture-eval watch", Skipped, "watches until the run ends: test `cli`"),
    (
        "README.md",
        "culture-eval run --model llama.cpp:",
        Dry,
        "needs llama.cpp and weights: test `served::llama_cpp`",
    ),
    (
        "docs/commands.md",
        "culture-eval explain --model calm",
        Skipped,
        "needs libtorch: tests of calm-plugin",
    ),
    (
        "docs/commands.md",
        "culture-eval import logs/*.eval",
        Skipped,
        "needs a zip of inspect_ai: test `import`",
    ),
    (
        "docs/commands.md",
        "culture-eval compare a.jsonl",
        Skipped,
        "needs two logs: test `score_files`",
    ),
    ("docs/commands.md", "culture-eval gate", Skipped, "needs a policy: test `gate`"),
    ("docs/commands.md", "culture-eval doctor", Exits(1), "libtorch is not where the test runs"),
    ("docs/tutorials/hugging-face-model.md", "scripts/just ", Skipped, BUILDS),
    ("docs/tutorials/hugging-face-model.md", "culture-eval run --model hf:", Dry, TORCH),
    ("docs/tutorials/hugging-face-model.md", "culture-eval compare first", Skipped, TORCH),
    (
        "docs/tutorials/hugging-face-model.md",
        "culture-eval --definitions smollm2.toml run",
        Dry,
        TORCH,
    ),
    ("docs/tutorials/your-baseline.md", "scripts/just ", Skipped, BUILDS),
    ("docs/tutorials/your-baseline.md", "cargo ", Skipped, BUILDS),
    ("docs/tutorials/your-baseline.md", "cc ", Skipped, C),
    ("docs/tutorials/your-baseline.md", "culture-eval plugin check ./libcommonest.so", Skipped, C),
    (
        "docs/tutorials/your-baseline.md",
        "culture-eval --definitions plugin-api/examples/c",
        Skipped,
        C,
    ),
    ("docs/python.md", "culture-eval ", Skipped, "of a file that its Python writes: test-wheel"),
    ("CONTRIBUTING.md", "cargo ", Skipped, BUILDS),
    ("CONTRIBUTING.md", "scripts/just ", Skipped, BUILDS),
    ("docs/simulations.md", "cargo test", Skipped, "takes an hour: just test-slow"),
    ("baselines/command/README.md", "scripts/just ", Skipped, "test `scaffold`"),
    ("baselines/gguf/README.md", "cargo ", Skipped, "builds candle: scripts/test-gguf"),
    ("baselines/gguf/README.md", "target/", Skipped, "needs that build and its weights"),
    ("baselines/openai-api/README.md", "export ", Skipped, "the key of a user"),
    ("baselines/openai-api/README.md", "culture-eval ", Dry, "asks a server: test `openai`"),
    ("baselines/transformers/README.md", "just ", Skipped, "installs torch: test `transformers`"),
    (
        "baselines/transformers/README.md",
        "culture-eval run --model hf:",
        Dry,
        "needs torch: test `transformers`",
    ),
    (
        "benchmarks/emgsd.md",
        "culture-eval --definitions benchmarks/more",
        Skipped,
        "needs the official data: test `real_data`",
    ),
];

/// Files in which definitions are shown that are no model's, and why they are not tried as one.
pub(super) const NO_MODEL: &[(&str, &str)] =
    &[("SECURITY.md", "two alternatives of one key, each tried alone")];
