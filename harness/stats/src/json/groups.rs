//! Several groups of one model: cultures, countries, languages.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::error::{Result, rectangular};
use crate::groups::{Groups, shrink};

const GROUPS: &[&str] = &["values", "units", "correlation"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "compare_groups",
        about: "do groups differ, by how much at least and at most, and how low is the lowest",
        input: GROUPS,
        opts: &["confidence", "draws", "seed"],
        run: run_compare,
    },
    Function {
        name: "shrink_groups",
        about: "values of small groups, drawn towards all groups",
        input: GROUPS,
        opts: &[],
        run: |c| {
            let (values, units, correlation) = read(c)?;
            let groups =
                Groups { values: &values, units: &units, correlation: correlation.as_deref() };
            let found = shrink(&groups)?;
            Ok(Answer::default()
                .with("values", found.iter().map(|s| s.value).collect::<Vec<_>>())
                .with("weights", found.iter().map(|s| s.weight).collect::<Vec<_>>()))
        },
    },
];

type Read<'a> = (std::borrow::Cow<'a, [f64]>, std::borrow::Cow<'a, [f64]>, Option<Vec<Vec<f64>>>);

/// A correlation is a square of as many rows as there are groups.
fn read<'a>(c: &Call<'a>) -> Result<Read<'a>> {
    let (values, units) = (c.nums("values")?, c.nums("units")?);
    let correlation = if c.has("correlation") { Some(c.table("correlation")?) } else { None };
    if let Some(rows) = &correlation {
        let columns = rectangular("correlation", rows, 1)?;
        crate::error::same_length("values", values.len(), "correlation", columns)?;
    }
    Ok((values, units, correlation))
}

fn run_compare(c: &Call) -> Result<Answer> {
    let (values, units, correlation) = read(c)?;
    let groups = Groups { values: &values, units: &units, correlation: correlation.as_deref() };
    let draws = c.count_or("draws", 4000)? as usize;
    let found = groups.compare(c.confidence()?, draws, &c.stream("compare_groups")?)?;
    let gap = &found.gap;
    Ok(Answer::default()
        .with("gap", gap.value)
        .with("gap_low", gap.low)
        .with("gap_high", gap.high)
        .with("gap_if_equal", gap.expected)
        .with("p_equal", gap.p_equal)
        .with("best", gap.best)
        .with("worst", found.worst.group)
        .with("worst_value", found.worst.value)
        .with("worst_low", found.worst.low)
        .with("worst_high", found.worst.high)
        .with("low", found.simultaneous.iter().map(|ends| ends.0).collect::<Vec<_>>())
        .with("high", found.simultaneous.iter().map(|ends| ends.1).collect::<Vec<_>>()))
}
