//! No benchmark counts twice: which columns share examples.

use super::super::Column;
use super::super::result::LeftOut;

/// Benchmarks without those whose examples another one holds already: (used, left out with the reason).
pub(super) fn distinct<'a>(there: &[&'a Column]) -> (Vec<&'a Column>, Vec<LeftOut>) {
    let mut used: Vec<&Column> = Vec::new();
    let mut left_out = Vec::new();
    let mut leave = |column: &Column, reason: String| {
        left_out.push(LeftOut { name: column.benchmark.clone(), reason });
    };
    for column in there {
        if let Some(part) = there.iter().find(|c| column.aggregate.contains(&c.benchmark)) {
            leave(column, format!("an aggregate of benchmarks that are used ({})", part.benchmark));
            continue;
        }
        let whole = there.iter().find(|c| {
            c.benchmark != column.benchmark
                && c.task.is_some()
                && c.task == column.task
                && c.cultures.is_empty()
        });
        if let (false, Some(whole)) = (column.cultures.is_empty(), whole) {
            leave(column, format!("a subset of {}", whole.benchmark));
            continue;
        }
        let shared = used.iter().find(|c| {
            let overlap = c.cultures.is_empty()
                || c.cultures.iter().any(|name| column.cultures.contains(name));
            c.task.is_some() && c.task == column.task && overlap
        });
        if let Some(shared) = shared {
            leave(column, format!("shares examples with {}", shared.benchmark));
            continue;
        }
        used.push(column);
    }
    (used, left_out)
}
