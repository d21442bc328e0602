//! Scores against the votes of annotators: how far an answer is from the shares of the votes. Lower is better.
//!
//! A model that gives a probability for every label is judged by them, any other by its hard answer, all of the probability
//! on one label. An answer that is none of the labels, or missing, counts as the worst hard answer there is: the label
//! that fewest voted for. Each score is a mean over examples; its interval is Student's with G - 1 degrees of freedom on the
//! sums of G clusters (Liang & Zeger 1986, with the factor G / (G - 1)).

use std::collections::BTreeMap;

use eval_stats::annotators::Distance;
use eval_stats::dist::t_ppf;

pub use super::figures::Against;
use super::figures::{Evaluation, Questions, Refusal, Rules, Score, Subset};
use super::{Answer, CONFIDENCE, NoScore};

/// Adds the scores against the votes to an evaluation, where there are votes.
pub(super) fn add(q: &Questions<'_>, rules: &Rules, out: &mut Evaluation) {
    let Some(against) = q.against.filter(|against| !against.votes.is_empty()) else { return };
    let wanted = |culture: &str| {
        rules.cultures.is_empty() || rules.cultures.iter().any(|name| name == culture)
    };
    let rows: Vec<usize> = (0..q.gold.len())
        .filter(|&row| {
            wanted(q.cultures.get(row)) && against.votes.get(row).iter().sum::<u32>() > 0
        })
        .collect();
    for distance in Distance::ALL {
        let values: Vec<f64> =
            rows.iter().map(|&row| of_example(q.answers, against, distance, row)).collect();
        let judged = Judged { q, rules, distance, method: method(&against) };
        judged.scores(&rows, &values, out);
    }
}

/// The distance of the answers to one example (one column a variant), mean over the variants.
pub fn of_example(
    answers: &[&[Answer]],
    against: Against<'_>,
    distance: Distance,
    row: usize,
) -> f64 {
    let votes = against.votes.get(row);
    let all: f64 = votes.iter().map(|&v| f64::from(v)).sum();
    let labels = votes.len();
    let one = |variant: usize| {
        let shares = votes.iter().map(|&v| f64::from(v) / all);
        let given = against.probabilities.get(variant).copied().flatten();
        let row_of = given.map(|p| &p[row * labels..(row + 1) * labels]);
        if let Some(p) = row_of.filter(|p| p.iter().sum::<f32>() > 0.0) {
            let sum: f64 = p.iter().map(|&x| f64::from(x)).sum();
            distance.of_shares(p.iter().map(|&x| f64::from(x) / sum), shares)
        } else {
            let chosen = chosen(answers[variant][row], votes);
            distance.of_shares((0..labels).map(|l| f64::from(u8::from(l == chosen))), shares)
        }
    };
    (0..answers.len()).map(one).sum::<f64>() / answers.len() as f64
}

/// The label of an answer; the one that fewest voted for where it is none.
fn chosen(answer: Answer, votes: &[u32]) -> usize {
    match answer {
        Answer::Label(label) => label as usize,
        Answer::Unparsable | Answer::Missing => {
            (0..votes.len()).min_by_key(|&label| votes[label]).unwrap_or(0)
        }
    }
}

fn method(against: &Against<'_>) -> &'static str {
    let given = against.probabilities.iter().filter(|p| p.is_some()).count();
    match given {
        0 => "t over clusters, of hard answers",
        n if n == against.probabilities.len() => "t over clusters, of probabilities",
        _ => "t over clusters, of probabilities and hard answers",
    }
}

/// One distance on the examples that have votes.
struct Judged<'a> {
    q: &'a Questions<'a>,
    rules: &'a Rules,
    distance: Distance,
    method: &'static str,
}

