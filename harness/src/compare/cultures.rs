//! Cultures: whether the difference of two models depends on the culture.
//!
//! Interaction of model and culture: the statistic is the range (largest minus smallest) of the differences per culture.
//! Its null distribution, the difference being the same in all cultures, is that of the range of what the resampled
//! differences stray from the observed ones (bootstrap centred on the null hypothesis, Efron & Tibshirani 1993, section
//! 16.4). Clusters are drawn whole and all cultures from the same draw, so labels of one post stay together.

use rayon::prelude::*;

use super::comparison::Comparison;
use super::draws::Design;
use super::result::{CultureDifference, Interval, Options, PairCultures};
use crate::score::LEAST_OF_CULTURE;
use eval_stats::StatsError;
use eval_stats::descriptive::quantile_sorted;
use eval_stats::groups::max_t;
use eval_stats::metric::Needs;
use eval_stats::permutation::plus_one;

/// Resamples by culture, at most.
pub(super) const RESAMPLES: usize = 2_000;

/// As on the leaderboard.
const LEAST: usize = LEAST_OF_CULTURE as usize;

/// The cultures of a field that can be compared.
pub(super) struct Cultures {
    names: Vec<String>,
    /// Their places among all cultures of the field.
    places: Vec<usize>,
    /// Their independent examples.
    units: Vec<f64>,
    all: usize,
    left_out: Vec<String>,
}

/// What is said where no cultures can be compared.
pub(super) fn too_few() -> String {
    format!(
        "cultures are not compared: fewer than two have {LEAST} independent examples and every label"
    )
}

impl Cultures {
    /// None where there are fewer than two, or the parts of an aggregate have cultures of their own.
    pub(super) fn new(field: &Comparison, design: &Design<'_>) -> Option<Self> {
        let [part] = field.parts.as_slice() else { return None };
        let units = design.units_of_cultures();
        let defined = |culture: usize| {
            let mut gold: Vec<u32> = (part.gold.iter().zip(&part.cultures))
                .filter(|(_, c)| **c as usize == culture)
                .map(|(g, _)| *g)
                .collect();
            if field.metric.of_one_class() && !gold.contains(&part.positive) {
                return false;
            }
            gold.sort_unstable();
            gold.dedup();
            match field.counts().needs() {
                Needs::Example | Needs::Positive => !gold.is_empty(),
                Needs::EveryClass => gold.len() == part.classes,
                Needs::TwoClasses => gold.len() > 1,
            }
        };
        let (places, rest): (Vec<usize>, Vec<usize>) = (0..field.cultures.len())
            .filter(|c| units[*c] > 0)
            .partition(|c| units[*c] >= LEAST && defined(*c));
        let name = |c: &usize| field.cultures[*c].clone();
        (places.len() >= 2).then(|| Self {
            names: places.iter().map(name).collect(),
            left_out: rest.iter().map(name).collect(),
            units: places.iter().map(|c| units[*c] as f64).collect(),
            places,
            all: field.cultures.len(),
        })
    }

    /// Which cultures are left out.
    pub(super) fn note(&self) -> Option<String> {
        (!self.left_out.is_empty()).then(|| {
            format!(
                "not in the comparison of cultures (fewer than {LEAST} independent examples, or a label that does not occur): {}",
                self.left_out.join(", ")
            )
        })
    }

    /// `observed` and each of `draws` hold `[model * cultures + culture]`.
    pub(super) fn examine(
        &self,
        observed: &[f64],
        draws: &[&[f64]],
        pairs: &[(usize, usize)],
        options: &Options,
    ) -> Result<Vec<PairCultures>, StatsError> {
        let of = |values: &[f64], model: usize| -> Vec<f64> {
            self.places.iter().map(|place| values[model * self.all + place]).collect()
        };
        let mut found: Vec<PairCultures> = pairs
            .par_iter()
            .map(|&(a, b)| {
                let minus = |values: &[f64]| -> Vec<f64> {
                    of(values, a).iter().zip(of(values, b)).map(|(x, y)| x - y).collect()
                };
                let drawn: Vec<Vec<f64>> = draws
                    .iter()
                    .map(|d| minus(d))
                    .filter(|d| d.iter().all(|v| v.is_finite()))
                    .collect();
                self.pair(&minus(observed), &drawn, options)
            })
            .collect();
        self.hold_at_once(&mut found, draws, pairs, options)?;
        let p: Vec<f64> = found.iter().map(|f| f.p_interaction).collect();
        for (pair, corrected) in found.iter_mut().zip(options.correction.adjust(&p)?) {
            pair.p_corrected = corrected;
        }
        Ok(found)
    }

    /// Adds the intervals that hold for all cultures and pairs at once (max-t).
    fn hold_at_once(
        &self,
        found: &mut [PairCultures],
        draws: &[&[f64]],
        pairs: &[(usize, usize)],
        options: &Options,
    ) -> Result<(), StatsError> {
        let observed: Vec<f64> =
            found.iter().flat_map(|f| f.differences.iter().map(|d| d.difference)).collect();
        if observed.is_empty() {
            return Ok(());
        }
        let units = self.units.repeat(pairs.len());
        let drawn = |draw: usize, place: usize| {
            let ((a, b), culture) =
                (pairs[place / self.places.len()], self.places[place % self.places.len()]);
            draws[draw][a * self.all + culture] - draws[draw][b * self.all + culture]
        };
        let ends = max_t(&observed, &units, draws.len(), drawn, options.confidence)?;
        let all = found.iter_mut().flat_map(|f| &mut f.differences);
        for (difference, (low, high)) in all.zip(ends) {
            difference.simultaneous = Some(Interval { low, high });
        }
        Ok(())
    }

    fn pair(&self, observed: &[f64], drawn: &[Vec<f64>], options: &Options) -> PairCultures {
        let observed_range = range(observed);
        let hits = drawn
            .iter()
            .filter(|d| {
                let strayed: Vec<f64> = d.iter().zip(observed).map(|(x, y)| x - y).collect();
                range(&strayed) >= observed_range - 1e-12
            })
            .count();
        let p = plus_one(hits, drawn.len());
        let differences = (self.names.iter().zip(observed).enumerate())
            .map(|(c, (name, difference))| {
                let of_culture: Vec<f64> = drawn.iter().map(|d| d[c]).collect();
                let Interval { low, high } = if of_culture.is_empty() {
                    Interval { low: *difference, high: *difference }
                } else {
                    ends(of_culture, options.confidence)
                };
                CultureDifference {
                    culture: name.clone(),
                    difference: *difference,
                    low,
                    high,
                    simultaneous: None,
                }
            })
            .collect();
        PairCultures {
            differences,
            range: observed_range,
            p_interaction: p,
            p_corrected: p,
            method: format!(
                "range of the differences per culture, null-centred cluster bootstrap, R = {}",
                drawn.len()
            ),
        }
    }
}

fn range(values: &[f64]) -> f64 {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |t, v| (t.0.min(*v), t.1.max(*v)));
    high - low
}

fn ends(mut values: Vec<f64>, confidence: f64) -> Interval {
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Interval { low: quantile_sorted(&values, tail), high: quantile_sorted(&values, 1.0 - tail) }
}
