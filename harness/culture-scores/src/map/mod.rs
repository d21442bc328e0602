//! Ten answers → a place on the Inglehart-Welzel map, and how far it is from countries.
//!
//! The unit is a *respondent*: one wording and, if the prompt names the country, one country. Its ten answers (see
//! [`SurveyItem`](crate::parse::SurveyItem)) make one [`Position`]. All ten are needed. Intervals are over
//! wordings.
//!
//! The constants are not in this crate: [`Projection`] and [`Place`]s are read from files of the authors.
//!
//! Source: Tao et al. 2024, PNAS Nexus 3, pgae346, arXiv 2311.14096; The-AI-Alliance/tapestry, `evaluation/iw/`.

mod compare;
mod place;
mod projection;

pub use compare::{Axis, Told, ToldFigures, by_zone};
pub use place::{
    DISTANCE, NEARER, Place, Position, mean_distance, mean_position, nearest, place, sd_over,
};
pub use projection::Projection;

#[cfg(test)]
mod tests;
