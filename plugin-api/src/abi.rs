//! The C layout: everything that crosses the boundary, and nothing else. `include/culture_eval_plugin.h` is made from it.
//!
//! Rules. One exported symbol, `culture_eval_plugin_v1`, returns a table that lives as long as the process. The host accepts
//! its own major version, reads only `struct_size` bytes of the table and ignores capabilities that it does not know. Inputs are
//! borrowed for the call; outputs go into buffers of the host; each side frees only its own. One call at a time per handle, from
//! any thread; two handles may be called at once. No function may unwind or exit the process.

use std::ffi::c_void;

/// Major version: raised when old plugins can no longer be called.
pub const CE_ABI_MAJOR: u32 = 1;
/// Minor version: raised when something is added at the end of a struct.
pub const CE_ABI_MINOR: u32 = 4;

/// The plugin learns from examples.
pub const CE_FIT: u64 = 1;
/// Scores for every label.
pub const CE_CLASSIFY: u64 = 1 << 1;
/// One vector per text.
pub const CE_EMBED: u64 = 1 << 2;
/// Log-likelihood of given continuations.
pub const CE_LOGLIKELIHOOD: u64 = 1 << 3;
/// Free text.
pub const CE_GENERATE: u64 = 1 << 4;
/// A fitted model can be saved to a folder and loaded.
pub const CE_SAVE: u64 = 1 << 5;
/// Why the model answers an example as it does (since 1.1).
pub const CE_EXPLAIN: u64 = 1 << 6;
/// The plugin learns from examples piece by piece, so that they need not be in memory together (since 1.2).
pub const CE_FIT_PIECES: u64 = 1 << 7;
/// Scores for the options of each example (since 1.4).
pub const CE_CHOOSE: u64 = 1 << 8;

/// Everything is well.
pub const CE_OK: i32 = 0;
/// The configuration is wrong.
pub const CE_ERROR_CONFIG: i32 = 1;
/// Weights or state cannot be loaded or saved.
pub const CE_ERROR_LOAD: i32 = 2;
/// Out of memory.
pub const CE_ERROR_MEMORY: i32 = 3;
/// An example cannot be handled; `CeError.example` is its index in the batch.
pub const CE_ERROR_INPUT: i32 = 4;
/// Anything else.
pub const CE_ERROR_INTERNAL: i32 = 5;
/// The plugin panicked; the handle must not be used again but to destroy it.
pub const CE_ERROR_PANIC: i32 = 6;
/// The host asked to stop (`CeHost.is_cancelled`).
pub const CE_ERROR_CANCELLED: i32 = 7;
/// The plugin does not offer the call.
pub const CE_ERROR_UNSUPPORTED: i32 = 8;

/// UTF-8 text: pointer and length in bytes, no NUL at the end. The pointer may be null where the length is 0.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CeStr {
    /// First byte.
    pub data: *const u8,
    /// Bytes.
    pub len: usize,
}

/// Where a plugin writes what went wrong. The buffer belongs to the host; a longer message is cut.
#[repr(C)]
#[derive(Debug)]
pub struct CeError {
    /// Size of this struct.
    pub struct_size: usize,
    /// Buffer for a UTF-8 message.
    pub message: *mut u8,
    /// Bytes of the buffer.
    pub capacity: usize,
    /// Bytes written.
    pub len: usize,
    /// Index in the batch of the example at fault; SIZE_MAX = none.
    pub example: usize,
}

/// What the model will be asked, told once at creation.
#[repr(C)]
#[derive(Debug)]
pub struct CeTask {
    /// Size of this struct.
    pub struct_size: usize,
    /// Short name of the task.
    pub name: CeStr,
    /// Short name of the protocol.
    pub protocol: CeStr,
    /// Label names; a label is an index into them.
    pub labels: *const CeStr,
    /// Number of labels.
    pub n_labels: usize,
    /// Culture names; a culture is an index into them.
    pub cultures: *const CeStr,
    /// Number of cultures.
    pub n_cultures: usize,
}

