//! The end of a cell: its answers and then its record, in a folder where another start of it may end at the same time.
//!
//! The process of a plugin leaves its answers in a log in its working folder and says that it is ready. What it left is foreign
//! data: it is checked and committed here, outside the sandbox, and joined with the real ids.
//!
//! The first commit counts. Answers are put down only where none are; the record tells their hash and is put down only
//! where none is. Both starts of a deterministic model have the same bytes, and what the second one finds is its own.

use std::io;
use std::path::PathBuf;

use fs_err as fs;

use super::events::Answered;
use crate::answer::Answer;
use crate::example::Examples;
use crate::store::examples::{Stream, Table};
use crate::store::log::{self, Prediction};
use crate::store::predictions::{Texts, Writer};
use crate::store::record::{CellSpec, End, Reason, ReasonKind, Record, record_of};
use crate::store::{self, CellFolder};

/// Examples that are read at once, about.
const WINDOW: usize = 1 << 13;

/// Variants that a cell may have.
const MOST_VARIANTS: usize = 10_000;

/// Bytes of a name that a plugin gives itself.
const NAME_BYTES: usize = 1000;

/// Answers without a record are of a start that was killed between the two.
pub(super) fn clear_leftovers(spec: &CellSpec, folder: &CellFolder) -> io::Result<()> {
    let there = folder.predictions().symlink_metadata().is_ok();
    if there && record_of(folder, &spec.key)?.is_none() {
        fs::remove_file(folder.predictions())?;
    }
    Ok(())
}

/// Puts the answers of a cell down; the record comes last, and what it says comes back. The second value is false where another start had done so
/// before.
///
/// # Errors
/// What the plugin's process left is damaged or incomplete; data and disk.
pub(super) fn commit(
    spec: &CellSpec,
    folder: &CellFolder,
    answered: &Answered,
) -> Result<(End, bool), Reason> {
    commit_first(spec, folder, answered).or_else(|reason| match record_of(folder, &spec.key) {
        // Another start was faster and has cleared up.
        Ok(Some(Record { end: end @ End::Done { .. }, .. })) => Ok((end, false)),
        _ => Err(reason),
    })
}

fn commit_first(
    spec: &CellSpec,
    folder: &CellFolder,
    answered: &Answered,
) -> Result<(End, bool), Reason> {
    sound(answered)?;
    let harness = |e: io::Error| Reason::new(ReasonKind::Harness, e.to_string());
    let rows = Rows::open(spec, folder, answered)?;
    let examples = rows.n;
    let path = folder.predictions();
    let texts = Texts::of(spec.task.kind());
    let mut wrong = None;
    let placed = store::place_atomic(&path, |file| {
        let mut writer = Writer::new(file, &answered.variants, &spec.task.labels, texts)?;
        match rows.write(&mut writer) {
            Ok(()) => writer.finish(),
            Err(reason) => {
                let message = reason.message.clone();
                wrong = Some(reason);
                Err(io::Error::other(message))
            }
        }
    });
    if let Some(reason) = wrong {
        return Err(reason);
    }
    placed.map_err(harness)?;
    recorded(spec, folder, answered, examples).map_err(harness)
}

fn recorded(
    spec: &CellSpec,
    folder: &CellFolder,
    answered: &Answered,
    examples: usize,
) -> io::Result<(End, bool)> {
    let hash = store::sha256_file(&folder.predictions())?;
    let end = End::Done {
        predictions: hash.clone(),
        rows: (examples * answered.variants.len()) as u64,
        examples: examples as u64,
        variants: answered.variants.clone(),
        primary: answered.primary,
        plugin: answered.plugin.clone(),
    };
    let record = Record::new(&spec.key, end);
    let first = store::place_json(&folder.record(), &record)?;
    if !first && !stands(spec, folder, &hash)? {
        // A failure, a damaged record, or the record of answers that are no longer there.
        store::write_json(&folder.record(), &record)?;
    }
    folder.remove_log()?;
    Ok((record.end, first))
}

/// Whether what the process says of its answers can be.
fn sound(answered: &Answered) -> Result<(), Reason> {
    let Answered { variants, primary, plugin } = answered;
    let mut names = variants.clone();
    names.sort_unstable();
    names.dedup();
    let long = |name: &String| name.len() > NAME_BYTES;
    let own = [&plugin.name, &plugin.version, &plugin.build];
    if variants.is_empty() || variants.len() > MOST_VARIANTS || names.len() < variants.len() {
        return Err(wrong(format!("it reports {} sets of answers", variants.len())));
    }
    if *primary == 0 || *primary > variants.len() {
        return Err(wrong(format!("{primary} of {} sets make the score", variants.len())));
    }
    if variants.iter().any(long) || own.into_iter().any(long) {
        return Err(wrong(format!("a name of it is longer than {NAME_BYTES} bytes")));
    }
    Ok(())
}

