//! Receives a plugin's texts: replies with facts about them, and explanations.

use std::ffi::c_void;

use plugin_api::abi::{self, CeStr};

use crate::prompts::Reply;

/// What a plugin gave for one prompt.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    text: Option<String>,
    is_cut: bool,
    /// Why there is no reply.
    missing: Option<String>,
}

impl Given {
    pub(super) fn reply(self) -> Option<Reply> {
        match (self.missing, self.text) {
            (Some(why), _) => Some(Reply::Missing(why)),
            (None, Some(text)) if self.is_cut => Some(Reply::Cut(text)),
            (None, text) => text.map(Reply::Text),
        }
    }
}

pub(super) unsafe extern "C" fn put_reply(context: *mut c_void, index: usize, reply: CeStr) {
    // SAFETY: the context is the list that `generate` made for this call; the reply lives for the call.
    let (given, reply) =
        unsafe { (&mut *context.cast::<Vec<Given>>(), super::super::host::lossy(reply)) };
    if let Some(place) = given.get_mut(index) {
        place.text = Some(reply);
    }
}

/// Facts that this host does not know are no concern of it.
pub(super) unsafe extern "C" fn note(context: *mut c_void, index: usize, fact: u32, why: CeStr) {
    // SAFETY: as `put_reply`.
    let (given, why) =
        unsafe { (&mut *context.cast::<Vec<Given>>(), super::super::host::lossy(why)) };
    let Some(place) = given.get_mut(index) else { return };
    match fact {
        abi::CE_REPLY_CUT => place.is_cut = true,
        abi::CE_REPLY_MISSING => place.missing = Some(why),
        _ => {}
    }
}

pub(super) unsafe extern "C" fn put(context: *mut c_void, index: usize, reply: CeStr) {
    // SAFETY: the context is the list that `generate` made for this call; the reply lives for the call.
    let (replies, reply) =
        unsafe { (&mut *context.cast::<Vec<Option<String>>>(), super::super::host::lossy(reply)) };
    if let Some(place) = replies.get_mut(index) {
        *place = Some(reply);
    }
}
