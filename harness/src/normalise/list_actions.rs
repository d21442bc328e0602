//! Steps on list cells, numbers and patterns.

use regex::Regex;

use crate::definition::step::{ListForm, Step};

use super::action::Action;
use super::error::Kind;
use super::lists::{Condition, elements, hashed, parse, short, sum};
use super::names::{bind, find, find_all, find_or_add, rendered};

impl Action {
    /// Steps on list cells, numbers and patterns.
    pub(super) fn of_lists(step: &Step, columns: &mut Vec<String>) -> Result<Self, String> {
        Ok(match step {
            Step::Parse { column, form, to, ending } => {
                if matches!(form, ListForm::Split(separator) if separator.is_empty()) {
                    return Err("the separator of `split` is empty; give it".to_owned());
                }
                Self::Parse {
                    column: find(column, columns)?,
                    form: form.clone(),
                    to: find_or_add(to.as_ref().unwrap_or(column), columns),
                    ending: ending.clone(),
                }
            }
            Step::Capture { column, pattern } => capture(column, pattern, columns)?,
            Step::DropWhere { any } => {
                let any = any.iter().map(|condition| Condition::new(condition, columns));
                Self::DropWhere { any: any.collect::<Result<_, _>>()? }
            }
            Step::Explode { column, key, value } => Self::Explode {
                column: find(column, columns)?,
                key: find_or_add(key, columns),
                value: find_or_add(value, columns),
            },
            Step::UnpivotSets { sets, key, to } => unpivot_sets(sets, key, to, columns)?,
            Step::Tally { by, column, counts } => Self::Tally {
                by: find_all(by, columns)?,
                column: find(column, columns)?,
                counts: counts
                    .iter()
                    .map(|(cell, to)| (cell.clone(), find_or_add(to, columns)))
                    .collect(),
            },
            Step::Find { of, is, among, to, cell } => {
                if is.is_some() == among.is_some() || of.iter().any(Vec::is_empty) {
                    return Err(
                        "`find` needs columns in each set of `of`, and either `is` or `among`"
                            .to_owned(),
                    );
                }
                Self::Find {
                    of: of.iter().map(|set| find_all(set, columns)).collect::<Result<_, _>>()?,
                    is: is.clone(),
                    among: among.as_ref().map(|name| find(name, columns)).transpose()?,
                    to: find_or_add(to, columns),
                    cell: cell.as_ref().map(|name| find_or_add(name, columns)),
                }
            }
            Step::Compare { left, right, to } => Self::Compare {
                left: find_all(left, columns)?,
                right: find_all(right, columns)?,
                to: find_or_add(to, columns),
            },
            Step::Count { column, is, to } => Self::Count {
                column: find(column, columns)?,
                is: bind(is, columns)?,
                to: find_or_add(to, columns),
            },
            Step::Hash { columns: names, to, order } => Self::Hash {
                columns: find_all(names, columns)?,
                order: *order,
                to: find_or_add(to, columns),
            },
            other => return Err(format!("`{other:?}` is not a step on lists")),
        })
    }

    /// Applies a step that `Action::of_lists` made; those that make several rows are `steps`' own.
    pub(super) fn apply_to_lists(&self, row: &mut [String], names: &[String]) -> Result<(), Kind> {
        match self {
            Self::Parse { column, form, to, ending } => {
                let value = parse(&row[*column], form, ending.as_deref())
                    .map_err(|problem| Kind::Cell { field: names[*column].clone(), problem })?;
                row[*to] = value.to_string();
            }
            Self::Capture { column, pattern, to } => capture_in(*column, pattern, to, row, names)?,
            Self::Find { of, is, among, to, cell } => {
                let set = found(of, is.as_deref(), *among, row, names)?;
                if let Some(cell) = cell {
                    let found = row[of[set][0]].clone();
                    row[*cell] = found;
                }
                row[*to] = set.to_string();
            }
            Self::Compare { left, right, to } => {
                let (left, right) = (sum(left, row, names)?, sum(right, row, names)?);
                let order = match left.total_cmp(&right) {
                    std::cmp::Ordering::Less => "less",
                    std::cmp::Ordering::Equal => "equal",
                    std::cmp::Ordering::Greater => "more",
                };
                order.clone_into(&mut row[*to]);
            }
            Self::Count { column, is, to } => {
                let elements = elements(&row[*column], &names[*column])?;
                let wanted = rendered(is, row);
                let count = elements.iter().filter(|element| element.holds(&wanted)).count();
                row[*to] = count.to_string();
            }
            Self::Hash { columns, to, order } => row[*to] = hashed(columns, *order, row),
            _ => {}
        }
        Ok(())
    }
}