impl Judged<'_> {
    fn scores(&self, rows: &[usize], values: &[f64], out: &mut Evaluation) {
        let mut cultures: Vec<(&str, Vec<usize>)> = Vec::new();
        for (place, &row) in rows.iter().enumerate() {
            let name = self.q.cultures.get(row);
            match cultures.iter_mut().find(|(known, _)| *known == name) {
                Some((_, places)) => places.push(place),
                None => cultures.push((name, vec![place])),
            }
        }
        let all: Vec<usize> = (0..rows.len()).collect();
        if self.rules.mean_over_cultures {
            let groups: Vec<&[usize]> = cultures.iter().map(|(_, p)| p.as_slice()).collect();
            self.score(Subset::CultureMean, rows, values, &groups, out);
        }
        self.score(Subset::All, rows, values, &[&all], out);
        for (name, places) in &cultures {
            let subset = Subset::Culture { name: (*name).to_owned() };
            self.score(subset, rows, values, &[places], out);
        }
    }

    /// The mean of the groups' means.
    fn score(
        &self,
        subset: Subset,
        rows: &[usize],
        values: &[f64],
        groups: &[&[usize]],
        out: &mut Evaluation,
    ) {
        let metric = self.distance.name().to_owned();
        let clusters: Vec<u32> = rows.iter().map(|&row| self.q.clusters[row]).collect();
        let Some(found) = mean_of_groups(values, &clusters, groups) else {
            let n = groups.iter().map(|g| g.len() as u64).sum();
            let reason = NoScore::OneCluster { subset: subset.to_string(), n };
            out.refused.push(Refusal { metric, subset, reason });
            return;
        };
        let (least, most) = self.distance.range();
        let half = found.half_width();
        let columns = self.q.answers.len() as u64;
        let count = |wanted: &dyn Fn(Answer) -> bool| {
            let places = groups.iter().flat_map(|g| g.iter());
            let of = |&p: &usize| self.q.answers.iter().filter(|a| wanted(a[rows[p]])).count();
            places.map(of).sum::<usize>() as u64
        };
        out.scores.push(Score {
            metric,
            subset,
            value: found.mean,
            low: (found.mean - half).max(least),
            high: (found.mean + half).min(most),
            method: self.method.to_owned(),
            n: groups.iter().map(|g| g.len() as u64).sum(),
            variants: columns,
            answered: count(&|a| matches!(a, Answer::Label(_))),
            unparsable: count(&|a| a == Answer::Unparsable),
            missing: count(&|a| a == Answer::Missing),
            clusters: found.clusters,
            majority: None,
            gap: None,
            among: None,
        });
    }
}

/// A mean with its standard error over clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterMean {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
    /// Clusters.
    pub clusters: u64,
}

impl ClusterMean {
    /// Half the width of the 95 % interval.
    pub fn half_width(&self) -> f64 {
        let df = self.clusters as f64 - 1.0;
        t_ppf(0.5 + CONFIDENCE / 2.0, df).map_or(f64::INFINITY, |t| t * self.se)
    }
}

/// The unweighted mean of the means of some groups of values (places in `values`), with the standard error of their
/// clusters, which may reach over groups. None with fewer than two clusters.
pub fn mean_of_groups(
    values: &[f64],
    clusters: &[u32],
    groups: &[&[usize]],
) -> Option<ClusterMean> {
    let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
    let mut mean = 0.0;
    for places in groups {
        let weight = 1.0 / (places.len() * groups.len()) as f64;
        let own = places.iter().map(|&p| values[p]).sum::<f64>() / places.len() as f64;
        mean += own / groups.len() as f64;
        for &place in *places {
            *sums.entry(clusters[place]).or_default() += weight * (values[place] - own);
        }
    }
    let n = sums.len() as f64;
    let squares: f64 = sums.values().map(|s| s * s).sum();
    (sums.len() > 1).then(|| ClusterMean {
        mean,
        se: (squares * n / (n - 1.0)).sqrt(),
        clusters: sums.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as the clustered standard error of [`eval_stats::cluster`], where there is one group.
    #[test]
    fn one_group_has_the_clustered_standard_error() {
        let values = [0.1, 0.4, 0.2, 0.9, 0.5, 0.7];
        let clusters = [3, 3, 1, 1, 2, 2];
        let found = mean_of_groups(&values, &clusters, &[&[0, 1, 2, 3, 4, 5]]).unwrap();
        let known = eval_stats::cluster::clustered_se(&values, &clusters).unwrap();
        assert!((found.mean - known.mean).abs() < 1e-15);
        assert!((found.se - known.se_cr1).abs() < 1e-15);
        assert_eq!(mean_of_groups(&values, &[1; 6], &[&[0, 1, 2]]), None);
        // Two groups of one size: the mean of the means is the mean of all.
        let two = mean_of_groups(&values, &clusters, &[&[0, 2, 4], &[1, 3, 5]]).unwrap();
        assert!((two.mean - known.mean).abs() < 1e-15 && two.clusters == 3);
    }
}
