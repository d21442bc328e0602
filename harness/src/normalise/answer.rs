//! From a row to the answer of its example: options, gold, shares, references.

use std::collections::BTreeMap;

use crate::definition::answer::{AnswerMap, EmptyTexts, OptionList, Pick};
use crate::example::{Example, Item, Reference, letter};
use crate::store;
use crate::text::template::Bound;

use super::error::{Kind, Place};
use super::lists::{elements, short};
use super::names::{bind, find, rendered};
use super::problem::NoQuestion;
use super::projection::MapItem;
use super::value::Value;
use super::warnings::Warnings;

/// The one label of questions with short answers.
pub const REPLY: &str = "reply";

/// An [`AnswerMap`] with its names resolved.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Choice { options: Texts, gold: Picked, roles: BTreeMap<String, Picked> },
    Short { list: (usize, String), texts: Vec<String>, weight: Option<String>, empty: EmptyTexts },
    Distribution { options: Texts, shares: Texts, votes: bool },
    Preference { more: Bound, less: Bound },
    ChoicesOf { right: Texts, wrong: Texts, best: Bound },
    MapItem { options: Texts, map: Box<MapItem> },
}

/// What the official protocol keeps and a reader should know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Oddities {
    /// Reference texts that are empty.
    pub(super) empty_texts: u64,
    /// No reference has a text.
    pub(super) no_text: bool,
}

impl Oddities {
    /// Counts them as warnings.
    pub(super) fn warn(self, answer: Option<&Answer>, place: &Place, warnings: &mut Warnings) {
        let dropped = matches!(answer, Some(Answer::Short { empty: EmptyTexts::Drop, .. }));
        let kind = if dropped { "empty reference (dropped)" } else { "empty reference (kept)" };
        for _ in 0..self.empty_texts {
            warnings.add(kind, place, "");
        }
        if self.no_text {
            warnings.add("no reference with a text (kept)", place, "");
        }
    }
}

/// Texts of an example: an [`OptionList`] over positions.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    List(usize, String),
    Templates(Vec<Bound>),
}

/// A [`Pick`] over positions.
#[derive(Debug, Clone)]
pub(super) enum Picked {
    Text(Bound),
    Index(usize),
    Place(Bound),
    Letter(Bound),
}

impl Texts {
    fn new(list: &OptionList, columns: &[String]) -> Result<Self, String> {
        Ok(match list {
            OptionList::List { list } => Self::List(find(list, columns)?, list.clone()),
            OptionList::Templates(templates) => {
                let bound = templates.iter().map(|template| bind(template, columns));
                Self::Templates(bound.collect::<Result<_, _>>()?)
            }
        })
    }

    fn of(&self, row: &[String]) -> Result<Vec<String>, Kind> {
        match self {
            Self::List(column, name) => {
                Ok(elements(&row[*column], name)?.iter().map(Value::words).collect())
            }
            Self::Templates(templates) => {
                Ok(templates.iter().map(|template| rendered(template, row)).collect())
            }
        }
    }
}

impl Picked {
    fn new(pick: &Pick, columns: &[String]) -> Result<Self, String> {
        Ok(match pick {
            Pick::Text(template) => Self::Text(bind(template, columns)?),
            Pick::Index(place) => Self::Index(*place),
            Pick::Place(template) => Self::Place(bind(template, columns)?),
            Pick::Letter(template) => Self::Letter(bind(template, columns)?),
        })
    }

    /// The place of the option.
    fn of(&self, what: &str, row: &[String], options: &[String]) -> Result<usize, NoQuestion> {
        let outside = |found: String| NoQuestion::Outside {
            what: what.to_owned(),
            found,
            count: options.len(),
            options: shown(options),
        };
        let (place, found) = match self {
            Self::Text(template) => {
                let text = rendered(template, row);
                (options.iter().position(|option| *option == text), text)
            }
            Self::Index(place) => (Some(*place), place.to_string()),
            Self::Place(template) => {
                let text = rendered(template, row);
                (text.trim().parse().ok(), text)
            }
            Self::Letter(template) => {
                let text = rendered(template, row);
                ((0..options.len()).find(|&place| letter(place) == text.trim()), text)
            }
        };
        place.filter(|&place| place < options.len()).ok_or_else(|| outside(found))
    }
}

