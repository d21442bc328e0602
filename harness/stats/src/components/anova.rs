//! Mean squares and variance components of a balanced design whose factors are crossed or nested.

use super::total::{Source, Uncertainty};
use crate::descriptive::mean;
use crate::error::{Result, StatsError, finite};

/// A random factor: seeds, clusters of examples, prompt wordings, orders, folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// How many levels were drawn (inside each level of the factor that it is nested in).
    pub levels: usize,
    /// Position of the factor that it is nested in: folds within seeds.
    pub within: Option<usize>,
}

/// One effect of the design: a factor, or an interaction of factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Names of its factors, the nesting ones included.
    pub factors: Vec<String>,
    /// Degrees of freedom.
    pub df: f64,
    /// Mean square.
    pub mean_square: f64,
    /// Estimated variance component. It may be negative where the truth is close to 0.
    pub variance: f64,
    /// What the component adds to the variance of the grand mean: `variance` over the number of its levels, at least 0.
    pub of_mean: f64,
    /// Its share of the sum of all `of_mean`.
    pub share: f64,
}

/// A design taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// Grand mean.
    pub mean: f64,
    /// Every effect; the last one holds the residual.
    pub components: Vec<Component>,
    /// Uncertainty of the grand mean when all factors are drawn again.
    pub uncertainty: Uncertainty,
}

/// Takes `values` apart: one a combination of levels, in the order of `factors` with the last one running fastest.
///
/// A mean square is the sum of squares of an effect's deviations over its degrees of freedom; its expectation is the sum of
/// all components that contain the effect, each times the number of values at one of its levels. Solved from the highest
/// interaction down (Searle, Casella & McCulloch 1992, chapter 4). The variance of the grand mean is the unbiased sum of
/// mean squares with the signs of inclusion and exclusion: for two crossed factors `(MS_a + MS_b - MS_ab) / N`.
///
/// # Errors
/// No factor, more than six, a factor with fewer than two levels or nested in one that is not before it, a number of
/// values that is not the product of the levels, or NaN.
pub fn decompose(values: &[f64], factors: &[Factor]) -> Result<Decomposition> {
    check(values, factors)?;
    let effects = effects(factors);
    let n = values.len() as f64;
    let levels = |effect: u32| -> f64 {
        members(factors, effect).map(|f| factors[f].levels as f64).product()
    };
    let squares: Vec<(f64, f64)> =
        effects.iter().map(|e| mean_square(values, factors, *e)).collect();
    let mut variances = vec![0.0; effects.len()];
    for place in (0..effects.len()).rev() {
        let higher: f64 = (place + 1..effects.len())
            .filter(|h| effects[*h] & effects[place] == effects[place])
            .map(|h| variances[h] * n / levels(effects[h]))
            .sum();
        variances[place] = (squares[place].0 - higher) * levels(effects[place]) / n;
    }
    let of_mean: Vec<f64> =
        effects.iter().zip(&variances).map(|(e, v)| (v / levels(*e)).max(0.0)).collect();
    let whole: f64 = of_mean.iter().sum();
    let components = (effects.iter().enumerate())
        .map(|(i, effect)| Component {
            factors: members(factors, *effect).map(|f| factors[f].name.clone()).collect(),
            df: squares[i].1,
            mean_square: squares[i].0,
            variance: variances[i],
            of_mean: of_mean[i],
            share: if whole > 0.0 { of_mean[i] / whole } else { 0.0 },
        })
        .collect();
    Ok(Decomposition {
        mean: mean(values),
        components,
        uncertainty: of_grand_mean(&effects, &squares, n)?,
    })
}

