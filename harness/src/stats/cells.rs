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

    /// Margins of one model under cell weights.
    pub fn margins(&self, model: usize, weight: impl Fn(usize) -> f64) -> Margins {
        let mut margins = Margins::zero(self.num_classes);
        self.fill_margins(model, &mut margins, weight);
        margins
    }

    fn fill_margins(&self, model: usize, margins: &mut Margins, weight: impl Fn(usize) -> f64) {
        margins.n = 0.0;
        margins.gold.fill(0.0);
        margins.predicted.fill(0.0);
        margins.hits.fill(0.0);
        for (cell, (&g, &p)) in self.gold.iter().zip(&self.predicted[model]).enumerate() {
            margins.add(g, p, weight(cell));
        }
    }

    fn value(
        &self,
        model: usize,
        metric: LabelMetric,
        options: MetricOptions,
        margins: &mut Margins,
        weight: impl Fn(usize) -> f64,
    ) -> f64 {
        self.fill_margins(model, margins, weight);
        margins.value(metric, options).unwrap_or(f64::NAN)
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
    bootstrap_cells(cells, metric_options, options, |value| value(model, metric))
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
    bootstrap_cells(cells, metric_options, options, |value| value(0, metric) - value(1, metric))
}

fn bootstrap_cells(
    cells: &Cells,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
    statistic: impl Fn(&mut dyn FnMut(usize, LabelMetric) -> f64) -> f64 + Sync + Send,
) -> Result<Bootstrap> {
    options.check()?;
    let evaluate = |margins: &mut Margins, weight: &dyn Fn(usize) -> f64| {
        statistic(&mut |model, metric| cells.value(model, metric, metric_options, margins, weight))
    };
    let mut margins = Margins::zero(cells.num_classes);
    let estimate = evaluate(&mut margins, &|cell| cells.counts[cell] as f64);
    let sampler = Multinomial::new(&cells.counts);
    let replicates = replicate(
        options,
        || (Margins::zero(cells.num_classes), vec![0_u32; cells.counts.len()]),
        |rng, (margins, drawn)| {
            sampler.draw(rng, drawn);
            evaluate(margins, &|cell| f64::from(drawn[cell]))
        },
    );
    let jackknife = || {
        let values: Vec<(f64, f64)> = (0..cells.counts.len())
            .map(|out| {
                let weight =
                    |cell: usize| cells.counts[cell] as f64 - f64::from(u8::from(cell == out));
                (evaluate(&mut margins, &weight), cells.counts[out] as f64)
            })
            .collect();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}
