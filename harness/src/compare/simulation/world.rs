//! One draw of the world: examples in clusters, models with training seeds whose true scores differ.

use eval_stats::rng::{Generator, Stream};
use rand_chacha::rand_core::Rng as _;

use crate::answer::Answer;
use crate::compare::{ComparedModel, Comparison, Interval, Own, Part};
use crate::definition::dataset::Metric;
use crate::example::Coded;
use crate::score::{Evaluation, Questions, Rules, evaluate, over_seeds};

/// True score of a model that nothing is added to.
pub(super) const TRUTH: f64 = 0.7;

/// Share of examples on which all models roll the same die, and on which the seeds of one model do: how alike their answers are.
const ALL_ALIKE: f64 = 0.4;
const SEEDS_ALIKE: f64 = 0.4;

/// What is simulated. Clusters are easy (.9, three in five) or hard (.4); a model answers an example of a cluster right with that
/// probability, plus what is its own and its seed's.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) clusters: usize,
    /// Examples of a cluster.
    pub(super) size: usize,
    /// What each model is better by.
    pub(super) better: Vec<f64>,
    pub(super) seeds: usize,
    /// Standard deviation of the seeds' true scores.
    pub(super) seed_sd: f64,
    /// The examples of a cluster are of as many cultures, and the score is the mean over cultures.
    pub(super) cultures: bool,
    pub(super) metric: Metric,
    /// How often each model gives the one class where it is right and where it is not, in place of all the above; empty otherwise.
    pub(super) rates: Vec<Rates>,
}

/// How often a model gives the one class of precision and F1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    /// Of the examples of the class.
    pub(super) right: f64,
    /// Of the others.
    pub(super) wrong: f64,
}

/// Share of examples of the class where models have rates.
pub(super) const OF_THE_CLASS: f64 = 0.4;

/// Share of a cluster's examples on which a model with rates rolls one die.
const CLUSTER_ALIKE: f64 = 0.8;

impl World {
    pub(super) fn equal(clusters: usize, size: usize, models: usize) -> Self {
        Self {
            clusters,
            size,
            better: vec![0.0; models],
            seeds: 1,
            seed_sd: 0.0,
            cultures: false,
            metric: Metric::Accuracy,
            rates: Vec::new(),
        }
    }

    /// Two models that give the class at these rates, scored by a metric of one class.
    pub(super) fn of_one_class(clusters: usize, metric: Metric, rates: [Rates; 2]) -> Self {
        Self { metric, rates: rates.to_vec(), ..Self::equal(clusters, 5, 2) }
    }

