//! The models of a benchmark in order: scores, letters, ranks.

use eval_stats::choose::Test;
use eval_stats::friedman::{cochran_q, rank_row};
use eval_stats::ranking::compact_letters;
use eval_stats::{Direction, StatsError};
use rayon::prelude::*;

use super::benchmark::BenchmarkComparison;
use super::comparison::{ComparedModel, Comparison, Own};
use super::draws::Design;
use super::result::{Interval, Omnibus, Pair, RankedModel, ScoreVariance, Verdict};

impl BenchmarkComparison<'_> {
    pub(super) fn standings(&self, pairs: &[Pair]) -> Result<Vec<RankedModel>, StatsError> {
        let letters = self.letters(pairs)?;
        let (ranks, _) = rank_row(&self.observed.overall, Direction::HigherIsBetter);
        let first = self.first();
        let differs = self.significant(pairs);
        let mut standings = Vec::with_capacity(self.field.models.len());
        for (model, entrant) in self.field.models.iter().enumerate() {
            standings.push(RankedModel {
                model: entrant.name.clone(),
                value: self.observed.overall[model],
                interval: entrant.own.interval,
                seeds: entrant.seeds.clone(),
                of_seeds: self.of_seeds(entrant),
                letters: letters[model].clone(),
                rank: ranks[model],
                rank_interval: rank_interval(&differs, model),
                variance: self.variance(model)?,
                first: first[model],
                cultures: entrant.own.cultures.clone(),
            });
        }
        standings.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.model.cmp(&b.model)));
        Ok(standings)
    }

    /// Letters of the models: two that share one do not differ significantly. None where only a baseline is compared.
    fn letters(&self, pairs: &[Pair]) -> Result<Vec<String>, StatsError> {
        let k = self.field.models.len();
        if self.options.baseline.is_some() {
            return Ok(vec![String::new(); k]);
        }
        let differs = self.significant(pairs);
        let either: Vec<Vec<bool>> =
            (0..k).map(|a| (0..k).map(|b| differs[a][b] || differs[b][a]).collect()).collect();
        compact_letters(&self.observed.overall, &either, Direction::HigherIsBetter)
    }

    /// `[a][b]`: a is significantly better than b.
    fn significant(&self, pairs: &[Pair]) -> Vec<Vec<bool>> {
        let k = self.field.models.len();
        let mut better = vec![vec![false; k]; k];
        for (pair, (a, b)) in pairs.iter().zip(self.pair_numbers()) {
            better[a][b] = pair.verdict == Verdict::ABetter;
            better[b][a] = pair.verdict == Verdict::BBetter;
        }
        better
    }

    /// Share of the resamples in which each model alone is best.
    fn first(&self) -> Vec<f64> {
        let k = self.columns.len();
        let of_block = |block: usize| {
            let mut wins = vec![0_u32; k];
            for r in block * 64..((block + 1) * 64).min(self.options.resamples) {
                let (mut best, mut at, mut tied) = (f64::NEG_INFINITY, 0, false);
                for (model, column) in self.columns.iter().enumerate() {
                    let value = column[r];
                    if value > best {
                        (best, at, tied) = (value, model, false);
                    } else if value == best {
                        tied = true;
                    }
                }
                wins[at] += u32::from(!tied && best.is_finite());
            }
            wins
        };
        let sum = |mut all: Vec<u32>, one: Vec<u32>| {
            all.iter_mut().zip(one).for_each(|(a, b)| *a += b);
            all
        };
        let blocks = self.options.resamples.div_ceil(64);
        let wins = (0..blocks).into_par_iter().map(of_block).reduce(|| vec![0; k], sum);
        wins.iter().map(|w| f64::from(*w) / self.options.resamples as f64).collect()
    }

    /// Where the variance of a model's score comes from.
    fn variance(&self, model: usize) -> Result<Option<ScoreVariance>, StatsError> {
        let Some(family) = &self.family else { return Ok(None) };
        let (model, strata) = (&family.models()[model], self.design.strata());
        let (total, shares) = (model.uncertainty(&strata)?, model.shares(&strata)?);
        Ok(Some(ScoreVariance {
            standard_error: total.standard_error(),
            df: total.df,
            examples: shares.examples,
            seeds: shares.seeds,
            seeds_by_examples: shares.seeds_by_examples,
            seed_sd: model.seed_sd(),
        }))
    }

    /// Score of each seed, where there are several.
    fn of_seeds(&self, entrant: &ComparedModel) -> Vec<f64> {
        let seeds = entrant.seeds.len();
        if seeds < 2 {
            return Vec::new();
        }
        let variants = entrant.columns() / seeds;
        let alone = |seed: usize| {
            let columns = seed * variants..(seed + 1) * variants;
            let answers =
                entrant.answers.iter().map(|part| part[columns.clone()].to_vec()).collect();
            let one = ComparedModel {
                name: String::new(),
                seeds: vec![entrant.seeds[seed]],
                answers,
                values: (entrant.values.iter())
                    .map(|part| part[columns.clone()].to_vec())
                    .collect(),
                own: Own::default(),
            };
            Design::new(&Comparison { models: vec![one], ..self.field.clone_without_models() })
                .observed(false)
                .overall[0]
        };
        (0..seeds).map(alone).collect()
    }

    pub(super) fn omnibus(&self) -> Result<Option<Omnibus>, StatsError> {
        if self.test != Test::CochranQ {
            return Ok(None);
        }
        let n = self.field.examples();
        let rows: Vec<Vec<bool>> =
            (0..n).map(|i| self.right.iter().map(|model| model[i]).collect()).collect();
        let found = cochran_q(&rows)?;
        Ok(Some(Omnibus {
            title: "Cochran's Q test".to_owned(),
            statistic: found.statistic,
            df: found.df,
            p: found.p_value,
        }))
    }
}

/// From 1 + the models that are significantly better than this one to k - those that are significantly worse: where no pair of
/// the family is wrong, every model's true rank lies in its interval (simultaneous, as in Mogstad, Romano, Shaikh & Wilhelm 2024).
fn rank_interval(better: &[Vec<bool>], model: usize) -> Interval {
    let above = better.iter().filter(|row| row[model]).count();
    let below = better[model].iter().filter(|b| **b).count();
    Interval { low: (1 + above) as f64, high: (better.len() - below) as f64 }
}
