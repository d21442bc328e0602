//! Does a model's confidence tell how often it is right? Share of right answers by confidence, and how many answers there are.

use super::Frame;
use super::axis::{Scale, label};
use super::colour::Colour;
use super::mark::circle;
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{value, width};
use crate::text::format::level;

pub use crate::score::calibration::{Bin, Calibration};

/// In words, for those who do not see it.
fn describe(data: &Calibration) -> String {
    let bins: Vec<String> = (data.bins.iter().filter(|b| b.n > 0))
        .map(|b| {
            format!(
                "confidence {} on average: {} right, {} answers",
                value(b.confidence, true),
                value(b.accuracy, true),
                b.n
            )
        })
        .collect();
    format!(
        "Expected calibration error {} percent over {} answers. {}.",
        value(data.ece, true),
        data.n,
        bins.join("; ")
    )
}

const COUNTS: f64 = 56.0;
const TALLEST: f64 = 340.0;

/// Where things are: a square with the curve, and counts below it on the same confidences.
struct Place {
    x: Scale,
    y: Scale,
    left: f64,
    side: f64,
    first: f64,
    bottom: f64,
    /// The line that the counts start from.
    floor: f64,
    ticks: Vec<f64>,
}

impl Place {
    fn of(svg: &Svg) -> Self {
        let left = PAD + 44.0;
        let side = (svg.width() - left - PAD - 8.0).min(TALLEST);
        let (first, bottom) = (svg.top + 6.0, svg.top + 6.0 + side);
        let x = Scale { low: 0.0, high: 1.0, from: left, to: left + side, step: None };
        let y = Scale { low: 0.0, high: 1.0, from: bottom, to: first, step: None };
        let floor = bottom + 12.0 + COUNTS;
        Self { ticks: x.ticks(5), x, y, left, side, first, bottom, floor }
    }
}

/// Draws it: the diagonal is perfect calibration, columns below are counts.
pub fn draw(frame: &Frame<'_>, data: &Calibration) -> String {
    let mut svg = Svg::new(frame);
    let place = Place::of(&svg);
    grid(&mut svg, &place);
    curve(&mut svg, &place, data);
    counts(&mut svg, &place, data);
    axes(&mut svg, &place);
    let end = notes(&mut svg, &place, data);
    svg.finish(&describe(data), end)
}

fn grid(svg: &mut Svg, place: &Place) {
    let Place { x, y, left, side, first, bottom, ticks, .. } = place;
    for tick in ticks {
        svg.line((x.at(*tick), *first), (x.at(*tick), *bottom), Colour::Line, 1.0);
        svg.line((*left, y.at(*tick)), (left + side, y.at(*tick)), Colour::Line, 1.0);
        let style = Type::new(SMALL, Anchor::End).muted();
        svg.text(left - 6.0, y.at(*tick), style, &label(*tick, ticks, true));
    }
    svg.dashed((x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)), Colour::Muted, 1.2);
}

/// Right answers by confidence, with their intervals.
fn curve(svg: &mut Svg, Place { x, y, .. }: &Place, data: &Calibration) {
    let there: Vec<&Bin> = data
        .bins
        .iter()
        .filter(|b| b.n > 0 && b.accuracy.is_finite() && b.confidence.is_finite())
        .collect();
    for pair in there.windows(2) {
        let at = |b: &Bin| (x.at(b.confidence), y.at(b.accuracy));
        svg.line(at(pair[0]), at(pair[1]), Colour::Series(0), 1.8);
    }
    for bin in &there {
        let (px, py) = (x.at(bin.confidence), y.at(bin.accuracy));
        svg.open(&format!(
            "confidence {}–{} %, {} on average: {} % of {} answers right",
            value(bin.low, true),
            value(bin.high, true),
            value(bin.confidence, true),
            value(bin.accuracy, true),
            bin.n
        ));
        if let Some((low, high)) = bin.interval {
            svg.line((px, y.at(low)), (px, y.at(high)), Colour::Series(0), 1.4);
        }
        svg.path(&circle(px, py, 4.5), Some(Colour::Series(0)), Colour::Series(0), 1.0);
        svg.close();
    }
}

/// How many answers of each confidence there are.
fn counts(svg: &mut Svg, Place { x, floor, .. }: &Place, data: &Calibration) {
    let most = data.bins.iter().map(|b| b.n).max().unwrap_or(0).max(1);
    for bin in data.bins.iter().filter(|b| b.n > 0) {
        let tall = (COUNTS - 14.0) * bin.n as f64 / most as f64;
        let (a, b) = (x.at(bin.low) + 1.0, x.at(bin.high) - 1.0);
        svg.open(&format!("{} answers", bin.n));
        svg.rect((a, floor - tall), (b - a, tall), Colour::Series(0), 0.45);
        let text = bin.n.to_string();
        if width(&text, COUNT) <= b - a + 2.0 {
            let style = Type::new(COUNT, Anchor::Middle).muted();
            svg.text(f64::midpoint(a, b), floor - tall - 6.0, style, &text);
        }
        svg.close();
    }
}

/// The line of confidence below the counts, and what the axes show.
fn axes(svg: &mut Svg, place: &Place) {
    let Place { x, left, side, first, bottom, floor, ticks, .. } = place;
    svg.line((*left, *floor), (left + side, *floor), Colour::Muted, 1.0);
    let counts = f64::midpoint(bottom + 12.0, *floor);
    svg.text(left - 6.0, counts, Type::new(SMALL, Anchor::End).muted(), "n");
    let style = Type::new(SMALL, Anchor::Middle);
    for tick in ticks {
        svg.text(x.at(*tick), floor + 11.0, style.muted(), &label(*tick, ticks, true));
    }
    svg.text(left + side / 2.0, floor + 27.0, style, "confidence, percent");
    svg.slanted(PAD + 6.0, first + side / 2.0, 90.0, style, "right, percent", *side);
}

/// The error and what the lines are: beside the square, or below everything where there is no room; gives the end.
fn notes(svg: &mut Svg, place: &Place, data: &Calibration) -> f64 {
    let bold = Type::new(SIZE, Anchor::Start).bold();
    let muted = Type::new(SMALL, Anchor::Start).muted();
    let ece = format!("ECE {} %, n = {}", value(data.ece, true), data.n);
    let bars = format!("bars: {} % intervals", level(crate::score::CONFIDENCE));
    let notes = [(ece, bold), ("dashed: perfect calibration".to_owned(), muted), (bars, muted)];
    let beside = place.left + place.side + 20.0;
    let widest = notes.iter().map(|(text, _)| width(text, SIZE)).fold(0.0, f64::max);
    let mut end = place.floor + 36.0;
    let room = beside + widest <= svg.width() - PAD;
    for (i, (text, style)) in notes.iter().enumerate() {
        if room {
            svg.text(beside, place.first + 10.0 + 18.0 * i as f64, *style, text);
        } else {
            end += 16.0;
            svg.text(PAD, end - 8.0, *style, text);
        }
    }
    end
}

/// Size of counts.
const COUNT: f64 = 10.0;
