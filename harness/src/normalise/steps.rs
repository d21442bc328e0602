//! Takes a file's rows through their steps.

use crate::definition::dataset::BadRows;
use crate::definition::split::Split;

use super::action::{Action, Fate};
use super::chain::Chain;
use super::error::{Error, Kind, Place};
use super::lists;
use super::problem::NoRow;
use super::reader::Rows;
use super::table::Tables;
use super::warnings::Tally;

/// Takes the rows that come out.
pub(super) trait Emit<E> {
    /// A finished row. It counts itself as an example.
    fn row(&mut self, row: &mut [String], place: &Place, tally: &mut Tally) -> Result<(), Stop<E>>;
}

/// Why a finished row was not taken.
pub(super) enum Stop<E> {
    /// Trouble with the row.
    Row(Kind),
    /// Trouble elsewhere.
    Sink(E),
}

/// Reads all rows and hands each that comes out to `emit`; `tally` accounts for every row.
pub(super) fn run<E: From<Error>>(
    chain: &Chain,
    tables: &Tables,
    rows: &mut Rows<'_>,
    stem: &str,
    tally: &mut Tally,
    emit: &mut dyn Emit<E>,
) -> Result<(), E> {
    let width = chain.read.len();
    let mut cells = vec![String::new(); chain.columns.len()];
    let mut work =
        Work { chain, tables, tally, emit, place: Place::default(), groups: Groups::default() };
    loop {
        let more = rows.next(&mut cells[..width]);
        work.place.clone_from(rows.place());
        match more {
            Ok(false) => break,
            Ok(true) => work.tally.read += 1,
            Err(error) => {
                work.tally.read += 1;
                work.trouble(*error.kind)?;
                continue;
            }
        }
        itoa::Buffer::new().format(rows.row() - 1).clone_into(&mut cells[width]);
        stem.clone_into(&mut cells[width + 1]);
        chain.part.map_or("", Split::name).clone_into(&mut cells[width + 2]);
        work.steps(0, &mut cells)?;
    }
    if rows.row() == 0 {
        let place = Place { row: None, line: None, ..rows.place().clone() };
        return Err(Error::new(place, Kind::NoRows).into());
    }
    work.groups()?;
    debug_assert!(work.tally.balances(), "every row is accounted for");
    Ok(())
}

/// What is available while a file is read.
struct Work<'a, E> {
    chain: &'a Chain,
    tables: &'a Tables,
    tally: &'a mut Tally,
    emit: &'a mut dyn Emit<E>,
    place: Place,
    groups: Groups,
}

/// The groups of `tally`, in the order of their first rows.
#[derive(Default)]
struct Groups {
    /// The step after it.
    next: usize,
    places: rustc_hash::FxHashMap<Vec<String>, usize>,
    all: Vec<Group>,
}

struct Group {
    row: Vec<String>,
    counts: Vec<u64>,
    place: Place,
}

/// Cells that a step writes: column and cell.
type Written = Vec<(usize, String)>;

