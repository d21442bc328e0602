//! Orders of models: abilities and rank correlations.

use super::answer::Answer;
use super::function::Function;
use crate::ranking::{bradley_terry, rank_correlation};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "bradley_terry",
        about: "abilities from a table of wins; published = to two decimals",
        input: &["wins"],
        opts: &["reference"],
        run: |c| {
            let fit = bradley_terry(&c.table("wins")?, c.count_or("reference", 0)? as usize)?;
            // As tables print them.
            let published: Vec<f64> =
                fit.log_ability.iter().map(|v| (100.0 * v).round() / 100.0).collect();
            Ok(Answer::default()
                .with("log_ability", fit.log_ability)
                .with("se", fit.se)
                .with("published", published))
        },
    },
    Function {
        name: "rank_correlation",
        about: "Kendall's tau-b and Spearman's rho",
        input: &["a", "b"],
        opts: &[],
        run: |c| {
            let r = rank_correlation(&c.nums("a")?, &c.nums("b")?)?;
            Ok(Answer::default()
                .with("kendall_tau_b", r.kendall_tau_b)
                .with("spearman_rho", r.spearman_rho))
        },
    },
];
