//! Mean ranks over benchmarks on one line; bars join models that do not differ significantly (Demšar 2006, figure 1).

use super::Frame;
use super::axis::Scale;
use super::colour::Colour;
use super::mark::circle;
use super::svg::{Anchor, PAD, SIZE, SMALL, Svg, Type};
use super::words::{shorten, width};
use crate::compare::{OverBenchmarks, Report};

/// The models and which of them belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagram {
    /// Name and mean rank (1 = best), the best first.
    pub models: Vec<(String, f64)>,
    /// Sets of models, by place, that do not differ significantly; each of two or more.
    pub cliques: Vec<Vec<usize>>,
    /// Drawn as a bar above the line where the cliques follow from it.
    pub critical_difference: Option<f64>,
    /// Which test makes the cliques, and at which level.
    pub test: String,
    /// The benchmarks that were ranked on, with the protocol.
    pub benchmarks: Vec<String>,
    /// Whether any of them uses sample data; SAMPLE is then drawn whatever the frame says.
    pub sample: bool,
}

impl Diagram {
    /// A comparison over benchmarks, or why there is none. Cliques are Nemenyi's where the comparison has his test
    /// (three models or more, no baseline), else those of the pairwise tests' letters.
    pub fn of(report: &Report) -> Result<Self, String> {
        let over = match &report.over {
            OverBenchmarks::Found(over) => over,
            OverBenchmarks::Reason(reason) => return Err(reason.clone()),
        };
        let alpha = report.options.alpha;
        let models: Vec<(String, f64)> =
            over.models.iter().map(|m| (m.model.clone(), m.mean_rank)).collect();
        let nemenyi =
            over.friedman.as_ref().filter(|_| over.pairs.iter().all(|p| p.p_nemenyi.is_some()));
        let (sets, test) = if let Some(f) = nemenyi {
            let apart = |i: usize, j: usize| models[j].1 - models[i].1 > f.critical_difference;
            let sets = (0..models.len())
                .map(|i| (i..models.len()).take_while(|j| !apart(i, *j)).collect())
                .collect();
            (sets, format!("Nemenyi's test, alpha = {alpha}"))
        } else {
            let mut letters: Vec<char> =
                over.models.iter().flat_map(|m| m.letters.chars()).collect();
            letters.sort_unstable();
            letters.dedup();
            let holds = |letter: char| {
                (0..models.len()).filter(|i| over.models[*i].letters.contains(letter)).collect()
            };
            let sets = letters.into_iter().map(holds).collect();
            (sets, format!("{}, Holm correction, alpha = {alpha}", over.test.title))
        };
        Ok(Self {
            cliques: largest(sets),
            models,
            critical_difference: nemenyi.map(|f| f.critical_difference),
            test,
            benchmarks: over.benchmarks.clone(),
            sample: (report.benchmarks.iter().filter(|b| b.sample))
                .any(|b| over.benchmarks.contains(&format!("{} ({})", b.benchmark, b.protocol))),
        })
    }

    fn describe(&self) -> String {
        let ranks: Vec<String> =
            self.models.iter().map(|(name, rank)| format!("{name} {rank:.2}")).collect();
        let cliques: Vec<String> = (self.cliques.iter())
            .map(|clique| {
                let names: Vec<&str> = clique.iter().map(|i| &*self.models[*i].0).collect();
                names.join(" and ")
            })
            .collect();
        let cd = self
            .critical_difference
            .map(|cd| format!(" The critical difference is {cd:.2}."))
            .unwrap_or_default();
        let apart = if cliques.is_empty() {
            "All pairs differ significantly".to_owned()
        } else {
            format!("No significant difference: {}", cliques.join("; "))
        };
        format!(
            "Mean ranks over {} benchmarks ({}), 1 = best: {}.{cd} {apart} ({}).",
            self.benchmarks.len(),
            self.benchmarks.join(", "),
            ranks.join(", "),
            self.test
        )
    }
}

/// Sets of two or more that lie in no other set.
fn largest(sets: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut kept: Vec<Vec<usize>> = Vec::new();
    let mut by_size = sets;
    by_size.sort_by_key(|s| std::cmp::Reverse(s.len()));
    for set in by_size.into_iter().filter(|s| s.len() > 1) {
        if !kept.iter().any(|k| set.iter().all(|i| k.contains(i))) {
            kept.push(set);
        }
    }
    kept.sort();
    kept
}

const STEP: f64 = 20.0;
const BAR: f64 = 9.0;

/// The line of ranks, and the room for names at both of its ends.
struct Line {
    left: f64,
    right: f64,
    room: f64,
    scale: Scale,
}

impl Line {
    fn of(svg: &Svg, data: &Diagram) -> Self {
        let w = svg.width();
        let names = data
            .models
            .iter()
            .map(|(name, rank)| width(&format!("{name}  {rank:.2}"), SIZE))
            .fold(0.0, f64::max);
        let room = names.min(w * 0.3);
        let (left, right) = (PAD + room + 24.0, w - PAD - room - 24.0);
        let high = (data.models.len() as f64).max(2.0);
        let scale = Scale { low: 1.0, high, from: left, to: right, step: None };
        Self { left, right, room, scale }
    }
}

/// Draws it.
pub fn draw(frame: &Frame<'_>, data: &Diagram) -> String {
    let mut svg = Svg::new(&frame.clone().sample(frame.sample || data.sample));
    let line = Line::of(&svg, data);
    let y = difference(&mut svg, &line, data);
    ranks(&mut svg, &line, y);
    // Bars first, so that the legs of the names begin below them.
    let below = bars(&mut svg, &line, y, data);
    let end = names(&mut svg, &line, y, below, data);
    let end = notes(&mut svg, end, data);
    svg.finish(&data.describe(), end - 6.0)
}

