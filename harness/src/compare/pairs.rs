//! The models of one benchmark: the test that fits, every pair, tie letters and ranks.

use rayon::prelude::*;

use super::CompareError;
use super::cultures::{self, Cultures};
use super::draws::{Design, Values, sign_flips};
use super::field::{Entrant, Field};
use super::result::{
    Chosen, Ends, Equivalence, Omnibus, Options, Outcome, Pair, Standing, Verdict,
};
use super::words::{Comparison, Signature, paragraph};
use crate::definition::family::Metric;
use eval_stats::StatsError;
use eval_stats::bootstrap::tie_tolerance;
use eval_stats::cells::Cells;
use eval_stats::choose::{MetricKind, Situation, Test, choose_test};
use eval_stats::cluster::clustered_wilson;
use eval_stats::descriptive::quantile_sorted;
use eval_stats::dist::norm_sf;
use eval_stats::friedman::{cochran_q, rank_row};
use eval_stats::interval::wilson;
use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, accuracy_difference, mcnemar};
use eval_stats::metric::{LabelMetric, MetricOptions};
use eval_stats::permutation::{PermutationMethod, permutation_mean, permutation_metric, plus_one};
use eval_stats::power::{MillerDesign, mde_mcnemar};
use eval_stats::ranking::compact_letters;
use eval_stats::rng::Stream;
use eval_stats::ttest::{cohens_h, paired_t, tost_accuracy};
use eval_stats::wilcoxon::{WilcoxonOptions, ZeroMethod, wilcoxon};

/// Power of the minimum detectable effect.
const POWER: f64 = 0.8;

/// Exact sign flips are made where all pairs together cost at most so many steps.
const EXACT_STEPS: f64 = 1e9;

/// Tests of the pairs of one benchmark.
const WITHIN: &[Test] = &[
    Test::McnemarMidP,
    Test::McnemarExact,
    Test::ApproximateRandomisation,
    Test::ClusterSignFlip,
    Test::ClusterBootstrap,
    Test::CochranQ,
    Test::PairedT,
    Test::WilcoxonExact,
    Test::WilcoxonPratt,
];

/// A test within a benchmark by its name.
pub(super) fn parse_test(name: &str) -> Result<Test, CompareError> {
    Test::parse(name).filter(|t| WITHIN.contains(t)).ok_or_else(|| CompareError::UnknownTest {
        name: name.to_owned(),
        known: WITHIN.iter().map(|t| t.name()).collect(),
    })
}

/// One field under comparison.
struct Contest<'a> {
    field: &'a Field,
    options: &'a Options,
    design: Design<'a>,
    observed: Values,
    /// Of each model, all resampled scores.
    columns: Vec<Vec<f64>>,
    stream: Stream,
    test: Test,
    why: String,
    notes: Vec<String>,
    /// Every model has one column of answers.
    plain: bool,
    /// Right or wrong, per model and example, where that is all there is.
    right: Vec<Vec<bool>>,
    /// Sums of scores per cluster and model, for means over examples, and whether they are multiples of a unit.
    sums: Option<(Vec<Vec<f64>>, bool)>,
}

