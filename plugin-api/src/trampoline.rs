//! From the C table to the trait: one trampoline a function. Panics stop here and become an error with their text.

#![expect(unsafe_code, reason = "the boundary itself")]

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

#[allow(clippy::wildcard_imports, reason = "the whole layout is what this module is about")]
use crate::abi::*;
use crate::choose::OptionScores;
use crate::foreign::{
    batch, borrowed, dataset, generation, given, options, put, text, texts, view_mut,
};
pub use crate::panics::caught;
use crate::replies::Replies;
use crate::safe::{Capability, Error, ErrorKind, Host, Matrix, Part, Plugin, Scores, Task};

/// Exports a [`Plugin`](crate::Plugin) as the one symbol that the harness looks for.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        /// The table of this plugin.
        #[unsafe(no_mangle)]
        #[allow(unsafe_code, unreachable_pub)]
        pub extern "C" fn culture_eval_plugin_v1() -> *const $crate::abi::CePlugin {
            static TABLE: $crate::abi::CePlugin = $crate::trampoline::table::<$plugin>(
                env!("CARGO_PKG_VERSION"),
                if cfg!(debug_assertions) { "rust, debug" } else { "rust, release" },
            );
            &raw const TABLE
        }
    };
}

/// A model with what its calls need.
struct Handle<P> {
    plugin: P,
    host: Host,
    labels: usize,
}

/// The table of a plugin.
pub const fn table<P: Plugin>(version: &'static str, build_info: &'static str) -> CePlugin {
    CePlugin {
        abi_major: CE_ABI_MAJOR,
        abi_minor: CE_ABI_MINOR,
        struct_size: size_of::<CePlugin>(),
        capabilities: Capability::bits(P::CAPABILITIES),
        name: borrowed(P::NAME),
        version: borrowed(version),
        build_info: borrowed(build_info),
        create: Some(create::<P>),
        destroy: Some(destroy::<P>),
        fit: Some(fit::<P>),
        classify: Some(classify::<P>),
        dimension: Some(dimension::<P>),
        embed: Some(embed::<P>),
        loglikelihood: Some(loglikelihood::<P>),
        generate: Some(generate::<P>),
        save: Some(save::<P>),
        load: Some(load::<P>),
        explain: Some(explain::<P>),
        fit_piece: Some(fit_piece::<P>),
        fit_end: Some(fit_end::<P>),
        choose: Some(choose::<P>),
    }
}

/// Runs a call; an error or a panic fills `error` and becomes a status.
///
/// # Safety
/// `error` is null or points to a `CeError` with a buffer of its capacity.
unsafe fn call(error: *mut CeError, body: impl FnOnce() -> Result<(), Error>) -> i32 {
    let (status, message, example) = match caught(body) {
        Ok(Ok(())) => return CE_OK,
        Ok(Err(e)) => {
            let (status, example) = match e.kind {
                ErrorKind::Config => (CE_ERROR_CONFIG, usize::MAX),
                ErrorKind::Load => (CE_ERROR_LOAD, usize::MAX),
                ErrorKind::Memory => (CE_ERROR_MEMORY, usize::MAX),
                ErrorKind::Input(example) => (CE_ERROR_INPUT, example),
                ErrorKind::Cancelled => (CE_ERROR_CANCELLED, usize::MAX),
                ErrorKind::Unsupported => (CE_ERROR_UNSUPPORTED, usize::MAX),
                ErrorKind::Internal => (CE_ERROR_INTERNAL, usize::MAX),
            };
            (status, e.message, example)
        }
        Err(panic) => (CE_ERROR_PANIC, panic, usize::MAX),
    };
    // SAFETY: promised by the caller.
    if let Some(error) = unsafe { error.as_mut() } {
        let mut len = message.len().min(error.capacity);
        while !message.is_char_boundary(len) {
            len -= 1;
        }
        // SAFETY: the buffer has `capacity` bytes, of which `len` are written.
        unsafe { ptr::copy_nonoverlapping(message.as_ptr(), error.message, len) };
        error.len = len;
        error.example = example;
    }
    status
}

/// # Safety
/// `handle` came from `create::<P>` and no other call runs on it.
unsafe fn handle<'a, P: Plugin>(handle: *mut c_void) -> Result<&'a mut Handle<P>, Error> {
    // SAFETY: promised by the caller.
    unsafe { handle.cast::<Handle<P>>().as_mut() }
        .ok_or_else(|| Error::internal("the handle is null"))
}

