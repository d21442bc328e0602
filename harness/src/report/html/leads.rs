//! Who leads on a benchmark or one of its cultures, and whether the lead is significant: in words, so that nobody has to read p-values.

use std::fmt::Write as _;

use serde::Serialize;

use super::{plain, plain_all};
use crate::compare::{self, Lead, Level, OverBenchmarks};
use crate::report::percent;
use crate::results::material::Material;
use crate::results::summary::{Cell, Outcome, Summary};
use crate::score::{Score, Subset};
use crate::text::format::{interval_of_points, level, p_value, points};

/// Who leads somewhere.
#[derive(Debug, Serialize)]
pub(super) struct LeadOn {
    benchmark: String,
    protocol: String,
    /// Tag and name of the culture; none for all examples.
    culture: Option<String>,
    name: Option<String>,
    sample: bool,
    level: Level,
    sentence: String,
    why: String,
    /// Models that do not differ significantly from the first one; none where nothing was tested.
    untold: Option<Vec<String>>,
    /// All models there, the best first.
    ranking: Vec<Ranked>,
}

/// A model among those that are compared somewhere.
#[derive(Debug, Serialize)]
pub(super) struct Ranked {
    model: String,
    value: String,
    low: String,
    high: String,
    n: u64,
}

/// Who leads over all benchmarks.
#[derive(Debug, Serialize)]
pub(super) struct Overall {
    level: Level,
    model: Option<String>,
    pub(super) sentence: String,
    sample: bool,
}

impl Overall {
    /// Nothing is tested, and why.
    fn untested(sentence: String) -> Self {
        Self { level: Level::Untested, model: None, sentence, sample: false }
    }
}

/// Every benchmark and protocol: one lead for all examples, then one a culture.
pub(super) fn leads(material: &Material) -> (Vec<LeadOn>, Vec<LeadOn>) {
    let summary = &material.summary;
    let (mut whole, mut by_culture) = (Vec::new(), Vec::new());
    for column in &summary.benchmarks {
        let mut protocols: Vec<&str> = Vec::new();
        for cell in of_column(summary, &column.name) {
            if !protocols.contains(&cell.protocol.as_str()) {
                protocols.push(&cell.protocol);
            }
        }
        for protocol in protocols {
            let place = Place::new(material, &column.name, protocol);
            whole.push(place.whole());
            for culture in place.cultures() {
                by_culture.push(place.culture(&culture));
            }
        }
    }
    (whole, by_culture)
}

/// What is said over all benchmarks.
pub(super) fn overall(material: &Material) -> Overall {
    let report = match &material.comparison {
        Ok(report) => report,
        Err(reason) => return Overall::untested(plain(reason)),
    };
    let over = match &report.over {
        OverBenchmarks::Found(over) => over,
        OverBenchmarks::Reason(reason) => {
            let reason = plain(reason);
            return Overall::untested(format!("Over all benchmarks nothing is tested: {reason}."));
        }
    };
    let Some((best, others)) = over.models.split_first() else {
        return Overall::untested("No model was compared over benchmarks.".to_owned());
    };
    let alike: Vec<String> = others
        .iter()
        .filter(|m| m.letters.chars().any(|l| best.letters.contains(l)))
        .map(|m| plain(&m.model))
        .collect();
    let level = if alike.is_empty() { Level::Significant } else { Level::Open };
    let name = plain(&best.model);
    let head = format!(
        "Over {} benchmarks that share no example {name} has the best mean rank, {:.1} of {}",
        over.benchmarks.len(),
        best.mean_rank,
        over.models.len()
    );
    let tail = if alike.is_empty() {
        ", and differs significantly from every other model.".to_owned()
    } else {
        format!(", but {} significantly different from it.", are_not(&alike))
    };
    Overall { level, sentence: head + &tail, model: Some(name), sample: report.sample }
}

fn of_column<'a>(summary: &'a Summary, benchmark: &'a str) -> impl Iterator<Item = &'a Cell> {
    (summary.cells.iter())
        .filter(move |c| c.benchmark == benchmark && matches!(c.outcome, Outcome::Score(_)))
}

/// A benchmark by one protocol.
struct Place<'a> {
    material: &'a Material,
    benchmark: &'a str,
    title: String,
    protocol: &'a str,
    cells: Vec<(&'a Cell, &'a Score)>,
    outcome: Option<&'a compare::Outcome>,
}

