//! A model: safe calls with every count and number checked.

#![expect(unsafe_code, reason = "the boundary itself")]

mod choose;
mod sinks;

use std::ffi::c_void;
use std::path::Path;
use std::rc::Rc;
use std::{fmt, ptr};

use plugin_api::Part;
use plugin_api::abi::{
    self, CeBatch, CeDataset, CeError, CeGeneration, CeHost, CeLoglikelihood, CeSink, CeStr, CeTask,
};

use super::{Columns, Host, Library, PluginError, TaskInfo};
use crate::prompts::Reply;
use crate::store::record::ReasonKind;
pub use choose::ShownOptions;
use sinks::{Given, note, put, put_reply};

/// A created model.
pub struct Instance<'l> {
    library: &'l Library,
    handle: *mut c_void,
    labels: usize,
    // Both are used by the plugin until the handle is destroyed. Shared, not boxed: see `Host`.
    _table: Rc<CeHost>,
    _host: Host<'l>,
}

impl fmt::Debug for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance of {:?}", self.library)
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Some(destroy) = self.library.table().destroy {
            // SAFETY: the handle is ours and this is its last use.
            unsafe { destroy(self.handle) };
        }
    }
}

/// Texts as the ABI wants them.
fn strs(texts: &[&str]) -> Vec<CeStr> {
    texts.iter().map(|t| str(t)).collect()
}

fn str(text: &str) -> CeStr {
    CeStr { data: text.as_ptr(), len: text.len() }
}

/// One call's room for an error message.
struct ErrorRoom {
    buffer: Vec<u8>,
    error: CeError,
}

impl ErrorRoom {
    const BYTES: usize = 8192;

    fn new() -> Self {
        let mut buffer = vec![0; Self::BYTES];
        let error = CeError {
            struct_size: size_of::<CeError>(),
            message: buffer.as_mut_ptr(),
            capacity: buffer.len(),
            len: 0,
            example: usize::MAX,
        };
        Self { buffer, error }
    }

    /// The status as a result; `ids` are those of the batch.
    fn check(
        &self,
        library: &Library,
        call: &'static str,
        status: i32,
        ids: &[&str],
    ) -> Result<(), PluginError> {
        if status == abi::CE_OK {
            return Ok(());
        }
        let bytes = &self.buffer[..self.error.len.min(self.buffer.len())];
        let mut message = String::from_utf8_lossy(bytes).trim().to_owned();
        if message.is_empty() {
            message = format!("status {status} without a message");
        }
        let kind = match status {
            abi::CE_ERROR_CONFIG => ReasonKind::Config,
            abi::CE_ERROR_MEMORY => ReasonKind::OutOfMemory,
            abi::CE_ERROR_PANIC => ReasonKind::Panic,
            abi::CE_ERROR_LOAD => ReasonKind::NoWeights,
            abi::CE_ERROR_UNSUPPORTED => ReasonKind::NotServed,
            _ => ReasonKind::Plugin,
        };
        if kind == ReasonKind::Panic {
            message = format!("panicked: {message}");
        }
        let example = ids.get(self.error.example).map(|id| (*id).to_owned());
        Err(PluginError::Call { plugin: library.name().to_owned(), call, kind, message, example })
    }
}

impl Library {
    /// Makes a model.
    pub fn create<'l>(
        &'l self,
        config: &str,
        task: &TaskInfo,
        host: Host<'l>,
    ) -> Result<Instance<'l>, PluginError> {
        Instance::create(self, config, task, host)
    }
}

