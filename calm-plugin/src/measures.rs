//! How much two labellings of the same items say about each other, in pure arithmetic: clusters against culture tags, experts
//! against culture tags.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom as _;

/// Counts of a pair of labellings.
struct Table {
    joint: BTreeMap<(u32, u32), f64>,
    rows: BTreeMap<u32, f64>,
    columns: BTreeMap<u32, f64>,
    total: f64,
}

impl Table {
    fn new(a: &[u32], b: &[u32]) -> Self {
        let mut table = Self {
            joint: BTreeMap::new(),
            rows: BTreeMap::new(),
            columns: BTreeMap::new(),
            total: a.len() as f64,
        };
        for (a, b) in a.iter().zip(b) {
            *table.joint.entry((*a, *b)).or_default() += 1.0;
            *table.rows.entry(*a).or_default() += 1.0;
            *table.columns.entry(*b).or_default() += 1.0;
        }
        table
    }

    /// In nats.
    fn information(&self) -> f64 {
        let term = |((a, b), n): (&(u32, u32), &f64)| {
            n / self.total * (n * self.total / (self.rows[a] * self.columns[b])).ln()
        };
        self.joint.iter().map(term).sum::<f64>().max(0.0)
    }
}

fn entropy(counts: &BTreeMap<u32, f64>, total: f64) -> f64 {
    -counts.values().map(|n| n / total * (n / total).ln()).sum::<f64>()
}

/// Normalised mutual information, `2 I(a; b) / (H(a) + H(b))` (Strehl and Ghosh 2002, with the arithmetic mean): 0 to 1. 1 where
/// both put all items into one group.
pub fn nmi(a: &[u32], b: &[u32]) -> f64 {
    let table = Table::new(a, b);
    let entropies = entropy(&table.rows, table.total) + entropy(&table.columns, table.total);
    if entropies <= 0.0 { 1.0 } else { (2.0 * table.information() / entropies).min(1.0) }
}

/// Share of items whose tag is the commonest of their cluster.
pub fn purity(clusters: &[u32], tags: &[u32]) -> f64 {
    let table = Table::new(clusters, tags);
    let mut best: BTreeMap<u32, f64> = BTreeMap::new();
    for ((cluster, _), n) in &table.joint {
        let most = best.entry(*cluster).or_default();
        *most = most.max(*n);
    }
    best.values().sum::<f64>() / table.total.max(1.0)
}

/// Mean silhouette (Rousseeuw 1987) of items in groups, distance 1 - cosine; items alone in their group count 0. `vectors` are
/// unit vectors, one a row of `width`; with fewer than two groups it is 0.
pub fn silhouette(vectors: &[f32], width: usize, groups: &[u32]) -> f64 {
    let mut sums: BTreeMap<u32, (Vec<f64>, f64)> = BTreeMap::new();
    for (v, group) in vectors.chunks(width).zip(groups) {
        let (sum, count) = sums.entry(*group).or_insert_with(|| (vec![0.0; width], 0.0));
        sum.iter_mut().zip(v).for_each(|(sum, x)| *sum += f64::from(*x));
        *count += 1.0;
    }
    if sums.len() < 2 {
        return 0.0;
    }
    // The mean distance to a group is 1 - v . sum / n: a sum over pairs is not needed.
    let dot =
        |v: &[f32], sum: &[f64]| v.iter().zip(sum).map(|(x, s)| f64::from(*x) * s).sum::<f64>();
    let mut total = 0.0;
    for (v, group) in vectors.chunks(width).zip(groups) {
        let (own, count) = &sums[group];
        if *count < 2.0 {
            continue;
        }
        let square: f64 = v.iter().map(|x| f64::from(*x).powi(2)).sum();
        let inside = 1.0 - (dot(v, own) - square) / (count - 1.0);
        let others = sums.iter().filter(|(other, _)| *other != group);
        let outside =
            others.map(|(_, (sum, n))| 1.0 - dot(v, sum) / n).fold(f64::INFINITY, f64::min);
        let larger = inside.max(outside);
        total += if larger > 0.0 { (outside - inside) / larger } else { 0.0 };
    }
    total / groups.len() as f64
}

/// What a gate says about tags, in nats: `I = sum_t p(t) KL(mean gate of t || mean gate)`, the mutual information of a tag and an
/// expert drawn from the gate. `gates` are probabilities, one a row of `experts`.
pub fn gate_information(gates: &[f32], experts: usize, tags: &[u32]) -> f64 {
    let mut means: BTreeMap<u32, (Vec<f64>, f64)> = BTreeMap::new();
    let mut all = vec![0.0; experts];
    for (gate, tag) in gates.chunks(experts).zip(tags) {
        let (sum, count) = means.entry(*tag).or_insert_with(|| (vec![0.0; experts], 0.0));
        for e in 0..experts {
            sum[e] += f64::from(gate[e]);
            all[e] += f64::from(gate[e]);
        }
        *count += 1.0;
    }
    let n = tags.len().max(1) as f64;
    let divergence = |(sum, count): &(Vec<f64>, f64)| -> f64 {
        let term = |(s, a): (&f64, &f64)| {
            if *s > 0.0 { s / count * ((s / count) / (a / n)).ln() } else { 0.0 }
        };
        count / n * sum.iter().zip(&all).map(term).sum::<f64>()
    };
    means.values().map(divergence).sum::<f64>().max(0.0)
}

