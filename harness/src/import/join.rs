//! Rows of a log and examples of a task, by id, else by exact text. What does not fit together is counted, or an error that
//! names the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::log::Ended;
use super::{Error, Reply, Row, Rule};
use crate::answer::Answer;
use crate::example::{Examples, Item};
use crate::prompts::Thought;
use crate::store::log::Prediction;
use crate::text::template::Template;

/// Rows that an error names at most.
const NAMED: usize = 3;

/// How a row names its example: templates over its fields.
#[derive(Debug, Clone)]
pub struct Names {
    /// The example's id.
    pub id: Template,
    /// Its exact text.
    pub text: Template,
    /// Its culture, where several examples share a text.
    pub culture: Option<Template>,
    /// Whether the text was asked for by name: then a row that is found by its id must have the example's text too.
    pub text_is_sure: bool,
}

/// What share of the examples must have a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Nine in ten: with fewer the file is most likely about other examples.
    Most,
    /// Any: examples without a row count as missing answers.
    Partial,
}

/// Of a hundred examples so many must have a row.
const LEAST_OF_100: usize = 90;

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows of the log.
    pub rows: usize,
    /// Rows that an example was found for, by its id.
    pub by_id: usize,
    /// And by its text.
    pub by_text: usize,
    /// Rows that name no example.
    pub unmatched: usize,
    /// Rows that say the same of an example as one before.
    pub duplicates: usize,
    /// Rows without an answer for an example that another row answers: attempts before a successful one.
    pub retried: usize,
    /// Replies with a thought, which was set aside.
    pub thoughts: usize,
    /// Replies that the limit of tokens cut.
    pub cut: usize,
    /// Examples that have a row.
    pub covered: usize,
    /// Answers that are no label.
    pub unparsable: usize,
    /// Answers that were not given, for examples with and without a row.
    pub missing: usize,
}

/// Answers in the order of the examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// `direct`, or one for each epoch.
    pub variants: Vec<String>,
    /// One for each example and variant.
    pub rows: Vec<Prediction>,
    /// What became of the rows.
    pub counts: Counts,
    /// The first row that names no example.
    pub first_unmatched: Option<String>,
}

/// Finds the example of every row and reads its answer.
pub fn join(
    rows: &[Row],
    examples: &Examples,
    names: &Names,
    rule: &Rule,
    coverage: Coverage,
) -> Result<Joined, Error> {
    let index = Index::new(examples);
    let mut counts = Counts { rows: rows.len(), ..Counts::default() };
    let (slots, first_unmatched) = slots(rows, &index, names, &mut counts)?;
    if slots.is_empty() {
        return Err(Error::Join(format!(
            "no row names an example of the evaluated part: {}",
            index.hint(rows)
        )));
    }
    counts.covered = slots.keys().map(|(example, _)| *example).collect::<BTreeSet<_>>().len();
    if coverage == Coverage::Most && counts.covered * 100 < examples.len() * LEAST_OF_100 {
        return Err(Error::Join(too_few(&counts, examples.len(), first_unmatched.as_deref())));
    }
    let epochs: BTreeSet<u32> = rows.iter().map(|row| row.epoch).collect();
    let mut out = Vec::new();
    let mut labels = 0;
    for example in 0..examples.len() {
        for (variant, epoch) in epochs.iter().enumerate() {
            let row = slots.get(&(example, *epoch)).copied();
            let item = examples.items.get(example).filter(|item| item.has_own_answers());
            let prediction = prediction((example, variant), row, (rule, item), &mut counts);
            match prediction.answer {
                Answer::Label(_) => labels += 1,
                Answer::Unparsable => counts.unparsable += 1,
                Answer::Missing => counts.missing += 1,
            }
            out.push(prediction);
        }
    }
    if labels == 0 && counts.unparsable == 0 {
        let why = slots.values().find_map(|row| match &row.reply {
            Reply::Missing(why) => Some(why.clone()),
            _ => out.iter().map(|row| row.reason.clone()).find(|reason| !reason.is_empty()),
        });
        return Err(Error::Join(format!(
            "no row has an answer, so there is no score; the first: {}",
            why.unwrap_or_default()
        )));
    }
    if labels == 0 && counts.unparsable > 0 {
        let said = out.iter().find_map(|p| p.reply.as_deref()).unwrap_or_default();
        return Err(Error::Join(format!(
            "none of the {} answers is a label of the task; the first is {said:?}",
            counts.unparsable
        )));
    }
    let variants = match epochs.len() {
        1 => vec!["direct".to_owned()],
        _ => epochs.iter().map(|epoch| format!("epoch-{epoch}")).collect(),
    };
    Ok(Joined { variants, rows: out, counts, first_unmatched })
}

