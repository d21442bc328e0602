//! BLEnD, in English and in the local languages.

use std::collections::BTreeMap;

use super::{Golden, fingerprint, read};
use crate::example::Example;

/// The most voted answer's votes: all votes are the first's times the sum of weights.
fn most(example: &Example) -> f64 {
    let weights: f64 = example.item.references.iter().map(|reference| reference.weight).sum();
    f64::from(example.item.votes) / weights
}

#[test]
fn blend() {
    let mut english = BTreeMap::new();
    for task in ["blend-english", "blend-local"] {
        let Some(read) = read(task) else { return };
        let golden = Golden::of("blend").unwrap();
        assert_eq!((read.tally.read, read.tally.skipped), (8000, 0));
        let mut checked = golden.is("kept.total", read.examples.len());
        let mut regions: BTreeMap<&str, Vec<&Example>> = BTreeMap::new();
        for example in &read.examples {
            regions.entry(&example.culture).or_default().push(example);
        }
        assert_eq!(regions.len(), 16);
        for (tag, all) in regions {
            let texts =
                |e: &Example| e.item.references.iter().map(|r| r.texts.len()).sum::<usize>();
            let texts: usize = all.iter().map(|e| texts(e)).sum();
            checked += golden.is(&format!("{tag}.kept"), all.len());
            if task == "blend-english" {
                checked += golden.is(&format!("{tag}.references.english"), texts);
                english.insert(tag.to_owned(), texts);
            } else {
                // Local texts, then the English ones.
                let local = texts - english[tag];
                checked += golden.is(&format!("{tag}.references.local"), local);
            }
            let votes: f64 = all.iter().map(|e| most(e).round()).sum();
            checked += golden.is(&format!("{tag}.top-votes.sum"), votes as u64);
            let row = |e: &&Example| {
                let id = e.id.split_once('/').unwrap().1.to_owned();
                vec![id, e.item.references.len().to_string(), e.item.votes.to_string()]
            };
            checked += golden.is(&format!("{tag}.fingerprint"), fingerprint(all.iter().map(row)));
        }
        assert!(checked >= 30, "{task}: {checked} values");
        assert_eq!(read.statistics.clusters, 500);
        let warned = |kind: &str| read.tally.warnings.kinds.get(kind).map_or(0, |w| w.count);
        // One question has no text in Chinese.
        assert_eq!(warned("empty text (kept)"), u64::from(task == "blend-local"));
        assert!(warned("empty reference (kept)") > 0);
    }
}

/// The texts are those of the annotation files: in the files of questions the columns are the other way round.
#[test]
fn questions_are_in_the_language_that_the_task_says() {
    let (Some(english), Some(local)) = (read("blend-english"), read("blend-local")) else { return };
    let text = |all: &[Example], id: &str| {
        all.iter().find(|e| e.id == id).map(|e| e.text.clone()).unwrap_or_default()
    };
    let id = "IR/Al-en-01";
    assert!(text(&english.examples, id).is_ascii());
    assert!(!text(&local.examples, id).is_ascii());
    let topics = english.statistics.groups["topic"].len();
    assert_eq!(topics, 6);
}
