//! What is in a cell.

/// A cell by its meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Words of anybody: escaped.
    Text(String),
    /// A number, an interval or a p-value as [`crate::text::format`] prints it.
    Number(String),
    /// A number of examples: `n = 237`.
    Count(u64),
    /// A number with signs raised behind it; the best one is bold in LaTeX.
    Marked {
        /// The number.
        number: String,
        /// Whether it is the best one.
        best: bool,
        /// The signs, in order.
        marks: Vec<String>,
    },
    /// Letters that tell which rows belong together.
    Letters(String),
    /// Instead of a number: a reason, told in the note of this number below the table.
    Missing {
        /// In a word or two.
        why: String,
        /// The number of the note.
        note: usize,
    },
    /// There is no such number.
    None,
    /// Several lines in one cell.
    Lines(Vec<Line>),
    /// Words of the program in the language of the writer that they are for.
    Ready(&'static str),
}

/// A line of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    /// Joined by commas.
    pub(crate) cells: Vec<Cell>,
    /// In small letters.
    pub(crate) small: bool,
    /// Where there is no room for a line of its own: behind the line before it.
    pub(crate) beside: bool,
}

impl Cell {
    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Letters(text) => text.is_empty(),
            Self::Lines(lines) => lines.iter().all(Line::is_empty),
            Self::Ready(text) => text.is_empty(),
            Self::Count(_) | Self::Marked { .. } | Self::Missing { .. } | Self::None => false,
        }
    }
}

impl Line {
    /// A line of one cell.
    pub(crate) fn of(cell: Cell) -> Self {
        Self { cells: vec![cell], ..Self::default() }
    }

    /// The same in small letters.
    #[must_use]
    pub(crate) fn small(self) -> Self {
        Self { small: true, ..self }
    }

    /// The same behind the line before it, where the format has room for that.
    #[must_use]
    pub(crate) fn beside(self) -> Self {
        Self { beside: true, ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }

    /// Its cells by a writer, joined.
    pub(super) fn by(&self, write: impl Fn(&Cell) -> String) -> String {
        self.cells.iter().map(write).collect::<Vec<_>>().join(", ")
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
