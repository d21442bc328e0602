//! Two models on the same examples, and their effect sizes.

use super::super::interval::{agresti_coull, clopper_pearson, jeffreys, mean_interval, wilson};
use super::super::mcnemar::{McnemarMethod, accuracy_difference, fisher_exact, mcnemar, sign_test};
use super::super::permutation::{PermutationMethod, cluster_permutation_mean, permutation_mean};
use super::super::ttest::{cohens_h, independent_effect, paired_t, tost_accuracy, tost_paired};
use super::super::wilcoxon::{
    WilcoxonMethod, WilcoxonOptions, ZeroMethod, matched_rank_biserial, wilcoxon,
};
use super::super::{cluster, error::Result};
use super::{Answer, Call, Function};

const TABLE: &[&str] = &["both_right", "only_a", "only_b", "both_wrong"];
const PAIR: &[&str] = &["a", "b", "differences"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "mcnemar",
        about: "two accuracies on the same examples: exact, mid-p, asymptotic, asymptotic-cc",
        input: TABLE,
        opts: &["method", "alternative"],
        run: run_mcnemar,
    },
    Function {
        name: "paired_accuracy_difference",
        about: "difference of two accuracies, intervals, odds ratio, Cohen's g",
        input: TABLE,
        opts: &["confidence"],
        run: run_difference,
    },
    Function {
        name: "sign_test",
        about: "exact binomial test of positive against negative differences",
        input: &["positive", "negative", "zero"],
        opts: &["alternative"],
        run: run_sign,
    },
    Function {
        name: "proportion_ci",
        about: "Wilson, Clopper-Pearson, Jeffreys, Agresti-Coull intervals of a proportion",
        input: &["successes", "n"],
        opts: &["confidence"],
        run: run_proportion,
    },
    Function {
        name: "mean_ci",
        about: "Student's interval of a mean",
        input: &["values"],
        opts: &["confidence"],
        run: |c| {
            Ok(Answer::default().ends("ci", &mean_interval(&c.nums("values")?, c.confidence()?)?))
        },
    },
    Function {
        name: "ttest_paired",
        about: "paired t test with d_z and Hedges' g_z",
        input: PAIR,
        opts: &["alternative", "confidence"],
        run: run_t,
    },
    Function {
        name: "wilcoxon",
        about: "signed-rank test: exact or asymptotic; zeros by wilcox, pratt, zsplit",
        input: PAIR,
        opts: &["zero_method", "method", "continuity", "alternative", "tie_tolerance"],
        run: run_wilcoxon,
    },
    Function {
        name: "matched_rank_biserial",
        about: "effect size of the signed-rank test",
        input: PAIR,
        opts: &["zero_method", "tie_tolerance"],
        run: |c| {
            Ok(Answer::default().with(
                "r",
                matched_rank_biserial(&c.differences()?, zero_method(c)?, tolerance(c)?)?,
            ))
        },
    },
    Function {
        name: "permutation_mean",
        about: "sign-flip test of a mean difference, exact or Monte Carlo, by example or by cluster",
        input: &["differences", "a", "b", "clusters"],
        opts: &["method", "resamples", "seed", "alternative"],
        run: run_permutation,
    },
    Function {
        name: "effect_size_independent",
        about: "Cliff's delta, A12, Cohen's d, Hedges' g, Welch's t",
        input: &["a", "b"],
        opts: &[],
        run: run_effect,
    },
    Function {
        name: "cohens_h",
        about: "effect size of two proportions",
        input: &["p1", "p2"],
        opts: &[],
        run: |c| Ok(Answer::default().with("h", cohens_h(c.num("p1")?, c.num("p2")?)?)),
    },
    Function {
        name: "clustered_se",
        about: "standard errors of a mean, naive and clustered",
        input: &["scores", "clusters"],
        opts: &["confidence"],
        run: run_clustered,
    },
    Function {
        name: "clustered_proportion_ci",
        about: "interval of an accuracy when examples come in clusters",
        input: &["scores", "clusters"],
        opts: &["confidence"],
        run: |c| {
            let (scores, clusters) = (c.nums("scores")?, c.clusters("clusters")?);
            let interval = cluster::clustered_wilson(&scores, &clusters, c.confidence()?)?;
            let rho = cluster::intraclass_correlation(&scores, &clusters)?;
            Ok(Answer::default().ends("ci", &interval).with("intraclass_correlation", rho))
        },
    },
    Function {
        name: "paired_clustered_se",
        about: "standard errors of a paired difference, naive and clustered",
        input: &["a", "b", "clusters"],
        opts: &[],
        run: run_paired_clustered,
    },
    Function {
        name: "tost_paired",
        about: "equivalence of paired scores within margins",
        input: &["a", "b", "differences", "low", "high"],
        opts: &[],
        run: |c| Ok(tost(&tost_paired(&c.differences()?, c.num("low")?, c.num("high")?)?)),
    },
    Function {
        name: "tost_accuracy",
        about: "equivalence of two paired accuracies within margins",
        input: &["both_right", "only_a", "only_b", "both_wrong", "low", "high"],
        opts: &[],
        run: |c| Ok(tost(&tost_accuracy(&c.paired_table()?, c.num("low")?, c.num("high")?)?)),
    },
    Function {
        name: "fisher_exact",
        about: "Fisher's exact test of a 2 x 2 table [a, b, c, d]",
        input: &["table"],
        opts: &["alternative"],
        run: run_fisher,
    },
];

