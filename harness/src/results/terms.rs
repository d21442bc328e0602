//! What the module `score` needs of answers that are more than labels: the terms of every example, for each column.

use anyhow::Context as _;

use super::Run;
use super::cells::{Done, Group};
use crate::answer::Given;
use crate::definition::metric::ValueMetric;
use crate::example::Examples;
use crate::prompts::order;
use crate::score::kinds::{Measures, Way};
use crate::score::terms::TermMeasure;
use crate::store::predictions::given;

/// Measures beside label counts, and per column (a seed and variant) their terms, row-major.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) measures: Vec<TermMeasure>,
    pub(super) columns: Vec<Vec<f64>>,
}

impl Terms {
    /// Of all seeds and variants of a group, in the order of its columns of answers.
    pub(super) fn of(run: &Run, group: &Group) -> anyhow::Result<Self> {
        let first = &group.cells[0];
        let examples = run.gold.of(first)?;
        let most = examples.items.iter().map(|item| item.options.len()).max().unwrap_or(0);
        let measures = Measures::of(&first.spec.task, most);
        if measures.is_empty() {
            return Ok(Self::default());
        }
        let mut columns = Vec::new();
        for cell in &group.cells {
            let examples = run.gold.of(cell)?;
            let path = run.folder.cell(&cell.planned.folder).predictions();
            let labels = &cell.spec.task.labels;
            let all = given::read(&path, &cell.variants, labels, &examples.ids)?;
            for (variant, given) in all.iter().enumerate() {
                columns.push(column(&measures, cell, variant, &examples, given));
            }
        }
        Ok(Self { measures: measures.measures, columns })
    }

    /// The values of a mean over examples in one column; NaN where it is not defined for an example. An error where the task
    /// has no such metric.
    pub(super) fn values(&self, metric: ValueMetric, column: usize) -> anyhow::Result<Vec<f64>> {
        let measure = self.measures.iter().find(|measure| measure.name == metric.name());
        let measure = measure.with_context(|| {
            let name = metric.name();
            format!(
                "`{name}` is not a metric of the task; name a benchmark of which all parts have it"
            )
        })?;
        let rows = self.columns[column].chunks(measure.of);
        Ok(rows.map(|row| measure.value(row).unwrap_or(f64::NAN)).collect())
    }

    /// The examples on which a metric has a value for some model: not all items of a map, of which the first stands for all.
    pub(super) fn defined<'t>(
        metric: ValueMetric,
        examples: usize,
        models: impl Iterator<Item = &'t Self>,
    ) -> anyhow::Result<Vec<bool>> {
        let mut defined = vec![false; examples];
        for terms in models {
            for column in 0..terms.columns.len().max(1) {
                for (own, value) in defined.iter_mut().zip(terms.values(metric, column)?) {
                    *own |= !value.is_nan();
                }
            }
        }
        Ok(defined)
    }
}

fn column(
    measures: &Measures,
    cell: &Done,
    variant: usize,
    examples: &Examples,
    given: &[Given],
) -> Vec<f64> {
    let spec = &cell.spec;
    let draws = spec.protocol.order.times();
    // The variants of one prompt follow each other, one for each order.
    let draw = variant % draws;
    let shown_here = spec.imported.is_none();
    let places = |row: usize, option: u32| {
        // Another tool showed options in an order of its own.
        if !shown_here {
            return None;
        }
        let (id, options) = (examples.ids.get(row), &examples.items[row].options);
        let shown = order::shown(&spec.protocol.order, id, draw, options.len()).ok()?;
        shown.iter().position(|place| *place == option as usize)
    };
    measures.column(examples, given, Way { served: spec.served }, places)
}
