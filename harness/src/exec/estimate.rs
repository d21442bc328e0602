//! How long a task takes at full size, said before a run starts.

use serde::Serialize;

use crate::definition::answer::Kind;
use crate::definition::dataset::{Capability, Task};
use crate::prepare::{Meta, Statistics};
use crate::store::record::CellSpec;

/// Characters of a token, about: a rule of thumb for English text and the usual vocabularies. Other languages have fewer.
const CHARACTERS: f64 = 4.0;

/// What a language model is asked in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Asked {
    /// Prompts that are sent, or pairs of prompt and continuation.
    pub requests: u64,
    /// Tokens of all prompts, about.
    pub prompt_tokens: u64,
    /// Tokens of all replies at most; 0 where continuations are given.
    pub reply_tokens: u64,
}

/// What a cell would ask a language model; none where its model is not prompted. Solved examples and a persona are left out.
pub fn asked(spec: &CellSpec, meta: &Meta) -> Option<Asked> {
    if !spec.served.prompts() {
        return None;
    }
    let text = meta.statistics.text_chars.mean;
    let examples = meta.evaluated(spec) as f64;
    let given = spec.served == Capability::Loglikelihood;
    let is_label = spec.task.kind() == Kind::Label;
    let orders = if is_label { 1.0 } else { spec.protocol.order.times() as f64 };
    let of_example = options(&meta.statistics);
    let (mut requests, mut characters, mut replies) = (0.0, 0.0, 0.0);
    for prompt in &spec.protocol.prompts {
        let own = if is_label { prompt.options.len() as f64 } else { of_example };
        let bare = if prompt.unconditional.is_some() { 2.0 } else { 1.0 };
        let many = examples * orders * if given { own * bare } else { 1.0 };
        requests += many;
        characters += many * (text + prompt.template.chars().count() as f64);
        replies += if given { 0.0 } else { many * spec.protocol.reply_tokens(prompt) as f64 };
    }
    Some(Asked {
        requests: requests.round() as u64,
        prompt_tokens: (characters / CHARACTERS).round() as u64,
        reply_tokens: replies.round() as u64,
    })
}

/// Options of an example, the mean.
fn options(statistics: &Statistics) -> f64 {
    let examples: u64 = statistics.options.values().sum();
    let options: u64 = statistics.options.iter().map(|(options, n)| options * n).sum();
    if examples == 0 { 1.0 } else { options as f64 / examples as f64 }
}

/// Seconds of processor time of a linear model on words for each training row and class. Measured: `tfidf-logreg` on GLOBE at
/// full size, 220 s for 6,912 rows and 128 classes; its time grows with both.
const SECONDS: f64 = 220.0 / (6_912.0 * 128.0);
/// Less than this is nobody's worry.
const LONG: f64 = 600.0;

/// A line for the user, where a task takes long.
pub(super) fn long(task: &Task, meta: &Meta) -> Option<String> {
    line(&task.title, &meta.statistics, task.protocols.iter().any(|protocol| protocol.fit))
}

fn line(title: &str, statistics: &Statistics, fitted: bool) -> Option<String> {
    let (rows, classes) = (statistics.part("train"), statistics.labels.len());
    let seconds = rows as f64 * classes as f64 * SECONDS;
    (fitted && seconds >= LONG).then(|| {
        format!(
            "{title}: {rows} training rows x {classes} classes: a linear model on words takes about {} of processor time a seed (220 s were measured for 6,912 x 128), an encoder reads {} texts. `--benchmarks` chooses others, `--limit` scores fewer examples",
            duration(seconds),
            statistics.examples
        )
    })
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round();
    if minutes < 90.0 {
        format!("{minutes} minutes")
    } else {
        format!("{:.1} hours", minutes / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(train: u64, classes: usize) -> Statistics {
        let counts = [("x".to_owned(), [("c0".to_owned(), train)].into())].into();
        Statistics {
            definition_version: 1,
            sample: false,
            sources: Vec::new(),
            examples: 2 * train,
            rows_read: 0,
            rows_skipped: 0,
            rows_dropped: 0,
            labels: (0..classes).map(|c| format!("c{c}")).collect(),
            cultures: Vec::new(),
            counts: [("train".to_owned(), counts)].into(),
            clusters: 0,
            text_chars: crate::prepare::Lengths::default(),
            overlap: crate::split::Overlap::default(),
            leaks: crate::split::Leaks::default(),
            groups: std::collections::BTreeMap::new(),
            annotators: None,
            options: std::collections::BTreeMap::new(),
            references: std::collections::BTreeMap::new(),
            votes: std::collections::BTreeMap::new(),
        }
    }

    /// ValuePrism has 18.5 times the rows of GLOBE: 18.5 x 220 s are 68 minutes. GLOBE itself and a task of two classes are
    /// no worry, nor is a task that no model is fitted on.
    #[test]
    fn a_long_task_is_announced() {
        let line = |train, classes, fitted| line("T", &statistics(train, classes), fitted);
        let long = line(127_872, 128, true).unwrap();
        assert!(long.contains("127872 training rows x 128 classes"), "{long}");
        assert!(long.contains("about 68 minutes") && long.contains("reads 255744 texts"), "{long}");
        assert!(line(1_278_720, 128, true).unwrap().contains("11.3 hours"));
        assert_eq!(line(6_912, 128, true), None);
        assert_eq!(line(45_760, 2, true), None);
        assert_eq!(line(127_872, 128, false), None);
    }
}
