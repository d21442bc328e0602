//! How a value moves with effort: examples seen, epochs, seconds. One line a model, each with its own shape.

use super::Frame;
use super::axis::{self, Scale, label};
use super::colour::Colour;
use super::svg::{Anchor, PAD, SMALL, Svg, Type};
use super::words::{value, width};
use super::{legend, mark};

/// The lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// What the horizontal axis shows.
    pub x: String,
    /// What the vertical axis shows.
    pub y: String,
    /// Whether x is drawn by its logarithm; needs positive values.
    pub logarithmic: bool,
    /// Whether y is a fraction, to be shown as percent.
    pub percent: bool,
    /// One a model.
    pub series: Vec<Series>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// In order of x.
    pub points: Vec<Point>,
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// How much.
    pub y: f64,
    /// Ends of the interval of y, where it is known.
    pub interval: Option<(f64, f64)>,
}

impl Curves {
    fn place(&self, x: f64) -> f64 {
        if self.logarithmic { x.log10() } else { x }
    }

    /// Points that can be drawn.
    fn points<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = &'a Point> {
        series.points.iter().filter(|p| self.place(p.x).is_finite() && p.y.is_finite())
    }

    fn describe(&self) -> String {
        let lines: Vec<String> = (self.series.iter())
            .map(|s| match (self.points(s).next(), self.points(s).last()) {
                (Some(first), Some(last)) => format!(
                    "{}: from {} at {} to {} at {}, {} points",
                    s.name,
                    value(first.y, self.percent),
                    plain(first.x),
                    value(last.y, self.percent),
                    plain(last.x),
                    self.points(s).count()
                ),
                _ => format!("{}: no point", s.name),
            })
            .collect();
        format!("{} by {}. {}.", self.y, self.x, lines.join("; "))
    }
}

/// 20000 as `20,000`, 0.5 as `0.5`.
fn plain(x: f64) -> String {
    if x.fract().abs() > 1e-9 {
        return format!("{x:.2}");
    }
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if x < 0.0 { format!("−{out}") } else { out }
}

const TALL: f64 = 300.0;

/// Shapes on a line, about.
const MARKS: usize = 16;

/// Where things are.
struct Place {
    /// Names are beside the plot, and how much room they have.
    beside: Option<f64>,
    left: f64,
    right: f64,
    first: f64,
    bottom: f64,
    x: Scale,
    y: Scale,
    /// About so many ticks of x.
    about: usize,
}

impl Place {
    fn of(svg: &Svg, data: &Curves) -> Self {
        let w = svg.width();
        let names = data.series.iter().map(|s| width(&s.name, SMALL)).fold(0.0, f64::max);
        let wide = w >= 480.0;
        let room = if wide { names.min(w * 0.28) + 24.0 } else { 0.0 };
        let (left, right) = (PAD + 46.0, w - PAD - room - 10.0);
        let (first, bottom) = (svg.top + 6.0, svg.top + 6.0 + TALL);
        let all = || data.series.iter().flat_map(|s| data.points(s));
        let x = Scale::covering(all().map(|p| data.place(p.x)), left, right);
        let about = if right - left > 320.0 { 6 } else { 4 };
        let x = if data.logarithmic { x } else { x.rounded(about) };
        let ends = all().flat_map(|p| {
            let (low, high) = p.interval.unwrap_or((p.y, p.y));
            [p.y, low, high]
        });
        let y = Scale::covering(ends, bottom, first).rounded(5);
        let y = if data.percent { y.within(0.0, 1.0) } else { y };
        Self { beside: wide.then_some(room), left, right, first, bottom, x, y, about }
    }
}

/// Draws it; names are at the ends of the lines, or below where there is no room.
pub fn draw(frame: &Frame<'_>, data: &Curves) -> String {
    let mut svg = Svg::new(frame);
    let place = Place::of(&svg, data);
    let (across, down) = ((place.left, place.right), (place.first, place.bottom));
    grid(&mut svg, &place, data);
    for (number, series) in data.series.iter().enumerate() {
        curve(&mut svg, &place, data, number, series);
    }
    axis::titles(&mut svg, across, down, 30.0, (&data.x, &data.y));
    let mut end = place.bottom + 38.0;
    if let Some(room) = place.beside {
        beside(&mut svg, data, &place.y, (place.right + 10.0, room - 16.0), down);
    } else {
        end = legend::categories(&mut svg, data.series.iter().map(|s| &s.name), end + 10.0, 3.6);
    }
    svg.finish(&data.describe(), end)
}