impl<'a> Place<'a> {
    fn new(material: &'a Material, benchmark: &'a str, protocol: &'a str) -> Self {
        let summary = &material.summary;
        let cells = of_column(summary, benchmark)
            .filter(|c| c.protocol == protocol)
            .filter_map(|c| match &c.outcome {
                Outcome::Score(score) => Some((c, score)),
                Outcome::Reason(_) => None,
            })
            .collect();
        let outcome = material.comparison.as_ref().ok().and_then(|r| {
            r.benchmarks.iter().find(|o| o.benchmark == benchmark && o.protocol == protocol)
        });
        let title = summary.benchmarks.iter().find(|c| c.name == benchmark);
        let title = title.map_or_else(|| plain(benchmark), |c| plain(&c.title));
        Self { material, benchmark, title, protocol, cells, outcome }
    }

    fn sample(&self) -> bool {
        self.cells.iter().any(|(c, _)| c.sample)
    }

    /// Names of the cultures with a score, in the order of the scores.
    fn cultures(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for detail in self.material.summary.scores.iter().filter(|d| d.benchmark == self.benchmark)
        {
            if let Subset::Culture { name } = &detail.score.subset
                && detail.protocol == self.protocol
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        names.sort();
        names
    }

    /// Scores of a culture by the primary metric, the best first; equal ones in board order.
    fn scores_on(&self, culture: &str) -> Vec<(&'a Cell, &'a Score)> {
        let of_cell = |(cell, primary): &(&'a Cell, &'a Score)| {
            let found = self.material.summary.scores.iter().find(|d| {
                d.model == cell.model
                    && d.benchmark == self.benchmark
                    && d.protocol == self.protocol
                    && d.variant == cell.variant
                    && d.score.metric == primary.metric
                    && matches!(&d.score.subset, Subset::Culture { name } if name == culture)
            });
            found.map(|d| (*cell, &d.score))
        };
        sorted(self.cells.iter().filter_map(of_cell).collect())
    }

    fn name_of(&self, culture: &str) -> String {
        let benchmarks = &self.material.benchmarks;
        let task =
            benchmarks.iter().find(|b| b.name == self.benchmark).and_then(|b| b.task.as_ref());
        let task = task.and_then(|t| self.material.tasks.get(t));
        plain(task.map_or(culture, |t| t.culture_name(culture)))
    }

    fn whole(&self) -> LeadOn {
        let ranking = sorted(self.cells.clone());
        let where_ = format!("{} ({})", self.title, plain(self.protocol));
        let lead = self.outcome.and_then(Lead::of);
        self.told(None, &where_, &ranking, lead)
    }

    fn culture(&self, culture: &str) -> LeadOn {
        let ranking = self.scores_on(culture);
        let where_ =
            format!("{} of {} ({})", self.name_of(culture), self.title, plain(self.protocol));
        let scores: Vec<(String, f64)> =
            ranking.iter().map(|(c, s)| (c.model.clone(), s.value)).collect();
        let lead = self.outcome.and_then(|outcome| Lead::on_culture(outcome, culture, &scores));
        self.told(Some(culture), &where_, &ranking, lead)
    }

    fn told(
        &self,
        culture: Option<&str>,
        where_: &str,
        ranking: &[(&Cell, &Score)],
        lead: Option<Lead>,
    ) -> LeadOn {
        let level = lead.as_ref().map_or(Level::Untested, |l| l.level);
        // Of equal scores another one may come first in the comparison: what is said of the first holds for that one.
        let mut ranking = ranking.to_vec();
        if let Some(place) =
            lead.as_ref().and_then(|l| ranking.iter().position(|(c, _)| c.model == l.model))
        {
            ranking[..=place].rotate_right(1);
        }
        let (sentence, why) = self.words(culture.is_some(), where_, &ranking, lead.as_ref());
        let ranked = |(cell, score): &(&Cell, &Score)| Ranked {
            model: plain(&cell.model),
            value: percent(score.value),
            low: percent(score.low),
            high: percent(score.high),
            n: score.n,
        };
        LeadOn {
            benchmark: plain(self.benchmark),
            protocol: plain(self.protocol),
            culture: culture.map(plain),
            name: culture.map(|c| self.name_of(c)),
            sample: self.sample(),
            level,
            sentence,
            why,
            untold: lead.map(|l| plain_all(&l.untold)),
            ranking: ranking.iter().map(ranked).collect(),
        }
    }

    fn words(
        &self,
        one_culture: bool,
        where_: &str,
        ranking: &[(&Cell, &Score)],
        lead: Option<&Lead>,
    ) -> (String, String) {
        let Some((cell, score)) = ranking.first() else {
            return (format!("No model has a score on {where_}."), String::new());
        };
        let columns = &self.material.summary.benchmarks;
        let column = columns.iter().find(|column| column.name == self.benchmark);
        if column.is_some_and(|column| column.direction().is_none()) {
            let why =
                "One half is unbiased: neither a higher nor a lower share is better.".to_owned();
            return (format!("No model leads on {where_}."), why);
        }
        let top = format!("{} ({} %)", plain(&cell.model), percent(score.value));
        if ranking.len() == 1 {
            return (
                format!("Only {top} has a score on {where_}: there is nothing to compare it with."),
                String::new(),
            );
        }
        let Some(lead) = lead.filter(|l| l.level != Level::Untested) else {
            let why = match &self.material.comparison {
                Err(reason) => plain(reason),
                Ok(_) if one_culture => {
                    "This culture has too few independent examples, or the answers were not compared.".to_owned()
                }
                Ok(_) => "These answers were not compared: see \"Run\" for what was left out.".to_owned(),
            };
            return (
                format!("{top} has the highest score on {where_}, but nothing is tested."),
                why,
            );
        };
        let others = if lead.others == 1 {
            "the other model".to_owned()
        } else {
            format!("each of the {} other models", lead.others)
        };
        let untold: Vec<String> = plain_all(&lead.untold);
        let sentence = match lead.level {
            Level::Significant => {
                format!("Yes: {top} is better than {others} on {where_}.")
            }
            Level::Likely => format!(
                "Likely: {top} leads on {where_}, but for {} that holds only as long as no other culture and pair is looked at.",
                list(&untold)
            ),
            Level::Open | Level::Untested => {
                format!(
                    "Not significant: {top} has the highest score on {where_}, but {} significantly different from it.",
                    are_not(&untold)
                )
            }
        };
        let mut why = closest(lead, self.material.summary.confidence);
        if self.outcome.is_some_and(|o| o.scope == compare::Scope::TrainedWeights) {
            why += " This is about these trained weights, not about the training recipe.";
        }
        (sentence, why)
    }
}

/// How near the nearest other model is.
fn closest(lead: &Lead, confidence: f64) -> String {
    let Some(near) = &lead.closest else { return String::new() };
    let mut text = format!(
        "Closest is {}, {} points behind",
        plain(&near.model),
        points(near.difference).trim_start_matches('+')
    );
    let mut facts = Vec::new();
    if let Some(ends) = near.interval {
        facts.push(format!(
            "{} % interval of the paired difference {}",
            level(confidence),
            interval_of_points(ends.low, ends.high)
        ));
    }
    if let Some(p) = near.p_corrected {
        facts.push(format!("corrected p {}", sign(&p_value(p))));
    }
    if !facts.is_empty() {
        let _ = write!(text, " ({})", facts.join("; "));
    }
    text.push('.');
    if let Some(detectable) = near.detectable {
        let _ = write!(
            text,
            " A sample of this size shows differences of {} points with 80 % power after correction.",
            percent(detectable)
        );
    }
    if !lead.untold.is_empty() {
        text += " No significant difference does not mean equal.";
    }
    text
}

/// `= .032` or `< .001`.
pub(super) fn sign(p: &str) -> String {
    if p.starts_with(['<', '>']) { p.to_owned() } else { format!("= {p}") }
}

fn sorted<'a>(mut scores: Vec<(&'a Cell, &'a Score)>) -> Vec<(&'a Cell, &'a Score)> {
    scores.sort_by(|a, b| b.1.value.total_cmp(&a.1.value));
    scores
}

/// How many names a sentence lists.
const LISTED: usize = 3;

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        _ if names.len() <= LISTED => {
            let (first, last) = names.split_at(names.len() - 1);
            format!("{} and {}", first.join(", "), last[0])
        }
        _ => format!("{} and {} more", names[..LISTED].join(", "), names.len() - LISTED),
    }
}

fn are_not(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} not", list(names))
}
