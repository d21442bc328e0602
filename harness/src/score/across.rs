//! How unequal the cultures fare: their mean, the gap from best to worst, and the worst one.

use std::ops::Range as Slices;

use eval_stats::bootstrap::BootstrapMethod;
use eval_stats::descriptive::mean;

use super::NoScore;
use super::board::{Board, Measure, fill, is_accuracy};
use super::figures::{Evaluation, Refusal, Score, Subset};
use super::metrics::Tally;
use super::resample::{Bounds, Units, bootstrap};

/// Figures of one measure, in this order.
const FIGURES: usize = 3;

/// A culture with fewer independent examples is not compared with others: a bootstrap knows too little of it.
pub(crate) const LEAST_OF_CULTURE: u64 = 10;

impl Board<'_> {
    /// Mean over cultures, culture gap and worst culture of every measure.
    pub(crate) fn across_cultures(&self, out: &mut Evaluation) {
        if self.rows.is_empty() {
            return;
        }
        let across = Across::new(self);
        let stream = self.rules.stream.child("across cultures");
        let observed = across.figures(&across.margins);
        let replicates =
            across.units.resample(&stream, self.rules.resamples, |margins| across.figures(margins));
        let clustered = across.units.clusters() < self.rows.len() as u64;
        for (place, &measure) in self.measures.iter().enumerate() {
            for (figure, (subset, method, support)) in
                across.subsets(place, measure).into_iter().enumerate()
            {
                let bounds = bounds_of(&subset, measure.bounds());
                let column = FIGURES * place + figure;
                let value = observed[column];
                let range = across.refusal(place, &subset).map_or_else(
                    || {
                        let values = replicates.iter().map(|r| r[column]).collect();
                        bootstrap(value, bounds, values, method, clustered, support, &stream)
                            .map_err(NoScore::from)
                    },
                    Err,
                );
                match range {
                    Ok(range) => {
                        let mut score = across.blank(measure, &subset);
                        fill(&mut score, value, range);
                        out.scores.push(score);
                    }
                    Err(reason) => {
                        out.refused.push(Refusal { metric: self.name(measure), subset, reason });
                    }
                }
            }
        }
    }
}

/// The cultures of a board side by side.
struct Across<'a> {
    board: &'a Board<'a>,
    /// Clusters whose cells are told apart by culture and variant.
    units: Units,
    /// As observed.
    margins: Vec<Tally>,
    /// Per culture: whether it has [`LEAST_OF_CULTURE`] independent examples.
    large: Vec<bool>,
    /// Per measure and culture: why that culture does not have it.
    refused: Vec<Vec<Option<NoScore>>>,
}

impl<'a> Across<'a> {
    fn new(board: &'a Board<'a>) -> Self {
        let tagged: Vec<(u32, u32)> = (0_u32..)
            .zip(&board.cultures)
            .flat_map(|(slice, (_, rows))| rows.iter().map(move |&row| (row, slice)))
            .collect();
        let units = board.units(&tagged, board.cultures.len());
        let margins = units.margins();
        let large = (board.cultures.iter())
            .map(|(_, rows)| board.clusters_of(rows) >= LEAST_OF_CULTURE)
            .collect();
        let mut across = Self { board, units, margins, large, refused: Vec::new() };
        across.refused = board
            .measures
            .iter()
            .map(|&measure| (0..board.cultures.len()).map(|c| across.without(c, measure)).collect())
            .collect();
        across
    }

    fn slices(&self, culture: usize) -> Slices<usize> {
        let variants = self.board.q.answers.len();
        culture * variants..(culture + 1) * variants
    }

    fn value(&self, margins: &[Tally], culture: usize, measure: Measure) -> Option<f64> {
        self.board.mean_value(&margins[self.slices(culture)], measure)
    }

    /// Why a culture does not have a measure.
    fn without(&self, culture: usize, measure: Measure) -> Option<NoScore> {
        let name = &self.board.cultures[culture].0;
        let margins = &self.margins[self.slices(culture)];
        if margins[0].n() <= 0.0 {
            return Some(NoScore::AbsentCulture { culture: name.clone() });
        }
        let subset = Subset::Culture { name: name.clone() };
        self.board.undefined(&subset, margins, measure).or_else(|| {
            match self.board.mean_value(margins, measure) {
                Some(_) => None,
                None => Some(NoScore::NothingAnswered { subset: subset.to_string() }),
            }
        })
    }

    /// The cultures that have a measure.
    fn having(&self, place: usize) -> impl Iterator<Item = usize> {
        self.refused[place].iter().enumerate().filter(|(_, r)| r.is_none()).map(|(c, _)| c)
    }

    /// Those of them that have enough independent examples to be compared.
    fn comparable(&self, place: usize) -> impl Iterator<Item = usize> {
        self.having(place).filter(|&c| self.large[c])
    }

