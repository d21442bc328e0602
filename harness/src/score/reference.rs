//! Reference lines: the scores of answers that know nothing of the question. They read gold answers, so no plugin
//! computes them.
//!
//! A model that does not beat the best of them has not shown that it knows anything.

use std::collections::{BTreeMap, HashMap};

use culture_scores::reference::{self, Predictor, TextScore};
use culture_scores::shares;
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::figures::{Questions, Rules};
use super::kinds::{Measures, Way};
use super::{Answer, ScoreError};
use crate::answer::Given;
use crate::definition::answer::Kind;
use crate::definition::dataset::{Capability, Metric, Task};
use crate::definition::reference::ReferenceLine;
use crate::example::Examples;

/// With more labels only the commonest one is tried as the answer to everything.
const MOST_CONSTANTS: usize = 32;

/// What answers by a simple rule score by the primary metric of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimpleRule {
    /// The rule: `always hate`, `uniform guess`, `first option`, `answers of US`.
    pub name: String,
    /// Its score.
    pub value: f64,
}

/// All lines of a task by the primary metric of `rules`, in a fixed order; a rule that gives no value has no line.
///
/// # Errors
/// Questions and rules that do not fit together.
pub fn lines(
    task: &Task,
    examples: &Examples,
    rules: &Rules,
) -> Result<Vec<SimpleRule>, ScoreError> {
    let scorer = Scorer { task, examples, rules, measures: Measures::of(task, 0) };
    let mut lines = Vec::new();
    for (name, given) in scorer.columns() {
        if let Some(value) = scorer.value(&given)? {
            lines.push(SimpleRule { name, value });
        }
    }
    if task.kind().has_right_option() {
        lines = best_constant(lines);
        lines.extend(scorer.uniform_guess());
    }
    Ok(lines)
}

/// Of the constant answers only the best one.
fn best_constant(lines: Vec<SimpleRule>) -> Vec<SimpleRule> {
    let (constant, mut others): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.name.starts_with(ALWAYS));
    let best = constant.into_iter().reduce(|a, b| if b.value > a.value { b } else { a });
    others.extend(best);
    others
}

const ALWAYS: &str = "always ";

struct Scorer<'a> {
    task: &'a Task,
    examples: &'a Examples,
    rules: &'a Rules,
    measures: Measures,
}

