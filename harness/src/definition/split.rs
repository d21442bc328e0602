//! How examples are divided into train, valid and test.

use serde::{Deserialize, Serialize};

/// A part of a task's examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// What a model may learn from.
    Train,
    /// What it may choose hyper-parameters on.
    Valid,
    /// What it is scored on; its labels never reach a model.
    Test,
}

impl Split {
    /// All parts in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The name in TOML files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

/// The split of a task: the official algorithm bit for bit, or ours, seeded by a hash of the id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SplitRule {
    /// Every input names its part (`[[task.input]] part = "train"`).
    Given {
        /// Carve a validation part out of train.
        valid: Option<Carve>,
    },
    /// pandas: `df.groupby(label).sample(n, random_state)` is train, the rest is test, in file order.
    PandasGroupSample {
        /// Rows of train per class.
        n: usize,
        /// Rows of train per class on the sample data.
        sample_n: usize,
        /// pandas' seed.
        random_state: u32,
        /// Carve a validation part out of train.
        valid: Option<Carve>,
    },
    /// scikit-learn: `train_test_split(test_size, random_state, stratify=label)` on each input by itself, in input order.
    SklearnStratified {
        /// Share of test.
        test_size: f64,
        /// scikit-learn's seed.
        random_state: u32,
        /// Carve a validation part out of train.
        valid: Option<Carve>,
    },
    /// Ours: by a hash of (`seed`, cluster or id), so that adding examples moves none.
    Hash {
        /// Share of train.
        train: f64,
        /// Share of valid.
        valid: f64,
        /// What stays together: `id` or `cluster`.
        by: Unit,
        /// Recorded seed.
        seed: u64,
    },
}

/// A seeded, label-stratified validation share taken out of train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carve {
    /// Share of train.
    pub share: f64,
    /// Recorded seed.
    pub seed: u64,
}

/// What a hash split keeps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Each example by itself.
    Id,
    /// All examples of a cluster.
    Cluster,
}
