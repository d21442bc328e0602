//! Ranks, orders and effect sizes: against closed forms, published tables, SciPy 1.17, statsmodels 0.15 and
//! scikit-posthocs 0.17.

use eval_stats::Direction;
use eval_stats::correction::{self, PartialConjunction};
use eval_stats::descriptive::{interquartile_mean, quantile, variance};
use eval_stats::friedman::{
    critical_difference, friedman, friedman_permutation, friedman_vs_control, nemenyi,
};
use eval_stats::ranking::{bradley_terry, rank_correlation, win_tie_loss};
use eval_stats::rng::Stream;
use eval_stats::ttest::{
    cohens_h, differences, hedges_correction, independent_effect, tost_paired,
};
use eval_stats::wilcoxon::{
    WilcoxonMethod, WilcoxonOptions, ZeroMethod, matched_rank_biserial, wilcoxon,
};

use crate::support::{all_same, same, within};

/// Five benchmarks, three models.
fn scores() -> Vec<Vec<f64>> {
    [
        [0.70, 0.75, 0.72],
        [0.61, 0.66, 0.60],
        [0.80, 0.82, 0.83],
        [0.55, 0.59, 0.58],
        [0.90, 0.91, 0.89],
    ]
    .map(Vec::from)
    .into()
}

/// `scipy.stats.friedmanchisquare` and `scikit_posthocs.posthoc_nemenyi_friedman`.
#[test]
fn friedman_and_nemenyi_match_scipy_and_scikit_posthocs() {
    let f = friedman(&scores(), Direction::HigherIsBetter).unwrap();
    all_same(&f.mean_ranks, &[2.6, 1.2, 2.2]);
    same(f.chi2, 5.2);
    same(f.p_value, 0.074_273_578_214_333_8);
    // Iman & Davenport 1980: (N - 1) chi2 / (N (k - 1) - chi2); Kendall's W = chi2 / (N (k - 1)).
    same(f.iman_davenport_f, 4.0 * 5.2 / (10.0 - 5.2));
    same(f.kendall_w, 0.52);
    let p = nemenyi(&f).unwrap();
    within(p[0][1], 0.068_886_896_515_440_67, 1e-7);
    within(p[0][2], 0.802_241_125_572_005, 1e-7);
    within(p[1][2], 0.253_784_487_482_323_4, 1e-7);
    // All 6^5 permutations enumerated in Python: 726 reach the observed spread of rank sums.
    let permuted = friedman_permutation(&scores(), 20_000, &Stream::new(1, "friedman")).unwrap();
    within(permuted, 726.0 / 7776.0, 0.008);
    // Lower is better: the ranks turn round, the test does not change.
    let turned = friedman(&scores(), Direction::LowerIsBetter).unwrap();
    all_same(&turned.mean_ranks, &[1.4, 2.8, 1.8]);
    same(turned.chi2, f.chi2);
}

/// `z = (R_control - R_i) / sqrt(k (k + 1) / 6N)`, p by `scipy.stats.norm.sf`, Holm by hand.
#[test]
fn friedman_vs_control_is_a_normal_test_of_rank_differences() {
    let r = friedman_vs_control(&scores(), 0, Direction::HigherIsBetter).unwrap();
    assert_eq!(r.others, [1, 2]);
    all_same(&r.z, &[2.213_594_362_117_865_5, 0.632_455_532_033_675_7]);
    all_same(&r.p, &[0.026_856_695_507_524_397, 0.527_089_256_865_538_3]);
    all_same(&r.p_bonferroni, &[2.0 * 0.026_856_695_507_524_397, 1.0]);
    all_same(&r.p_holm, &[2.0 * 0.026_856_695_507_524_397, 0.527_089_256_865_538_3]);
    all_same(&r.p_hochberg, &r.p_holm);
    same(r.cd_05, 1.417_587_554_589_118);
    same(r.cd_10, 1.239_590_064_609_123_4);
    assert!(friedman_vs_control(&scores(), 3, Direction::HigherIsBetter).is_err());
}

/// Demšar 2006, table 5b: critical values of the two-tailed Bonferroni-Dunn test.
#[test]
fn bonferroni_dunn_matches_the_published_table() {
    for (models, q05, q10) in [
        (2_usize, 1.960, 1.645),
        (3, 2.241, 1.960),
        (4, 2.394, 2.128),
        (5, 2.498, 2.241),
        (6, 2.576, 2.326),
        (10, 2.773, 2.539),
    ] {
        let rows: Vec<Vec<f64>> =
            (0..8).map(|row| (0..models).map(|m| ((row * 3 + m) % 7) as f64).collect()).collect();
        let r = friedman_vs_control(&rows, 0, Direction::HigherIsBetter).unwrap();
        let k = models as f64;
        let se = (k * (k + 1.0) / (6.0 * 8.0)).sqrt();
        within(r.cd_05 / se, q05, 6e-4);
        within(r.cd_10 / se, q10, 6e-4);
    }
}

