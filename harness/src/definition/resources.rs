//! What a cell asks of a scheduler: `[resources]` of a suite, and of a model where it differs.

use serde::{Deserialize, Serialize};

/// What a cell asks for. What is not said is left to the scheduler's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Processor cores; also the cell's threads. One where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// MiB of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// GPUs of any kind; a kind of GPU is named by a line of `sbatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// Minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// Examples that one process predicts; a cell with more is predicted by several side by side. Not for the scheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<u64>,
    /// Partition, or queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Features that a node must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Further options of `sbatch`, such as `--qos=long`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sbatch: Vec<String>,
}

impl Resources {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, and what they leave open from others: a model's over its suite's.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let text = |own: &Option<String>, theirs: &Option<String>| {
            own.as_ref().or(theirs.as_ref()).cloned()
        };
        Self {
            cores: self.cores.or(other.cores),
            memory: self.memory.or(other.memory),
            gpus: self.gpus.or(other.gpus),
            time: self.time.or(other.time),
            slice: self.slice.or(other.slice),
            partition: text(&self.partition, &other.partition),
            account: text(&self.account, &other.account),
            constraint: text(&self.constraint, &other.constraint),
            sbatch: if self.sbatch.is_empty() { &other.sbatch } else { &self.sbatch }.clone(),
        }
    }

    /// What is wrong, as (field, problem with its remedy).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (field, zero) in [
            ("cores", self.cores == Some(0)),
            ("memory", self.memory == Some(0)),
            ("time", self.time == Some(0)),
            ("slice", self.slice == Some(0)),
        ] {
            if zero {
                found.push((
                    field,
                    "0 is not enough for any cell; leave it out for the scheduler's default"
                        .to_owned(),
                ));
            }
        }
        let names = [
            ("partition", &self.partition),
            ("account", &self.account),
            ("constraint", &self.constraint),
        ];
        for (field, name) in names {
            if name.as_ref().is_some_and(|n| n.is_empty() || n.contains(char::is_whitespace)) {
                found.push((
                    field,
                    "it is empty or holds a blank; give one name as the scheduler knows it"
                        .to_owned(),
                ));
            }
        }
        for line in &self.sbatch {
            if !line.starts_with('-') || line.contains(char::is_control) {
                found.push((
                    "sbatch",
                    format!(
                        "`{}` is not an option; write one each, such as `--qos=long`",
                        line.escape_debug()
                    ),
                ));
            } else if ["--array", "-a", "--output", "-o", "--parsable"]
                .iter()
                .any(|own| is_option(line, own))
            {
                found.push(("sbatch", format!("`{line}` is set by the program; leave it out")));
            }
        }
        found
    }
}

fn is_option(line: &str, option: &str) -> bool {
    line.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Resources {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_model_goes_over_its_suite_field_by_field() {
        let suite =
            read("cores = 2\nmemory = 4000\npartition = \"cpu\"\nsbatch = [\"--qos=long\"]");
        let model = read("memory = 64000\ngpus = 1\npartition = \"gpu\"");
        let both = model.over(&suite);
        assert_eq!((both.cores, both.memory, both.gpus), (Some(2), Some(64000), Some(1)));
        assert_eq!(
            (both.partition.as_deref(), &both.sbatch[..]),
            (Some("gpu"), &["--qos=long".to_owned()][..])
        );
        assert_eq!(Resources::default().over(&suite), suite);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = toml::from_str::<Resources>("core = 2").unwrap_err().to_string();
        assert!(error.contains("unknown field `core`") && error.contains("`cores`"), "{error}");
        let fields = |text: &str| {
            read(text).problems().into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert!(
            fields("cores = 1\nsbatch = [\"--qos=long\", \"-x n1\", \"--output-x=1\"]").is_empty()
        );
        assert_eq!(
            fields("cores = 0\ntime = 0\npartition = \"a b\""),
            ["cores", "time", "partition"]
        );
        assert_eq!(
            fields("sbatch = [\"qos\", \"--a\\n#SBATCH b\", \"--array=1-9\", \"-o x\"]"),
            ["sbatch"; 4]
        );
    }
}
