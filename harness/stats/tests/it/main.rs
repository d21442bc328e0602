//! Worked examples, properties, and (feature `slow-tests`) simulations.

mod examples;
mod properties;
#[cfg(feature = "slow-tests")]
mod slow;