/// Demšar 2006, section 3.2.2: four classifiers on 14 data sets have a critical difference of 1.25 at .05, 1.12 at .10.
#[test]
fn critical_difference_is_the_published_one() {
    within(critical_difference(4, 14, 0.05).unwrap(), 1.253_559_147, 1e-6);
    within(critical_difference(4, 14, 0.10).unwrap(), 1.118_060_167, 1e-6);
}

/// Two models: log(3) with the standard error 1 / sqrt(4 p (1 - p)); three: statsmodels `GLM(Binomial)` on the wins.
#[test]
fn bradley_terry_is_a_logistic_regression_of_wins() {
    let two = bradley_terry(&[vec![0.0, 3.0], vec![1.0, 0.0]], 1).unwrap();
    all_same(&two.log_ability, &[3.0_f64.ln(), 0.0]);
    all_same(&two.se, &[1.0 / 0.75_f64.sqrt(), 0.0]);
    let wins = [vec![0.0, 7.0, 9.0], vec![3.0, 0.0, 6.0], vec![1.0, 4.0, 0.0]];
    let fit = bradley_terry(&wins, 0).unwrap();
    all_same(&fit.log_ability, &[0.0, -1.103_766_547_182_416_5, -1.727_051_002_635_087_2]);
    for (got, expected) in fit.se.iter().zip([0.0, 0.609_752_663_274_325, 0.658_299_185_917_36]) {
        within(*got, expected, 1e-7);
    }
    // Another reference moves all abilities alike.
    let other = bradley_terry(&wins, 2).unwrap();
    all_same(
        &other.log_ability,
        &fit.log_ability.clone().iter().map(|b| b - fit.log_ability[2]).collect::<Vec<_>>(),
    );
    assert!(bradley_terry(&[vec![0.0, 5.0], vec![0.0, 0.0]], 0).is_err(), "an infinite ability");
}

/// Kerby 2014: the share of rank sums that speaks for A less the share that speaks against.
#[test]
fn matched_rank_biserial_is_a_difference_of_rank_shares() {
    let r = |d: &[f64], zero| matched_rank_biserial(d, zero, None).unwrap();
    // Ranks 1, 2, 3, 4: W+ = 1 + 3 + 4, W- = 2.
    same(r(&[1.0, -2.0, 3.0, 4.0], ZeroMethod::Wilcox), 0.6);
    same(r(&[-1.0, 2.0, -3.0, -4.0], ZeroMethod::Wilcox), -0.6);
    // A zero is dropped, takes rank 1 and is dropped, or gives half of rank 1 to each side.
    let d = [0.0, 1.0, -2.0, 3.0, 4.0];
    same(r(&d, ZeroMethod::Wilcox), 0.6);
    same(r(&d, ZeroMethod::Pratt), (2.0 + 4.0 + 5.0 - 3.0) / 14.0);
    same(r(&d, ZeroMethod::Zsplit), (2.0 + 4.0 + 5.0 - 3.0) / 15.0);
    assert_eq!(r(&[0.0, 0.0], ZeroMethod::Wilcox), 0.0);
}

/// `scipy.stats.wilcoxon(d, zero_method, method="approx", correction=False)`: zeros and ties of every kind.
#[test]
fn asymptotic_wilcoxon_matches_scipy() {
    let d = [1.2, -0.4, 0.9, 0.0, 0.9, -1.5, 2.1, 0.3, -0.3, 0.0];
    for (zero_method, p) in [
        (ZeroMethod::Wilcox, 0.361_547_071_452_042_9),
        (ZeroMethod::Pratt, 0.382_536_993_213_672_07),
        (ZeroMethod::Zsplit, 0.385_343_441_427_007_7),
    ] {
        let method = WilcoxonMethod::Asymptotic;
        let options = WilcoxonOptions { zero_method, method, ..WilcoxonOptions::default() };
        same(wilcoxon(&d, &options).unwrap().p_value, p);
    }
}

/// Cohen 1988, section 6.2: h is a difference of arcsines; his table 6.2.2 has 1.875 for .65 and 1.571 for .50.
#[test]
fn cohens_h_is_a_difference_of_arcsines() {
    same(cohens_h(0.5, 0.0).unwrap(), std::f64::consts::FRAC_PI_2);
    same(cohens_h(1.0, 0.0).unwrap(), std::f64::consts::PI);
    within(cohens_h(0.65, 0.5).unwrap(), 1.875 - 1.571, 1e-3);
    same(cohens_h(0.9, 0.75).unwrap(), 0.403_696_442_403_336_3);
    same(cohens_h(0.2, 0.6).unwrap(), -cohens_h(0.6, 0.2).unwrap());
    assert!(cohens_h(1.1, 0.5).is_err());
}

/// statsmodels `ttost_paired(a, b, -.03, .05)`.
#[test]
fn tost_paired_matches_statsmodels() {
    let a = [0.62, 0.71, 0.68, 0.75, 0.66, 0.73, 0.70, 0.69];
    let b = [0.60, 0.72, 0.69, 0.71, 0.67, 0.70, 0.71, 0.66];
    let t = tost_paired(&differences(&a, &b).unwrap(), -0.03, 0.05).unwrap();
    same(t.p_lower, 0.000_674_196_332_104_579_9);
    same(t.p_upper, 0.000_674_196_332_104_581);
}

