//! What the first pass keeps of every example: a few numbers each, so that a million fit.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::definition::dataset::{Dataset, Task};
use crate::definition::split::{Split, SplitRule};
use crate::example::{Example, Item, letter};
use crate::normalise::{Place, Tally};
use crate::split::{self, Openings, leaks, name_key, overlap, text_key};

use super::meta::{Lengths, Meta, SourceRecord, Statistics};
use super::{Error, Mode, VERSION};

/// Columns, counts and trouble of all files.
#[derive(Debug)]
pub(super) struct Collected {
    pub columns: Columns,
    pub tally: Tally,
}

/// One value an example.
#[derive(Debug, Default)]
pub(super) struct Columns {
    labels: Vec<u32>,
    label_names: Names,
    inputs: Vec<u32>,
    given: Vec<Option<Split>>,
    draws: Vec<u64>,
    texts: Vec<u64>,
    leaks: leaks::Columns,
    /// Where the definition says how texts open.
    openings: Option<Openings>,
    clusters: Vec<u64>,
    lengths: Vec<u32>,
    cultures: Vec<u32>,
    culture_names: Names,
    ids: FxHashSet<u64>,
    groups: BTreeMap<String, BTreeMap<String, u64>>,
    /// What answers are compared by where two examples have the same text: the label, or the text of the gold option.
    golds: Vec<u32>,
    items: Items,
}

/// Sizes of questions that are not answered with a label: how many examples have each.
#[derive(Debug, Default)]
struct Items {
    options: BTreeMap<u64, u64>,
    references: BTreeMap<u64, u64>,
    votes: BTreeMap<u64, u64>,
}

impl Items {
    fn push(&mut self, item: &Item) {
        let sizes = [item.options.len() as u64, item.references.len() as u64, item.votes.into()];
        for (size, counts) in
            sizes.into_iter().zip([&mut self.options, &mut self.references, &mut self.votes])
        {
            if size > 0 {
                *counts.entry(size).or_default() += 1;
            }
        }
    }
}

/// Distinct texts, numbered as they come.
#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

impl Collected {
    pub(super) fn new(task: &Task) -> Self {
        let openings = task.example.opening.as_ref().map(|_| Openings::default());
        let mut columns = Columns { openings, ..Columns::default() };
        for label in &task.labels {
            columns.label_names.number(label);
        }
        Self { columns, tally: Tally::default() }
    }

    pub(super) fn into_meta(
        self,
        dataset: &Dataset,
        task: &Task,
        parts: &[Split],
        sources: Vec<SourceRecord>,
        mode: Mode,
    ) -> Meta {
        let Self { columns, tally } = self;
        debug_assert!(
            tally.balances() && tally.examples == parts.len() as u64,
            "every row is accounted for"
        );
        let labels = columns.labels_of(task);
        let mut overlap = overlap(parts, &columns.texts, &columns.clusters);
        overlap.test_openings_in_train = columns.openings.as_ref().map_or(0, |o| o.count(parts));
        let leaks = columns.leaks.count(parts, &columns.texts, &columns.cultures, &columns.golds);
        let mut clusters = columns.clusters.clone();
        clusters.sort_unstable();
        clusters.dedup();
        let mut cultures = columns.culture_names.names.clone();
        cultures.retain(|culture| !culture.is_empty());
        cultures.sort();
        let statistics = Statistics {
            definition_version: dataset.version,
            sample: mode == Mode::Sample,
            sources: sources.iter().map(|source| source.id.clone()).collect(),
            examples: tally.examples,
            rows_read: tally.read,
            rows_skipped: tally.skipped,
            rows_dropped: tally.dropped,
            labels,
            cultures,
            counts: columns.counts(parts),
            clusters: clusters.len() as u64,
            text_chars: Lengths::of(columns.lengths),
            overlap,
            leaks,
            groups: columns.groups,
            options: columns.items.options,
            references: columns.items.references,
            votes: columns.items.votes,
            annotators: None,
        };
        Meta {
            task: task.name.clone(),
            dataset: dataset.name.clone(),
            made_by_version: VERSION,
            sources,
            sha256: String::new(),
            warnings: tally.warnings,
            statistics,
        }
    }
}