/// How many experts share the work: the exponential of the entropy of the mean gate, from 1 (one does all) to `experts`.
pub fn effective(gates: &[f32], experts: usize) -> f64 {
    let mut mean = vec![0.0; experts];
    for gate in gates.chunks(experts) {
        mean.iter_mut().zip(gate).for_each(|(sum, g)| *sum += f64::from(*g));
    }
    let total: f64 = mean.iter().sum();
    let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    mean.iter().map(|sum| entropy(sum / total)).sum::<f64>().exp()
}

/// How often a gate says as much about shuffled tags as about the true ones: `(1 + #{shuffled >= true}) / (1 + shuffles)`
/// (Phipson and Smyth 2010), with the mean over the shuffles.
pub fn gate_null(
    gates: &[f32],
    experts: usize,
    tags: &[u32],
    shuffles: usize,
    rng: &mut impl Rng,
) -> (f64, f64) {
    let seen = gate_information(gates, experts, tags);
    let mut tags = tags.to_vec();
    let (mut as_much, mut sum) = (0, 0.0);
    for _ in 0..shuffles {
        tags.shuffle(rng);
        let information = gate_information(gates, experts, &tags);
        as_much += usize::from(information >= seen);
        sum += information;
    }
    ((1 + as_much) as f64 / (1 + shuffles) as f64, sum / shuffles.max(1) as f64)
}

/// Culture-contrast accuracy: over pairs of cultures whose labels (0 or 1) of an item differ, the share whose scores are in the right
/// order, ties half. `scores` and `labels` are rows of `columns`; a label below 0 is none. None without a pair.
pub fn contrast(scores: &[f64], labels: &[i64], columns: usize) -> Option<f64> {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (scores, labels) in scores.chunks(columns).zip(labels.chunks(columns)) {
        for high in (0..columns).filter(|c| labels[*c] == 1) {
            for low in (0..columns).filter(|c| labels[*c] == 0) {
                let order = scores[high].total_cmp(&scores[low]);
                right += if order.is_gt() { 1.0 } else { f64::from(order.is_eq()) / 2.0 };
                pairs += 1.0;
            }
        }
    }
    (pairs > 0.0).then(|| right / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use backbone::train::stream;

    #[test]
    fn one_expert_for_all_counts_as_one_and_an_even_gate_as_all() {
        near(effective(&[1.0, 0.0, 1.0, 0.0], 2), 1.0);
        near(effective(&[1.0, 0.0, 0.0, 1.0], 2), 2.0);
        near(effective(&[0.25; 8], 4), 4.0);
    }

    fn near(got: f64, expect: f64) {
        assert!((got - expect).abs() < 1e-9, "{got} where {expect} belongs");
    }

    #[test]
    fn nmi_and_purity_by_hand() {
        near(nmi(&[0, 0, 1, 1], &[5, 5, 3, 3]), 1.0);
        near(nmi(&[0, 1, 0, 1], &[0, 0, 1, 1]), 0.0);
        near(nmi(&[0, 0], &[1, 1]), 1.0);
        // H(a) = ln 2, H(b) = ln 4, I = ln 2.
        near(nmi(&[0, 0, 1, 1], &[0, 1, 2, 3]), 2.0 / 3.0);
        near(purity(&[0, 0, 0, 1], &[2, 2, 5, 5]), 0.75);
    }

    #[test]
    fn contrast_by_hand() {
        // Item 0: (1 over 0), right. Item 1: one tie, one wrong. Item 2 agrees.
        let scores = [2.0, 1.0, 0.0, 0.5, 0.5, 0.9, 1.0, 2.0, 3.0];
        let labels = [1, 0, -1, 1, 0, 0, 1, 1, 1];
        near(contrast(&scores, &labels, 3).unwrap(), 1.5 / 3.0);
        assert!(contrast(&scores[..3], &[1, 1, -1], 3).is_none());
    }

    #[test]
    fn silhouette_by_hand() {
        // Two orthogonal pairs of equal vectors: a = 0, b = 1.
        let v = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        near(silhouette(&v, 2, &[0, 0, 1, 1]), 1.0);
        // Wrong groups: a = 1, b = 1/2.
        near(silhouette(&v, 2, &[0, 1, 0, 1]), -0.5);
        near(silhouette(&v, 2, &[0, 0, 0, 0]), 0.0);
        near(silhouette(&v, 2, &[0, 0, 1, 2]), 0.5);
    }

    #[test]
    fn a_gate_that_knows_the_tag_and_one_that_does_not() {
        let tags: Vec<u32> = (0..200).map(|i| i % 2).collect();
        let sharp: Vec<f32> =
            tags.iter().flat_map(|t| if *t == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
        near(gate_information(&sharp, 2, &tags), 2f64.ln());
        let flat = vec![0.5f32; 400];
        near(gate_information(&flat, 2, &tags), 0.0);
        let mut rng = stream(1, "null", 0);
        let (p, mean) = gate_null(&sharp, 2, &tags, 99, &mut rng);
        near(p, 0.01);
        assert!(mean < 0.05, "{mean}");
        near(gate_null(&flat, 2, &tags, 99, &mut rng).0, 1.0);
    }
}
