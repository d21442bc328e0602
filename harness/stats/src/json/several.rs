//! Several models over benchmarks or examples: rank tests and Cochran's Q.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::error::Result;
use crate::friedman::{
    cochran_q, critical_difference, friedman, friedman_permutation, friedman_vs_control, nemenyi,
    quade,
};
use crate::studentized::nemenyi_critical_value;

const SCORES: &[&str] = &["scores"];
const HIGHER: &[&str] = &["higher_is_better"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "friedman",
        about: "Friedman and Iman-Davenport; rows = benchmarks",
        input: SCORES,
        opts: HIGHER,
        run: run_friedman,
    },
    Function {
        name: "friedman_permutation",
        about: "Friedman's test by permutation within benchmarks: holds its level with few benchmarks",
        input: SCORES,
        opts: &["resamples", "seed"],
        run: |c| {
            let p =
                friedman_permutation(&c.table("scores")?, c.resamples()?, &c.stream("friedman")?)?;
            Ok(Answer::default().with("p_value", p))
        },
    },
    Function {
        name: "nemenyi",
        about: "Nemenyi's critical differences and p-values",
        input: SCORES,
        opts: HIGHER,
        run: run_nemenyi,
    },
    Function {
        name: "nemenyi_critical_value",
        about: "studentized range at infinite df over sqrt 2",
        input: &["k", "alpha"],
        opts: &[],
        run: run_critical_value,
    },
    Function {
        name: "critical_difference",
        about: "Nemenyi's critical difference of mean ranks",
        input: &["k", "n"],
        opts: &["alpha"],
        run: |c| {
            let cd = critical_difference(c.size("k")?, c.size("n")?, c.alpha()?)?;
            Ok(Answer::default().with("cd", cd))
        },
    },
    Function {
        name: "friedman_vs_control",
        about: "every model against one baseline by Friedman ranks",
        input: &["scores", "control"],
        opts: HIGHER,
        run: run_control,
    },
    Function {
        name: "quade",
        about: "Quade's test; rows = benchmarks",
        input: SCORES,
        opts: &[],
        run: run_quade,
    },
    Function {
        name: "cochran_q",
        about: "several accuracies on the same examples; rows = examples",
        input: &["correct"],
        opts: &[],
        run: run_cochran,
    },
];

fn run_friedman(c: &Call) -> Result<Answer> {
    let f = friedman(&c.table("scores")?, c.direction()?)?;
    Ok(Answer::default()
        .with("mean_ranks", f.mean_ranks)
        .with("chi2", f.chi2)
        .with("chi2_no_tie_correction", f.chi2_no_tie_correction)
        .with("df", f.df)
        .with("p_value", f.p_value)
        .with("iman_davenport_f", f.iman_davenport_f)
        .with("iman_davenport_p", f.iman_davenport_p)
        .with("iman_davenport_f_no_tie_correction", f.iman_davenport_f_no_tie_correction)
        .with("kendall_w", f.kendall_w))
}

fn run_nemenyi(c: &Call) -> Result<Answer> {
    let f = friedman(&c.table("scores")?, c.direction()?)?;
    Ok(Answer::default()
        .with("cd_05", critical_difference(f.models, f.benchmarks, 0.05)?)
        .with("cd_10", critical_difference(f.models, f.benchmarks, 0.10)?)
        .with("p_matrix", nemenyi(&f)?)
        .with("mean_ranks", f.mean_ranks))
}

fn run_critical_value(c: &Call) -> Result<Answer> {
    let k = c.size("k")?;
    let mut answer = Answer::default()
        .with("q_05", nemenyi_critical_value(k, 0.05)?)
        .with("q_10", nemenyi_critical_value(k, 0.10)?);
    if c.has("alpha") {
        answer = answer.with("q", nemenyi_critical_value(k, c.num("alpha")?)?);
    }
    Ok(answer)
}

fn run_control(c: &Call) -> Result<Answer> {
    let r = friedman_vs_control(&c.table("scores")?, c.size("control")?, c.direction()?)?;
    Ok(Answer::default()
        .with("others", r.others)
        .with("z", r.z)
        .with("p", r.p)
        .with("p_holm", r.p_holm)
        .with("p_hochberg", r.p_hochberg)
        .with("p_bonferroni", r.p_bonferroni)
        .with("cd_05", r.cd_05)
        .with("cd_10", r.cd_10))
}

fn run_quade(c: &Call) -> Result<Answer> {
    let q = quade(&c.table("scores")?)?;
    Ok(Answer::default()
        .with("statistic", q.statistic)
        .with("df_numerator", q.df_numerator)
        .with("df_denominator", q.df_denominator)
        .with("p_value", q.p_value))
}

fn run_cochran(c: &Call) -> Result<Answer> {
    let q = cochran_q(&c.flags("correct")?)?;
    Ok(Answer::default().with("statistic", q.statistic).with("df", q.df).with("p_value", q.p_value))
}
