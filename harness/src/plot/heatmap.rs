//! Values as shaded cells with their numbers in them: models x benchmarks, models x cultures, pairs of models.

use std::fmt::Write as _;

use super::Frame;
use super::colour::Colour;
use super::legend::Flow;
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{points, shorten, value, width};
use crate::compare;
use crate::results::summary::{Cell as Scored, Outcome, Summary};
use crate::score::{Score, Subset};
use crate::text::format::p_value;

/// The cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// `cells[row][column]`.
    pub cells: Vec<Vec<Cell>>,
    /// What shades mean: shade, words; the faintest first.
    pub legend: Vec<(f64, String)>,
    /// Lines below.
    pub notes: Vec<String>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A value.
    Value(Value),
    /// Hatched: why there is none.
    Missing(String),
    /// Nothing is meant to be here.
    Empty,
}

/// A value with its looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// From 0, faint, to 1.
    pub shade: f64,
    /// The number.
    pub text: String,
    /// A smaller second line; may be empty.
    pub note: String,
    /// For a pointer and a screen reader: the whole.
    pub title: String,
    /// Bold and framed.
    pub strong: bool,
}

impl Heatmap {
    /// All models on all benchmarks; a model that ran by several protocols has a row for each.
    pub fn board(summary: &Summary) -> Self {
        let lines = crate::results::summary::lines(summary);
        let cell = |cell: Option<&&Scored>| match cell.map(|c| (&c.outcome, c)) {
            Some((Outcome::Score(score), cell)) => Cell::Value(Value {
                shade: score.value,
                text: value(score.value, true),
                note: cell.protocol.clone(),
                title: format!(
                    "{} on {}: {}, {}",
                    cell.model,
                    cell.benchmark,
                    told(score),
                    sampled(cell.sample, &cell.protocol)
                ),
                strong: false,
            }),
            Some((Outcome::Reason(reason), _)) => {
                Cell::Missing(format!("{}: {}", reason.kind.name(), reason.message))
            }
            None => Cell::Empty,
        };
        let cells = lines
            .iter()
            .map(|(_, line)| {
                summary.benchmarks.iter().map(|c| cell(line.get(c.name.as_str()))).collect()
            })
            .collect();
        let mut notes = vec![
            "Primary metric of each benchmark, percent; scores of different protocols are not comparable.".to_owned(),
        ];
        let synthetic: Vec<&str> = (summary.benchmarks.iter())
            .filter(|c| summary.cells.iter().any(|cell| cell.benchmark == c.name && cell.sample))
            .map(|c| &*c.title)
            .collect();
        if !synthetic.is_empty() {
            notes.push(format!("SAMPLE, synthetic data: {}.", synthetic.join(", ")));
        }
        Self {
            rows: lines.iter().map(|(model, _)| (*model).to_owned()).collect(),
            columns: summary.benchmarks.iter().map(|c| c.title.clone()).collect(),
            cells,
            legend: vec![(0.0, "0".to_owned()), (0.5, "50".to_owned()), (1.0, "100 %".to_owned())],
            notes,
        }
    }

