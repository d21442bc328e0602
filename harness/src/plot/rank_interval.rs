//! One value a model with its interval, on a common axis: ranks under resampling, scores.

use super::Frame;
use super::axis::Scale;
use super::colour::Colour;
use super::mark::circle;
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{shorten, value, width};
use crate::compare::Outcome;

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
    /// Tie letters: rows that share one are not told apart.
    pub letters: String,
}

impl Row {
    /// A row without letters.
    pub fn new(name: impl Into<String>, value: f64, interval: Option<(f64, f64)>) -> Self {
        Self { name: name.into(), value, interval, letters: String::new() }
    }
}

impl Intervals {
    /// Ranks of the models of a benchmark with their intervals under resampling.
    pub fn ranks(outcome: &Outcome) -> Self {
        let rows = outcome.models.iter().map(|m| Row {
            letters: m.letters.clone(),
            ..Row::new(&m.model, m.rank, Some(m.rank_interval))
        });
        Self {
            axis: "rank (1 = best), interval under resampling".to_owned(),
            percent: false,
            rows: rows.collect(),
        }
    }

    /// Scores of the models of a benchmark.
    pub fn scores(outcome: &Outcome, confidence: f64) -> Self {
        let rows = outcome
            .models
            .iter()
            .map(|m| Row { letters: m.letters.clone(), ..Row::new(&m.model, m.value, m.interval) });
        let axis = format!("{}, percent, {:.0} % intervals", outcome.metric, confidence * 100.0);
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

/// Draws it.
pub fn draw(frame: &Frame<'_>, data: &Intervals) -> String {
    let mut svg = Svg::new(frame);
    let (w, top) = (svg.width(), svg.top);
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let names = widest(&mut data.rows.iter().map(|r| width(&r.name, SIZE)));
    let room = names.min(w * 0.3);
    let numbers = widest(&mut data.rows.iter().map(|r| width(&data.number(r), SMALL)));
    let letters = widest(&mut data.rows.iter().map(|r| width(&r.letters, SMALL)));
    let (left, right) = (PAD + room + 14.0, w - PAD - numbers - letters - 26.0);
    let ends = data.rows.iter().flat_map(|r| {
        let (low, high) = r.interval.unwrap_or((r.value, r.value));
        [r.value, low, high]
    });
    let about = if right - left > 300.0 { 6 } else { 4 };
    let scale = if data.percent {
        Scale::covering(ends, left, right).rounded(about).within(0.0, 1.0)
    } else {
        let scale = Scale::covering(ends, left, right);
        Scale {
            low: scale.low.floor().max(1.0),
            high: scale.high.ceil().max(scale.low.floor() + 1.0),
            ..scale
        }
    };
    let first = top + 4.0;
    let bottom = first + ROW * data.rows.len() as f64;
    let ticks = if data.percent {
        scale.ticks(about)
    } else {
        // Whole ranks, from the first.
        let step = ((scale.high - scale.low) / (2 * about) as f64).ceil().max(1.0);
        let count = ((scale.high - scale.low) / step) as usize;
        (0..=count).map(|i| scale.low + step * i as f64).collect()
    };
    scale.grid(&mut svg, &ticks, (first, bottom), data.percent);
    for (i, row) in data.rows.iter().enumerate() {
        let y = first + ROW * (i as f64 + 0.5);
        svg.name(PAD, y, Type::new(SIZE, Anchor::Start), &row.name, room);
        if !row.value.is_finite() {
            svg.text(left, y, Type::new(SMALL, Anchor::Start).muted(), "no number");
            continue;
        }
        svg.open(&format!("{}: {}", row.name, data.number(row)));
        if let Some((low, high)) = row.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
            let (low, high) = (scale.at(low), scale.at(high));
            svg.line((low, y), (high, y), Colour::Series(0), 2.0);
            for x in [low, high] {
                svg.line((x, y - 4.0), (x, y + 4.0), Colour::Series(0), 2.0);
            }
        }
        svg.path(
            &circle(scale.at(row.value), y, 4.5),
            Some(Colour::Series(0)),
            Colour::Series(0),
            1.0,
        );
        svg.close();
        svg.text(w - PAD - letters - 12.0, y, Type::new(SMALL, Anchor::End), &data.number(row));
        svg.text(w - PAD, y, Type::new(SMALL, Anchor::End).bold(), &row.letters);
    }
    let half = width(&shorten(&data.axis, SMALL, w - 2.0 * PAD), SMALL) / 2.0;
    let x = f64::midpoint(left, right).max(PAD + half).min(w - PAD - half);
    svg.name(x, bottom + 28.0, Type::new(SMALL, Anchor::Middle), &data.axis, w - 2.0 * PAD);
    let mut end = bottom + 36.0;
    if data.rows.iter().any(|r| !r.letters.is_empty()) {
        let note = "Models that share a letter are not told apart, which does not make them equal.";
        let style = Type::new(SMALL, Anchor::Start).muted();
        end = svg.paragraph(PAD, end + 10.0, style, note, w - 2.0 * PAD) - 8.0;
    }
    svg.finish(&data.describe(), end)
}