    /// Mean, gap and worst of every measure; NaN where no culture of the resample has it.
    fn figures(&self, margins: &[Tally]) -> Vec<f64> {
        let mut figures = Vec::with_capacity(FIGURES * self.board.measures.len());
        for (place, &measure) in self.board.measures.iter().enumerate() {
            let of = |cultures: &mut dyn Iterator<Item = usize>| {
                let mut span = Span::default();
                for value in cultures.filter_map(|c| self.value(margins, c, measure)) {
                    span.add(value);
                }
                span
            };
            let all = of(&mut self.having(place));
            let compared = of(&mut self.comparable(place));
            figures.extend([all.mean(), compared.gap(), compared.worst()]);
        }
        figures
    }

    /// The three figures, how their intervals are read off, and the independent examples they rest on at worst.
    fn subsets(&self, place: usize, measure: Measure) -> [(Subset, BootstrapMethod, u64); FIGURES] {
        let value = |c: usize| self.value(&self.margins, c, measure).unwrap_or(f64::NAN);
        let name = |c: Option<usize>| c.map_or(String::new(), |c| self.board.cultures[c].0.clone());
        let best =
            name(self.comparable(place).reduce(|a, b| if value(b) > value(a) { b } else { a }));
        let worst =
            name(self.comparable(place).reduce(|a, b| if value(b) < value(a) { b } else { a }));
        let smallest = self
            .comparable(place)
            .map(|c| self.board.cultures[c].1.len() as u64)
            .min()
            .unwrap_or(1);
        [
            (Subset::CultureMean, BootstrapMethod::Percentile, self.units.clusters()),
            (Subset::CultureGap { best, worst: worst.clone() }, BootstrapMethod::Basic, smallest),
            (Subset::WorstCulture { name: worst }, BootstrapMethod::Percentile, smallest),
        ]
    }

    /// Why one of the three does not exist. A mean needs every culture, a comparison two of them.
    fn refusal(&self, place: usize, subset: &Subset) -> Option<NoScore> {
        let compared = self.comparable(place).count();
        let missing = self.refused[place]
            .iter()
            .zip(&self.board.cultures)
            .find_map(|(r, c)| Some((r.clone()?, c)));
        match (subset, missing) {
            (Subset::CultureMean, Some((reason, (part, _)))) => {
                Some(NoScore::Part { part: part.clone(), reason: Box::new(reason) })
            }
            (Subset::CultureMean, None) if self.units.clusters() >= 2 => None,
            _ if compared < 2 => Some(NoScore::TooFewCultures { cultures: compared as u64 }),
            _ if self.units.clusters() < 2 => Some(NoScore::OneCluster {
                subset: subset.to_string(),
                n: self.board.rows.len() as u64,
            }),
            _ => None,
        }
    }

    /// The score without value and interval; that of the worst culture counts its examples only.
    fn blank(&self, measure: Measure, subset: &Subset) -> Score {
        let worst = match subset {
            Subset::WorstCulture { name } => {
                self.board.cultures.iter().position(|(n, _)| n == name)
            }
            _ => None,
        };
        let (slices, clusters) = match worst {
            Some(c) => (self.slices(c), self.board.clusters_of(&self.board.cultures[c].1)),
            None => (0..self.margins.len(), self.units.clusters()),
        };
        let margins = &self.margins[slices];
        let mut score = self.board.blank(subset, measure, margins, clusters);
        if is_accuracy(measure) && !matches!(subset, Subset::CultureGap { .. }) {
            let majorities: Vec<f64> = margins.iter().filter_map(Tally::majority).collect();
            score.majority = Some(mean(&majorities));
        }
        score
    }
}

/// The lowest and the highest possible value of a figure over cultures, from those of its measure.
fn bounds_of(subset: &Subset, (lowest, highest): Bounds) -> Bounds {
    match subset {
        Subset::CultureGap { .. } => (0.0, highest - lowest),
        _ => (lowest, highest),
    }
}

/// Sum, best and worst of the cultures in one resample.
#[derive(Default)]
struct Span {
    count: f64,
    sum: f64,
    best: f64,
    least: f64,
}

impl Span {
    fn add(&mut self, value: f64) {
        (self.best, self.least) = if self.count == 0.0 {
            (value, value)
        } else {
            (self.best.max(value), self.least.min(value))
        };
        self.count += 1.0;
        self.sum += value;
    }

    fn if_any(&self, figure: f64) -> f64 {
        if self.count > 0.0 { figure } else { f64::NAN }
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn gap(&self) -> f64 {
        self.if_any(self.best - self.least)
    }

    fn worst(&self) -> f64 {
        self.if_any(self.least)
    }
}
