//! How unequal the cultures fare: their mean, the gap from best to worst, and the worst one.

use std::ops::Range as Slices;

use eval_stats::bootstrap::BootstrapMethod;
use eval_stats::descriptive::mean;
use eval_stats::groups::Shrunken;

use super::NoScore;
use super::among::{AmongCultures, GapFigures, ShrunkenScore, SimultaneousInterval};
use super::between::{Between, Estimate, RESAMPLES};
use super::board::{Board, fill};
use super::figures::{Evaluation, Refusal, Score, Subset};
use super::measure::{Measure, is_accuracy};
use super::metrics::Tally;
use super::resample::{Range, Support, Units, bootstrap};

/// A culture with fewer independent examples is not compared with others: a bootstrap knows too little of it.
pub(crate) const LEAST_OF_CULTURE: u64 = 10;

/// What each culture is worth among the others, by measure.
#[derive(Debug, Default)]
pub(crate) struct Standings(Vec<(String, String, AmongCultures)>);

impl Standings {
    /// Puts it beside the scores of the cultures.
    pub(crate) fn attach(self, out: &mut Evaluation) {
        for (metric, name, among) in self.0 {
            let subset = Subset::Culture { name };
            let found = out.scores.iter_mut().find(|s| s.metric == metric && s.subset == subset);
            if let Some(score) = found {
                score.among = Some(among);
            }
        }
    }
}

impl Board<'_> {
    /// Mean over cultures, culture gap and worst culture of every measure.
    pub(crate) fn across_cultures(&self, out: &mut Evaluation) -> Standings {
        let mut standings = Standings::default();
        if self.rows.is_empty() {
            return standings;
        }
        let across = Across::new(self);
        let means = across.means();
        let drawn = across.drawn();
        for (place, &measure) in self.measures.iter().enumerate() {
            let refuse = |subset, reason| Refusal { metric: self.name(measure), subset, reason };
            match &means[place] {
                Ok((value, range)) => {
                    let mut score = across.blank(measure, &Subset::CultureMean);
                    fill(&mut score, *value, range.clone());
                    out.scores.push(score);
                }
                Err(reason) => out.refused.push(refuse(Subset::CultureMean, reason.clone())),
            }
            // Of a distance the lowest culture is the best one, of a bias score neither end is.
            if !self.has_a_worst_end(measure) {
                continue;
            }
            if let Err((subsets, reason)) = across.compared(place, &drawn, out, &mut standings) {
                out.refused.extend(subsets.into_iter().map(|s| refuse(s, reason.clone())));
            }
        }
        standings
    }
}

/// The cultures of a board side by side.
struct Across<'a> {
    board: &'a Board<'a>,
    /// Clusters whose cells are separated by culture and variant.
    units: Units,
    /// As observed.
    margins: Vec<Tally>,
    /// Per culture: its independent examples.
    clusters: Vec<u64>,
    /// Per measure and culture: why that culture does not have it.
    refused: Vec<Vec<Option<NoScore>>>,
}

/// What cannot be compared, and why.
type NotCompared = (Vec<Subset>, NoScore);

