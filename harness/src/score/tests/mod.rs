//! Tests of the room: against scikit-learn ([`fixtures`]), and of what scores promise ([`scores`]).

mod fixtures;
mod scores;
