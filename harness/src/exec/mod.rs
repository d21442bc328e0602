//! From a suite to finished cells: what data there is, which cells that makes, and processes that run them.

pub mod bars;
pub mod data;
pub mod events;
pub mod local;
pub mod plan;
pub mod plugins;
pub mod processes;