impl<'a> Across<'a> {
    fn new(board: &'a Board<'a>) -> Self {
        let tagged: Vec<(u32, u32)> = (0_u32..)
            .zip(&board.cultures)
            .flat_map(|(slice, (_, rows))| rows.iter().map(move |&row| (row, slice)))
            .collect();
        let units = board.units(&tagged, board.cultures.len());
        let margins = units.margins();
        let clusters = board.cultures.iter().map(|(_, rows)| board.clusters_of(rows)).collect();
        let mut across = Self { board, units, margins, clusters, refused: Vec::new() };
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
    fn comparable(&self, place: usize) -> Vec<usize> {
        self.having(place).filter(|&c| self.clusters[c] >= LEAST_OF_CULTURE).collect()
    }

    /// Mean over the cultures of every measure, and its interval. A culture that a resample does not hold is left out of it.
    fn means(&self) -> Vec<Result<(f64, Range), NoScore>> {
        let of = |margins: &[Tally]| -> Vec<f64> {
            let one = |(place, &measure): (usize, &Measure)| {
                let values: Vec<f64> =
                    self.having(place).filter_map(|c| self.value(margins, c, measure)).collect();
                if values.is_empty() {
                    f64::NAN
                } else {
                    values.iter().sum::<f64>() / values.len() as f64
                }
            };
            self.board.measures.iter().enumerate().map(one).collect()
        };
        let stream = self.board.rules.stream.child("across cultures");
        let observed = of(&self.margins);
        let replicates = self.units.resample(&stream, self.board.rules.resamples, of);
        let clusters = self.units.clusters();
        let clustered = clusters < self.board.rows.len() as u64;
        (self.board.measures.iter().enumerate())
            .map(|(place, measure)| {
                if let Some(reason) = self.no_mean(place) {
                    return Err(reason);
                }
                let range = bootstrap(
                    observed[place],
                    measure.bounds(),
                    replicates.iter().map(|r| r[place]).collect(),
                    BootstrapMethod::Percentile,
                    clustered,
                    Support { examples: self.board.rows.len() as u64, independent: clusters },
                    &stream,
                )?;
                Ok((observed[place], range))
            })
            .collect()
    }

    /// Why there is no mean: it needs every culture, and more than one cluster.
    fn no_mean(&self, place: usize) -> Option<NoScore> {
        let missing = (self.refused[place].iter().zip(&self.board.cultures))
            .find_map(|(reason, (part, _))| Some((reason.clone()?, part)));
        match missing {
            Some((reason, part)) => {
                Some(NoScore::Part { part: part.clone(), reason: Box::new(reason) })
            }
            None => self.one_cluster(&Subset::CultureMean),
        }
    }

    fn one_cluster(&self, subset: &Subset) -> Option<NoScore> {
        let n = self.board.rows.len() as u64;
        (self.units.clusters() < 2).then(|| NoScore::OneCluster { subset: subset.to_string(), n })
    }

    /// Resampled values, one list a measure and culture: all from the same draws of whole clusters.
    fn drawn(&self) -> Vec<Vec<Vec<f64>>> {
        let (measures, cultures) = (&self.board.measures, self.board.cultures.len());
        let stream = self.board.rules.stream.child("between cultures");
        let resamples = self.board.rules.resamples.min(RESAMPLES);
        let draws = self.units.resample(&stream, resamples, |margins| {
            let of = |&m: &Measure| {
                (0..cultures).map(move |c| self.value(margins, c, m).unwrap_or(f64::NAN))
            };
            measures.iter().flat_map(of).collect()
        });
        let column = |place: usize| draws.iter().map(|draw| draw[place]).collect();
        (0..measures.len())
            .map(|m| (0..cultures).map(|c| column(m * cultures + c)).collect())
            .collect()
    }

    /// Some cluster has examples of two cultures.
    fn shared(&self) -> bool {
        self.clusters.iter().sum::<u64>() > self.units.clusters()
    }

    fn between(&self, place: usize, cultures: &[usize], drawn: &[Vec<Vec<f64>>]) -> Between {
        let measure = self.board.measures[place];
        let estimates: Vec<Estimate> = (cultures.iter())
            .map(|&c| {
                let margins = &self.margins[self.slices(c)];
                let support = self.board.support(margins, measure).min(self.clusters[c]);
                Estimate {
                    value: self.value(&self.margins, c, measure).unwrap_or(f64::NAN),
                    examples: margins[0].n(),
                    support: support as f64,
                    drawn: drawn[place][c].clone(),
                }
            })
            .collect();
        Between::new(&estimates, measure.bounds(), self.shared())
    }

    /// Gap, worst culture, and what every culture is worth among the others.
    fn compared(
        &self,
        place: usize,
        drawn: &[Vec<Vec<f64>>],
        out: &mut Evaluation,
        standings: &mut Standings,
    ) -> Result<(), NotCompared> {
        let measure = self.board.measures[place];
        let cultures = self.comparable(place);
        let empty = || {
            let (best, worst) = (String::new(), String::new());
            vec![
                Subset::CultureGap { best, worst: worst.clone() },
                Subset::WorstCulture { name: worst },
            ]
        };
        let because = |reason: NoScore| (empty(), reason);
        let having: Vec<usize> = self.having(place).collect();
        let shrunken = self.between(place, &having, drawn).shrunken();
        let shrunken = shrunken.map_err(|e| because(e.into()))?;
        let mut simultaneous = Vec::new();
        let mut result = Ok(());
        if cultures.len() < 2 {
            result = Err(because(NoScore::TooFewCultures { cultures: cultures.len() as u64 }));
        } else if let Some(reason) = self.one_cluster(&Subset::WorstCulture { name: String::new() })
        {
            result = Err(because(reason));
        } else {
            let stream =
                self.board.rules.stream.child("between cultures").child(&self.board.name(measure));
            let found = self.between(place, &cultures, drawn).compare(&stream);
            let found = found.map_err(|e| because(e.into()))?;
            out.scores.push(self.gap(measure, &cultures, &found.gap));
            out.scores.push(self.worst(measure, &cultures, &found.worst));
            simultaneous = found.simultaneous;
        }
        let all = cultures.len() as u64;
        for (position, &c) in having.iter().enumerate() {
            let ends =
                cultures.iter().position(|&other| other == c).and_then(|p| simultaneous.get(p));
            let simultaneous =
                ends.map(|&(low, high)| SimultaneousInterval { low, high, cultures: all });
            let of = |s: &Vec<Shrunken>| ShrunkenScore {
                value: s[position].value,
                weight: s[position].weight,
            };
            let among = AmongCultures { shrunken: shrunken.as_ref().map(of), simultaneous };
            standings.0.push((self.board.name(measure), self.board.cultures[c].0.clone(), among));
        }
        result
    }

    fn gap(&self, measure: Measure, cultures: &[usize], gap: &eval_stats::groups::Gap) -> Score {
        let of = |position: usize| &self.board.cultures[cultures[position]];
        let ((best, best_rows), (worst, worst_rows)) = (of(gap.best), of(gap.worst));
        let subset = Subset::CultureGap { best: best.clone(), worst: worst.clone() };
        let mut score = self.blank(measure, &subset);
        fill(&mut score, gap.value, range(gap.low, gap.high, "simultaneous-newcombe"));
        score.gap = Some(GapFigures {
            cultures: cultures.len() as u64,
            best_n: best_rows.len() as u64,
            worst_n: worst_rows.len() as u64,
            expected_if_equal: gap.expected,
            excess: gap.value - gap.expected,
            p_equal: gap.p_equal,
        });
        score
    }

    fn worst(
        &self,
        measure: Measure,
        cultures: &[usize],
        worst: &eval_stats::groups::Worst,
    ) -> Score {
        let name = self.board.cultures[cultures[worst.group]].0.clone();
        let mut score = self.blank(measure, &Subset::WorstCulture { name });
        fill(&mut score, worst.value, range(worst.low, worst.high, "simultaneous-wilson"));
        score
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
            Some(c) => (self.slices(c), self.clusters[c]),
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

fn range(low: f64, high: f64, method: &str) -> Range {
    Range { low, high, method: method.to_owned() }
}
