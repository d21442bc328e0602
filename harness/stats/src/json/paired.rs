//! Two models on the same examples.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::error::Result;
use crate::interval::{agresti_coull, clopper_pearson, jeffreys, mean_interval, wilson};
use crate::mcnemar::{McnemarMethod, PairedTable, accuracy_difference, mcnemar, sign_test};
use crate::permutation::{cluster_permutation_mean, permutation_mean};
use crate::ttest::paired_t;
use crate::wilcoxon::{
    WilcoxonMethod, WilcoxonOptions, ZeroMethod, matched_rank_biserial, wilcoxon,
};

const TABLE: &[&str] = &["both_right", "only_a", "only_b", "both_wrong"];
const PAIR: &[&str] = &["a", "b", "differences"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "paired_table",
        about: "counts two lists of right (1) and wrong (0) on the same examples",
        input: &["a", "b"],
        opts: &[],
        run: run_table,
    },
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
];

fn run_table(c: &Call) -> Result<Answer> {
    let table = PairedTable::count(&c.rights("a")?, &c.rights("b")?)?;
    Ok(Answer::default()
        .with("both_right", table.both_right)
        .with("only_a", table.only_a)
        .with("only_b", table.only_b)
        .with("both_wrong", table.both_wrong))
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
    let result = mcnemar(&c.paired_table()?, method, c.alternative()?)?;
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

fn run_permutation(c: &Call) -> Result<Answer> {
    let method = c.permutation_method("permutation_mean")?;
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