fn tost(result: &super::super::ttest::Tost) -> Answer {
    Answer::default()
        .with("p_value", result.p_value)
        .with("p_lower", result.p_lower)
        .with("p_upper", result.p_upper)
        .with("mean_diff", result.mean_difference)
}

fn run_mcnemar(c: &Call) -> Result<Answer> {
    let method = c.choice(
        "method",
        McnemarMethod::MidP,
        &[
            ("exact", McnemarMethod::Exact),
            ("mid-p", McnemarMethod::MidP),
            ("asymptotic", McnemarMethod::Asymptotic),
            ("asymptotic-cc", McnemarMethod::AsymptoticCc),
        ],
    )?;
    let table = c.paired_table()?;
    // Only the discordant pairs count, so a table with no example at all is taken as one without discordant pairs.
    let table = if table.n() == 0 && !c.has("both_right") && !c.has("both_wrong") {
        super::super::mcnemar::PairedTable { both_right: 1, ..table }
    } else {
        table
    };
    let result = mcnemar(&table, method, c.alternative()?)?;
    Ok(Answer::default().with("statistic", result.statistic).with("p_value", result.p_value))
}

fn run_difference(c: &Call) -> Result<Answer> {
    let d = accuracy_difference(&c.paired_table()?, c.confidence()?)?;
    Ok(Answer::default()
        .with("diff", d.difference)
        .with("se", d.se)
        .ends("wald", &d.wald)
        .ends("agresti_min", &d.agresti_min)
        .ends("newcombe", &d.newcombe)
        .with("odds_ratio", d.odds_ratio)
        .with("or_low", d.odds_ratio_interval.0)
        .with("or_high", d.odds_ratio_interval.1)
        .with("cohens_g", d.cohens_g))
}

fn run_sign(c: &Call) -> Result<Answer> {
    let (positive, negative) = (c.count("positive")?, c.count("negative")?);
    c.count_or("zero", 0)?;
    let result = sign_test(positive, negative, c.alternative()?);
    Ok(Answer::default().with("statistic", result.statistic).with("p_value", result.p_value))
}

fn run_proportion(c: &Call) -> Result<Answer> {
    let (k, n, confidence) = (c.count("successes")?, c.count("n")?, c.confidence()?);
    Ok(Answer::default()
        .ends("wilson", &wilson(k, n, confidence)?)
        .ends("clopper_pearson", &clopper_pearson(k, n, confidence)?)
        .ends("jeffreys", &jeffreys(k, n, confidence)?)
        .ends("agresti_coull", &agresti_coull(k, n, confidence)?))
}

fn run_t(c: &Call) -> Result<Answer> {
    let t = paired_t(&c.differences()?, c.alternative()?, c.confidence()?)?;
    Ok(Answer::default()
        .with("statistic", t.statistic)
        .with("df", t.df)
        .with("p_value", t.p_value)
        .with("mean_diff", t.mean_difference)
        .with("se", t.se)
        .ends("ci", &t.interval)
        .with("cohens_dz", t.cohens_dz)
        .with("hedges_gz", t.hedges_gz))
}

fn zero_method(c: &Call) -> Result<ZeroMethod> {
    c.choice(
        "zero_method",
        ZeroMethod::Wilcox,
        &[
            ("wilcox", ZeroMethod::Wilcox),
            ("pratt", ZeroMethod::Pratt),
            ("zsplit", ZeroMethod::Zsplit),
        ],
    )
}

fn tolerance(c: &Call) -> Result<Option<f64>> {
    if c.has("tie_tolerance") { Ok(Some(c.num("tie_tolerance")?)) } else { Ok(None) }
}