impl<'l> Instance<'l> {
    fn create(
        library: &'l Library,
        config: &str,
        task: &TaskInfo,
        host: Host<'l>,
    ) -> Result<Self, PluginError> {
        let create = offered(library, "create", library.table().create)?;
        let labels: Vec<&str> = task.labels.iter().map(String::as_str).collect();
        let cultures: Vec<&str> = task.cultures.iter().map(String::as_str).collect();
        let (label_strs, culture_strs) = (strs(&labels), strs(&cultures));
        let ce_task = CeTask {
            struct_size: size_of::<CeTask>(),
            name: str(&task.name),
            protocol: str(&task.protocol),
            labels: label_strs.as_ptr(),
            n_labels: labels.len(),
            cultures: culture_strs.as_ptr(),
            n_cultures: cultures.len(),
        };
        let table = Rc::new(host.table());
        let mut handle = ptr::null_mut();
        let mut room = ErrorRoom::new();
        // SAFETY: all pointers live for the call; the host's table lives until the handle is destroyed.
        let status = unsafe {
            create(
                str(config),
                &raw const ce_task,
                Rc::as_ptr(&table),
                &raw mut handle,
                &raw mut room.error,
            )
        };
        room.check(library, "create", status, &[])?;
        if handle.is_null() {
            let problem = "`create` reported ok and gave no handle".to_owned();
            return Err(PluginError::BadTable { path: library.path().to_owned(), problem });
        }
        Ok(Self { library, handle, labels: labels.len(), _table: table, _host: host })
    }

    /// Whether [`Instance::save`] and [`Instance::load`] are offered.
    pub fn can_save(&self) -> bool {
        self.library.saves()
    }

    /// Whether it is fitted by [`Instance::fit_piece`].
    pub fn fits_in_pieces(&self) -> bool {
        self.library.fits_in_pieces()
    }

