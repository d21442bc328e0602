//! What a comparison found, as one value: `comparison.json`. No format computes a number.

mod chosen;
mod interval;
mod over;
mod pair;
mod votes;

use serde::{Deserialize, Serialize};

pub use chosen::{Chosen, Omnibus};
pub use interval::Interval;
pub use over::{
    FriedmanOver, LeftOut, Over, OverBenchmarks, PairOver, Ranked, Replicated, WinTieLoss,
};
pub use pair::{
    CultureDifference, DifferenceVariance, Discordant, Effect, EffectSize, Ends, Equivalence,
    NonInferiority, Pair, PairCultures, Verdict,
};
pub use votes::{AgainstVotes, VoteDifference};

/// Version of the JSON; old ones load for ever. In format 1 the small values below (intervals, effects, counts) were arrays
/// without names, in the order of their fields; serde reads a struct from such an array too. Format 3 has a scope, variance
/// components and degrees of freedom, detectable differences after correction, and simultaneous rank intervals; `these_runs_only`
/// is gone from pairs, since the test counts the seeds itself.
pub const FORMAT: u32 = 3;

/// How to compare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Level of the tests.
    pub alpha: f64,
    /// Level of the intervals; they are not corrected for the number of pairs.
    pub confidence: f64,
    /// Correction of p within a benchmark.
    pub correction: Correction,
    /// Resamples of bootstraps and randomisation tests.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
    /// A test by name, instead of the one that fits.
    pub test: Option<String>,
    /// Only pairs with this model, as B.
    pub baseline: Option<String>,
    /// Margin of equivalence, as a fraction.
    pub margin: Option<f64>,
    /// Margin of non-inferiority of every model to the baseline, as a fraction.
    #[serde(default)]
    pub non_inferior: Option<f64>,
    /// Version of the software.
    pub version: String,
}

/// Corrections of the pairs of one benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// Holm 1979: familywise, no assumption
    Holm,
    /// Hochberg 1988: familywise, independence or positive dependence
    Hochberg,
    /// Hommel 1988: as Hochberg, stronger
    Hommel,
    /// m times p
    Bonferroni,
    /// 1 - (1 - p)^m
    Sidak,
    /// Benjamini and Hochberg 1995: false discovery rate
    Bh,
    /// Benjamini and Yekutieli 2001: false discovery rate, any dependence
    By,
    /// No correction
    None,
}

/// A whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape.
    pub format: u32,
    /// Short name of the suite.
    pub suite: String,
    /// Name as printed.
    pub title: String,
    /// Whether anything uses sample data.
    pub sample: bool,
    /// How it was made.
    pub options: Options,
    /// Which p-values are corrected together.
    pub families: String,
    /// Each benchmark by each protocol.
    pub benchmarks: Vec<Outcome>,
    /// All benchmarks together, or why not.
    pub over: OverBenchmarks,
    /// What was left out, and why.
    pub not_compared: Vec<NotCompared>,
}

/// A model on a benchmark that enters no test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCompared {
    /// The benchmark.
    pub benchmark: String,
    /// The model.
    pub model: String,
    /// How it was run; empty where it was not.
    pub protocol: String,
    /// Why.
    pub reason: String,
}

/// The models on one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Short name.
    pub benchmark: String,
    /// Name as printed.
    pub title: String,
    /// How the models were run.
    pub protocol: String,
    /// The metric.
    pub metric: String,
    /// Whether it uses sample data.
    pub sample: bool,
    /// Hashes of the examples.
    pub data: Vec<String>,
    /// Examples, the same for all models.
    pub n: u64,
    /// Independent clusters of examples.
    pub clusters: u64,
    /// The test of the pairs.
    pub test: Chosen,
    /// What a verdict is about.
    #[serde(default)]
    pub scope: Scope,
    /// The test of all models at once, where there is one.
    pub omnibus: Option<Omnibus>,
    /// Models, the best first.
    pub models: Vec<RankedModel>,
    /// Pairs.
    pub pairs: Vec<Pair>,
    /// Pairs by their distances from the votes of annotators, where these are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<AgainstVotes>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What a verdict is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The trained weights as they are: one seed, or a test that takes the seeds as they are.
    #[default]
    TrainedWeights,
    /// The way the models are trained: the test counts training runs as drawn.
    TrainingRecipe,
}

/// Where the variance of a score comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreVariance {
    /// Standard error of the score over examples and seeds.
    pub standard_error: f64,
    /// Degrees of freedom (Satterthwaite).
    pub df: f64,
    /// Share of the variance that more examples would remove.
    pub examples: f64,
    /// Share that more seeds would remove.
    pub seeds: f64,
    /// Share of seeds x examples, which more of either would remove.
    pub seeds_by_examples: f64,
    /// Standard deviation of the true score between seeds; none with one seed.
    pub seed_sd: Option<f64>,
}

