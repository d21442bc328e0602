//! Examples that come in clusters: against closed forms, statsmodels 0.15 (`OLS`, `cov_type="cluster"`), and a published
//! table of intraclass correlations.

use eval_stats::bootstrap::{bootstrap_mean, cluster_bootstrap_mean};
use eval_stats::cluster::{
    clustered_mean_interval, clustered_se, clustered_wilson, intraclass_correlation,
    paired_clustered_se,
};
use eval_stats::interval::wilson;
use eval_stats::mcnemar::Alternative;
use eval_stats::permutation::{PermutationMethod, cluster_permutation_mean, permutation_mean};

use crate::support::{resampled, same, within};

const SCORES: [f64; 10] = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0];
const OTHER: [f64; 10] = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0];
const CLUSTERS: [u32; 10] = [0, 0, 0, 1, 1, 2, 2, 3, 3, 3];

/// Each of these scores three times, as one cluster.
fn tripled(scores: &[f64]) -> (Vec<f64>, Vec<u32>) {
    (0..3 * scores.len()).map(|i| (scores[i / 3], i as u32 / 3)).unzip()
}

/// CR0 is statsmodels' clustered error of a mean without its small-sample factor; CR1 is it times sqrt(G / (G - 1)).
#[test]
fn clustered_se_matches_statsmodels() {
    let se = clustered_se(&SCORES, &CLUSTERS).unwrap();
    assert_eq!((se.n, se.n_clusters), (10, 4));
    same(se.mean, 0.6);
    same(se.se_clt, 0.163_299_316_185_545_22);
    same(se.se_bernoulli.unwrap(), 0.154_919_333_848_296_68);
    same(se.se_cr0, 0.116_619_037_896_905_96);
    same(se.se_cr1, 0.134_660_065_844_827_65);
    same(se.design_effect.unwrap(), 0.68);
    // Miller 2024, eq. 4, in NumPy.
    same(se.se_clustered_miller, 0.127_540_843_131_393_27);
    // mean -+ scipy.stats.t.isf(.025, 3) CR1.
    let interval = clustered_mean_interval(&SCORES, &CLUSTERS, 0.95).unwrap();
    same(interval.low, 0.171_451_570_982_867_29);
    same(interval.high, 1.028_548_429_017_132_7);
    assert!(clustered_se(&SCORES, &CLUSTERS[1..]).is_err());
}

/// Clusters of copies are as good as one example each; clusters of one are no clusters.
#[test]
fn clustered_errors_are_those_of_the_independent_units() {
    let plain = clustered_se(&SCORES, &CLUSTERS).unwrap().se_clt;
    let singles: Vec<u32> = (0..10).collect();
    let alone = clustered_se(&SCORES, &singles).unwrap();
    same(alone.se_cr1, plain);
    same(alone.design_effect.unwrap(), 1.0);
    let (copies, clusters) = tripled(&SCORES);
    let copied = clustered_se(&copies, &clusters).unwrap();
    same(copied.se_cr1, plain);
    assert!(copied.design_effect.unwrap() > 3.0);
    let interval = clustered_mean_interval(&copies, &clusters, 0.95).unwrap();
    // scipy.stats.t.isf(.025, 9)
    same(interval.width(), 2.0 * 2.262_157_162_798_205_5 * plain);
    let one = clustered_se(&SCORES, &[5; 10]).unwrap_err().to_string();
    assert_eq!(one, "`clusters` has 1 value(s): give at least 2");
    assert_eq!(paired_clustered_se(&SCORES, &OTHER, &[5; 10]).unwrap_err().to_string(), one);
}

/// Two models: statsmodels' clustered error of the differences, its t test with G - 1 degrees of freedom by SciPy.
#[test]
fn paired_clustered_se_matches_statsmodels() {
    let se = paired_clustered_se(&SCORES, &OTHER, &CLUSTERS).unwrap();
    same(se.mean_difference, 0.2);
    same(se.se_paired, 0.2);
    same(se.se_unpaired, 0.230_940_107_675_850_33);
    same(se.se_cr1, 0.117_756_811_551_037_91);
    same(se.se_paired_clustered, 0.12);
    same(se.correlation.unwrap(), 0.25);
    let (t, p) = se.t.unwrap();
    same(t, 1.698_415_551_216_894_4);
    same(p, 0.187_993_079_924_352_32);
}

