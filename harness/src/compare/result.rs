//! What a comparison found, as one value: `comparison.json`. No face computes a number.

use serde::{Deserialize, Serialize};

/// Version of the JSON; old ones load for ever.
pub const FORMAT: u32 = 1;

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
    /// Whether anything stands on sample data.
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
    /// Whether it stands on sample data.
    pub sample: bool,
    /// Hashes of the examples.
    pub data: Vec<String>,
    /// Examples, the same for all models.
    pub n: u64,
    /// Independent clusters of examples.
    pub clusters: u64,
    /// The test of the pairs.
    pub test: Chosen,
    /// The test of all models at once, where there is one.
    pub omnibus: Option<Omnibus>,
    /// Models, the best first.
    pub models: Vec<Standing>,
    /// Pairs.
    pub pairs: Vec<Pair>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The chosen test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Name, as `--test` has it.
    pub name: String,
    /// Name in prose.
    pub title: String,
    /// Why this one.
    pub why: String,
    /// How many hypotheses are corrected together.
    pub family: usize,
    /// The line that can be quoted.
    pub signature: String,
}

/// All models at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Omnibus {
    /// Name in prose.
    pub title: String,
    /// Its statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Its p.
    pub p: f64,
}

/// A model on a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Short name.
    pub model: String,
    /// Its score.
    pub value: f64,
    /// Bootstrap interval of the score; none where it does not vary.
    pub interval: Option<(f64, f64)>,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// Score of each seed, where there are several.
    pub of_seeds: Vec<f64>,
    /// Models that share a letter are not told apart (which does not make them equal).
    pub letters: String,
    /// 1 = best; equal scores share the mean of their ranks.
    pub rank: f64,
    /// Interval of the rank under resampling.
    pub rank_interval: (f64, f64),
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
    /// Best minus worst.
    pub gap: f64,
    /// Its interval.
    pub gap_interval: (f64, f64),
    /// Score of the worst culture.
    pub worst_value: f64,
    /// Its interval.
    pub worst_interval: (f64, f64),
}

/// Two models on a benchmark. Differences are A - B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The first model.
    pub a: String,
    /// The second model.
    pub b: String,
    /// Score of A.
    pub score_a: f64,
    /// Score of B.
    pub score_b: f64,
    /// A - B.
    pub difference: f64,
    /// Its interval; none where both gave the same answers to everything.
    pub interval: Option<Ends>,
    /// As tested.
    pub p: f64,
    /// Corrected over the pairs of this benchmark.
    pub p_corrected: f64,
    /// Corrected by Benjamini and Hochberg over all pairs of all benchmarks.
    pub p_bh: f64,
    /// Effect sizes: name, value; an infinite one is left out.
    pub effects: Vec<(String, f64)>,
    /// Examples that only A, and only B, has right.
    pub discordant: Option<(u64, u64)>,
    /// Smallest difference that a sample of this size detects with 80 % power at alpha, before correction.
    pub minimum_detectable: Option<f64>,
    /// Within the margin?
    pub equivalence: Option<Equivalence>,
    /// What may be said.
    pub verdict: Verdict,
    /// The test takes the seeds as they are and tells the two apart, but the interval, which resamples them too, covers 0: true of
    /// these training runs, and undecided beyond them.
    #[serde(default)]
    pub these_runs_only: bool,
    /// By culture.
    pub cultures: Option<PairCultures>,
    /// A paragraph for a paper.
    pub text: String,
}

/// An interval and how it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ends {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How.
    pub method: String,
}

/// Two one-sided tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Equivalence {
    /// The margin, a fraction.
    pub margin: f64,
    /// Small: the difference lies within the margin.
    pub p: f64,
    /// How.
    pub method: String,
}

/// What may be said of a pair. There is no "equal".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A is better.
    ABetter,
    /// B is better.
    BBetter,
    /// The difference lies within the margin.
    Equivalent,
    /// Neither a difference nor equivalence is shown.
    Undecided,
}

/// A pair by culture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairCultures {
    /// Culture, A - B, lower and upper end.
    pub differences: Vec<(String, f64, f64, f64)>,
    /// Is the difference another one in other cultures? Range of the differences, and its p.
    pub range: f64,
    /// p of the interaction of model and culture.
    pub p_interaction: f64,
    /// Corrected over the pairs of this benchmark.
    pub p_corrected: f64,
    /// How.
    pub method: String,
}

/// All benchmarks together, or why not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverBenchmarks {
    /// What was found.
    Found(Box<Over>),
    /// Why there is nothing.
    Reason(String),
}

/// All benchmarks together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// Benchmarks that are used.
    pub benchmarks: Vec<String>,
    /// Benchmarks that are not, and why.
    pub left_out: Vec<(String, String)>,
    /// Models in all of them, by mean rank.
    pub models: Vec<Ranked>,
    /// Models that are not, and why.
    pub models_left_out: Vec<(String, String)>,
    /// The chosen test.
    pub test: Chosen,
    /// Friedman's test and the critical difference; for three models or more.
    pub friedman: Option<FriedmanOver>,
    /// Pairs.
    pub pairs: Vec<PairOver>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A model over benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Short name.
    pub model: String,
    /// Mean of its ranks, 1 = best.
    pub mean_rank: f64,
    /// Models that share a letter are not told apart by the pairwise tests.
    pub letters: String,
}

/// Friedman's test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FriedmanOver {
    /// Tie-corrected chi-square.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// Its p.
    pub p: f64,
    /// Iman and Davenport's F; none where it is infinite.
    pub f: Option<f64>,
    /// Its p by permuting ranks within benchmarks (F's own p is a little too small for few benchmarks).
    pub f_p: f64,
    /// Nemenyi's critical difference of mean ranks at alpha.
    pub critical_difference: f64,
}

/// Two models over benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairOver {
    /// The first model.
    pub a: String,
    /// The second model.
    pub b: String,
    /// Mean of A - B over benchmarks.
    pub mean_difference: f64,
    /// Wilcoxon's signed-rank test, or z against the baseline.
    pub p: f64,
    /// Corrected by Holm over the pairs.
    pub p_corrected: f64,
    /// Nemenyi's p, where there are three models or more and no baseline.
    pub p_nemenyi: Option<f64>,
    /// Benchmarks on which A is significantly better, neither is, B is (corrected within each benchmark).
    pub win_tie_loss: (usize, usize, usize),
    /// Of all benchmarks, how many at least show A better, and how many B (Dror et al. 2017).
    pub replicated: (usize, usize),
}
