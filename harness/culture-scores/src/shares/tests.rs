use super::*;

fn close(got: f64, expect: f64, tolerance: f64) {
    assert!((got - expect).abs() <= tolerance, "got {got}, expected {expect}");
}

/// The definitions, in Python with `math.log2`; W1 is (.4 + .7 + .4) / 3.
#[test]
fn figures_are_those_of_their_definitions() {
    let (p, q) = ([0.1, 0.2, 0.3, 0.4], [2.0, 2.0, 0.0, 0.0]);
    let of = |score: ShareScore| score.of(&p, &q).unwrap();
    close(of(ShareScore::Jsd), 0.502_901_074_507_173, 1e-12);
    close(of(ShareScore::JsDistance), 0.502_901_074_507_173_f64.sqrt(), 1e-12);
    close(of(ShareScore::JsSimilarity), 1.0 - 0.502_901_074_507_173_f64.sqrt(), 1e-12);
    close(of(ShareScore::W1), 0.5, 1e-12);
    close(of(ShareScore::Tv), 0.7, 1e-12);
    close(of(ShareScore::Brier), 0.16 + 0.09 + 0.09 + 0.16, 1e-12);
    close(of(ShareScore::CrossEntropy), -0.5 * (0.1_f64.ln() + 0.2_f64.ln()), 1e-12);
}

#[test]
fn a_prediction_of_none_costs_a_finite_number_of_nats() {
    let of = |p: &[f64], q: &[f64]| ShareScore::CrossEntropy.of(p, q).unwrap();
    close(of(&[1.0, 0.0], &[0.0, 1.0]), 1e6_f64.ln(), 1e-9);
    close(of(&[1.0, 0.0], &[1.0, 0.0]), -(1.0 - 1e-6_f64).ln(), 1e-15);
    assert_eq!(of(&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0]), 0.0);
}

#[test]
fn what_is_no_distribution_is_refused() {
    let message = |p: &[f64], q: &[f64]| ShareScore::Jsd.of(p, q).unwrap_err().to_string();
    assert!(message(&[0.0, 0.0], &[1.0, 0.0]).contains("`prediction` sums to 0"));
    assert!(message(&[1.0, 0.0], &[0.0, 0.0]).contains("`target shares` sums to 0"));
    assert!(message(&[f64::NAN, 1.0], &[1.0, 0.0]).contains("index 0"));
    assert!(message(&[1.0, 1.0], &[1.0, -0.1]).contains("index 1"));
    assert!(message(&[1.0], &[1.0, 0.0]).contains("same order"));
    assert!(ShareScore::W1.of(&[1.0], &[1.0]).is_err());
    assert!(normalised(&[]).is_err() && of_votes(&[0, 0]).is_err() && one_hot(2, 2).is_err());
    assert_eq!(ShareScore::Tv.mean::<Vec<f64>, Vec<f64>>([]).unwrap(), None);
}

/// Bounds that hold for any pair of distributions: Pinsker-like ones, and 0 for equal ones.
#[test]
fn figures_stay_in_their_ranges() {
    let grid: Vec<Vec<f64>> = (0..5)
        .flat_map(|a| (0..5).flat_map(move |b| (0..5).map(move |c| vec![a, b, c])))
        .map(|v: Vec<i32>| v.into_iter().map(f64::from).collect())
        .filter(|v: &Vec<f64>| v.iter().sum::<f64>() > 0.0)
        .collect();
    for p in &grid {
        for q in &grid {
            for score in ShareScore::ALL {
                let (value, facts) = (score.of(p, q).unwrap(), score.facts());
                assert!(
                    value >= facts.range.0 - 1e-12 && value <= facts.range.1 + 1e-12,
                    "{score:?} {p:?} {q:?} {value}"
                );
                assert!(facts.cost(value) >= -1e-12);
            }
            let (jsd, tv) = (ShareScore::Jsd.of(p, q).unwrap(), ShareScore::Tv.of(p, q).unwrap());
            assert!(jsd <= tv + 1e-12, "Lin 1991, theorem 3");
            let w1 = ShareScore::W1.of(p, q).unwrap();
            assert!(w1 <= tv + 1e-12 && tv / 2.0 <= w1 + 1e-12, "steps of one to two options");
        }
        close(ShareScore::Jsd.of(p, p).unwrap(), 0.0, 1e-12);
    }
}