fn check(values: &[f64], factors: &[Factor]) -> Result<()> {
    finite("values", values, 2)?;
    if factors.is_empty() || factors.len() > 6 {
        return Err(StatsError::Request(format!("{} factors: give one to six", factors.len())));
    }
    for (place, factor) in factors.iter().enumerate() {
        if factor.levels < 2 {
            return Err(StatsError::Request(format!(
                "factor `{}` has {} level(s): nothing can be learnt of its spread; leave it out or give two levels",
                factor.name, factor.levels
            )));
        }
        if factor.within.is_some_and(|parent| parent >= place) {
            return Err(StatsError::Request(format!(
                "factor `{}` is nested in a factor that is not listed before it",
                factor.name
            )));
        }
    }
    let product: usize = factors.iter().map(|f| f.levels).product();
    if product == values.len() {
        return Ok(());
    }
    Err(StatsError::Request(format!(
        "`values` has {} values, and the levels of the factors multiply to {product}: give one for each combination",
        values.len()
    )))
}

fn members(factors: &[Factor], effect: u32) -> impl Iterator<Item = usize> {
    (0..factors.len()).filter(move |f| effect >> f & 1 == 1)
}

/// Sets of factors that hold the nesting factor of each of their members, small sets first.
fn effects(factors: &[Factor]) -> Vec<u32> {
    let closed = |set: &u32| {
        members(factors, *set)
            .all(|f| factors[f].within.is_none_or(|parent| set >> parent & 1 == 1))
    };
    let mut sets: Vec<u32> = (1..1_u32 << factors.len()).filter(closed).collect();
    sets.sort_by_key(|set| (set.count_ones(), *set));
    sets
}

/// Mean square and degrees of freedom of one effect: averaged over the factors outside it, as deviations along those inside.
fn mean_square(values: &[f64], factors: &[Factor], effect: u32) -> (f64, f64) {
    let inside = |f: usize| effect >> f & 1 == 1;
    let nests = |f: usize| members(factors, effect).any(|child| factors[child].within == Some(f));
    let mut left = values.to_vec();
    let mut df = 1.0;
    let mut inner = values.len();
    for (f, factor) in factors.iter().enumerate() {
        // Values of one level of this factor within one level of those before it.
        inner /= factor.levels;
        let levels = factor.levels as f64;
        match (inside(f), nests(f)) {
            (true, true) => {
                df *= levels;
                continue;
            }
            (true, false) => df *= levels - 1.0,
            (false, _) => {}
        }
        for block in left.chunks_exact_mut(inner * factor.levels) {
            for place in 0..inner {
                let centre = block.iter().skip(place).step_by(inner).sum::<f64>() / levels;
                for value in block.iter_mut().skip(place).step_by(inner) {
                    *value = if inside(f) { *value - centre } else { centre };
                }
            }
        }
    }
    // An averaged factor repeats its mean at each level, so that the sum over all places is the sum of squares.
    (left.iter().map(|v| v * v).sum::<f64>() / df, df)
}

/// The uncertainty of the grand mean: mean squares by inclusion and exclusion. What is subtracted has been counted by the
/// member of the interaction with the fewest levels.
fn of_grand_mean(effects: &[u32], squares: &[(f64, f64)], n: f64) -> Result<Uncertainty> {
    let mut signs: Vec<f64> = vec![0.0; effects.len()];
    for place in 0..effects.len() {
        let within = |lower: &usize| effects[*lower] & effects[place] == effects[*lower];
        signs[place] = 1.0 - (0..place).filter(within).map(|l| signs[l]).sum::<f64>();
    }
    let mut sources: Vec<Option<Source>> = (squares.iter().zip(&signs))
        .map(|((ms, df), sign)| (*sign > 0.5).then(|| Source::alone(sign * ms / n, *df)))
        .collect();
    for (place, sign) in signs.iter().enumerate().filter(|(_, sign)| **sign < -0.5) {
        let lower = (0..place)
            .filter(|l| effects[*l] & effects[place] == effects[*l] && sources[*l].is_some());
        let few = lower.min_by(|a, b| squares[*a].1.total_cmp(&squares[*b].1));
        if let Some(source) = few.and_then(|few| sources[few].as_mut()) {
            source.counted += -sign * squares[place].0 / n;
        }
    }
    Uncertainty::of(&sources.into_iter().flatten().collect::<Vec<_>>())
}
