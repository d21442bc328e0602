//! `Example`: the one shape all benchmarks are normalised to, as a row and as columns.
//!
//! Parquet files hold rows of it ([`crate::store::examples`]); models and metrics see columns.

use std::collections::BTreeMap;

pub use culture_scores::short::Reference;

use crate::definition::split::Split;

/// One question with its gold answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Example {
    /// Unique within the task.
    pub id: String,
    /// What the model reads.
    pub text: String,
    /// Gold label, by name.
    pub label: String,
    /// Country, language or group tag.
    pub culture: String,
    /// Examples that are not independent share it.
    pub cluster: String,
    /// How the text opens, where others open likewise; it is not stored.
    pub opening: String,
    /// Further tags: name -> value.
    pub groups: BTreeMap<String, String>,
    /// Train, valid or test.
    pub part: Option<Split>,
    /// Votes of annotators for each label of the task; empty if there are none.
    pub votes: Vec<u32>,
    /// What kinds of questions other than labels need ([`crate::definition::answer::AnswerMap`]).
    pub item: Item,
}

/// What an example has beside its text where it is not answered with a label of the task.
///
/// Options and fields are what a model may be shown. Targets, roles and references are part of the gold answer: no plugin
/// reads them. With options, [`Example::label`] is the letter of the right option ([`letter`]), so that a choice is scored as
/// a label is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// The options, in the order of the official file; where that order would give the answer away, in the order of a hash.
    pub options: Vec<String>,
    /// Parts of the text by name, for prompts that place them apart.
    pub fields: BTreeMap<String, String>,
    /// One number an option: 1 for each right one and 0 for the others, or the share of people who chose it (they sum to 1).
    /// Empty where no option is right (the items of a map).
    pub target: Vec<f64>,
    /// Votes behind the shares; 0 where they are not known.
    pub votes: u32,
    /// Role -> option: `unknown`, `biased`, `best`.
    pub roles: BTreeMap<String, u32>,
    /// Right short answers, the most frequent first.
    pub references: Vec<Reference>,
    /// What the answers to an item of a map are worth.
    pub map: Option<OnMap>,
}

impl Item {
    /// Whether it is answered by an option or a text of its own; else it has a label of the task, and perhaps fields for prompts.
    pub fn has_own_answers(&self) -> bool {
        !self.options.is_empty() || !self.references.is_empty()
    }
}

/// An item of a map: answers to all items of a culture add up to a position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OnMap {
    /// Where the people of the culture are.
    pub place: [f64; 2],
    /// The mean of the places of all cultures.
    pub centre: [f64; 2],
    /// How many items make a position.
    pub items: u32,
    /// For each option what it adds to the position: the sum over all items is the position itself.
    pub moves: Vec<[f64; 2]>,
}

/// The letter of an option: A to Z, then AA, AB and so on.
pub fn letter(option: usize) -> String {
    let last = char::from(b'A' + (option % 26) as u8);
    match option / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letter(more - 1)),
    }
}

/// Votes of annotators: a row an example, a column a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Votes {
    labels: usize,
    counts: Vec<u32>,
}

impl Votes {
    /// No row yet, of so many labels.
    pub fn new(labels: usize) -> Self {
        Self { labels, counts: Vec::new() }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// Where it has not one count a label.
    pub fn push(&mut self, row: &[u32]) {
        assert_eq!(row.len(), self.labels, "one count a label");
        self.counts.extend_from_slice(row);
    }

    /// Whether there are no votes, as for most tasks.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The votes on example `i`, label by label.
    ///
    /// # Panics
    /// Where there is no such row.
    pub fn get(&self, i: usize) -> &[u32] {
        &self.counts[i * self.labels..(i + 1) * self.labels]
    }

    /// Keeps the first `n` rows and gives the others.
    fn split_off(&mut self, n: usize) -> Self {
        let at = (n * self.labels).min(self.counts.len());
        Self { labels: self.labels, counts: self.counts.split_off(at) }
    }
}

/// Texts in one allocation: row `i` is `data[ends[i-1]..ends[i]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    data: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Appends a row.
    pub fn push(&mut self, text: &str) {
        self.data.push_str(text);
        self.ends.push(self.data.len());
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Row `i`.
    ///
    /// # Panics
    /// Where `i >= len()`.
    pub fn get(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.data[start..self.ends[i]]
    }

    /// Keeps the first `n` rows.
    pub fn truncate(&mut self, n: usize) {
        self.ends.truncate(n);
        self.data.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Keeps the first `n` rows and gives the others.
    #[must_use]
    pub fn split_off(&mut self, n: usize) -> Self {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        let data = self.data.split_off(start);
        let ends = self.ends.split_off(n).into_iter().map(|end| end - start).collect();
        Self { data, ends }
    }

    /// All rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    fn from_iter<I: IntoIterator<Item = &'a str>>(rows: I) -> Self {
        let mut strings = Self::default();
        for row in rows {
            strings.push(row);
        }
        strings
    }
}

/// A column of few distinct texts: `names[codes[i]]` is row `i`; `names` in order of first appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coded {
    /// Distinct values.
    pub names: Vec<String>,
    /// One index into `names` a row.
    pub codes: Vec<u32>,
}

