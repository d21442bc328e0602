//! Two models of a benchmark: difference, interval, effect sizes, what could have been shown, verdict.

use eval_stats::StatsError;
use eval_stats::bootstrap::tie_tolerance;
use eval_stats::choose::Test;
use eval_stats::components::{PairVariance, Uncertainty};
use eval_stats::descriptive::quantile_sorted;
use eval_stats::mcnemar::{PairedTable, accuracy_difference};
use eval_stats::permutation::plus_one;
use eval_stats::ttest::cohens_h;
use rayon::prelude::*;

use super::benchmark::BenchmarkComparison;
use super::draws::sign_flips;
use super::margins::{self, Known, Spread};
use super::power::Detectable;
use super::result::{DifferenceVariance, Discordant, Effect, EffectSize, Ends, Pair, Verdict};
use super::words::Setting;
use crate::definition::dataset::Metric;

/// With fewer clusters a percentile interval is too narrow (10 clusters: it covers 91 % instead of 95), and Student's is taken.
const STUDENT_BELOW: usize = 30;

/// Exact sign flips are made where all pairs together cost at most so many steps.
const EXACT_STEPS: f64 = 1e9;

/// Effect sizes: name and value.
type Effects = Vec<Effect>;

impl BenchmarkComparison<'_> {
    /// The pairs that are compared; with a baseline it is B of each.
    pub(super) fn pair_numbers(&self) -> Vec<(usize, usize)> {
        let k = self.field.models.len();
        match &self.options.baseline {
            Some(name) => {
                let baseline = self.field.models.iter().position(|m| m.name == *name);
                baseline
                    .map_or_else(Vec::new, |b| (0..k).filter(|a| *a != b).map(|a| (a, b)).collect())
            }
            None => (0..k).flat_map(|a| (a + 1..k).map(move |b| (a, b))).collect(),
        }
    }

    pub(super) fn pairs(&mut self) -> Result<Vec<Pair>, StatsError> {
        let numbers = self.pair_numbers();
        let flips = self.flips(&numbers);
        let level = self.options.correction.first_step(self.options.alpha, numbers.len());
        let detectable = Detectable::new(level);
        let mut pairs: Vec<Pair> = numbers
            .par_iter()
            .map(|&(a, b)| self.pair((a, b), flips.as_deref(), &detectable))
            .collect::<Result<_, _>>()?;
        let p: Vec<f64> = pairs.iter().map(|p| p.p).collect();
        for (pair, corrected) in pairs.iter_mut().zip(self.options.correction.adjust(&p)?) {
            pair.p_corrected = corrected;
        }
        margins::correct(&mut pairs, self.options)?;
        let family = pairs.len();
        let floor = plus_one(0, self.options.resamples) * family as f64;
        let sampled = matches!(self.test, Test::ClusterBootstrap | Test::ApproximateRandomisation);
        if sampled && floor > self.options.alpha {
            let needed = (family as f64 / self.options.alpha).ceil() as usize;
            self.notes.push(format!(
                "with {} resamples the smallest p times {family} pairs is {floor:.3}: to reach {} by a familywise correction take --resamples {needed} or more",
                self.options.resamples, self.options.alpha
            ));
        }
        if family > 0 {
            self.note_reach(family);
        }
        for pair in &mut pairs {
            self.judge(pair, family);
        }
        Ok(pairs)
    }

    /// Sign flips of all models at once, where the exact test of every pair would take too long or cannot be made.
    fn flips(&self, numbers: &[(usize, usize)]) -> Option<Vec<Vec<f64>>> {
        if self.test != Test::ClusterSignFlip {
            return None;
        }
        let (sums, whole) = self.sums.as_ref()?;
        let steps = |&(a, b): &(usize, usize)| {
            let total: f64 = sums.iter().map(|row| (row[a] - row[b]).abs()).sum();
            total / 2.0 * sums.len() as f64
        };
        let affordable = *whole && numbers.iter().map(steps).sum::<f64>() <= EXACT_STEPS;
        (!affordable).then(|| sign_flips(sums, &self.stream, self.options.resamples))
    }

    fn pair(
        &self,
        (a, b): (usize, usize),
        flips: Option<&[Vec<f64>]>,
        detectable: &Detectable,
    ) -> Result<Pair, StatsError> {
        let (score_a, score_b) = (self.observed.overall[a], self.observed.overall[b]);
        let difference = score_a - score_b;
        let mut draws = self.drawn_differences(a, b);
        let table = match (self.right.get(a), self.right.get(b)) {
            (Some(a), Some(b)) => Some(PairedTable::count(a, b)?),
            _ => None,
        };
        let found = self.family.as_ref().map(|f| f.difference(a, b)).transpose()?;
        let found = found.filter(|f| f.total.variance > 0.0);
        let total = found.map(|f| f.total);
        let p = match total.filter(|_| self.test == Test::MixedT) {
            Some(total) => total.p_value(difference).unwrap_or(1.0),
            None => self.p_value(a, b, difference, &draws, table, flips)?,
        };
        let spread = spread(&draws);
        draws.sort_unstable_by(f64::total_cmp);
        let simple = table.filter(|_| !self.field.mean_over_cultures && !self.design.clustered());
        let (interval, mut effects) = match &simple {
            Some(table) => self.of_table(table)?,
            None => (self.interval_of(difference, total.as_ref(), spread, &draws)?, Vec::new()),
        };
        // An effect size of proportions: of an F1, a correlation or a mean over cultures it says nothing.
        if self.field.metric.counts().is_some_and(Metric::is_mean_over_examples)
            && !self.field.mean_over_cultures
            && let Ok(h) = cohens_h(score_a.clamp(0.0, 1.0), score_b.clamp(0.0, 1.0))
        {
            effects.push(Effect { name: EffectSize::CohensH, value: h });
        }
        let student =
            total.filter(|_| self.studentised()).map(|t| Spread::Student(t, self.sources()));
        let known = Known {
            difference,
            table: simple.as_ref(),
            spread: student.or_else(|| spread.map(Spread::Bootstrap)),
        };
        Ok(Pair {
            a: self.field.models[a].name.clone(),
            b: self.field.models[b].name.clone(),
            score_a,
            score_b,
            difference,
            interval,
            p,
            p_corrected: p,
            p_bh: p,
            effects,
            discordant: table.map(|t| Discordant { only_a: t.only_a, only_b: t.only_b }),
            variance: found.map(|f: PairVariance| DifferenceVariance {
                examples: f.examples,
                seeds: f.seeds,
                df: f.total.df,
            }),
            minimum_detectable: self.minimum_detectable(
                detectable,
                simple.as_ref(),
                total.as_ref(),
            )?,
            equivalence: known.equivalence(self.options)?,
            non_inferiority: known.non_inferiority(self.options)?,
            verdict: Verdict::Undecided,
            cultures: None,
            text: String::new(),
        })
    }

    /// The resampled differences that have a value.
    fn drawn_differences(&self, a: usize, b: usize) -> Vec<f64> {
        let both = self.columns[a].iter().zip(&self.columns[b]);
        both.map(|(x, y)| x - y).filter(|d| d.is_finite()).collect()
    }

    /// Interval and effect sizes of two accuracies on independent examples.
    fn of_table(&self, table: &PairedTable) -> Result<(Option<Ends>, Effects), StatsError> {
        let found = accuracy_difference(table, self.options.confidence)?;
        let interval = Ends {
            low: found.newcombe.low,
            high: found.newcombe.high,
            method: found.newcombe.method.name().to_owned(),
        };
        let mut effects = vec![Effect { name: EffectSize::CohensG, value: found.cohens_g }];
        if let Some(odds) = found.odds_ratio.filter(|o| o.is_finite()) {
            effects.push(Effect { name: EffectSize::OddsRatio, value: odds });
        }
        Ok((Some(interval), effects))
    }

    /// Whether intervals count seeds, or too few clusters for quantiles of resamples: then they are Student's.
    fn studentised(&self) -> bool {
        self.test == Test::MixedT || self.design.units() < STUDENT_BELOW
    }

    /// Student's interval over clusters and seeds, or quantiles of the resampled differences (sorted).
    fn interval_of(
        &self,
        difference: f64,
        total: Option<&Uncertainty>,
        spread: Option<f64>,
        draws: &[f64],
    ) -> Result<Option<Ends>, StatsError> {
        if let Some(total) = total.filter(|_| self.studentised()) {
            let half = total.half_width(self.options.confidence)?;
            let (low, high) = self.field.metric.range();
            let widest = high - low;
            return Ok(Some(Ends {
                low: (difference - half).max(-widest),
                high: (difference + half).min(widest),
                method: format!("Student's t over {}", self.sources()),
            }));
        }
        let tail = (1.0 - self.options.confidence) / 2.0;
        let kind = if self.design.clustered() { "cluster bootstrap" } else { "paired bootstrap" };
        let crossed = if self.several_seeds() { " over seeds and examples" } else { "" };
        Ok(spread.map(|_| Ends {
            low: quantile_sorted(draws, tail),
            high: quantile_sorted(draws, 1.0 - tail),
            method: format!("percentile {kind}{crossed}"),
        }))
    }

    /// What counts as drawn.
    fn sources(&self) -> &'static str {
        match (self.design.clustered(), self.several_seeds()) {
            (true, true) => "clusters and seeds",
            (true, false) => "clusters",
            (false, true) => "examples and seeds",
            (false, false) => "examples",
        }
    }

    /// Verdict and words of a pair, once its p is corrected.
    fn judge(&self, pair: &mut Pair, family: usize) {
        let metric = self.field.metric_title();
        let (test_title, signature) = (self.test_title(), self.signature(family));
        let setting = Setting {
            benchmark: &self.field.title,
            metric: &metric,
            test_title: &test_title,
            scope: self.scope(),
            alpha: self.options.alpha,
            confidence: self.options.confidence,
            signature: &signature,
        };
        pair.verdict = setting.verdict(pair);
        let sample =
            if self.field.sample { "SAMPLE data, no result of the benchmark: " } else { "" };
        let text = if pair.interval.is_some() {
            format!("{sample}{}", setting.paragraph(pair))
        } else {
            format!(
                "{sample}On {} (n = {} examples), {} and {} both reached {} {:.3} in every resample: the data do not show how sure that is, and no interval is given. (culture-eval {}; {}.)",
                setting.benchmark,
                self.field.examples(),
                pair.a,
                pair.b,
                setting.metric,
                pair.score_a,
                self.options.version,
                setting.signature
            )
        };
        pair.text = text;
    }
}

/// Standard deviation of the resamples; none where they are all the same.
fn spread(draws: &[f64]) -> Option<f64> {
    if draws.len() < 2 {
        return None;
    }
    let (low, high) =
        draws.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |t, v| (t.0.min(*v), t.1.max(*v)));
    if high - low <= tie_tolerance(high) {
        return None;
    }
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    Some(
        (draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (draws.len() - 1) as f64)
            .sqrt(),
    )
}
