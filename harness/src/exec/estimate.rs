//! How long a task takes at full size, said before a run starts.

use crate::definition::dataset::Task;
use crate::prepare::{Meta, Statistics};

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
