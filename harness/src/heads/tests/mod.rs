//! Tests of the room: against scikit-learn and PyTorch ([`fixtures`]), and the same answer on any number of threads
//! ([`determinism`]).

mod determinism;
mod fixtures;
