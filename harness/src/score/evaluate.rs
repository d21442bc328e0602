//! One benchmark's scores: overall, per culture, per group, and how unequal the cultures fare.
//!
//! Every number has its n and a 95 % interval, or a [`Reason`] stands in its place:
//!
//! | figure | interval |
//! |---|---|
//! | accuracy, acc@k, precision, recall, shares | Wilson; clustered Wilson where examples share clusters |
//! | F1s, macro and weighted means, anything over several variants | percentile bootstrap over clusters |
//! | mean over cultures, worst culture | percentile bootstrap over clusters |
//! | culture gap (best minus worst) | basic bootstrap over clusters: a resampled gap is biased upwards, reflection takes that back |
//!
//! A cluster is drawn whole, so that the five country labels of one post stay together. A culture that a resample does
//! not hold is left out of that resample's mean, best and worst.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::family::{Benchmark, Metric, Scoring};
use crate::example::Coded;
use crate::stats::bootstrap::BootstrapMethod;
use crate::stats::rng::Stream;

use super::metrics::{Margins, check, column, same_length};
use super::resample::{Cell, Range, Units, bootstrap, proportion};
use super::{Answer, Reason, ScoreError};

/// What was asked and answered: columns of one row per example.
#[derive(Debug, Clone, Copy)]
pub struct Questions<'a> {
    /// The fixed label set, in order.
    pub labels: &'a [String],
    /// Gold label of each example.
    pub gold: &'a [u32],
    /// One column of answers per variant (prompt wording); most models have one.
    pub answers: &'a [&'a [Answer]],
    /// Per variant: 0-based rank of the gold label of each example ([`super::metrics::gold_rank`]), for acc@k.
    pub ranks: Option<&'a [&'a [Option<u32>]]>,
    /// Culture of each example.
    pub cultures: &'a Coded,
    /// Equal = not independent.
    pub clusters: &'a [u32],
    /// Further tags.
    pub groups: &'a BTreeMap<String, Coded>,
}

/// How a benchmark is scored.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Primary metric.
    pub metric: Metric,
    /// Further metrics.
    pub also: Vec<Metric>,
    /// Smoothing and the k of acc@k.
    pub scoring: Scoring,
    /// Class of precision, recall and F1.
    pub positive: Option<u32>,
    /// Only these cultures; empty: all.
    pub cultures: Vec<String>,
    /// The primary score is the mean over cultures.
    pub mean_over_cultures: bool,
    /// Where the resamples' randomness comes from.
    pub stream: Stream,
    /// Resamples of the overall scores.
    pub resamples: usize,
    /// Resamples of each culture and group.
    pub breakdown_resamples: usize,
}

impl Rules {
    /// The rules of `benchmark`, 10,000 resamples (2,000 for each culture and group).
    pub fn new(benchmark: &Benchmark, scoring: &Scoring, positive: Option<u32>, stream: Stream) -> Self {
        Self {
            metric: benchmark.metric,
            also: benchmark.also.clone(),
            scoring: scoring.clone(),
            positive,
            cultures: benchmark.cultures.clone(),
            mean_over_cultures: benchmark.mean_over_cultures,
            stream,
            resamples: 10_000,
            breakdown_resamples: 2_000,
        }
    }
}

/// Which examples a score is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subset {
    /// All examples of the benchmark.
    All,
    /// Unweighted mean of the cultures' values.
    CultureMean,
    /// One culture.
    Culture { name: String },
    /// One value of a further tag.
    Group { name: String, value: String },
    /// Best culture minus worst culture.
    CultureGap { best: String, worst: String },
    /// The culture with the lowest value.
    WorstCulture { name: String },
}