impl Answer {
    /// Resolves every name.
    pub(super) fn new(map: &AnswerMap, columns: &[String]) -> Result<Self, String> {
        let texts = |list: &OptionList| Texts::new(list, columns);
        Ok(match map {
            AnswerMap::Choice { options, gold, roles } => Self::Choice {
                options: texts(options)?,
                gold: Picked::new(gold, columns).map_err(|e| format!("gold: {e}"))?,
                roles: roles
                    .iter()
                    .map(|(role, pick)| Ok((role.clone(), Picked::new(pick, columns)?)))
                    .collect::<Result<_, String>>()?,
            },
            AnswerMap::Short { each, texts, weight, empty } => {
                if texts.is_empty() && weight.is_some() {
                    return Err(
                        "`weight` is a member of an element, and without `texts` an element is a text; name the members with texts, or remove `weight`"
                            .to_owned(),
                    );
                }
                Self::Short {
                    list: (find(each, columns)?, each.clone()),
                    texts: texts.clone(),
                    weight: weight.clone(),
                    empty: *empty,
                }
            }
            AnswerMap::Distribution { options, shares, votes, .. } => Self::Distribution {
                options: texts(options)?,
                shares: texts(shares)?,
                votes: *votes,
            },
            AnswerMap::Preference { more, less } => {
                Self::Preference { more: bind(more, columns)?, less: bind(less, columns)? }
            }
            AnswerMap::ChoicesOf { right, wrong, best } => Self::ChoicesOf {
                right: texts(right)?,
                wrong: texts(wrong)?,
                best: bind(best, columns)?,
            },
            AnswerMap::MapItem { options, item, projection, place, centre } => Self::MapItem {
                options: texts(options)?,
                map: Box::new(MapItem::new((item, place, *centre), projection, columns)?),
            },
        })
    }

    /// Fills `item` and `label` of an example whose id is known; its fields stay.
    pub(super) fn fill(&self, row: &[String], out: &mut Example) -> Result<Oddities, Kind> {
        let fields = std::mem::take(&mut out.item.fields);
        let mut odd = Oddities::default();
        let (item, label) = match self {
            Self::Choice { options, gold, roles } => choice(options.of(row)?, gold, roles, row)?,
            Self::Short { list: (column, name), texts, weight, empty } => {
                let groups = elements(&row[*column], name)?;
                let of =
                    References { column: name, texts, weight: weight.as_deref(), empty: *empty };
                (of.item(&groups, &mut odd)?, REPLY.to_owned())
            }
            Self::Distribution { options, shares, votes } => {
                let options = distinct(options.of(row)?)?;
                distribution(options, &shares.of(row)?, *votes)?
            }
            Self::Preference { more, less } => {
                let pair = vec![(rendered(more, row), 1.0), (rendered(less, row), 0.0)];
                hidden(&out.id, pair, None)?
            }
            Self::ChoicesOf { right, wrong, best } => {
                let best = rendered(best, row);
                let mut all: Vec<_> = right.of(row)?.into_iter().map(|text| (text, 1.0)).collect();
                if all.iter().all(|(text, _)| *text != best) {
                    all.push((best.clone(), 1.0));
                }
                all.extend(wrong.of(row)?.into_iter().map(|text| (text, 0.0)));
                hidden(&out.id, all, Some(&best))?
            }
            Self::MapItem { options, map } => {
                let options = distinct(options.of(row)?)?;
                let map = Some(map.of(&options, row)?);
                (Item { options, map, ..Item::default() }, String::new())
            }
        };
        out.item = Item { fields, ..item };
        out.label = label;
        Ok(odd)
    }
}

fn choice(
    options: Vec<String>,
    gold: &Picked,
    roles: &BTreeMap<String, Picked>,
    row: &[String],
) -> Result<(Item, String), Kind> {
    let options = distinct(options)?;
    let right = gold.of("gold", row, &options)?;
    let mut target = vec![0.0; options.len()];
    target[right] = 1.0;
    let roles = roles
        .iter()
        .map(|(role, pick)| Ok((role.clone(), pick.of(role, row, &options)? as u32)))
        .collect::<Result<_, NoQuestion>>()?;
    Ok((Item { options, target, roles, ..Item::default() }, letter(right)))
}

fn distribution(
    options: Vec<String>,
    shares: &[String],
    votes: bool,
) -> Result<(Item, String), NoQuestion> {
    if shares.len() != options.len() {
        let (shares, options) = (shares.len(), options.len());
        return Err(NoQuestion::Shares(format!("there are {shares} for {options} options")));
    }
    let mut target = Vec::with_capacity(shares.len());
    for (share, place) in shares.iter().zip(0..) {
        let number = share.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
        let number = number.filter(|n| !votes || n.fract() == 0.0);
        target.push(number.ok_or_else(|| {
            let what = if votes { "whole number of votes" } else { "number of at least 0" };
            NoQuestion::Shares(format!(
                "the share of option {} is `{share}`, not a {what}",
                letter(place)
            ))
        })?);
    }
    let sum: f64 = target.iter().sum();
    if sum <= 0.0 {
        return Err(NoQuestion::Shares("they sum to 0, so nobody's answer is known".to_owned()));
    }
    let count = if votes { sum as u32 } else { 0 };
    let most = target.iter().copied().fold(0.0, f64::max);
    let label = letter(target.iter().position(|share| *share == most).unwrap_or_default());
    for share in &mut target {
        *share /= sum;
    }
    Ok((Item { options, target, votes: count, ..Item::default() }, label))
}

