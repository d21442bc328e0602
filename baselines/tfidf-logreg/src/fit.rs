//! From examples to a fitted model: vocabulary, choice of the penalty, last fit.

use plugin_api::{Batch, Dataset, Error, Host, Task};
use rayon::prelude::*;

use crate::config::Config;
use crate::features::Vocabulary;
use crate::lbfgs::Stop;
use crate::logreg::{self, Problem};
use crate::sparse::Rows;

/// Without a validation set, one of so many training examples takes its place.
const HELD_OUT: u64 = 10;
/// Values of `c` without a better score after which no larger one is tried: they take longest.
const PATIENCE: usize = 2;

/// What is learned, and what is saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub vocabulary: Vocabulary,
    /// Labels that occur in the training data; the others get probability 0.
    pub present: Vec<u32>,
    /// Weights `[column][output]`, then intercepts.
    pub weights: Vec<f32>,
    /// The chosen inverse strength of the penalty.
    pub c: f64,
}

/// Learns the vocabulary and the weights; chooses the penalty on `valid`, or on a tenth of `train` where `valid` is empty.
pub fn fit(
    config: &Config,
    task: &Task,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
    host: &Host,
) -> Result<Fitted, Error> {
    let present = present_labels(task, train, valid)?;
    let mut learner =
        Learner { config, cultures: task.cultures.len(), labels: present.len(), host, fits: 0 };
    let done = |c, (vocabulary, weights): (Vocabulary, Vec<f64>)| Fitted {
        vocabulary,
        present: present.clone(),
        weights: weights.into_iter().map(|w| w as f32).collect(),
        c,
    };

    let train = Examples::of(train, &present);
    let valid = Examples::of(valid, &present);
    if let [c] = config.c[..] {
        let all = if config.refit { train.and(&valid) } else { train };
        return Ok(done(c, learner.last(&all, c)?));
    }
    if valid.labels.is_empty() {
        host.log(
            "no validation set: a tenth of the training set, by hash of the id, takes its place",
        );
        let (apart, rest) = train.split(|id| hash(id).is_multiple_of(HELD_OUT));
        if apart.labels.is_empty() || rest.labels.is_empty() {
            return Err(Error::internal(
                "too few training examples to hold out a tenth: give a validation set, or one value of `c` in the config",
            ));
        }
        let (c, _) = learner.choose(&rest, &apart)?;
        return Ok(done(c, learner.last(&train, c)?));
    }
    let (c, model) = learner.choose(&train, &valid)?;
    Ok(done(c, if config.refit { learner.last(&train.and(&valid), c)? } else { model }))
}

/// What every fit needs.
struct Learner<'a> {
    config: &'a Config,
    cultures: usize,
    /// Those that occur.
    labels: usize,
    host: &'a Host,
    /// Fits begun.
    fits: usize,
}

impl Learner<'_> {
    /// The best `c`, and what was learned with it.
    fn choose(
        &mut self,
        train: &Examples<'_>,
        valid: &Examples<'_>,
    ) -> Result<(f64, (Vocabulary, Vec<f64>)), Error> {
        let (vocabulary, rows) = self.encode(train)?;
        let unseen = vocabulary.rows(self.config, &valid.batch(), self.host)?;
        let problem = Problem::new(&rows, &train.labels, self.labels, self.config.balanced);
        let (mut best, mut worse) = ((f64::NEG_INFINITY, self.config.c[0], Vec::new()), 0);
        let mut weights = problem.start();
        for (step, &c) in self.config.c.iter().enumerate() {
            weights = self.minimum(&problem, c, weights)?;
            let score =
                macro_f1(&valid.labels, &answers(&unseen, &weights, self.labels), self.labels);
            self.host.metric("validation macro-F1", step, score);
            self.host.log(format!("c = {c}: validation macro-F1 {score:.4}"));
            if score > best.0 {
                (best, worse) = ((score, c, weights.clone()), 0);
            } else {
                worse += 1;
                if worse == PATIENCE {
                    break;
                }
            }
        }
        let (_, c, weights) = best;
        self.host.log(format!("chosen: c = {c}"));
        Ok((c, (vocabulary, weights)))
    }

    /// What is learned from all these examples.
    fn last(&mut self, train: &Examples<'_>, c: f64) -> Result<(Vocabulary, Vec<f64>), Error> {
        let (vocabulary, rows) = self.encode(train)?;
        let problem = Problem::new(&rows, &train.labels, self.labels, self.config.balanced);
        self.fits = self.config.c.len();
        let weights = self.minimum(&problem, c, problem.start())?;
        Ok((vocabulary, weights))
    }

    fn encode(&self, examples: &Examples<'_>) -> Result<(Vocabulary, Rows), Error> {
        if examples.labels.is_empty() {
            return Err(Error::internal("the training set is empty: there is nothing to learn"));
        }
        let batch = examples.batch();
        let outputs = logreg::outputs(self.labels);
        let vocabulary = Vocabulary::learn(self.config, &batch, self.cultures, outputs, self.host)?;
        let rows = vocabulary.rows(self.config, &batch, self.host)?;
        let [words, chars, crosses] = &vocabulary.blocks;
        self.host.log(format!(
            "{} texts; {} word n-grams, {} character n-grams, {} pairs of culture and word; {} values",
            rows.len(),
            words.hashes.len(),
            chars.hashes.len(),
            crosses.hashes.len(),
            rows.values()
        ));
        Ok((vocabulary, rows))
    }

    fn minimum(
        &mut self,
        problem: &Problem<'_>,
        c: f64,
        start: Vec<f64>,
    ) -> Result<Vec<f64>, Error> {
        let Config { max_iterations, tolerance, .. } = *self.config;
        let (fits, total) = (self.fits, (self.config.c.len() + 1) * max_iterations);
        self.fits += 1;
        let stop = Stop { max_iterations, tolerance };
        let each = |iteration| self.host.progress(fits * max_iterations + iteration, total);
        let minimum = problem.fit(c, start, stop, self.host, each)?;
        self.host.log(format!(
            "c = {c}: loss {:.6} after {} iterations{}",
            minimum.value,
            minimum.iterations,
            if minimum.converged { "" } else { ", the most that max_iterations allows" }
        ));
        Ok(minimum.x)
    }
}

