//! What the process of a plugin reads: the questions of a cell in a file of its own, beside the prepared data.
//!
//! It has no label, role, reference, target or vote of an example that is evaluated. Examples that may be learnt from keep
//! their label. Ids are the opaque ones ([`opaque_id`]), since an id may name its label, and the orders in which options are
//! shown are drawn here, as they follow from the real id. So there is nothing in the process of a plugin that it could steal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::definition::dataset::{Embedding, Order, Protocol};
use crate::definition::split::Split;
use crate::example::{Example, Examples, Item};
use crate::prompts::order;
use crate::store::examples::{self, Layout, Table, WithVotes, Writer};
use crate::store::record::{CellSpec, Reason, ReasonKind};
use crate::store::{self, sha256};
use crate::text::template::Template;

/// The tag that holds the orders of an example's options: places of one order by `,`, orders by `;`.
const ORDER: &str = "shown order";

/// Examples that are held at once.
const WINDOW: usize = 1 << 13;

/// What a plugin gets for the id of an example: 32 hex digits of its SHA-256. An id may name the file, and with it the label, or
/// the culture. A plugin that looks answers up by id hashes its own ids likewise.
pub fn opaque_id(id: &str) -> String {
    let mut hash = sha256(id.as_bytes());
    hash.truncate(32);
    hash
}

/// The file of a cell's questions.
pub fn path(spec: &CellSpec) -> PathBuf {
    let protocol = &spec.protocol;
    let of = serde_json::json!([
        1,
        spec.data.sha256,
        spec.task.labels,
        learned(spec),
        protocol.eval,
        groups(protocol),
        protocol.order,
    ]);
    let name = format!("asked-{}.parquet", &sha256(of.to_string().as_bytes())[..16]);
    Path::new(&spec.data.path).with_file_name(name)
}

/// Opens the questions of a cell.
///
/// # Errors
/// They were not prepared, or the file is damaged.
pub fn open(spec: &CellSpec) -> Result<Table, examples::Error> {
    let mut shown = groups(&spec.protocol);
    shown.push(ORDER.to_owned());
    Ok(Table::open(&path(spec))?.showing(shown))
}

/// Writes the questions of a cell, unless they are there.
///
/// # Errors
/// The prepared data are missing, or are not the ones that the cell was planned on; the disk.
pub fn prepare(spec: &CellSpec) -> Result<(), Reason> {
    /// Cells of one run ask the same: one of them writes.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (path, data) = (path(spec), Path::new(&spec.data.path));
    if path.symlink_metadata().is_ok_and(|file| file.is_file()) {
        return Ok(());
    }
    let no_data = |message: String| Reason::new(ReasonKind::NoData, message);
    let hash = store::sha256_file(data).map_err(|e| no_data(e.to_string()))?;
    if hash != spec.data.sha256 {
        return Err(no_data(format!(
            "{} has changed since it was prepared; delete its folder and run again to prepare it again",
            data.display()
        )));
    }
    let table = Table::open(data).map_err(|e| no_data(e.to_string()))?;
    let table = table.showing(groups(&spec.protocol));
    let mut wrong = None;
    let written = store::write_atomic(&path, |file| {
        write(spec, &table, file.file().try_clone()?).map_err(|reason| {
            let message = reason.message.clone();
            wrong = Some(reason);
            std::io::Error::other(message)
        })
    });
    match (wrong, written) {
        (Some(reason), _) => Err(reason),
        (None, written) => written
            .map_err(|e| Reason::new(ReasonKind::Harness, format!("{}: {e}", path.display()))),
    }
}

fn write(spec: &CellSpec, table: &Table, file: std::fs::File) -> Result<(), Reason> {
    let harness = |e: &dyn std::fmt::Display| Reason::new(ReasonKind::Harness, e.to_string());
    let no_data = |e: examples::Error| Reason::new(ReasonKind::NoData, e.to_string());
    let protocol = &spec.protocol;
    let learned = learned(spec);
    let wanted: Vec<Split> = Split::ALL
        .into_iter()
        .filter(|p| learned.contains(p) || protocol.eval.contains(p))
        .collect();
    let parts: Vec<Split> =
        table.parts().map_err(no_data)?.into_iter().filter(|part| wanted.contains(part)).collect();
    let mut stream = if learned.is_empty() {
        table.questions(&wanted, 0)
    } else {
        table.stream(&wanted, &spec.task.labels, 0)
    }
    .map_err(no_data)?;
    let mut piece = stream.next(WINDOW).map_err(no_data)?;
    let mut layout = Layout {
        groups: piece.groups.keys().cloned().collect(),
        votes: WithVotes::No,
        ..Layout::of(&spec.task)
    };
    let ordered = !matches!(protocol.order, Order::Given) && layout.kind.has_options();
    if ordered {
        layout.groups.push(ORDER.to_owned());
        layout.groups.sort();
    }
    let mut writer = Writer::new(file, &layout).map_err(|e| harness(&e))?;
    let mut first = 0;
    while !piece.is_empty() {
        for row in 0..piece.len() {
            let part = parts[first + row];
            let mut example = question(&piece, row);
            if learned.contains(&part) {
                let label = piece.labels[row] as usize;
                example.label = spec.task.labels.get(label).cloned().unwrap_or_default();
            }
            if ordered {
                let orders = orders(protocol, piece.ids.get(row), example.item.options.len())?;
                example.groups.insert(ORDER.to_owned(), orders);
            }
            writer.push(&example, part).map_err(|e| harness(&e))?;
        }
        first += piece.len();
        piece = stream.next(WINDOW).map_err(no_data)?;
    }
    writer.finish().map(drop).map_err(|e| harness(&e))
}

