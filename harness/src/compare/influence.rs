//! What one cluster of examples does to a model's score: the derivative of the score by the weight of the cluster.
//!
//! For a mean over examples it is the sum of the cluster's deviations over their number. Every other metric is a function of
//! (gold, answer) counts: its derivative by each count, taken numerically, times the cluster's counts (the infinitesimal
//! jackknife, Jaeckel 1972; Efron & Tibshirani 1993, section 21.3). Nothing is drawn, so that it has no Monte-Carlo error.
//! Against a bootstrap corrected by `K / (K - 1)` it was chosen because seeds, clusters and their interaction come from one
//! table, and because all pairs of fifty models cost one pass each.

use eval_stats::StatsError;
use eval_stats::components::{Crossed, Family};
use eval_stats::metric::{Margins, MetricOptions};
use rayon::prelude::*;

use super::draws::{Design, Marks, Slice};
use crate::definition::dataset::Metric;

/// Step of the numerical derivative, in examples.
const STEP: f64 = 1e-3;

impl Design<'_> {
    /// The models as the variance components see them; `None` where a metric has no derivative.
    pub(super) fn family(&self) -> Result<Option<Family>, StatsError> {
        let strata = self.strata();
        let models: Option<Vec<Crossed>> = match &self.marks {
            Marks::Right(right) => Some(self.of_means(right, &strata)?),
            Marks::Codes(codes) => self.of_counts(codes, &strata)?,
        };
        models.map(|models| Family::new(models, &strata)).transpose()
    }

    /// Numbers of clusters in each part.
    pub(super) fn strata(&self) -> Vec<usize> {
        self.strata.iter().map(|(_, count)| *count as usize).collect()
    }

    fn of_means(&self, right: &[f32], strata: &[usize]) -> Result<Vec<Crossed>, StatsError> {
        let columns = self.first[self.first.len() - 1];
        let mut sizes = vec![0.0_f64; self.field.cultures.len()];
        for slice in &self.slices {
            sizes[slice.culture] += (slice.end - slice.start) as f64;
        }
        let present = sizes.iter().filter(|s| **s > 0.0).count() as f64;
        // Of an example of each culture.
        let weights: Vec<f64> = if self.field.mean_over_cultures {
            sizes.iter().map(|s| 1.0 / (s * present)).collect()
        } else {
            vec![1.0 / sizes.iter().sum::<f64>(); sizes.len()]
        };
        let each = |model: usize| {
            let seeds = self.first[model]..self.first[model + 1];
            let width = self.variants[model] as f64;
            let of_seed =
                |column: usize| self.seed_of_mean(right, (column, columns), width, &weights);
            let (scores, influence): (Vec<f64>, Vec<Vec<f64>>) = seeds.map(of_seed).unzip();
            Crossed::new(&scores, &influence, strata)
        };
        (0..self.field.models.len()).into_par_iter().map(each).collect()
    }

    /// Score and influences of one column of right answers.
    fn seed_of_mean(
        &self,
        right: &[f32],
        (column, columns): (usize, usize),
        width: f64,
        weights: &[f64],
    ) -> (f64, Vec<f64>) {
        let mut means = vec![0.0; weights.len()];
        let mut sizes = vec![0.0; weights.len()];
        let value = |place: usize| f64::from(right[place * columns + column]) / width;
        for slice in &self.slices {
            means[slice.culture] += (slice.start..slice.end).map(value).sum::<f64>();
            sizes[slice.culture] += (slice.end - slice.start) as f64;
        }
        let score: f64 = means.iter().zip(weights).map(|(sum, w)| sum * w).sum();
        let plain = means.iter().sum::<f64>() / sizes.iter().sum::<f64>();
        let mut influence = vec![0.0; self.units()];
        for slice in &self.slices {
            let c = slice.culture;
            let centre = if self.field.mean_over_cultures { means[c] / sizes[c] } else { plain };
            for place in slice.start..slice.end {
                influence[self.unit[place] as usize] += weights[c] * (value(place) - centre);
            }
        }
        (score, influence)
    }

    fn of_counts(
        &self,
        codes: &[Vec<u16>],
        strata: &[usize],
    ) -> Result<Option<Vec<Crossed>>, StatsError> {
        // Seeds of the models before, each with as many columns as its model has variants.
        let mut start = 0;
        let starts: Vec<usize> = (self.variants.iter().zip(self.first.windows(2)))
            .map(|(width, first)| {
                let own = start;
                start += width * (first[1] - first[0]);
                own
            })
            .collect();
        let each = |model: usize| {
            let width = self.variants[model];
            let seeds = self.first[model + 1] - self.first[model];
            let (mut scores, mut influence) =
                (vec![0.0; seeds], vec![vec![0.0; self.units()]; seeds]);
            for seed in 0..seeds {
                let column = starts[model] + seed * width;
                for codes in &codes[column..column + width] {
                    let own = &mut influence[seed];
                    let Some(value) = self.column_influence(codes, width as f64, own) else {
                        return Ok(None);
                    };
                    scores[seed] += value / width as f64;
                }
            }
            Crossed::new(&scores, &influence, strata).map(Some)
        };
        (0..self.field.models.len()).into_par_iter().map(each).collect()
    }

    /// Adds the influences of one column over `width` to `own` and gives its score; `None` where it has none.
    fn column_influence(&self, codes: &[u16], width: f64, own: &mut [f64]) -> Option<f64> {
        let tables = Tables::new(self, codes);
        let value = tables.value()?;
        for (block, slice) in self.slices.iter().enumerate() {
            let mut slopes: Vec<Option<f64>> = vec![None; tables.cells(slice)];
            for place in slice.start..slice.end {
                let code = codes[place];
                let known = &mut slopes[usize::from(code)];
                let slope = if let Some(slope) = *known {
                    slope
                } else {
                    *known.insert(tables.slope(block, code)?)
                };
                own[self.unit[place] as usize] += slope / width;
            }
        }
        Some(value)
    }
}

