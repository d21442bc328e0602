//! Figures as SVG: pure functions from plain data to a string, the same bytes for the same data.
//!
//! One drawing serves light pages, dark pages and files: colours are CSS variables with fallbacks ([`VARIABLES`]; a page
//! sets them, [`css`] is ready-made), and [`standalone`] writes the fallbacks in for programs that know no variables. No
//! figure computes a statistic: intervals, tests and ranks come from [`crate::results::summary::Summary`] and
//! [`crate::compare::Report`]. Nothing is told by colour alone, every figure has `<title>` and `<desc>`, shortened names
//! have the full one in a `<title>`, and all text is escaped.
//!
//! | figure | data | made from |
//! |---|---|---|
//! | [`forest::draw`] | [`forest::Forest`] | [`forest::Forest::of`]: two models of a comparison, one row a benchmark |
//! | [`critical_difference::draw`] | [`critical_difference::Diagram`] | [`critical_difference::Diagram::of`]: a comparison over benchmarks |
//! | [`heatmap::draw`] | [`heatmap::Heatmap`] | [`heatmap::Heatmap::board`], [`heatmap::Heatmap::cultures`] of a summary; [`heatmap::Heatmap::p_values`] of a benchmark's comparison |
//! | [`rank_interval::draw`] | [`rank_interval::Intervals`] | [`rank_interval::Intervals::ranks`], [`rank_interval::Intervals::scores`] of a benchmark's comparison |
//! | [`calibration::draw`] | [`calibration::Calibration`] | [`crate::score::calibration`] |
//! | [`learning_curve::draw`] | [`learning_curve::Curves`] | fields are public |
//! | [`scatter::draw`] | [`scatter::Scatter`] | fields are public |
//!
//! ```
//! use harness::plot::{Frame, rank_interval, standalone};
//!
//! let row = rank_interval::Row::new("majority", 2.0, Some((1.0, 3.0)));
//! let data = rank_interval::Intervals { axis: "rank".into(), percent: false, rows: vec![row] };
//! let svg = rank_interval::draw(&Frame::new("ranks", "Ranks on CREHate"), &data);
//! assert!(svg.starts_with("<svg") && standalone(&svg).starts_with("<?xml"));
//! ```

pub mod calibration;
pub mod critical_difference;
pub mod figures;
pub mod forest;
pub mod heatmap;
pub mod learning_curve;
pub mod rank_interval;
pub mod render;
pub mod scatter;

mod axis;
mod colour;
mod legend;
mod mark;
mod svg;
mod words;

#[cfg(test)]
mod tests;

pub use colour::{VARIABLES, css};
pub use svg::standalone;

/// What every figure has.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame<'a> {
    /// Unique on its page, letters, digits and hyphens: ids inside the drawing start with it.
    pub id: &'a str,
    /// Read to those who do not see it; also drawn above the figure where `heading` says so.
    pub title: &'a str,
    /// Whether the title is drawn.
    pub heading: bool,
    /// Whether it uses sample data: SAMPLE is then drawn into it.
    pub sample: bool,
    /// Width in px; text has 12 px. The height follows from the data.
    pub width: f64,
}

impl<'a> Frame<'a> {
    /// 760 px wide, title drawn, no sample.
    pub fn new(id: &'a str, title: &'a str) -> Self {
        Self { id, title, heading: true, sample: false, width: 760.0 }
    }

    /// For a page that has the title in a heading of its own.
    #[must_use]
    pub fn without_heading(self) -> Self {
        Self { heading: false, ..self }
    }

    /// On sample data?
    #[must_use]
    pub fn sample(self, sample: bool) -> Self {
        Self { sample, ..self }
    }

    /// Another width.
    #[must_use]
    pub fn wide(self, width: f64) -> Self {
        Self { width, ..self }
    }
}
