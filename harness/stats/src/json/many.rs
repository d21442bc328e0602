//! Several models, several benchmarks, several p-values; power; Bayesian and order statistics.

use super::super::aso::{aso, aso_confidence, violation_ratio};
use super::super::bayes::{self, DirichletOptions, PriorPlace, Rope};
use super::super::correction::{self, PartialConjunction};
use super::super::error::{Result, StatsError};
use super::super::friedman::{
    cochran_q, critical_difference, friedman, friedman_permutation, friedman_vs_control, nemenyi,
    quade,
};
use super::super::mcnemar::McnemarMethod;
use super::super::power;
use super::super::ranking::{bradley_terry, compact_letters, rank_correlation, win_tie_loss};
use super::super::studentized::nemenyi_critical_value;
use super::{Answer, Call, Function};

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
            let cd = critical_difference(size(c, "k")?, size(c, "n")?, c.num_or("alpha", 0.05)?)?;
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
        opts: HIGHER,
        run: |c| {
            let letters = compact_letters(
                &c.nums("scores")?,
                &c.flags("differs")?,
                c.flag("higher_is_better", true)?,
            )?;
            Ok(Answer::default().with("letters", letters))
        },
    },
    Function {
        name: "win_tie_loss",
        about: "benchmarks won, tied, lost",
        input: &["differences", "p"],
        opts: &["alpha"],
        run: |c| {
            let w = win_tie_loss(&c.nums("differences")?, &c.nums("p")?, c.num_or("alpha", 0.05)?)?;
            Ok(Answer::default().with("win", w.win).with("tie", w.tie).with("loss", w.loss))
        },
    },
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
                alpha(c)?,
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
                alpha(c)?,
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
                alpha(c)?,
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
                alpha(c)?,
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
            Ok(Answer::default()
                .with("mde", power::mde_t_paired(c.num("n")?, alpha(c)?, c.num_or("power", 0.8)?)?))
        },
    },
    Function {
        name: "miller_sample_size",
        about: "questions needed to see a difference (Miller 2024, eq. 9)",
        input: MILLER,
        opts: &["alpha", "power"],
        run: |c| {
            let n = design(c)?.sample_size(c.num("delta")?, alpha(c)?, c.num_or("power", 0.8)?)?;
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
                alpha(c)?,
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
                alpha(c)?,
                c.num_or("power", 0.8)?,
            )?;
            Ok(Answer::default().with("mde", mde))
        },
    },
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
                .with("confidence", aso_confidence(size(c, "num_models")?, c.confidence()?)?))
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

const MILLER: &[&str] = &["omega2", "sigma2_a", "sigma2_b", "k_a", "k_b", "delta", "n"];

fn alpha(c: &Call) -> Result<f64> {
    c.num_or("alpha", 0.05)
}

fn size(c: &Call, name: &str) -> Result<usize> {
    Ok(c.count(name)? as usize)
}

fn run_friedman(c: &Call) -> Result<Answer> {
    let f = friedman(&c.table("scores")?, c.flag("higher_is_better", true)?)?;
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
    let f = friedman(&c.table("scores")?, c.flag("higher_is_better", true)?)?;
    Ok(Answer::default()
        .with("cd_05", critical_difference(f.models, f.benchmarks, 0.05)?)
        .with("cd_10", critical_difference(f.models, f.benchmarks, 0.10)?)
        .with("p_matrix", nemenyi(&f)?)
        .with("mean_ranks", f.mean_ranks))
}

fn run_critical_value(c: &Call) -> Result<Answer> {
    let k = size(c, "k")?;
    let mut answer = Answer::default()
        .with("q_05", nemenyi_critical_value(k, 0.05)?)
        .with("q_10", nemenyi_critical_value(k, 0.10)?);
    if c.has("alpha") {
        answer = answer.with("q", nemenyi_critical_value(k, c.num("alpha")?)?);
    }
    Ok(answer)
}

fn run_control(c: &Call) -> Result<Answer> {
    let r = friedman_vs_control(
        &c.table("scores")?,
        size(c, "control")?,
        c.flag("higher_is_better", true)?,
    )?;
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
    let count = |method| correction::replicability_count(&p, alpha(c)?, method);
    Ok(Answer::default()
        .with("k_bonferroni", count(PartialConjunction::Bonferroni)?)
        .with("k_fisher", count(PartialConjunction::Fisher)?)
        .with("benchmarks", correction::replicated_benchmarks(&p, alpha(c)?)?))
}

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
        alpha(c)?,
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

fn dirichlet(c: &Call, prior: f64, name: &str) -> Result<DirichletOptions> {
    let samples = c.count_or("samples", 50_000)?;
    if samples > 1 << 32 {
        return Err(StatsError::OutOfRange {
            argument: "samples",
            value: samples as f64,
            allowed: "at most 2^32 draws",
        });
    }
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
