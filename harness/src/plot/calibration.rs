//! Does a model's confidence tell how often it is right? Share of right answers by confidence, and how many answers there are.

use super::Frame;
use super::axis::{Scale, label};
use super::colour::Colour;
use super::mark::circle;
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{value, width};

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

/// Draws it: the diagonal is perfect calibration, columns below are counts.
pub fn draw(frame: &Frame<'_>, data: &Calibration) -> String {
    let mut svg = Svg::new(frame);
    let (w, top) = (svg.width(), svg.top);
    let left = PAD + 44.0;
    let side = (w - left - PAD - 8.0).min(TALLEST);
    let (first, bottom) = (top + 6.0, top + 6.0 + side);
    let x = Scale { low: 0.0, high: 1.0, from: left, to: left + side, step: None };
    let y = Scale { low: 0.0, high: 1.0, from: bottom, to: first, step: None };
    let ticks = x.ticks(5);
    for tick in &ticks {
        svg.line((x.at(*tick), first), (x.at(*tick), bottom), Colour::Line, 1.0);
        svg.line((left, y.at(*tick)), (left + side, y.at(*tick)), Colour::Line, 1.0);
        svg.text(
            left - 6.0,
            y.at(*tick),
            Type::new(SMALL, Anchor::End).muted(),
            &label(*tick, &ticks, true),
        );
    }
    svg.dashed((x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)), Colour::Muted, 1.2);
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
    // Counts below, on the same confidences.
    let (from, floor) = (bottom + 12.0, bottom + 12.0 + COUNTS);
    let most = data.bins.iter().map(|b| b.n).max().unwrap_or(0).max(1);
    for bin in data.bins.iter().filter(|b| b.n > 0) {
        let tall = (COUNTS - 14.0) * bin.n as f64 / most as f64;
        let (a, b) = (x.at(bin.low) + 1.0, x.at(bin.high) - 1.0);
        svg.open(&format!("{} answers", bin.n));
        svg.rect((a, floor - tall), (b - a, tall), Colour::Series(0), 0.45);
        let text = bin.n.to_string();
        if width(&text, COUNT) <= b - a + 2.0 {
            svg.text(
                f64::midpoint(a, b),
                floor - tall - 6.0,
                Type::new(COUNT, Anchor::Middle).muted(),
                &text,
            );
        }
        svg.close();
    }
    svg.line((left, floor), (left + side, floor), Colour::Muted, 1.0);
    svg.text(left - 6.0, f64::midpoint(from, floor), Type::new(SMALL, Anchor::End).muted(), "n");
    for tick in &ticks {
        svg.text(
            x.at(*tick),
            floor + 11.0,
            Type::new(SMALL, Anchor::Middle).muted(),
            &label(*tick, &ticks, true),
        );
    }
    let middle = left + side / 2.0;
    svg.text(middle, floor + 27.0, Type::new(SMALL, Anchor::Middle), "confidence, percent");
    svg.slanted(
        PAD + 6.0,
        first + side / 2.0,
        90.0,
        Type::new(SMALL, Anchor::Middle),
        "right, percent",
        side,
    );
    let ece = format!("ECE {} %, n = {}", value(data.ece, true), data.n);
    let notes = [
        (ece, true),
        ("dashed: perfect calibration".to_owned(), false),
        (format!("bars: {:.0} % intervals", crate::score::CONFIDENCE * 100.0), false),
    ];
    let beside = left + side + 20.0;
    let widest = notes.iter().map(|(text, _)| width(text, SIZE)).fold(0.0, f64::max);
    let mut end = floor + 36.0;
    if beside + widest <= w - PAD {
        for (i, (text, bold)) in notes.iter().enumerate() {
            let style = if *bold {
                Type::new(SIZE, Anchor::Start).bold()
            } else {
                Type::new(SMALL, Anchor::Start).muted()
            };
            svg.text(beside, first + 10.0 + 18.0 * i as f64, style, text);
        }
    } else {
        for (text, bold) in &notes {
            end += 16.0;
            let style = if *bold {
                Type::new(SIZE, Anchor::Start).bold()
            } else {
                Type::new(SMALL, Anchor::Start).muted()
            };
            svg.text(PAD, end - 8.0, style, text);
        }
    }
    svg.finish(&describe(data), end)
}

/// Size of counts.
const COUNT: f64 = 10.0;
