//! Variance components, the mixed t test, and the planner.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::components::{
    Component, Crossed, Design, Factor, Family, Wanted, decompose, noncentrality, plan,
};
use crate::error::{Result, StatsError, rectangular, same_length};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "variance_components",
        about: "components of a crossed or nested design, and the variance of its mean",
        input: &["values", "factors", "levels", "within"],
        opts: &["confidence"],
        run: variance_components,
    },
    Function {
        name: "mixed_t",
        about: "t test of two models over seeds (rows) and examples (columns)",
        input: &["a", "b", "clusters"],
        opts: &["confidence"],
        run: mixed_t,
    },
    Function {
        name: "plan",
        about: "clusters of examples and seeds that find a difference between two models",
        input: &["difference", "cluster_variance", "seed_variance", "interaction_variance"],
        opts: &["power", "alpha", "models", "baseline", "seeds", "examples_per_cluster"],
        run: planned,
    },
    Function {
        name: "t_noncentrality",
        about: "standard errors that a difference must have for the t test to find it",
        input: &["df"],
        opts: &["alpha", "power"],
        run: |c| {
            let power = c.num_or("power", 0.8)?;
            let found = noncentrality(c.num("df")?, c.alpha()?, power)?;
            Ok(Answer::default().with("noncentrality", found))
        },
    },
];

/// The factors of a design; what is nested says in which one.
fn factors(c: &Call) -> Result<Vec<Factor>> {
    let names = c.words("factors")?;
    let levels = c.nums("levels")?;
    same_length("factors", names.len(), "levels", levels.len())?;
    let within =
        if c.has("within") { c.nums("within")? } else { vec![f64::NAN; names.len()].into() };
    same_length("factors", names.len(), "within", within.len())?;
    let factor = |((name, levels), within): ((String, &f64), &f64)| Factor {
        name,
        levels: *levels as usize,
        within: (!within.is_nan()).then_some(*within as usize),
    };
    Ok(names.into_iter().zip(levels.iter()).zip(within.iter()).map(factor).collect())
}

fn variance_components(c: &Call) -> Result<Answer> {
    let factors = factors(c)?;
    let found = decompose(&c.nums("values")?, &factors)?;
    let half = found.uncertainty.half_width(c.confidence()?)?;
    let of = |value: &dyn Fn(&Component) -> f64| -> Vec<f64> {
        found.components.iter().map(value).collect()
    };
    let effects: Vec<String> = found.components.iter().map(|c| c.factors.join(" x ")).collect();
    Ok(Answer::default()
        .with("mean", found.mean)
        .with("se", found.uncertainty.standard_error())
        .with("df", found.uncertainty.df)
        .with("ci_low", found.mean - half)
        .with("ci_high", found.mean + half)
        .with("effects", effects)
        .with("effect_df", of(&|c| c.df))
        .with("mean_squares", of(&|c| c.mean_square))
        .with("variances", of(&|c| c.variance))
        .with("shares", of(&|c| c.share)))
}

/// A model's seeds as scores and influences of clusters on their mean: sums of deviations over the number of examples.
fn crossed(rows: &[Vec<f64>], clusters: &[u32], count: usize) -> Result<Crossed> {
    let n = clusters.len() as f64;
    let scores: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / n).collect();
    let influence: Vec<Vec<f64>> = (rows.iter().zip(&scores))
        .map(|(row, score)| {
            let mut own = vec![0.0; count];
            for (value, cluster) in row.iter().zip(clusters) {
                own[*cluster as usize] += (value - score) / n;
            }
            own
        })
        .collect();
    Crossed::new(&scores, &influence, &[count])
}

fn mixed_t(c: &Call) -> Result<Answer> {
    let (a, b) = (c.table("a")?, c.table("b")?);
    let n = rectangular("a", &a, 1)?;
    same_length("a", n, "b", rectangular("b", &b, 1)?)?;
    let clusters =
        if c.has("clusters") { c.clusters("clusters")? } else { (0..n as u32).collect() };
    same_length("a", n, "clusters", clusters.len())?;
    let count = clusters.iter().max().map_or(0, |m| *m as usize + 1);
    let models = [crossed(&a, &clusters, count)?, crossed(&b, &clusters, count)?];
    let difference = models[0].score - models[1].score;
    let family = Family::new(models.to_vec(), &[count])?;
    let found = family.difference(0, 1)?;
    let Some(p) = found.total.p_value(difference) else {
        return Err(StatsError::Degenerate {
            what: "the differences do not vary",
            remedy: "give more examples or seeds",
        });
    };
    let half = found.total.half_width(c.confidence()?)?;
    Ok(Answer::default()
        .with("difference", difference)
        .with("se", found.total.standard_error())
        .with("df", found.total.df)
        .with("p_value", p)
        .with("ci_low", difference - half)
        .with("ci_high", difference + half)
        .with("variance_examples", found.examples)
        .with("variance_seeds", found.seeds))
}

fn planned(c: &Call) -> Result<Answer> {
    let design = Design {
        clusters: c.num("cluster_variance")?,
        seeds: c.num_or("seed_variance", 0.0)?,
        seeds_by_clusters: c.num_or("interaction_variance", 0.0)?,
    };
    let models = c.num_or("models", 2.0)?;
    let pairs =
        if c.flag("baseline", false)? { models - 1.0 } else { models * (models - 1.0) / 2.0 };
    let wanted = Wanted {
        difference: c.num("difference")?,
        power: c.num_or("power", 0.8)?,
        alpha: c.alpha()?,
        pairs,
        models,
    };
    let seeds: Vec<u32> = if c.has("seeds") {
        c.nums("seeds")?.iter().map(|s| *s as u32).collect()
    } else {
        vec![1, 2, 3, 5, 10]
    };
    let size = c.num_or("examples_per_cluster", 1.0)?;
    let plans = plan(&design, &wanted, &seeds)?;
    let clusters: Vec<Option<u64>> = plans.iter().map(|p| p.clusters).collect();
    let examples: Vec<Option<u64>> =
        clusters.iter().map(|n| n.map(|n| (n as f64 * size).ceil() as u64)).collect();
    Ok(Answer::default()
        .with("pairs", pairs)
        .with("alpha_of_first_step", wanted.alpha / pairs)
        .with("seeds", plans.iter().map(|p| u64::from(p.seeds)).collect::<Vec<_>>())
        .with("clusters", clusters)
        .with("examples", examples))
}