impl std::fmt::Display for Subset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => write!(f, "all examples"),
            Self::CultureMean => write!(f, "the mean over cultures"),
            Self::Culture { name } => write!(f, "culture `{name}`"),
            Self::Group { name, value } => write!(f, "{name} `{value}`"),
            Self::CultureGap { best, worst } => write!(f, "the gap from `{best}` to `{worst}`"),
            Self::WorstCulture { name } => write!(f, "the worst culture `{name}`"),
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `accuracy`, `macro-f1`, `acc@5`, `accuracy-answered`, `out-of-choice`, ...
    pub metric: String,
    /// What it is about.
    pub subset: Subset,
    /// A fraction; with several variants their mean.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How the interval was made.
    pub method: String,
    /// Examples.
    pub n: u64,
    /// Variants that the value is the mean of; `n * variants = answered + out_of_choice + missing`.
    pub variants: u64,
    /// Answers that are one of the labels.
    pub answered: u64,
    /// Replies that parse to no label.
    pub out_of_choice: u64,
    /// No reply.
    pub missing: u64,
    /// Independent clusters of examples.
    pub clusters: u64,
    /// For accuracy: what always answering the commonest gold label gives.
    pub majority: Option<f64>,
}

/// A figure that does not exist, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub metric: String,
    pub subset: Subset,
    pub reason: Reason,
}

/// All figures of one model on one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Overall scores first (the primary metric leading), then cultures, then groups.
    pub scores: Vec<Score>,
    /// What could not be scored.
    pub refused: Vec<Refusal>,
    /// Name of the primary metric.
    pub metric: String,
    /// Whether the primary score is the mean over cultures.
    pub mean_over_cultures: bool,
}

impl Evaluation {
    /// The primary score, or why there is none.
    pub fn primary(&self) -> Result<&Score, Reason> {
        let subset = if self.mean_over_cultures { Subset::CultureMean } else { Subset::All };
        if let Some(score) = self.find(&self.metric, &subset) {
            return Ok(score);
        }
        let refusal = self.refused.iter().find(|r| r.metric == self.metric && r.subset == subset);
        Err(refusal.map_or(Reason::NoExample { subset: subset.to_string() }, |r| r.reason.clone()))
    }

    /// The score of this metric on this subset.
    pub fn find(&self, metric: &str, subset: &Subset) -> Option<&Score> {
        self.scores.iter().find(|s| s.metric == metric && s.subset == *subset)
    }
}

/// Scores `questions` by `rules`.
pub fn evaluate(questions: &Questions<'_>, rules: &Rules) -> Result<Evaluation, ScoreError> {
    let board = Board::new(questions, rules)?;
    let mut out = Evaluation {
        scores: Vec::new(),
        refused: Vec::new(),
        metric: rules.metric.name().to_owned(),
        mean_over_cultures: rules.mean_over_cultures,
    };
    board.subset(&Subset::All, &board.rows, rules.resamples, &mut out);
    board.across_cultures(&mut out);
    for (name, rows) in &board.cultures {
        board.subset(&Subset::Culture { name: name.clone() }, rows, rules.breakdown_resamples, &mut out);
    }
    for (name, coded) in questions.groups {
        for (code, value) in coded.names.iter().enumerate() {
            let rows: Vec<u32> =
                board.rows.iter().copied().filter(|&i| coded.codes[i as usize] as usize == code).collect();
            if !rows.is_empty() {
                let subset = Subset::Group { name: name.clone(), value: value.clone() };
                board.subset(&subset, &rows, rules.breakdown_resamples, &mut out);
            }
        }
    }
    Ok(out)
}

/// What is computed: a metric of the definition, or one that follows from how the model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Metric(Metric),
    /// acc@k, by the place of k among the sorted ks.
    Within(usize),
    AccuracyAnswered,
    OutOfChoice,
    Missing,
}

/// Questions and rules, checked, with the rows that the benchmark is about.
pub(crate) struct Board<'a> {
    q: &'a Questions<'a>,
    rules: &'a Rules,
    positive: u32,
    ks: Vec<usize>,
    measures: Vec<Measure>,
    rows: Vec<u32>,
    /// Cultures of the benchmark, in its order, else in order of first appearance.
    cultures: Vec<(String, Vec<u32>)>,
}

