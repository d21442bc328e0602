//! Annotators' votes, counted by example and label.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Error, files};
use crate::definition::dataset::Task;
use crate::example::Example;
use crate::normalise::{Place, Tables, Tally, Warnings};

/// Votes by the id of the example that they are about.
#[derive(Debug, Default)]
pub(super) struct Counted {
    labels: usize,
    counts: BTreeMap<String, Ballots>,
}

#[derive(Debug)]
struct Ballots {
    counts: Vec<u32>,
    first: Place,
    /// Whether an example of this id was seen.
    taken: bool,
}

impl Counted {
    /// Counts the votes of all files; `task` is that of [`crate::definition::dataset::VoteTable::as_task`].
    pub(super) fn read(
        &mut self,
        task: &Task,
        inputs: &[files::InputFile<'_>],
        tables: &BTreeMap<u32, Tables>,
    ) -> Result<(), Error> {
        self.labels = task.labels.len();
        let places: BTreeMap<&str, usize> =
            task.labels.iter().enumerate().map(|(i, label)| (label.as_str(), i)).collect();
        // An empty text is no trouble of a vote: its tally is not kept.
        let mut tally = Tally::default();
        for input in inputs {
            files::normalise(task, input, tables, &mut tally, &mut |vote, place| {
                let labels = self.labels;
                let ballots = self.counts.entry(vote.id.clone()).or_insert_with(|| Ballots {
                    counts: vec![0; labels],
                    first: place.clone(),
                    taken: false,
                });
                if let Some(&label) = places.get(vote.label.as_str()) {
                    ballots.counts[label] += 1;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// An example with the votes on it; none at all count 0.
    pub(super) fn on<'e>(&mut self, example: &'e Example) -> Cow<'e, Example> {
        if self.labels == 0 {
            return Cow::Borrowed(example);
        }
        let found = self.counts.get_mut(&example.id);
        let votes = found.map_or_else(
            || vec![0; self.labels],
            |ballots| {
                ballots.taken = true;
                ballots.counts.clone()
            },
        );
        Cow::Owned(Example { votes, ..example.clone() })
    }

    /// Warns about votes that are about no example.
    pub(super) fn warn(&self, warnings: &mut Warnings) {
        for (id, ballots) in self.counts.iter().filter(|(_, ballots)| !ballots.taken) {
            warnings.add("votes on an unknown example", &ballots.first, &format!("`{id}`"));
        }
    }
}
