//! Figures of answers and paired intervals between two models, posts and seeds resampled together.

use backbone::train::stream;
use calm_plugin::measures::contrast;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::data::CULTURES;

/// Draws of a bootstrap.
const DRAWS: usize = 5_000;

/// The answers of one model to all posts, labels drawn by one seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answers {
    /// `real` or the dose.
    pub(crate) dose: String,
    /// The model.
    pub(crate) model: String,
    /// Seed of labels, folds and training.
    pub(crate) seed: u64,
    /// tau of each fold.
    pub(crate) tau: Vec<f64>,
    /// Log odds of label 1 by post and culture, rows of five; posts that were not answered are left out of all three columns.
    pub(crate) scores: Vec<f64>,
    /// The same after the first round.
    pub(crate) first: Vec<f64>,
    /// Labels.
    pub(crate) labels: Vec<i64>,
    /// Seconds of processor time.
    pub(crate) seconds: f64,
}

/// The figures.
pub(crate) const NAMES: [&str; 5] = ["contrast", "accuracy", "disagreeing", "NLL", "differs"];

/// Sums of one post: numerator and denominator of each figure.
pub(crate) type Post = [[f64; 2]; NAMES.len()];

/// Each post's share in the figures.
pub(crate) fn posts(scores: &[f64], labels: &[i64]) -> Vec<Post> {
    let post = |(scores, labels): (&[f64], &[i64])| {
        let n = CULTURES as f64;
        let right: f64 = scores
            .iter()
            .zip(labels)
            .map(|(s, y)| f64::from(u8::from((*s > 0.0) == (*y == 1))))
            .sum();
        let differs = labels.iter().any(|y| *y != labels[0]);
        let yes = labels.iter().filter(|y| **y == 1).count() as f64;
        let pairs = yes * (n - yes);
        let ordered = contrast(scores, labels, CULTURES).unwrap_or(0.0) * pairs;
        let lost = |(s, y): (&f64, &i64)| {
            // -log sigmoid of the log odds of the label, probabilities held within .0001 and .9999.
            let p = 1.0 / (1.0 + (-s).exp());
            let p = p.clamp(1e-4, 1.0 - 1e-4);
            -(if *y == 1 { p } else { 1.0 - p }).ln()
        };
        let nll: f64 = scores.iter().zip(labels).map(lost).sum();
        let answered = scores.iter().any(|s| (*s > 0.0) != (scores[0] > 0.0));
        let of = |all: f64| if differs { all } else { 0.0 };
        [
            [ordered, pairs],
            [right, n],
            [of(right), of(n)],
            [nll, n],
            [f64::from(u8::from(answered)), 1.0],
        ]
    };
    scores.chunks(CULTURES).zip(labels.chunks(CULTURES)).map(post).collect()
}

/// A figure of some posts, by its place in [`NAMES`].
pub(crate) fn figure<'a>(posts: impl Iterator<Item = &'a Post>, place: usize) -> f64 {
    let (mut up, mut down) = (0.0, 0.0);
    for post in posts {
        up += post[place][0];
        down += post[place][1];
    }
    up / down
}

/// Mean over seeds of a figure, with the interval that holds `level` of the draws: posts are drawn (the same for all seeds, since they
/// are the same posts), and seeds. With `other` it is the difference from that model. A draw without a figure (no post on which labels
/// differ) is left out.
pub(crate) fn interval(
    own: &[Vec<Post>],
    other: Option<&[Vec<Post>]>,
    place: usize,
    level: f64,
) -> [f64; 3] {
    let value = |seeds: &[usize], drawn: Option<&[usize]>| {
        let of = |all: &[Vec<Post>], seed: usize| match drawn {
            Some(drawn) => figure(drawn.iter().map(|post| &all[seed][*post]), place),
            None => figure(all[seed].iter(), place),
        };
        let each =
            seeds.iter().map(|seed| of(own, *seed) - other.map_or(0.0, |other| of(other, *seed)));
        each.sum::<f64>() / seeds.len() as f64
    };
    let all: Vec<usize> = (0..own.len()).collect();
    let mut rng = stream(1, "intervals", 0);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let n = own[0].len();
            let drawn: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
            let seeds: Vec<usize> = all.iter().map(|_| rng.random_range(0..all.len())).collect();
            value(&seeds, Some(&drawn))
        })
        .collect();
    draws.retain(|draw| !draw.is_nan());
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = ((share * draws.len() as f64) as usize).min(draws.len().saturating_sub(1));
        draws.get(place).copied().unwrap_or(f64::NAN)
    };
    [value(&all, None), at((1.0 - level) / 2.0), at(f64::midpoint(1.0, level))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        // Post 0: cultures 0 and 1 say 1; scores put 0 above all, 1 below two of three. Post 1: all say 0.
        let scores = [3.0, -1.0, -2.0, 0.5, 0.5, -1.0, -1.0, -1.0, -1.0, 1.0];
        let labels = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let posts = posts(&scores, &labels);
        let at = |place| figure(posts.iter(), place);
        assert!((at(0) - 4.0 / 6.0).abs() < 1e-12, "pairs (0,2..4) and (1,2) of 6");
        assert!((at(1) - 6.0 / 10.0).abs() < 1e-12);
        assert!((at(2) - 2.0 / 5.0).abs() < 1e-12);
        assert!((at(4) - 1.0).abs() < 1e-12);
        // A model against itself: nothing.
        let own = [posts.clone(), posts];
        assert_eq!(interval(&own, Some(&own), 0, 0.95), [0.0; 3]);
    }
}
