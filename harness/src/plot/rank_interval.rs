//! One value a model with its interval, on a common axis: ranks, scores.

use super::Frame;
use super::axis::Scale;
use super::colour::Colour;
use super::mark::{circle, whisker};
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{shorten, value, width};
use crate::compare::{Interval, Outcome};
use crate::text::format::level;

/// The rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// What the axis shows.
    pub axis: String,
    /// Whether values are fractions, to be shown as percent; else they are ranks, from 1.
    pub percent: bool,
    /// In order, the first on top.
    pub rows: Vec<Row>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Ends of the interval; none where it does not vary.
    pub interval: Option<(f64, f64)>,
    /// Tie letters: rows that share one do not differ significantly.
    pub letters: String,
}

impl Row {
    /// A row without letters.
    pub fn new(name: impl Into<String>, value: f64, interval: Option<(f64, f64)>) -> Self {
        Self { name: name.into(), value, interval, letters: String::new() }
    }
}

fn ends(interval: Interval) -> (f64, f64) {
    (interval.low, interval.high)
}

impl Intervals {
    /// Ranks of the models of a benchmark with their simultaneous intervals.
    pub fn ranks(outcome: &Outcome) -> Self {
        let rows = outcome.models.iter().map(|m| Row {
            letters: m.letters.clone(),
            ..Row::new(&m.model, m.rank, Some(ends(m.rank_interval)))
        });
        Self {
            axis: "rank (1 = best), interval from the corrected pairs".to_owned(),
            percent: false,
            rows: rows.collect(),
        }
    }

    /// Scores of the models of a benchmark, with the leaderboard's intervals.
    pub fn scores(outcome: &Outcome) -> Self {
        let rows = outcome.models.iter().map(|m| Row {
            letters: m.letters.clone(),
            ..Row::new(&m.model, m.value, m.interval.map(ends))
        });
        let of = level(crate::score::CONFIDENCE);
        let axis = format!("{}, percent, {of} % intervals", outcome.metric);
        Self { axis, percent: true, rows: rows.collect() }
    }

    fn number(&self, row: &Row) -> String {
        if !row.value.is_finite() {
            return "no number".to_owned();
        }
        let show = |v: f64| {
            let text = value(v, self.percent);
            if self.percent { text } else { text.trim_end_matches(".0").to_owned() }
        };
        match row.interval {
            Some((low, high)) => format!("{} [{}, {}]", show(row.value), show(low), show(high)),
            None => show(row.value),
        }
    }

    fn describe(&self) -> String {
        let rows: Vec<String> = (self.rows.iter())
            .map(|r| {
                let letters = if r.letters.is_empty() {
                    String::new()
                } else {
                    format!(", letters {}", r.letters)
                };
                format!("{}: {}{letters}", r.name, self.number(r))
            })
            .collect();
        format!("{} models by {}. {}.", self.rows.len(), self.axis, rows.join("; "))
    }
}

const ROW: f64 = 26.0;

/// Where things are.
struct Place {
    /// For names.
    room: f64,
    /// For letters.
    letters: f64,
    left: f64,
    right: f64,
    first: f64,
    bottom: f64,
    scale: Scale,
    ticks: Vec<f64>,
}

impl Place {
    fn of(svg: &Svg, data: &Intervals) -> Self {
        let w = svg.width();
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let names = widest(&mut data.rows.iter().map(|r| width(&r.name, SIZE)));
        let room = names.min(w * 0.3);
        let numbers = widest(&mut data.rows.iter().map(|r| width(&data.number(r), SMALL)));
        let letters = widest(&mut data.rows.iter().map(|r| width(&r.letters, SMALL)));
        let (left, right) = (PAD + room + 14.0, w - PAD - numbers - letters - 26.0);
        let about = if right - left > 300.0 { 6 } else { 4 };
        let scale = data.scale(left, right, about);
        let first = svg.top + 4.0;
        let bottom = first + ROW * data.rows.len() as f64;
        Self { room, letters, left, right, first, bottom, ticks: data.ticks(&scale, about), scale }
    }
}

impl Intervals {
    fn scale(&self, left: f64, right: f64, about: usize) -> Scale {
        let ends = self.rows.iter().flat_map(|r| {
            let (low, high) = r.interval.unwrap_or((r.value, r.value));
            [r.value, low, high]
        });
        let scale = Scale::covering(ends, left, right);
        if self.percent {
            return scale.rounded(about).within(0.0, 1.0);
        }
        Scale {
            low: scale.low.floor().max(1.0),
            high: scale.high.ceil().max(scale.low.floor() + 1.0),
            ..scale
        }
    }

    fn ticks(&self, scale: &Scale, about: usize) -> Vec<f64> {
        if self.percent {
            return scale.ticks(about);
        }
        // Whole ranks, from the first.
        let step = ((scale.high - scale.low) / (2 * about) as f64).ceil().max(1.0);
        let count = ((scale.high - scale.low) / step) as usize;
        (0..=count).map(|i| scale.low + step * i as f64).collect()
    }
}

/// Draws it.
pub fn draw(frame: &Frame<'_>, data: &Intervals) -> String {
    let mut svg = Svg::new(frame);
    let place = Place::of(&svg, data);
    let w = svg.width();
    place.scale.grid(&mut svg, &place.ticks, (place.first, place.bottom), data.percent);
    for (i, row) in data.rows.iter().enumerate() {
        draw_row(&mut svg, &place, data, row, place.first + ROW * (i as f64 + 0.5));
    }
    let half = width(&shorten(&data.axis, SMALL, w - 2.0 * PAD), SMALL) / 2.0;
    let x = f64::midpoint(place.left, place.right).max(PAD + half).min(w - PAD - half);
    let style = Type::new(SMALL, Anchor::Middle);
    svg.name(x, place.bottom + 28.0, style, &data.axis, w - 2.0 * PAD);
    let mut end = place.bottom + 36.0;
    if data.rows.iter().any(|r| !r.letters.is_empty()) {
        let note = "Models that share a letter do not differ significantly, which does not make them equal.";
        let style = Type::new(SMALL, Anchor::Start).muted();
        end = svg.paragraph(PAD, end + 10.0, style, note, w - 2.0 * PAD) - 8.0;
    }
    svg.finish(&data.describe(), end)
}

fn draw_row(svg: &mut Svg, place: &Place, data: &Intervals, row: &Row, y: f64) {
    let (w, scale) = (svg.width(), &place.scale);
    svg.name(PAD, y, Type::new(SIZE, Anchor::Start), &row.name, place.room);
    if !row.value.is_finite() {
        svg.text(place.left, y, Type::new(SMALL, Anchor::Start).muted(), "no number");
        return;
    }
    svg.open(&format!("{}: {}", row.name, data.number(row)));
    let colour = Colour::Series(0);
    if let Some((low, high)) = row.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        whisker(svg, (scale.at(low), scale.at(high)), y, colour);
    }
    svg.path(&circle(scale.at(row.value), y, 4.5), Some(colour), colour, 1.0);
    svg.close();
    let numbers = w - PAD - place.letters - 12.0;
    svg.text(numbers, y, Type::new(SMALL, Anchor::End), &data.number(row));
    svg.text(w - PAD, y, Type::new(SMALL, Anchor::End).bold(), &row.letters);
}