/// Compares all models of a field. The inner error says why there is nothing to compare.
pub(super) fn compare_field(
    field: &Field,
    asked: Option<Test>,
    options: &Options,
) -> Result<Result<Outcome, String>, StatsError> {
    let design = Design::new(field);
    if design.units() < 2 {
        return Ok(Err(format!(
            "{} independent example(s): a comparison needs two",
            design.units()
        )));
    }
    let stream =
        Stream::new(options.seed, "compare").child(&field.benchmark).child(&field.protocol);
    let cultures = Cultures::new(field, &design);
    let observed = design.observed(cultures.is_some());
    if let Some(model) = observed.overall.iter().position(|v| !v.is_finite()) {
        return Ok(Err(format!(
            "{} has no {} on these examples",
            field.models[model].name,
            field.metric_title()
        )));
    }
    let with_cultures =
        if cultures.is_some() { options.resamples.min(cultures::RESAMPLES) } else { 0 };
    let draws = design.replicates(&stream, options.resamples, with_cultures);
    let columns: Vec<Vec<f64>> =
        (0..field.models.len()).map(|m| draws.iter().map(|d| d.overall[m]).collect()).collect();
    let plain = field.models.iter().all(|m| m.columns() == 1);
    let right = if plain && field.metric == Metric::Accuracy { right(field) } else { Vec::new() };
    let sums = design.cluster_sums();
    let mut contest = Contest {
        field,
        options,
        design,
        observed,
        columns,
        stream,
        test: Test::McnemarMidP,
        why: String::new(),
        notes: Vec::new(),
        plain,
        right,
        sums,
    };
    contest.choose(asked);
    contest.seeds();
    let mut pairs = contest.pairs()?;
    let mut gaps = vec![None; field.models.len()];
    if let Some(cultures) = &cultures {
        let by_culture: Vec<&[f64]> =
            draws.iter().take(with_cultures).map(|d| &*d.by_culture).collect();
        let found = cultures.examine(
            &contest.observed.by_culture,
            &by_culture,
            &contest.pair_numbers(),
            options,
        )?;
        gaps = found.gaps;
        for (pair, cultures) in pairs.iter_mut().zip(found.pairs) {
            pair.cultures = Some(cultures);
        }
        contest.notes.extend(cultures.note());
    } else if field.parts.len() > 1 {
        contest.notes.push("cultures are compared on the parts of this aggregate".to_owned());
    } else if field.cultures.len() > 1 {
        contest.notes.push(cultures::too_few());
    }
    let models = contest.standings(&pairs, gaps)?;
    let omnibus = contest.omnibus()?;
    let family = pairs.len();
    Ok(Ok(Outcome {
        benchmark: field.benchmark.clone(),
        title: field.title.clone(),
        protocol: field.protocol.clone(),
        metric: field.metric_title(),
        sample: field.sample,
        data: field.data.clone(),
        n: field.examples() as u64,
        clusters: contest.design.units() as u64,
        test: Chosen {
            name: contest.test.name().to_owned(),
            title: contest.test_title(),
            why: contest.why.clone(),
            family,
            signature: contest.signature(family).to_string(),
        },
        omnibus,
        models,
        pairs,
        notes: contest.notes,
    }))
}

fn right(field: &Field) -> Vec<Vec<bool>> {
    let of = |model: &Entrant| {
        (field.parts.iter().zip(&model.answers))
            .flat_map(|(part, answers)| {
                part.gold.iter().zip(&answers[0]).map(|(g, a)| *a == Some(*g))
            })
            .collect()
    };
    field.models.iter().map(of).collect()
}

