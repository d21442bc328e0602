//! What a plugin may ask of us, as C functions over a listener.

#![expect(unsafe_code, reason = "the boundary itself")]

use std::ffi::c_void;
use std::rc::Rc;

use plugin_api::abi::{CeHost, CeStr};

/// Hears what a plugin says. Called from any thread.
pub trait Listener: Send + Sync {
    /// A line for the log.
    fn log(&self, message: &str);
    /// `done` of `total` steps; total 0 = unknown.
    fn progress(&self, done: u64, total: u64);
    /// A named number over steps.
    fn metric(&self, name: &str, step: u64, value: f64);
    /// Whether the plugin should stop.
    fn is_cancelled(&self) -> bool;
}

/// The host side of a model: outlives its handle.
pub struct Host<'a> {
    // On the heap, so that the address which the plugin keeps stays the same; a fat pointer does not fit into a `void *`. No box:
    // moving one says that nobody else has its address.
    #[expect(clippy::redundant_allocation, reason = "it gives the fat pointer an address")]
    listener: Rc<&'a dyn Listener>,
    threads: usize,
    seed: u64,
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host {{ threads: {}, seed: {} }}", self.threads, self.seed)
    }
}

impl<'a> Host<'a> {
    /// A host with a thread budget, the recorded seed and a listener.
    pub fn new(threads: usize, seed: u64, listener: &'a dyn Listener) -> Self {
        Self { listener: Rc::new(listener), threads, seed }
    }

    pub(super) fn table(&self) -> CeHost {
        CeHost {
            struct_size: size_of::<CeHost>(),
            context: Rc::as_ptr(&self.listener).cast_mut().cast(),
            threads: u32::try_from(self.threads).unwrap_or(u32::MAX),
            seed: self.seed,
            log: Some(log),
            progress: Some(progress),
            metric: Some(metric),
            is_cancelled: Some(is_cancelled),
        }
    }
}

/// # Safety
/// `context` came from [`Host::table`] and its host lives.
unsafe fn listener<'a>(context: *mut c_void) -> &'a dyn Listener {
    // SAFETY: promised by the caller.
    unsafe { *context.cast::<&dyn Listener>() }
}

/// # Safety
/// `text` lives for the call.
pub(super) unsafe fn lossy(text: CeStr) -> String {
    if text.len == 0 || text.data.is_null() {
        return String::new();
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { std::slice::from_raw_parts(text.data, text.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

unsafe extern "C" fn log(context: *mut c_void, message: CeStr) {
    // SAFETY: the plugin hands back our context and a text of its own.
    unsafe { listener(context).log(&lossy(message)) };
}

unsafe extern "C" fn progress(context: *mut c_void, done: u64, total: u64) {
    // SAFETY: the plugin hands back our context.
    unsafe { listener(context).progress(done, total) };
}

unsafe extern "C" fn metric(context: *mut c_void, name: CeStr, step: u64, value: f64) {
    // SAFETY: as `log`.
    unsafe { listener(context).metric(&lossy(name), step, value) };
}

unsafe extern "C" fn is_cancelled(context: *mut c_void) -> i32 {
    // SAFETY: as `progress`.
    unsafe { listener(context).is_cancelled() }.into()
}
