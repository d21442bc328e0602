//! Texts and answers: two parts a set, texts as JSON and one column of bytes a model, so that 100,000 examples stay small.
//!
//! The bytes are columns one after another: gold labels and cultures, two bytes an example, then for each model its
//! answers and, where it answered several times, how many answers were right. Two bytes are one little-endian number, its
//! low bytes first and its high bytes behind them, which deflates better.

use serde::Serialize;

use super::pack::Part;
use super::{plain, plain_all};
use crate::answer::Answer;
use crate::example::Examples;
use crate::results::material::{Column, ExampleSet, MOST_LABELS, Material};

/// Heads of all sets.
#[derive(Debug, Serialize)]
pub(super) struct Heads<'a> {
    sets: Vec<Head<'a>>,
    /// Tasks whose examples are not on the page.
    without: Vec<Without>,
}

/// A task without its examples.
#[derive(Debug, Serialize)]
pub(super) struct Without {
    task: String,
    why: String,
}

/// What a page of examples is about, and whose answers it has.
#[derive(Debug, Serialize)]
pub(super) struct Head<'a> {
    task: String,
    title: String,
    question: Option<String>,
    /// What a culture is: `country`, `language`.
    kind: &'a str,
    protocols: &'a [String],
    sample: bool,
    n: usize,
    labels: Vec<String>,
    cultures: Vec<CultureName>,
    groups: Vec<&'a String>,
    /// Of texts that may hurt.
    warning: Option<String>,
    columns: Vec<HeadColumn<'a>>,
}

/// A culture.
#[derive(Debug, Serialize)]
pub(super) struct CultureName {
    tag: String,
    name: String,
}

/// Whose answers a column of bytes holds.
#[derive(Debug, Serialize)]
pub(super) struct HeadColumn<'a> {
    model: String,
    protocol: &'a str,
    /// Seeds times wordings.
    of: usize,
}

/// The part `texts-N`, each list in the order of the examples.
#[derive(Debug, Serialize)]
struct TextPart<'a> {
    ids: Vec<String>,
    texts: Vec<&'a str>,
    groups: Vec<Group<'a>>,
}

/// A group that examples may belong to.
#[derive(Debug, Serialize)]
struct Group<'a> {
    name: String,
    names: Vec<String>,
    /// The place of each example's name.
    codes: &'a [u32],
}

/// Heads of all sets.
pub(super) fn heads(material: &Material) -> Heads<'_> {
    let without = material.without_examples.iter();
    Heads {
        sets: material.sets.iter().map(|set| head(material, set)).collect(),
        without: without
            .map(|(task, why)| Without { task: plain(task), why: plain(why) })
            .collect(),
    }
}

fn head<'a>(material: &'a Material, set: &'a ExampleSet) -> Head<'a> {
    let task = material.tasks.get(&set.task);
    let dataset = material.datasets.iter().find(|f| f.tasks.iter().any(|t| t.name == set.task));
    // Where the definitions are not known here, nobody can say that the texts are harmless.
    let warning = match dataset {
        Some(dataset) => dataset.content_warning.clone(),
        None => Some("It is not known here whether the texts are offensive.".to_owned()),
    };
    let culture = |tag: &String| CultureName {
        tag: plain(tag),
        name: task.map_or_else(|| plain(tag), |t| plain(t.culture_name(tag))),
    };
    let column =
        |c: &'a Column| HeadColumn { model: plain(&c.model), protocol: &c.protocol, of: c.of };
    Head {
        task: plain(&set.task),
        title: task.map_or_else(|| plain(&set.task), |t| plain(&t.title)),
        question: task.map(|t| plain(&t.question)),
        kind: task.map_or("culture", |t| t.culture_kind.as_str()),
        protocols: &set.protocols,
        sample: set.sample,
        n: set.examples.len(),
        labels: plain_all(&set.labels),
        cultures: set.examples.cultures.names.iter().map(culture).collect(),
        groups: set.examples.groups.keys().collect(),
        warning: warning.map(|w| plain(&w)),
        columns: set.columns.iter().map(column).collect(),
    }
}

/// The two parts of a set: `texts-N`, `answers-N`.
pub(super) fn parts(place: usize, set: &ExampleSet) -> std::io::Result<[Part; 2]> {
    Ok([
        Part::json(format!("texts-{place}"), &texts(&set.examples))?,
        Part::bytes(format!("answers-{place}"), &answers(set))?,
    ])
}

fn texts(examples: &Examples) -> TextPart<'_> {
    TextPart {
        ids: examples.ids.iter().map(plain).collect(),
        texts: examples.texts.iter().collect(),
        groups: (examples.groups.iter())
            .map(|(name, coded)| Group {
                name: plain(name),
                names: plain_all(&coded.names),
                codes: &coded.codes,
            })
            .collect(),
    }
}

fn answers(set: &ExampleSet) -> Vec<u8> {
    let examples = &set.examples;
    let mut bytes = Vec::new();
    // Label lists and cultures are far shorter than 2^16: a task with more could not be prepared.
    put(&mut bytes, examples.labels.iter().map(|l| *l as u16));
    put(&mut bytes, examples.cultures.codes.iter().map(|c| *c as u16));
    for column in &set.columns {
        put(&mut bytes, column.answers.iter().map(|a| code(*a)));
        if column.of > 1 {
            put(&mut bytes, column.right.iter().copied());
        }
    }
    bytes
}

/// An answer as the page's script has it; label lists are shorter than [`MOST_LABELS`].
fn code(answer: Answer) -> u16 {
    match answer {
        Answer::Label(label) => label as u16,
        Answer::Unparsable => MOST_LABELS,
        Answer::Missing => MOST_LABELS + 1,
    }
}

fn put(bytes: &mut Vec<u8>, numbers: impl Iterator<Item = u16> + Clone) {
    bytes.extend(numbers.clone().map(|n| n.to_le_bytes()[0]));
    bytes.extend(numbers.map(|n| n.to_le_bytes()[1]));
}

impl Column {
    /// Sums up the answers of several seeds and wordings: to each example the most frequent one, the earliest of equally
    /// frequent ones; and how many are right.
    pub fn sum_up(columns: &[Vec<Answer>], gold: &[u32]) -> (Vec<Answer>, Vec<u16>) {
        let [first, rest @ ..] = columns else { return (Vec::new(), Vec::new()) };
        if rest.is_empty() {
            return (first.clone(), Vec::new());
        }
        let (mut answers, mut right) =
            (Vec::with_capacity(gold.len()), Vec::with_capacity(gold.len()));
        let mut own = Vec::with_capacity(columns.len());
        for (row, gold) in gold.iter().enumerate() {
            own.clear();
            own.extend(columns.iter().map(|c| c[row]));
            let votes = |answer: Answer| own.iter().filter(|a| **a == answer).count();
            let best = own.iter().copied().reduce(|m, a| if votes(a) > votes(m) { a } else { m });
            answers.push(best.unwrap_or(Answer::Missing));
            right.push(own.iter().filter(|a| **a == Answer::Label(*gold)).count() as u16);
        }
        (answers, right)
    }
}
