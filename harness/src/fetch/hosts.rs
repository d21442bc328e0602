//! Hosts that could not be reached: remembered for the process, so that the next source of such a host fails at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

static UNREACHABLE: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

fn hosts() -> MutexGuard<'static, BTreeMap<String, String>> {
    UNREACHABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why this host could not be reached before, if so.
pub(super) fn why_unreachable(host: &str) -> Option<String> {
    hosts().get(host).cloned()
}

/// Remembers a host that cannot be reached.
pub(super) fn remember(host: &str, reason: &str) {
    hosts().entry(host.to_owned()).or_insert_with(|| reason.to_owned());
}