fn too_few(counts: &Counts, examples: usize, first: Option<&str>) -> String {
    let share = 100.0 * counts.covered as f64 / examples as f64;
    let unmatched = first.map_or_else(String::new, |first| {
        format!("; {} rows name no example, the first is {first}", counts.unmatched)
    });
    format!(
        "only {} of {examples} examples ({share:.0} %) have a row{unmatched}. Are the answers of another split, or by another protocol? With --partial the other examples count as missing, which is wrong",
        counts.covered
    )
}

/// Rows by example and epoch.
type Slots<'r> = BTreeMap<(usize, u32), &'r Row>;

/// The first of several examples of one text, and an epoch, to their places and rows.
type Alike<'r> = BTreeMap<(usize, u32), (Vec<usize>, Vec<&'r Row>)>;

/// Finds the example of every row; also the place of the first row that has none.
fn slots<'r>(
    rows: &'r [Row],
    index: &Index<'_>,
    names: &Names,
    counts: &mut Counts,
) -> Result<(Slots<'r>, Option<String>), Error> {
    let mut slots = Slots::new();
    let (mut ambiguous, mut conflicts) = (Vec::new(), Vec::new());
    let mut first_unmatched = None;
    let mut alike = Alike::new();
    for row in rows {
        let place = match index.find(row, names) {
            Found::Id(place) => {
                counts.by_id += 1;
                place
            }
            Found::Text(place) => {
                counts.by_text += 1;
                place
            }
            Found::None => {
                counts.unmatched += 1;
                first_unmatched.get_or_insert_with(|| named(row, names));
                continue;
            }
            Found::Alike(places) => {
                alike.entry((places[0], row.epoch)).or_insert((places, Vec::new())).1.push(row);
                continue;
            }
            Found::Wrong(why) => {
                ambiguous.push(format!("{}: {why}", row.place));
                continue;
            }
        };
        let slot = (place, row.epoch);
        match slots.get(&slot).map(|before| (*before, &before.reply, &row.reply)) {
            None => {
                slots.insert(slot, row);
            }
            Some((_, Reply::Missing(_), Reply::Text(_) | Reply::Cut(_))) => {
                counts.retried += 1;
                slots.insert(slot, row);
            }
            Some((_, Reply::Text(_) | Reply::Cut(_), Reply::Missing(_))) => counts.retried += 1,
            Some((_, Reply::Missing(_), Reply::Missing(_))) => counts.duplicates += 1,
            Some((_, before, reply)) if before == reply => counts.duplicates += 1,
            // Of a failed evaluation and its retry, the retry counts.
            Some((before, ..)) if before.ended != row.ended => {
                counts.retried += 1;
                if row.ended == Ended::Well {
                    slots.insert(slot, row);
                }
            }
            Some((before, ..)) => conflicts.push(format!("{} and {}", before.place, row.place)),
        }
    }
    // Examples of one text: where all their rows say the same, it does not matter which is whose.
    for ((_, epoch), (places, rows)) in alike {
        if rows.iter().any(|row| row.reply != rows[0].reply) {
            let shared = index.shared(&places);
            ambiguous.extend(rows.iter().map(|row| {
                format!("{}: {shared}, and their rows differ; name the example by --id", row.place)
            }));
            continue;
        }
        counts.by_text += rows.len().min(places.len());
        counts.duplicates += rows.len().saturating_sub(places.len());
        for place in places {
            slots.entry((place, epoch)).or_insert(rows[0]);
        }
    }
    if !ambiguous.is_empty() {
        return Err(Error::Join(format!(
            "{} of {} rows name no single example: {}",
            ambiguous.len(),
            rows.len(),
            first(&ambiguous)
        )));
    }
    if !conflicts.is_empty() {
        return Err(Error::Join(format!(
            "different answers to the same example: {}; keep one row an example",
            first(&conflicts)
        )));
    }
    Ok((slots, first_unmatched))
}