/// The host's pointers as a value that may travel between threads.
#[derive(Clone, Copy)]
struct Calls {
    host: *const CeHost,
}
// SAFETY: the ABI says that the host's functions are callable from any thread while the handle lives.
unsafe impl Send for Calls {}
// SAFETY: as above.
unsafe impl Sync for Calls {}

impl Calls {
    fn host(&self) -> &CeHost {
        // SAFETY: the host lives until the handle is destroyed, and this value lives inside the handle.
        unsafe { &*self.host }
    }
}

fn wrap(host: *const CeHost) -> Host {
    let calls = Calls { host };
    Host {
        threads: calls.host().threads.max(1) as usize,
        seed: calls.host().seed,
        log: Box::new(move |message| {
            if let Some(log) = calls.host().log {
                // SAFETY: a host function with its own context.
                unsafe { log(calls.host().context, borrowed(message)) };
            }
        }),
        progress: Box::new(move |done, total| {
            if let Some(progress) = calls.host().progress {
                // SAFETY: as above.
                unsafe { progress(calls.host().context, done, total) };
            }
        }),
        metric: Box::new(move |name, step, value| {
            if let Some(metric) = calls.host().metric {
                // SAFETY: as above.
                unsafe { metric(calls.host().context, borrowed(name), step, value) };
            }
        }),
        is_cancelled: Box::new(move || {
            // SAFETY: as above.
            calls.host().is_cancelled.is_some_and(|ask| unsafe { ask(calls.host().context) } != 0)
        }),
    }
}

