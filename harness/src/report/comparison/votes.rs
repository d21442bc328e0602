//! Pairs by their distances from the votes of annotators.

use crate::compare::AgainstVotes;
use crate::text::format::p_value;
use crate::text::table::{Cell, Table};

/// One table over all distances.
pub(super) fn table(found: &[AgainstVotes], correction: &str) -> Table {
    let corrected = format!("p ({correction})");
    let head = ["from the votes", "A", "B", "of A", "of B", "A - B", "95 %", corrected.as_str()];
    let rows = found.iter().flat_map(|against| {
        against.pairs.iter().map(|pair| {
            vec![
                against.distance.as_str().into(),
                pair.a.as_str().into(),
                pair.b.as_str().into(),
                Cell::Number(format!("{:.3}", pair.of_a)),
                Cell::Number(format!("{:.3}", pair.of_b)),
                Cell::Number(format!("{:+.3}", pair.difference)),
                Cell::Number(format!("[{:+.3}, {:+.3}]", pair.low, pair.high)),
                Cell::Number(p_value(pair.p_corrected)),
            ]
        })
    });
    Table::new(head).with(rows)
}

/// What the table is about.
pub(super) const ABOUT: &str = "Distance from the votes of annotators, lower is better (t over clusters; seeds are taken as they are)";
