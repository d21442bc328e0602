//! Positions, places of countries, distances.

use serde::{Deserialize, Serialize};

use crate::error::{Result, ScoreError};
use crate::facts::{Best, Chance, Facts, Unit};

/// A point of the map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Survival (low) to self-expression (high).
    pub x: f64,
    /// Traditional (low) to secular-rational (high).
    pub y: f64,
}

impl Position {
    /// Euclidean distance, in units of the map.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// Where the people of a country stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The country.
    pub name: String,
    /// Its cultural zone, where there is one.
    pub zone: Option<String>,
    /// Its position.
    #[serde(flatten)]
    pub position: Position,
}

/// Distance on the map: mean over the countries (not told which one), or to the country that was told. The map is some 5
/// units wide.
pub const DISTANCE: Facts = Facts {
    name: "distance",
    unit: Unit::MapUnits,
    range: (0.0, f64::INFINITY),
    best: Best::Lowest,
    chance: Chance::OfData,
    source: "Tao et al. 2024, PNAS Nexus 3, pgae346",
};

/// Share of countries to which a model is nearer when told the country than when not.
pub const NEARER: Facts = Facts {
    name: "nearer",
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    best: Best::Highest,
    chance: Chance::Value(0.5),
    source: "Tao et al. 2024, PNAS Nexus 3, pgae346",
};

/// Mean of positions: the position of the mean answers, since the map is affine. `None` of none.
pub fn mean_position(positions: &[Position]) -> Option<Position> {
    let n = positions.len() as f64;
    (n > 0.0).then(|| Position {
        x: positions.iter().map(|p| p.x).sum::<f64>() / n,
        y: positions.iter().map(|p| p.y).sum::<f64>() / n,
    })
}

/// Standard deviation of each axis over positions (of wordings), divided by n - 1. `None` of fewer than two.
pub fn sd_over(positions: &[Position]) -> Option<Position> {
    let mean = mean_position(positions).filter(|_| positions.len() > 1)?;
    let free = positions.len() as f64 - 1.0;
    let sd = |square: &dyn Fn(&Position) -> f64| {
        (positions.iter().map(square).sum::<f64>() / free).sqrt()
    };
    Some(Position { x: sd(&|p| (p.x - mean.x).powi(2)), y: sd(&|p| (p.y - mean.y).powi(2)) })
}

/// Mean distance from a position to all places. `None` if there are none.
///
/// Standing still in the middle of the countries is a strong line: print it.
pub fn mean_distance(from: Position, places: &[Place]) -> Option<f64> {
    let sum = places.iter().map(|place| from.distance(place.position)).sum::<f64>();
    crate::ratio::ratio(sum, places.len() as f64)
}

/// The places nearest to a position, the nearest first; of equally near ones the first in the list.
pub fn nearest(from: Position, places: &[Place], most: usize) -> Vec<&Place> {
    let mut sorted: Vec<&Place> = places.iter().collect();
    sorted.sort_by(|a, b| from.distance(a.position).total_cmp(&from.distance(b.position)));
    sorted.truncate(most);
    sorted
}

/// The place of a country.
///
/// # Errors
/// There is none of that name.
pub fn place<'a>(name: &str, places: &'a [Place]) -> Result<&'a Place> {
    places.iter().find(|place| place.name == name).ok_or_else(|| ScoreError::Symbol {
        what: "country",
        symbol: name.to_owned(),
        problem: "has no place on the map: leave it out, or use the name of the file of places",
    })
}
