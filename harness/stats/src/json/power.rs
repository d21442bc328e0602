//! Power, minimum detectable effects, sample sizes.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::error::Result;
use crate::mcnemar::McnemarMethod;
use crate::power;

const MILLER: &[&str] = &["omega2", "sigma2_a", "sigma2_b", "k_a", "k_b", "delta", "n"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "power_mcnemar_exact",
        about: "unconditional power of McNemar's exact (or mid-p) test",
        input: &["p_only_a", "p_only_b", "n"],
        opts: &["alpha", "method"],
        run: run_power_mcnemar,
    },
    Function {
        name: "power_ttest_paired",
        about: "power of the paired t test",
        input: &["effect_dz", "n"],
        opts: &["alpha", "alternative"],
        run: |c| {
            let p = power::power_t_paired(
                c.num("effect_dz")?,
                c.num("n")?,
                c.alpha()?,
                c.alternative()?,
            )?;
            Ok(Answer::default().with("power", p))
        },
    },
    Function {
        name: "power_ttest_ind",
        about: "power of the two-sample t test",
        input: &["effect_d", "n_per_group"],
        opts: &["alpha", "alternative", "strict"],
        run: |c| {
            let p = power::power_t_independent(
                c.num("effect_d")?,
                c.num("n_per_group")?,
                c.alpha()?,
                c.alternative()?,
                c.flag("strict", false)?,
            )?;
            Ok(Answer::default().with("power", p))
        },
    },
    Function {
        name: "sample_size_ttest_ind",
        about: "examples a group for a two-sample t test",
        input: &["effect_d", "power"],
        opts: &["alpha", "alternative", "strict"],
        run: |c| {
            let n = power::sample_size_t_independent(
                c.num("effect_d")?,
                c.num("power")?,
                c.alpha()?,
                c.alternative()?,
                c.flag("strict", false)?,
            )?;
            Ok(Answer::default().with("n", n))
        },
    },
    Function {
        name: "sample_size_ttest_paired",
        about: "examples for a paired t test",
        input: &["effect_dz", "power"],
        opts: &["alpha", "alternative"],
        run: |c| {
            let n = power::sample_size_t_paired(
                c.num("effect_dz")?,
                c.num_or("power", 0.8)?,
                c.alpha()?,
                c.alternative()?,
            )?;
            Ok(Answer::default().with("n", n))
        },
    },
    Function {
        name: "mde_ttest_paired",
        about: "smallest d_z a paired t test detects",
        input: &["n"],
        opts: &["alpha", "power"],
        run: |c| {
            Ok(Answer::default().with(
                "mde",
                power::mde_t_paired(c.num("n")?, c.alpha()?, c.num_or("power", 0.8)?)?,
            ))
        },
    },
    Function {
        name: "miller_sample_size",
        about: "questions needed to see a difference (Miller 2024, eq. 9)",
        input: MILLER,
        opts: &["alpha", "power"],
        run: |c| {
            let n = design(c)?.sample_size(c.num("delta")?, c.alpha()?, c.num_or("power", 0.8)?)?;
            Ok(Answer::default().with("n", n))
        },
    },
    Function {
        name: "miller_mde",
        about: "difference that n questions detect (Miller 2024)",
        input: MILLER,
        opts: &["alpha", "power"],
        run: |c| {
            let mde = design(c)?.minimum_detectable_effect(
                c.num("n")?,
                c.alpha()?,
                c.num_or("power", 0.8)?,
            )?;
            Ok(Answer::default().with("mde", mde))
        },
    },
    Function {
        name: "mde_mcnemar",
        about: "smallest accuracy difference McNemar's test detects",
        input: &["n", "discordant_rate"],
        opts: &["alpha", "power"],
        run: |c| {
            let mde = power::mde_mcnemar(
                c.num("n")?,
                c.num("discordant_rate")?,
                c.alpha()?,
                c.num_or("power", 0.8)?,
            )?;
            Ok(Answer::default().with("mde", mde))
        },
    },
    Function {
        name: "mde_mcnemar_mid_p",
        about: "the same by the exact power of the mid-p test, up to 300 expected discordant examples",
        input: &["n", "discordant_rate"],
        opts: &["alpha", "power"],
        run: |c| {
            let mde = power::mde_mcnemar_mid_p(
                c.num("n")?,
                c.num("discordant_rate")?,
                c.alpha()?,
                c.num_or("power", 0.8)?,
            )?;
            Ok(Answer::default().with("mde", mde))
        },
    },
];

fn run_power_mcnemar(c: &Call) -> Result<Answer> {
    let method = c.choice(
        "method",
        McnemarMethod::Exact,
        &[("exact", McnemarMethod::Exact), ("mid-p", McnemarMethod::MidP)],
    )?;
    let p = power::power_mcnemar(
        c.num("p_only_a")?,
        c.num("p_only_b")?,
        c.count("n")?,
        c.alpha()?,
        method,
    )?;
    Ok(Answer::default().with("power", p))
}

fn design(c: &Call) -> Result<power::MillerDesign> {
    Ok(power::MillerDesign {
        omega2: c.num("omega2")?,
        sigma2_a: c.num_or("sigma2_a", 0.0)?,
        k_a: c.num_or("k_a", 1.0)?,
        sigma2_b: c.num_or("sigma2_b", 0.0)?,
        k_b: c.num_or("k_b", 1.0)?,
    })
}