    /// Learns from labelled columns; where it takes pieces, from one piece of all.
    pub fn fit(
        &mut self,
        train: (Columns<'_>, &[u32]),
        valid: (Columns<'_>, &[u32]),
    ) -> Result<(), PluginError> {
        if self.fits_in_pieces() {
            loop {
                self.fit_piece(Part::Train, train.0, train.1)?;
                self.fit_piece(Part::Valid, valid.0, valid.1)?;
                if !self.fit_end()? {
                    return Ok(());
                }
            }
        }
        let fit = offered(self.library, "fit", self.library.table().fit)?;
        let sets = [train, valid]
            .map(|(columns, labels)| (strs(columns.ids), strs(columns.texts), columns, labels));
        let [train, valid] = [0, 1].map(|i| {
            let (ids, texts, columns, labels) = &sets[i];
            assert_eq!(ids.len(), labels.len(), "one label a row");
            CeDataset { examples: batch(ids, texts, columns), labels: labels.as_ptr() }
        });
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, all columns live for the call.
        let status =
            unsafe { fit(self.handle, &raw const train, &raw const valid, &raw mut room.error) };
        room.check(self.library, "fit", status, sets[0].2.names)
    }

    /// Learns from a piece of labelled columns; a pass is all of train, then all of valid, then [`Instance::fit_end`].
    pub fn fit_piece(
        &mut self,
        part: Part,
        columns: Columns<'_>,
        labels: &[u32],
    ) -> Result<(), PluginError> {
        let fit = offered(self.library, "fit_piece", self.library.table().fit_piece)?;
        assert_eq!(columns.ids.len(), labels.len(), "one label a row");
        let (ids, texts) = (strs(columns.ids), strs(columns.texts));
        let piece = CeDataset { examples: batch(&ids, &texts, &columns), labels: labels.as_ptr() };
        let part = match part {
            Part::Train => abi::CE_PART_TRAIN,
            Part::Valid => abi::CE_PART_VALID,
        };
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, all columns live for the call.
        let status = unsafe { fit(self.handle, part, &raw const piece, &raw mut room.error) };
        room.check(self.library, "fit", status, columns.names)
    }

    /// Ends a pass; whether another one is needed.
    pub fn fit_end(&mut self) -> Result<bool, PluginError> {
        let end = offered(self.library, "fit_end", self.library.table().fit_end)?;
        let mut again = 0;
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours.
        let status = unsafe { end(self.handle, &raw mut again, &raw mut room.error) };
        room.check(self.library, "fit", status, &[])?;
        Ok(again != 0)
    }

    /// Scores `[n, labels]` into `scores`, and which rows have an answer.
    pub fn classify(
        &mut self,
        columns: Columns<'_>,
        scores: &mut Vec<f32>,
    ) -> Result<Vec<bool>, PluginError> {
        let classify = offered(self.library, "classify", self.library.table().classify)?;
        let (ids, texts) = (strs(columns.ids), strs(columns.texts));
        let rows = batch(&ids, &texts, &columns);
        scores.clear();
        scores.resize(ids.len() * self.labels, f32::NAN);
        let mut answered = vec![1_u8; ids.len()];
        let mut filled = 0;
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, the buffers have the sizes that the ABI names.
        let status = unsafe {
            classify(
                self.handle,
                &raw const rows,
                scores.as_mut_ptr(),
                answered.as_mut_ptr(),
                &raw mut filled,
                &raw mut room.error,
            )
        };
        room.check(self.library, "classify", status, columns.names)?;
        self.count("classify", filled, ids.len())?;
        let answered: Vec<bool> = answered.into_iter().map(|a| a != 0).collect();
        for (row, values) in scores.chunks(self.labels.max(1)).enumerate() {
            if answered[row] {
                self.finite("classify", values, columns.names[row])?;
            }
        }
        Ok(answered)
    }

    /// Width of the vectors; at least 1.
    pub fn dimension(&self) -> Result<usize, PluginError> {
        let dimension = offered(self.library, "dimension", self.library.table().dimension)?;
        // SAFETY: the handle is ours.
        match unsafe { dimension(self.handle) } {
            0 => Err(PluginError::Call {
                plugin: self.library.name().to_owned(),
                call: "dimension",
                kind: ReasonKind::Plugin,
                message: "its vectors have no columns".to_owned(),
                example: None,
            }),
            columns => Ok(columns),
        }
    }

    /// Vectors `[n, dimension]` into `vectors`.
    pub fn embed(
        &mut self,
        columns: Columns<'_>,
        vectors: &mut Vec<f32>,
    ) -> Result<(), PluginError> {
        let embed = offered(self.library, "embed", self.library.table().embed)?;
        let width = self.dimension()?;
        let (ids, texts) = (strs(columns.ids), strs(columns.texts));
        let rows = batch(&ids, &texts, &columns);
        vectors.clear();
        vectors.resize(ids.len() * width, f32::NAN);
        let mut filled = 0;
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, the buffer has `n * dimension` values.
        let status = unsafe {
            embed(
                self.handle,
                &raw const rows,
                vectors.as_mut_ptr(),
                &raw mut filled,
                &raw mut room.error,
            )
        };
        room.check(self.library, "embed", status, columns.names)?;
        self.count("embed", filled, ids.len())?;
        for (row, values) in vectors.chunks(width).enumerate() {
            self.finite("embed", values, columns.names[row])?;
        }
        Ok(())
    }

    /// One result for each pair of context and continuation.
    pub fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
    ) -> Result<Vec<plugin_api::Loglikelihood>, PluginError> {
        assert_eq!(contexts.len(), continuations.len(), "a continuation a context");
        let call = offered(self.library, "loglikelihood", self.library.table().loglikelihood)?;
        let (a, b) = (strs(contexts), strs(continuations));
        let mut results = vec![CeLoglikelihood { sum: f64::NAN, tokens: 0, greedy: 0 }; a.len()];
        let mut filled = 0;
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, the buffers have `n` values.
        let status = unsafe {
            call(
                self.handle,
                a.len(),
                a.as_ptr(),
                b.as_ptr(),
                results.as_mut_ptr(),
                &raw mut filled,
                &raw mut room.error,
            )
        };
        room.check(self.library, "loglikelihood", status, contexts)?;
        self.count("loglikelihood", filled, a.len())?;
        results
            .into_iter()
            .zip(continuations)
            .map(|(r, continuation)| {
                // Minus infinity is an honest answer: the continuation is impossible.
                if r.sum.is_nan() || r.sum > 0.0 {
                    let (plugin, example) =
                        (self.library.name().to_owned(), (*continuation).to_owned());
                    return Err(PluginError::NotFinite {
                        plugin,
                        call: "loglikelihood",
                        value: r.sum,
                        example,
                    });
                }
                Ok(plugin_api::Loglikelihood {
                    sum: r.sum,
                    tokens: r.tokens,
                    greedy: r.greedy != 0,
                })
            })
            .collect()
    }

    /// One reply for each prompt.
    pub fn generate(
        &mut self,
        prompts: &[&str],
        max_tokens: u64,
    ) -> Result<Vec<Reply>, PluginError> {
        let call = offered(self.library, "generate", self.library.table().generate)?;
        let texts = strs(prompts);
        let how = CeGeneration {
            struct_size: size_of::<CeGeneration>(),
            max_tokens,
            temperature: 0.0,
            note: Some(note),
        };
        let mut given: Vec<Given> = vec![Given::default(); prompts.len()];
        let sink = CeSink { context: (&raw mut given).cast(), put: Some(put_reply) };
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours; the sink's context lives for the call.
        let status = unsafe {
            call(
                self.handle,
                texts.len(),
                texts.as_ptr(),
                &raw const how,
                &raw const sink,
                &raw mut room.error,
            )
        };
        room.check(self.library, "generate", status, prompts)?;
        let replies: Vec<Reply> = given.into_iter().filter_map(Given::reply).collect();
        self.count("generate", replies.len(), prompts.len())?;
        Ok(replies)
    }

    /// One JSON text for each example, as the plugin wrote it.
    pub fn explain(&mut self, columns: Columns<'_>) -> Result<Vec<String>, PluginError> {
        let call = offered(self.library, "explain", self.library.table().explain)?;
        let (ids, texts) = (strs(columns.ids), strs(columns.texts));
        let batch = batch(&ids, &texts, &columns);
        let mut replies: Vec<Option<String>> = vec![None; columns.ids.len()];
        let sink = CeSink { context: (&raw mut replies).cast(), put: Some(put) };
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours; batch and sink live for the call.
        let status =
            unsafe { call(self.handle, &raw const batch, &raw const sink, &raw mut room.error) };
        room.check(self.library, "explain", status, columns.names)?;
        let got = replies.iter().flatten().count();
        self.count("explain", got, columns.ids.len())?;
        Ok(replies.into_iter().flatten().collect())
    }

    /// Saves the fitted model into an empty folder.
    pub fn save(&mut self, folder: &Path) -> Result<(), PluginError> {
        let save = offered(self.library, "save", self.library.table().save)?;
        let mut room = ErrorRoom::new();
        let folder = folder.to_string_lossy();
        // SAFETY: the handle is ours, the text lives for the call.
        let status = unsafe { save(self.handle, str(&folder), &raw mut room.error) };
        room.check(self.library, "save", status, &[])
    }

    /// Loads what [`Instance::save`] wrote.
    pub fn load(&mut self, folder: &Path) -> Result<(), PluginError> {
        let load = offered(self.library, "load", self.library.table().load)?;
        let mut room = ErrorRoom::new();
        let folder = folder.to_string_lossy();
        // SAFETY: as `save`.
        let status = unsafe { load(self.handle, str(&folder), &raw mut room.error) };
        room.check(self.library, "load", status, &[])
    }

    fn count(&self, call: &'static str, got: usize, wanted: usize) -> Result<(), PluginError> {
        if got == wanted {
            return Ok(());
        }
        Err(PluginError::WrongCount { plugin: self.library.name().to_owned(), call, got, wanted })
    }

    fn finite(&self, call: &'static str, values: &[f32], id: &str) -> Result<(), PluginError> {
        match values.iter().find(|v| !v.is_finite()) {
            None => Ok(()),
            Some(value) => Err(PluginError::NotFinite {
                plugin: self.library.name().to_owned(),
                call,
                value: (*value).into(),
                example: id.to_owned(),
            }),
        }
    }
}

fn offered<F>(
    library: &Library,
    call: &'static str,
    function: Option<F>,
) -> Result<F, PluginError> {
    function.ok_or_else(|| PluginError::NotOffered { plugin: library.name().to_owned(), call })
}

fn batch(ids: &[CeStr], texts: &[CeStr], columns: &Columns<'_>) -> CeBatch {
    assert!(
        ids.len() == texts.len()
            && ids.len() == columns.cultures.len()
            && ids.len() == columns.names.len(),
        "columns of one length"
    );
    CeBatch {
        struct_size: size_of::<CeBatch>(),
        n: ids.len(),
        ids: ids.as_ptr(),
        texts: texts.as_ptr(),
        cultures: columns.cultures.as_ptr(),
    }
}
