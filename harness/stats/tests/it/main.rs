//! Worked examples, values by name, properties, and (feature `slow-tests`) simulations.
#![allow(clippy::unwrap_used, reason = "a test")]

mod clusters;
mod components;
mod distributions;
mod edges;
mod equivalence;
mod examples;
mod groups;
mod max_t;
mod paired;
mod posterior;
mod power;
mod properties;
mod rankings;
mod ranks;
mod regressions;
#[cfg(feature = "slow-tests")]
mod slow;
mod studentised;
mod support;
