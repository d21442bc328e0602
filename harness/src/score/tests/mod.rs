//! Tests of the room: against scikit-learn ([`fixtures`]), and of what scores promise ([`scores`]).

mod cultures;
mod fixtures;
mod panels;
mod scores;
