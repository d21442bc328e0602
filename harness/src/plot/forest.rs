//! Two models, one row a benchmark: the paired difference with its interval, around zero.

use std::fmt::Write as _;

use super::Frame;
use super::axis::Scale;
use super::colour::Colour;
use super::legend::Flow;
use super::mark::{circle, diamond, polygon, whisker};
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{points, shorten, width};
use crate::compare::{Report, Verdict};
use crate::text::format::{level, p_value};

/// The rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Positive differences: this model is better.
    pub a: String,
    /// Negative differences: this one is.
    pub b: String,
    /// Level of the intervals.
    pub confidence: f64,
    /// Level of the tests.
    pub alpha: f64,
    /// One a benchmark, in order.
    pub rows: Vec<Row>,
}

/// A benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Smaller, below: protocol, n.
    pub note: String,
    /// Whether it uses sample data.
    pub sample: bool,
    /// What was found.
    pub found: Found,
}

/// A difference or a reason.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A - B as a fraction.
    Difference {
        /// The difference.
        value: f64,
        /// Its interval; none where both gave the same answers.
        interval: Option<(f64, f64)>,
        /// Corrected p.
        p: f64,
        /// What may be said.
        verdict: Verdict,
    },
    /// Why there is none.
    Missing(String),
}

impl Forest {
    /// Two models of a comparison. Benchmarks on which they were not compared are last, with the reason.
    pub fn of(report: &Report, a: &str, b: &str) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for outcome in &report.benchmarks {
            let pair =
                outcome.pairs.iter().find(|p| (p.a == a && p.b == b) || (p.a == b && p.b == a));
            let Some(pair) = pair else { continue };
            let turned = pair.a == b;
            let sign = if turned { -1.0 } else { 1.0 };
            let interval = pair
                .interval
                .as_ref()
                .map(|i| if turned { (-i.high, -i.low) } else { (i.low, i.high) });
            let verdict = match (pair.verdict, turned) {
                (Verdict::ABetter, true) => Verdict::BBetter,
                (Verdict::BBetter, true) => Verdict::ABetter,
                (same, _) => same,
            };
            rows.push(Row {
                label: outcome.title.clone(),
                note: format!("{}, n = {}", outcome.protocol, outcome.n),
                sample: outcome.sample,
                found: Found::Difference {
                    value: sign * pair.difference,
                    interval,
                    p: pair.p_corrected,
                    verdict,
                },
            });
        }
        let known: Vec<&str> = (report.benchmarks.iter())
            .filter(|o| [a, b].iter().all(|m| o.models.iter().any(|s| s.model == *m)))
            .map(|o| &*o.benchmark)
            .collect();
        let mut missing: Vec<(&str, String)> = Vec::new();
        for left in report.not_compared.iter().filter(|n| n.model == a || n.model == b) {
            if known.contains(&&*left.benchmark) {
                continue;
            }
            let reason = format!("{}: {}", left.model, left.reason);
            match missing.iter_mut().find(|(name, _)| *name == left.benchmark) {
                Some((_, reasons)) => *reasons = format!("{reasons}; {reason}"),
                None => missing.push((&left.benchmark, reason)),
            }
        }
        rows.extend(missing.into_iter().map(|(benchmark, reason)| Row {
            label: benchmark.to_owned(),
            note: String::new(),
            sample: false,
            found: Found::Missing(reason),
        }));
        Self {
            a: a.to_owned(),
            b: b.to_owned(),
            confidence: report.options.confidence,
            alpha: report.options.alpha,
            rows,
        }
    }

    /// The same, a difference that is not a number told as missing.
    fn finite(&self) -> Self {
        let mut forest = self.clone();
        for row in &mut forest.rows {
            if let Found::Difference { value, interval, .. } = &mut row.found {
                *interval = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
                if !value.is_finite() {
                    row.found = Found::Missing("the difference is not a number".to_owned());
                }
            }
        }
        forest
    }

    /// In words, for those who do not see it.
    fn describe(&self) -> String {
        let count = |wanted: Verdict| {
            self.rows
                .iter()
                .filter(
                    |r| matches!(&r.found, Found::Difference { verdict, .. } if *verdict == wanted),
                )
                .count()
        };
        let missing = self.rows.iter().filter(|r| matches!(r.found, Found::Missing(_))).count();
        let mut text = format!(
            "Difference of {} minus {} on {} benchmarks in points with {} % intervals. {} is better on {}, {} on {}; no significant difference on {}; equivalent within the margin on {}; not compared on {missing}.",
            self.a,
            self.b,
            self.rows.len(),
            level(self.confidence),
            self.a,
            count(Verdict::ABetter),
            self.b,
            count(Verdict::BBetter),
            count(Verdict::Undecided),
            count(Verdict::Equivalent)
        );
        for row in &self.rows {
            let found = match &row.found {
                Found::Difference { value, interval, p, .. } => {
                    format!("{}, p {}", estimate(*value, *interval), p_value(*p))
                }
                Found::Missing(reason) => reason.clone(),
            };
            let _ = write!(text, " {}: {found}.", row.label);
        }
        text
    }
}