    /// A die for each example; where models have rates, most of a cluster share one.
    fn dice(&self, rng: &mut Generator) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.clusters * self.size);
        for _ in 0..self.clusters {
            let of_cluster = uniform(rng);
            for _ in 0..self.size {
                let shared = !self.rates.is_empty() && uniform(rng) < CLUSTER_ALIKE;
                all.push(if shared { of_cluster } else { uniform(rng) });
            }
        }
        all
    }

    pub(super) fn with_seeds(self, seeds: usize, seed_sd: f64) -> Self {
        Self { seeds, seed_sd, ..self }
    }

    /// A field of models without intervals of their own.
    pub(super) fn draw(&self, stream: &Stream, number: u64) -> Comparison {
        let mut rng = stream.at(number);
        let n = self.clusters * self.size;
        let chance: Vec<f64> = (0..self.clusters)
            .map(|_| if uniform(&mut rng) < 0.6 { 0.9 } else { 0.4 })
            .flat_map(|p| std::iter::repeat_n(p, self.size))
            .collect();
        let die = self.dice(&mut rng);
        let gold: Vec<u32> = match self.metric {
            Metric::Accuracy => vec![1; n],
            _ => (0..n).map(|_| u32::from(uniform(&mut rng) < OF_THE_CLASS)).collect(),
        };
        let models = (self.better.iter().enumerate())
            .map(|(m, better)| {
                let of_model = self.dice(&mut rng);
                let columns = (0..self.seeds)
                    .map(|_| {
                        let seed = (self.seed_sd * normal(&mut rng)).clamp(-0.1, 0.1);
                        let answer = |i: usize| {
                            let roll = uniform(&mut rng);
                            let shown = if roll < ALL_ALIKE {
                                die[i]
                            } else if roll < ALL_ALIKE + SEEDS_ALIKE {
                                of_model[i]
                            } else {
                                (roll - ALL_ALIKE - SEEDS_ALIKE) / (1.0 - ALL_ALIKE - SEEDS_ALIKE)
                            };
                            if let Some(rates) = self.rates.get(m) {
                                let rate = if gold[i] == 1 { rates.right } else { rates.wrong };
                                return Answer::Label(u32::from(shown < rate));
                            }
                            let right = shown < chance[i] + better + seed;
                            Answer::Label(if right { gold[i] } else { 1 - gold[i] })
                        };
                        (0..n).map(answer).collect()
                    })
                    .collect();
                ComparedModel {
                    name: format!("m{m:02}"),
                    seeds: (1..=self.seeds as u64).collect(),
                    answers: vec![columns],
                    values: Vec::new(),
                    own: Own::default(),
                }
            })
            .collect();
        let culture = |i: usize| if self.cultures { (i % self.size) as u32 } else { 0 };
        Comparison {
            benchmark: "simulated".to_owned(),
            title: "Simulated".to_owned(),
            protocol: "trained".to_owned(),
            metric: self.metric.into(),
            mean_over_cultures: self.cultures,
            sample: true,
            data: vec!["none".to_owned()],
            cultures: (0..if self.cultures { self.size } else { 1 })
                .map(|c| c.to_string())
                .collect(),
            parts: vec![Part {
                classes: 2,
                positive: 1,
                smoothing: 0.0,
                gold,
                cultures: (0..n).map(culture).collect(),
                clusters: (0..n).map(|i| (i / self.size) as u32).collect(),
            }],
            models,
        }
    }

    /// The interval of a model's score, as the leaderboard makes it.
    pub(super) fn interval(&self, field: &Comparison, model: usize, stream: &Stream) -> Interval {
        let part = &field.parts[0];
        let columns: Vec<&[Answer]> =
            field.models[model].answers[0].iter().map(Vec::as_slice).collect();
        let labels = ["no".to_owned(), "yes".to_owned()];
        let cultures = Coded { names: field.cultures.clone(), codes: part.cultures.clone() };
        let groups = std::collections::BTreeMap::new();
        let rules = Rules {
            absent_cultures: crate::definition::dataset::AbsentCultures::default(),
            metric: self.metric.into(),
            also: Vec::new(),
            scoring: crate::definition::dataset::Scoring::default(),
            positive: Some(1),
            cultures: Vec::new(),
            only: std::collections::BTreeMap::new(),
            mean_over_cultures: self.cultures,
            stream: stream.child("score"),
            resamples: 400,
            breakdown_resamples: 2,
        };
        let scored = |answers: &[&[Answer]]| -> Evaluation {
            let questions = Questions {
                against: None,
                terms: &[],
                term_columns: &[],
                labels: &labels,
                gold: &part.gold,
                answers,
                ranks: None,
                cultures: &cultures,
                clusters: &part.clusters,
                groups: &groups,
            };
            evaluate(&questions, &rules).unwrap()
        };
        let each: Vec<Evaluation> = columns.chunks(1).map(scored).collect();
        let all = over_seeds(scored(&columns), &each).unwrap();
        let score = all.primary().unwrap();
        Interval { low: score.low, high: score.high }
    }
}

fn uniform(rng: &mut Generator) -> f64 {
    (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}

fn normal(rng: &mut Generator) -> f64 {
    (-2.0 * (1.0 - uniform(rng)).ln()).sqrt() * (std::f64::consts::TAU * uniform(rng)).cos()
}