    /// The models on the cultures of a benchmark by its primary metric; `None` where it has no score of a culture.
    pub fn cultures(summary: &Summary, benchmark: &str) -> Option<Self> {
        let metric = summary.benchmarks.iter().find(|c| c.name == benchmark)?.metric_name();
        let boards: Vec<&Scored> =
            summary.cells.iter().filter(|c| c.benchmark == benchmark).collect();
        let of = |cell: &Scored| -> Vec<(&str, &Score)> {
            (summary.scores.iter())
                .filter(|d| {
                    (&d.model, &d.benchmark, &d.protocol, &d.variant)
                        == (&cell.model, &cell.benchmark, &cell.protocol, &cell.variant)
                        && d.score.metric == metric
                })
                .filter_map(|d| match &d.score.subset {
                    Subset::Culture { name } => Some((&**name, &d.score)),
                    _ => None,
                })
                .collect()
        };
        let scores: Vec<Vec<(&str, &Score)>> = boards.iter().map(|c| of(c)).collect();
        let mut columns: Vec<&str> = Vec::new();
        for (culture, _) in scores.iter().flatten() {
            if !columns.contains(culture) {
                columns.push(culture);
            }
        }
        if columns.is_empty() {
            return None;
        }
        let values = || scores.iter().flatten().map(|(_, s)| s.value);
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let shade = |v: f64| if high > low { (v - low) / (high - low) } else { 0.5 };
        let several = |model: &str| boards.iter().filter(|c| c.model == model).count() > 1;
        let cells = (boards.iter().zip(&scores))
            .map(|(cell, known)| {
                let one = |culture: &&str| match (
                    known.iter().find(|(name, _)| name == culture),
                    &cell.outcome,
                ) {
                    (Some((_, score)), _) => Cell::Value(Value {
                        shade: shade(score.value),
                        text: value(score.value, true),
                        note: String::new(),
                        title: format!("{} on {culture}: {}", cell.model, told(score)),
                        strong: false,
                    }),
                    (None, Outcome::Reason(reason)) => {
                        Cell::Missing(format!("{}: {}", reason.kind.name(), reason.message))
                    }
                    (None, Outcome::Score(_)) => {
                        Cell::Missing(format!("{metric} has no value on {culture}"))
                    }
                };
                columns.iter().map(one).collect()
            })
            .collect();
        let row = |c: &&Scored| {
            if several(&c.model) {
                format!("{} ({})", c.model, c.protocol)
            } else {
                c.model.clone()
            }
        };
        Some(Self {
            rows: boards.iter().map(row).collect(),
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            cells,
            legend: vec![(0.0, value(low, true)), (1.0, format!("{} %", value(high, true)))],
            notes: vec![format!("{metric} by culture, percent.")],
        })
    }

    /// Cultures on the experts of a gate: culture, its examples, the mean probability of each expert.
    pub fn gate(experts: &[String], cultures: &[(String, u64, Vec<f64>)]) -> Self {
        let cell = |culture: &str, n: u64, expert: &str, mean: f64| {
            Cell::Value(Value {
                shade: mean,
                text: value(mean, true),
                note: String::new(),
                title: format!("{expert} in {culture}: {} % over {n} examples", value(mean, true)),
                strong: false,
            })
        };
        let row = |(culture, n, means): &(String, u64, Vec<f64>)| {
            experts
                .iter()
                .zip(means)
                .map(|(expert, mean)| cell(culture, *n, expert, *mean))
                .collect()
        };
        Self {
            rows: cultures.iter().map(|(culture, n, _)| format!("{culture} (n = {n})")).collect(),
            columns: experts.to_vec(),
            cells: cultures.iter().map(row).collect(),
            legend: vec![(0.0, "0".to_owned()), (0.5, "50".to_owned()), (1.0, "100 %".to_owned())],
            notes: vec!["Mean probability that the gate gives each expert, percent.".to_owned()],
        }
    }

