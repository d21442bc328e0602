//! Cells with more examples than one process should predict: their examples are predicted in slices side by side, each in
//! `CELL/slices/<i>-of-<n>/`, and joined to the same bytes that the cell would have left by itself.
//!
//! The first slice fits and leaves the model in the cell's `state/`; the others begin when it is there. Who ends the last
//! slice joins them; where it died before, the next `run` does.

use std::io;

use fs_err as fs;

use super::options::Options;
use super::plugins::Plugins;
use crate::definition::dataset::Capability;
use crate::definition::model::Offer;
use crate::prepare::Meta;
use crate::store::path_text;
use crate::store::record::{CellSpec, End, Reason, Record, Slice, Timing, fail, record_of};
use crate::store::{self, CellFolder, RunFolder, predictions};

/// Whether a cell may be sliced, by its plugin: each slice needs the fitted model, and embeddings are evaluated together.
fn may_be_sliced(spec: &CellSpec, saves: bool) -> bool {
    let hands_over = !spec.protocol.fit || (saves && spec.model.lets(Offer::Save));
    spec.served != Capability::Embed && hands_over
}

/// The slices of a cell, at most `size` examples in each; itself where it is done, one is enough, or none are asked for. A
/// cell that was begun in slices resumes in as many, whatever is asked for now. `examples` counts what it evaluates.
fn of(
    run: &RunFolder,
    spec: CellSpec,
    size: Option<u64>,
    examples: impl FnOnce(&CellSpec) -> io::Result<u64>,
) -> io::Result<Vec<CellSpec>> {
    let folder = run.cell(&spec.folder());
    let of = match (begun(&folder)?, size) {
        (Some(of), _) => of,
        (None, None) => 1,
        (None, Some(size)) => {
            let (examples, batch) = (examples(&spec)?, spec.model.batch.max(1) as u64);
            examples.div_ceil(size).min(examples.div_ceil(batch)) as usize
        }
    };
    let is_done = || -> io::Result<bool> {
        Ok(record_of(&folder, &spec.key)?.is_some_and(|r| matches!(r.end, End::Done { .. })))
    };
    if of < 2 || is_done()? {
        return Ok(vec![spec]);
    }
    let slice = |index| CellSpec { slice: Some(Slice { index, of }), ..spec.clone() };
    Ok((0..of).map(slice).collect())
}

/// The cells of a plan, those that predict more examples than one process should as their slices.
pub fn of_plan(
    cells: Vec<CellSpec>,
    options: &Options,
    plugins: &Plugins,
    run: &RunFolder,
) -> io::Result<Vec<CellSpec>> {
    let mut all = Vec::with_capacity(cells.len());
    for spec in cells {
        let saves = plugins.get(&spec.model.plugin).is_ok_and(|described| described.saves);
        let size = options.of(&spec.model).slice.value;
        let size = Some(size).filter(|size| *size > 0 && may_be_sliced(&spec, saves));
        let examples = |spec: &CellSpec| Ok(Meta::beside(spec.data.path.as_ref())?.evaluated(spec));
        all.extend(of(run, spec, size, examples)?);
    }
    Ok(all)
}

/// The folders of a cell's slices that are there, in order.
pub fn folders(whole: &CellFolder) -> io::Result<Vec<CellFolder>> {
    let folder = whole.path().join("slices");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names.into_iter().map(CellFolder::at).collect())
}

/// In how many slices a cell was begun.
fn begun(whole: &CellFolder) -> io::Result<Option<usize>> {
    let name = folders(whole)?.last().map(|folder| path_text(folder.path()));
    Ok(name.and_then(|name| name.rsplit_once("-of-")?.1.parse().ok()))
}

/// Whether a cell's turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It can run.
    Now,
    /// Its model is being fitted by the first slice.
    Later,
    /// The cell that it is a slice of has its end.
    Never,
}

/// Whether the turn of a cell in `folder` has come.
pub fn turn(spec: &CellSpec, folder: &CellFolder) -> io::Result<Readiness> {
    let Some(slice) = spec.slice else { return Ok(Readiness::Now) };
    let whole = folder.whole();
    Ok(if record_of(&whole, &spec.key)?.is_some() {
        Readiness::Never
    } else if slice.index == 0 || !spec.protocol.fit || whole.state().join("complete").is_file() {
        Readiness::Now
    } else {
        Readiness::Later
    })
}

/// Ends the cell of a slice, where all its slices have ended or one has failed.
pub fn settle(spec: &CellSpec, folder: &CellFolder) -> io::Result<()> {
    let Some(slice) = spec.slice else { return Ok(()) };
    let (whole, key) = (folder.whole(), &spec.key);
    let all: Vec<CellFolder> =
        (0..slice.of).map(|index| whole.slice(Slice { index, ..slice })).collect();
    let mut ends = Vec::new();
    for (i, one) in all.iter().enumerate() {
        match record_of(one, key)?.map(|record| record.end) {
            Some(End::Failed { reason }) => {
                let message = format!("slice {} of {}: {}", i + 1, slice.of, reason.message);
                fail(&whole, key, Reason::new(reason.kind, message))?;
                return Ok(());
            }
            end => ends.extend(end),
        }
    }
    if ends.len() < all.len() || record_of(&whole, key)?.is_some() {
        return Ok(());
    }
    match join(&whole, key, &all, ends) {
        // Another process was faster, and has cleared up.
        Err(error) if record_of(&whole, key)?.is_none() => Err(error),
        _ => Ok(()),
    }
}

fn join(whole: &CellFolder, key: &str, slices: &[CellFolder], ends: Vec<End>) -> io::Result<()> {
    let parts: Vec<_> = slices.iter().map(CellFolder::predictions).collect();
    let path = whole.predictions();
    // Whoever joins at the same time writes the same bytes.
    store::write_atomic(&path, |file| predictions::join(file, &parts))?;
    let end = ends.into_iter().reduce(|all, one| match (all, one) {
        (
            End::Done { predictions, rows, examples, variants, primary, plugin },
            End::Done { rows: more, examples: further, .. },
        ) => End::Done {
            predictions,
            rows: rows + more,
            examples: examples + further,
            variants,
            primary,
            plugin,
        },
        (all, _) => all,
    });
    let Some(End::Done { rows, examples, variants, primary, plugin, .. }) = end else {
        return Ok(());
    };
    let predictions = store::sha256_file(&path)?;
    let end = End::Done { predictions, rows, examples, variants, primary, plugin };
    store::write_json(&whole.timing(), &together(slices))?;
    let said = slices.iter().filter(|slice| slice.messages().is_file());
    let said: Vec<Vec<u8>> =
        said.map(|slice| store::read_plain(&slice.messages())).collect::<io::Result<_>>()?;
    store::write_atomic(&whole.messages(), |file| io::Write::write_all(file, &said.concat()))?;
    store::place_json(&whole.record(), &Record::new(key, end))?;
    for part in parts {
        match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The seconds of all slices and the most memory of any.
fn together(slices: &[CellFolder]) -> Timing {
    let mut all = Timing { started: u64::MAX, ..Timing::default() };
    for slice in slices {
        let one: Timing = store::read_json(&slice.timing()).unwrap_or_default();
        all.load_seconds += one.load_seconds;
        all.fit_seconds += one.fit_seconds;
        all.predict_seconds += one.predict_seconds;
        all.total_seconds += one.total_seconds;
        all.peak_mib = all.peak_mib.max(one.peak_mib);
        all.threads = one.threads;
        all.starts += one.starts;
        if one.started < all.started {
            (all.started, all.host) = (one.started, one.host);
        }
    }
    all
}