/// Options in an order that follows from a hash of the id and of each text, so that it does not tell which are right. The label
/// is the letter of `best`, or of the one that is right.
fn hidden(
    id: &str,
    options: Vec<(String, f64)>,
    best: Option<&str>,
) -> Result<(Item, String), NoQuestion> {
    let mut sorted: Vec<(String, String, f64)> = options
        .into_iter()
        .map(|(text, right)| (store::sha256(format!("{id}\0{text}").as_bytes()), text, right))
        .collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let target: Vec<f64> = sorted.iter().map(|(_, _, right)| *right).collect();
    let options = distinct(sorted.into_iter().map(|(_, text, _)| text).collect())?;
    let right = match best {
        Some(best) => options.iter().position(|option| option == best),
        None => target.iter().position(|right| *right > 0.0),
    };
    let right = right.unwrap_or_default();
    let roles = best.map(|_| ("best".to_owned(), right as u32)).into_iter().collect();
    Ok((Item { options, target, roles, ..Item::default() }, letter(right)))
}

/// Options of which none is empty and no two are equal, outer white space aside.
fn distinct(options: Vec<String>) -> Result<Vec<String>, NoQuestion> {
    if options.len() < 2 {
        return Err(NoQuestion::Few { count: options.len() });
    }
    for (place, option) in options.iter().enumerate() {
        let text = option.trim();
        if text.is_empty() {
            return Err(NoQuestion::Empty { option: letter(place) });
        }
        if let Some(first) = options[..place].iter().position(|other| other.trim() == text) {
            return Err(NoQuestion::Equal {
                first: letter(first),
                second: letter(place),
                text: short(text),
            });
        }
    }
    Ok(options)
}

/// How the groups of a list become references.
struct References<'a> {
    column: &'a str,
    texts: &'a [String],
    weight: Option<&'a str>,
    empty: EmptyTexts,
}

impl References<'_> {
    fn item(&self, groups: &[Value], odd: &mut Oddities) -> Result<Item, NoQuestion> {
        let (mut references, mut votes, mut first) = (Vec::new(), 0.0, None);
        for (place, group) in groups.iter().enumerate() {
            let trouble = |problem: String| NoQuestion::Reference {
                column: self.column.to_owned(),
                place: place + 1,
                problem,
            };
            let weight = match self.weight {
                None => 1.0,
                Some(member) => {
                    let count = group.member(member).and_then(Value::number);
                    let count = count
                        .filter(|count| *count > 0.0 && count.is_finite())
                        .ok_or_else(|| trouble(format!("`{member}` is not a number above 0")))?;
                    votes += count;
                    count / *first.get_or_insert(count)
                }
            };
            references
                .push(Reference { texts: self.texts_of(group, odd).map_err(trouble)?, weight });
        }
        if references.is_empty() {
            return Err(NoQuestion::NoReference { column: self.column.to_owned() });
        }
        odd.no_text = references.iter().all(|reference| reference.texts.is_empty());
        Ok(Item { references, votes: votes as u32, ..Item::default() })
    }

    fn texts_of(&self, group: &Value, odd: &mut Oddities) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        if self.texts.is_empty() {
            match group {
                Value::Text(_) | Value::Number(_) => out.push(group.words()),
                _ => return Err("not a text; name the members with texts (`texts`)".to_owned()),
            }
        }
        for name in self.texts {
            match group.member(name) {
                Some(Value::List(texts)) => out.extend(texts.iter().map(Value::words)),
                Some(text @ (Value::Text(_) | Value::Number(_))) => out.push(text.words()),
                Some(_) => return Err(format!("`{name}` is neither a text nor a list of texts")),
                None => return Err(format!("there is no member `{name}`")),
            }
        }
        odd.empty_texts += out.iter().filter(|text| text.trim().is_empty()).count() as u64;
        if self.empty == EmptyTexts::Drop {
            out.retain(|text| !text.trim().is_empty());
        }
        Ok(out)
    }
}

fn shown(options: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut words: Vec<String> =
        options.iter().take(SHOWN).map(|option| format!("`{}`", short(option))).collect();
    if options.len() > SHOWN {
        words.push("...".to_owned());
    }
    words.join(", ")
}
