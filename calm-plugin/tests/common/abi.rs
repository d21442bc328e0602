//! The plugin as the harness calls it: through the C table, with a host that listens and that can ask to stop.
#![expect(unsafe_code, reason = "the boundary is C")]

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

use plugin_api::abi::{
    CE_ABI_MAJOR, CE_ABI_MINOR, CE_OK, CeBatch, CeDataset, CeError, CeHost, CePlugin, CeStr, CeTask,
};

use crate::tiny::Texts;

/// What a host hears.
#[derive(Debug, Default)]
struct Heard {
    metrics: RefCell<Vec<(String, u64, f64)>>,
    asked: Cell<usize>,
    stops_after: Cell<Option<usize>>,
}

/// A model behind the table.
pub(crate) struct Model {
    table: &'static CePlugin,
    handle: *mut c_void,
    labels: usize,
    heard: Box<Heard>,
    _host: Box<CeHost>,
}

fn ce(text: &str) -> CeStr {
    CeStr { data: text.as_ptr(), len: text.len() }
}

unsafe extern "C" fn metric(context: *mut c_void, name: CeStr, step: u64, value: f64) {
    // SAFETY: the context is the `Heard` of a living model; the name lives during the call.
    let (heard, name) =
        unsafe { (&*context.cast::<Heard>(), std::slice::from_raw_parts(name.data, name.len)) };
    heard.metrics.borrow_mut().push((String::from_utf8_lossy(name).into_owned(), step, value));
}

unsafe extern "C" fn is_cancelled(context: *mut c_void) -> i32 {
    // SAFETY: as above.
    let heard = unsafe { &*context.cast::<Heard>() };
    heard.asked.set(heard.asked.get() + 1);
    i32::from(heard.stops_after.get().is_some_and(|most| heard.asked.get() > most))
}

/// Columns as C sees them; they borrow the texts.
struct Columns {
    ids: Vec<CeStr>,
    texts: Vec<CeStr>,
}

impl Columns {
    fn new(texts: &Texts) -> Self {
        let column = |all: &[String]| all.iter().map(|text| ce(text)).collect();
        Self { ids: column(&texts.ids), texts: column(&texts.texts) }
    }

    fn batch(&self, texts: &Texts) -> CeBatch {
        CeBatch {
            struct_size: size_of::<CeBatch>(),
            n: self.ids.len(),
            ids: self.ids.as_ptr(),
            texts: self.texts.as_ptr(),
            cultures: texts.cultures.as_ptr(),
        }
    }

    fn data(&self, texts: &Texts) -> CeDataset {
        CeDataset { examples: self.batch(texts), labels: texts.labels.as_ptr() }
    }
}

/// Calls with a buffer for the message.
fn told(call: impl FnOnce(*mut CeError) -> i32) -> Result<(), String> {
    let mut buffer = vec![0u8; 4096];
    let mut error = CeError {
        struct_size: size_of::<CeError>(),
        message: buffer.as_mut_ptr(),
        capacity: buffer.len(),
        len: 0,
        example: usize::MAX,
    };
    if call(&raw mut error) == CE_OK {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&buffer[..error.len]).into_owned())
    }
}

impl Model {
    /// `create`.
    pub(crate) fn new(
        config: &str,
        labels: &[&str],
        cultures: &[&str],
        seed: u64,
    ) -> Result<Self, String> {
        // SAFETY: the table is static.
        let table = unsafe { &*calm_plugin::culture_eval_plugin_v1() };
        assert_eq!((table.abi_major, table.abi_minor), (CE_ABI_MAJOR, CE_ABI_MINOR));
        let heard = Box::<Heard>::default();
        let host = Box::new(CeHost {
            struct_size: size_of::<CeHost>(),
            context: ptr::from_ref::<Heard>(&heard).cast_mut().cast(),
            threads: 1,
            seed,
            log: None,
            progress: None,
            metric: Some(metric),
            is_cancelled: Some(is_cancelled),
        });
        let names = |all: &[&str]| -> Vec<CeStr> { all.iter().map(|text| ce(text)).collect() };
        let (label_names, culture_names) = (names(labels), names(cultures));
        let task = CeTask {
            struct_size: size_of::<CeTask>(),
            name: ce("tiny"),
            protocol: ce("finetuned"),
            labels: label_names.as_ptr(),
            n_labels: labels.len(),
            cultures: culture_names.as_ptr(),
            n_cultures: cultures.len(),
        };
        let mut handle = ptr::null_mut();
        // SAFETY: all pointers live during the call, and the host as long as the model.
        told(|error| unsafe {
            table.create.unwrap()(
                ce(config),
                &raw const task,
                &raw const *host,
                &raw mut handle,
                error,
            )
        })?;
        Ok(Self { table, handle, labels: labels.len(), heard, _host: host })
    }

    /// `fit`.
    pub(crate) fn fit(&mut self, train: &Texts, valid: &Texts) -> Result<(), String> {
        let (own, other) = (Columns::new(train), Columns::new(valid));
        let (own, other) = (own.data(train), other.data(valid));
        // SAFETY: the columns live during the call.
        told(|error| unsafe {
            self.table.fit.unwrap()(self.handle, &raw const own, &raw const other, error)
        })
    }

    /// `classify`.
    pub(crate) fn classify(&mut self, texts: &Texts) -> Result<Vec<f32>, String> {
        let columns = Columns::new(texts);
        let n = texts.ids.len();
        let (mut scores, mut answered, mut rows) =
            (vec![f32::NAN; n * self.labels], vec![1u8; n], 0);
        let batch = columns.batch(texts);
        let (out, marks) = (scores.as_mut_ptr(), answered.as_mut_ptr());
        // SAFETY: the buffers have the sizes that the ABI asks for.
        told(|error| unsafe {
            self.table.classify.unwrap()(
                self.handle,
                &raw const batch,
                out,
                marks,
                &raw mut rows,
                error,
            )
        })?;
        assert_eq!(rows, n);
        Ok(scores)
    }

    /// The model asks to stop after so many questions whether it should.
    pub(crate) fn stop_after(&self, questions: Option<usize>) {
        self.heard.asked.set(0);
        self.heard.stops_after.set(questions);
    }

    /// All values of a metric, in order.
    pub(crate) fn metric(&self, name: &str) -> Vec<f64> {
        self.heard
            .metrics
            .borrow()
            .iter()
            .filter(|(known, ..)| known == name)
            .map(|(_, _, value)| *value)
            .collect()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: made by `create`, destroyed once.
        unsafe { self.table.destroy.unwrap()(self.handle) };
    }
}
