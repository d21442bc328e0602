//! The joint cells of (gold, A, B): all that any label metric needs of n examples, after one pass.

use super::bootstrap::{Bootstrap, BootstrapOptions, acceleration, replicate_lanes, summarise};
use super::error::{Result, StatsError};
use super::lanes::{LANES, Lanes, Sink};
use super::metric::{Margins, Metric, MetricOptions, check_labels};

/// Non-empty cells of a set of examples, one prediction column per model.
#[derive(Debug, Clone)]
pub struct Cells {
    /// Labels run from 0 to `num_classes` - 1.
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
            margins.add(gold.into(), predicted.into(), self.counts[cell] as f64);
        }
        margins
    }
}

/// Bootstrap of one model's metric: multinomial over its (gold, predicted) cells.
pub fn bootstrap_metric(
    cells: &Cells,
    model: usize,
    metric: Metric,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    bootstrap_cells(cells, &[model], metric, metric_options, options)
}

/// Paired bootstrap of the difference of a metric, A (model 0) minus B (model 1): both models see the same resample.
pub fn paired_bootstrap_metric(
    cells: &Cells,
    metric: Metric,
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

/// Labels of the cells of one model or two.
#[derive(Clone, Copy)]
struct Labels<'a> {
    classes: usize,
    gold: &'a [u16],
    first: &'a [u16],
    /// Empty for one model.
    second: &'a [u16],
}

impl Labels<'_> {
    /// The rows of a [`Tally`] that a cell adds to.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
    fn each_row(&self, cell: usize, mut row: impl FnMut(usize)) {
        let (gold, a) = (self.gold[cell], self.first[cell]);
        row(usize::from(gold));
        row(self.classes + usize::from(a));
        if a == gold {
            row(2 * self.classes + usize::from(a));
        }
        if let Some(&b) = self.second.get(cell) {
            row(3 * self.classes + usize::from(b));
            if b == gold {
                row(4 * self.classes + usize::from(b));
            }
        }
    }
}

/// Class margins of one model or two in every lane, filled cell by cell.
struct Tally<'a> {
    labels: Labels<'a>,
    /// Per class, [`LANES`] counts a row: gold, then predicted by A, right by A, predicted by B, right by B.
    rows: Vec<[u32; LANES]>,
    /// Margins of one lane.
    a: Margins,
    b: Margins,
}

impl<'a> Tally<'a> {
    fn new(cells: &'a Cells, models: &[usize]) -> Self {
        let zero = Margins::zero(cells.num_classes);
        let labels = Labels {
            classes: cells.num_classes,
            gold: &cells.gold,
            first: &cells.predicted[models[0]],
            second: models.get(1).map_or(&[], |&m| &cells.predicted[m]),
        };
        let rows = vec![[0; LANES]; cells.num_classes * (1 + 2 * models.len())];
        Self { labels, rows, a: zero.clone(), b: zero }
    }

    /// The margins of a lane, of A and of B.
    fn margins(&mut self, lane: usize) -> (&Margins, &Margins) {
        let classes = self.labels.classes;
        let of = |kind: usize, class: usize| f64::from(self.rows[kind * classes + class][lane]);
        let two = usize::from(!self.labels.second.is_empty());
        self.a.n = 0.0;
        for class in 0..classes {
            let gold = of(0, class);
            self.a.n += gold;
            self.a.gold[class] = gold;
            self.a.predicted[class] = of(1, class);
            self.a.hits[class] = of(2, class);
            self.b.gold[class] = gold;
            self.b.predicted[class] = of(1 + 2 * two, class);
            self.b.hits[class] = of(2 + 2 * two, class);
        }
        self.b.n = self.a.n;
        (&self.a, &self.b)
    }
}

impl Sink for Tally<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
    fn all(&mut self, cell: usize, counts: &[u32; LANES]) {
        self.labels.each_row(cell, |row| {
            for (sum, count) in self.rows[row].iter_mut().zip(counts) {
                *sum += count;
            }
        });
    }

    #[inline]
    fn one(&mut self, lane: usize, cell: usize, count: u32) {
        // No branch: which cell comes next cannot be predicted.
        let Labels { classes, gold, first, second } = self.labels;
        let (gold, a) = (usize::from(gold[cell]), usize::from(first[cell]));
        self.rows[gold][lane] += count;
        self.rows[classes + a][lane] += count;
        self.rows[2 * classes + a][lane] += count * u32::from(a == gold);
        if let Some(&b) = second.get(cell) {
            let b = usize::from(b);
            self.rows[3 * classes + b][lane] += count;
            self.rows[4 * classes + b][lane] += count * u32::from(b == gold);
        }
    }

    fn clear(&mut self, lane: usize) {
        self.rows.iter_mut().for_each(|row| row[lane] = 0);
    }
}

fn bootstrap_cells(
    cells: &Cells,
    models: &[usize],
    metric: Metric,
    metric_options: MetricOptions,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    options.check()?;
    // NaN where the metric is 0/0: the summary refuses it.
    let value = |margins: &Margins| margins.value(metric, metric_options).unwrap_or(f64::NAN);
    let statistic = |(a, b): (&Margins, &Margins)| {
        if models.len() == 2 { value(a) - value(b) } else { value(a) }
    };
    let observed: Vec<Margins> = models.iter().map(|&m| cells.margins(m)).collect();
    let estimate = statistic((&observed[0], &observed[observed.len() - 1]));
    let sampler = Lanes::new(&cells.counts);
    let replicates = replicate_lanes(
        options,
        || Tally::new(cells, models),
        |rng, tally, values| {
            tally.rows.fill([0; LANES]);
            sampler.draw(rng, tally);
            for (lane, slot) in values.iter_mut().enumerate() {
                *slot = statistic(tally.margins(lane));
            }
        },
    );
    let jackknife = || {
        let mut left = observed.clone();
        let values: Vec<(f64, f64)> = (0..cells.counts.len())
            .map(|cell| {
                for (margins, &model) in left.iter_mut().zip(models) {
                    let (gold, predicted) = (cells.gold[cell], cells.predicted[model][cell]);
                    margins.add(gold.into(), predicted.into(), -1.0);
                }
                let value = statistic((&left[0], &left[left.len() - 1]));
                for (margins, &model) in left.iter_mut().zip(models) {
                    let (gold, predicted) = (cells.gold[cell], cells.predicted[model][cell]);
                    margins.add(gold.into(), predicted.into(), 1.0);
                }
                (value, cells.counts[cell] as f64)
            })
            .collect();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}
