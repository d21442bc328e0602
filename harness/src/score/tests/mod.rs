//! Tests of the room: against scikit-learn and PyTorch ([`fixtures`]), and of what scores promise ([`scores`]).

mod determinism;
mod fixtures;
mod scores;