impl Scorer<'_> {
    /// Answers by rule: name and one an example; none where the rule has nothing to say about an example.
    fn columns(&self) -> Vec<(String, Vec<Option<Given>>)> {
        let mut columns = match self.task.kind() {
            Kind::Label => self.constants(),
            Kind::Choice => {
                let mut columns = self.constants();
                columns.push(("longest option".to_owned(), self.longest()));
                columns
            }
            Kind::Distribution => vec![("uniform".to_owned(), self.equal_shares())],
            Kind::Preference => {
                vec![("shorter sentence".to_owned(), self.by_text(TextScore::MinusBytes))]
            }
            Kind::ChoicesOf => {
                vec![("longest answer".to_owned(), self.by_text(TextScore::BytesPer100))]
            }
            Kind::Short | Kind::MapItem => Vec::new(),
        };
        for line in &self.task.references {
            columns.push(match line {
                ReferenceLine::AnswersOf { culture } => {
                    (format!("answers of {culture}"), self.answers_of(culture))
                }
                ReferenceLine::MeanOfOtherCultures => {
                    ("mean of the other cultures".to_owned(), self.mean_of_others())
                }
            });
        }
        columns
    }

    fn each(&self, given: impl Fn(usize) -> Option<Given>) -> Vec<Option<Given>> {
        (0..self.examples.len()).map(given).collect()
    }

    /// Every label, or every place of an option, as the answer to everything.
    fn constants(&self) -> Vec<(String, Vec<Option<Given>>)> {
        let labels = &self.task.labels;
        let mut counts = vec![0_u64; labels.len()];
        for &label in &self.examples.labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        let commonest = counts.iter().max().copied().unwrap_or(0);
        let few = labels.len() <= MOST_CONSTANTS;
        let tried = |label: &usize| few || counts[*label] == commonest;
        (0..labels.len())
            .filter(tried)
            .map(|label| {
                let given = Given { answer: Answer::Label(label as u32), ..Given::MISSING };
                (format!("{ALWAYS}{}", labels[label]), vec![Some(given); self.examples.len()])
            })
            .collect()
    }

    /// The same share for each option of an example.
    fn equal_shares(&self) -> Vec<Option<Given>> {
        self.each(|row| Some(scored(&shares::uniform(self.examples.items[row].options.len()))))
    }

    /// The option with the most characters, the first one on ties.
    fn longest(&self) -> Vec<Option<Given>> {
        self.each(|row| {
            let options = &self.examples.items[row].options;
            let option = Predictor::Longest.of(&reference::Item { row, options, roles: None })?;
            Some(Given { answer: Answer::Label(option as u32), ..Given::MISSING })
        })
    }

    /// A score of each option that does not use its meaning.
    fn by_text(&self, score: TextScore) -> Vec<Option<Given>> {
        self.each(|row| {
            let options = self.examples.items[row].options.iter();
            Some(scored(&options.map(|text| score.of(text)).collect::<Vec<_>>()))
        })
    }

    /// The first reference of another culture to the same question (cluster), as a reply. The culture's own examples do not
    /// count. A short answer that it does not give is wrong; shares that it does not give are left out.
    fn answers_of(&self, culture: &str) -> Vec<Option<Given>> {
        let mut known: HashMap<u32, usize> = HashMap::new();
        for row in 0..self.examples.len() {
            if self.examples.cultures.get(row) == culture {
                known.insert(self.examples.clusters[row], row);
            }
        }
        self.each(|row| {
            if self.examples.cultures.get(row) == culture {
                return None;
            }
            let Some(&other) = known.get(&self.examples.clusters[row]) else {
                return (self.task.kind() == Kind::Short).then_some(Given::MISSING);
            };
            let item = &self.examples.items[other];
            if let Some(reference) = item.references.first() {
                let Some(text) = reference.texts.first() else { return Some(Given::MISSING) };
                let text = text.trim().to_lowercase();
                return Some(Given { answer: Answer::Label(0), scores: Vec::new(), text });
            }
            let alike = item.options == self.examples.items[row].options;
            alike.then(|| scored(&item.target))
        })
    }

    /// The mean shares of the other cultures on the same question (cluster) with the same options.
    fn mean_of_others(&self) -> Vec<Option<Given>> {
        let mut alike: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, cluster) in self.examples.clusters.iter().enumerate() {
            alike.entry(*cluster).or_default().push(row);
        }
        let items = &self.examples.items;
        let culture = |row: usize| self.examples.cultures.get(row);
        self.each(|row| {
            let mut sum = vec![0.0; items[row].target.len()];
            let mut others = 0.0;
            for &other in &alike[&self.examples.clusters[row]] {
                if culture(other) != culture(row) && items[other].options == items[row].options {
                    others += 1.0;
                    for (all, share) in sum.iter_mut().zip(&items[other].target) {
                        *all += share;
                    }
                }
            }
            let means: Vec<f64> = sum.iter().map(|all| all / others).collect();
            (others > 0.0).then(|| scored(&means))
        })
    }

    /// The primary metric of one column on the examples that the rule speaks of: others would count as wrong, and the line
    /// would be too low. None where they are less than half.
    fn value(&self, given: &[Option<Given>]) -> Result<Option<f64>, ScoreError> {
        let (rows, given): (Vec<usize>, Vec<Given>) = (given.iter().enumerate())
            .filter_map(|(row, given)| Some((row, given.clone()?)))
            .unzip();
        if 2 * rows.len() < self.examples.len() {
            return Ok(None);
        }
        let examples = self.examples.picked(&rows);
        let answers: Vec<Answer> = given.iter().map(|given| given.answer).collect();
        let way = Way { served: Capability::Choose };
        let column = self.measures.column(&examples, &given, way, |_, _| None);
        let columns: &[&[f64]] = if self.measures.is_empty() { &[] } else { &[&column] };
        let questions = Questions {
            labels: &self.task.labels,
            gold: &examples.labels,
            answers: &[&answers],
            ranks: None,
            cultures: &examples.cultures,
            clusters: &examples.clusters,
            groups: &examples.groups,
            against: None,
            terms: &self.measures.measures,
            term_columns: columns,
        };
        Ok(Board::new(&questions, self.rules)?.primary_value())
    }

    /// The accuracy that guessing at random has on average: 1 / K of an example with K options.
    fn uniform_guess(&self) -> Option<SimpleRule> {
        if self.rules.metric.counts() != Some(Metric::Accuracy) {
            return None;
        }
        let chance = |row: usize| match self.examples.items.get(row) {
            Some(item) => 1.0 / item.options.len() as f64,
            None => 1.0 / self.task.labels.len() as f64,
        };
        let mean = |rows: &[u32]| {
            rows.iter().map(|&row| chance(row as usize)).sum::<f64>() / rows.len() as f64
        };
        let answers = vec![Answer::Missing; self.examples.len()];
        let columns = [answers.as_slice()];
        let questions = Questions {
            labels: &self.task.labels,
            gold: &self.examples.labels,
            answers: &columns,
            ranks: None,
            cultures: &self.examples.cultures,
            clusters: &self.examples.clusters,
            groups: &self.examples.groups,
            against: None,
            terms: &[],
            term_columns: &[],
        };
        let rules = Rules { also: Vec::new(), ..self.rules.clone() };
        let board = Board::new(&questions, &rules).ok()?;
        let parts: Vec<&[u32]> = if self.rules.mean_over_cultures {
            board
                .cultures
                .iter()
                .map(|(_, rows)| rows.as_slice())
                .filter(|r| !r.is_empty())
                .collect()
        } else {
            vec![&board.rows]
        };
        let value = parts.iter().map(|rows| mean(rows)).sum::<f64>() / parts.len() as f64;
        value.is_finite().then(|| SimpleRule { name: "uniform guess".to_owned(), value })
    }
}

/// Scores of all options, best first; the best one is the answer.
fn scored(scores: &[f64]) -> Given {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let answer = order.first().map_or(Answer::Missing, |best| Answer::Label(*best as u32));
    let scores = order.iter().map(|&option| (option as u32, scores[option] as f32)).collect();
    Given { answer, scores, text: String::new() }
}
