//! Seeded simulations: do the intervals cover, do the tests hold their level? Run with `--features slow-tests`.

mod coverage;
mod cultures;
mod level;
mod margins;
mod simulation;
