//! Leaks within the test part: what lets a test be passed, or makes it impossible to pass, without the task.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::definition::split::Split;

/// Test examples that occur twice, or whose text names a label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    /// Test examples whose text (trimmed, lower case) and culture another test example has, too.
    pub repeated: u64,
    /// Of those, the ones whose twins have another label: nobody is right on all of them.
    pub contradicted: u64,
    /// Test examples in whose text their own label is a word.
    pub own_label_in_text: u64,
    /// For comparison: test examples in whose text the label of the nearest earlier example with another label is a word.
    pub other_label_in_text: u64,
}

/// One value an example, in file order.
#[derive(Debug, Default)]
pub struct Columns {
    own: Vec<bool>,
    other: Vec<bool>,
    label: String,
    before: Option<String>,
}

impl Columns {
    /// Looks at the next example.
    pub fn push(&mut self, text: &str, label: &str) {
        if label != self.label {
            let last = std::mem::replace(&mut self.label, label.to_owned());
            if !self.own.is_empty() {
                self.before = Some(last);
            }
        }
        self.own.push(names(text, label));
        self.other.push(self.before.as_ref().is_some_and(|other| names(text, other)));
    }

    /// The next example has options of its own, or is answered with a text: no label could be in it.
    pub fn push_unlabelled(&mut self) {
        self.own.push(false);
        self.other.push(false);
    }

    /// Counts; `texts` as made by [`super::text_key`], cultures and labels as numbers.
    pub fn count(&self, parts: &[Split], texts: &[u64], cultures: &[u32], labels: &[u32]) -> Leaks {
        // How often a text is in a culture, and the label that it always has, if it has one.
        let mut seen: FxHashMap<(u64, u32), (u64, Option<u32>)> = FxHashMap::default();
        let test = || (0..parts.len()).filter(|&row| parts[row] == Split::Test);
        for row in test() {
            let (n, label) =
                seen.entry((texts[row], cultures[row])).or_insert((0, Some(labels[row])));
            *n += 1;
            *label = label.filter(|label| *label == labels[row]);
        }
        let twice = seen.values().filter(|(n, _)| *n > 1);
        Leaks {
            repeated: twice.clone().map(|(n, _)| n).sum(),
            contradicted: twice.filter(|(_, label)| label.is_none()).map(|(n, _)| n).sum(),
            own_label_in_text: test().filter(|&row| self.own[row]).count() as u64,
            other_label_in_text: test().filter(|&row| self.other[row]).count() as u64,
        }
    }
}

/// Whether a label is in a text as a word, whatever the case of its ASCII letters.
fn names(text: &str, label: &str) -> bool {
    let (text, label) = (text.as_bytes(), label.trim().as_bytes());
    let Some(&first) = label.first() else { return false };
    let part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    let (low, high) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let starts = text.iter().enumerate().filter(|(_, b)| **b == low || **b == high);
    starts.into_iter().any(|(at, _)| {
        let end = at + label.len();
        end <= text.len()
            && text[at..end].eq_ignore_ascii_case(label)
            && !part(at.checked_sub(1).map(|before| &text[before]))
            && !part(text.get(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_as_a_word() {
        assert!(names("Is this OFFENSIVE?", "offensive"));
        assert!(names("offensive", "offensive") && names("a 1, or 2", "1"));
        assert!(!names("inoffensive offensively", "offensive"));
        assert!(!names("caf\u{e9}no", "no") && !names("", "no") && !names("no", ""));
        assert!(!names("n", "no") && names("no \u{e9}", "no"));
    }

    #[test]
    fn twins_and_contradictions_are_counted_within_test_and_culture() {
        use Split::{Test, Train};
        let mut columns = Columns::default();
        let rows = [
            (Train, 1, 0, "a", "yes"),
            (Test, 1, 0, "a", "yes"),
            (Test, 1, 0, "a", "yes"),
            (Test, 1, 1, "a", "no"),
            (Test, 2, 1, "b yes", "yes"),
            (Test, 2, 1, "b yes", "no"),
            (Test, 3, 1, "c no", "yes"),
        ];
        for row in &rows {
            columns.push(row.3, row.4);
        }
        let numbers =
            |f: fn(&(Split, u64, u32, &str, &str)) -> u32| rows.iter().map(f).collect::<Vec<_>>();
        let found = columns.count(
            &rows.map(|row| row.0),
            &rows.map(|row| row.1),
            &numbers(|row| row.2),
            &numbers(|row| u32::from(row.4 == "yes")),
        );
        let expected =
            Leaks { repeated: 4, contradicted: 2, own_label_in_text: 1, other_label_in_text: 2 };
        assert_eq!(found, expected);
    }
}
