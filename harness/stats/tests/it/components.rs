//! Variance components against textbook formulas, exact expectations and each other.

use eval_stats::components::{
    Crossed, Design, Factor, Family, Source, Uncertainty, Wanted, decompose, noncentrality, plan,
};
use eval_stats::mcnemar::Alternative;
use eval_stats::power::{mde_t_paired, power_t_paired};
use eval_stats::ttest::paired_t;

use super::support::{same, within};

fn factor(name: &str, levels: usize, within: Option<usize>) -> Factor {
    Factor { name: name.to_owned(), levels, within }
}

/// Three seeds by four clusters, by hand: means of rows 3, 5, 4; of columns 2, 3, 5, 6.
const TABLE: [[f64; 4]; 3] = [[1.0, 2.0, 4.0, 5.0], [4.0, 3.0, 6.0, 7.0], [1.0, 4.0, 5.0, 6.0]];

#[test]
fn two_crossed_factors_have_the_mean_squares_of_the_textbook() {
    let values: Vec<f64> = TABLE.iter().flatten().copied().collect();
    let found = decompose(&values, &[factor("seed", 3, None), factor("cluster", 4, None)]).unwrap();
    same(found.mean, 4.0);
    // SS seeds = 4 (1 + 1 + 0) = 8; SS clusters = 3 (4 + 1 + 1 + 4) = 30; total 42; rest 4.
    let squares: Vec<f64> = found.components.iter().map(|c| c.mean_square).collect();
    let [seeds, clusters, both] = squares[..] else { panic!("{squares:?}") };
    same(seeds, 4.0);
    same(clusters, 10.0);
    same(both, 4.0 / 6.0);
    same(found.components[0].variance, (4.0 - 4.0 / 6.0) / 4.0);
    same(found.components[1].variance, (10.0 - 4.0 / 6.0) / 3.0);
    same(found.components[2].variance, 4.0 / 6.0);
    same(found.uncertainty.variance, (4.0 + 10.0 - 4.0 / 6.0) / 12.0);
    same(found.components.iter().map(|c| c.share).sum::<f64>(), 1.0);
    let of_parts: f64 = found.components.iter().map(|c| c.of_mean).sum();
    same(of_parts, found.uncertainty.variance);
}

#[test]
fn folds_within_seeds_have_their_own_mean_square() {
    // Two seeds, three folds in each: SS folds in seeds = 2 + 8, seeds 3 (2.5^2 + 2.5^2).
    let values = [1.0, 2.0, 3.0, 5.0, 7.0, 9.0];
    let found = decompose(&values, &[factor("seed", 2, None), factor("fold", 3, Some(0))]).unwrap();
    let squares: Vec<(f64, f64)> = found.components.iter().map(|c| (c.mean_square, c.df)).collect();
    assert_eq!(squares, [(37.5, 1.0), (2.5, 4.0)]);
    assert_eq!(found.components[1].factors, ["seed", "fold"]);
    // The folds' spread is in that of the seeds: nothing is added twice.
    same(found.uncertainty.variance, 37.5 / 6.0);
    same(found.uncertainty.df, 1.0);
}

#[test]
fn three_crossed_factors_add_up_to_the_unbiased_variance() {
    // Averaged over all tables of independent effects with variance 1 each, the estimate is the truth. Effects of one
    // factor alone are exact: a table that only its seeds make has the variance of the mean of the seeds.
    let seeds = [1.0, 4.0, 10.0];
    let values: Vec<f64> = (seeds.iter()).flat_map(|s| std::iter::repeat_n(*s, 2 * 5)).collect();
    let factors = [factor("seed", 3, None), factor("wording", 2, None), factor("cluster", 5, None)];
    let found = decompose(&values, &factors).unwrap();
    same(found.uncertainty.variance, 21.0 / 3.0);
    same(found.uncertainty.df, 2.0);
    same(found.components[0].variance, 21.0);
    assert!(found.components[1..].iter().all(|c| c.variance.abs() < 1e-12));
}

