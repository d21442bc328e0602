//! The joint cells of (gold, A, B): all that any label metric needs of n examples, after one pass.

use super::bootstrap::{Bootstrap, BootstrapOptions, acceleration, replicate, summarise};
use super::error::{Result, StatsError};
use super::metric::{LabelMetric, Margins, MetricOptions, check_labels};
use super::sampling::Multinomial;

/// Non-empty cells of a set of examples, one prediction column per model.
#[derive(Debug, Clone)]
pub struct Cells {
    pub num_classes: usize,
    /// Per cell: gold label.
    pub gold: Vec<u16>,
    /// Per model, per cell: predicted label.
    pub predicted: Vec<Vec<u16>>,
    /// Per cell: number of examples.
    pub counts: Vec<u64>,
}

impl Cells {
    /// Collapses examples; `predicted` holds one list per model.
    pub fn collapse(gold: &[u16], predicted: &[&[u16]], num_classes: usize) -> Result<Self> {
        for labels in predicted {
            check_labels("pred", gold, labels, num_classes)?;
        }
        let width = predicted.len() + 1;
        let bits = (usize::BITS - num_classes.leading_zeros()) as usize;
        let mut keyed: std::collections::HashMap<u128, u64> = std::collections::HashMap::new();
        if bits * width > 128 {
            return Err(StatsError::Request(
                "too many models for one table of cells: compare them in pairs".into(),
            ));
        }
        for (i, &g) in gold.iter().enumerate() {
            let mut key = u128::from(g);
            for labels in predicted {
                key = key << bits | u128::from(labels[i]);
            }
            *keyed.entry(key).or_insert(0) += 1;
        }
        let mut entries: Vec<(u128, u64)> = keyed.into_iter().collect();
        entries.sort_unstable();
        let mask = (1_u128 << bits) - 1;
        let column = |place: usize| {
            entries
                .iter()
                .map(|(key, _)| ((key >> (bits * (width - 1 - place))) & mask) as u16)
                .collect::<Vec<_>>()
        };
        Ok(Self {
            num_classes,
            gold: column(0),
            predicted: (1..width).map(column).collect(),
            counts: entries.iter().map(|(_, count)| *count).collect(),
        })
    }

    /// Margins of one model over all examples.
    pub fn margins(&self, model: usize) -> Margins {
        let mut margins = Margins::zero(self.num_classes);
        for (cell, (&gold, &predicted)) in self.gold.iter().zip(&self.predicted[model]).enumerate()
        {
            margins.add(gold, predicted, self.counts[cell] as f64);
        }
        margins
    }
}

/// Bootstrap of one model's metric: multinomial over its (gold, predicted) cells.
pub fn bootstrap_metric(
    cells: &Cells,
    model: usize,
    metric: LabelMetric,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    bootstrap_cells(cells, &[model], metric, metric_options, options)
}

/// Paired bootstrap of the difference of a metric, A (model 0) minus B (model 1): both models see the same resample.
pub fn paired_bootstrap_metric(
    cells: &Cells,
    metric: LabelMetric,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    if cells.predicted.len() != 2 {
        return Err(StatsError::Request(format!(
            "a paired comparison needs 2 models, got {}",
            cells.predicted.len()
        )));
    }
    bootstrap_cells(cells, &[0, 1], metric, metric_options, options)
}

/// How a draw of cell counts becomes class margins, for one model or two. Cells come sorted by (gold, A, B), so all sums
/// by gold and by A are sums of runs; only B's predictions are scattered.
struct Tally {
    num_classes: usize,
    /// Runs of cells with equal (gold, A): gold, A, first cell, end.
    runs: Vec<(u16, u16, u32, u32)>,
    /// B's prediction a cell; empty for one model.
    second: Vec<u16>,
    /// Cells that B answers right, with their class.
    second_hits: Vec<(u32, u16)>,
}

