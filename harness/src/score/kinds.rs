//! The measures of each kind of answer in addition to accuracy, as terms of every example ([`super::terms`]); of labels those of
//! panels, items that several cultures judge.

use std::collections::BTreeMap;

use culture_scores::bias::{self, Context, Role, UNPARSABLE};
use culture_scores::likelihood::{mc1, mc2, mc2_of_logs, mc3};
use culture_scores::map::Position;
use culture_scores::panel::{self, Judgement};
use culture_scores::shares::{ShareScore, one_hot};
use culture_scores::short::{EmptyTexts, MatchRule, sem};
use culture_scores::{MOST_TERMS, RatioScore};
use eval_stats::Direction;

use super::terms::{Function, TermMeasure};
use crate::answer::{Answer, Given};
use crate::definition::answer::{AnswerMap, Kind, Scale};
use crate::definition::dataset::{Capability, Task};
use crate::definition::metric::ValueMetric;
use crate::example::{Examples, Item, letter};

/// With more options the share of each shown place is not listed.
const MOST_PLACES: usize = 6;

/// What the measures need to know of one variant of a model's answers.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// How the model was asked: decides whether scores are log-likelihoods.
    pub served: Capability,
}

/// One value an example, or a ratio of sums.
#[derive(Debug, Clone, Copy)]
enum Rule {
    Value(ValueMetric, Option<MatchRule>),
    Ratio(&'static RatioScore<bias::Row>),
    /// The share of answers at a shown place.
    Place(usize),
    /// The share of pairs whose sentences are equally likely.
    Neutral,
    /// How an item is answered for each culture that judged it.
    Panel(&'static RatioScore<panel::Row>),
}

/// All measures of a task beside accuracy.
#[derive(Debug)]
pub struct Measures {
    rules: Vec<Rule>,
    /// As the score room wants them.
    pub measures: Vec<TermMeasure>,
    width: usize,
    scale: Scale,
    empty: EmptyTexts,
    on_map: bool,
}

impl Measures {
    /// Those of a task; where it has labels, none unless several cultures judge one item. `options`: the largest number of options of an example.
    pub fn of(task: &Task, options: usize) -> Self {
        let rules = rules(task, options);
        let mut measures = Vec::new();
        let mut first = 0;
        for rule in &rules {
            let (terms, function) = match rule {
                Rule::Ratio(score) => (MOST_TERMS, Function::Of(score.value)),
                Rule::Panel(score) => (MOST_TERMS, Function::Of(score.value)),
                _ => (2, Function::Mean),
            };
            let (range, counted) = (range(rule), counted(rule));
            measures.push(TermMeasure {
                name: name(task, rule),
                range,
                higher_is_better: higher_is_better(rule),
                first,
                terms,
                of: 0,
                counted,
                function,
            });
            first += terms;
        }
        for measure in &mut measures {
            measure.of = first;
        }
        let scale = match task.example.answer {
            Some(AnswerMap::Distribution { scale, .. }) => scale,
            _ => Scale::Nominal,
        };
        let on_map = task.kind() == Kind::MapItem;
        // What was dropped when the examples were made is not there any more.
        Self { rules, measures, width: first, scale, empty: EmptyTexts::Keep, on_map }
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The terms of one column of answers, row-major. Items of a map that share a cluster make one position, labels that share one a
    /// panel. `places` gives the shown place of an option of an example, where options are shown.
    pub fn column(
        &self,
        examples: &Examples,
        given: &[Given],
        way: Way,
        places: impl Fn(usize, u32) -> Option<usize>,
    ) -> Vec<f64> {
        let items = &examples.items;
        if self.on_map {
            return on_map(items, given, &examples.clusters);
        }
        if let Some(Rule::Panel(_)) = self.rules.first() {
            return self.panels(examples, given);
        }
        let mut column = Vec::with_capacity(items.len() * self.width);
        for (row, (item, given)) in items.iter().zip(given).enumerate() {
            let one = One { item, given, way, measures: self };
            for rule in &self.rules {
                match rule {
                    Rule::Ratio(score) => {
                        let terms = one.bias().map(|row| (score.terms)(row));
                        column.extend(terms.unwrap_or_default());
                    }
                    Rule::Place(place) => {
                        let shown = given.answer.label().and_then(|option| places(row, option));
                        let value = shown.map(|shown| f64::from(u8::from(shown == *place)));
                        push_mean(&mut column, value);
                    }
                    Rule::Neutral => push_mean(&mut column, one.neutral()),
                    Rule::Panel(_) => column.extend([0.0; MOST_TERMS]),
                    Rule::Value(metric, rule) => {
                        push_mean(&mut column, one.value(*metric, *rule));
                    }
                }
            }
        }
        column
    }
}

impl Measures {
    /// The terms of labels: examples that share a cluster are one item, judged by cultures. Where some label has no score, the answer
    /// alone counts.
    fn panels(&self, examples: &Examples, given: &[Given]) -> Vec<f64> {
        let most = examples.labels.iter().map(|label| label + 1).max().unwrap_or(0) as usize;
        let scores: Vec<Vec<f64>> = given.iter().map(|given| scores(given, most)).collect();
        let judgements: Vec<Judgement<'_>> = (0..given.len())
            .map(|row| Judgement {
                item: examples.clusters[row],
                culture: examples.cultures.codes[row],
                gold: examples.labels[row],
                answer: given[row].answer.label(),
                scores: &scores[row],
            })
            .collect();
        let rows = panel::rows(&judgements);
        let terms = |row: panel::Row| {
            let of = move |rule: &Rule| match rule {
                Rule::Panel(score) => (score.terms)(row),
                _ => [0.0; MOST_TERMS],
            };
            self.rules.iter().flat_map(of)
        };
        rows.into_iter().flat_map(terms).collect()
    }
}

/// Scores by option; empty where one of the first `count` has none or is not a number.
fn scores(given: &Given, count: usize) -> Vec<f64> {
    let most = given.scores.iter().map(|(option, _)| *option as usize + 1).max().unwrap_or(0);
    let mut scores = vec![f64::NAN; most.max(count)];
    for (option, score) in &given.scores {
        scores[*option as usize] = f64::from(*score);
    }
    if scores.iter().any(|score| score.is_nan()) { Vec::new() } else { scores }
}

/// Whether the position that the answers of a cluster make is nearer to where its people are than the middle of all is, and its
/// distance: at the first item of the cluster, none at the others. Without an answer to every item there is no position: not nearer, and
/// no distance.
fn on_map(items: &[Item], given: &[Given], clusters: &[u32]) -> Vec<f64> {
    let mut positions: BTreeMap<u32, (Option<Position>, u32)> = BTreeMap::new();
    for ((item, given), cluster) in items.iter().zip(given).zip(clusters) {
        let moved = item.map.as_ref().and_then(|map| {
            let option = given.answer.label()?;
            map.moves.get(option as usize).copied()
        });
        let start = (Some(Position { x: 0.0, y: 0.0 }), 0);
        let (sum, items) = positions.entry(*cluster).or_insert(start);
        *items += 1;
        *sum = sum.zip(moved).map(|(sum, [x, y])| Position { x: sum.x + x, y: sum.y + y });
    }
    let mut column = Vec::with_capacity(items.len() * 4);
    for (item, cluster) in items.iter().zip(clusters) {
        let Some(((position, items), map)) = positions.remove(cluster).zip(item.map.as_ref())
        else {
            // Not the first item of its cluster.
            column.extend([0.0; 4]);
            continue;
        };
        let at = |[x, y]: [f64; 2]| Position { x, y };
        let (place, centre) = (at(map.place), at(map.centre));
        let whole = position.filter(|_| items == map.items);
        let distance = whole.map(|position| position.distance(place));
        // Whoever does not answer every item is not nearer.
        let nearer = distance.is_some_and(|distance| distance < centre.distance(place));
        push_mean(&mut column, Some(f64::from(u8::from(nearer))));
        push_mean(&mut column, distance);
    }
    column
}

fn push_mean(column: &mut Vec<f64>, value: Option<f64>) {
    column.extend(value.map_or([0.0, 0.0], |value| [value, 1.0]));
}

fn rules(task: &Task, options: usize) -> Vec<Rule> {
    let value = |metric| Rule::Value(metric, None);
    match task.kind() {
        Kind::Label if task.scoring.panels => {
            [&panel::CONTRAST, &panel::DISAGREEING, &panel::EXCESS].map(Rule::Panel).to_vec()
        }
        Kind::Label => Vec::new(),
        Kind::MapItem => vec![value(ValueMetric::Nearer), value(ValueMetric::Distance)],
        Kind::Choice => {
            let bias = task.scoring.bias.iter().flat_map(|formula| formula.scores());
            // The share without an option is counted for every task.
            let bias = bias.filter(|score| !std::ptr::eq(*score, &raw const UNPARSABLE));
            let places = (0..options).filter(|_| options <= MOST_PLACES).map(Rule::Place);
            std::iter::once(value(ValueMetric::ChanceCorrected))
                .chain(bias.map(Rule::Ratio))
                .chain(places)
                .collect()
        }
        Kind::Short => {
            let first = task.scoring.matching.unwrap_or(MatchRule::Exact);
            let rules = std::iter::once(first).chain(task.scoring.also_match.iter().copied());
            let both =
                |rule| [ValueMetric::SemB, ValueMetric::SemW].map(|m| Rule::Value(m, Some(rule)));
            rules.flat_map(both).collect()
        }
        Kind::Distribution => {
            let ordinal = matches!(
                task.example.answer,
                Some(AnswerMap::Distribution { scale: Scale::Ordinal, .. })
            );
            let all = [
                ValueMetric::JsSimilarity,
                ValueMetric::Jsd,
                ValueMetric::Tv,
                ValueMetric::CrossEntropy,
                ValueMetric::Brier,
            ];
            let w1 = ordinal.then_some(ValueMetric::W1);
            all.into_iter().chain(w1).map(value).collect()
        }
        Kind::Preference => vec![value(ValueMetric::Prefers), Rule::Neutral],
        Kind::ChoicesOf => {
            let all = [ValueMetric::Mc1, ValueMetric::Mc2, ValueMetric::Mc2Log, ValueMetric::Mc3];
            all.into_iter().map(value).collect()
        }
    }
}

/// Which terms count the examples.
fn counted(rule: &Rule) -> Vec<usize> {
    match rule {
        Rule::Ratio(score) => score.counted.to_vec(),
        Rule::Panel(score) => score.counted.to_vec(),
        _ => vec![1],
    }
}

fn higher_is_better(rule: &Rule) -> bool {
    match rule {
        Rule::Value(metric, _) => metric.direction() == Some(Direction::HigherIsBetter),
        Rule::Ratio(score) => score.facts.direction() == Some(Direction::HigherIsBetter),
        Rule::Panel(score) => score.facts.direction() == Some(Direction::HigherIsBetter),
        Rule::Place(_) | Rule::Neutral => false,
    }
}

fn range(rule: &Rule) -> (f64, f64) {
    match rule {
        Rule::Value(metric, _) => metric.range(),
        Rule::Ratio(score) => score.facts.range,
        Rule::Panel(score) => score.facts.range,
        Rule::Place(_) | Rule::Neutral => (0.0, 1.0),
    }
}

fn name(task: &Task, rule: &Rule) -> String {
    match rule {
        Rule::Value(metric, None) => metric.name().to_owned(),
        Rule::Value(metric, Some(rule))
            if task.scoring.matching.unwrap_or(MatchRule::Exact) == *rule =>
        {
            metric.name().to_owned()
        }
        Rule::Value(metric, Some(rule)) => format!("{} ({})", metric.name(), rule.name()),
        Rule::Ratio(score) => score.facts.name.to_owned(),
        Rule::Panel(score) => score.facts.name.to_owned(),
        Rule::Place(place) => format!("shown as {}", letter(*place)),
        Rule::Neutral => "neutral".to_owned(),
    }
}

/// One example and what was given for it.
struct One<'a> {
    item: &'a Item,
    given: &'a Given,
    way: Way,
    measures: &'a Measures,
}

impl One<'_> {
    /// The value of a metric; none where it is not defined for the example.
    fn value(&self, metric: ValueMetric, rule: Option<MatchRule>) -> Option<f64> {
        match metric {
            ValueMetric::ChanceCorrected => {
                let chance = 1.0 / self.item.options.len() as f64;
                Some((f64::from(u8::from(self.right())) - chance) / (1.0 - chance))
            }
            ValueMetric::SemB => Some(self.sem(rule?).binary),
            ValueMetric::SemW => Some(self.sem(rule?).weighted),
            ValueMetric::JsSimilarity => self.share(ShareScore::JsSimilarity),
            ValueMetric::Jsd => self.share(ShareScore::Jsd),
            ValueMetric::Tv => self.share(ShareScore::Tv),
            ValueMetric::CrossEntropy => self.share(ShareScore::CrossEntropy),
            ValueMetric::Brier => self.share(ShareScore::Brier),
            ValueMetric::W1 if self.measures.scale == Scale::Ordinal => self.share(ShareScore::W1),
            ValueMetric::Prefers => {
                let more = self.item.target.iter().position(|t| *t == 1.0)?;
                let scores = self.scores();
                let prefers = match scores.as_slice() {
                    // Replies and hard choices know no ties; without an answer nothing is preferred.
                    [] if self.given.answer.label().is_none() => return None,
                    [] => self.given.answer == Answer::Label(more as u32),
                    scores => scores[more] > scores[1 - more],
                };
                Some(f64::from(u8::from(prefers)))
            }
            ValueMetric::Mc1 => self.many(false, |a| mc1(a.best, &a.wrong)),
            ValueMetric::Mc2 => self.many(true, |a| mc2(&a.right, &a.wrong)),
            ValueMetric::Mc2Log => self.mc2_log(),
            ValueMetric::Mc3 => self.many(false, |a| mc3(&a.right, &a.wrong)),
            ValueMetric::W1 | ValueMetric::Distance | ValueMetric::Nearer | ValueMetric::Logged => {
                None
            }
        }
    }

    fn right(&self) -> bool {
        let right =
            self.given.answer.label().and_then(|option| self.item.target.get(option as usize));
        right.is_some_and(|target| *target > 0.0)
    }

    /// Without a reply nothing is right, also where an empty reference would match.
    fn sem(&self, rule: MatchRule) -> culture_scores::short::Sem {
        if self.given.answer.label().is_none() {
            return culture_scores::short::Sem { binary: 0.0, weighted: 0.0, reference: None };
        }
        sem(&self.given.text, &self.item.references, rule, self.measures.empty)
    }

    /// Scores in the official order; empty where not every option has one.
    fn scores(&self) -> Vec<f64> {
        scores(self.given, self.item.options.len())
    }

    /// The probability of each option: as given, from log-likelihoods, or all of it on a hard answer. An answer that is none
    /// counts as the worst hard answer: the option that fewest people chose.
    fn probabilities(&self) -> Option<Vec<f64>> {
        let scores = self.scores();
        if !scores.is_empty() {
            let sum: f64 = scores.iter().sum();
            let given = scores.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() < 1e-3;
            return Some(if given && self.way.served != Capability::Loglikelihood {
                scores
            } else {
                softmax(&scores)
            });
        }
        let fewest = || {
            let mut order: Vec<usize> = (0..self.item.target.len()).collect();
            order.sort_by(|a, b| self.item.target[*a].total_cmp(&self.item.target[*b]));
            order.first().copied()
        };
        let option = match self.given.answer {
            Answer::Label(option) => option as usize,
            Answer::Unparsable | Answer::Missing => fewest()?,
        };
        one_hot(option, self.item.options.len()).ok()
    }

    fn share(&self, score: ShareScore) -> Option<f64> {
        score.of(&self.probabilities()?, &self.item.target).ok()
    }

    /// What the roles of the options make of the answer: none for an item without them.
    fn bias(&self) -> Option<bias::Row> {
        let (unknown, biased) = (*self.item.roles.get("unknown")?, *self.item.roles.get("biased")?);
        let role = |option: u32| match option {
            option if option == unknown => Role::Unknown,
            option if option == biased => Role::Biased,
            _ => Role::CounterBiased,
        };
        let gold = self.item.target.iter().position(|target| *target == 1.0)?;
        let gold = role(gold as u32);
        let context =
            if gold == Role::Unknown { Context::Ambiguous } else { Context::Disambiguated };
        Some(bias::Row { context, gold, answer: self.given.answer.label().map(role) })
    }

    fn neutral(&self) -> Option<f64> {
        let scores = self.scores();
        let [a, b] = scores.as_slice() else { return None };
        Some(f64::from(u8::from(a == b)))
    }

    /// A score of right and wrong answers; without likelihoods of all of them it is 0. `likelihoods`: of the likelihoods
    /// themselves, where the model gives their logarithms.
    fn many(
        &self,
        likelihoods: bool,
        of: fn(&Answers) -> culture_scores::Result<f64>,
    ) -> Option<f64> {
        let best = *self.item.roles.get("best")? as usize;
        let mut scores = self.scores();
        if scores.is_empty() {
            return Some(0.0);
        }
        if likelihoods && self.way.served == Capability::Loglikelihood {
            for score in &mut scores {
                *score = score.exp();
            }
        }
        let of_side = |right: bool| -> Vec<f64> {
            let both = scores.iter().zip(&self.item.target);
            both.filter(|(_, target)| (**target > 0.0) == right).map(|(score, _)| *score).collect()
        };
        of(&Answers { best: scores[best], right: of_side(true), wrong: of_side(false) }).ok()
    }

    /// MC2 of logarithms: those that a model gives, or those of its scores.
    fn mc2_log(&self) -> Option<f64> {
        match self.way.served {
            Capability::Loglikelihood => self.many(false, |a| mc2(&a.right, &a.wrong)),
            _ => self.many(false, |a| mc2_of_logs(&a.right, &a.wrong)),
        }
    }
}

/// Likelihoods of the answers to one example of Kalahi.
struct Answers {
    best: f64,
    right: Vec<f64>,
    wrong: Vec<f64>,
}

/// Probabilities from log-likelihoods.
fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.into_iter().map(|part| part / sum).collect()
}