unsafe extern "C" fn create<P: Plugin>(
    config: CeStr,
    task: *const CeTask,
    host: *const CeHost,
    out: *mut *mut c_void,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes pointers that live for the call; `host` lives until destroy.
        let (config, task, host) = unsafe {
            let task = given(task, "the task")?;
            if host.is_null() || out.is_null() {
                return Err(Error::internal("the host or the place for the handle is null"));
            }
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            let task = Task {
                name: text(task.name, "the task's name")?.to_owned(),
                protocol: text(task.protocol, "the protocol's name")?.to_owned(),
                labels: owned(texts(task.labels, task.n_labels, "a label")?),
                cultures: owned(texts(task.cultures, task.n_cultures, "a culture")?),
            };
            (text(config, "the configuration")?, task, wrap(host))
        };
        let plugin = P::create(config, &task, &host)?;
        let handle = Box::new(Handle { plugin, host, labels: task.labels.len() });
        // SAFETY: `out` is a place of the host's for one pointer.
        unsafe { *out = Box::into_raw(handle).cast() };
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn destroy<P: Plugin>(handle: *mut c_void) {
    if !handle.is_null() {
        // SAFETY: the handle came from `create::<P>` and is not used again.
        let handle = unsafe { Box::from_raw(handle.cast::<Handle<P>>()) };
        // A panic while dropping must not leave the function; nobody is left to hear of it.
        let _ = caught(|| drop(handle));
    }
}

unsafe extern "C" fn fit<P: Plugin>(
    at: *mut c_void,
    train: *const CeDataset,
    valid: *const CeDataset,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes pointers that live for the call.
        let (handle, train, valid) =
            unsafe { (handle::<P>(at)?, dataset(train)?, dataset(valid)?) };
        handle.plugin.fit(&train, &valid, &handle.host)
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn fit_piece<P: Plugin>(
    at: *mut c_void,
    part: u32,
    piece: *const CeDataset,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes pointers that live for the call.
        let (handle, piece) = unsafe { (handle::<P>(at)?, dataset(piece)?) };
        let part = match part {
            CE_PART_TRAIN => Part::Train,
            CE_PART_VALID => Part::Valid,
            other => return Err(Error::internal(format!("there is no part {other}"))),
        };
        handle.plugin.fit_piece(part, &piece, &handle.host)
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn fit_end<P: Plugin>(
    at: *mut c_void,
    again: *mut u8,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: a handle of ours.
        let handle = unsafe { handle::<P>(at)? };
        let more = handle.plugin.fit_end(&handle.host)?;
        // SAFETY: a place of the host's for one byte.
        unsafe { again.write(more.into()) };
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn classify<P: Plugin>(
    at: *mut c_void,
    rows: *const CeBatch,
    scores: *mut f32,
    answered: *mut u8,
    filled: *mut usize,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes buffers of `n * n_labels` and `n` values that live for the call.
        unsafe {
            let handle = handle::<P>(at)?;
            let batch = batch(rows)?;
            let n = batch.len();
            let mut scores = Scores {
                values: view_mut(scores, n * handle.labels),
                answered: view_mut(answered, n),
                labels: handle.labels,
            };
            handle.plugin.classify(&batch, &mut scores, &handle.host)?;
            *filled = n;
        }
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn choose<P: Plugin>(
    at: *mut c_void,
    rows: *const CeBatch,
    asked: *const CeOptions,
    scores: *mut f32,
    answered: *mut u8,
    filled: *mut usize,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes buffers of one value an option and one an example that live for the call.
        unsafe {
            let handle = handle::<P>(at)?;
            let batch = batch(rows)?;
            let n = batch.len();
            let options = options(asked, n)?;
            let mut scores = OptionScores {
                values: view_mut(scores, options.texts.len()),
                ends: options.ends,
                answered: view_mut(answered, n),
            };
            handle.plugin.choose(&batch, &options, &mut scores, &handle.host)?;
            *filled = n;
        }
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn dimension<P: Plugin>(at: *mut c_void) -> usize {
    // SAFETY: a handle of ours; a panic becomes 0, which the host refuses.
    caught(|| unsafe { handle::<P>(at) }.map_or(0, |h| h.plugin.dimension())).unwrap_or(0)
}

unsafe extern "C" fn embed<P: Plugin>(
    at: *mut c_void,
    rows: *const CeBatch,
    vectors: *mut f32,
    filled: *mut usize,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes a buffer of `n * dimension` values that lives for the call.
        unsafe {
            let handle = handle::<P>(at)?;
            let batch = batch(rows)?;
            let (n, columns) = (batch.len(), handle.plugin.dimension());
            let mut vectors = Matrix { values: view_mut(vectors, n * columns), columns };
            handle.plugin.embed(&batch, &mut vectors, &handle.host)?;
            *filled = n;
        }
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn loglikelihood<P: Plugin>(
    at: *mut c_void,
    n: usize,
    contexts: *const CeStr,
    continuations: *const CeStr,
    results: *mut CeLoglikelihood,
    filled: *mut usize,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes `n` texts twice and room for `n` results.
        unsafe {
            let handle = handle::<P>(at)?;
            let contexts = texts(contexts, n, "a context")?;
            let continuations = texts(continuations, n, "a continuation")?;
            let found = handle.plugin.loglikelihood(&contexts, &continuations, &handle.host)?;
            for (place, one) in view_mut(results, n).iter_mut().zip(&found) {
                *place =
                    CeLoglikelihood { sum: one.sum, tokens: one.tokens, greedy: one.greedy.into() };
            }
            *filled = found.len();
        }
        Ok(())
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn generate<P: Plugin>(
    at: *mut c_void,
    n: usize,
    prompts: *const CeStr,
    how: *const CeGeneration,
    sink: *const CeSink,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes pointers that live for the call.
        unsafe {
            let handle = handle::<P>(at)?;
            let prompts = texts(prompts, n, "a prompt")?;
            let (how, note) = generation(how)?;
            let mut put = put(sink, note)?;
            handle.plugin.generate(&prompts, &how, &mut Replies { put: &mut put }, &handle.host)
        }
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn explain<P: Plugin>(
    at: *mut c_void,
    rows: *const CeBatch,
    sink: *const CeSink,
    error: *mut CeError,
) -> i32 {
    let body = || {
        // SAFETY: the host passes pointers that live for the call.
        unsafe {
            let handle = handle::<P>(at)?;
            let batch = batch(rows)?;
            let mut put = put(sink, None)?;
            handle.plugin.explain(&batch, &mut Replies { put: &mut put }, &handle.host)
        }
    };
    // SAFETY: `error` is the host's.
    unsafe { call(error, body) }
}

unsafe extern "C" fn save<P: Plugin>(at: *mut c_void, folder: CeStr, error: *mut CeError) -> i32 {
    // SAFETY: the host passes a text that lives for the call, and `error` is its own.
    unsafe { call(error, || handle::<P>(at)?.plugin.save(Path::new(text(folder, "the folder")?))) }
}

unsafe extern "C" fn load<P: Plugin>(at: *mut c_void, folder: CeStr, error: *mut CeError) -> i32 {
    // SAFETY: as `save`.
    unsafe { call(error, || handle::<P>(at)?.plugin.load(Path::new(text(folder, "the folder")?))) }
}
