//! What the host points to, as values: texts, batches, data sets, and its place for texts.

#![expect(unsafe_code, reason = "pointers of the caller's")]

use std::{ptr, slice, str};

use crate::abi::{
    CE_REPLY_CUT, CE_REPLY_MISSING, CeBatch, CeDataset, CeGeneration, CeOptions, CeSink, CeStr,
};
use crate::choose::Options;
use crate::replies::{Generation, Reply};
use crate::safe::{Batch, Dataset, Error};

pub(crate) const fn borrowed(text: &str) -> CeStr {
    CeStr { data: text.as_ptr(), len: text.len() }
}

/// A slice of the caller's; null is allowed where it is empty.
///
/// # Safety
/// `data` points to `len` values that live and are not written during `'a`.
pub(crate) unsafe fn view<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if len == 0 || data.is_null() {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { slice::from_raw_parts(data, len) }
}

/// # Safety
/// As [`view`]; the bytes are exclusively ours during `'a`.
pub(crate) unsafe fn view_mut<'a, T>(data: *mut T, len: usize) -> &'a mut [T] {
    if len == 0 || data.is_null() {
        return &mut [];
    }
    // SAFETY: promised by the caller.
    unsafe { slice::from_raw_parts_mut(data, len) }
}

/// # Safety
/// The text lives during `'a`.
pub(crate) unsafe fn text<'a>(text: CeStr, what: &str) -> Result<&'a str, Error> {
    // SAFETY: promised by the caller.
    let bytes = unsafe { view(text.data, text.len) };
    str::from_utf8(bytes).map_err(|e| Error::internal(format!("{what} is not UTF-8: {e}")))
}

/// # Safety
/// The texts live during `'a`.
pub(crate) unsafe fn texts<'a>(
    data: *const CeStr,
    len: usize,
    what: &str,
) -> Result<Vec<&'a str>, Error> {
    // SAFETY: promised by the caller.
    unsafe { view(data, len).iter().map(|s| text(*s, what)).collect() }
}

/// What the caller points to; `what` names it where there is nothing.
///
/// # Safety
/// `data` is null or points to a value that lives and is not written during `'a`.
pub(crate) unsafe fn given<'a, T>(data: *const T, what: &str) -> Result<&'a T, Error> {
    // SAFETY: promised by the caller.
    unsafe { data.as_ref() }.ok_or_else(|| Error::internal(format!("{what} is null")))
}

/// # Safety
/// As [`given`]; the batch's columns live during `'a` too.
pub(crate) unsafe fn batch<'a>(batch: *const CeBatch) -> Result<Batch<'a>, Error> {
    // SAFETY: promised by the caller.
    unsafe {
        let batch = given(batch, "the batch")?;
        Ok(Batch {
            ids: texts(batch.ids, batch.n, "an id")?,
            texts: texts(batch.texts, batch.n, "a text")?,
            cultures: view(batch.cultures, batch.n),
        })
    }
}

/// The options of `n` examples.
///
/// # Safety
/// As [`given`]; the columns live during `'a` too, with as many texts as the last end says.
pub(crate) unsafe fn options<'a>(
    options: *const CeOptions,
    n: usize,
) -> Result<Options<'a>, Error> {
    // SAFETY: promised by the caller.
    unsafe {
        let options = given(options, "the options")?;
        let ends = view(options.ends, n);
        if !ends.is_sorted() {
            return Err(Error::internal("the ends of the options are not in order"));
        }
        let all = ends.last().copied().unwrap_or(0);
        Ok(Options { texts: texts(options.texts, all, "an option")?, ends })
    }
}

/// Tells the host a fact about a reply: the sink's context, index, fact, why.
pub(crate) type Note = unsafe extern "C" fn(*mut std::ffi::c_void, usize, u32, CeStr);

/// How to generate, and where facts about replies go, if the host is new enough to hear them.
///
/// # Safety
/// `how` is null or points to `struct_size` bytes of a `CeGeneration`, of ABI 1.0 at least.
pub(crate) unsafe fn generation(
    how: *const CeGeneration,
) -> Result<(Generation, Option<Note>), Error> {
    if how.is_null() {
        return Err(Error::internal("how to generate is null"));
    }
    // SAFETY: promised by the caller; what an older host lacks is not read, and no reference to the whole is made.
    unsafe {
        let size = ptr::read(&raw const (*how).struct_size);
        let max_tokens = ptr::read(&raw const (*how).max_tokens);
        let temperature = ptr::read(&raw const (*how).temperature);
        let hears = size >= size_of::<CeGeneration>();
        let note = if hears { ptr::read(&raw const (*how).note) } else { None };
        Ok((Generation { max_tokens, temperature }, note))
    }
}

/// The host's place for replies, as a function. A host that hears no facts gets an empty text for a reply that is missing.
///
/// # Safety
/// As [`given`]; the sink's function and `note` may be called with its context during `'a`.
pub(crate) unsafe fn put<'a>(
    sink: *const CeSink,
    note: Option<Note>,
) -> Result<impl FnMut(usize, Reply<'_>) + 'a, Error> {
    // SAFETY: promised by the caller.
    let sink = unsafe { given(sink, "the sink") }?;
    let put = sink.put.ok_or_else(|| Error::internal("the sink has no function"))?;
    Ok(move |index: usize, reply: Reply<'_>| {
        let (text, fact) = match (reply, note) {
            (Reply::Text(text), _) | (Reply::Cut(text), None) => (Some(text), None),
            (Reply::Cut(text), Some(note)) => (Some(text), Some((note, CE_REPLY_CUT, ""))),
            (Reply::Missing(why), Some(note)) => (None, Some((note, CE_REPLY_MISSING, why))),
            (Reply::Missing(_), None) => (Some(""), None),
        };
        // SAFETY: promised by the caller; the host copies the texts before it returns.
        unsafe {
            if let Some((note, fact, why)) = fact {
                note(sink.context, index, fact, borrowed(why));
            }
            if let Some(text) = text {
                put(sink.context, index, borrowed(text));
            }
        }
    })
}

/// # Safety
/// As [`given`]; the dataset's columns live during `'a` too.
pub(crate) unsafe fn dataset<'a>(data: *const CeDataset) -> Result<Dataset<'a>, Error> {
    // SAFETY: promised by the caller.
    unsafe {
        let data = given(data, "a dataset")?;
        Ok(Dataset {
            examples: batch(&raw const data.examples)?,
            labels: view(data.labels, data.examples.n),
        })
    }
}