/// `scipy.stats.ttest_ind(equal_var=False)` and `mannwhitneyu`; d over the pooled sd; Hedges 1981, J by `math.gamma`.
#[test]
fn effect_sizes_of_independent_samples_match_scipy() {
    let e = independent_effect(&[0.62, 0.71, 0.68, 0.75, 0.66], &[0.60, 0.72, 0.65, 0.61]).unwrap();
    same(e.a12, 0.75);
    same(e.cliffs_delta, 0.5);
    same(e.cohens_d.unwrap(), 0.756_177_565_971_247_1);
    same(e.hedges_g.unwrap(), 0.671_639_112_812_565_3);
    same(hedges_correction(7.0), 0.888_202_907_672_751_1);
    let welch = e.welch.unwrap();
    same(welch.t, 1.113_074_862_839_469_3);
    same(welch.df, 6.217_538_626_739_28);
    same(welch.p_value, 0.306_849_023_472_761_16);
}

/// `scipy.stats.kendalltau` and `spearmanr`, with ties.
#[test]
fn rank_correlations_match_scipy() {
    let r = rank_correlation(&[1.0, 2.0, 2.0, 4.0, 5.0], &[2.0, 1.0, 3.0, 3.0, 5.0]).unwrap();
    same(r.kendall_tau_b.unwrap(), 2.0 / 3.0);
    same(r.spearman_rho.unwrap(), 0.763_157_894_736_842_1);
    // Pairs tied in both lists.
    let both = rank_correlation(&[1.0, 1.0, 2.0, 3.0, 3.0], &[5.0, 5.0, 6.0, 4.0, 4.0]).unwrap();
    same(both.kendall_tau_b.unwrap(), -0.5);
}

#[test]
fn win_tie_loss_counts_significant_benchmarks() {
    let count = win_tie_loss(&[0.1, -0.2, 0.3, 0.0], &[0.05, 0.01, 0.051, 0.001], 0.05).unwrap();
    assert_eq!((count.win, count.tie, count.loss), (1, 2, 1));
}

/// statsmodels `multipletests` on five p-values out of order; Fisher and Stouffer by `scipy.stats.combine_pvalues`.
#[test]
fn corrections_match_statsmodels() {
    let p = [0.01, 0.04, 0.03, 0.005, 0.2];
    all_same(&correction::bonferroni(&p).unwrap(), &[0.05, 0.2, 0.15, 0.025, 1.0]);
    all_same(&correction::holm(&p).unwrap(), &[0.04, 0.09, 0.09, 0.025, 0.2]);
    all_same(
        &correction::holm_sidak(&p).unwrap(),
        &[0.039_403_99, 0.087_327, 0.087_327, 0.024_751_246_878_125, 0.2],
    );
    all_same(&correction::hochberg(&p).unwrap(), &[0.04, 0.08, 0.08, 0.025, 0.2]);
    all_same(&correction::hommel(&p).unwrap(), &[0.04, 0.08, 0.06, 0.025, 0.2]);
    all_same(&correction::benjamini_hochberg(&p).unwrap(), &[0.025, 0.05, 0.05, 0.025, 0.2]);
    let harmonic = 137.0 / 60.0;
    let yekutieli = [0.025, 0.05, 0.05, 0.025, 0.2].map(|v| v * harmonic);
    all_same(&correction::benjamini_yekutieli(&p).unwrap(), &yekutieli);
    let combined = correction::combine(&p).unwrap();
    same(combined.fisher_stat, 36.476_718_374_316_82);
    same(combined.fisher_p, 6.968_415_513_964_463e-5);
    let (z, stouffer) = combined.stouffer.unwrap();
    same(z, 4.192_751_823_694_034);
    same(stouffer, 1.377_954_436_596_412_6e-5);
}

/// Benjamini & Heller 2008: "at least u of n" has p = (n - u + 1) p_(u), made monotone: .015, .02, .2.
#[test]
fn replicability_counts_partial_conjunctions() {
    let count = |p: &[f64], method| correction::replicability_count(p, 0.05, method).unwrap();
    assert_eq!(count(&[0.01, 0.2, 0.005], PartialConjunction::Bonferroni), 2);
    assert_eq!(count(&[0.03, 0.03, 0.03], PartialConjunction::Bonferroni), 0);
    assert_eq!(count(&[0.03, 0.03, 0.03], PartialConjunction::Fisher), 3);
    assert_eq!(correction::replicated_benchmarks(&[0.01, 0.2, 0.005], 0.05).unwrap(), [0, 2]);
}

/// NumPy: `quantile`, `var(ddof=1)`; SciPy: `trim_mean(.25)`.
#[test]
fn descriptive_figures_match_numpy() {
    let v = [3.0, 1.0, 4.0, 1.5, 9.0];
    same(quantile(&v, 0.25).unwrap(), 1.5);
    same(quantile(&v, 0.9).unwrap(), 7.0);
    same(variance(&v), 10.2);
    same(interquartile_mean(&v).unwrap(), 8.5 / 3.0);
}
