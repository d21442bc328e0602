//! One draw of the examples serves every model, every pair and every culture.
//!
//! Whole clusters are drawn, as many as there are, within each part of an aggregate (fixed benchmarks are strata, no
//! sample). Where a model has K seeds, K - 1 of them are drawn too, crossed with the examples (Davison & Hinkley 1997,
//! section 3.8): K draws would make their variance 1 / K too small (McCarthy & Snowden 1985; Rao & Wu 1988). Accuracy is a
//! weighted sum over examples, so a resample is one pass over a matrix of right answers of all models; every other metric is a
//! function of its (gold, answer) counts.

use crate::answer::Answer;
use rayon::prelude::*;

use eval_stats::bootstrap::replicate_on;
use eval_stats::metric::{Margins, MetricOptions};
use eval_stats::rng::{Batch, Generator, Stream, below};

use super::comparison::Comparison;

/// Consecutive places of one culture of one part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) part: usize,
    pub(super) culture: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What the examples look like to a resample.
pub(super) enum Marks {
    /// Values of a mean over examples, right answers for an accuracy; row-major: a row a place, a column a model and seed (the sum
    /// over its variants).
    Right(Vec<f32>),
    /// Per model, seed and variant: code `gold * (classes + 1) + answer` of every place, `classes` = no answer.
    Codes(Vec<Vec<u16>>),
}

/// The examples of a field in the order of their slices, ready to be resampled.
pub(super) struct Design<'a> {
    pub(super) field: &'a Comparison,
    pub(super) slices: Vec<Slice>,
    /// Of each place, its cluster among all parts.
    pub(super) unit: Vec<u32>,
    /// First cluster and number of clusters of each part.
    pub(super) strata: Vec<(u32, u32)>,
    pub(super) marks: Marks,
    /// Per part: its classes, and what the metric is asked about, as the codes have them.
    pub(super) coded: Vec<(usize, MetricOptions)>,
    /// First (model, seed) column of each model, and one past the last.
    pub(super) first: Vec<usize>,
    pub(super) variants: Vec<usize>,
}

/// Scores of all models, as observed or of one resample.
#[derive(Debug, Clone)]
pub(super) struct Values {
    /// One a model; NaN if there is none.
    pub(super) overall: Vec<f64>,
    /// `[model * cultures + culture]`; empty where not asked for.
    pub(super) by_culture: Vec<f64>,
}

/// Memory of one thread.
struct Scratch {
    counts: Vec<u32>,
    weights: Vec<f32>,
    seeds: Vec<f64>,
    sums: Vec<f32>,
    table: Vec<f32>,
}

impl<'a> Design<'a> {
    pub(super) fn new(field: &'a Comparison) -> Self {
        let mut places: Vec<(usize, u32, u32)> = Vec::with_capacity(field.examples());
        for (p, part) in field.parts.iter().enumerate() {
            places.extend(
                part.cultures.iter().enumerate().map(|(row, culture)| (p, *culture, row as u32)),
            );
        }
        places.sort_unstable();
        let mut slices: Vec<Slice> = Vec::new();
        for (place, (part, culture, _)) in places.iter().enumerate() {
            match slices.last_mut() {
                Some(last) if (last.part, last.culture) == (*part, *culture as usize) => {
                    last.end = place + 1;
                }
                _ => slices.push(Slice {
                    part: *part,
                    culture: *culture as usize,
                    start: place,
                    end: place + 1,
                }),
            }
        }
        let mut strata = Vec::new();
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        let mut next = 0;
        for part in &field.parts {
            let mut known = std::collections::HashMap::new();
            let start = next;
            numbers.push(
                part.clusters
                    .iter()
                    .map(|cluster| {
                        *known.entry(*cluster).or_insert_with(|| {
                            next += 1;
                            next - 1
                        })
                    })
                    .collect(),
            );
            strata.push((start, next - start));
        }
        let unit = places.iter().map(|(p, _, row)| numbers[*p][*row as usize]).collect();
        let mut first = vec![0];
        for model in &field.models {
            first.push(first[first.len() - 1] + model.seeds.len());
        }
        let variants = field.models.iter().map(|m| m.columns() / m.seeds.len().max(1)).collect();
        let binary = field.metric.of_one_class();
        let coded = field.parts.iter().map(|p| {
            let (classes, positive) = if binary { (2, 1) } else { (p.classes, p.positive) };
            (classes, MetricOptions { positive, smoothing: p.smoothing, ..Default::default() })
        });
        let mut design = Self {
            field,
            slices,
            unit,
            strata,
            marks: Marks::Codes(Vec::new()),
            coded: coded.collect(),
            first,
            variants,
        };
        design.marks = if field.metric.is_mean_over_examples() {
            Marks::Right(design.right(&places))
        } else {
            Marks::Codes(design.codes(&places, binary))
        };
        design
    }

