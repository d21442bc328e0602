//! Equivalence and non-inferiority by enumeration; precision and F1 of models that say yes at different rates.

use eval_stats::metric::Metric;

use super::simulation::Band;
use crate::equivalence::{DESIGNS, level_of_equivalence, level_of_non_inferiority};
use crate::studentised::{Says, rejections};

#[test]
fn equivalence_holds_its_level_at_the_worst_discordance() {
    let mut band = Band::new(0.0, 0.055);
    for (n, margin) in DESIGNS.into_iter().chain([(1185, 0.01), (1580, 0.01)]) {
        let points = 100.0 * margin;
        band.see(
            format!("equivalent, n={n}, {points} points"),
            level_of_equivalence(n, margin, 60),
        );
        let not_inferior = level_of_non_inferiority(n, margin, 60);
        band.see(format!("not inferior, n={n}, {points} points"), not_inferior);
    }
    band.close();
}

#[test]
fn precision_and_f1_hold_their_level_where_rates_differ() {
    let (mut level, mut shown) = (Band::new(0.0, 0.06), Band::new(0.0, 1.0));
    let of = |yes, precision| Says { yes, precision };
    let designs = [
        (Metric::Precision, 0.55, [of(0.06, 0.8), of(0.59, 0.8)]),
        (Metric::Precision, 0.55, [of(0.1, 0.9), of(0.5, 0.9)]),
        (Metric::Precision, 0.55, [of(0.4, 0.8), of(0.4, 0.8)]),
        (Metric::F1, 0.3, [Says::f1(0.2, 0.55, 0.3), Says::f1(0.6, 0.55, 0.3)]),
        (Metric::F1, 0.3, [Says::f1(0.15, 0.5, 0.3), Says::f1(0.8, 0.5, 0.3)]),
        (Metric::F1, 0.5, [Says::f1(0.4, 0.7, 0.5), Says::f1(0.6, 0.7, 0.5)]),
    ];
    for (metric, class, models) in designs {
        for n in [200, 1185] {
            let [studentised, plain] = rejections(metric, models, class, n, 4000);
            let [a, b] = models.map(|m| m.yes);
            let what = format!("{} equal, yes-rates {a} and {b}, n={n}", metric.name());
            level.see(format!("{what}, studentised"), studentised);
            shown.see(format!("{what}, plain randomisation"), plain);
        }
    }
    level.close();
}