/// A model on a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedModel {
    /// Short name.
    pub model: String,
    /// Its score.
    pub value: f64,
    /// Interval of the score, that of the leaderboard; none where it does not vary.
    pub interval: Option<Interval>,
    /// Where the variance of the score comes from; none where the metric has no derivative, and before format 3.
    #[serde(default)]
    pub variance: Option<ScoreVariance>,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// Score of each seed, where there are several.
    pub of_seeds: Vec<f64>,
    /// Models that share a letter do not differ significantly (which does not make them equal).
    pub letters: String,
    /// 1 = best; equal scores share the mean of their ranks.
    pub rank: f64,
    /// From 1 + the models that are significantly better to k - those that are significantly worse: holds for all models at
    /// once at the level of the corrected tests. (Until format 2: one model's interval under resampling, not corrected.)
    pub rank_interval: Interval,
    /// Share of resamples in which it alone is best.
    pub first: f64,
    /// Best minus worst culture, and the worst one.
    pub cultures: Option<Gap>,
}

/// How unequal the cultures fare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The best culture.
    pub best: String,
    /// The worst culture.
    pub worst: String,
    /// Their examples, what equal cultures would show, the test of equality; none in files that are older than this field.
    #[serde(default)]
    pub figures: Option<crate::score::GapFigures>,
    /// Best minus worst.
    pub gap: f64,
    /// Its interval.
    pub gap_interval: Interval,
    /// Score of the worst culture.
    pub worst_value: f64,
    /// Its interval.
    pub worst_interval: Interval,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As format 1 was written: numbers in arrays without names.
    const OLD: &str = include_str!("../../../tests/fixtures/report/comparison.v1.json");

    #[test]
    fn a_comparison_of_format_1_loads() {
        let report: Report = serde_json::from_str(OLD).unwrap();
        assert_eq!(report.format, 1);
        let [crehate, emgsd] = &*report.benchmarks else { panic!("{report:?}") };
        assert_eq!(crehate.models[0].rank_interval, Interval { low: 1.0, high: 3.0 });
        let gap = crehate.models[0].cultures.as_ref().unwrap();
        assert!(gap.gap_interval.low <= gap.gap && gap.gap <= gap.gap_interval.high);
        let cultures = crehate.pairs[0].cultures.as_ref().unwrap();
        let first = &cultures.differences[0];
        assert_eq!(first.culture, "US");
        assert!(first.low <= first.difference && first.difference <= first.high);
        let pair = &emgsd.pairs[0];
        assert_eq!(
            pair.effects.iter().map(|e| e.name).collect::<Vec<_>>(),
            [EffectSize::CohensG, EffectSize::OddsRatio, EffectSize::CohensH]
        );
        assert_eq!(pair.discordant, Some(Discordant { only_a: 1031, only_b: 633 }));
        let OverBenchmarks::Found(over) = &report.over else { panic!("{:?}", report.over) };
        assert_eq!(over.pairs[0].win_tie_loss, WinTieLoss { wins: 0, ties: 2, losses: 0 });
        assert_eq!(over.pairs[0].replicated, Replicated { a: 0, b: 0 });
        let left = &over.left_out[0];
        assert_eq!((&*left.name, &*left.reason), ("emgsd-race", "a subset of emgsd"));
        assert_eq!(over.models_left_out[0].name, "command");

        // It is written by name, and it says the same.
        let again = serde_json::to_value(&report).unwrap();
        let pair = &again["benchmarks"][1]["pairs"][0];
        assert!(pair["effects"][0]["name"].is_string() && pair["effects"][0]["value"].is_f64());
        assert_eq!(again["over"]["found"]["pairs"][0]["win_tie_loss"]["ties"], 2);
        assert_eq!(serde_json::from_value::<Report>(again).unwrap(), report);
    }

    /// Format 2 named `these_runs_only` in a pair, and knew no scope, variances or degrees of freedom.
    #[test]
    fn a_comparison_of_format_2_loads() {
        let mut old: serde_json::Value = serde_json::from_str(OLD).unwrap();
        old["format"] = 2.into();
        let pair = &mut old["benchmarks"][0]["pairs"][0];
        pair["these_runs_only"] = true.into();
        assert!(pair.get("df").is_none());
        let report: Report = serde_json::from_value(old).unwrap();
        assert_eq!((report.format, report.benchmarks[0].scope), (2, Scope::TrainedWeights));
        assert!(report.benchmarks[0].pairs[0].variance.is_none());
        assert!(report.benchmarks[0].models[0].variance.is_none());
    }

    #[test]
    fn an_effect_is_read_the_other_way_round() {
        let turned = |name, value| Effect { name, value }.turned().value;
        assert_eq!(turned(EffectSize::OddsRatio, 4.0), 0.25);
        assert_eq!(turned(EffectSize::CohensG, 0.1), -0.1);
        assert_eq!(turned(EffectSize::CohensH, -0.3), 0.3);
        assert_eq!(Interval { low: -1.0, high: 3.0 }.turned(), Interval { low: -3.0, high: 1.0 });
    }
}