    fn right(&self, places: &[(usize, u32, u32)]) -> Vec<f32> {
        let columns = self.first[self.first.len() - 1];
        let mut right = vec![0.0; places.len() * columns];
        for (model, entrant) in self.field.models.iter().enumerate() {
            for (place, (part, _, row)) in places.iter().enumerate() {
                let row = *row as usize;
                let first = place * columns + self.first[model];
                if let Some(values) = entrant.values.get(*part) {
                    for (column, values) in values.iter().enumerate() {
                        right[first + column / self.variants[model]] += values[row];
                    }
                    continue;
                }
                let gold = Answer::Label(self.field.parts[*part].gold[row]);
                for (column, answers) in entrant.answers[*part].iter().enumerate() {
                    if answers[row] == gold {
                        right[first + column / self.variants[model]] += 1.0;
                    }
                }
            }
        }
        right
    }

    fn codes(&self, places: &[(usize, u32, u32)], binary: bool) -> Vec<Vec<u16>> {
        let mut all = Vec::new();
        for entrant in &self.field.models {
            for column in 0..entrant.columns() {
                let code = |(part, _, row): &(usize, u32, u32)| {
                    let (p, row) = (&self.field.parts[*part], *row as usize);
                    let answer = entrant.answers[*part][column][row].label();
                    if binary {
                        let is = |label: u32| u16::from(label == p.positive);
                        is(p.gold[row]) * 3 + answer.map_or(2, is)
                    } else {
                        (p.gold[row] as usize * (p.classes + 1)
                            + answer.map_or(p.classes, |a| a as usize))
                            as u16
                    }
                };
                all.push(places.iter().map(code).collect());
            }
        }
        all
    }

    /// Independent clusters.
    pub(super) fn units(&self) -> usize {
        self.strata.iter().map(|(_, count)| *count as usize).sum()
    }

    /// Whether some examples are not independent.
    pub(super) fn clustered(&self) -> bool {
        self.units() < self.unit.len()
    }

    /// Per culture: independent clusters in it.
    pub(super) fn units_of_cultures(&self) -> Vec<usize> {
        let mut sets = vec![std::collections::BTreeSet::<u32>::new(); self.field.cultures.len()];
        for slice in &self.slices {
            sets[slice.culture].extend(self.unit[slice.start..slice.end].iter().copied());
        }
        sets.iter().map(std::collections::BTreeSet::len).collect()
    }