impl Tally {
    fn new(cells: &Cells, models: &[usize]) -> Self {
        let first = &cells.predicted[models[0]];
        let mut runs: Vec<(u16, u16, u32, u32)> = Vec::new();
        for (cell, (&gold, &a)) in cells.gold.iter().zip(first).enumerate() {
            let cell = cell as u32;
            match runs.last_mut() {
                Some(run) if run.0 == gold && run.1 == a => run.3 = cell + 1,
                _ => runs.push((gold, a, cell, cell + 1)),
            }
        }
        let second = models.get(1).map_or_else(Vec::new, |&m| cells.predicted[m].clone());
        let hits = second.iter().zip(&cells.gold).enumerate().filter(|(_, (b, gold))| b == gold);
        let second_hits = hits.map(|(cell, (b, _))| (cell as u32, *b)).collect();
        Self { num_classes: cells.num_classes, runs, second, second_hits }
    }

    fn fill(&self, drawn: &[u32], scratch: &mut Scratch) {
        let Scratch { a, b, .. } = scratch;
        let total = drawn.iter().map(|c| u64::from(*c)).sum::<u64>() as f64;
        a.gold.fill(0.0);
        a.predicted.fill(0.0);
        a.hits.fill(0.0);
        a.n = total;
        for &(gold, label, first, end) in &self.runs {
            let sum = f64::from(drawn[first as usize..end as usize].iter().sum::<u32>());
            a.gold[usize::from(gold)] += sum;
            a.predicted[usize::from(label)] += sum;
            if gold == label {
                a.hits[usize::from(gold)] += sum;
            }
        }
        if self.second.is_empty() {
            return;
        }
        scratch.predicted.fill(0);
        for (count, label) in drawn.iter().zip(&self.second) {
            scratch.predicted[usize::from(*label)] += count;
        }
        b.n = total;
        b.gold.copy_from_slice(&a.gold);
        b.hits.fill(0.0);
        for (to, from) in b.predicted.iter_mut().zip(&scratch.predicted) {
            *to = f64::from(*from);
        }
        for &(cell, label) in &self.second_hits {
            b.hits[usize::from(label)] += f64::from(drawn[cell as usize]);
        }
    }

    fn scratch(&self, cells: usize) -> Scratch {
        let zero = Margins::zero(self.num_classes);
        Scratch {
            a: zero.clone(),
            b: zero,
            predicted: vec![0; self.num_classes],
            drawn: vec![0; cells],
        }
    }
}

struct Scratch {
    a: Margins,
    b: Margins,
    predicted: Vec<u32>,
    drawn: Vec<u32>,
}

fn bootstrap_cells(
    cells: &Cells,
    models: &[usize],
    metric: LabelMetric,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    options.check()?;
    let tally = Tally::new(cells, models);
    // NaN where the metric is 0/0: the summary refuses it.
    let value = |margins: &Margins| margins.value(metric, metric_options).unwrap_or(f64::NAN);
    let statistic = |scratch: &Scratch| {
        if models.len() == 2 { value(&scratch.a) - value(&scratch.b) } else { value(&scratch.a) }
    };
    let on = |scratch: &mut Scratch, counts: &[u32]| {
        tally.fill(counts, scratch);
        statistic(scratch)
    };
    let counts: Vec<u32> = cells.counts.iter().map(|c| *c as u32).collect();
    let mut scratch = tally.scratch(counts.len());
    let estimate = on(&mut scratch, &counts);
    let sampler = Multinomial::new(&cells.counts);
    let replicates = replicate(
        options,
        || tally.scratch(counts.len()),
        |rng, scratch| {
            let mut drawn = std::mem::take(&mut scratch.drawn);
            sampler.draw(rng, &mut drawn);
            let value = on(scratch, &drawn);
            scratch.drawn = drawn;
            value
        },
    );
    let jackknife = || {
        let mut left = counts.clone();
        let values: Vec<(f64, f64)> = (0..counts.len())
            .map(|out| {
                left[out] -= 1;
                let value = on(&mut scratch, &left);
                left[out] += 1;
                (value, cells.counts[out] as f64)
            })
            .collect();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}
