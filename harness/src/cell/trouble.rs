//! What goes wrong in a cell, as the reason that its record gives.

use crate::plugin::PluginError;
use crate::store::record::{Reason, ReasonKind};

pub(super) fn harness(error: impl std::fmt::Display) -> Reason {
    Reason::new(ReasonKind::Harness, error.to_string())
}

pub(super) fn reason(error: &PluginError) -> Reason {
    Reason::new(error.kind(), error.to_string())
}
