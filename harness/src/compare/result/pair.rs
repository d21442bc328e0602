//! Two models on a benchmark: difference, interval, tests, effect sizes, cultures.

use serde::{Deserialize, Serialize};

use super::interval::Interval;

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
    /// Effect sizes; an infinite one is left out.
    pub effects: Vec<Effect>,
    /// Examples that only one of the two has right.
    pub discordant: Option<Discordant>,
    /// Variance of the difference; none where the metric has no derivative, and before format 3.
    #[serde(default)]
    pub variance: Option<DifferenceVariance>,
    /// Smallest difference that a sample of this size detects with 80 % power at the first step of the correction over all
    /// pairs of the benchmark. (Until format 2: before correction.)
    pub minimum_detectable: Option<f64>,
    /// Within the margin?
    pub equivalence: Option<Equivalence>,
    /// Is A not worse than B by the margin? None where it was not asked for.
    #[serde(default)]
    pub non_inferiority: Option<NonInferiority>,
    /// What may be said.
    pub verdict: Verdict,
    /// By culture.
    pub cultures: Option<PairCultures>,
    /// A paragraph for a paper.
    pub text: String,
}

/// Variance of a difference, in squared units of the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DifferenceVariance {
    /// Over clusters of examples.
    pub examples: f64,
    /// What the seeds of both models add.
    pub seeds: f64,
    /// Degrees of freedom of the sum (Satterthwaite).
    pub df: f64,
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

/// An effect size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Which one.
    pub name: EffectSize,
    /// Its value, of A against B.
    pub value: f64,
}

/// Effect sizes by their name in print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectSize {
    /// Distance of the share of discordant examples that A has right from one half.
    #[serde(rename = "Cohen's g")]
    CohensG,
    /// Discordant examples that A has right to those that B has right.
    #[serde(rename = "odds ratio")]
    OddsRatio,
    /// Difference of two proportions after the arcsine transform.
    #[serde(rename = "Cohen's h")]
    CohensH,
}

/// Examples that only one of two models has right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discordant {
    /// Only A.
    pub only_a: u64,
    /// Only B.
    pub only_b: u64,
}

/// Two one-sided tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Equivalence {
    /// The margin, a fraction.
    pub margin: f64,
    /// Small: the difference lies within the margin.
    pub p: f64,
    /// Corrected over the pairs of this benchmark; none in files that are older than this field.
    #[serde(default)]
    pub p_corrected: Option<f64>,
    /// How.
    pub method: String,
}

impl Equivalence {
    /// The p that a verdict goes by.
    pub fn corrected(&self) -> f64 {
        self.p_corrected.unwrap_or(self.p)
    }
}

/// A one-sided test of A against B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NonInferiority {
    /// The margin, a fraction.
    pub margin: f64,
    /// Small: A is not worse than B by the margin or more.
    pub p: f64,
    /// Corrected over the pairs of this benchmark.
    pub p_corrected: f64,
    /// Whether it is shown at alpha, after correction.
    pub shown: bool,
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

/// A - B on one culture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CultureDifference {
    /// The culture.
    pub culture: String,
    /// A - B.
    pub difference: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Interval that holds for all cultures and pairs of the benchmark at once; none in files that are older than this field.
    #[serde(default)]
    pub simultaneous: Option<Interval>,
}

/// A pair by culture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairCultures {
    /// The difference on each culture.
    pub differences: Vec<CultureDifference>,
    /// Is the difference another one in other cultures? Range of the differences, and its p.
    pub range: f64,
    /// p of the interaction of model and culture.
    pub p_interaction: f64,
    /// Corrected over the pairs of this benchmark.
    pub p_corrected: f64,
    /// How.
    pub method: String,
}

impl Effect {
    /// The effect of B against A: a ratio is inverted, everything else changes its sign.
    #[must_use]
    pub fn turned(self) -> Self {
        let value = match self.name {
            EffectSize::OddsRatio => 1.0 / self.value,
            EffectSize::CohensG | EffectSize::CohensH => -self.value,
        };
        Self { value, ..self }
    }
}

impl EffectSize {
    /// Name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::CohensG => "Cohen's g",
            Self::OddsRatio => "odds ratio",
            Self::CohensH => "Cohen's h",
        }
    }

    /// Name in a table.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::CohensG => "g",
            Self::OddsRatio => "odds ratio",
            Self::CohensH => "h",
        }
    }
}
