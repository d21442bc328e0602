//! One comparison in words for a paper: a paragraph, and a signature line that can be quoted and parsed.

use std::fmt;

use crate::text::format::p_equals;

/// What was done, in one line that can be quoted and parsed: `test:mcnemar-midp|n:237|...` (after sacreBLEU, Post 2018).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub test: String,
    pub n: u64,
    pub clusters: Option<u64>,
    /// `holm`, `bh`, `none`.
    pub correction: String,
    /// Number of hypotheses in the family.
    pub family: usize,
    pub resamples: Option<usize>,
    pub seed: Option<u64>,
    /// Of this software.
    pub version: String,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test:{}|n:{}", self.test, self.n)?;
        if let Some(clusters) = self.clusters {
            write!(f, "|clusters:{clusters}")?;
        }
        write!(f, "|correction:{}|family:{}", self.correction, self.family)?;
        if let Some(resamples) = self.resamples {
            write!(f, "|R:{resamples}")?;
        }
        if let Some(seed) = self.seed {
            write!(f, "|seed:{seed}")?;
        }
        write!(f, "|version:culture-eval-{}", self.version)
    }
}

/// One comparison of two models on one benchmark, ready to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub model_a: String,
    pub model_b: String,
    pub benchmark: String,
    pub metric: String,
    pub score_a: f64,
    pub score_b: f64,
    /// A - B and its interval.
    pub difference: f64,
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
    pub interval_method: String,
    /// In prose, as [`eval_stats::choose::Test::title`].
    pub test_title: String,
    /// There are several seeds, which the test takes as they are while the interval resamples them.
    pub seeds_as_they_are: bool,
    pub p_value: f64,
    pub p_corrected: f64,
    pub alpha: f64,
    /// Name and value, as ("odds ratio", 1.8).
    pub effect: Option<(String, f64)>,
    /// Smallest difference detectable with 80 % power at this size.
    pub minimum_detectable: Option<f64>,
    /// p of equivalence within +- margin, as (margin, p).
    pub equivalence: Option<(f64, f64)>,
    pub signature: Signature,
}

/// What may be said of a comparison. "Not significant" is never "equal".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    ABetter,
    BBetter,
    /// The difference is shown to lie within the margin.
    Equivalent,
    /// Neither a difference nor equivalence is shown.
    Undecided,
}

impl Comparison {
    fn significant(&self) -> bool {
        self.p_corrected <= self.alpha && self.difference != 0.0
    }

    /// Whether the models are told apart as they were trained, but the interval, which resamples their seeds too, covers 0:
    /// undecided beyond these runs.
    pub(crate) fn these_runs_only(&self) -> bool {
        self.seeds_as_they_are && self.significant() && self.low <= 0.0 && self.high >= 0.0
    }

    /// The verdict at level alpha, on the corrected p-value.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.significant() && !self.these_runs_only() {
            if self.difference > 0.0 { Verdict::ABetter } else { Verdict::BBetter }
        } else if self.equivalence.is_some_and(|(_, p)| p <= self.alpha) {
            Verdict::Equivalent
        } else {
            Verdict::Undecided
        }
    }
}

/// One paragraph that names scores, difference, interval, test, n, correction, effect size, what the data could have
/// shown, and the software version.
pub(crate) fn paragraph(c: &Comparison) -> String {
    let percent = 100.0 * c.confidence;
    let correction = match c.signature.correction.as_str() {
        "none" => String::new(),
        name => format!(
            " after {} correction over {} comparisons",
            correction_title(name),
            c.signature.family
        ),
    };
    let units = match c.signature.clusters {
        Some(clusters) => format!("n = {} examples in {clusters} clusters", c.signature.n),
        None => format!("n = {} examples", c.signature.n),
    };
    let mut sentences = vec![format!(
        "On {} ({units}), {} reached {} {:.3} and {} {:.3}: a difference of {:+.3} ({percent:.0} % interval [{:+.3}, {:+.3}], {}).",
        c.benchmark,
        c.model_a,
        c.metric,
        c.score_a,
        c.model_b,
        c.score_b,
        c.difference,
        c.low,
        c.high,
        c.interval_method
    )];
    let p = p_equals(c.p_corrected);
    let test = capitalised(&c.test_title);
    sentences.push(match c.verdict() {
        Verdict::ABetter => format!("{test} finds {} better ({p}{correction}).", c.model_a),
        Verdict::BBetter => format!("{test} finds {} better ({p}{correction}).", c.model_b),
        Verdict::Equivalent | Verdict::Undecided if c.these_runs_only() => {
            let better = if c.difference > 0.0 { &c.model_a } else { &c.model_b };
            format!("{test}, which takes the trained models as they are, finds {better} better ({p}{correction}), but the interval, which resamples their seeds too, covers 0: undecided beyond these runs.")
        }
        Verdict::Equivalent | Verdict::Undecided => {
            format!("{test} does not tell the two models apart ({p}{correction}), which does not make them equal.")
        }
    });
    if let Some((name, value)) = &c.effect {
        sentences.push(format!("Effect size: {name} {value:.2}."));
    }
    if let Some((margin, p)) = c.equivalence {
        let word = if p <= c.alpha { "supports" } else { "does not support" };
        sentences.push(format!(
            "A test of equivalence within ±{margin:.3} {word} equivalence ({}).",
            p_equals(p)
        ));
    }
    if let (Verdict::Undecided, Some(mde)) = (c.verdict(), c.minimum_detectable) {
        sentences.push(format!(
            "A sample of this size detects differences of {mde:.3} or more with 80 % power."
        ));
    }
    sentences.push(format!("(culture-eval {}; {}.)", c.signature.version, c.signature));
    sentences.join(" ")
}

fn correction_title(name: &str) -> &str {
    match name {
        "holm" => "Holm's",
        "bh" => "Benjamini and Hochberg's",
        "bonferroni" => "Bonferroni's",
        other => other,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
