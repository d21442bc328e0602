//! Simulated fields of models through [`super::compare`]: do intervals cover, do verdicts err, is what is printed as detectable
//! detected? `docs/simulations.md` has the table; `cargo test -p harness --features slow-tests --lib simulation` makes it.

mod cells;
mod draw;
mod one_class;
mod world;

use world::World;

/// Share of draws with its standard error, printed.
fn told(what: &str, hits: f64, draws: usize) -> f64 {
    let share = hits / draws as f64;
    let error = (share * (1.0 - share) / draws as f64).sqrt();
    println!("| {what} | {share:.3} ± {error:.3} | {draws} |");
    share
}

/// Fails with all figures outside the band.
fn within(band: std::ops::RangeInclusive<f64>, figures: &[(String, f64)]) {
    let outside: Vec<&(String, f64)> = figures.iter().filter(|(_, v)| !band.contains(v)).collect();
    assert!(outside.is_empty(), "outside {band:?}: {outside:?}");
}
