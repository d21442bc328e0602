//! `culture-eval`: which model is better on which culture, and do we know it?
//!
//! The rooms of the house; `ARCHITECTURE.md` says what passes between them.

pub mod answer;
pub mod cell;
pub mod cmd;
pub mod compare;
pub mod definition;
pub mod example;
pub mod exec;
pub mod fetch;
pub mod heads;
pub mod import;
pub mod normalise;
pub mod plot;
pub mod plugin;
pub mod prepare;
mod process;
pub mod prompts;
pub mod report;
pub mod results;
pub mod sample;
pub mod score;
pub mod serve;
pub mod settings;
pub mod split;
pub mod store;
#[cfg(test)]
mod testing;
pub mod text;