/// What may be shown of an example. Nothing of its answer is taken over, whatever was read.
fn question(piece: &Examples, row: usize) -> Example {
    let item = piece.items.get(row).map_or_else(Item::default, |item| Item {
        options: item.options.clone(),
        fields: item.fields.clone(),
        ..Item::default()
    });
    let groups: BTreeMap<String, String> =
        piece.groups.iter().map(|(name, tags)| (name.clone(), tags.get(row).to_owned())).collect();
    Example {
        id: opaque_id(piece.ids.get(row)),
        text: piece.texts.get(row).to_owned(),
        culture: piece.cultures.get(row).to_owned(),
        groups,
        item,
        ..Example::default()
    }
}

/// All orders of an example's options.
fn orders(protocol: &Protocol, id: &str, options: usize) -> Result<String, Reason> {
    let draws = (0..protocol.order.times()).map(|draw| {
        let order = order::shown(&protocol.order, id, draw, options)?;
        Ok(order.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
    });
    let draws: Result<Vec<String>, crate::prompts::PromptError> = draws.collect();
    draws.map(|draws| draws.join(";")).map_err(|e| Reason::new(ReasonKind::Harness, e.to_string()))
}

/// The place in the official order of each shown option of a question, in its `draw`-th order; none where the file does not tell.
pub fn order_of(
    protocol: &Protocol,
    questions: &Examples,
    row: usize,
    draw: usize,
) -> Option<Vec<usize>> {
    let options = questions.items.get(row)?.options.len();
    if matches!(protocol.order, Order::Given) {
        return Some((0..options).collect());
    }
    let order = questions.groups.get(ORDER)?.get(row).split(';').nth(draw)?;
    let order: Option<Vec<usize>> = order.split(',').map(|place| place.parse().ok()).collect();
    order.filter(|order| order.iter().all(|place| *place < options))
}

/// A message of a plugin's process with the real id of the example that it names.
pub(super) fn with_real_id(spec: &CellSpec, message: &str) -> String {
    let words = message.split(|c: char| !c.is_ascii_hexdigit());
    let Some(opaque) = words.clone().find(|word| word.len() == 32) else {
        return message.to_owned();
    };
    let find = || -> Result<Option<String>, examples::Error> {
        let mut ids = Table::open(spec.data.path.as_ref())?.ids(&Split::ALL, 0)?;
        loop {
            let piece = ids.next(WINDOW)?;
            if piece.is_empty() {
                return Ok(None);
            }
            if let Some(id) = piece.ids.iter().find(|id| opaque_id(id) == opaque) {
                return Ok(Some(id.to_owned()));
            }
        }
    };
    // Without the data the message stays as it is.
    find().ok().flatten().map_or_else(|| message.to_owned(), |id| message.replace(opaque, &id))
}

/// The splits whose labels a model learns from.
fn learned(spec: &CellSpec) -> Vec<Split> {
    let protocol = &spec.protocol;
    let head = matches!(protocol.embedding, Some(Embedding::LinearHead));
    let near = matches!(protocol.embedding, Some(Embedding::KnnAndProbe { .. }));
    let mut parts = Vec::new();
    if protocol.fit || head || near || spec.model.prompt.shots > 0 {
        parts.extend(&protocol.train);
    }
    if protocol.fit || head {
        parts.push(Split::Valid);
    }
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The tags that decide which file has the words of a prompt.
fn groups(protocol: &Protocol) -> Vec<String> {
    let files = protocol.prompts.iter().filter_map(|prompt| prompt.wording.as_ref()?.file.as_ref());
    let names = files.filter_map(|file| Template::parse(file).ok());
    let mut names: Vec<String> =
        names.flat_map(|file| file.names().map(str::to_owned).collect::<Vec<_>>()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests;