fn wrong(what: String) -> Reason {
    let message = format!("what the plugin's process left is damaged: {what}; run it again");
    Reason::new(ReasonKind::Plugin, message)
}

/// The logged answers of a cell beside its examples; both come in the same order.
struct Rows<'a> {
    spec: &'a CellSpec,
    variants: usize,
    log: PathBuf,
    examples: Stream,
    /// Examples that are to be answered.
    n: usize,
}

impl<'a> Rows<'a> {
    fn open(spec: &'a CellSpec, folder: &CellFolder, answered: &Answered) -> Result<Self, Reason> {
        let no_data = |e: store::examples::Error| Reason::new(ReasonKind::NoData, e.to_string());
        let table = Table::open(spec.data.path.as_ref()).map_err(no_data)?;
        let eval = &spec.protocol.eval;
        let all = table.count(eval).map_err(no_data)?;
        let all = if spec.limit > 0 { all.min(spec.limit) } else { all };
        let own = match spec.slice {
            Some(slice) => slice.range(all, spec.model.batch.max(1)),
            None => 0..all,
        };
        let examples = if spec.task.kind().has_options() {
            table.questions(eval, own.start)
        } else {
            table.ids(eval, own.start)
        };
        let examples = examples.map_err(no_data)?;
        let variants = answered.variants.len();
        Ok(Self { spec, variants, log: folder.log(), examples, n: own.len() })
    }

    /// Writes every answer with the id of its example. Each example has each variant once.
    fn write(mut self, writer: &mut Writer<'_>) -> Result<(), Reason> {
        let harness = |e: &dyn std::fmt::Display| Reason::new(ReasonKind::Harness, e.to_string());
        let rows = log::rows(&self.log).map_err(|e| wrong(e.to_string()))?;
        let (mut window, mut first) = (Examples::default(), 0);
        let mut seen = vec![false; self.variants];
        let mut count = 0;
        for row in rows {
            let row = row.map_err(|e| wrong(e.to_string()))?;
            let example = count / self.variants;
            if row.example != example || example >= self.n {
                return Err(wrong(format!("answer {count} is to example {}", row.example)));
            }
            if count.is_multiple_of(self.variants) {
                seen.fill(false);
            }
            match seen.get_mut(row.variant) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(wrong(format!("answer {count} has variant {}", row.variant))),
            }
            if example >= first + window.len() {
                first += window.len();
                window = self.examples.next(WINDOW).map_err(|e| harness(&e))?;
                if window.is_empty() {
                    return Err(harness(&format!("there is no example {example}")));
                }
            }
            let place = example - first;
            self.check(&row, &window, place)?;
            writer.push(window.ids.get(place), row).map_err(|e| harness(&e))?;
            count += 1;
        }
        let all = self.n * self.variants;
        if count == all { Ok(()) } else { Err(wrong(format!("{count} of {all} answers"))) }
    }

    /// Whether an answer is one that the example can have.
    fn check(&self, row: &Prediction, window: &Examples, place: usize) -> Result<(), Reason> {
        let labels = self.spec.task.labels.len();
        let own = window.items.get(place).map(|item| item.options.len());
        let most = if self.spec.task.kind().has_options() { own.unwrap_or(labels) } else { labels };
        let answer = match row.answer {
            Answer::Label(label) => Some(label),
            Answer::Unparsable | Answer::Missing => None,
        };
        let given = answer.into_iter().chain(row.top.iter().map(|(label, _)| *label));
        match given.max() {
            Some(label) if label as usize >= most => {
                Err(wrong(format!("answer {label} of {most} to example {}", row.example)))
            }
            _ => Ok(()),
        }
    }
}

/// Whether the record that is there says of the answers that are there.
fn stands(spec: &CellSpec, folder: &CellFolder, hash: &str) -> io::Result<bool> {
    let there = record_of(folder, &spec.key)?;
    Ok(there.is_some_and(
        |there| matches!(there.end, End::Done { predictions, .. } if predictions == hash),
    ))
}