/// The critical difference as a bar; gives where the line of ranks lies below it.
fn difference(svg: &mut Svg, Line { left, right, scale, .. }: &Line, data: &Diagram) -> f64 {
    let top = svg.top + 14.0;
    let Some(cd) = data.critical_difference else { return top + 16.0 };
    let end = scale.from + cd / (scale.high - scale.low) * (scale.to - scale.from);
    // Wider than the line: told in words only.
    if end <= right + 0.5 {
        svg.open(&format!("critical difference {cd:.2}"));
        svg.line((*left, top + 10.0), (end, top + 10.0), Colour::Ink, 1.5);
        for x in [*left, end] {
            svg.line((x, top + 6.0), (x, top + 14.0), Colour::Ink, 1.5);
        }
        let style = Type::new(SMALL, Anchor::Middle);
        svg.text(f64::midpoint(*left, end), top - 2.0, style, &format!("CD = {cd:.2}"));
        svg.close();
    } else {
        let text = format!("CD = {cd:.2}, wider than the line");
        svg.text(*left, top, Type::new(SMALL, Anchor::Start), &text);
    }
    top + 38.0
}

/// The line with its ranks.
fn ranks(svg: &mut Svg, Line { left, right, scale, .. }: &Line, y: f64) {
    for rank in 1..=scale.high as usize {
        let x = scale.at(rank as f64);
        svg.line((x, y - 5.0), (x, y), Colour::Ink, 1.2);
        svg.text(x, y - 13.0, Type::new(SMALL, Anchor::Middle).muted(), &rank.to_string());
    }
    svg.line((*left, y), (*right, y), Colour::Ink, 1.5);
}

/// A bar for each set of models that do not differ significantly; gives where the names may begin.
fn bars(svg: &mut Svg, Line { scale, .. }: &Line, line: f64, data: &Diagram) -> f64 {
    let lanes = lanes(data);
    let deepest = lanes.iter().copied().max().map_or(0, |l| l + 1);
    for (clique, lane) in data.cliques.iter().zip(&lanes) {
        let y = line + 9.0 + BAR * *lane as f64;
        let x = |i: &usize| scale.at(data.models[*i].1);
        let (from, to) = (
            clique.iter().map(x).fold(f64::INFINITY, f64::min),
            clique.iter().map(x).fold(0.0, f64::max),
        );
        let members: Vec<&str> = clique.iter().map(|i| &*data.models[*i].0).collect();
        svg.open(&format!("no significant difference: {}", members.join(", ")));
        svg.line((from - 3.0, y), (to + 3.0, y), Colour::Series(0), 4.0);
        for i in clique {
            svg.path(&circle(x(i), y, 3.2), Some(Colour::Paper), Colour::Series(0), 1.6);
        }
        svg.close();
    }
    line + 9.0 + BAR * deepest as f64 + 12.0
}

/// The better half to the left, the other one to the right; gives where they end.
fn names(svg: &mut Svg, line: &Line, top: f64, below: f64, data: &Diagram) -> f64 {
    let k = data.models.len();
    let half = k.div_ceil(2);
    for (i, (name, rank)) in data.models.iter().enumerate() {
        let best = i < half;
        let row = if best { i } else { k - 1 - i };
        let (x, y) = (line.scale.at(*rank), below + STEP * row as f64);
        let edge = if best { line.left - 14.0 } else { line.right + 14.0 };
        svg.open(&format!("{name}: mean rank {rank:.2}"));
        svg.line((x, top), (x, y), Colour::Muted, 1.0);
        svg.line((x, y), (edge, y), Colour::Muted, 1.0);
        svg.path(&circle(x, top, 3.0), Some(Colour::Ink), Colour::Ink, 1.0);
        let number = format!("{rank:.2}");
        let short = shorten(name, SIZE, line.room - width(&number, SMALL) - 8.0);
        let (anchor, at, step) =
            if best { (Anchor::End, edge - 4.0, -1.0) } else { (Anchor::Start, edge + 4.0, 1.0) };
        svg.text(at, y, Type::new(SMALL, anchor).muted(), &number);
        svg.text(at + step * (width(&number, SMALL) + 6.0), y, Type::new(SIZE, anchor), &short);
        svg.close();
    }
    below + STEP * (half.max(1) - 1) as f64 + 24.0
}

fn notes(svg: &mut Svg, mut end: f64, data: &Diagram) -> f64 {
    let notes = [
        format!(
            "Mean rank over {} benchmarks (1 = best): {}.",
            data.benchmarks.len(),
            data.benchmarks.join(", ")
        ),
        format!("Bars join models that do not differ significantly ({}).", data.test),
    ];
    for note in notes {
        let style = Type::new(SMALL, Anchor::Start).muted();
        end = svg.paragraph(PAD, end, style, &note, svg.width() - 2.0 * PAD);
    }
    end
}

/// For each clique the first lane below the line that is free where its bar runs.
fn lanes(data: &Diagram) -> Vec<usize> {
    let ends = |clique: &[usize]| {
        let ranks = || clique.iter().map(|i| data.models[*i].1);
        (ranks().fold(f64::INFINITY, f64::min), ranks().fold(0.0, f64::max))
    };
    let mut placed: Vec<(usize, (f64, f64))> = Vec::new();
    for clique in &data.cliques {
        let (low, high) = ends(clique);
        let free = (0..=placed.len()).find(|lane| {
            placed
                .iter()
                .all(|(other, (l, h))| other != lane || high < *l - 0.05 || low > *h + 0.05)
        });
        placed.push((free.unwrap_or(0), (low, high)));
    }
    placed.into_iter().map(|(lane, _)| lane).collect()
}
