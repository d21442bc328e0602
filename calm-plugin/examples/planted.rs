//! The planted task of `tests/planted.rs` with every ablation and several seeds:
//! `cargo run --release -p calm-plugin --example planted -- [SEED...] [PRESET...] ['{"any": "setting over them"}']`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

#[path = "../tests/common/planted.rs"]
mod planted;
#[path = "../tests/common/tiny.rs"]
#[expect(dead_code, reason = "the other tests use more of it")]
mod tiny;

use planted::{EPOCHS, Planted, accuracy, added, mcnemar};
use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (changes, arguments): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|a| a.starts_with('{'));
    let change = changes.first().map_or(json!({}), |text| serde_json::from_str(text).unwrap());
    let (numbers, names): (Vec<&String>, Vec<&String>) =
        arguments.into_iter().partition(|a| a.parse::<u64>().is_ok());
    let seeds: Vec<u64> = if numbers.is_empty() {
        vec![1]
    } else {
        numbers.iter().map(|n| n.parse().unwrap()).collect()
    };
    for seed in seeds {
        let planted = Planted::new(seed);
        let parameters = added(&planted.folder);
        println!(
            "seed {seed}: {} training texts, {parameters} parameters added to the backbone",
            planted.train.ids.len()
        );
        let mut controls = Vec::new();
        for (name, epochs) in [("control", EPOCHS), ("control, 2x steps", 2 * EPOCHS)] {
            let right = planted.control(epochs, parameters, seed);
            println!("{name:<18}test {:.3}", accuracy(&right));
            controls.push(right);
        }
        let presets = [
            "default",
            "no-contrast",
            "simclr",
            "shuffled-tags",
            "no-latent-mask",
            "no-explicit-bias",
            "no-disentangle",
            "hsic",
            "one-expert",
            "four-experts",
            "eight-experts",
            "random-gate",
            "dense-gate",
            "concatenate",
            "one-way",
            "self-attention",
            "replace-fusion",
            "fixed-fusion",
            "no-reflection",
            "no-calibration",
            "ema-calibration",
            "word-prompt",
        ];
        for preset in presets.iter().filter(|p| names.is_empty() || names.iter().any(|n| n == *p)) {
            let start = std::time::Instant::now();
            let seen = planted.calm(preset, &change, seed);
            let against: Vec<String> = controls
                .iter()
                .map(|control| {
                    let (p, wins, losses) = mcnemar(&seen.right, control);
                    format!("{wins}:{losses} p {p:.2e}")
                })
                .collect();
            println!(
                "{} | {} | {:.1} s",
                seen.row(preset),
                against.join(", "),
                start.elapsed().as_secs_f64()
            );
        }
    }
}