impl Columns {
    pub(super) fn push(
        &mut self,
        split: &SplitRule,
        example: &Example,
        input: u32,
        place: &Place,
    ) -> Result<(), Error> {
        let id = name_key(&example.id);
        if !self.ids.insert(id) {
            return Err(Error::DuplicateId { place: place.clone(), id: example.id.clone() });
        }
        let label = self.label_names.number(&example.label);
        self.labels.push(label);
        self.inputs.push(input);
        self.given.push(example.part);
        self.draws.push(split::draw(split, &example.id, &example.cluster));
        if example.item.options.is_empty() && example.item.references.is_empty() {
            self.texts.push(text_key(&example.text));
            self.leaks.push(&example.text, &example.label);
            self.golds.push(label);
        } else {
            self.push_item(example);
        }
        if let Some(openings) = &mut self.openings {
            openings.push(&example.opening, &example.text);
        }
        let alone = example.cluster == example.id;
        self.clusters.push(if alone { id } else { name_key(&example.cluster) });
        self.lengths.push(example.text.chars().count() as u32);
        self.cultures.push(self.culture_names.number(&example.culture));
        for (name, value) in &example.groups {
            if !self.groups.contains_key(name) {
                self.groups.insert(name.clone(), BTreeMap::new());
            }
            if let Some(counts) = self.groups.get_mut(name) {
                match counts.get_mut(value) {
                    Some(count) => *count += 1,
                    None => drop(counts.insert(value.clone(), 1)),
                }
            }
        }
        Ok(())
    }

    /// What is read of a question with options is its text, its fields and the options, in whatever order they are.
    fn push_item(&mut self, example: &Example) {
        let Item { options, fields, target, .. } = &example.item;
        let mut shown: Vec<&str> =
            options.iter().chain(fields.values()).map(String::as_str).collect();
        shown.sort_unstable();
        self.texts.push(text_key(&format!("{}\n{}", example.text, shown.join("\n"))));
        self.leaks.push_unlabelled();
        let most = target.iter().copied().fold(0.0, f64::max);
        let gold = target.iter().position(|share| *share == most && most > 0.0);
        let gold = gold.and_then(|place| options.get(place)).map_or("", String::as_str);
        self.golds.push(name_key(gold) as u32);
        self.items.push(&example.item);
    }

    /// The label list: the task's, else what the data have; where examples have options, the letters of the longest list.
    fn labels_of(&self, task: &Task) -> Vec<String> {
        if !task.labels.is_empty() {
            return self.label_names.names.clone();
        }
        if task.kind().has_options() {
            let most = self.items.options.keys().next_back().copied().unwrap_or_default();
            return (0..most as usize).map(letter).collect();
        }
        let mut labels = self.label_names.names.clone();
        labels.sort();
        labels
    }

    /// The whole, as a split sees it.
    pub(super) fn as_split(&self) -> split::Columns<'_> {
        self.from(0)
    }

    /// The last example, as a split sees it.
    pub(super) fn last(&self) -> split::Columns<'_> {
        self.from(self.labels.len().saturating_sub(1))
    }

    fn from(&self, row: usize) -> split::Columns<'_> {
        split::Columns {
            labels: &self.labels[row..],
            names: &self.label_names.names,
            inputs: &self.inputs[row..],
            given: &self.given[row..],
            draws: &self.draws[row..],
        }
    }

    /// Split -> culture -> label -> examples.
    fn counts(&self, parts: &[Split]) -> BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>> {
        let mut numbers: BTreeMap<(Split, u32, u32), u64> = BTreeMap::new();
        for ((&part, &culture), &label) in parts.iter().zip(&self.cultures).zip(&self.labels) {
            *numbers.entry((part, culture, label)).or_default() += 1;
        }
        let mut counts: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>> = BTreeMap::new();
        for ((part, culture, label), n) in numbers {
            let culture = self.culture_names.names[culture as usize].clone();
            let label = self.label_names.names[label as usize].clone();
            counts
                .entry(part.name().to_owned())
                .or_default()
                .entry(culture)
                .or_default()
                .insert(label, n);
        }
        counts
    }
}