/// `+2.3 [0.4, 4.2]`.
fn estimate(value: f64, interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{} [{}, {}]", points(value), points(low), points(high)),
        None => points(value),
    }
}

const ROW: f64 = 34.0;
const MARK: f64 = 5.0;

/// Where things are.
struct Place {
    /// Numbers are in columns of their own.
    wide: bool,
    /// For names of benchmarks.
    label_room: f64,
    left: f64,
    right: f64,
    first: f64,
    bottom: f64,
    scale: Scale,
    ticks: Vec<f64>,
    zero: f64,
}

impl Place {
    fn of(svg: &Svg, data: &Forest) -> Self {
        let w = svg.width();
        let wide = w >= 560.0;
        let label = |r: &Row| width(&r.label, SIZE).max(width(&r.note, SMALL)) + mark_width(r);
        let labels = data.rows.iter().map(label).fold(0.0, f64::max);
        let label_room = labels.min(w * if wide { 0.3 } else { 0.42 });
        let numbers = if wide {
            width("+00.0 [+00.0, +00.0]", SMALL) + width("p < .001", SMALL) + 24.0
        } else {
            0.0
        };
        let (left, right) = (PAD + label_room + 18.0, w - PAD - numbers - 8.0);
        let ends = data.rows.iter().flat_map(|row| match &row.found {
            Found::Difference { value, interval, .. } => {
                let (low, high) = interval.unwrap_or((*value, *value));
                vec![*value, low, high]
            }
            Found::Missing(_) => Vec::new(),
        });
        let about = if right - left > 250.0 { 6 } else { 4 };
        let scale = Scale::covering(ends.chain(std::iter::once(0.0)), left, right).rounded(about);
        let first = svg.top + 22.0;
        let bottom = first + ROW * data.rows.len() as f64;
        let (ticks, zero) = (scale.ticks(about), scale.at(0.0));
        Self { wide, label_room, left, right, first, bottom, scale, ticks, zero }
    }
}

/// Draws it.
pub fn draw(frame: &Frame<'_>, data: &Forest) -> String {
    let data = &data.finite();
    let mut svg = Svg::new(frame);
    let place = Place::of(&svg, data);
    heads(&mut svg, &place, data);
    place.scale.grid(&mut svg, &place.ticks, (place.first, place.bottom), true);
    let (zero, above) = (place.zero, place.first - 4.0);
    svg.line((zero, above), (zero, place.bottom), Colour::Ink, 1.2);
    for (i, row) in data.rows.iter().enumerate() {
        draw_row(&mut svg, &place, row, place.first + ROW * (i as f64 + 0.5));
    }
    title(&mut svg, &place, data);
    let end = legend(&mut svg, data, place.bottom + 48.0);
    svg.finish(&data.describe(), end)
}

/// Which side is whose. The words may run into the columns beside the plot: only the head of the numbers is there.
fn heads(svg: &mut Svg, place: &Place, data: &Forest) {
    let (w, zero, head) = (svg.width(), place.zero, svg.top + 8.0);
    let ends_at = side(svg, &data.b, zero, head, (zero - PAD - 26.0).max(20.0), -1.0);
    debug_assert!(ends_at < zero);
    let ends_at = side(svg, &data.a, zero, head, (w - PAD - zero - 26.0).max(20.0), 1.0);
    let style = Type::new(SMALL, Anchor::End).muted();
    if place.wide && ends_at + 8.0 < w - PAD - width("corrected p", SMALL) {
        svg.text(w - PAD, head, style, "corrected p");
    }
}

fn draw_row(svg: &mut Svg, place: &Place, row: &Row, y: f64) {
    label_of(svg, row, y, place.label_room, place.wide);
    let (value, interval, p, verdict) = match &row.found {
        Found::Difference { value, interval, p, verdict } => (*value, *interval, *p, *verdict),
        Found::Missing(reason) => return missing(svg, (place.left, place.right), y, reason),
    };
    let (shown, p) = (estimate(value, interval), p_value(p));
    svg.open(&format!("{}: {shown}, corrected p {p}", row.label));
    difference(svg, &place.scale, y, value, interval, verdict);
    svg.close();
    if place.wide {
        let style = Type::new(SMALL, Anchor::End);
        let bold = matches!(verdict, Verdict::ABetter | Verdict::BBetter);
        let style = if bold { style.bold() } else { style.muted() };
        let edge = svg.width() - PAD;
        svg.text(edge - width("p < .001", SMALL) - 4.0, y, style, &shown);
        svg.text(edge, y, style, &p);
    }
}

/// What the axis shows, below the middle of the plot as far as the figure is wide enough.
fn title(svg: &mut Svg, place: &Place, data: &Forest) {
    let w = svg.width();
    let title = format!(
        "{} − {}, points, {} % intervals",
        shorten(&data.a, SMALL, w * 0.3),
        shorten(&data.b, SMALL, w * 0.3),
        level(data.confidence)
    );
    let half = width(&title, SMALL) / 2.0;
    let x = f64::midpoint(place.left, place.right).clamp(PAD + half, w - PAD - half);
    svg.text(x, place.bottom + 28.0, Type::new(SMALL, Anchor::Middle), &title);
}

