//! Many p-values: corrections, combinations, and what is counted after them.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::correction::{self, PartialConjunction};
use crate::error::Result;
use crate::ranking::{compact_letters, win_tie_loss};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "adjust_p",
        about: "all corrections of a family of p-values",
        input: &["p"],
        opts: &[],
        run: run_adjust,
    },
    Function {
        name: "combine_p",
        about: "Fisher's and Stouffer's combination",
        input: &["p"],
        opts: &[],
        run: run_combine,
    },
    Function {
        name: "replicability_count",
        about: "on how many benchmarks the effect holds (Dror et al. 2017)",
        input: &["p"],
        opts: &["alpha"],
        run: run_replicability,
    },
    Function {
        name: "compact_letters",
        about: "tie groups: models that share a letter do not differ",
        input: &["scores", "differs"],
        opts: &["higher_is_better"],
        run: |c| {
            let letters =
                compact_letters(&c.nums("scores")?, &c.flags("differs")?, c.direction()?)?;
            Ok(Answer::default().with("letters", letters))
        },
    },
    Function {
        name: "win_tie_loss",
        about: "benchmarks won, tied, lost",
        input: &["differences", "p"],
        opts: &["alpha"],
        run: |c| {
            let w = win_tie_loss(&c.nums("differences")?, &c.nums("p")?, c.alpha()?)?;
            Ok(Answer::default().with("win", w.win).with("tie", w.tie).with("loss", w.loss))
        },
    },
];

fn run_adjust(c: &Call) -> Result<Answer> {
    let p = c.nums("p")?;
    Ok(Answer::default()
        .with("bonferroni", correction::bonferroni(&p)?)
        .with("sidak", correction::sidak(&p)?)
        .with("holm", correction::holm(&p)?)
        .with("holm_sidak", correction::holm_sidak(&p)?)
        .with("hochberg", correction::hochberg(&p)?)
        .with("hommel", correction::hommel(&p)?)
        .with("bh", correction::benjamini_hochberg(&p)?)
        .with("by", correction::benjamini_yekutieli(&p)?))
}

fn run_combine(c: &Call) -> Result<Answer> {
    let r = correction::combine(&c.nums("p")?)?;
    Ok(Answer::default()
        .with("fisher_stat", r.fisher_stat)
        .with("fisher_p", r.fisher_p)
        .with("stouffer_z", r.stouffer.map(|s| s.0))
        .with("stouffer_p", r.stouffer.map(|s| s.1)))
}

fn run_replicability(c: &Call) -> Result<Answer> {
    let p = c.nums("p")?;
    let count = |method| correction::replicability_count(&p, c.alpha()?, method);
    Ok(Answer::default()
        .with("k_bonferroni", count(PartialConjunction::Bonferroni)?)
        .with("k_fisher", count(PartialConjunction::Fisher)?)
        .with("benchmarks", correction::replicated_benchmarks(&p, c.alpha()?)?))
}