fn capture(column: &str, pattern: &str, columns: &mut Vec<String>) -> Result<Action, String> {
    let regex = Regex::new(pattern)
        .map_err(|e| format!("`pattern` of `capture` is not a regular expression ({e})"))?;
    let column = find(column, columns)?;
    let named: Vec<(usize, String)> = regex
        .capture_names()
        .enumerate()
        .filter_map(|(group, name)| Some((group, name?.to_owned())))
        .collect();
    if named.is_empty() {
        return Err("`pattern` of `capture` names no group; write `(?<name>...)`".to_owned());
    }
    let to = named.into_iter().map(|(group, name)| (group, find_or_add(&name, columns))).collect();
    Ok(Action::Capture { column, pattern: regex, to })
}

fn capture_in(
    column: usize,
    pattern: &Regex,
    to: &[(usize, usize)],
    row: &mut [String],
    names: &[String],
) -> Result<(), Kind> {
    let found = pattern.captures(&row[column]).map(|captures| {
        let group = |group: usize| captures.get(group).map_or("", |found| found.as_str());
        to.iter().map(|(at, to)| (*to, group(*at).to_owned())).collect::<Vec<_>>()
    });
    let Some(found) = found else {
        let problem = format!("`{}` does not match the pattern `{pattern}`", short(&row[column]));
        return Err(Kind::Cell { field: names[column].clone(), problem });
    };
    for (to, cell) in found {
        row[to] = cell;
    }
    Ok(())
}

fn unpivot_sets(
    sets: &[(String, Vec<String>)],
    key: &str,
    to: &[String],
    columns: &mut Vec<String>,
) -> Result<Action, String> {
    if let Some((name, set)) = sets.iter().find(|(_, set)| set.len() != to.len()) {
        let (has, wants) = (set.len(), to.len());
        return Err(format!(
            "the set `{name}` of `unpivot-sets` has {has} columns, but `to` has {wants}; give the same number"
        ));
    }
    if sets.is_empty() {
        return Err(
            "`sets` of `unpivot-sets` is empty; name the columns to turn into rows".to_owned()
        );
    }
    let sets = sets.iter().map(|(name, set)| Ok((name.clone(), find_all(set, columns)?)));
    Ok(Action::UnpivotSets {
        sets: sets.collect::<Result<_, String>>()?,
        key: find_or_add(key, columns),
        to: to.iter().map(|name| find_or_add(name, columns)).collect(),
    })
}

/// The one set that has the cell.
fn found(
    of: &[Vec<usize>],
    is: Option<&str>,
    among: Option<usize>,
    row: &[String],
    names: &[String],
) -> Result<usize, Kind> {
    let list = match among {
        Some(column) => Some(elements(&row[column], &names[column])?),
        None => None,
    };
    let fits = |cell: &str| match &list {
        Some(list) => list.iter().any(|element| element.words() == cell),
        None => is == Some(cell),
    };
    let mut fitting = of
        .iter()
        .enumerate()
        .filter(|(_, set)| set.iter().any(|&column| fits(&row[column])))
        .map(|(place, _)| place);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (one, _) => {
            let field = of.first().and_then(|set| set.first());
            let wanted = is.unwrap_or_else(|| row[among.unwrap_or_default()].as_str());
            Err(Kind::Cell {
                field: field.map_or_else(String::new, |&column| names[column].clone()),
                problem: format!(
                    "{} of the sets of columns of `find` has `{}`",
                    if one.is_some() { "more than one" } else { "none" },
                    short(wanted)
                ),
            })
        }
    }
}
