//! Whether a model judges an item as each culture does, where cultures judge the same item differently.
//!
//! A panel is the judgements of several cultures on one item. Accuracy mixes reading the item with knowing the culture; these
//! scores leave the item out, since they compare cultures on it.
//!
//! | score | is about | who knows no culture |
//! |---|---|---|
//! | [`CONTRAST`] | pairs of cultures whose gold labels of an item differ | one half, by construction |
//! | [`DISAGREEING`] | judgements of items on which cultures disagree | depends on the data |
//! | [`EXCESS`] | items: answered differently by culture, less judged differently | minus the share judged differently |

use std::collections::BTreeMap;

use crate::facts::{Best, Chance, Facts, Unit};
use crate::ratio::{RatioScore, one_if, ratio};

/// One culture's judgement of an item, and the model's answer.
#[derive(Debug, Clone, Copy)]
pub struct Judgement<'a> {
    /// The item.
    pub item: u32,
    /// Whose judgement.
    pub culture: u32,
    /// The label that the culture gave.
    pub gold: u32,
    /// The label that the model gave; `None` where it gave none.
    pub answer: Option<u32>,
    /// A score of every label, higher is likelier; empty where the model gave a label only.
    pub scores: &'a [f64],
}

/// What one judgement adds to the scores of this module.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Row {
    /// Half of the pairs with a culture whose label differs: the other half is the other judgement's.
    pub pairs: f64,
    /// Half of those whose order is right, ties half.
    pub ordered: f64,
    /// Whether cultures disagree on the item.
    pub disagree: bool,
    /// Whether the answer is right.
    pub right: bool,
    /// Its share in its item, 1 over the judgements of that; 0 where one culture alone judged.
    pub items: f64,
    /// Whether the model's answers to the item differ.
    pub differ: bool,
}

/// The rows of judgements, in their order. Two judgements of one culture on one item are no pair. A pair of which one judgement has
/// neither an answer nor a score of both labels, or has NaN as such a score, is not in the right order.
///
/// ```
/// use culture_scores::panel::{CONTRAST, Judgement, rows};
///
/// let one = |culture, gold, scores| Judgement { item: 0, culture, gold, answer: Some(1), scores };
/// // Both lean to label 1, and the culture that says 1 more so.
/// let rows = rows(&[one(0, 1, &[0.2, 0.8]), one(1, 0, &[0.4, 0.6])]);
/// assert_eq!(CONTRAST.of(&rows), Some(1.0));
/// ```
pub fn rows(judgements: &[Judgement<'_>]) -> Vec<Row> {
    let mut panels: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, judgement) in judgements.iter().enumerate() {
        panels.entry(judgement.item).or_default().push(row);
    }
    let mut all = vec![Row::default(); judgements.len()];
    for panel in panels.values() {
        fill(judgements, panel, &mut all);
    }
    all
}

