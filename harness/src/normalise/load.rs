//! Reads another file whose rows a step uses.

use super::chain::Lookup;
use super::error::{Error, Place};
use super::reader::Rows;
use super::steps::{Emit, Stop, run};
use super::table::{Found, Loaded, Tables, key};
use super::warnings::Tally;

impl Lookup {
    /// Reads a file; `file` is its name for messages, `stem` the `{file}` of its rows.
    ///
    /// # Errors
    /// As of the rows of an input.
    pub fn load(&self, file: &str, stem: &str, rows: &mut Rows<'_>) -> Result<Loaded, Error> {
        let mut loading =
            Loading { of: self, loaded: Loaded { file: file.to_owned(), ..Loaded::default() } };
        let none = Tables::default();
        run::<Error>(&self.chain, &none, rows, stem, &mut Tally::default(), &mut loading)?;
        Ok(loading.loaded)
    }
}

struct Loading<'l> {
    of: &'l Lookup,
    loaded: Loaded,
}

impl Emit<Error> for Loading<'_> {
    fn row(
        &mut self,
        row: &mut [String],
        place: &Place,
        tally: &mut Tally,
    ) -> Result<(), Stop<Error>> {
        tally.examples += 1;
        let at = self.loaded.rows.len();
        let cells = self.of.values.iter().map(|&column| row[column].clone()).collect();
        self.loaded.rows.push(Found { cells, row: place.row.unwrap_or_default() });
        let entry = self.loaded.by_key.entry(key(&self.of.on, row));
        let (first, second) = entry.or_insert((at, None));
        if *first != at && second.is_none() {
            *second = Some(at);
        }
        Ok(())
    }
}
