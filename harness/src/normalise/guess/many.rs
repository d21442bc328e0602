//! The texts or numbers of a row, in several columns or in one cell.

use super::names::{self, place, plain, suffix};
use super::roles::Roles;
use super::sheet::{Column, List, Separated};
use super::trouble::Trouble;
use crate::definition::answer::OptionList;
use crate::definition::step::{ListForm, Step};
use crate::normalise::value::Value;

/// Names with a mark on each side.
pub(super) fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// Columns that hold one text or number each, or one that holds them all.
#[derive(Debug, Clone)]
pub(super) struct Many<'a> {
    pub(super) columns: Vec<&'a Column>,
    /// How the one column spells its list.
    pub(super) list: Option<List>,
}

impl<'a> Many<'a> {
    /// The columns that the user named.
    pub(super) fn said(
        roles: &Roles<'a>,
        names: &[String],
        option: &'static str,
    ) -> Result<Self, Trouble> {
        let columns = names.iter().map(|name| roles.sheet.named(name, option));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let list = match columns.as_slice() {
            [one] => Some(one.list(Separated::Everywhere).ok_or_else(|| {
                Trouble::Options(format!(
                    "`{option} {}`: its cells are not lists (JSON, Python, or texts between `|` or `;`); name one column for each, with commas between",
                    one.name
                ))
            })?),
            _ => None,
        };
        Ok(Self { columns, list })
    }

    pub(super) fn of(&self, row: usize) -> Vec<String> {
        match (&self.list, self.columns.as_slice()) {
            (Some(list), [one]) => list.of(&one.cells[row]).iter().map(Value::words).collect(),
            _ => self.columns.iter().map(|column| column.cells[row].clone()).collect(),
        }
    }

    /// Gives the columns their role; makes the list of a cell.
    pub(super) fn take(&self, roles: &mut Roles<'_>) -> Result<OptionList, Trouble> {
        let names: Vec<String> =
            self.columns.iter().map(|column| roles.take(column)).collect::<Result<_, _>>()?;
        let Some(list) = &self.list else {
            return Ok(OptionList::Templates(
                names.iter().map(|name| format!("{{{name}}}")).collect(),
            ));
        };
        let column = names.concat();
        if let List::Other(form) = list {
            roles.steps.push(Step::Parse {
                column: column.clone(),
                form: form.clone(),
                to: None,
                ending: None,
            });
        }
        Ok(OptionList::List { list: column })
    }

    pub(super) fn shown(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        let how = match &self.list {
            None => "",
            Some(List::Json) => " (a list as JSON)",
            Some(List::Other(ListForm::Python)) => " (a list as Python writes it)",
            Some(List::Other(_)) => " (texts between separators)",
        };
        format!("{}{how}", quoted(&names))
    }
}

/// Columns `option_a`, `option_b`, ... or `choice1`, `choice2`, ...: one after the other from the first on, in their order.
fn family<'a>(roles: &Roles<'a>, begins: &[&str]) -> Option<Many<'a>> {
    begins.iter().find_map(|begin| {
        let all = roles.free().filter_map(|column| {
            let name = plain(&column.name);
            let (kind, at) = place(suffix(&name, begin)?)?;
            Some((kind, at, column))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(kind, at, _)| (*kind, *at));
        let (kind, first, _) = *all.first()?;
        // Bare letters, but no bare numbers: those head tables without a header.
        let fits = (kind == 'a' && first == 0) || (kind == '0' && first <= 1 && !begin.is_empty());
        let run =
            (all.iter().zip(first..)).take_while(|((k, at, _), next)| *k == kind && at == next);
        let columns: Vec<&Column> = run.map(|((_, _, column), _)| *column).collect();
        (fits && columns.len() >= 2).then_some(Many { columns, list: None })
    })
}

/// The columns with options by their names.
pub(super) fn options<'a>(roles: &Roles<'a>) -> Option<Many<'a>> {
    let list = |column: &Column| column.list(Separated::Everywhere).is_some();
    match roles.find(names::OPTIONS, list) {
        Some(column) => {
            Some(Many { columns: vec![column], list: column.list(Separated::Everywhere) })
        }
        None => family(roles, names::OPTION),
    }
}