impl Contest<'_> {
    /// Takes the default test, or the asked one where it can be made here.
    fn choose(&mut self, asked: Option<Test>) {
        let kind = match self.field.metric {
            Metric::Accuracy if self.plain => MetricKind::Accuracy,
            Metric::Accuracy => MetricKind::Graded,
            _ => MetricKind::Set,
        };
        let choice = choose_test(&Situation {
            metric: kind,
            models: self.field.models.len(),
            benchmarks: 1,
            examples: self.field.examples(),
            clustered: self.design.clustered(),
            zero_share: 0.0,
            against_baseline: self.options.baseline.is_some(),
        });
        choice.why.clone_into(&mut self.why);
        self.test = choice.test;
        self.notes.extend(choice.warnings);
        if self.field.mean_over_cultures && kind != MetricKind::Set && !self.design.clustered() {
            self.test = Test::ClusterSignFlip;
            "the score is a mean over cultures, so examples of small cultures weigh more: their weighted differences change sign"
                .clone_into(&mut self.why);
        }
        if let Err(reason) = self.fits(self.test) {
            self.test = Test::ClusterBootstrap;
            self.why = format!("{reason}: the paired bootstrap stands in");
        }
        if let Some(asked) = asked.filter(|t| *t != self.test) {
            match self.fits(asked) {
                Ok(()) => {
                    self.why = format!("asked for (the default here is {})", self.test.name());
                    self.test = asked;
                    let blind = !matches!(asked, Test::ClusterSignFlip | Test::ClusterBootstrap);
                    if self.design.clustered() && blind {
                        self.notes.push(format!(
                            "examples come in clusters, which {} ignores: its p-values are too small",
                            asked.name()
                        ));
                    }
                }
                Err(reason) => {
                    self.notes.push(format!(
                        "{} was asked for, but {reason}: {} is used",
                        asked.name(),
                        self.test.name()
                    ));
                }
            }
        }
    }

    fn fits(&self, test: Test) -> Result<(), String> {
        let accuracy = self.field.metric == Metric::Accuracy;
        let mean = self.field.mean_over_cultures;
        match test {
            Test::McnemarMidP | Test::McnemarExact | Test::CochranQ => {
                if !accuracy {
                    return Err(format!(
                        "{} is not right or wrong per example",
                        self.field.metric.name()
                    ));
                }
                if !self.plain {
                    return Err(
                        "several seeds or prompts make the score of an example graded".to_owned()
                    );
                }
                if mean {
                    return Err("the score is a mean over cultures, not over examples".to_owned());
                }
            }
            Test::PairedT | Test::WilcoxonExact | Test::WilcoxonPratt if !accuracy || mean => {
                return Err("the score is no plain mean over examples".to_owned());
            }
            Test::ClusterSignFlip if !accuracy => {
                return Err(format!("{} is no mean over examples", self.field.metric.name()));
            }
            Test::ApproximateRandomisation => {
                if !self.plain {
                    return Err("answers of several seeds or prompts cannot be swapped one by one"
                        .to_owned());
                }
                if mean || self.field.parts.len() > 1 {
                    return Err("the score is a mean over cultures or parts".to_owned());
                }
                if label_metric(self.field.metric).is_none() {
                    return Err(format!(
                        "{} has no fast randomisation test",
                        self.field.metric.name()
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn test_title(&self) -> String {
        let own = !self.design.clustered();
        match self.test {
            Test::CochranQ => Test::McnemarMidP.title(),
            Test::ClusterBootstrap if own => "the paired bootstrap",
            Test::ClusterSignFlip if own => "the sign-flip permutation test",
            other => other.title(),
        }
        .to_owned()
    }

    /// What is said of seeds.
    fn seeds(&mut self) {
        let few: Vec<String> = (self.field.models.iter())
            .filter(|m| (2..5).contains(&m.seeds.len()))
            .map(|m| format!("{} ({})", m.name, m.seeds.len()))
            .collect();
        if self.field.models.iter().any(Entrant::several_seeds) {
            self.notes.push(
                "scores are means over seeds; bootstrap intervals resample seeds and examples (crossed), other tests take the seeds as they are"
                    .to_owned(),
            );
        }
        if !few.is_empty() {
            self.notes.push(format!(
                "fewer than five seeds: {}; what differs between seeds is hardly known, so no claim about training runs is made",
                few.join(", ")
            ));
        }
    }

    fn signature(&self, family: usize) -> Signature {
        let resampled = matches!(
            self.test,
            Test::ClusterSignFlip | Test::ClusterBootstrap | Test::ApproximateRandomisation
        );
        let name = match self.test {
            Test::CochranQ => Test::McnemarMidP.name(),
            other => other.name(),
        };
        Signature {
            test: name.to_owned(),
            n: self.field.examples() as u64,
            clusters: self.design.clustered().then(|| self.design.units() as u64),
            correction: if family > 1 { self.options.correction.title() } else { "none" }
                .to_owned(),
            family,
            resamples: resampled.then_some(self.options.resamples),
            seed: resampled.then_some(self.options.seed),
            version: self.options.version.clone(),
        }
    }

    /// The pairs that are compared; with a baseline it is B of each.
    fn pair_numbers(&self) -> Vec<(usize, usize)> {
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

    fn pairs(&mut self) -> Result<Vec<Pair>, StatsError> {
        let numbers = self.pair_numbers();
        let flips = self.flips(&numbers);
        let mut pairs: Vec<Pair> = numbers
            .par_iter()
            .map(|&(a, b)| self.pair(a, b, flips.as_deref()))
            .collect::<Result<_, _>>()?;
        let p: Vec<f64> = pairs.iter().map(|p| p.p).collect();
        for (pair, corrected) in pairs.iter_mut().zip(self.options.correction.adjust(&p)?) {
            pair.p_corrected = corrected;
        }
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

    fn pair(&self, a: usize, b: usize, flips: Option<&[Vec<f64>]>) -> Result<Pair, StatsError> {
        let options = self.options;
        let (score_a, score_b) = (self.observed.overall[a], self.observed.overall[b]);
        let difference = score_a - score_b;
        let mut draws: Vec<f64> = self.columns[a]
            .iter()
            .zip(&self.columns[b])
            .map(|(x, y)| x - y)
            .filter(|d| d.is_finite())
            .collect();
        let table = match (self.right.get(a), self.right.get(b)) {
            (Some(a), Some(b)) => Some(PairedTable::count(a, b)?),
            _ => None,
        };
        let simple = table.filter(|_| !self.field.mean_over_cultures && !self.design.clustered());
        let se = spread(&draws);
        let p = self.p_value(a, b, difference, &draws, table, flips)?;
        draws.sort_unstable_by(f64::total_cmp);

        let mut effects = Vec::new();
        let interval;
        if let Some(table) = &simple {
            let found = accuracy_difference(table, options.confidence)?;
            interval = Some(Ends {
                low: found.newcombe.low,
                high: found.newcombe.high,
                method: found.newcombe.method.name().to_owned(),
            });
            effects.push(("Cohen's g".to_owned(), found.cohens_g));
            if let Some(odds) = found.odds_ratio.filter(|o| o.is_finite()) {
                effects.push(("odds ratio".to_owned(), odds));
            }
        } else {
            let tail = (1.0 - options.confidence) / 2.0;
            interval = se.map(|_| Ends {
                low: quantile_sorted(&draws, tail),
                high: quantile_sorted(&draws, 1.0 - tail),
                method: self.interval_method(a, b),
            });
        }
        if let Ok(h) = cohens_h(score_a.clamp(0.0, 1.0), score_b.clamp(0.0, 1.0)) {
            effects.push(("Cohen's h".to_owned(), h));
        }
        let n = self.field.examples() as f64;
        let minimum_detectable = match &simple {
            Some(table) => mde_mcnemar(n, table.discordant() as f64 / n, options.alpha, POWER).ok(),
            None => se.and_then(|se| {
                // Miller 2024, eq. 9, with the variance of the difference from the resamples: clusters and seeds are in it.
                let design = MillerDesign {
                    omega2: se * se * n,
                    sigma2_a: 0.0,
                    k_a: 1.0,
                    sigma2_b: 0.0,
                    k_b: 1.0,
                };
                design.minimum_detectable_effect(n, options.alpha, POWER).ok()
            }),
        };
        let equivalence = match (options.margin, &simple) {
            (Some(margin), Some(table)) => {
                let p = tost_accuracy(table, -margin, margin)?.p_value;
                Some(Equivalence {
                    margin,
                    p,
                    method: "two one-sided tests of two paired accuracies".to_owned(),
                })
            }
            (Some(margin), None) => se.map(|se| Equivalence {
                margin,
                p: norm_sf((difference + margin) / se).max(norm_sf((margin - difference) / se)),
                method: "two one-sided z tests with the bootstrap standard error".to_owned(),
            }),
            (None, _) => None,
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
            discordant: table.map(|t| (t.only_a, t.only_b)),
            minimum_detectable,
            equivalence,
            verdict: Verdict::Undecided,
            these_runs_only: false,
            cultures: None,
            text: String::new(),
        })
    }

    fn interval_method(&self, a: usize, b: usize) -> String {
        let kind = if self.design.clustered() { "cluster bootstrap" } else { "paired bootstrap" };
        let models = &self.field.models;
        let seeds = models[a].several_seeds() || models[b].several_seeds();
        let crossed = if seeds { " over seeds and examples" } else { "" };
        format!("percentile {kind}{crossed}")
    }

    fn p_value(
        &self,
        a: usize,
        b: usize,
        difference: f64,
        draws: &[f64],
        table: Option<PairedTable>,
        flips: Option<&[Vec<f64>]>,
    ) -> Result<f64, StatsError> {
        let two = Alternative::TwoSided;
        let stream = || {
            let names = [a, b].map(|m| self.field.models[m].name.as_str());
            self.stream.child("pair").child(names[0]).child(names[1])
        };
        Ok(match (self.test, table) {
            (Test::McnemarExact, Some(table)) => {
                mcnemar(&table, McnemarMethod::Exact, two)?.p_value
            }
            (Test::McnemarMidP | Test::CochranQ, Some(table)) => {
                mcnemar(&table, McnemarMethod::MidP, two)?.p_value
            }
            (Test::ApproximateRandomisation, _) if label_metric(self.field.metric).is_some() => {
                let method =
                    PermutationMethod::Auto { resamples: self.options.resamples, stream: stream() };
                self.randomisation(a, b, &method)?
            }
            (Test::ClusterSignFlip, _) if self.sums.is_some() => {
                let (sums, _) =
                    self.sums.as_ref().ok_or(StatsError::Request("no sums".to_owned()))?;
                let d: Vec<f64> = sums.iter().map(|row| row[a] - row[b]).collect();
                if let Some(flips) = flips {
                    let observed: f64 = d.iter().sum::<f64>().abs();
                    let tolerance = 1e-10 * d.iter().map(|v| v.abs()).sum::<f64>();
                    let hits = flips
                        .iter()
                        .filter(|z| (z[a] - z[b]).abs() >= observed - tolerance)
                        .count();
                    flipped_p(hits, flips.len(), observed, &d)
                } else {
                    let method = PermutationMethod::Auto {
                        resamples: self.options.resamples,
                        stream: stream(),
                    };
                    permutation_mean(&d, &method, two)?.p_value
                }
            }
            (Test::PairedT | Test::WilcoxonExact | Test::WilcoxonPratt, _) => {
                let d = self.example_differences(a, b);
                match self.test {
                    // Differences that are all the same have no spread: then signs are flipped.
                    Test::PairedT => match paired_t(&d, two, self.options.confidence) {
                        Ok(found) => found.p_value,
                        Err(StatsError::Degenerate { .. }) => {
                            let method = PermutationMethod::Auto {
                                resamples: self.options.resamples,
                                stream: stream(),
                            };
                            permutation_mean(&d, &method, two)?.p_value
                        }
                        Err(error) => return Err(error),
                    },
                    test => {
                        let zero_method = if test == Test::WilcoxonPratt {
                            ZeroMethod::Pratt
                        } else {
                            ZeroMethod::Wilcox
                        };
                        wilcoxon(
                            &d,
                            &WilcoxonOptions { zero_method, ..WilcoxonOptions::default() },
                        )?
                        .p_value
                    }
                }
            }
            _ => {
                // The bootstrap centred on the null hypothesis (Efron & Tibshirani 1993, section 16.4).
                let limit = difference.abs() - tie_tolerance(difference);
                plus_one(
                    draws.iter().filter(|d| (**d - difference).abs() >= limit).count(),
                    draws.len(),
                )
            }
        })
    }

    /// Mean score over seeds and variants of each example, A - B.
    fn example_differences(&self, a: usize, b: usize) -> Vec<f64> {
        let scores = |model: &Entrant| -> Vec<f64> {
            (self.field.parts.iter().zip(&model.answers))
                .flat_map(|(part, answers)| {
                    part.gold.iter().enumerate().map(|(i, gold)| {
                        let right =
                            answers.iter().filter(|column| column[i] == Some(*gold)).count();
                        right as f64 / answers.len() as f64
                    })
                })
                .collect()
        };
        let (a, b) = (scores(&self.field.models[a]), scores(&self.field.models[b]));
        a.iter().zip(&b).map(|(x, y)| x - y).collect()
    }

    fn randomisation(
        &self,
        a: usize,
        b: usize,
        method: &PermutationMethod,
    ) -> Result<f64, StatsError> {
        let part = &self.field.parts[0];
        let metric = label_metric(self.field.metric)
            .ok_or(StatsError::Request("no such test".to_owned()))?;
        let binary = matches!(self.field.metric, Metric::F1 | Metric::Precision | Metric::Recall);
        // No answer is a class of its own that is never gold: it scales a macro mean by a constant, and p stays.
        let code = |label: Option<u32>| match (binary, label) {
            (true, label) => u16::from(label == Some(part.positive)),
            (false, label) => label.map_or(part.classes as u16, |l| l as u16),
        };
        let gold: Vec<u16> = part.gold.iter().map(|g| code(Some(*g))).collect();
        let [first, second] = [a, b].map(|m| {
            self.field.models[m].answers[0][0]
                .iter()
                .map(|answer| code(*answer))
                .collect::<Vec<u16>>()
        });
        let classes = if binary { 2 } else { part.classes + 1 };
        let cells = Cells::collapse(&gold, &[&first, &second], classes)?;
        Ok(permutation_metric(
            &cells,
            metric,
            MetricOptions::default(),
            method,
            Alternative::TwoSided,
        )?
        .p_value)
    }

    /// Verdict and words of a pair, once its p is corrected.
    fn judge(&self, pair: &mut Pair, family: usize) {
        let several_seeds = (self.field.models.iter())
            .any(|m| [&pair.a, &pair.b].contains(&&m.name) && m.several_seeds());
        let comparison = Comparison {
            model_a: pair.a.clone(),
            model_b: pair.b.clone(),
            benchmark: self.field.title.clone(),
            metric: self.field.metric_title(),
            score_a: pair.score_a,
            score_b: pair.score_b,
            difference: pair.difference,
            low: pair.interval.as_ref().map_or(pair.difference, |i| i.low),
            high: pair.interval.as_ref().map_or(pair.difference, |i| i.high),
            confidence: self.options.confidence,
            interval_method: pair.interval.as_ref().map_or_else(String::new, |i| i.method.clone()),
            test_title: self.test_title(),
            seeds_as_they_are: self.test != Test::ClusterBootstrap && several_seeds,
            p_value: pair.p,
            p_corrected: pair.p_corrected,
            alpha: self.options.alpha,
            effect: pair.effects.first().cloned(),
            minimum_detectable: pair.minimum_detectable,
            equivalence: pair.equivalence.as_ref().map(|e| (e.margin, e.p)),
            signature: self.signature(family),
        };
        use super::words::Verdict as Told;
        pair.verdict = match comparison.verdict() {
            Told::ABetter => Verdict::ABetter,
            Told::BBetter => Verdict::BBetter,
            Told::Equivalent => Verdict::Equivalent,
            Told::Undecided => Verdict::Undecided,
        };
        pair.these_runs_only = comparison.these_runs_only();
        let sample =
            if self.field.sample { "SAMPLE data, no result of the benchmark: " } else { "" };
        pair.text = if pair.interval.is_some() {
            format!("{sample}{}", paragraph(&comparison))
        } else {
            format!(
                "{sample}On {} (n = {} examples), {} and {} both reached {} {:.3} in every resample: the data cannot tell how sure that is, and no interval is given. (culture-eval {}; {}.)",
                comparison.benchmark,
                self.field.examples(),
                pair.a,
                pair.b,
                comparison.metric,
                pair.score_a,
                self.options.version,
                comparison.signature
            )
        };
    }

    fn standings(
        &self,
        pairs: &[Pair],
        gaps: Vec<Option<super::result::Gap>>,
    ) -> Result<Vec<Standing>, StatsError> {
        let k = self.field.models.len();
        let place = |name: &str| self.field.models.iter().position(|m| m.name == name);
        let letters = if self.options.baseline.is_some() {
            vec![String::new(); k]
        } else {
            let mut differs = vec![vec![false; k]; k];
            for pair in
                pairs.iter().filter(|p| matches!(p.verdict, Verdict::ABetter | Verdict::BBetter))
            {
                if let (Some(a), Some(b)) = (place(&pair.a), place(&pair.b)) {
                    (differs[a][b], differs[b][a]) = (true, true);
                }
            }
            compact_letters(&self.observed.overall, &differs, true)?
        };
        let (ranks, _) = rank_row(&self.observed.overall, true);
        let drawn: Vec<Vec<f64>> = (0..self.options.resamples)
            .into_par_iter()
            .with_min_len(64)
            .map(|r| {
                let scores: Vec<f64> = self
                    .columns
                    .iter()
                    .map(|c| if c[r].is_finite() { c[r] } else { f64::NEG_INFINITY })
                    .collect();
                rank_row(&scores, true).0
            })
            .collect();
        let tail = (1.0 - self.options.confidence) / 2.0;
        let mut standings = Vec::with_capacity(k);
        for (model, (entrant, gap)) in self.field.models.iter().zip(gaps).enumerate() {
            let mut of_model: Vec<f64> = drawn.iter().map(|r| r[model]).collect();
            let first =
                of_model.iter().filter(|r| **r == 1.0).count() as f64 / of_model.len() as f64;
            of_model.sort_unstable_by(f64::total_cmp);
            standings.push(Standing {
                model: entrant.name.clone(),
                value: self.observed.overall[model],
                interval: self.interval_of(model)?,
                seeds: entrant.seeds.clone(),
                of_seeds: self.of_seeds(entrant),
                letters: letters[model].clone(),
                rank: ranks[model],
                rank_interval: (
                    quantile_sorted(&of_model, tail),
                    quantile_sorted(&of_model, 1.0 - tail),
                ),
                first,
                cultures: gap,
            });
        }
        standings.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.model.cmp(&b.model)));
        Ok(standings)
    }

    /// Score of each seed, where there are several.
    fn of_seeds(&self, entrant: &Entrant) -> Vec<f64> {
        let seeds = entrant.seeds.len();
        if seeds < 2 {
            return Vec::new();
        }
        let variants = entrant.columns() / seeds;
        let alone = |seed: usize| {
            let columns = seed * variants..(seed + 1) * variants;
            let answers =
                entrant.answers.iter().map(|part| part[columns.clone()].to_vec()).collect();
            let one = Entrant { name: String::new(), seeds: vec![entrant.seeds[seed]], answers };
            Design::new(&Field { models: vec![one], ..self.field.clone_without_models() })
                .observed(false)
                .overall[0]
        };
        (0..seeds).map(alone).collect()
    }

    /// Wilson's interval, clustered where examples are, of a plain accuracy; else from the resamples.
    fn interval_of(&self, model: usize) -> Result<Option<(f64, f64)>, StatsError> {
        let options = self.options;
        if let (Some(right), false) = (self.right.get(model), self.field.mean_over_cultures) {
            let found = if self.design.clustered() {
                let scores: Vec<f64> = right.iter().map(|r| f64::from(u8::from(*r))).collect();
                clustered_wilson(&scores, &self.clusters(), options.confidence)?
            } else {
                let hits = right.iter().filter(|r| **r).count() as u64;
                wilson(hits, right.len() as u64, options.confidence)?
            };
            return Ok(Some((found.low, found.high)));
        }
        let mut draws: Vec<f64> =
            self.columns[model].iter().copied().filter(|v| v.is_finite()).collect();
        if spread(&draws).is_none() {
            return Ok(None);
        }
        draws.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - options.confidence) / 2.0;
        Ok(Some((quantile_sorted(&draws, tail), quantile_sorted(&draws, 1.0 - tail))))
    }

    /// Clusters of all parts, numbered apart.
    fn clusters(&self) -> Vec<u32> {
        let mut numbers = std::collections::HashMap::new();
        let mut all = Vec::with_capacity(self.field.examples());
        for (p, part) in self.field.parts.iter().enumerate() {
            for cluster in &part.clusters {
                let next = numbers.len() as u32;
                all.push(*numbers.entry((p, *cluster)).or_insert(next));
            }
        }
        all
    }

    fn omnibus(&self) -> Result<Option<Omnibus>, StatsError> {
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

/// `(1 + hits) / (R + 1)`; without a hit no more than Hoeffding's bound `2 exp(-t^2 / (2 sum d^2))` of the exact p (1963,
/// theorem 2), so that strong differences survive the correction over many pairs. Still valid: below 1 / (R + 1) the
/// answer is never smaller than the exact p, above it is the usual one.
fn flipped_p(hits: usize, resamples: usize, observed: f64, d: &[f64]) -> f64 {
    let p = plus_one(hits, resamples);
    let squares: f64 = d.iter().map(|v| v * v).sum();
    if hits > 0 || squares <= 0.0 {
        return p;
    }
    p.min((2.0 * (-observed * observed / (2.0 * squares)).exp()).max(f64::MIN_POSITIVE))
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

/// The metric as the fast randomisation test knows it.
fn label_metric(metric: Metric) -> Option<LabelMetric> {
    Some(match metric {
        Metric::Accuracy | Metric::WeightedRecall => LabelMetric::Accuracy,
        Metric::Precision => LabelMetric::PrecisionOf(1),
        Metric::Recall => LabelMetric::RecallOf(1),
        Metric::F1 => LabelMetric::F1Of(1),
        Metric::MacroPrecision => LabelMetric::MacroPrecision,
        Metric::MacroRecall => LabelMetric::MacroRecall,
        Metric::MacroF1 => LabelMetric::MacroF1,
        Metric::WeightedF1 => LabelMetric::WeightedF1,
        Metric::WeightedPrecision => return None,
    })
}
