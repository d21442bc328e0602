//! Points on a plane by group: the map of texts that a model's explanation gives.

use super::Frame;
use super::axis::{self, Scale};
use super::colour::Colour;
use super::svg::{Anchor, PAD, SMALL, Svg, Type};
use super::words::width;
use super::{legend, mark};

/// The points.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// What the horizontal axis shows.
    pub x: String,
    /// What the vertical axis shows.
    pub y: String,
    /// Names of groups; each has its colour and shape.
    pub groups: Vec<String>,
    /// The points.
    pub points: Vec<Point>,
}

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Horizontally.
    pub x: f64,
    /// Vertically.
    pub y: f64,
    /// Which group; none is drawn as a small dot.
    pub group: Option<usize>,
    /// What it is; may be empty.
    pub title: String,
}

impl Scatter {
    fn finite(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|p| p.x.is_finite() && p.y.is_finite())
    }

    fn describe(&self) -> String {
        let groups: Vec<String> = (self.groups.iter().enumerate())
            .map(|(i, name)| {
                let of: Vec<&Point> = self.finite().filter(|p| p.group == Some(i)).collect();
                let mean = |pick: fn(&&&Point) -> f64| {
                    of.iter().map(|p| pick(&p)).sum::<f64>() / of.len().max(1) as f64
                };
                match of.len() {
                    0 => format!("{name}: no point"),
                    count => format!(
                        "{name}: {count} points around {:.2}, {:.2}",
                        mean(|p| p.x),
                        mean(|p| p.y)
                    ),
                }
            })
            .collect();
        format!(
            "{} points by {} and {}. {}.",
            self.finite().count(),
            self.x,
            self.y,
            groups.join("; ")
        )
    }
}

const TALLEST: f64 = 460.0;

/// Draws it.
pub fn draw(frame: &Frame<'_>, data: &Scatter) -> String {
    let mut svg = Svg::new(frame);
    let (w, top) = (svg.width(), svg.top);
    let names = data.groups.iter().map(|g| width(g, SMALL)).fold(0.0, f64::max);
    let wide = w >= 480.0;
    let room = if wide && !data.groups.is_empty() { names.min(w * 0.26) + 34.0 } else { 0.0 };
    let (left, right) = (PAD + 22.0, w - PAD - room);
    let (first, bottom) = (top + 4.0, top + 4.0 + (right - left).min(TALLEST));
    svg.outline((left, first), (right - left, bottom - first), Colour::Line, 1.0);
    let inset = 12.0;
    let x = Scale::covering(data.finite().map(|p| p.x), left + inset, right - inset);
    let y = Scale::covering(data.finite().map(|p| p.y), bottom - inset, first + inset);
    for (zero, scale) in [(0.0, &x), (0.0, &y)] {
        if scale.low < zero && scale.high > zero {
            let at = scale.at(zero);
            if scale == &x {
                svg.line((at, first), (at, bottom), Colour::Line, 1.0);
            } else {
                svg.line((left, at), (right, at), Colour::Line, 1.0);
            }
        }
    }
    let radius = if data.points.len() > 400 { 2.6 } else { 3.8 };
    for point in data.finite() {
        let (px, py) = (x.at(point.x), y.at(point.y));
        let name = point.group.and_then(|g| data.groups.get(g));
        let title = match (name, point.title.is_empty()) {
            (Some(name), true) => name.clone(),
            (Some(name), false) => format!("{name}: {}", point.title),
            (None, _) => point.title.clone(),
        };
        svg.open(&title);
        match point.group {
            Some(group) => mark::category(&mut svg, group, px, py, radius),
            None => svg.path(&mark::circle(px, py, 1.6), Some(Colour::Muted), Colour::Muted, 0.5),
        }
        svg.close();
    }
    axis::titles(&mut svg, (left, right), (first, bottom), 14.0, (&data.x, &data.y));
    let mut end = bottom + 24.0;
    if wide {
        for (i, name) in data.groups.iter().enumerate() {
            let py = first + 12.0 + 18.0 * i as f64;
            mark::category(&mut svg, i, right + 18.0, py, 3.8);
            svg.name(right + 30.0, py, Type::new(SMALL, Anchor::Start), name, room - 32.0);
            end = end.max(py + 10.0);
        }
    } else {
        end = legend::categories(&mut svg, data.groups.iter(), end + 8.0, 3.8);
    }
    svg.finish(&data.describe(), end)
}