impl<E: From<Error>> Work<'_, E> {
    /// Runs the steps from `first` on, branching where one row becomes several, and emits what is left.
    fn steps(&mut self, first: usize, row: &mut [String]) -> Result<(), E> {
        let chain = self.chain;
        for (i, action) in chain.actions.iter().enumerate().skip(first) {
            match self.branches(action, row) {
                Ok(None) => {}
                Ok(Some(branches)) => return self.each(i + 1, row, branches),
                Err(kind) => return self.trouble(kind),
            }
            if let Action::Tally { by, column, counts } = action {
                self.groups.next = i + 1;
                return match self.count(by, *column, counts, row) {
                    Ok(()) => Ok(()),
                    Err(kind) => self.trouble(kind),
                };
            }
            let fate = match action {
                Action::Join { .. } => self.join(action, row),
                _ => action.apply(row, &chain.columns),
            };
            match fate {
                Ok(Fate::Kept) => {}
                Ok(Fate::SkippedEmpty(column)) => {
                    self.skip(&format!("empty `{}`", chain.columns[column]), "");
                    return Ok(());
                }
                Ok(Fate::Dropped) => {
                    self.tally.dropped += 1;
                    return Ok(());
                }
                Err(kind) => return self.trouble(kind),
            }
        }
        match self.emit.row(row, &self.place, self.tally) {
            Ok(()) => Ok(()),
            Err(Stop::Row(kind)) => self.trouble(kind),
            Err(Stop::Sink(error)) => Err(error),
        }
    }

    /// The cells (column, cell) of each row that a step makes of one; none where it makes no others.
    fn branches(&self, action: &Action, row: &[String]) -> Result<Option<Vec<Written>>, Kind> {
        let names = &self.chain.columns;
        Ok(Some(match action {
            Action::Unpivot { columns, key, value } => {
                let one = |(column, name): &(usize, String)| {
                    vec![(*value, row[*column].clone()), (*key, name.clone())]
                };
                columns.iter().map(one).collect()
            }
            Action::UnpivotSets { sets, key, to } => {
                let one = |(name, set): &(String, Vec<usize>)| {
                    let cells = to.iter().zip(set).map(|(to, column)| (*to, row[*column].clone()));
                    cells.chain([(*key, name.clone())]).collect()
                };
                sets.iter().map(one).collect()
            }
            Action::Explode { column, key, value } => {
                let members = lists::members(&row[*column], &names[*column])?;
                members.into_iter().map(|(name, cell)| vec![(*key, name), (*value, cell)]).collect()
            }
            Action::Cross { table, file, to } => {
                let all = self.tables.all(
                    &self.chain.tables[*table].source,
                    (*table, file.as_ref()),
                    row,
                )?;
                let one =
                    |cells: &[String]| to.iter().copied().zip(cells.iter().cloned()).collect();
                all.into_iter().map(one).collect()
            }
            _ => return Ok(None),
        }))
    }

    /// The steps after one that made several rows, for each of them.
    fn each(
        &mut self,
        next: usize,
        row: &[String],
        branches: Vec<Vec<(usize, String)>>,
    ) -> Result<(), E> {
        if branches.is_empty() {
            self.tally.dropped += 1;
            return Ok(());
        }
        self.tally.made += branches.len() as u64 - 1;
        for cells in branches {
            let mut branch = row.to_vec();
            for (column, cell) in cells {
                branch[column] = cell;
            }
            self.steps(next, &mut branch)?;
        }
        Ok(())
    }

    fn join(&self, action: &Action, row: &mut [String]) -> Result<Fate, Kind> {
        let Action::Join { table, file, on, to, missing } = action else { return Ok(Fate::Kept) };
        let (source, names) = (&self.chain.tables[*table].source, &self.chain.columns);
        let at = (*table, file.as_ref());
        match (self.tables.joined(source, at, on, row, names), missing) {
            (Ok(cells), _) => {
                for (to, cell) in to.iter().zip(cells) {
                    row[*to].clone_from(cell);
                }
            }
            (Err(NoRow::None { .. }), Some(missing)) => {
                for to in to {
                    row[*to].clone_from(missing);
                }
            }
            (Err(problem), _) => return Err(problem.into()),
        }
        Ok(Fate::Kept)
    }

    /// Counts a row in its group.
    fn count(
        &mut self,
        by: &[usize],
        column: usize,
        counts: &[(String, usize)],
        row: &[String],
    ) -> Result<(), Kind> {
        let Some(counted) = counts.iter().position(|(cell, _)| *cell == row[column]) else {
            return Err(Kind::Unlisted {
                field: self.chain.columns[column].clone(),
                value: row[column].clone(),
                expected: counts.iter().map(|(cell, _)| cell.clone()).collect(),
                table: "counts",
            });
        };
        let key: Vec<String> = by.iter().map(|&column| row[column].clone()).collect();
        let groups = &mut self.groups;
        let place = if let Some(&place) = groups.places.get(&key) {
            self.tally.merged += 1;
            place
        } else {
            groups.places.insert(key, groups.all.len());
            let counts = vec![0; counts.len()];
            groups.all.push(Group { row: row.to_vec(), counts, place: self.place.clone() });
            groups.all.len() - 1
        };
        groups.all[place].counts[counted] += 1;
        Ok(())
    }

    /// The steps after `tally`, for each group.
    fn groups(&mut self) -> Result<(), E> {
        let groups = std::mem::take(&mut self.groups);
        let chain = self.chain;
        let Some(Action::Tally { counts, .. }) =
            groups.next.checked_sub(1).and_then(|at| chain.actions.get(at))
        else {
            return Ok(());
        };
        for mut group in groups.all {
            for ((_, to), count) in counts.iter().zip(&group.counts) {
                group.row[*to] = count.to_string();
            }
            self.place = group.place;
            self.steps(groups.next, &mut group.row)?;
        }
        Ok(())
    }

    /// Skips and counts a bad row, or gives up.
    fn trouble(&mut self, kind: Kind) -> Result<(), E> {
        if self.chain.bad_rows == BadRows::Skip && kind.is_row_trouble() {
            self.skip(kind.name(), &kind.to_string());
            return Ok(());
        }
        Err(Error::new(self.place.clone(), kind).into())
    }

    fn skip(&mut self, kind: &str, detail: &str) {
        self.tally.skipped += 1;
        self.tally.warnings.add(kind, &self.place, detail);
    }
}
