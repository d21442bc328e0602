//! Distribution functions against SciPy 1.17 and, where SciPy is short of digits, mpmath.

use eval_stats::dist;
use eval_stats::studentized::studentized_range_sf;

use crate::support::{same, within};

#[test]
fn binomial_tails_match_scipy() {
    for (k, n, p, cdf, sf, pmf) in [
        (3, 10, 0.3, 0.649_610_718_4, 0.350_389_281_6, 0.266_827_932),
        (
            480,
            1000,
            0.5,
            0.108_724_146_602_070_75,
            0.891_275_853_397_929_3,
            0.011_340_982_371_187_717,
        ),
        (
            2,
            50,
            0.001,
            0.999_981_078_344_859_9,
            1.892_165_514_006_130_5e-5,
            0.001_167_560_848_677_869_7,
        ),
    ] {
        same(dist::binom_cdf(k, n, p), cdf);
        assert!((dist::binom_sf(k, n, p) / sf - 1.0).abs() < 1e-9, "a tail keeps its digits");
        same(dist::binom_pmf(k as u64, n, p), pmf);
    }
    assert_eq!((dist::binom_cdf(-1, 5, 0.5), dist::binom_sf(5, 5, 0.5)), (0.0, 0.0));
}

#[test]
fn student_matches_scipy() {
    for (x, df, sf, cdf) in [
        (1.3, 4.0, 0.131_725_798_235_612_06, 0.868_274_201_764_388),
        (-0.7, 9.0, 0.749_190_480_391_927_5, 0.250_809_519_608_072_5),
        (2.5, 30.5, 0.009_008_122_931_895_898, 0.990_991_877_068_104_1),
    ] {
        same(dist::t_sf(x, df), sf);
        same(dist::t_cdf(x, df), cdf);
    }
    for (p, df, t) in [
        (0.975, 9.0, 2.262_157_162_798_205_5),
        (0.9, 2.5, 1.730_250_928_807_176_6),
        (0.0005, 40.0, -3.550_965_760_863_311),
    ] {
        same(dist::t_ppf(p, df).unwrap(), t);
    }
    same(dist::t_sf(1.2, f64::INFINITY), dist::norm_sf(1.2));
}

#[test]
fn normal_chi_square_f_and_beta_match_scipy() {
    same(dist::norm_cdf(-1.2), 0.115_069_670_221_708_22);
    assert!((dist::norm_sf(6.0) / 9.865_876_450_376_946e-10 - 1.0).abs() < 1e-12);
    same(dist::norm_ppf(0.975).unwrap(), 1.959_963_984_540_054_5);
    same(dist::z_of_confidence(0.95).unwrap(), 1.959_963_984_540_054_5);
    same(dist::chi2_sf(3.84, 1.0), 0.050_043_521_248_705_19);
    same(dist::chi2_sf(7.5, 3.0), 0.057_558_451_972_636_4);
    same(dist::chi2_sf(25.0, 12.0), 0.014_822_874_597_441_575);
    same(dist::f_sf(4.2, 2.0, 10.0), 0.047_414_468_316_868_755);
    same(dist::f_sf(1.1, 5.0, 3.0), 0.500_770_104_232_913_7);
    same(dist::beta_cdf(0.3, 2.0, 5.0).unwrap(), 0.579_825);
    same(dist::beta_ppf(0.3, 2.0, 5.0).unwrap(), 0.181_803_471_318_949_17);
    same(dist::beta_cdf(0.99, 0.5, 0.5).unwrap(), 0.936_231_439_141_480_3);
    within(studentized_range_sf(3.5, 4, 10.0).unwrap(), 0.124_886_561_353_747_65, 1e-7);
}

/// The defining integral in mpmath with 30 digits; P(T > 0) is P(Z > -delta), and without delta T is Student's.
#[test]
fn noncentral_t_sf_is_its_integral() {
    let sf = |t, df, delta| dist::noncentral_t_sf(t, df, delta).unwrap();
    for (t, df, delta, expected) in [
        (2.0, 10.0, 1.0, 0.192_388_437_469_624_74),
        (2.045_229_642_132_703, 29.0, 2.738_612_787_525_830_6, 0.753_962_724_995_129),
        (-1.0, 5.0, 0.5, 0.917_555_908_943_276_5),
        (3.0, 4.0, -0.5, 0.007_167_210_553_694_028),
        (5.0, 12.0, 2.5, 0.043_429_603_865_909_8),
    ] {
        within(sf(t, df, delta), expected, 1e-12);
    }
    within(sf(0.0, 7.0, 1.3), 0.903_199_515_414_389_7, 1e-12);
    within(sf(1.5, 200.0, 0.0), dist::t_sf(1.5, 200.0), 1e-12);
    assert!(dist::noncentral_t_sf(1.0, 0.0, 1.0).is_err());
    assert!(dist::noncentral_t_sf(f64::NAN, 3.0, 1.0).is_err());
}
