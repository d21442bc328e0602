//! Almost stochastic order and Bayesian comparisons.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::aso::{aso, aso_confidence, violation_ratio};
use crate::bayes::{self, DirichletOptions, PriorPlace, Rope};
use crate::error::Result;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "aso_violation_ratio",
        about: "share of the quantile distance on which A lies below B",
        input: &["a", "b"],
        opts: &[],
        run: |c| {
            Ok(Answer::default()
                .with("violation_ratio", violation_ratio(&c.nums("a")?, &c.nums("b")?)?))
        },
    },
    Function {
        name: "aso",
        about: "almost stochastic order: eps_min",
        input: &["a", "b"],
        opts: &["confidence", "bootstrap", "seed"],
        run: |c| {
            let resamples = c.count_or("bootstrap", 1000)? as usize;
            let r =
                aso(&c.nums("a")?, &c.nums("b")?, c.confidence()?, resamples, &c.stream("aso")?)?;
            Ok(Answer::default()
                .with("eps_min", r.eps_min)
                .with("violation_ratio", r.violation_ratio)
                .with("too_few", r.too_few))
        },
    },
    Function {
        name: "aso_confidence",
        about: "confidence of each comparison among k models",
        input: &["num_models"],
        opts: &["confidence", "correction"],
        run: |c| {
            c.choice("correction", (), &[("bonferroni", ())])?;
            Ok(Answer::default()
                .with("confidence", aso_confidence(c.size("num_models")?, c.confidence()?)?))
        },
    },
    Function {
        name: "bayes_correlated_ttest",
        about: "posterior of the mean difference over cross-validation folds, with ROPE",
        input: &["x", "y"],
        opts: &["rope", "runs"],
        run: |c| {
            Ok(rope(bayes::correlated_t(
                &c.nums("x")?,
                &c.nums("y")?,
                c.num_or("rope", 0.0)?,
                c.num_or("runs", 1.0)?,
            )?))
        },
    },
    Function {
        name: "bayes_sign_test",
        about: "Bayesian sign test over benchmarks, with ROPE",
        input: &["x", "y"],
        opts: &["rope", "prior", "prior_place", "samples", "seed"],
        run: |c| {
            let place = c.choice(
                "prior_place",
                PriorPlace::Rope,
                &[
                    ("rope", PriorPlace::Rope),
                    ("left", PriorPlace::Left),
                    ("right", PriorPlace::Right),
                ],
            )?;
            Ok(rope(bayes::sign_test(
                &c.nums("x")?,
                &c.nums("y")?,
                place,
                &dirichlet(c, 1.0, "bayes_sign_test")?,
            )?))
        },
    },
    Function {
        name: "bayes_signed_rank",
        about: "Bayesian signed-rank test over benchmarks, with ROPE",
        input: &["x", "y"],
        opts: &["rope", "prior", "samples", "seed"],
        run: |c| {
            Ok(rope(bayes::signed_rank(
                &c.nums("x")?,
                &c.nums("y")?,
                &dirichlet(c, 0.5, "bayes_signed_rank")?,
            )?))
        },
    },
];

fn dirichlet(c: &Call, prior: f64, name: &str) -> Result<DirichletOptions> {
    let samples = c.count_or("samples", 50_000)?;
    Ok(DirichletOptions {
        rope: c.num_or("rope", 0.0)?,
        prior: c.num_or("prior", prior)?,
        samples: samples as usize,
        stream: c.stream(name)?,
    })
}

fn rope(r: Rope) -> Answer {
    Answer::default().with("p_left", r.p_left).with("p_rope", r.p_rope).with("p_right", r.p_right)
}
