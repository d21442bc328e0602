//! A model with the country in its prompt, compared with the people of that country and with itself without the
//! country.

use std::collections::BTreeMap;

use eval_stats::ranking::rank_correlation;

use super::place::Position;
use crate::error::Result;

/// One country: its people, and the model with the country in its prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The cultural zone, where there is one.
    pub zone: Option<String>,
    /// Where its people stand.
    pub people: Position,
    /// Where the model stands when told the country (mean over wordings).
    pub model: Position,
}

impl Told {
    /// Distance of the model from the people.
    pub fn distance(&self) -> f64 {
        self.model.distance(self.people)
    }

    /// Whether the model is nearer than a position that it takes when not told. A tie is not nearer.
    pub fn is_nearer_than(&self, untold: Position) -> bool {
        self.distance() < untold.distance(self.people)
    }
}

/// How one axis of the model follows that of the people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Pearson correlation over countries; `None` where one side does not vary.
    pub pearson: Option<f64>,
    /// Spearman correlation; `None` where one side does not vary.
    pub spearman: Option<f64>,
    /// Mean of model - people.
    pub mean_shift: f64,
}

/// Figures over countries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToldFigures {
    /// Countries.
    pub countries: usize,
    /// Mean distance of the model from the country that it is told.
    pub mean_distance: f64,
    /// Mean distance of the untold position from the same countries.
    pub untold_distance: f64,
    /// Countries to which the model is nearer when told.
    pub nearer: usize,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl ToldFigures {
    /// The figures of two countries or more. `untold`: the model's position when it is told no country.
    ///
    /// # Errors
    /// Fewer than two countries, or a coordinate that is not finite.
    pub fn of(told: &[Told], untold: Position) -> Result<Self> {
        let axis = |of: fn(Position) -> f64| axis(told, of);
        let (x, y) = (axis(|p| p.x)?, axis(|p| p.y)?);
        let n = told.len() as f64;
        Ok(Self {
            countries: told.len(),
            mean_distance: told.iter().map(Told::distance).sum::<f64>() / n,
            untold_distance: told.iter().map(|t| untold.distance(t.people)).sum::<f64>() / n,
            nearer: told.iter().filter(|t| t.is_nearer_than(untold)).count(),
            x,
            y,
        })
    }
}

fn axis(told: &[Told], of: fn(Position) -> f64) -> Result<Axis> {
    let model: Vec<f64> = told.iter().map(|t| of(t.model)).collect();
    let people: Vec<f64> = told.iter().map(|t| of(t.people)).collect();
    let spearman = rank_correlation(&model, &people)?.spearman_rho;
    let n = told.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (m, p) = (mean(&model), mean(&people));
    let dot = |a: &[f64], ma: f64, b: &[f64], mb: f64| {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>()
    };
    let spread = (dot(&model, m, &model, m) * dot(&people, p, &people, p)).sqrt();
    let pearson = (spread > 0.0).then(|| (dot(&model, m, &people, p) / spread).clamp(-1.0, 1.0));
    Ok(Axis { pearson, spearman, mean_shift: m - p })
}

/// Countries by zone; those without one are left out.
pub fn by_zone(told: &[Told]) -> BTreeMap<&str, Vec<Told>> {
    let mut zones: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for one in told {
        if let Some(zone) = &one.zone {
            zones.entry(zone).or_default().push(one.clone());
        }
    }
    zones
}
