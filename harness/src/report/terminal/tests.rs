//! What a reader of a terminal sees, at three widths.

use console::measure_text_width as width_of;

use super::{View, render};
use crate::results::summary::Summary;

fn summary() -> Summary {
    let old = include_str!("../../../tests/fixtures/report/summary.v1.json");
    serde_json::from_str(old).unwrap()
}

/// No line is wider than the screen, but for a word that is longer: an address or a hash.
#[test]
fn nothing_is_wider_than_the_screen() {
    for width in [80, 100, 120] {
        let text = render(&summary(), View { width, wide: false });
        for line in text.lines().filter(|line| width_of(line) > width) {
            let longest = line.split_whitespace().map(width_of).max().unwrap();
            assert!(longest + 8 > width, "{width}: {line}");
        }
    }
}

#[test]
fn models_are_in_the_order_of_their_scores() {
    let summary = summary();
    let text = render(&summary, View { width: 100, wide: false });
    for column in &summary.benchmarks {
        let (_, list) = text.split_once(&format!("\n{} · ", column.title)).expect(&column.title);
        let list = list.split("\n\n").next().unwrap();
        let shown: Vec<f64> = list
            .lines()
            .filter(|line| line.contains('[') && !line.starts_with("      "))
            .map(|line| line.split_whitespace().nth(2).unwrap().replace('†', "").parse().unwrap())
            .collect();
        assert!(shown.len() > 1 && shown.is_sorted_by(|a, b| a >= b), "{list}");
    }
}

/// Reasons are below, each once; the table of all benchmarks has them, too.
#[test]
fn every_model_has_a_score_or_a_reason() {
    let summary = summary();
    for wide in [false, true] {
        let text = render(&summary, View { width: 100, wide });
        for cell in &summary.cells {
            assert!(text.contains(&cell.model), "{text}");
        }
        assert_eq!(text.contains('╭'), wide);
    }
}
