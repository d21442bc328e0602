//! Distribution functions.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::dist;
use crate::error::{Result, StatsError, closed_unit, positive};
use crate::studentized::studentized_range_sf;

const X: &[&str] = &["x"];
const P: &[&str] = &["p"];
const BINOMIAL: &[&str] = &["k", "n", "p"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "binom_cdf",
        about: "P(X <= k)",
        input: BINOMIAL,
        opts: &[],
        run: |c| binomial(c, dist::binom_cdf),
    },
    Function {
        name: "binom_sf",
        about: "P(X > k)",
        input: BINOMIAL,
        opts: &[],
        run: |c| binomial(c, dist::binom_sf),
    },
    Function {
        name: "binom_pmf",
        about: "P(X = k)",
        input: BINOMIAL,
        opts: &[],
        run: |c| binomial(c, |k, n, p| u64::try_from(k).map_or(0.0, |k| dist::binom_pmf(k, n, p))),
    },
    Function {
        name: "t_sf",
        about: "P(T > x)",
        input: &["x", "df"],
        opts: &[],
        run: |c| value(dist::t_sf(c.num("x")?, df(c, "df")?)),
    },
    Function {
        name: "t_cdf",
        about: "P(T <= x)",
        input: &["x", "df"],
        opts: &[],
        run: |c| value(dist::t_cdf(c.num("x")?, df(c, "df")?)),
    },
    Function {
        name: "t_ppf",
        about: "Student quantile",
        input: &["p", "df"],
        opts: &[],
        run: |c| value(dist::t_ppf(c.num("p")?, df(c, "df")?)?),
    },
    Function {
        name: "norm_sf",
        about: "P(Z > x)",
        input: X,
        opts: &[],
        run: |c| value(dist::norm_sf(c.num("x")?)),
    },
    Function {
        name: "norm_cdf",
        about: "P(Z <= x)",
        input: X,
        opts: &[],
        run: |c| value(dist::norm_cdf(c.num("x")?)),
    },
    Function {
        name: "norm_ppf",
        about: "normal quantile",
        input: P,
        opts: &[],
        run: |c| value(dist::norm_ppf(c.num("p")?)?),
    },
    Function {
        name: "chi2_sf",
        about: "P(X > x) of chi-square",
        input: &["x", "df"],
        opts: &[],
        run: |c| value(dist::chi2_sf(c.num("x")?, finite_df(c, "df")?)),
    },
    Function {
        name: "f_sf",
        about: "P(F > x)",
        input: &["x", "d1", "d2"],
        opts: &[],
        run: |c| value(dist::f_sf(c.num("x")?, finite_df(c, "d1")?, finite_df(c, "d2")?)),
    },
    Function {
        name: "beta_cdf",
        about: "regularised incomplete beta",
        input: &["x", "a", "b"],
        opts: &[],
        run: |c| value(dist::beta_cdf(c.num("x")?, c.num("a")?, c.num("b")?)?),
    },
    Function {
        name: "beta_ppf",
        about: "beta quantile",
        input: &["p", "a", "b"],
        opts: &[],
        run: |c| value(dist::beta_ppf(c.num("p")?, c.num("a")?, c.num("b")?)?),
    },
    Function {
        name: "noncentral_t_sf",
        about: "P(T > t) of the noncentral t",
        input: &["t", "df", "delta"],
        opts: &[],
        run: |c| value(dist::noncentral_t_sf(c.num("t")?, c.num("df")?, c.num("delta")?)?),
    },
    Function {
        name: "studentized_range_sf",
        about: "P(Q > q) of the studentized range",
        input: &["q", "k", "df"],
        opts: &[],
        run: |c| {
            let df = c.num_or("df", f64::INFINITY)?;
            Ok(Answer::default()
                .with("sf", studentized_range_sf(c.num("q")?, c.count("k")? as usize, df)?))
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the tail of every function of the table")]
fn value(v: f64) -> Result<Answer> {
    Ok(Answer::default().with("value", v))
}

/// Degrees of freedom above 0, infinity allowed.
fn df(c: &Call, name: &'static str) -> Result<f64> {
    let v = c.num(name)?;
    if v > 0.0 {
        Ok(v)
    } else {
        Err(StatsError::OutOfRange { argument: name, value: v, allowed: "a number above 0" })
    }
}

fn finite_df(c: &Call, name: &'static str) -> Result<f64> {
    let v = c.num(name)?;
    positive(name, v).map(|()| v)
}

fn binomial(c: &Call, f: impl Fn(i64, u64, f64) -> f64) -> Result<Answer> {
    let p = c.num("p")?;
    closed_unit("p", p)?;
    value(f(c.integer("k")?, c.count("n")?, p))
}