impl<'a> Board<'a> {
    pub(crate) fn new(q: &'a Questions<'a>, rules: &'a Rules) -> Result<Self, ScoreError> {
        let n = q.gold.len();
        for answers in q.answers {
            check(q.gold, answers, q.labels.len())?;
        }
        if q.answers.is_empty() {
            return Err(ScoreError::OutOfRange {
                argument: "answers",
                got: "no column".to_owned(),
                allowed: "one column of answers per variant, at least one".to_owned(),
            });
        }
        same_length("gold", n, "cultures", q.cultures.codes.len())?;
        same_length("gold", n, "clusters", q.clusters.len())?;
        for (name, coded) in q.groups {
            same_length("gold", n, name, coded.codes.len())?;
        }
        if let Some(ranks) = q.ranks {
            same_length("answers (variants)", q.answers.len(), "ranks (variants)", ranks.len())?;
            for column in ranks {
                same_length("gold", n, "ranks", column.len())?;
            }
        }
        let metrics: Vec<Metric> = std::iter::once(rules.metric).chain(rules.also.iter().copied()).collect();
        let positive = match (rules.positive, metrics.iter().find(|m| is_binary(**m))) {
            (None, Some(metric)) => {
                return Err(ScoreError::NotDefined {
                    metric: metric.name().to_owned(),
                    needs: "a positive class",
                    remedy: "set `positive` in the task, or use a macro or weighted metric",
                });
            }
            (Some(label), _) if label as usize >= q.labels.len() => {
                return Err(ScoreError::UnknownLabel { argument: "positive", row: 0, label, classes: q.labels.len() });
            }
            (label, _) => label.unwrap_or(0),
        };
        let mut ks: Vec<usize> = rules.scoring.acc_at.clone();
        ks.sort_unstable();
        ks.dedup();
        let (rows, cultures) = select(q.cultures, &rules.cultures);
        let mut measures: Vec<Measure> = Vec::new();
        for measure in metrics.into_iter().map(Measure::Metric).chain((0..ks.len()).map(Measure::Within)) {
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        let any = |wanted: Answer| q.answers.iter().any(|a| rows.iter().any(|&i| a[i as usize] == wanted));
        let (odd, missing) = (any(Answer::OutOfChoice), any(Answer::Missing));
        if odd || missing {
            measures.push(Measure::AccuracyAnswered);
        }
        if odd {
            measures.push(Measure::OutOfChoice);
        }
        if missing {
            measures.push(Measure::Missing);
        }
        Ok(Self { q, rules, positive, ks, measures, rows, cultures })
    }

    fn name(&self, measure: Measure) -> String {
        match measure {
            Measure::Metric(metric) => metric.name().to_owned(),
            Measure::Within(place) => format!("acc@{}", self.ks[place]),
            Measure::AccuracyAnswered => "accuracy-answered".to_owned(),
            Measure::OutOfChoice => "out-of-choice".to_owned(),
            Measure::Missing => "missing".to_owned(),
        }
    }

    fn value(&self, margins: &Margins, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Metric(metric) => margins.value(metric, self.positive, self.rules.scoring.smoothing),
            Measure::Within(place) => margins.accuracy_within(place),
            Measure::AccuracyAnswered => margins.accuracy_answered(),
            Measure::OutOfChoice => margins.out_of_choice_rate(),
            Measure::Missing => (margins.n > 0.0).then(|| margins.missing / margins.n),
        }
    }

    /// Mean over variants; `None` where one of them has no value.
    pub(crate) fn mean_value(&self, variants: &[Margins], measure: Measure) -> Option<f64> {
        let sum = variants.iter().map(|m| self.value(m, measure)).sum::<Option<f64>>()?;
        Some(sum / variants.len() as f64)
    }

    fn bucket(&self, variant: usize, row: usize) -> u32 {
        let rank = self.q.ranks.and_then(|ranks| ranks[variant][row]);
        let place = |rank: u32| self.ks.iter().position(|&k| (rank as usize) < k.min(self.q.labels.len()));
        rank.and_then(place).unwrap_or(self.ks.len()) as u32
    }

