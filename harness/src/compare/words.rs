//! One comparison in words for a paper: a paragraph, and a signature line that can be quoted and parsed.

use std::fmt;

use super::result::{Correction, Pair, Scope, Verdict};
use crate::text::format::{level, p_equals};

/// What was done, in one line that can be quoted and parsed: `test:mcnemar-midp|n:237|...` (after sacreBLEU, Post 2018).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub test: String,
    pub n: u64,
    pub clusters: Option<u64>,
    pub correction: Correction,
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
        write!(f, "|correction:{}|family:{}", self.correction.title(), self.family)?;
        if let Some(resamples) = self.resamples {
            write!(f, "|R:{resamples}")?;
        }
        if let Some(seed) = self.seed {
            write!(f, "|seed:{seed}")?;
        }
        write!(f, "|version:culture-eval-{}", self.version)
    }
}

/// What all pairs of a benchmark have in common, for verdicts and words.
pub(super) struct Setting<'a> {
    pub(super) benchmark: &'a str,
    pub(super) metric: &'a str,
    /// In prose, as [`eval_stats::choose::Test::title`].
    pub(super) test_title: &'a str,
    /// What a verdict is about.
    pub(super) scope: Scope,
    pub(super) alpha: f64,
    pub(super) confidence: f64,
    pub(super) signature: &'a Signature,
}

impl Setting<'_> {
    fn significant(&self, pair: &Pair) -> bool {
        pair.p_corrected <= self.alpha && pair.difference != 0.0
    }

    /// The verdict at level alpha, on the corrected p-value. "Not significant" is never "equal".
    pub(super) fn verdict(&self, pair: &Pair) -> Verdict {
        if self.significant(pair) {
            if pair.difference > 0.0 { Verdict::ABetter } else { Verdict::BBetter }
        } else if pair.equivalence.as_ref().is_some_and(|e| e.corrected() <= self.alpha) {
            Verdict::Equivalent
        } else {
            Verdict::Undecided
        }
    }

    /// One paragraph that names scores, difference, interval, test, n, correction, effect size, what the data could have
    /// shown, and the software version.
    pub(super) fn paragraph(&self, pair: &Pair) -> String {
        let mut sentences = vec![self.scores(pair), self.test(pair)];
        if let Some(effect) = pair.effects.first() {
            sentences.push(format!("Effect size: {} {:.2}.", effect.name.title(), effect.value));
        }
        if let Some(e) = &pair.equivalence {
            let p = e.corrected();
            let word = if p <= self.alpha { "supports" } else { "does not support" };
            sentences.push(format!(
                "A test of equivalence within ±{:.3} {word} equivalence ({}).",
                e.margin,
                p_equals(p)
            ));
        }
        if let Some(n) = &pair.non_inferiority {
            let word = if n.shown { "shows" } else { "does not show" };
            sentences.push(format!(
                "A one-sided test {word} that {} is worse than {} by less than {:.3}, if at all ({}).",
                pair.a,
                pair.b,
                n.margin,
                p_equals(n.p_corrected)
            ));
        }
        if let (Verdict::Undecided, Some(mde)) = (self.verdict(pair), pair.minimum_detectable) {
            sentences.push(format!(
                "A sample of this size detects differences of {mde:.3} or more with 80 % power{}.",
                self.after_correction()
            ));
        }
        if self.scope == Scope::TrainedWeights {
            sentences.push(
                "This is about the trained weights, not about the training recipe.".to_owned(),
            );
        }
        sentences.push(format!("(culture-eval {}; {}.)", self.signature.version, self.signature));
        sentences.join(" ")
    }

    fn scores(&self, pair: &Pair) -> String {
        let n = self.signature.n;
        let units = match self.signature.clusters {
            Some(clusters) => format!("n = {n} examples in {clusters} clusters"),
            None => format!("n = {n} examples"),
        };
        let (low, high, method) = match &pair.interval {
            Some(ends) => (ends.low, ends.high, ends.method.as_str()),
            None => (pair.difference, pair.difference, ""),
        };
        format!(
            "On {} ({units}), {} reached {} {:.3} and {} {:.3}: a difference of {:+.3} ({} % interval [{low:+.3}, {high:+.3}], {method}).",
            self.benchmark,
            pair.a,
            self.metric,
            pair.score_a,
            pair.b,
            pair.score_b,
            pair.difference,
            level(self.confidence),
        )
    }

    /// ` after correction over 15 pairs`; nothing for one pair.
    fn after_correction(&self) -> String {
        match (self.signature.correction, self.signature.family) {
            (Correction::None, _) | (_, 0 | 1) => String::new(),
            (_, family) => format!(" after correction over {family} pairs"),
        }
    }

    fn test(&self, pair: &Pair) -> String {
        let p = p_equals(pair.p_corrected);
        let correction = match self.signature.correction.of_whom() {
            "" => String::new(),
            whose => {
                let family = self.signature.family;
                format!(" after {whose} correction over {family} comparisons")
            }
        };
        let test = capitalised(self.test_title);
        let better = if pair.difference > 0.0 { &pair.a } else { &pair.b };
        match self.verdict(pair) {
            Verdict::ABetter | Verdict::BBetter => {
                format!("{test} finds {better} better ({p}{correction}).")
            }
            Verdict::Equivalent | Verdict::Undecided => format!(
                "{test} finds no significant difference ({p}{correction}), which does not make the two models equal."
            ),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