/// The rows of one item.
fn fill(judgements: &[Judgement<'_>], panel: &[usize], all: &mut [Row]) {
    let first = &judgements[panel[0]];
    let of =
        |test: &dyn Fn(&Judgement<'_>) -> bool| panel.iter().any(|row| test(&judgements[*row]));
    let several = of(&|other| other.culture != first.culture);
    let disagree = several && of(&|other| other.gold != first.gold);
    let answered = of(&|other| other.answer != first.answer);
    for (place, row) in panel.iter().enumerate() {
        let own = &judgements[*row];
        all[*row].disagree = disagree;
        all[*row].right = own.answer == Some(own.gold);
        all[*row].differ = answered;
        all[*row].items = one_if(several) / panel.len() as f64;
        for other in &panel[place + 1..] {
            let rival = &judgements[*other];
            if rival.culture == own.culture || rival.gold == own.gold {
                continue;
            }
            let ordered = order(own, rival);
            for row in [*row, *other] {
                all[row].pairs += 0.5;
                all[row].ordered += ordered / 2.0;
            }
        }
    }
}

/// 1 where the model leans more to a's label for a than for b, one half where it leans alike, 0 where less or where it gave no answer:
/// the sign of `(a[y] - a[y']) - (b[y] - b[y'])`, y the label of a and y' that of b.
fn order(a: &Judgement<'_>, b: &Judgement<'_>) -> f64 {
    let lean = |of: &Judgement<'_>| -> Option<f64> {
        if of.scores.is_empty() {
            return of.answer.map(|label| one_if(label == a.gold) - one_if(label == b.gold));
        }
        let at = |label: u32| of.scores.get(label as usize);
        Some(at(a.gold)? - at(b.gold)?)
    };
    let (Some(own), Some(other)) = (lean(a), lean(b)) else { return 0.0 };
    if own > other { 1.0 } else { one_if(own == other) / 2.0 }
}

/// Culture-contrast accuracy: over pairs of cultures whose gold labels of one item differ, the share that the model orders
/// rightly, ties half. A model that answers alike for all cultures has one half.
pub static CONTRAST: RatioScore<Row> = RatioScore {
    facts: Facts {
        name: "culture-contrast",
        unit: Unit::Fraction,
        range: (0.0, 1.0),
        best: Best::Highest,
        chance: Chance::Value(0.5),
        source: "culture-eval; the AUC of Hanley and McNeil 1982 within an item, between cultures",
    },
    terms_are: &["pairs of cultures, half at each", "of them in the right order"],
    counted: &[0],
    terms: |row| [row.pairs, row.ordered, 0.0, 0.0],
    value: |sums| ratio(sums[1], sums[0]),
};

/// Accuracy on the judgements of items on which cultures disagree.
pub static DISAGREEING: RatioScore<Row> = RatioScore {
    facts: Facts {
        name: "accuracy-where-cultures-disagree",
        unit: Unit::Fraction,
        range: (0.0, 1.0),
        best: Best::Highest,
        chance: Chance::OfData,
        source: "culture-eval; accuracy of a subset of judgements",
    },
    terms_are: &["judgements of items with different labels", "of them right"],
    counted: &[0],
    terms: |row| {
        let own = one_if(row.disagree);
        [own, own * one_if(row.right), 0.0, 0.0]
    },
    value: |sums| ratio(sums[1], sums[0]),
};

/// The share of items that the model answers differently by culture, less the share that cultures judge differently. 0 is best: a model
/// that ignores cultures is below, one that makes too much of them is above.
pub static EXCESS: RatioScore<Row> = RatioScore {
    facts: Facts {
        name: "differs-by-culture",
        unit: Unit::Fraction,
        range: (-1.0, 1.0),
        best: Best::Nearest(0.0),
        chance: Chance::OfData,
        source: "culture-eval; difference of two shares of the same items",
    },
    terms_are: &[
        "items that several cultures judged",
        "answered differently",
        "judged differently",
    ],
    counted: &[0],
    terms: |row| {
        let of = |yes| row.items * one_if(yes);
        [row.items, of(row.differ), of(row.disagree), 0.0]
    },
    value: |sums| ratio(sums[1] - sums[2], sums[0]),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(item: u32, culture: u32, gold: u32, scores: &[f64]) -> Judgement<'_> {
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        Judgement { item, culture, gold, answer: best.map(|label| label as u32), scores }
    }

    #[test]
    fn by_hand() {
        let all = [
            // Labels 1, 1, 0; leanings to 1: .8, -.2, .2. Pairs (0,2) right, (1,2) wrong.
            judgement(7, 0, 1, &[0.1, 0.9]),
            judgement(7, 1, 1, &[0.6, 0.4]),
            judgement(7, 2, 0, &[0.4, 0.6]),
            // Cultures agree, the model answers alike.
            judgement(8, 0, 0, &[0.9, 0.1]),
            judgement(8, 1, 0, &[0.9, 0.1]),
            // Disagree, a tie.
            judgement(9, 0, 0, &[0.9, 0.1]),
            judgement(9, 1, 1, &[0.9, 0.1]),
            // One culture alone.
            judgement(10, 0, 0, &[0.9, 0.1]),
        ];
        let rows = rows(&all);
        assert_eq!(CONTRAST.of(&rows), Some((1.0 + 0.0 + 0.5) / 3.0));
        // Right: the first of 7, the first of 9.
        assert_eq!(DISAGREEING.of(&rows), Some(2.0 / 5.0));
        // Answered differently: item 7 of three; judged differently: 7 and 9.
        let excess = EXCESS.of(&rows).unwrap();
        assert!((excess - (1.0 - 2.0) / 3.0).abs() < 1e-12, "{excess}");
    }

    /// Whatever the labels are, a model that does not know the culture has one half.
    #[test]
    fn who_knows_no_culture_has_one_half() {
        let scores: Vec<[f64; 3]> =
            (0..40).map(|i| [f64::from(i % 7), 1.0, f64::from(i % 3)]).collect();
        let all: Vec<Judgement<'_>> = (0..200)
            .map(|row| {
                judgement(row / 5, row % 5, (row * 7 + row / 5) % 3, &scores[row as usize / 5])
            })
            .collect();
        let rows = rows(&all);
        assert!(rows.iter().map(|row| row.pairs).sum::<f64>() > 50.0);
        assert_eq!(CONTRAST.of(&rows), Some(0.5));
    }

    /// Three labels: what a third label scores says nothing about two.
    #[test]
    fn labels_that_neither_gave_do_not_count() {
        let all = [judgement(0, 0, 2, &[0.1, 0.8, 0.1]), judgement(0, 1, 0, &[0.2, 0.0, 0.1])];
        assert_eq!(CONTRAST.of(&rows(&all)), Some(1.0));
    }

    #[test]
    fn labels_alone_and_no_answers() {
        let hard =
            |culture, gold, answer| Judgement { item: 0, culture, gold, answer, scores: &[] };
        let value = |a, b| CONTRAST.of(&rows(&[a, b]));
        assert_eq!(value(hard(0, 1, Some(1)), hard(1, 0, Some(0))), Some(1.0));
        assert_eq!(value(hard(0, 1, Some(1)), hard(1, 0, Some(1))), Some(0.5));
        assert_eq!(value(hard(0, 1, Some(0)), hard(1, 0, Some(1))), Some(0.0));
        // Who gives no answer has no half.
        assert_eq!(value(hard(0, 1, None), hard(1, 0, None)), Some(0.0));
        // One culture twice is no pair.
        assert_eq!(value(hard(0, 1, Some(1)), hard(0, 0, Some(0))), None);
        // Nor who gives no score of a label, or one that is no number.
        assert_eq!(value(judgement(0, 0, 1, &[0.5]), hard(1, 0, Some(0))), Some(0.0));
        assert_eq!(value(judgement(0, 0, 1, &[f64::NAN, 0.5]), hard(1, 0, Some(0))), Some(0.0));
    }
}