/// Shrout & Fleiss 1979, table 2: six targets of four judges each, ICC(1,1) = .17.
#[test]
fn intraclass_correlation_is_the_published_one() {
    let ratings = [
        9.0, 2.0, 5.0, 8.0, 6.0, 1.0, 3.0, 2.0, 8.0, 4.0, 6.0, 8.0, 7.0, 1.0, 2.0, 6.0, 10.0, 5.0,
        6.0, 9.0, 6.0, 2.0, 4.0, 7.0,
    ];
    let targets: Vec<u32> = (0..24).map(|i| i / 4).collect();
    let icc = |scores: &[f64], clusters: &[u32]| intraclass_correlation(scores, clusters).unwrap();
    same(icc(&ratings, &targets).unwrap(), 0.165_741_768_405_475_44);
    // Clusters of 5, 1 and 4, in NumPy: their mean size in this formula is 2.9.
    let uneven = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let sizes = [0, 0, 0, 0, 0, 1, 2, 2, 2, 2];
    same(icc(&uneven, &sizes).unwrap(), 0.240_709_459_459_459_48);
    let (copies, clusters) = tripled(&SCORES);
    same(icc(&copies, &clusters).unwrap(), 1.0);
    assert_eq!(icc(&[1.0; 6], &[0, 0, 1, 1, 2, 2]), None, "nothing varies");
    // Members that disagree as much as they can: below 0 by the formula, cut to 0.
    assert_eq!(icc(&[1.0, 0.0, 1.0, 0.0], &[0, 0, 1, 1]), Some(0.0));
}

/// Copies: the interval of the clusters. Clusters of one: the interval of the examples. Both with Student's multiplier,
/// so a little wider than Wilson's. Values by the formula in NumPy and SciPy.
#[test]
fn clustered_wilson_counts_what_is_independent() {
    let eight = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0];
    let singles: Vec<u32> = (0..8).collect();
    let alone = clustered_wilson(&eight, &singles, 0.95).unwrap();
    same(alone.low, 0.350_985_313_983_118_05);
    same(alone.high, 0.943_317_400_767_079_6);
    assert!(alone.width() > wilson(6, 8, 0.95).unwrap().width());
    let pairs = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let clusters: Vec<u32> = (0..14).map(|i| i / 2).collect();
    let paired = clustered_wilson(&pairs, &clusters, 0.9).unwrap();
    same(paired.low, 0.177_071_008_860_917_42);
    same(paired.high, 0.723_312_959_160_711_7);
    let mixed = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0];
    let thirds: Vec<u32> = (0..12).map(|i| i / 3).collect();
    let some = clustered_wilson(&mixed, &thirds, 0.95).unwrap();
    same(some.low, 0.166_124_199_580_293_34);
    same(some.high, 0.833_875_800_419_706_7);
    assert!(clustered_wilson(&[2.0, 0.0], &[0, 1], 0.95).is_err());
}

/// All differences of a cluster change sign together: the test is that of the clusters' sums.
#[test]
fn cluster_permutation_flips_whole_clusters() {
    let d = [0.1, 0.2, 0.3, 0.1, -0.2, 0.4, 0.1];
    let clusters = [0, 0, 0, 1, 1, 2, 2];
    let exact = PermutationMethod::Exact;
    let got = cluster_permutation_mean(&d, &clusters, &exact, Alternative::Greater).unwrap();
    // Sums .6, -.1, .5: of eight sign patterns 1.2, 1.0 reach 1.0.
    same(got.p_value, 2.0 / 8.0);
    same(got.observed, 1.0 / 7.0);
    let by_example = permutation_mean(&d, &exact, Alternative::Greater).unwrap();
    assert!(by_example.p_value < got.p_value);
}

/// Clusters of three copies: the bootstrap error is that of the distinct examples, sqrt 3 times the naive one.
#[test]
fn cluster_bootstrap_draws_whole_clusters() {
    let (copies, clusters) = tripled(&SCORES);
    let clustered = cluster_bootstrap_mean(&copies, &clusters, &resampled("clusters", 40_000));
    let se = clustered.unwrap().se;
    // sqrt(.6 .4 / 10)
    within(se / 0.154_919_333_848_296_68, 1.0, 0.02);
    let naive = bootstrap_mean(&copies, &resampled("clusters", 40_000)).unwrap().se;
    within(se / naive, 3.0_f64.sqrt(), 0.04);
}
