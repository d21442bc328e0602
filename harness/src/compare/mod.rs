//! Which of the models of a run is better, and do we know it? Pure: [`Comparison`]s in, a [`Report`] out.
//!
//! Only answers to the same examples by the same protocol are compared, paired by example. The test follows from the
//! metric, the number of models and whether examples are independent ([`eval_stats::choose`]); every benchmark's
//! intervals, ranks and cultures come from one set of draws that all its models share (`draws`). "Not significant" is
//! never called "equal": beside it is what a sample of this size could have shown.

mod benchmark;
mod choice;
mod column;
mod comparison;
mod corrections;
mod cultures;
mod draws;
mod error;
mod influence;
mod lead;
mod margins;
mod over;
mod p_value;
mod pair;
mod power;
mod ranked;
mod result;
mod votes;
pub(crate) mod words;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use eval_stats::correction;

pub use column::Column;
pub use comparison::{ComparedModel, Comparison, Own, Part};
pub use error::CompareError;
pub use lead::{Closest, Lead, Level};
pub use result::{
    AgainstVotes, Chosen, Correction, CultureDifference, DifferenceVariance, Discordant, Effect,
    EffectSize, Ends, Equivalence, FORMAT, FriedmanOver, Gap, Interval, LeftOut, NonInferiority,
    NotCompared, Omnibus, Options, Outcome, Over, OverBenchmarks, Pair, PairCultures, PairOver,
    Ranked, RankedModel, Replicated, Report, Scope, ScoreVariance, Verdict, VoteDifference,
    WinTieLoss,
};

/// Seed of the resamples; one for all runs, so that a report never changes by itself.
pub(crate) const RESAMPLING_SEED: u64 = 1;

/// Compares the models of all fields. `columns` tell which benchmarks share examples, in board order.
pub fn compare(
    (suite, title): (&str, &str),
    fields: &[Comparison],
    columns: &[Column],
    mut not_compared: Vec<NotCompared>,
    options: &Options,
) -> Result<Report, CompareError> {
    let override_test = options.test.as_deref().map(choice::parse_test).transpose()?;
    let mut benchmarks: Vec<Outcome> = Vec::new();
    // A refusal of the statistics is a reason, like any other.
    let compared: Vec<Result<Outcome, String>> = fields
        .par_iter()
        .map(|field| {
            benchmark::compare_field(field, override_test, options)
                .unwrap_or_else(|error| Err(error.to_string()))
        })
        .collect();
    for (field, outcome) in fields.iter().zip(compared) {
        match outcome {
            Ok(outcome) => benchmarks.push(outcome),
            Err(reason) => not_compared.extend(field.models.iter().map(|m| NotCompared {
                benchmark: field.benchmark.clone(),
                model: m.name.clone(),
                protocol: field.protocol.clone(),
                reason: reason.clone(),
            })),
        }
    }
    let all: Vec<f64> = benchmarks.iter().flat_map(|b| &b.pairs).map(|p| p.p).collect();
    if !all.is_empty() {
        let adjusted = correction::benjamini_hochberg(&all).map_err(|source| {
            CompareError::Stats { benchmark: "all benchmarks".to_owned(), source }
        })?;
        for (pair, p) in benchmarks.iter_mut().flat_map(|b| &mut b.pairs).zip(adjusted) {
            pair.p_bh = p;
        }
    }
    let over = over::over_benchmarks(&benchmarks, columns, options).map_err(|source| {
        CompareError::Stats { benchmark: "over benchmarks".to_owned(), source }
    })?;
    not_compared.sort();
    let against = match &options.baseline {
        Some(name) => format!("all pairs of a model and the baseline {name}"),
        None => "all pairs of models".to_owned(),
    };
    Ok(Report {
        format: FORMAT,
        suite: suite.to_owned(),
        title: title.to_owned(),
        sample: fields.iter().any(|f| f.sample),
        options: options.clone(),
        families: format!(
            "corrected p: {} over {against} of one benchmark",
            options.correction.title()
        ),
        benchmarks,
        over,
        not_compared,
    })
}

impl Default for Options {
    /// How models are compared where nothing else is asked for.
    fn default() -> Self {
        Self {
            alpha: 0.05,
            confidence: crate::score::CONFIDENCE,
            correction: Correction::Holm,
            resamples: 10_000,
            seed: RESAMPLING_SEED,
            test: None,
            baseline: None,
            margin: None,
            non_inferior: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Report {
    /// Pairs in which a model is significantly worse than `baseline` after correction: (benchmark, model).
    pub fn worse_than(&self, baseline: &str) -> Vec<(&str, &str)> {
        let mut worse = Vec::new();
        for outcome in &self.benchmarks {
            for pair in &outcome.pairs {
                match pair.verdict {
                    Verdict::BBetter if pair.b == baseline => {
                        worse.push((&*outcome.benchmark, &*pair.a));
                    }
                    Verdict::ABetter if pair.a == baseline => {
                        worse.push((&*outcome.benchmark, &*pair.b));
                    }
                    _ => {}
                }
            }
        }
        worse
    }

    /// Pairs in which a model is not shown to be non-inferior to `baseline`: (benchmark, model).
    pub fn not_shown_non_inferior(&self, baseline: &str) -> Vec<(&str, &str)> {
        let pairs = self.benchmarks.iter().flat_map(|o| o.pairs.iter().map(move |p| (o, p)));
        pairs
            .filter(|(_, p)| {
                p.b == baseline && !p.non_inferiority.as_ref().is_some_and(|n| n.shown)
            })
            .map(|(o, p)| (&*o.benchmark, &*p.a))
            .collect()
    }

    /// Whether some pair holds this model.
    pub fn compares(&self, model: &str) -> bool {
        self.benchmarks.iter().flat_map(|b| &b.pairs).any(|p| p.a == model || p.b == model)
    }
}
