//! Which of the options is right: as a letter, a place, a column's name or the option's own text.

use std::collections::BTreeMap;

use crate::example::letter;

/// How the right option is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GoldForm {
    /// Its text.
    Text,
    /// Its letter, A or a for the first.
    Letter,
    /// Its place, 0 for the first.
    PlaceFrom0,
    /// Its place, 1 for the first.
    PlaceFrom1,
    /// The name of its column.
    Column,
}

impl GoldForm {
    /// All of them; of several that say the same, the first is taken.
    pub const ALL: [Self; 5] =
        [Self::Text, Self::Letter, Self::PlaceFrom0, Self::PlaceFrom1, Self::Column];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Letter => "letter",
            Self::PlaceFrom0 => "place-from-0",
            Self::PlaceFrom1 => "place-from-1",
            Self::Column => "column",
        }
    }

    /// The place of the option that a cell means.
    fn place(self, cell: &str, options: &[String], columns: &[String]) -> Option<usize> {
        let cell = cell.trim();
        let found = match self {
            Self::Text => options.iter().position(|option| option.trim() == cell),
            Self::Letter => {
                let bare = cell.trim_matches(['(', ')', '[', ']', '.', ':']).to_uppercase();
                (0..options.len()).find(|&place| letter(place) == bare)
            }
            Self::PlaceFrom0 => whole(cell),
            Self::PlaceFrom1 => whole(cell)?.checked_sub(1),
            Self::Column => columns.iter().position(|column| column == cell),
        };
        found.filter(|&place| place < options.len())
    }
}

/// A whole number from 0 on, also written as `1.0`.
fn whole(cell: &str) -> Option<usize> {
    let digits = cell.strip_suffix(".0").unwrap_or(cell);
    digits.parse().ok()
}

/// What is known of the right options of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gold {
    pub(super) form: GoldForm,
    /// Cell -> place from 0, where that is the same in every row. Of texts it is empty.
    pub(super) places: BTreeMap<String, usize>,
}

/// Why the right options are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoGold {
    /// Row (from 1) and cell that fit no form that fits the rows before.
    None { row: usize, cell: String },
    /// Forms that all fit and say different options.
    Several(Vec<GoldForm>),
}

/// Finds the form in which every cell names one of its row's options. `columns` are those that hold one option each.
pub(super) fn find(
    cells: &[String],
    options: &[Vec<String>],
    columns: &[String],
    said: Option<GoldForm>,
) -> Result<Gold, NoGold> {
    let mut left: Vec<GoldForm> =
        GoldForm::ALL.into_iter().filter(|form| said.is_none_or(|said| said == *form)).collect();
    let filled =
        || cells.iter().zip(options).enumerate().filter(|(_, (c, _))| !c.trim().is_empty());
    for (row, (cell, options)) in filled() {
        left.retain(|form| form.place(cell, options, columns).is_some());
        if left.is_empty() {
            return Err(NoGold::None { row: row + 1, cell: cell.clone() });
        }
    }
    let same = |form: GoldForm| {
        filled().all(|(_, (cell, options))| {
            form.place(cell, options, columns) == left[0].place(cell, options, columns)
        })
    };
    if !left.iter().all(|form| same(*form)) {
        return Err(NoGold::Several(left));
    }
    let form = left[0];
    let mut places = BTreeMap::new();
    if form != GoldForm::Text {
        for (_, (cell, options)) in filled() {
            places.extend(form.place(cell, options, columns).map(|place| (cell.clone(), place)));
        }
    }
    Ok(Gold { form, places })
}
