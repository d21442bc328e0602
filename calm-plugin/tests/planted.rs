//! Where culture matters by construction, CALM finds the cultures, its experts distinguish them, and it beats a control with the
//! same backbone, as many parameters and as many steps. `examples/planted.rs` runs the ablations and more seeds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/planted.rs"]
mod planted;
#[path = "common/tiny.rs"]
#[expect(dead_code, reason = "the other tests use more of it")]
mod tiny;

use planted::{EPOCHS, Planted, accuracy, added, mcnemar};

#[test]
fn calm_finds_the_cultures_and_beats_its_control() {
    let planted = Planted::new(2);
    let calm = planted.calm("default", &serde_json::json!({}), 2);
    let control = planted.control(EPOCHS, added(&planted.folder), 2);
    let told = calm.row("calm");
    assert!(calm.nmi.iter().all(|nmi| *nmi >= 0.9), "{told}");
    let [seen, shuffled, p] = calm.gate;
    assert!(seen > 5.0 * shuffled && p <= 0.001, "{told}");
    assert_eq!(calm.lexicon[1], 0.0, "{told}");
    let (p, wins, losses) = mcnemar(&calm.right, &control);
    assert!(
        wins > losses && p < 0.01,
        "{told}; {wins}:{losses}, p {p}; the control {:.3}",
        accuracy(&control)
    );
}

#[test]
fn mcnemar_by_hand() {
    // 5 to 1: the binomial tail 2 (1 + 6) / 64, less the mass 6 / 64 of what was seen.
    let one = [true, true, true, true, true, false, true];
    let other = [false, false, false, false, false, true, true];
    let (p, wins, losses) = mcnemar(&one, &other);
    assert_eq!((wins, losses), (5, 1));
    assert!((p - 8.0 / 64.0).abs() < 1e-12, "{p}");
    assert!((mcnemar(&one, &one).0 - 1.0).abs() < 1e-12);
}