    /// For a mean over examples (accuracy): per cluster and model the sum of the scores, an example of a culture weighing
    /// as the metric has it; and whether the sums are whole numbers of a common unit.
    pub(super) fn cluster_sums(&self) -> Option<(Vec<Vec<f64>>, bool)> {
        let Marks::Right(right) = &self.marks else { return None };
        let columns = self.first[self.first.len() - 1];
        let mut size = vec![0_usize; self.field.cultures.len()];
        for slice in &self.slices {
            size[slice.culture] += slice.end - slice.start;
        }
        let sizes: Vec<usize> = size.iter().copied().filter(|s| *s > 0).collect();
        let even = !self.field.mean_over_cultures || sizes.windows(2).all(|w| w[0] == w[1]);
        let mut sums = vec![vec![0.0; self.field.models.len()]; self.units()];
        for slice in &self.slices {
            let weight = if even { 1.0 } else { 1.0 / size[slice.culture] as f64 };
            for place in slice.start..slice.end {
                for (model, sum) in sums[self.unit[place] as usize].iter_mut().enumerate() {
                    let own = &right[place * columns + self.first[model]
                        ..place * columns + self.first[model + 1]];
                    *sum += weight * own.iter().map(|v| f64::from(*v)).sum::<f64>()
                        / (own.len() * self.variants[model]) as f64;
                }
            }
        }
        let plain = self.field.models.iter().all(|m| m.columns() == 1 && m.values.is_empty());
        Some((sums, even && plain))
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            counts: vec![1; self.units()],
            weights: vec![1.0; self.unit.len()],
            seeds: vec![1.0; self.first[self.first.len() - 1]],
            sums: Vec::new(),
            table: Vec::new(),
        }
    }

    /// The scores as observed.
    pub(super) fn observed(&self, cultures: bool) -> Values {
        self.values(&mut self.scratch(), cultures)
    }

    /// Resampled scores; the first `with_cultures` of them by culture too. Element r comes from stream r alone.
    pub(super) fn replicates(
        &self,
        stream: &Stream,
        resamples: usize,
        with_cultures: usize,
    ) -> Vec<Values> {
        let batches: Vec<Batch> = self.strata.iter().map(|(_, count)| Batch::new(*count)).collect();
        let both = stream.child("bootstrap");
        (0..resamples)
            .into_par_iter()
            .with_min_len(16)
            .map_init(
                || self.scratch(),
                |scratch, r| {
                    self.draw(&mut both.at(r as u64), &batches, scratch);
                    self.values(scratch, r < with_cultures)
                },
            )
            .collect()
    }

    fn draw(&self, rng: &mut Generator, batches: &[Batch], scratch: &mut Scratch) {
        scratch.counts.fill(0);
        for ((start, count), batch) in self.strata.iter().zip(batches) {
            batch.draw(rng, u64::from(*count), |i| scratch.counts[*start as usize + i] += 1);
        }
        for (weight, unit) in scratch.weights.iter_mut().zip(&self.unit) {
            *weight = scratch.counts[*unit as usize] as f32;
        }
        for model in self.first.windows(2).filter(|w| w[1] - w[0] > 1) {
            let own = &mut scratch.seeds[model[0]..model[1]];
            own.fill(0.0);
            let (all, drawn) = (own.len() as f64, own.len() - 1);
            for _ in 0..drawn {
                own[below(rng, own.len() as u32) as usize] += all / drawn as f64;
            }
        }
    }

    fn values(&self, scratch: &mut Scratch, cultures: bool) -> Values {
        match &self.marks {
            Marks::Right(right) => self.accuracies(right, scratch, cultures),
            Marks::Codes(codes) => self.functions(codes, scratch, cultures),
        }
    }

    fn accuracies(&self, right: &[f32], scratch: &mut Scratch, cultures: bool) -> Values {
        let columns = self.first[self.first.len() - 1];
        let (models, names) = (self.field.models.len(), self.field.cultures.len());
        let mut of_culture = vec![0.0_f64; models * names];
        let mut sizes = vec![0.0_f64; names];
        scratch.sums.resize(columns, 0.0);
        for slice in &self.slices {
            scratch.sums.fill(0.0);
            let mut size = 0.0_f32;
            let rows = right[slice.start * columns..slice.end * columns].chunks_exact(columns);
            for (row, weight) in rows.zip(&scratch.weights[slice.start..slice.end]) {
                if *weight > 0.0 {
                    size += weight;
                    for (sum, value) in scratch.sums.iter_mut().zip(row) {
                        *sum += weight * value;
                    }
                }
            }
            sizes[slice.culture] += f64::from(size);
            for model in 0..models {
                let own = self.first[model]..self.first[model + 1];
                let width = (own.len() * self.variants[model]) as f64;
                let sum: f64 = own.map(|c| f64::from(scratch.sums[c]) * scratch.seeds[c]).sum();
                of_culture[model * names + slice.culture] += sum / width;
            }
        }
        let overall = (0..models)
            .map(|model| {
                let own = &of_culture[model * names..(model + 1) * names];
                if self.field.mean_over_cultures {
                    mean(own.iter().zip(&sizes).filter(|(_, n)| **n > 0.0).map(|(sum, n)| sum / n))
                } else {
                    own.iter().sum::<f64>() / sizes.iter().sum::<f64>()
                }
            })
            .collect();
        let by_culture = if cultures {
            (of_culture.iter().enumerate()).map(|(i, sum)| ratio(*sum, sizes[i % names])).collect()
        } else {
            Vec::new()
        };
        Values { overall, by_culture }
    }

    fn functions(&self, codes: &[Vec<u16>], scratch: &mut Scratch, cultures: bool) -> Values {
        let (models, names) = (self.field.models.len(), self.field.cultures.len());
        let split = cultures || self.field.mean_over_cultures;
        let mut overall = Vec::with_capacity(models);
        let mut by_culture = vec![0.0; if split { models * names } else { 0 }];
        let mut column = 0;
        for model in 0..models {
            let mut mean_of_seeds = 0.0;
            let seeds = self.first[model]..self.first[model + 1];
            let width = (seeds.len() * self.variants[model]) as f64;
            for seed in seeds {
                for _ in 0..self.variants[model] {
                    let share = scratch.seeds[seed] / width;
                    if share > 0.0 {
                        let own = if split {
                            &mut by_culture[model * names..(model + 1) * names]
                        } else {
                            &mut [][..]
                        };
                        mean_of_seeds += share
                            * self.column_value(
                                &codes[column],
                                &scratch.weights,
                                &mut scratch.table,
                                own,
                                share,
                            );
                    }
                    column += 1;
                }
            }
            overall.push(mean_of_seeds);
        }
        Values { overall, by_culture: if cultures { by_culture } else { Vec::new() } }
    }

    /// The metric of one column; `own` gets `share` of the value of each culture.
    fn column_value(
        &self,
        codes: &[u16],
        weights: &[f32],
        table: &mut Vec<f32>,
        own: &mut [f64],
        share: f64,
    ) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        let mut values = 0.0;
        let mut present = 0.0;
        for (part, (classes, options)) in self.coded.iter().enumerate() {
            let width = classes + 1;
            let mut whole = Margins::zero(*classes);
            let cells = classes * width;
            let fill = |table: &mut Vec<f32>, start: usize, end: usize| {
                count(table, cells, &codes[start..end], &weights[start..end]);
            };
            let add = |table: &[f32], margins: &mut Margins| {
                for (cell, weight) in table.iter().enumerate() {
                    let (gold, answer) = ((cell / width) as u32, (cell % width) as u32);
                    margins.add(gold, answer, f64::from(*weight));
                }
            };
            let slices = self.slices.iter().filter(|s| s.part == part);
            if own.is_empty() {
                let (start, end) =
                    slices.fold((usize::MAX, 0), |t, s| (t.0.min(s.start), t.1.max(s.end)));
                if start < end {
                    fill(table, start, end);
                    add(table, &mut whole);
                }
            } else {
                for slice in slices {
                    fill(table, slice.start, slice.end);
                    let mut margins = Margins::zero(*classes);
                    add(table, &mut margins);
                    add(table, &mut whole);
                    if let Some(value) = margins.value(self.field.counts(), *options) {
                        own[slice.culture] += share * value;
                        values += value;
                        present += 1.0;
                    } else {
                        own[slice.culture] = f64::NAN;
                    }
                }
            }
            if let Some(value) = whole.value(self.field.counts(), *options) {
                sum += value * whole.n;
                total += whole.n;
            }
        }
        if self.field.mean_over_cultures { ratio(values, present) } else { ratio(sum, total) }
    }
}

