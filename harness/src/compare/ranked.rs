//! The models of a benchmark in order: scores, letters, ranks.

use eval_stats::choose::Test;
use eval_stats::descriptive::quantile_sorted;
use eval_stats::friedman::{cochran_q, rank_row};
use eval_stats::ranking::compact_letters;
use eval_stats::{Direction, StatsError};
use rayon::prelude::*;

use super::benchmark::BenchmarkComparison;
use super::comparison::{ComparedModel, Comparison, Own};
use super::draws::Design;
use super::result::{Interval, Omnibus, Pair, RankedModel, Verdict};

impl BenchmarkComparison<'_> {
    pub(super) fn standings(&self, pairs: &[Pair]) -> Result<Vec<RankedModel>, StatsError> {
        let letters = self.letters(pairs)?;
        let (ranks, _) = rank_row(&self.observed.overall, Direction::HigherIsBetter);
        let drawn = self.drawn_ranks();
        let tail = (1.0 - self.options.confidence) / 2.0;
        let mut standings = Vec::with_capacity(self.field.models.len());
        for (model, entrant) in self.field.models.iter().enumerate() {
            let mut of_model: Vec<f64> = drawn.iter().map(|r| r[model]).collect();
            let first =
                of_model.iter().filter(|r| **r == 1.0).count() as f64 / of_model.len() as f64;
            of_model.sort_unstable_by(f64::total_cmp);
            standings.push(RankedModel {
                model: entrant.name.clone(),
                value: self.observed.overall[model],
                interval: entrant.own.interval,
                seeds: entrant.seeds.clone(),
                of_seeds: self.of_seeds(entrant),
                letters: letters[model].clone(),
                rank: ranks[model],
                rank_interval: Interval {
                    low: quantile_sorted(&of_model, tail),
                    high: quantile_sorted(&of_model, 1.0 - tail),
                },
                first,
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
        let place = |name: &str| self.field.models.iter().position(|m| m.name == name);
        let mut differs = vec![vec![false; k]; k];
        for pair in pairs {
            if let (Verdict::ABetter | Verdict::BBetter, Some(a), Some(b)) =
                (pair.verdict, place(&pair.a), place(&pair.b))
            {
                (differs[a][b], differs[b][a]) = (true, true);
            }
        }
        compact_letters(&self.observed.overall, &differs, Direction::HigherIsBetter)
    }

    /// The rank of each model in each resample.
    fn drawn_ranks(&self) -> Vec<Vec<f64>> {
        (0..self.options.resamples)
            .into_par_iter()
            .with_min_len(64)
            .map(|r| {
                let scores: Vec<f64> = self
                    .columns
                    .iter()
                    .map(|c| if c[r].is_finite() { c[r] } else { f64::NEG_INFINITY })
                    .collect();
                rank_row(&scores, Direction::HigherIsBetter).0
            })
            .collect()
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