/// What the host offers. Lives until the handle is destroyed; callable from any thread.
#[repr(C)]
#[derive(Debug)]
pub struct CeHost {
    /// Size of this struct.
    pub struct_size: usize,
    /// Handed back to every function.
    pub context: *mut c_void,
    /// Threads that the plugin may use.
    pub threads: u32,
    /// The recorded seed: the only source of randomness.
    pub seed: u64,
    /// Puts a line into the cell's log.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, message: CeStr)>,
    /// `done` of `total` steps are done; total 0 = unknown.
    pub progress: Option<unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64)>,
    /// A named number over steps: `loss`, `valid` and others.
    pub metric:
        Option<unsafe extern "C" fn(context: *mut c_void, name: CeStr, step: u64, value: f64)>,
    /// 1 when the plugin should stop soon and return `CE_ERROR_CANCELLED`.
    pub is_cancelled: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
}

/// Examples as columns of `n` rows. No label.
#[repr(C)]
#[derive(Debug)]
pub struct CeBatch {
    /// Size of this struct.
    pub struct_size: usize,
    /// Rows.
    pub n: usize,
    /// Unique opaque names: the first 32 hex digits of the SHA-256 of the example's id.
    pub ids: *const CeStr,
    /// What the model reads.
    pub texts: *const CeStr,
    /// Index into the task's cultures; another number where the culture is not known or not shown.
    pub cultures: *const u32,
}

/// Examples with their labels, for fit only.
#[repr(C)]
#[derive(Debug)]
pub struct CeDataset {
    /// The examples.
    pub examples: CeBatch,
    /// Index into the task's labels, one a row.
    pub labels: *const u32,
}

/// Options of the `n` examples of a batch, one after the other (since 1.4).
#[repr(C)]
#[derive(Debug)]
pub struct CeOptions {
    /// Size of this struct.
    pub struct_size: usize,
    /// The options of all examples, in the order in which they are shown.
    pub texts: *const CeStr,
    /// Of each example, the place behind its last option: those of example i are `ends[i - 1]..ends[i]`, or `0..ends[0]`.
    pub ends: *const usize,
}

/// A piece is of what the model learns from.
pub const CE_PART_TRAIN: u32 = 0;
/// A piece is of what hyper-parameters may be chosen on.
pub const CE_PART_VALID: u32 = 1;

/// Log-likelihood of one continuation given its context.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CeLoglikelihood {
    /// Sum over the continuation's tokens, natural logarithm.
    pub sum: f64,
    /// Number of those tokens.
    pub tokens: u64,
    /// 1 where each token is the model's first choice.
    pub greedy: u8,
}

/// How to generate.
#[repr(C)]
#[derive(Debug)]
pub struct CeGeneration {
    /// Size of this struct.
    pub struct_size: usize,
    /// Longest reply in tokens.
    pub max_tokens: u64,
    /// 0 = always the likeliest token.
    pub temperature: f64,
    /// Since 1.3 (see `struct_size`); may be null. A fact about the reply to prompt `index`: one of `CE_REPLY_…`. `context` is the
    /// sink's.
    pub note:
        Option<unsafe extern "C" fn(context: *mut c_void, index: usize, fact: u32, why: CeStr)>,
}

/// The limit of tokens cut the reply, which goes to the sink as any other. `why` is empty.
pub const CE_REPLY_CUT: u32 = 1;
/// There is no reply, and none goes to the sink: `why` says it in a sentence. The example counts as not answered.
pub const CE_REPLY_MISSING: u32 = 2;

/// Where texts go. A thought of the model comes before its reply between `<think>` and `</think>`. One call for each prompt of `generate` or example of `explain`, in any order, during that call only.
#[repr(C)]
#[derive(Debug)]
pub struct CeSink {
    /// Handed back.
    pub context: *mut c_void,
    /// The text for prompt or example `index`.
    pub put: Option<unsafe extern "C" fn(context: *mut c_void, index: usize, reply: CeStr)>,
}