/// The margins of one column: of each slice, and of each part as a whole.
struct Tables<'d> {
    design: &'d Design<'d>,
    slices: Vec<Margins>,
    parts: Vec<Margins>,
    metric: Metric,
}

impl<'d> Tables<'d> {
    fn new(design: &'d Design<'d>, codes: &[u16]) -> Self {
        let classes = |part: usize| design.coded[part].0;
        let mut parts: Vec<Margins> =
            (0..design.coded.len()).map(|part| Margins::zero(classes(part))).collect();
        let mut slices = Vec::with_capacity(design.slices.len());
        for slice in &design.slices {
            let mut margins = Margins::zero(classes(slice.part));
            for code in &codes[slice.start..slice.end] {
                let (gold, answer) = split(*code, classes(slice.part));
                margins.add(gold, answer, 1.0);
                parts[slice.part].add(gold, answer, 1.0);
            }
            slices.push(margins);
        }
        Self { design, slices, parts, metric: design.field.counts() }
    }

    fn cells(&self, slice: &Slice) -> usize {
        let classes = self.design.coded[slice.part].0;
        classes * (classes + 1)
    }

    fn options(&self, part: usize) -> MetricOptions {
        self.design.coded[part].1
    }

    /// The score of the column: as [`Design`] has it.
    fn value(&self) -> Option<f64> {
        if self.design.field.mean_over_cultures {
            let values = self.slices.iter().zip(&self.design.slices);
            let values: Vec<f64> =
                values.filter_map(|(m, s)| m.value(self.metric, self.options(s.part))).collect();
            return (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for (part, margins) in self.parts.iter().enumerate() {
            if let Some(value) = margins.value(self.metric, self.options(part)) {
                sum += value * margins.n;
                total += margins.n;
            }
        }
        (total > 0.0).then(|| sum / total)
    }

    /// Derivative of the score by the count of a cell that occurs in a slice.
    fn slope(&self, block: usize, code: u16) -> Option<f64> {
        let slice = self.design.slices[block];
        let (gold, answer) = split(code, self.design.coded[slice.part].0);
        let options = self.options(slice.part);
        let at = |margins: &Margins, step: f64| {
            let mut moved = margins.clone();
            moved.add(gold, answer, step);
            Some((moved.value(self.metric, options)?, moved.n))
        };
        if self.design.field.mean_over_cultures {
            let with =
                |m: &Margins, s: &Slice| m.value(self.metric, self.options(s.part)).is_some();
            let present =
                self.slices.iter().zip(&self.design.slices).filter(|(m, s)| with(m, s)).count();
            let margins = &self.slices[block];
            if !with(margins, &slice) {
                return Some(0.0);
            }
            let ((up, _), (down, _)) = (at(margins, STEP)?, at(margins, -STEP)?);
            return Some((up - down) / (2.0 * STEP * present as f64));
        }
        let margins = &self.parts[slice.part];
        let own = margins.value(self.metric, options)?;
        let total: f64 = self.parts.iter().map(|m| m.n).sum();
        let rest = self.value()? * total - own * margins.n;
        let moved = |step: f64| {
            let (value, n) = at(margins, step)?;
            Some((rest + value * n) / (total + step))
        };
        Some((moved(STEP)? - moved(-STEP)?) / (2.0 * STEP))
    }
}

/// Gold label and answer of a code.
fn split(code: u16, classes: usize) -> (u32, u32) {
    let width = classes as u32 + 1;
    (u32::from(code) / width, u32::from(code) % width)
}
