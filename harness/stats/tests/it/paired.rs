//! Two models on the same examples: tests and intervals against SciPy 1.17, statsmodels 0.15, and closed forms.

use eval_stats::mcnemar::{
    Alternative, McnemarMethod, PairedTable, accuracy_difference, fisher_exact, mcnemar, newcombe,
    sign_test,
};
use eval_stats::permutation::{PermutationMethod, permutation_mean};
use eval_stats::wilcoxon::{WilcoxonMethod, WilcoxonOptions, wilcoxon};

use crate::support::same;

const DIFFERENCES: [f64; 7] = [1.2, -0.4, 0.9, 0.3, 0.8, -1.5, 2.1];

fn table(both_right: u64, only_a: u64, only_b: u64, both_wrong: u64) -> PairedTable {
    PairedTable { both_right, only_a, only_b, both_wrong }
}

/// 15 against 6 discordant pairs: `scipy.stats.chi2.sf`, `norm.sf` and `binom` of 21 pairs.
#[test]
fn mcnemar_matches_scipy_in_every_direction() {
    let t = table(50, 15, 6, 29);
    let p = |method, side| mcnemar(&t, method, side).unwrap().p_value;
    same(p(McnemarMethod::Asymptotic, Alternative::TwoSided), 0.049_534_613_435_626_49);
    same(p(McnemarMethod::AsymptoticCc, Alternative::TwoSided), 0.080_855_598_370_052_34);
    same(p(McnemarMethod::Asymptotic, Alternative::Greater), 0.024_767_306_717_813_353);
    same(p(McnemarMethod::Exact, Alternative::Greater), 0.039_176_940_917_968_75);
    same(p(McnemarMethod::Exact, Alternative::Less), 0.986_698_150_634_765_6);
    same(p(McnemarMethod::Exact, Alternative::TwoSided), 2.0 * 0.039_176_940_917_968_75);
    same(sign_test(15, 6, Alternative::Greater).p_value, 0.039_176_940_917_968_75);
    let statistic = |method| mcnemar(&t, method, Alternative::TwoSided).unwrap().statistic;
    same(statistic(McnemarMethod::Asymptotic), 81.0 / 21.0);
    same(statistic(McnemarMethod::AsymptoticCc), 64.0 / 21.0);
    assert_eq!(statistic(McnemarMethod::Exact), 6.0);
}

/// Newcombe 1998, method 10, in Python from the Wilson limits of statsmodels: phi is .7475, then .7162, then -.1147 (not
/// corrected below 0), then 0 because the correction is larger than the cross product.
#[test]
fn newcombe_takes_the_correlation_of_the_models_into_account() {
    for (t, low, high) in [
        (table(700, 60, 35, 205), 0.005_843_913_335_190_746, 0.044_239_780_794_399_37),
        (table(59, 6, 16, 80), -0.118_621_195_638_709_92, -0.004_625_113_933_050_061),
        (table(36, 12, 2, 0), 0.056_929_584_003_238_69, 0.340_427_602_974_940_7),
        (table(1, 1, 7, 12), -0.506_920_226_686_141, -0.025_559_124_164_859_78),
    ] {
        let interval = newcombe(&t, 0.95).unwrap();
        same(interval.low, low);
        same(interval.high, high);
    }
}

/// By hand: 6 and 16 discordant pairs of 161.
#[test]
fn accuracy_difference_has_its_effect_sizes() {
    let d = accuracy_difference(&table(59, 6, 16, 80), 0.95).unwrap();
    same(d.difference, -10.0 / 161.0);
    same(d.se, (22.0_f64 - 100.0 / 161.0).sqrt() / 161.0);
    same(d.odds_ratio.unwrap(), 6.0 / 16.0);
    same(d.cohens_g, 6.0 / 22.0 - 0.5);
    same(d.wald.high, d.difference + 1.959_963_984_540_054_5 * d.se);
}

/// `scipy.stats.fisher_exact([[8, 2], [1, 5]])`.
#[test]
fn fisher_matches_scipy_in_every_direction() {
    let p = |side| fisher_exact([8, 2, 1, 5], side).unwrap();
    same(p(Alternative::TwoSided).1, 0.034_965_034_965_034_975);
    same(p(Alternative::Greater).1, 0.024_475_524_475_524_483);
    same(p(Alternative::Less).1, 0.999_125_874_125_874_1);
    assert_eq!(p(Alternative::Less).0, Some(20.0));
}

/// `scipy.stats.wilcoxon(d, alternative, method)`, with the continuity correction where asymptotic.
#[test]
fn one_sided_wilcoxon_matches_scipy() {
    let p = |method, alternative| {
        let options =
            WilcoxonOptions { method, alternative, continuity: true, ..WilcoxonOptions::default() };
        wilcoxon(&DIFFERENCES, &options).unwrap().p_value
    };
    same(p(WilcoxonMethod::Exact, Alternative::Greater), 0.1875);
    same(p(WilcoxonMethod::Exact, Alternative::Less), 0.851_562_5);
    same(p(WilcoxonMethod::Asymptotic, Alternative::Greater), 0.176_271_068_749_856_49);
    same(p(WilcoxonMethod::Asymptotic, Alternative::Less), 0.864_050_644_590_175_9);
}

/// `scipy.stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)`.
#[test]
fn exact_sign_flips_match_scipy() {
    let p = |side| permutation_mean(&DIFFERENCES, &PermutationMethod::Exact, side).unwrap().p_value;
    same(p(Alternative::Greater), 0.156_25);
    same(p(Alternative::Less), 0.859_375);
    same(p(Alternative::TwoSided), 0.312_5);
}