#[test]
fn designs_that_cannot_be_taken_apart_are_refused() {
    let error =
        |values: &[f64], factors: &[Factor]| decompose(values, factors).unwrap_err().to_string();
    let ok = [1.0, 2.0, 3.0, 4.0];
    assert!(error(&ok, &[factor("seed", 1, None), factor("c", 4, None)]).contains("`seed` has 1"));
    assert!(error(&ok, &[factor("seed", 3, None)]).contains("multiply to 3"));
    assert!(error(&ok, &[factor("a", 2, Some(1)), factor("b", 2, None)]).contains("`a` is nested"));
    assert!(error(&[1.0, f64::NAN], &[factor("a", 2, None)]).contains("NaN"));
}

/// The influences of a mean over clusters of one example each: deviations over n.
fn crossed(rows: &[Vec<f64>]) -> Crossed {
    let n = rows[0].len() as f64;
    let scores: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>() / n).collect();
    let influence: Vec<Vec<f64>> = (rows.iter().zip(&scores))
        .map(|(row, score)| row.iter().map(|v| (v - score) / n).collect())
        .collect();
    Crossed::new(&scores, &influence, &[rows[0].len()]).unwrap()
}

#[test]
fn a_mean_has_the_variance_of_its_decomposition() {
    let rows: Vec<Vec<f64>> = TABLE.iter().map(|r| r.to_vec()).collect();
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    let whole = decompose(&values, &[factor("s", 3, None), factor("c", 4, None)]).unwrap();
    let model = crossed(&rows);
    let own = model.uncertainty(&[4]).unwrap();
    within(own.variance, whole.uncertainty.variance, 1e-12);
    within(own.df, whole.uncertainty.df, 1e-9);
    within(model.seed_sd().unwrap().powi(2), whole.components[0].variance, 1e-12);
    let shares = model.shares(&[4]).unwrap();
    for (share, component) in
        [shares.seeds, shares.examples, shares.seeds_by_examples].iter().zip(&whole.components)
    {
        within(*share, component.share, 1e-12);
    }
}

#[test]
fn with_one_seed_it_is_the_paired_t_test() {
    let a = [0.9, 0.4, 0.7, 0.8, 0.3, 0.9, 0.6];
    let b = [0.5, 0.6, 0.2, 0.8, 0.1, 0.4, 0.3];
    let family =
        Family::new(vec![crossed(&[a.to_vec()]), crossed(&[b.to_vec()])], &[a.len()]).unwrap();
    let found = family.difference(0, 1).unwrap();
    let d: Vec<f64> = a.iter().zip(&b).map(|(x, y)| x - y).collect();
    let t = paired_t(&d, Alternative::TwoSided, 0.95).unwrap();
    let difference = d.iter().sum::<f64>() / d.len() as f64;
    within(found.total.p_value(difference).unwrap(), t.p_value, 1e-12);
    same(found.total.df, 6.0);
    assert_eq!(found.seeds, 0.0);
    let zero = family.difference(1, 1).unwrap();
    assert_eq!(zero.total.p_value(0.0), None, "without variance there is no p");
}

#[test]
fn strata_are_centred_and_added() {
    // Two fixed parts of two clusters: what differs between the parts is no uncertainty.
    let row = vec![1.0, 1.0, 5.0, 5.2];
    let apart = Crossed::new(&[3.05], std::slice::from_ref(&row), &[2, 2]).unwrap();
    let spread = apart.uncertainty(&[2, 2]).unwrap();
    // Second part: deviations -+.1, times G / (G - 1) = 2.
    within(spread.variance, 2.0 * 2.0 * 0.01, 1e-12);
    assert!(Crossed::new(&[1.0], &[row], &[2, 1]).is_err());
}

#[test]
fn a_small_variance_of_few_seeds_is_not_taken_at_its_word() {
    let model = |seeds: [f64; 3]| {
        let rows: Vec<Vec<f64>> = (seeds.iter().enumerate())
            .map(|(i, s)| (0..8).map(|g| s + f64::from(g % 2 == i as i32 % 2) * 0.1).collect())
            .collect();
        crossed(&rows)
    };
    let (calm, wild, same_answers) = (
        model([0.5, 0.5001, 0.5]),
        model([0.2, 0.5, 0.8]),
        crossed(&vec![vec![0.5, 0.6, 0.4, 0.5, 0.5, 0.6, 0.4, 0.5]; 3]),
    );
    let alone = Family::new(vec![calm.clone(), same_answers.clone()], &[8]).unwrap();
    let among = Family::new(vec![calm, same_answers, wild], &[8]).unwrap();
    let before = alone.difference(0, 1).unwrap();
    let after = among.difference(0, 1).unwrap();
    assert!(after.seeds > 10.0 * before.seeds.max(1e-9), "{before:?} {after:?}");
    assert_eq!(before.examples, after.examples);
    // A model whose seeds answer alike has no variance between seeds, whoever is beside it.
    let fixed = among.difference(1, 1).unwrap();
    assert_eq!((fixed.seeds, fixed.total.df), (0.0, 7.0));
}

