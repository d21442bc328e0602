//! Effect sizes, clustered standard errors, equivalence, and Fisher's test.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::cluster;
use crate::equivalence::{non_inferior_accuracy, tost_accuracy};
use crate::error::{Result, StatsError};
use crate::mcnemar::fisher_exact;
use crate::ttest::{Tost, cohens_h, independent_effect, tost_paired};

pub(super) const FUNCTIONS: &[Function] = &[
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
        name: "non_inferior_accuracy",
        about: "is accuracy A not worse than accuracy B by the margin? one-sided score test",
        input: &["both_right", "only_a", "only_b", "both_wrong", "margin"],
        opts: &[],
        run: |c| {
            let test = non_inferior_accuracy(&c.paired_table()?, c.num("margin")?)?;
            Ok(Answer::default()
                .with("p_value", test.p_value)
                .with("z", test.z)
                .with("diff", test.difference))
        },
    },
    Function {
        name: "fisher_exact",
        about: "Fisher's exact test of a 2 x 2 table [a, b, c, d]",
        input: &["table"],
        opts: &["alternative"],
        run: run_fisher,
    },
];

fn tost(result: &Tost) -> Answer {
    Answer::default()
        .with("p_value", result.p_value)
        .with("p_lower", result.p_lower)
        .with("p_upper", result.p_upper)
        .with("mean_diff", result.mean_difference)
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
    let interval = cluster::clustered_mean_interval(&scores, &clusters, c.confidence()?)?;
    Ok(Answer::default()
        .with("mean", se.mean)
        .with("se_clt", se.se_clt)
        .with("se_bernoulli", se.se_bernoulli)
        .with("se_clustered_miller", se.se_clustered_miller)
        .with("se_cr0", se.se_cr0)
        .with("se_cr1", se.se_cr1)
        .with("ci_low", interval.low)
        .with("ci_high", interval.high)
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
        return Err(StatsError::Request("`table` must be four whole counts [a, b, c, d]".into()));
    };
    let (odds_ratio, p_value) = fisher_exact(table, c.alternative()?)?;
    Ok(Answer::default().with("odds_ratio", odds_ratio).with("p_value", p_value))
}