    /// Rows as patterns of clusters; slice = `slice(row) * variants + variant`.
    fn units(&self, rows: &[(u32, u32)], slices: usize) -> Units {
        let variants = self.q.answers.len();
        let classes = self.q.labels.len();
        let cells = rows.iter().flat_map(|&(row, slice)| {
            let i = row as usize;
            (0..variants).map(move |v| {
                let column = column(self.q.answers[v][i], classes);
                let slice = slice * variants as u32 + v as u32;
                (self.q.clusters[i], Cell { slice, gold: self.q.gold[i], column, bucket: self.bucket(v, i) })
            })
        });
        Units::new(cells, slices * variants, classes, self.ks.len())
    }

    /// A score of `rows` without its numbers.
    fn blank(&self, subset: &Subset, measure: Measure, margins: &[Margins], clusters: u64) -> Score {
        let variants = self.q.answers.len() as u64;
        let total = |f: &dyn Fn(&Margins) -> f64| margins.iter().map(f).sum::<f64>() as u64;
        let (all, out_of_choice, missing) = (total(&|m| m.n), total(&|m| m.out_of_choice), total(&|m| m.missing));
        let answered = total(&|m| m.predicted.iter().sum());
        assert_eq!(all, answered + out_of_choice + missing, "an answer was lost on the way to the score");
        Score {
            metric: self.name(measure),
            subset: subset.clone(),
            value: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
            method: String::new(),
            n: all / variants,
            variants,
            answered,
            out_of_choice,
            missing,
            clusters,
            majority: None,
        }
    }

    /// All measures on `rows`.
    fn subset(&self, subset: &Subset, rows: &[u32], resamples: usize, out: &mut Evaluation) {
        let refuse = |measure: Measure, reason: Reason| Refusal {
            metric: self.name(measure),
            subset: subset.clone(),
            reason,
        };
        if rows.is_empty() {
            let reason = match subset {
                Subset::Culture { name } => Reason::AbsentCulture { culture: name.clone() },
                _ => Reason::NoExample { subset: subset.to_string() },
            };
            out.refused.extend(self.measures.iter().map(|&measure| refuse(measure, reason.clone())));
            return;
        }
        let tagged: Vec<(u32, u32)> = rows.iter().map(|&row| (row, 0)).collect();
        let units = self.units(&tagged, 1);
        let margins = units.margins();
        let (clusters, n) = (units.clusters(), rows.len() as u64);
        let mut resampled: Option<Vec<Vec<f64>>> = None;
        let stream = self.rules.stream.child(&subset.to_string());
        for (place, &measure) in self.measures.iter().enumerate() {
            if let Some(reason) = self.undefined(subset, &margins, measure) {
                out.refused.push(refuse(measure, reason));
                continue;
            }
            if clusters < 2 && n > 1 {
                out.refused.push(refuse(measure, Reason::OneCluster { subset: subset.to_string(), n }));
                continue;
            }
            let Some(value) = self.mean_value(&margins, measure) else {
                let reason = Reason::NothingAnswered { subset: subset.to_string() };
                out.refused.push(refuse(measure, reason));
                continue;
            };
            let range = match self.outcomes(rows, measure) {
                Some(outcomes) if outcomes.is_empty() => {
                    // 0/0 by convention: nothing is known about it.
                    Ok(Range { low: 0.0, high: 1.0, method: "no-prediction".to_owned() })
                }
                Some(outcomes) => proportion(value, &outcomes),
                None => {
                    let replicates = resampled.get_or_insert_with(|| {
                        units.resample(&stream, resamples, |margins| {
                            self.measures
                                .iter()
                                .map(|&m| self.mean_value(margins, m).unwrap_or(f64::NAN))
                                .collect()
                        })
                    });
                    let column = replicates.iter().map(|r| r[place]).collect();
                    let support = self.support(&margins, measure).min(clusters);
                    bootstrap(value, column, BootstrapMethod::Percentile, clusters < n, support, &stream)
                }
            };
            match range {
                Ok(range) => {
                    let mut score = self.blank(subset, measure, &margins, clusters);
                    score.majority = self.is_accuracy(measure).then(|| margins[0].majority()).flatten();
                    fill(&mut score, value, range);
                    out.scores.push(score);
                }
                Err(error) => out.refused.push(refuse(measure, error.into())),
            }
        }
    }

