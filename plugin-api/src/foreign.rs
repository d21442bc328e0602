//! What the host points to, as values: texts, batches, data sets, and its place for texts.

#![expect(unsafe_code, reason = "pointers of the caller's")]

use std::{slice, str};

use crate::abi::{CeBatch, CeDataset, CeSink, CeStr};
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

/// The host's place for texts, as a function.
///
/// # Safety
/// As [`given`]; the sink's function may be called with its context during `'a`.
pub(crate) unsafe fn put<'a>(sink: *const CeSink) -> Result<impl FnMut(usize, &str) + 'a, Error> {
    // SAFETY: promised by the caller.
    let sink = unsafe { given(sink, "the sink") }?;
    let put = sink.put.ok_or_else(|| Error::internal("the sink has no function"))?;
    Ok(move |index: usize, text: &str| {
        // SAFETY: promised by the caller; the host copies the text before it returns.
        unsafe { put(sink.context, index, borrowed(text)) };
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
