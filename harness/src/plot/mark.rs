//! Shapes of points: each category has its own, so that a print in grey can be read.

use std::fmt::Write as _;

use super::colour::{Colour, SERIES};
use super::svg::{Svg, n};

/// Shapes of categories.
const SHAPES: usize = 6;

/// A circle as a path.
pub(super) fn circle(x: f64, y: f64, r: f64) -> String {
    let (left, d) = (n(x - r), n(2.0 * r));
    let r = n(r);
    format!("M{left} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z", n(y))
}

/// A diamond as a path.
pub(super) fn diamond(x: f64, y: f64, r: f64) -> String {
    polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)])
}

/// A closed line through points.
pub(super) fn polygon(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        d.push(if i == 0 { 'M' } else { 'L' });
        let _ = write!(d, "{} {}", n(*x), n(*y));
    }
    d.push('Z');
    d
}

/// An interval: a line with its ends.
pub(super) fn whisker(svg: &mut Svg, (low, high): (f64, f64), y: f64, colour: Colour) {
    svg.line((low, y), (high, y), colour, 2.0);
    for x in [low, high] {
        svg.line((x, y - 4.0), (x, y + 4.0), colour, 2.0);
    }
}

/// The point of a category: colour and shape by its number, hollow from the second round on.
pub(super) fn category(svg: &mut Svg, number: usize, x: f64, y: f64, r: f64) {
    let colour = Colour::Series(number);
    let d = match number % SHAPES {
        0 => circle(x, y, r),
        1 => diamond(x, y, r * 1.25),
        2 => {
            polygon(&[(x, y - r * 1.2), (x + r * 1.15, y + r * 0.85), (x - r * 1.15, y + r * 0.85)])
        }
        3 => polygon(&[(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)]),
        4 => {
            polygon(&[(x, y + r * 1.2), (x + r * 1.15, y - r * 0.85), (x - r * 1.15, y - r * 0.85)])
        }
        _ => {
            let (a, b) = (r * 0.4, r * 1.15);
            polygon(&[
                (x - a, y - b),
                (x + a, y - b),
                (x + a, y - a),
                (x + b, y - a),
                (x + b, y + a),
                (x + a, y + a),
                (x + a, y + b),
                (x - a, y + b),
                (x - a, y + a),
                (x - b, y + a),
                (x - b, y - a),
                (x - a, y - a),
            ])
        }
    };
    let hollow = number / SHAPES % 2 == 1 || number / (SERIES * SHAPES) % 2 == 1;
    let fill = if hollow { Colour::Paper } else { colour };
    svg.path(&d, Some(fill), colour, 1.2);
}
