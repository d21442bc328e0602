//! Ctrl-C, and the signals of a scheduler, as a flag that whoever works looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

/// A flag that is set by the first Ctrl-C (SIGINT, SIGTERM, SIGHUP).
pub(super) fn flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .context("failed to catch Ctrl-C")?;
    Ok(stop)
}