/// A row that names no example: its place, and how it would name one.
fn named(row: &Row, names: &Names) -> String {
    const SHOWN: usize = 60;
    let key = rendered(&names.id, row).or_else(|| rendered(&names.text, row));
    let key = key.map(|key| key.chars().take(SHOWN).collect::<String>());
    key.map_or_else(|| row.place.clone(), |key| format!("{}: `{key}`", row.place))
}

/// What the row of an example says, or that there is none.
fn prediction(
    (example, variant): (usize, usize),
    row: Option<&Row>,
    (rule, item): (&Rule, Option<&Item>),
    counts: &mut Counts,
) -> Prediction {
    let top = Vec::new();
    let Some(reply) = row.map(|row| &row.reply) else {
        let (answer, reason) = (Answer::Missing, "the imported log has no row for it".to_owned());
        return Prediction { example, variant, answer, reason, top, reply: None, text: None };
    };
    let (reading, text) = match item {
        Some(item) => rule.reading_of(reply, item),
        None => (rule.reading(reply), None),
    };
    counts.thoughts += usize::from(reading.thought != Thought::None);
    counts.cut += usize::from(reading.is_cut);
    let (answer, reason) = (reading.answer, reading.reason);
    let reply = reply.text().map(str::to_owned);
    Prediction { example, variant, answer, reason, top, reply, text }
}

fn first(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let named = all[..all.len().min(NAMED)].join("; ");
    if more > 0 { format!("{named}; and {more} more") } else { named }
}

enum Found {
    Id(usize),
    Text(usize),
    None,
    /// Several examples of the same text.
    Alike(Vec<usize>),
    Wrong(String),
}

/// Examples by id and by text.
struct Index<'a> {
    examples: &'a Examples,
    ids: HashMap<&'a str, usize>,
    texts: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(examples: &'a Examples) -> Self {
        let ids = examples.ids.iter().enumerate().map(|(i, id)| (id, i)).collect();
        let mut texts: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, text) in examples.texts.iter().enumerate() {
            texts.entry(text.trim()).or_default().push(i);
        }
        Self { examples, ids, texts }
    }

    fn find(&self, row: &Row, names: &Names) -> Found {
        let text = rendered(&names.text, row);
        if let Some(&place) = rendered(&names.id, row).and_then(|id| self.ids.get(id.as_str())) {
            return match text {
                Some(text)
                    if names.text_is_sure
                        && text.trim() != self.examples.texts.get(place).trim() =>
                {
                    Found::Wrong(format!(
                        "its id is that of `{}`, its text is not",
                        self.examples.ids.get(place)
                    ))
                }
                _ => Found::Id(place),
            };
        }
        let Some(places) = text.and_then(|text| self.texts.get(text.trim())) else {
            return Found::None;
        };
        let culture = names.culture.as_ref().and_then(|culture| rendered(culture, row));
        let fits = |place: &&usize| {
            culture.as_ref().is_none_or(|culture| self.examples.cultures.get(**place) == culture)
        };
        let places: Vec<usize> = places.iter().filter(fits).copied().collect();
        match places[..] {
            [] => Found::None,
            [place] => Found::Text(place),
            [first, ..] => {
                let culture = self.examples.cultures.get(first);
                if places.iter().all(|&place| self.examples.cultures.get(place) == culture) {
                    return Found::Alike(places);
                }
                Found::Wrong(format!(
                    "{}; name the example by --id, or the culture by --culture",
                    self.shared(&places)
                ))
            }
        }
    }

    /// Examples that share a text, in words.
    fn shared(&self, places: &[usize]) -> String {
        let ids: Vec<String> =
            places.iter().map(|&place| format!("`{}`", self.examples.ids.get(place))).collect();
        format!("its text is that of {}", first(&ids))
    }

    /// What the fields of the first row look like, and what an example does.
    fn hint(&self, rows: &[Row]) -> String {
        let fields = rows.first().map(|row| {
            row.fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        });
        format!(
            "the first has the fields {}; an example is named by an id such as `{}`, or by its exact text; say by --id or --text which field holds it",
            fields.unwrap_or_default(),
            self.examples.ids.iter().next().unwrap_or_default()
        )
    }
}

/// A template over a row's fields; nothing where one of them is absent.
fn rendered(template: &Template, row: &Row) -> Option<String> {
    template.names().all(|name| row.fields.contains_key(name)).then_some(())?;
    Some(template.render(|name| row.fields.get(name).map(String::as_str)))
}