    /// Every pair of models of a benchmark: corrected p, and the difference of row minus column in points.
    pub fn p_values(outcome: &compare::Outcome, alpha: f64) -> Self {
        let names: Vec<&str> = outcome.models.iter().map(|m| &*m.model).collect();
        let cell = |row: &str, column: &str| {
            if row == column {
                return Cell::Empty;
            }
            let pair = outcome
                .pairs
                .iter()
                .find(|p| (p.a == row && p.b == column) || (p.a == column && p.b == row));
            let Some(pair) = pair else { return Cell::Missing("not compared".to_owned()) };
            let difference = if pair.a == row { pair.difference } else { -pair.difference };
            let p = pair.p_corrected;
            Cell::Value(Value {
                shade: if p < 0.001_f64.min(alpha) {
                    1.0
                } else if p < 0.01_f64.min(alpha) {
                    0.65
                } else if p < alpha {
                    0.35
                } else {
                    0.0
                },
                text: p_value(p),
                note: points(difference),
                title: format!(
                    "{row} minus {column}: {} points, corrected p {}",
                    points(difference),
                    p_value(p)
                ),
                strong: p < alpha,
            })
        };
        let cells = names
            .iter()
            .map(|row| names.iter().map(|column| cell(row, column)).collect())
            .collect();
        let mut legend = vec![(0.0, format!("p ≥ {alpha}")), (0.35, format!("< {alpha}"))];
        legend.extend(
            [(0.65, 0.01), (1.0, 0.001)]
                .into_iter()
                .filter(|(_, p)| *p < alpha)
                .map(|(shade, p)| (shade, format!("< {p}"))),
        );
        Self {
            rows: names.iter().map(|n| (*n).to_owned()).collect(),
            columns: names.iter().map(|n| (*n).to_owned()).collect(),
            cells,
            legend,
            notes: vec![format!(
                "Corrected p ({}); below it row minus column in points. Framed and bold: p < {alpha}.",
                outcome.test.title
            )],
        }
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "{} rows, {} columns. {}",
            self.rows.len(),
            self.columns.len(),
            self.notes.join(" ")
        );
        for (row, cells) in self.rows.iter().zip(&self.cells) {
            let cells: Vec<String> = (self.columns.iter().zip(cells))
                .filter_map(|(column, cell)| match cell {
                    Cell::Value(v) if v.note.is_empty() => Some(format!("{column} {}", v.text)),
                    Cell::Value(v) => Some(format!("{column} {} ({})", v.text, v.note)),
                    Cell::Missing(reason) => Some(format!("{column} missing ({reason})")),
                    Cell::Empty => None,
                })
                .collect();
            let _ = write!(text, " {row}: {}.", cells.join(", "));
        }
        text
    }
}

fn told(score: &Score) -> String {
    format!(
        "{} [{}, {}], n = {}",
        value(score.value, true),
        value(score.low, true),
        value(score.high, true),
        score.n
    )
}

fn sampled(sample: bool, protocol: &str) -> String {
    if sample { format!("{protocol}, SAMPLE") } else { protocol.to_owned() }
}

/// Opacity of the darkest cell: ink stays readable on it, on light and on dark ground (contrast 4.5 at least).
const DARKEST: f64 = 0.8;
const WIDEST: f64 = 92.0;
const SLANT: f64 = 40.0;

/// Draws it; columns that find no room go into a further band below.
pub fn draw(frame: &Frame<'_>, data: &Heatmap) -> String {
    let mut svg = Svg::new(frame);
    let w = svg.width();
    let names = data.rows.iter().map(|r| width(r, SIZE)).fold(0.0, f64::max);
    let room = names.min(w * 0.28);
    let left = PAD + room + 10.0;
    let values = || {
        data.cells.iter().flatten().filter_map(|c| match c {
            Cell::Value(v) => Some(v),
            _ => None,
        })
    };
    let needs = values()
        .map(|v| {
            let text = width(&v.text, SIZE) * if v.strong { 1.08 } else { 1.0 };
            text.max(width(&v.note, NOTE).min(LONGEST_NOTE)) + 8.0
        })
        .fold(34.0, f64::max);
    let two_lines = values().any(|v| !v.note.is_empty());
    let high = if two_lines { 34.0 } else { 26.0 };
    // Slanted names lean out to the right of the last column.
    let lean = SLANT.to_radians();
    let name_room = 150.0;
    let longest = data.columns.iter().map(|c| width(c, SMALL).min(name_room)).fold(0.0, f64::max);
    let avail = w - PAD - left - longest * lean.cos() * 0.8;
    let a_band = ((avail / needs).floor() as usize).clamp(1, data.columns.len().max(1));
    let bands = data.columns.len().div_ceil(a_band).max(1);
    let a_band = data.columns.len().div_ceil(bands).max(1);
    let cell = (avail / a_band as f64).min(WIDEST).max(needs);
    let head = longest * lean.sin() + 12.0;

    let mut y = svg.top;
    for start in (0..data.columns.len()).step_by(a_band) {
        let columns = start..(start + a_band).min(data.columns.len());
        for (i, column) in data.columns[columns.clone()].iter().enumerate() {
            let x = left + cell * (i as f64 + 0.5) - 2.0;
            svg.slanted(
                x,
                y + head - 6.0,
                SLANT,
                Type::new(SMALL, Anchor::Start),
                column,
                name_room,
            );
        }
        y += head;
        for (row, cells) in data.rows.iter().zip(&data.cells) {
            svg.name(PAD + room, y + high / 2.0, Type::new(SIZE, Anchor::End), row, room);
            for (i, one) in cells[columns.clone()].iter().enumerate() {
                draw_cell(&mut svg, one, (left + cell * i as f64, y), (cell - 2.0, high - 2.0));
            }
            y += high;
        }
        y += 10.0;
    }
    let end = legend(&mut svg, data, y + 8.0);
    svg.finish(&data.describe(), end)
}