#[test]
fn the_mean_of_the_others_leaves_oneself_out() {
    let rows = [("a", [1.0, 0.0]), ("a", [0.5, 0.5]), ("a", [0.0, 2.0]), ("b", [0.3, 0.7])];
    let means = mean_of_others(&rows).unwrap();
    assert_eq!(means, [Some(vec![0.25, 0.75]), Some(vec![0.5, 0.5]), Some(vec![0.75, 0.25]), None]);
    let mut means = MeansOfOthers::default();
    means.add("a", &[1.0, 0.0]).unwrap();
    assert!(means.add("a", &[1.0, 0.0, 0.0]).is_err());
    assert!(means.add("c", &[0.0]).is_err());
    assert_eq!(means.without(&"never", &[1.0]).unwrap(), None);
}

/// 4 : 1 by hand. Ten splits into 2 and 3: the one is in the small half in four (1 of 2 against 0 of 3), in the large
/// half in six.
#[test]
fn halves_by_hand() {
    let split = split_half(&[[4, 1], [5, 0], [0, 3]], 5).unwrap();
    assert_eq!(split.items, 2);
    let jsd = |p: f64, q: f64| ShareScore::Jsd.of(&[1.0 - p, p], &[1.0 - q, q]).unwrap();
    close(split.jsd, (4.0 * jsd(0.5, 0.0) + 6.0 * jsd(0.0, 1.0 / 3.0)) / 20.0, 1e-12);
    close(split.agreement, (4.0 * 0.5 + 6.0 + 10.0) / 20.0, 1e-12);
    assert!(split.pearson.unwrap() < 0.0, "the one vote is in one half only");
    assert_eq!(split_half(&[[2, 0]], 2).unwrap().pearson, None);
    assert!(split_half(&[[2, 0]], 5).is_err() && split_half(&[[1, 0]], 1).is_err());
}

/// With uniform p, E |p - k/n| for one vote: E over p of p (1 - p) + (1 - p) p = 1/3.
#[test]
fn perfect_knowledge_by_closed_form() {
    let uniform = BetaBinomial { alpha: 1.0, beta: 1.0 };
    close(uniform.perfect_knowledge(ShareScore::Tv, 1).unwrap(), 1.0 / 3.0, 1e-9);
    close(uniform.perfect_knowledge(ShareScore::Brier, 1).unwrap(), 2.0 * (1.0 / 6.0), 1e-9);
    // Many votes come near to the share.
    assert!(uniform.perfect_knowledge(ShareScore::Jsd, 60).unwrap() < 0.005);
    let narrow = BetaBinomial { alpha: 0.05, beta: 0.02 };
    assert!(narrow.perfect_knowledge(ShareScore::Tv, 5).unwrap() < 0.02);
}

/// The moments of a beta-binomial distribution give its parameters back: alpha 2, beta 3, n = 2, P(0, 1, 2) = 6/15, 6/15,
/// 3/15.
#[test]
fn moments_give_the_parameters() {
    let ballots: Vec<[u32; 2]> = [([2, 0], 6), ([1, 1], 6), ([0, 2], 3), ([9, 9], 4)]
        .iter()
        .flat_map(|(b, n)| vec![*b; *n])
        .collect();
    let fit = BetaBinomial::by_moments(&ballots, 2).unwrap();
    close(fit.alpha, 2.0, 1e-9);
    close(fit.beta, 3.0, 1e-9);
    assert!(BetaBinomial::by_moments(&[[1, 1], [1, 1]], 2).is_err());
    assert!(
        BetaBinomial::by_moments(&[[2, 0], [2, 0]], 2).unwrap_err().to_string().contains("agree")
    );
}

#[test]
fn votes_of_one() {
    let one = one_annotator(&[[4, 1], [0, 1]]).unwrap();
    // Four see 3 : 1 and are right, the one sees 4 : 0.
    assert_eq!((one.accuracy_against_the_others, one.accuracy_against_all), (0.8, 0.8));
    let jsd = ShareScore::Jsd.of(&[1.0, 0.0], &[3.0, 1.0]).unwrap();
    close(one.jsd_against_the_others, (4.0 * jsd + 1.0) / 5.0, 1e-12);
    assert!(one_annotator(&[[1, 0]]).is_err());
    close(pair_agreement(&[[4, 1], [1, 1]]).unwrap(), (12.0 + 0.0) / 22.0, 1e-12);
    assert!(pair_agreement(&[[1, 0]]).is_err());
}

#[test]
fn names_are_those_of_serde() {
    for score in ShareScore::ALL {
        assert_eq!(serde_json::to_value(score).unwrap(), score.facts().name);
    }
}

#[test]
fn entropy_is_the_least_cross_entropy() {
    let shares = [0.2, 0.3, 0.5];
    let nats = ShareScore::CrossEntropy.of(&shares, &shares).unwrap();
    close(entropy_bits(&shares), nats / std::f64::consts::LN_2, 1e-12);
    assert_eq!(entropy_bits(&[1.0, 0.0]), 0.0);
    assert_eq!(uniform(4), [0.25; 4]);
}