/// Whose side of zero this is, with an arrow (`to` = -1: to the left); gives where the words end.
fn side(svg: &mut Svg, model: &str, zero: f64, y: f64, room: f64, to: f64) -> f64 {
    let short = shorten(model, SMALL, room - width(" better", SMALL));
    let text = format!("{short} better");
    let (tip, back) = (zero + to * 16.0, zero + to * 9.0);
    svg.open(&format!("{model} is better"));
    svg.path(
        &polygon(&[(tip, y), (back, y - 3.5), (back, y + 3.5)]),
        Some(Colour::Muted),
        Colour::Muted,
        1.0,
    );
    let anchor = if to < 0.0 { Anchor::End } else { Anchor::Start };
    svg.text(zero + to * 21.0, y, Type::new(SMALL, anchor).muted(), &text);
    svg.close();
    zero + to * (21.0 + width(&text, SMALL))
}

fn mark_width(row: &Row) -> f64 {
    if row.sample { width(" SAMPLE", SMALL) + 4.0 } else { 0.0 }
}

fn label_of(svg: &mut Svg, row: &Row, y: f64, room: f64, wide: bool) {
    let note = match &row.found {
        Found::Difference { value, interval, .. } if !wide => estimate(*value, *interval),
        _ => row.note.clone(),
    };
    let lift = if note.is_empty() { 0.0 } else { 7.0 };
    svg.name(PAD, y - lift, Type::new(SIZE, Anchor::Start), &row.label, room - mark_width(row));
    if row.sample {
        let style = Type::new(SMALL, Anchor::End).bold().coloured(Colour::Sample);
        svg.text(PAD + room, y - lift, style, "SAMPLE");
    }
    svg.name(PAD, y + 8.0, Type::new(SMALL, Anchor::Start).muted(), &note, room);
}

fn difference(
    svg: &mut Svg,
    scale: &Scale,
    y: f64,
    value: f64,
    interval: Option<(f64, f64)>,
    verdict: Verdict,
) {
    let colour = match verdict {
        Verdict::ABetter => Colour::Series(0),
        Verdict::BBetter => Colour::Series(1),
        Verdict::Equivalent | Verdict::Undecided => Colour::Muted,
    };
    if let Some((low, high)) = interval {
        whisker(svg, (scale.at(low), scale.at(high)), y, colour);
    }
    shape(svg, scale.at(value), y, verdict, colour);
}

/// Filled diamond: significant; hollow circle: not; hollow square: equivalent.
fn shape(svg: &mut Svg, x: f64, y: f64, verdict: Verdict, colour: Colour) {
    match verdict {
        Verdict::ABetter | Verdict::BBetter => {
            svg.path(&diamond(x, y, MARK + 1.5), Some(colour), colour, 1.0);
        }
        Verdict::Undecided => svg.path(&circle(x, y, MARK), Some(Colour::Paper), colour, 2.0),
        Verdict::Equivalent => {
            let r = MARK - 0.5;
            let square = polygon(&[(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)]);
            svg.path(&square, Some(Colour::Paper), colour, 2.0);
        }
    }
}

fn missing(svg: &mut Svg, (left, right): (f64, f64), y: f64, reason: &str) {
    svg.open(reason);
    svg.hatch((left, y - 10.0), (right - left, 20.0));
    let text = shorten(&format!("not compared: {reason}"), SMALL, right - left - 16.0);
    let style = Type::new(SMALL, Anchor::Middle);
    let x = f64::midpoint(left, right);
    let half = width(&text, SMALL) / 2.0 + 4.0;
    svg.rect((x - half, y - 8.0), (2.0 * half, 16.0), Colour::Paper, 1.0);
    svg.text(x, y, style, &text);
    svg.close();
}

fn legend(svg: &mut Svg, data: &Forest, top: f64) -> f64 {
    let there = |wanted: Verdict| {
        data.rows
            .iter()
            .any(|r| matches!(&r.found, Found::Difference { verdict, .. } if *verdict == wanted))
    };
    let mut entries = vec![
        (Verdict::ABetter, format!("significant (corrected p < {})", data.alpha)),
        (Verdict::Undecided, "not significant, which does not make them equal".to_owned()),
    ];
    if there(Verdict::Equivalent) {
        entries.push((Verdict::Equivalent, "equivalent within the margin".to_owned()));
    }
    let mut flow = Flow::new(PAD + 6.0, svg.width() - PAD, top);
    for (verdict, text) in entries {
        let (x, y) = flow.place(width(&text, SMALL) + 34.0);
        shape(svg, x, y, verdict, Colour::Ink);
        svg.text(x + 12.0, y, Type::new(SMALL, Anchor::Start).muted(), &text);
    }
    flow.y + 8.0
}