/// Examples with labels as positions among those that occur.
struct Examples<'a> {
    ids: Vec<&'a str>,
    texts: Vec<&'a str>,
    cultures: Vec<u32>,
    labels: Vec<u32>,
}

impl<'a> Examples<'a> {
    fn of(data: &Dataset<'a>, present: &[u32]) -> Self {
        let position = |label: &u32| present.binary_search(label).unwrap_or_default() as u32;
        Self {
            ids: data.examples.ids.clone(),
            texts: data.examples.texts.clone(),
            cultures: data.examples.cultures.to_vec(),
            labels: data.labels.iter().map(position).collect(),
        }
    }

    fn batch(&self) -> Batch<'_> {
        Batch::of(&self.ids, &self.texts, &self.cultures)
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            ids: [&self.ids[..], &other.ids].concat(),
            texts: [&self.texts[..], &other.texts].concat(),
            cultures: [&self.cultures[..], &other.cultures].concat(),
            labels: [&self.labels[..], &other.labels].concat(),
        }
    }

    /// Those whose id is picked, and the others.
    fn split(&self, pick: impl Fn(&str) -> bool) -> (Self, Self) {
        let (picked, others): (Vec<usize>, Vec<usize>) =
            (0..self.ids.len()).partition(|&i| pick(self.ids[i]));
        let part = |rows: &[usize]| Self {
            ids: rows.iter().map(|&i| self.ids[i]).collect(),
            texts: rows.iter().map(|&i| self.texts[i]).collect(),
            cultures: rows.iter().map(|&i| self.cultures[i]).collect(),
            labels: rows.iter().map(|&i| self.labels[i]).collect(),
        };
        (part(&picked), part(&others))
    }
}

/// The labels that occur, sorted; at least two, so that there is something to tell apart.
fn present_labels(
    task: &Task,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
) -> Result<Vec<u32>, Error> {
    let mut occurs = vec![false; task.labels.len()];
    for data in [train, valid] {
        for (row, &label) in data.labels.iter().enumerate() {
            let Some(occurs) = occurs.get_mut(label as usize) else {
                let known = task.labels.len();
                return Err(Error::input(
                    row,
                    format!("label {label} of a training example: the task has {known}"),
                ));
            };
            *occurs = true;
        }
    }
    for at in 0..occurs.len() {
        if occurs.iter().filter(|&&o| o).count() >= 2 {
            break;
        }
        occurs[at] = true;
    }
    Ok((0..task.labels.len() as u32).filter(|&label| occurs[label as usize]).collect())
}

/// The likeliest label of each row; ties: the first.
fn answers(rows: &Rows, weights: &[f64], labels: usize) -> Vec<u32> {
    let weights: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
    let answer = |i| {
        let (columns, values) = rows.row(i);
        let row: Vec<(u32, f32)> = columns.iter().copied().zip(values.iter().copied()).collect();
        let mut p = vec![0.0; labels];
        logreg::probabilities(&weights, &row, &mut p);
        (1..labels).fold(0, |best, at| if p[at] > p[best] { at } else { best }) as u32
    };
    (0..rows.len()).into_par_iter().map(answer).collect()
}

/// The mean of F1 over the labels; 0 for a label that is neither true nor answered.
fn macro_f1(truth: &[u32], answers: &[u32], labels: usize) -> f64 {
    let mut counts = vec![(0_u64, 0_u64); labels]; // (right, true + answered)
    for (&truth, &answer) in truth.iter().zip(answers) {
        counts[truth as usize].1 += 1;
        counts[answer as usize].1 += 1;
        counts[truth as usize].0 += u64::from(truth == answer);
    }
    let f1 = |&(right, both): &(u64, u64)| {
        if both == 0 { 0.0 } else { 2.0 * right as f64 / both as f64 }
    };
    counts.iter().map(f1).sum::<f64>() / labels as f64
}

/// FNV-1a with the high bits folded in.
fn hash(id: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_f1_by_hand() {
        // Label 0: 1 right of 2 true + 1 answered -> 2/3; label 1: 1 right of 1 + 2 -> 2/3; label 2: nothing -> 0.
        assert!((macro_f1(&[0, 0, 1], &[0, 1, 1], 3) - 4.0 / 9.0).abs() < 1e-15);
        assert_eq!(macro_f1(&[0, 1], &[0, 1], 2), 1.0);
    }
}