fn run_wilcoxon(c: &Call) -> Result<Answer> {
    let method = c.choice(
        "method",
        WilcoxonMethod::Auto,
        &[
            ("auto", WilcoxonMethod::Auto),
            ("exact", WilcoxonMethod::Exact),
            ("asymptotic", WilcoxonMethod::Asymptotic),
        ],
    )?;
    let options = WilcoxonOptions {
        zero_method: zero_method(c)?,
        method,
        continuity: c.flag("continuity", false)?,
        alternative: c.alternative()?,
        tie_tolerance: tolerance(c)?,
    };
    let w = wilcoxon(&c.differences()?, &options)?;
    Ok(Answer::default()
        .with("w_plus", w.w_plus)
        .with("w_minus", w.w_minus)
        .with("p_value", w.p_value)
        .with("z", w.z)
        .with("n_nonzero", w.n_nonzero)
        .with("exact", w.exact))
}

pub(super) fn permutation_method(c: &Call, name: &str) -> Result<PermutationMethod> {
    let (resamples, stream) = (c.resamples()?, c.stream(name)?);
    Ok(match c.choice("method", "auto", &[("exact", "exact"), ("mc", "mc"), ("auto", "auto")])? {
        "exact" => PermutationMethod::Exact,
        "mc" => PermutationMethod::MonteCarlo { resamples, stream },
        _ => PermutationMethod::Auto { resamples, stream },
    })
}

fn run_permutation(c: &Call) -> Result<Answer> {
    let method = permutation_method(c, "permutation_mean")?;
    let d = c.differences()?;
    let result = if c.has("clusters") {
        cluster_permutation_mean(&d, &c.clusters("clusters")?, &method, c.alternative()?)?
    } else {
        permutation_mean(&d, &method, c.alternative()?)?
    };
    Ok(Answer::default()
        .with("observed", result.observed)
        .with("p_value", result.p_value)
        .with("exact", result.exact))
}

fn run_effect(c: &Call) -> Result<Answer> {
    let e = independent_effect(&c.nums("a")?, &c.nums("b")?)?;
    Ok(Answer::default()
        .with("cliffs_delta", e.cliffs_delta)
        .with("a12", e.a12)
        .with("cohens_d", e.cohens_d)
        .with("hedges_g", e.hedges_g)
        .with("welch_t", e.welch.map(|w| w.t))
        .with("welch_df", e.welch.map(|w| w.df))
        .with("welch_p", e.welch.map(|w| w.p_value)))
}

fn run_clustered(c: &Call) -> Result<Answer> {
    let (scores, clusters) = (c.nums("scores")?, c.clusters("clusters")?);
    let se = cluster::clustered_se(&scores, &clusters)?;
    let interval = cluster::clustered_mean_interval(&scores, &clusters, c.confidence()?).ok();
    Ok(Answer::default()
        .with("mean", se.mean)
        .with("se_clt", se.se_clt)
        .with("se_bernoulli", se.se_bernoulli)
        .with("se_clustered_miller", se.se_clustered_miller)
        .with("se_cr0", se.se_cr0)
        .with("se_cr1", se.se_cr1)
        .with("ci_low", interval.map(|i| i.low))
        .with("ci_high", interval.map(|i| i.high))
        .with("design_effect", se.design_effect)
        .with("n_clusters", se.n_clusters))
}

fn run_paired_clustered(c: &Call) -> Result<Answer> {
    let se = cluster::paired_clustered_se(&c.nums("a")?, &c.nums("b")?, &c.clusters("clusters")?)?;
    Ok(Answer::default()
        .with("mean_diff", se.mean_difference)
        .with("se_paired", se.se_paired)
        .with("se_unpaired", se.se_unpaired)
        .with("se_paired_clustered", se.se_paired_clustered)
        .with("se_cr1", se.se_cr1)
        .with("correlation", se.correlation)
        .with("n_clusters", se.n_clusters)
        .with("t", se.t.map(|t| t.0))
        .with("p_value", se.t.map(|t| t.1)))
}

fn run_fisher(c: &Call) -> Result<Answer> {
    let cells = c.nums("table")?;
    let whole = |v: &f64| if *v >= 0.0 && v.fract() == 0.0 { Some(*v as u64) } else { None };
    let counts: Option<Vec<u64>> = cells.iter().map(whole).collect();
    let Some(Ok(table)) = counts.map(<[u64; 4]>::try_from) else {
        return Err(super::super::StatsError::Request(
            "`table` must be four whole counts [a, b, c, d]".into(),
        ));
    };
    let (odds_ratio, p_value) = fisher_exact(table, c.alternative()?)?;
    Ok(Answer::default().with("odds_ratio", odds_ratio).with("p_value", p_value))
}
