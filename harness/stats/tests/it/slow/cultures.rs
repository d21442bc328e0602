//! Cultures: coverage of gap, worst culture and simultaneous intervals, the test of equality, false leads.

use super::simulation::Band;
use crate::groups::{Design, coverage};
use crate::max_t::false_leads;

const RUNS: u64 = 1000;

fn even(groups: usize, size: u32, shares: [f64; 2]) -> Design {
    let step = (shares[1] - shares[0]) / (groups as f64 - 1.0);
    Design {
        sizes: vec![size; groups],
        shares: (0..groups).map(|i| shares[0] + step * i as f64).collect(),
    }
}

/// Sizes of 10 to 40: of 176 countries with 4 to 40 examples, those that are compared.
fn countries(shares: impl Fn(usize) -> f64) -> Design {
    let sizes: Vec<u32> = (0..176_u32).map(|i| 4 + i * 7 % 37).filter(|n| *n >= 10).collect();
    Design { shares: (0..sizes.len()).map(shares).collect(), sizes }
}

fn designs() -> Vec<(&'static str, bool, Design)> {
    let mixed =
        |shares: [f64; 5]| Design { sizes: vec![1000, 300, 50, 20, 10], shares: shares.into() };
    vec![
        ("2 x 60, all .70", true, even(2, 60, [0.7, 0.7])),
        ("5 x 60, all .70", true, even(5, 60, [0.7, 0.7])),
        ("5 x 237, all .70", true, even(5, 237, [0.7, 0.7])),
        ("5 x 237, all .95", true, even(5, 237, [0.95, 0.95])),
        ("25 x 256, all .70", true, even(25, 256, [0.7, 0.7])),
        ("176 x 4..40, all .70", true, countries(|_| 0.7)),
        ("1000 300 50 20 10, all .70", true, mixed([0.7; 5])),
        ("2 x 237, .80 and .60", false, even(2, 237, [0.8, 0.6])),
        ("5 x 237, .72 to .68", false, even(5, 237, [0.72, 0.68])),
        ("5 x 237, .75 to .65", false, even(5, 237, [0.75, 0.65])),
        ("25 x 256, .75 to .65", false, even(25, 256, [0.75, 0.65])),
        ("176 x 4..40, .60 to .80", false, countries(|i| 0.6 + 0.2 * (i % 11) as f64 / 10.0)),
        ("1000 300 50 20 10, .60 to .80", false, mixed([0.7, 0.65, 0.75, 0.6, 0.8])),
    ]
}

#[test]
fn gap_worst_and_simultaneous_intervals_cover() {
    let (mut cover, mut level) = (Band::new(0.93, 1.0 + 1e-9), Band::new(0.0, 0.06));
    for (name, equal, design) in designs() {
        let held = coverage(name, &design, RUNS, 2000);
        cover.see(format!("gap covers, {name}"), held.gap);
        cover.see(format!("worst covers, {name}"), held.worst);
        cover.see(format!("all intervals cover, {name}"), held.simultaneous);
        let mut any = Band::new(0.0, 1.0 + 1e-9);
        if equal { &mut level } else { &mut any }
            .see(format!("equality rejected, {name}"), held.rejected);
        let mut shown = Band::new(-1.0, 1.0);
        shown.see(format!("mean gap, {name}"), held.mean_gap);
        shown.see(format!("mean excess, {name}"), held.mean_excess);
    }
    cover.close();
    level.close();
}

#[test]
fn equal_models_lead_on_some_culture_in_five_of_a_hundred_runs() {
    let (mut level, mut shown) = (Band::new(0.0, 0.06), Band::new(0.0, 1.0));
    for (models, posts) in [(2, 237), (3, 237), (2, 40)] {
        let [at_once, alone] = false_leads(models, posts, RUNS, 500);
        level.see(format!("false leads, {models} models, 5 x {posts}, at once"), at_once);
        shown.see(format!("false leads, {models} models, 5 x {posts}, each alone"), alone);
    }
    level.close();
}
