//! `culture-eval`: which model is better on which culture, and do we know it?
//!
//! The rooms of the house; `ARCHITECTURE.md` tells what passes between them.

pub mod definition;
pub mod example;
pub mod fetch;
pub mod normalise;
pub mod settings;
pub mod split;
pub mod stats;
pub mod store;