/// What a plugin is. All functions but `create` and `destroy` may be null where the capability is not offered.
///
/// Every function that returns `i32` returns `CE_OK` or a `CE_ERROR_…` and then fills `error`.
#[repr(C)]
#[derive(Debug)]
pub struct CePlugin {
    /// `CE_ABI_MAJOR` that the plugin was built with.
    pub abi_major: u32,
    /// `CE_ABI_MINOR` that the plugin was built with.
    pub abi_minor: u32,
    /// Size of this struct as the plugin knows it.
    pub struct_size: usize,
    /// Sum of `CE_FIT`, `CE_CLASSIFY`, …
    pub capabilities: u64,
    /// Name.
    pub name: CeStr,
    /// Version.
    pub version: CeStr,
    /// How it was built.
    pub build_info: CeStr,
    /// Makes a model. `config` is the `[config]` table of the model's TOML as a JSON object.
    pub create: Option<
        unsafe extern "C" fn(
            config: CeStr,
            task: *const CeTask,
            host: *const CeHost,
            handle: *mut *mut c_void,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Ends a model.
    pub destroy: Option<unsafe extern "C" fn(handle: *mut c_void)>,
    /// Learns from `train`; may choose hyper-parameters on `valid`, which may be empty.
    pub fit: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            train: *const CeDataset,
            valid: *const CeDataset,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Writes `n * n_labels` scores, row-major, higher wins; sets `answered[i]` (1 on entry) to 0 where it has no answer;
    /// writes to `rows` how many rows it filled, which must be `n`.
    pub classify: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            batch: *const CeBatch,
            scores: *mut f32,
            answered: *mut u8,
            rows: *mut usize,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Width of the vectors.
    pub dimension: Option<unsafe extern "C" fn(handle: *mut c_void) -> usize>,
    /// Writes `n * dimension` numbers, row-major; `rows` as for `classify`.
    pub embed: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            batch: *const CeBatch,
            vectors: *mut f32,
            rows: *mut usize,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Writes one result for each of `n` pairs of context and continuation.
    pub loglikelihood: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            n: usize,
            contexts: *const CeStr,
            continuations: *const CeStr,
            results: *mut CeLoglikelihood,
            rows: *mut usize,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Hands the reply to each of `n` prompts to the sink.
    pub generate: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            n: usize,
            prompts: *const CeStr,
            how: *const CeGeneration,
            sink: *const CeSink,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Writes the fitted model to an existing empty folder.
    pub save: Option<
        unsafe extern "C" fn(handle: *mut c_void, folder: CeStr, error: *mut CeError) -> i32,
    >,
    /// Reads what `save` wrote, into a handle created with the same configuration and task.
    pub load: Option<
        unsafe extern "C" fn(handle: *mut c_void, folder: CeStr, error: *mut CeError) -> i32,
    >,
    /// Since 1.1. Hands a JSON object for each example to the sink: what in the model leads to its answer.
    pub explain: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            batch: *const CeBatch,
            sink: *const CeSink,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Since 1.2, in place of `fit`. Learns from a piece of a part (`CE_PART_TRAIN`, `CE_PART_VALID`). A pass is all pieces of
    /// train, in order, then all of valid, then `fit_end`.
    pub fit_piece: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            part: u32,
            piece: *const CeDataset,
            error: *mut CeError,
        ) -> i32,
    >,
    /// Since 1.2. A pass is over; writes 1 to `again` where another one is needed, 0 where the model is fitted.
    pub fit_end: Option<
        unsafe extern "C" fn(handle: *mut c_void, again: *mut u8, error: *mut CeError) -> i32,
    >,
    /// Since 1.4. Writes a score for every option of every example, in their order, higher wins; `answered` and `rows` (examples)
    /// as for `classify`.
    pub choose: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            batch: *const CeBatch,
            options: *const CeOptions,
            scores: *mut f32,
            answered: *mut u8,
            rows: *mut usize,
            error: *mut CeError,
        ) -> i32,
    >,
}

// SAFETY: a table holds only constants: function pointers and texts with static lifetime.
#[expect(unsafe_code, reason = "a static table must be Sync; it is never written")]
unsafe impl Sync for CePlugin {}
