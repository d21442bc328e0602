//! Panels: texts that differ in their culture only become one item with a column for each culture, read once.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// How texts of each culture open (`[US] `), where they all do: what is taken off before texts are compared and read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<u32, String>);

impl Tags {
    /// Reads them off training texts: every text of a culture opens with the same words in brackets, and those of two cultures differ.
    pub fn learn(texts: &[&str], cultures: &[u32]) -> Self {
        let mut tags: BTreeMap<u32, String> = BTreeMap::new();
        for (text, culture) in texts.iter().zip(cultures) {
            let Some(own) = opening(text) else { return Self::default() };
            let known = tags.entry(*culture).or_insert_with(|| own.to_owned());
            if known != own {
                return Self::default();
            }
        }
        let mut distinct: Vec<&String> = tags.values().collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() == tags.len() { Self(tags) } else { Self::default() }
    }

    /// A text without its culture's tag.
    pub fn strip<'a>(&self, text: &'a str, culture: u32) -> &'a str {
        let tag = self.0.get(&culture).map_or("", String::as_str);
        text.strip_prefix(tag).unwrap_or(text)
    }
}

/// `[...] ` at the start of a text.
fn opening(text: &str) -> Option<&str> {
    let end = text.strip_prefix('[')?.find(']')? + 2;
    text[end..].starts_with(' ').then(|| &text[..=end])
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Its item.
    pub item: usize,
    /// Its column: a culture, or n where that is hidden.
    pub column: usize,
}

/// Rows as items and cells.
#[derive(Debug, Default)]
pub struct Panels<'a> {
    /// The text of each item.
    pub texts: Vec<&'a str>,
    /// The first row of each item.
    pub first: Vec<usize>,
    /// Where each row stands.
    pub cells: Vec<Cell>,
}

impl<'a> Panels<'a> {
    /// Of rows of texts (tags taken off) and cultures, of which `count` are known. `apart`: two rows of one item and column become two
    /// items, as training needs it, whose labels may differ.
    pub fn new(texts: &[&'a str], cultures: &[u32], count: usize, apart: bool) -> Self {
        let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut taken: HashSet<(usize, usize)> = HashSet::new();
        let mut own = Self::default();
        for (row, (text, culture)) in texts.iter().zip(cultures).enumerate() {
            let column = (*culture as usize).min(count);
            let items = known.entry(text).or_default();
            let free =
                items.iter().copied().find(|item| !apart || !taken.contains(&(*item, column)));
            let item = free.unwrap_or_else(|| {
                items.push(own.texts.len());
                own.texts.push(text);
                own.first.push(row);
                own.texts.len() - 1
            });
            taken.insert((item, column));
            own.cells.push(Cell { item, column });
        }
        own
    }

    /// The label of each item and column, -1 if there is none; rows of `columns`. Who is hidden (column `count`) has the last.
    pub fn labels(&self, labels: &[u32], count: usize, columns: usize) -> Vec<i64> {
        let mut all = vec![-1; self.texts.len() * columns];
        for (cell, label) in self.cells.iter().zip(labels) {
            let column = if cell.column < count { cell.column } else { columns - 1 };
            all[cell.item * columns + column] = i64::from(*label);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_their_tag_are_one_item() {
        let texts = ["[US] a b", "[AU] a b", "[US] c", "[AU] [x] d"];
        let cultures = [0, 1, 0, 1];
        let tags = Tags::learn(&texts, &cultures);
        let bare: Vec<&str> = texts.iter().zip(cultures).map(|(t, c)| tags.strip(t, c)).collect();
        assert_eq!(bare, ["a b", "a b", "c", "[x] d"]);
        let panels = Panels::new(&bare, &cultures, 2, true);
        assert_eq!(panels.texts, ["a b", "c", "[x] d"]);
        assert_eq!(panels.labels(&[1, 0, 1, 1], 2, 3), [1, 0, -1, 1, -1, -1, -1, 1, -1]);
        // A text in brackets is no tag where others have none, or where two cultures share it.
        assert_eq!(Tags::learn(&["[US] a", "b"], &[0, 1]), Tags::default());
        assert_eq!(Tags::learn(&["[a] a", "[a] b"], &[0, 1]), Tags::default());
        assert_eq!(Tags::learn(&["[a] a", "[b] b"], &[0, 0]), Tags::default());
    }

    #[test]
    fn who_is_hidden_has_the_last_column_and_doubles_are_apart_in_training() {
        let texts = ["a", "a", "a"];
        let apart = Panels::new(&texts, &[7, 7, 1], 2, true);
        assert_eq!(apart.texts.len(), 2);
        assert_eq!(apart.cells[1], Cell { item: 1, column: 2 });
        assert_eq!(apart.cells[2], Cell { item: 0, column: 1 });
        assert_eq!(Panels::new(&texts, &[7, 7, 1], 2, false).texts.len(), 1);
    }
}