    /// All rows as units, their number, and the measure on them.
    pub(crate) fn whole(&self, measure: Measure) -> Result<(Units, u64, f64), Reason> {
        let n = self.rows.len() as u64;
        let subset = Subset::All;
        if n == 0 {
            return Err(Reason::NoExample { subset: subset.to_string() });
        }
        let tagged: Vec<(u32, u32)> = self.rows.iter().map(|&row| (row, 0)).collect();
        let units = self.units(&tagged, 1);
        let margins = units.margins();
        if let Some(reason) = self.undefined(&subset, &margins, measure) {
            return Err(reason);
        }
        if units.clusters() < 2 && n > 1 {
            return Err(Reason::OneCluster { subset: subset.to_string(), n });
        }
        let value = self.mean_value(&margins, measure);
        value.map(|value| (units, n, value)).ok_or(Reason::NothingAnswered { subset: subset.to_string() })
    }

    fn is_accuracy(&self, measure: Measure) -> bool {
        measure == Measure::Metric(Metric::Accuracy)
    }

    /// Mean over cultures, culture gap and worst culture of every measure.
    fn across_cultures(&self, out: &mut Evaluation) {
        let variants = self.q.answers.len();
        let tagged: Vec<(u32, u32)> = (0_u32..)
            .zip(&self.cultures)
            .flat_map(|(slice, (_, rows))| rows.iter().map(move |&row| (row, slice)))
            .collect();
        let units = self.units(&tagged, self.cultures.len());
        let margins = units.margins();
        let of = |margins: &[Margins], culture: usize, measure: Measure| {
            self.mean_value(&margins[culture * variants..(culture + 1) * variants], measure)
        };
        let names: Vec<Subset> =
            self.cultures.iter().map(|(name, _)| Subset::Culture { name: name.clone() }).collect();
        // Per measure: the cultures that have it.
        let mut refused: Vec<Vec<Option<Reason>>> = Vec::new();
        for &measure in &self.measures {
            let reasons = (0..names.len()).map(|c| {
                let part = &margins[c * variants..(c + 1) * variants];
                if part[0].n <= 0.0 {
                    return Some(Reason::AbsentCulture { culture: self.cultures[c].0.clone() });
                }
                self.undefined(&names[c], part, measure).or_else(|| {
                    let answered = self.mean_value(part, measure).is_some();
                    (!answered).then(|| Reason::NothingAnswered { subset: names[c].to_string() })
                })
            });
            refused.push(reasons.collect());
        }
        let spread = |margins: &[Margins]| -> Vec<f64> {
            let mut figures = Vec::with_capacity(3 * self.measures.len());
            for (place, &measure) in self.measures.iter().enumerate() {
                let mut span = Span::default();
                for culture in (0..names.len()).filter(|&c| refused[place][c].is_none()) {
                    if let Some(value) = of(margins, culture, measure) {
                        span.add(value);
                    }
                }
                figures.extend([span.mean(), span.gap(), span.worst()]);
            }
            figures
        };
        if self.rows.is_empty() {
            return;
        }
        let stream = self.rules.stream.child("across cultures");
        let replicates = units.resample(&stream, self.rules.resamples, spread);
        let observed = spread(&margins);
        let clustered = units.clusters() < self.rows.len() as u64;
        for (place, &measure) in self.measures.iter().enumerate() {
            let having: Vec<usize> = (0..names.len()).filter(|&c| refused[place][c].is_none()).collect();
            let value_of = |c: usize| of(&margins, c, measure).unwrap_or(f64::NAN);
            let best = having.iter().copied().reduce(|a, b| if value_of(b) > value_of(a) { b } else { a });
            let worst = having.iter().copied().reduce(|a, b| if value_of(b) < value_of(a) { b } else { a });
            let smallest = having.iter().map(|&c| self.cultures[c].1.len() as u64).min().unwrap_or(1);
            let name = |c: Option<usize>| c.map_or(String::new(), |c| self.cultures[c].0.clone());
            let gone = refused[place].iter().position(Option::is_some);
            let figures = [
                (Subset::CultureMean, BootstrapMethod::Percentile, units.clusters()),
                (
                    Subset::CultureGap { best: name(best), worst: name(worst) },
                    BootstrapMethod::Basic,
                    smallest,
                ),
                (Subset::WorstCulture { name: name(worst) }, BootstrapMethod::Percentile, smallest),
            ];
            for (figure, (subset, method, support)) in figures.into_iter().enumerate() {
                let column = 3 * place + figure;
                let refuse = match gone {
                    Some(c) if figure == 0 => refused[place][c].clone().map(|reason| Reason::Part {
                        part: self.cultures[c].0.clone(),
                        reason: Box::new(reason),
                    }),
                    _ if having.len() < 2 && (figure > 0 || having.is_empty()) => {
                        Some(Reason::TooFewCultures { cultures: having.len() as u64 })
                    }
                    _ if units.clusters() < 2 => Some(Reason::OneCluster {
                        subset: subset.to_string(),
                        n: self.rows.len() as u64,
                    }),
                    _ => None,
                };
                let range = match refuse {
                    Some(reason) => Err(reason),
                    None => {
                        let values = replicates.iter().map(|r| r[column]).collect();
                        bootstrap(observed[column], values, method, clustered, support, &stream)
                            .map_err(Reason::from)
                    }
                };
                match range {
                    Ok(range) => {
                        let part = match (&subset, worst) {
                            (Subset::WorstCulture { .. }, Some(c)) => c * variants..(c + 1) * variants,
                            _ => 0..margins.len(),
                        };
                        let clusters = match (&subset, worst) {
                            (Subset::WorstCulture { .. }, Some(c)) => self.clusters_of(&self.cultures[c].1),
                            _ => units.clusters(),
                        };
                        let mut score = self.blank(&subset, measure, &margins[part.clone()], clusters);
                        if self.is_accuracy(measure) && !matches!(subset, Subset::CultureGap { .. }) {
                            let majorities: Vec<f64> =
                                margins[part].iter().filter_map(Margins::majority).collect();
                            score.majority = Some(crate::stats::descriptive::mean(&majorities));
                        }
                        fill(&mut score, observed[column], range);
                        out.scores.push(score);
                    }
                    Err(reason) => {
                        out.refused.push(Refusal { metric: self.name(measure), subset, reason });
                    }
                }
            }
        }
    }