#[test]
fn degrees_of_freedom_lie_between_the_least_and_the_sum() {
    let one = Uncertainty::of(&[Source::alone(2.0, 4.0)]).unwrap();
    same(one.df, 4.0);
    same(one.variance, 2.0);
    let two = Uncertainty::of(&[Source::alone(1.0, 4.0), Source::alone(1.0, 4.0)]).unwrap();
    same(two.df, 8.0);
    let mixed = Uncertainty::of(&[Source::alone(1.0, 2.0), Source::alone(1.0, 1e6)]).unwrap();
    // The one of two degrees of freedom counts twice: (2 + 1)^2 / (2^2 / 2) = 4.5.
    within(mixed.df, 4.5, 1e-4);
    // What is counted twice never leaves nothing.
    let twice = Source { variance: 0.0, counted: 1.0, df: 2.0 };
    same(Uncertainty::of(&[Source::alone(1.0, 9.0), twice]).unwrap().variance, 0.25);
    assert!(Uncertainty::of(&[]).is_err() && Uncertainty::of(&[Source::alone(-1.0, 3.0)]).is_err());
}

#[test]
fn what_is_detectable_is_what_the_t_test_finds() {
    for (n, alpha) in [(5.0, 0.05), (12.0, 0.05 / 55.0), (40.0, 0.01), (400.0, 0.05)] {
        let ours = noncentrality(n - 1.0, alpha, 0.8).unwrap();
        let theirs = mde_t_paired(n, alpha, 0.8).unwrap() * f64::sqrt(n);
        within(ours / theirs, 1.0, 1e-3);
        let found = power_t_paired(ours / n.sqrt(), n, alpha, Alternative::TwoSided).unwrap();
        within(found, 0.8, 2e-3);
    }
    assert!(noncentrality(4.0, 0.9, 0.8).is_err());
}

#[test]
fn a_plan_is_just_large_enough_and_seeds_cannot_be_replaced_by_examples() {
    let design = Design { clusters: 0.2, seeds: 0.000_02, seeds_by_clusters: 0.05 };
    let wanted = Wanted { difference: 0.03, power: 0.8, alpha: 0.05, pairs: 15.0, models: 6.0 };
    let plans = plan(&design, &wanted, &[1, 2, 3, 5, 10]).unwrap();
    let clusters: Vec<Option<u64>> = plans.iter().map(|p| p.clusters).collect();
    for plan in plans.iter().filter(|p| p.clusters.is_some()) {
        let n = plan.clusters.unwrap();
        let at = |n: u64| {
            let found = design.uncertainty(n, plan.seeds, wanted.models).unwrap();
            found.detectable(wanted.alpha / wanted.pairs, wanted.power).unwrap()
        };
        assert!(at(n) <= wanted.difference && at(n - 1) > wanted.difference, "{plan:?}");
    }
    assert!(clusters[2] > clusters[3] && clusters[3] > clusters[4], "{clusters:?}");
    // Seeds of 1 point each: no number of examples finds half a point with three of them.
    let wild = Design { seeds: 0.0001, ..design };
    let small = Wanted { difference: 0.005, ..wanted };
    assert_eq!(plan(&wild, &small, &[3]).unwrap()[0].clusters, None);
    // One seed: (z + z)^2 (sigma^2 + 2 w) / d^2 by Miller's formula, which knows no degrees of freedom.
    let z: f64 = 2.934_2 + 0.841_6;
    within(clusters[0].unwrap() as f64 / (z * z * 0.3 / 0.0009), 1.0, 0.01);
    assert!(plan(&design, &Wanted { difference: 0.0, ..wanted }, &[1]).is_err());
}