/// Lines at the ticks of y, marks at those of x.
fn grid(svg: &mut Svg, place: &Place, data: &Curves) {
    let Place { left, right, bottom, x, y, .. } = place;
    let ticks = y.ticks(5);
    for tick in &ticks {
        svg.line((*left, y.at(*tick)), (*right, y.at(*tick)), Colour::Line, 1.0);
        let style = Type::new(SMALL, Anchor::End).muted();
        svg.text(left - 6.0, y.at(*tick), style, &label(*tick, &ticks, data.percent));
    }
    for (at, text) in marks(data, x, place.about) {
        svg.line((x.at(at), *bottom), (x.at(at), bottom + 4.0), Colour::Muted, 1.0);
        svg.text(x.at(at), bottom + 13.0, Type::new(SMALL, Anchor::Middle).muted(), &text);
    }
    svg.line((*left, *bottom), (*right, *bottom), Colour::Muted, 1.0);
}

/// One line with its points, on the band of its intervals.
fn curve(svg: &mut Svg, place: &Place, data: &Curves, number: usize, series: &Series) {
    let colour = Colour::Series(number);
    let points: Vec<&Point> = data.points(series).collect();
    let at = |p: &Point, y: f64| (place.x.at(data.place(p.x)), place.y.at(y));
    if points.len() > 1 && points.iter().all(|p| p.interval.is_some()) {
        let end = |p: &&Point, pick: fn((f64, f64)) -> f64| at(p, p.interval.map_or(p.y, pick));
        let upper = points.iter().map(|p| end(p, |i| i.1));
        let lower = points.iter().rev().map(|p| end(p, |i| i.0));
        let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
        svg.area(&mark::polygon(&outline), colour, 0.14);
    }
    svg.open(&series.name);
    for pair in points.windows(2) {
        svg.line(at(pair[0], pair[0].y), at(pair[1], pair[1].y), colour, 1.8);
    }
    // Of a dense line every so many points only: shapes distinguish lines, more of them hide the line.
    let every = points.len().div_ceil(MARKS);
    for point in points.iter().rev().step_by(every.max(1)) {
        let (px, py) = at(point, point.y);
        mark::category(svg, number, px, py, 3.6);
    }
    svg.close();
}

/// Names at the ends of the lines, moved apart where they would overlap.
fn beside(
    svg: &mut Svg,
    data: &Curves,
    y: &Scale,
    (x, room): (f64, f64),
    (first, bottom): (f64, f64),
) {
    const APART: f64 = 15.0;
    let mut places: Vec<(usize, f64)> = (data.series.iter().enumerate())
        .map(|(i, s)| (i, data.points(s).last().map_or(bottom, |p| y.at(p.y))))
        .collect();
    places.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut last = first - APART;
    for (_, place) in &mut places {
        *place = place.max(last + APART);
        last = *place;
    }
    let over = (last - bottom - 4.0).max(0.0);
    let mut next = f64::INFINITY;
    for (_, place) in places.iter_mut().rev() {
        *place = place.min(next - APART).min(last - over);
        next = *place;
    }
    for (number, place) in places {
        mark::category(svg, number, x + 4.0, place, 3.6);
        svg.name(
            x + 14.0,
            place,
            Type::new(SMALL, Anchor::Start),
            &data.series[number].name,
            room - 4.0,
        );
    }
}

/// Ticks of x: round values, or powers of ten with 2 and 5 between them where they are few.
fn marks(data: &Curves, x: &Scale, about: usize) -> Vec<(f64, String)> {
    if !data.logarithmic {
        let ticks = x.ticks(about);
        let whole = ticks.iter().all(|t| t.fract().abs() < 1e-9);
        return ticks
            .iter()
            .map(|t| (*t, if whole { plain(*t) } else { label(*t, &ticks, false) }))
            .collect();
    }
    let (low, high) = (x.low.floor() as i32, x.high.ceil() as i32);
    let steps: &[f64] = if high - low <= 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    (low..=high)
        .flat_map(|power| steps.iter().map(move |s| s * 10_f64.powi(power)))
        .map(|v| (v.log10(), plain(v)))
        .filter(|(at, _)| *at >= x.low - 1e-9 && *at <= x.high + 1e-9)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(
            [plain(20000.0), plain(0.5), plain(-1234567.0), plain(7.0)],
            ["20,000", "0.50", "−1,234,567", "7"]
        );
    }
}