    fn clusters_of(&self, rows: &[u32]) -> u64 {
        let mut clusters: Vec<u32> = rows.iter().map(|&row| self.q.clusters[row as usize]).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters.len() as u64
    }

    /// Why a measure says nothing about a subset, where it does not.
    fn undefined(&self, subset: &Subset, margins: &[Margins], measure: Measure) -> Option<Reason> {
        let gold = &margins[0].gold;
        let name = |class: usize| self.q.labels[class].clone();
        let subset_name = || subset.to_string();
        match measure {
            Measure::Metric(Metric::Recall | Metric::F1) if gold[self.positive as usize] == 0.0 => {
                Some(Reason::NoPositive { subset: subset_name(), label: name(self.positive as usize) })
            }
            Measure::Metric(Metric::MacroPrecision | Metric::MacroRecall | Metric::MacroF1) => {
                let mut present = (0..gold.len()).filter(|&c| gold[c] > 0.0);
                let (first, second) = (present.next()?, present.next());
                if second.is_none() {
                    return Some(Reason::OneClass { subset: subset_name(), label: name(first) });
                }
                let absent = gold.iter().position(|&g| g == 0.0).filter(|_| *subset != Subset::All)?;
                Some(Reason::AbsentLabel { subset: subset_name(), label: name(absent) })
            }
            Measure::Within(_) if self.q.ranks.is_none() => Some(Reason::NoRanks { metric: self.name(measure) }),
            _ => None,
        }
    }

