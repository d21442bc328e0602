//! What is unclear in a file.

use super::gold::GoldForm;

/// Why the columns of a file are not known. Each message names the columns and the option that resolves it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No rows.
    #[error("{file} has no rows; give a file with one example a row")]
    Empty {
        /// The file.
        file: String,
    },
    /// A name that no column has.
    #[error("`{option} {name}`: there is no such column; the columns are: {}", list(.there))]
    NoColumn {
        /// The option.
        option: &'static str,
        /// What was given.
        name: String,
        /// All columns.
        there: Vec<String>,
    },
    /// A name that a template cannot contain.
    #[error(
        "the column `{name}` has a brace or a bar in its name, which a template cannot contain; rename it in the file"
    )]
    Name {
        /// The column.
        name: String,
    },
    /// No column for a role.
    #[error("cannot guess {what}; give it with {remedy}. The columns are: {}", list(.there))]
    Unclear {
        /// The role in words.
        what: &'static str,
        /// The option.
        remedy: &'static str,
        /// All columns.
        there: Vec<String>,
    },
    /// The column of options or shares is not a list, or lists differ in length.
    #[error("row {row}: {problem}; {remedy}")]
    Row {
        /// From 1.
        row: usize,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A gold cell that is not one of the options.
    #[error(
        "row {row}: `{cell}` in `{column}` is neither the text, the letter nor the place of one of the options \
         (as all rows before are); correct the row, or name another column with `--gold`, or other options with `--options`"
    )]
    NoGold {
        /// From 1.
        row: usize,
        /// The column.
        column: String,
        /// Its cell.
        cell: String,
    },
    /// Several forms fit.
    #[error(
        "the cells of `{column}` can be read in several ways, which give different options; choose one: {}", ways(.forms)
    )]
    SeveralForms {
        /// The column.
        column: String,
        /// The forms.
        forms: Vec<GoldForm>,
    },
    /// Too many labels.
    #[error(
        "`{column}` has {count} different cells, too many for labels (26 at most); use `--kind short` if its texts are answers, or name another column with `--gold`"
    )]
    ManyLabels {
        /// The column.
        column: String,
        /// Distinct cells.
        count: usize,
    },
    /// One label.
    #[error(
        "`{column}` has the same cell in every row (`{cell}`), so there is nothing to predict; name another column with `--gold`"
    )]
    OneLabel {
        /// The column.
        column: String,
        /// The cell.
        cell: String,
    },
    /// Options of the command that contradict each other.
    #[error("{0}")]
    Options(String),
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn ways(forms: &[GoldForm]) -> String {
    let ways: Vec<String> =
        forms.iter().map(|form| format!("`--gold-is {}`", form.name())).collect();
    ways.join(" or ")
}