impl Coded {
    /// Keeps the first `n` rows and gives the others; both have all names.
    #[must_use]
    pub fn split_off(&mut self, n: usize) -> Self {
        Self { names: self.names.clone(), codes: self.codes.split_off(n) }
    }

    /// Row `i`.
    ///
    /// # Panics
    /// Where `i` is out of range.
    pub fn get(&self, i: usize) -> &str {
        &self.names[self.codes[i] as usize]
    }
}

/// Columns of some examples, in file order. All columns have `len()` rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    /// Unique names.
    pub ids: Strings,
    /// What the model reads.
    pub texts: Strings,
    /// Gold label as an index into the task's label list, 0 for the items of a map, none of whose options is right. Empty where
    /// only the questions were read.
    pub labels: Vec<u32>,
    /// Country, language or group tag.
    pub cultures: Coded,
    /// Cluster number; equal = not independent. Empty where examples are streamed.
    pub clusters: Vec<u32>,
    /// Further tags by name.
    pub groups: BTreeMap<String, Coded>,
    /// Votes of annotators. Empty if there are none, and wherever a plugin is near.
    pub votes: Votes,
    /// Options, parts of the text and gold answers of other kinds than labels. Empty if there are none; without targets,
    /// roles and references wherever a plugin is near.
    pub items: Vec<Item>,
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Keeps the first `n` examples and gives the others.
    #[must_use]
    pub fn split_off(&mut self, n: usize) -> Self {
        Self {
            ids: self.ids.split_off(n),
            texts: self.texts.split_off(n),
            labels: self.labels.split_off(n.min(self.labels.len())),
            cultures: self.cultures.split_off(n),
            clusters: self.clusters.split_off(n.min(self.clusters.len())),
            groups: (self.groups.iter_mut())
                .map(|(name, group)| (name.clone(), group.split_off(n)))
                .collect(),
            votes: self.votes.split_off(n),
            items: self.items.split_off(n.min(self.items.len())),
        }
    }

    /// The examples at some places, in that order.
    #[must_use]
    pub fn picked(&self, rows: &[usize]) -> Self {
        fn each<T: Clone>(rows: &[usize], column: &[T]) -> Vec<T> {
            if column.is_empty() {
                Vec::new()
            } else {
                rows.iter().map(|&row| column[row].clone()).collect()
            }
        }
        let coded = |column: &Coded| Coded {
            names: column.names.clone(),
            codes: each(rows, &column.codes),
        };
        let mut votes = Votes::new(self.votes.labels);
        if !self.votes.is_empty() {
            for &row in rows {
                votes.push(self.votes.get(row));
            }
        }
        Self {
            ids: rows.iter().map(|&row| self.ids.get(row)).collect(),
            texts: rows.iter().map(|&row| self.texts.get(row)).collect(),
            labels: each(rows, &self.labels),
            cultures: coded(&self.cultures),
            clusters: each(rows, &self.clusters),
            groups: self
                .groups
                .iter()
                .map(|(name, column)| (name.clone(), coded(column)))
                .collect(),
            votes,
            items: each(rows, &self.items),
        }
    }

    /// Keeps the first `n` examples.
    pub fn truncate(&mut self, n: usize) {
        self.ids.truncate(n);
        self.texts.truncate(n);
        self.labels.truncate(n);
        self.cultures.codes.truncate(n);
        self.clusters.truncate(n);
        for group in self.groups.values_mut() {
            group.codes.truncate(n);
        }
        drop(self.votes.split_off(n));
        self.items.truncate(n);
    }
}