    /// Independent examples that the measure rests on, at worst.
    fn support(&self, margins: &[Margins], measure: Measure) -> u64 {
        let first = &margins[0];
        let count = match measure {
            Measure::Metric(Metric::F1 | Metric::Recall) => first.gold[self.positive as usize],
            Measure::Metric(Metric::MacroF1 | Metric::MacroPrecision | Metric::MacroRecall) => {
                first.gold.iter().copied().filter(|&g| g > 0.0).fold(f64::INFINITY, f64::min)
            }
            _ => first.n,
        };
        count as u64
    }

    /// For a measure that is a plain proportion: (cluster, right) of every example it is about.
    fn outcomes(&self, rows: &[u32], measure: Measure) -> Option<Vec<(u32, bool)>> {
        let &[answers] = self.q.answers else { return None };
        let positive = Answer::Label(self.positive);
        let judge = |row: u32| -> Option<bool> {
            let i = row as usize;
            let (gold, answer) = (Answer::Label(self.q.gold[i]), answers[i]);
            match measure {
                Measure::Metric(Metric::Precision) => (answer == positive).then_some(gold == positive),
                Measure::Metric(Metric::Recall) => (gold == positive).then_some(answer == positive),
                Measure::Within(place) => Some(self.bucket(0, i) as usize <= place),
                Measure::AccuracyAnswered => answer.label().map(|_| answer == gold),
                Measure::OutOfChoice => Some(answer == Answer::OutOfChoice),
                Measure::Missing => Some(answer == Answer::Missing),
                Measure::Metric(_) => Some(answer == gold),
            }
        };
        let plain = !matches!(
            measure,
            Measure::Metric(
                Metric::F1
                    | Metric::MacroF1
                    | Metric::MacroPrecision
                    | Metric::MacroRecall
                    | Metric::WeightedF1
                    | Metric::WeightedPrecision
            )
        );
        plain.then(|| {
            rows.iter().filter_map(|&row| Some((self.q.clusters[row as usize], judge(row)?))).collect()
        })
    }
}

/// Sum, best and worst of the cultures in one resample.
#[derive(Default)]
struct Span {
    count: f64,
    sum: f64,
    best: f64,
    least: f64,
}

impl Span {
    fn add(&mut self, value: f64) {
        (self.best, self.least) = if self.count == 0.0 {
            (value, value)
        } else {
            (self.best.max(value), self.least.min(value))
        };
        self.count += 1.0;
        self.sum += value;
    }

    fn if_any(&self, figure: f64) -> f64 {
        if self.count > 0.0 { figure } else { f64::NAN }
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn gap(&self) -> f64 {
        self.if_any(self.best - self.least)
    }

    fn worst(&self) -> f64 {
        self.if_any(self.least)
    }
}

fn fill(score: &mut Score, value: f64, range: Range) {
    (score.value, score.low, score.high, score.method) = (value, range.low, range.high, range.method);
}

fn is_binary(metric: Metric) -> bool {
    matches!(metric, Metric::Precision | Metric::Recall | Metric::F1)
}

/// Rows by culture: those of `wanted` in its order, or all in order of first appearance.
#[expect(clippy::type_complexity)]
fn select(cultures: &Coded, wanted: &[String]) -> (Vec<u32>, Vec<(String, Vec<u32>)>) {
    let mut places = vec![None; cultures.names.len()];
    let mut parts: Vec<(String, Vec<u32>)> = Vec::new();
    if wanted.is_empty() {
        for (code, name) in cultures.names.iter().enumerate() {
            places[code] = Some(code);
            parts.push((name.clone(), Vec::new()));
        }
    } else {
        for name in wanted {
            if let Some(code) = cultures.names.iter().position(|n| n == name) {
                places[code] = Some(parts.len());
            }
            parts.push((name.clone(), Vec::new()));
        }
    }
    let mut rows = Vec::new();
    for (row, &code) in cultures.codes.iter().enumerate() {
        if let Some(place) = places[code as usize] {
            rows.push(row as u32);
            parts[place].1.push(row as u32);
        }
    }
    if wanted.is_empty() {
        parts.retain(|(_, rows)| !rows.is_empty());
    }
    (rows, parts)
}