fn draw_cell(svg: &mut Svg, cell: &Cell, at: (f64, f64), size: (f64, f64)) {
    let (x, y) = (at.0 + size.0 / 2.0, at.1 + size.1 / 2.0);
    match cell {
        Cell::Empty => {}
        Cell::Missing(reason) => {
            svg.open(reason);
            svg.hatch(at, size);
            svg.close();
        }
        Cell::Value(v) => {
            svg.open(&v.title);
            svg.rect(at, size, Colour::Heat, v.shade.clamp(0.0, 1.0) * (DARKEST - 0.06) + 0.06);
            if v.strong {
                svg.outline(
                    (at.0 + 0.75, at.1 + 0.75),
                    (size.0 - 1.5, size.1 - 1.5),
                    Colour::Ink,
                    1.5,
                );
            }
            let style = Type::new(SIZE, Anchor::Middle);
            let style = if v.strong { style.bold() } else { style };
            if v.note.is_empty() {
                svg.text(x, y, style, &v.text);
            } else {
                svg.text(x, y - 6.5, style, &v.text);
                let note = shorten(&v.note, NOTE, size.0 - 4.0);
                svg.text(x, y + 7.5, Type::new(NOTE, Anchor::Middle), &note);
            }
            svg.close();
        }
    }
}

/// A second line that is longer is shortened.
const LONGEST_NOTE: f64 = 54.0;

/// Size of the second line.
const NOTE: f64 = 10.0;

fn legend(svg: &mut Svg, data: &Heatmap, top: f64) -> f64 {
    let mut entries: Vec<(Option<f64>, &str)> =
        data.legend.iter().map(|(shade, text)| (Some(*shade), &**text)).collect();
    if data.cells.iter().flatten().any(|c| matches!(c, Cell::Missing(_))) {
        entries.push((None, "no number (the reason is in the cell's title)"));
    }
    let mut flow = Flow::new(PAD, svg.width(), top);
    for (shade, text) in entries {
        let (x, y) = flow.place(18.0 + 6.0 + width(text, SMALL) + 16.0);
        match shade {
            Some(shade) => {
                svg.rect((x, y - 7.0), (18.0, 14.0), Colour::Heat, shade * (DARKEST - 0.06) + 0.06);
                svg.outline((x, y - 7.0), (18.0, 14.0), Colour::Line, 1.0);
            }
            None => svg.hatch((x, y - 7.0), (18.0, 14.0)),
        }
        svg.text(x + 24.0, y, Type::new(SMALL, Anchor::Start).muted(), text);
    }
    let mut y = flow.y + 18.0;
    let style = Type::new(SMALL, Anchor::Start).muted();
    for note in &data.notes {
        y = svg.paragraph(PAD, y, style, note, svg.width() - 2.0 * PAD);
    }
    y - 6.0
}
