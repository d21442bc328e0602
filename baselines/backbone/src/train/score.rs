//! What a training is judged by, and seeded parts of training data.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::batches::stream;

/// Unweighted mean of the classes' F1, classes that occur neither in gold nor in the answers left out.
pub fn macro_f1(gold: &[u32], answers: &[u32], classes: usize) -> f64 {
    let mut counts = vec![[0usize; 3]; classes]; // right, answered, gold
    for (gold, answer) in gold.iter().zip(answers) {
        counts[*answer as usize][1] += 1;
        counts[*gold as usize][2] += 1;
        if gold == answer {
            counts[*gold as usize][0] += 1;
        }
    }
    let present = counts.iter().filter(|[_, answered, gold]| answered + gold > 0);
    let (sum, n) = present.fold((0.0, 0), |(sum, n), [right, answered, gold]| {
        (sum + 2.0 * *right as f64 / (answered + gold) as f64, n + 1)
    });
    if n == 0 { 0.0 } else { sum / f64::from(n) }
}

/// Places of `count` of some items, each class in its share, drawn by the seed; all in order where `count` is 0 or not smaller.
/// A larger part holds every smaller one's items of the same seed, but for rounding.
pub fn subset(labels: &[u32], count: usize, seed: u64) -> Vec<usize> {
    if count == 0 || count >= labels.len() {
        return (0..labels.len()).collect();
    }
    let mut by_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (item, label) in labels.iter().enumerate() {
        by_label.entry(*label).or_default().push(item);
    }
    let mut drawn: Vec<(f64, usize)> = Vec::new();
    let mut rng = stream(seed, "subset", 0);
    for items in by_label.values_mut() {
        items.shuffle(&mut rng);
        let n = items.len() as f64;
        drawn.extend(
            items.iter().enumerate().map(|(place, item)| ((place as f64 + 0.5) / n, *item)),
        );
    }
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut items: Vec<usize> = drawn.into_iter().take(count).map(|(_, item)| item).collect();
    items.sort_unstable();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_f1_is_the_mean_of_the_classes() {
        // Class 0: precision 2/3, recall 1; class 1: precision 1, recall 1/2; class 2 absent.
        let f1 = macro_f1(&[0, 0, 1, 1], &[0, 0, 0, 1], 3);
        assert!((f1 - f64::midpoint(0.8, 2.0 / 3.0)).abs() < 1e-12);
        assert_eq!(macro_f1(&[], &[], 2), 0.0);
    }

    #[test]
    fn a_subset_keeps_the_shares() {
        let labels: Vec<u32> = (0..1000).map(|i| u32::from(i % 4 == 0)).collect();
        let part = subset(&labels, 100, 7);
        assert_eq!(part.len(), 100);
        assert_eq!(part.iter().filter(|i| labels[**i] == 1).count(), 25);
        assert!(
            part.is_sorted() && part != subset(&labels, 100, 8) && part == subset(&labels, 100, 7)
        );
        assert_eq!(subset(&labels, 0, 7).len(), 1000);
    }
}
