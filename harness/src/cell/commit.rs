//! The end of a cell: its answers and then its record, in a folder where another start of it may end at the same time.
//!
//! The first commit counts. Answers are put down only where none are; the record tells their hash and is put down only
//! where none is. Both starts of a deterministic model have the same bytes, and what the second one finds is its own.

use std::io;

use fs_err as fs;

use super::{Answered, Cell, WINDOW, harness};
use crate::example::Examples;
use crate::exec::events::Event;
use crate::store::log::Prediction;
use crate::store::predictions::{Texts, Writer};
use crate::store::record::{End, PluginIdentity, Reason, Record};
use crate::store::{self, CellFolder};

/// Answers without a record are of a start that was killed between the two.
pub(super) fn clear_leftovers(folder: &CellFolder) -> io::Result<()> {
    if !folder.record().exists() && folder.predictions().exists() {
        fs::remove_file(folder.predictions())?;
    }
    Ok(())
}

/// Puts the answers down; the record comes last. False where another start had done so before.
pub(super) fn commit(
    cell: &Cell<'_>,
    answered: Answered,
    plugin: PluginIdentity,
) -> Result<bool, Reason> {
    let first = put(cell, answered, plugin).map_err(harness)?;
    if !first {
        let text = "another start of this cell was done first; its record stands";
        cell.events.send(&Event::Log(text.to_owned()));
    }
    Ok(first)
}

fn put(cell: &Cell<'_>, answered: Answered, plugin: PluginIdentity) -> io::Result<bool> {
    let Answered { variants, primary, rows } = answered;
    let folder = cell.folder;
    let path = folder.predictions();
    let texts = Texts::of(cell.spec.task.kind());
    store::place_atomic(&path, |file| {
        let writer = Writer::new(file, &variants, &cell.spec.task.labels, texts)?;
        with_ids(cell, rows.into_rows()?, writer)
    })?;
    let hash = store::sha256_file(&path)?;
    let end = End::Done {
        predictions: hash.clone(),
        rows: (cell.n * variants.len()) as u64,
        examples: cell.n as u64,
        variants,
        primary,
        plugin,
    };
    let record = Record::new(&cell.spec.key, end);
    let first = store::place_json(&folder.record(), &record)?;
    if !first && !stands(folder, &record.key, &hash)? {
        // A failure, or the record of answers that are no longer there.
        store::write_json(&folder.record(), &record)?;
    }
    folder.remove_log()?;
    Ok(first)
}

/// Writes answers with the ids of their examples; both come in the same order.
fn with_ids(
    cell: &Cell<'_>,
    rows: impl Iterator<Item = io::Result<Prediction>>,
    mut writer: Writer<'_>,
) -> io::Result<()> {
    let ids = cell.table.ids(&cell.spec.protocol.eval, cell.first);
    let mut evaluated = ids.map_err(io::Error::other)?;
    let (mut window, mut first) = (Examples::default(), 0);
    for row in rows {
        let row = row?;
        while row.example >= first + window.len() {
            first += window.len();
            window = evaluated.next(WINDOW).map_err(io::Error::other)?;
            if window.is_empty() {
                return Err(io::Error::other(format!("there is no example {}", row.example)));
            }
        }
        let place = row.example - first;
        writer.push(window.ids.get(place), row)?;
    }
    writer.finish()
}

/// Whether the record that is there tells of the answers that are there.
fn stands(folder: &CellFolder, key: &str, hash: &str) -> io::Result<bool> {
    let there: Record = store::read_json(&folder.record())?;
    Ok(there.key == key
        && matches!(there.end, End::Done { predictions, .. } if predictions == hash))
}