/// Sums the weights of each code. Four tables take turns, so that an addition need not wait for the one before; whole
/// weights below 2^24 keep the sums exact.
fn count(table: &mut Vec<f32>, cells: usize, codes: &[u16], weights: &[f32]) {
    table.clear();
    table.resize(4 * cells, 0.0);
    let (first, rest) = table.split_at_mut(cells);
    let (second, rest) = rest.split_at_mut(cells);
    let (third, fourth) = rest.split_at_mut(cells);
    let (code_fours, weight_fours) = (codes.chunks_exact(4), weights.chunks_exact(4));
    for (code, weight) in code_fours.remainder().iter().zip(weight_fours.remainder()) {
        first[usize::from(*code)] += weight;
    }
    for (code, weight) in code_fours.zip(weight_fours) {
        first[usize::from(code[0])] += weight[0];
        second[usize::from(code[1])] += weight[1];
        third[usize::from(code[2])] += weight[2];
        fourth[usize::from(code[3])] += weight[3];
    }
    for cell in 0..cells {
        first[cell] += second[cell] + third[cell] + fourth[cell];
    }
    table.truncate(cells);
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |t, v| (t.0 + v, t.1 + 1.0));
    ratio(sum, count)
}

fn ratio(above: f64, below: f64) -> f64 {
    if below > 0.0 { above / below } else { f64::NAN }
}

/// Cluster-level sign flips of all models at once: element r holds, for each model, the sum over clusters of its sums
/// under the signs of resample r, so that the statistic of any pair is a difference of two of them.
pub(super) fn sign_flips(sums: &[Vec<f64>], stream: &Stream, resamples: usize) -> Vec<Vec<f64>> {
    use rand_chacha::rand_core::Rng as _;
    let models = sums.first().map_or(0, Vec::len);
    replicate_on(
        &stream.child("sign flips"),
        resamples,
        || (),
        |rng, ()| {
            let mut total = vec![0.0; models];
            for chunk in sums.chunks(64) {
                let mut bits = rng.next_u64();
                for row in chunk {
                    let sign = if bits & 1 == 1 { 1.0 } else { -1.0 };
                    for (t, v) in total.iter_mut().zip(row) {
                        *t += sign * v;
                    }
                    bits >>= 1;
                }
            }
            total
        },
    )
}
