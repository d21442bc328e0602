//! Cells that contain lists and objects. Between the steps they are JSON text; here they are read as values.
//!
//! Pure. Members of an object keep their order.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

/// How deep lists and objects may be nested.
pub const DEPTH: usize = 100;

/// A JSON value or a Python literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `None`.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// An object or dict, in its order. A name that occurs twice has its last value.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads JSON as Python writes it.
    ///
    /// # Errors
    /// What the parser says.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        lenient_json::from_str(text)
    }

    /// The member of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Names of an object's members.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Object(members) => members.iter().map(|(name, _)| name.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// The value as a cell: texts and numbers as written, nothing for `null`, JSON text for lists and objects.
    pub fn cell(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// The value as an option or an answer: as [`Self::cell`], but a number that is whole has no decimals (`1.0` is `1`).
    pub fn words(&self) -> String {
        /// Whole numbers of a double are exact up to here.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Number(number) if number.is_f64() => match number.as_f64() {
                Some(whole) if whole.fract() == 0.0 && whole.abs() <= EXACT => {
                    format!("{whole:.0}")
                }
                _ => number.to_string(),
            },
            other => other.cell(),
        }
    }

    /// The number that it is or that its text spells.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// Whether it is, or holds at any depth of lists, this text.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::List(elements) => elements.iter().any(|element| element.holds(text)),
            other => other.words() == text,
        }
    }
}

impl fmt::Display for Value {
    /// JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(truth) => to.serialize_bool(*truth),
            Self::Number(number) => number.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::List(elements) => elements.serialize(to),
            Self::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = from.next_element()? {
            elements.push(element);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = from.next_entry()? {
            members.push(member);
        }
        Ok(Value::Object(last_of_each(members)))
    }
}

/// Members of which the last of a name stays, at the place of its first.
pub(super) fn last_of_each(members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    /// Up to so many, looking through all is faster than hashing.
    const FEW: usize = 16;
    let few = members.len() <= FEW;
    let mut at: rustc_hash::FxHashMap<String, usize> = rustc_hash::FxHashMap::default();
    let mut out: Vec<(String, Value)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        let place = if few {
            out.iter().position(|(own, _)| *own == name)
        } else {
            let place = at.get(&name).copied();
            if place.is_none() {
                at.insert(name.clone(), out.len());
            }
            place
        };
        match place {
            Some(place) => out[place].1 = value,
            None => out.push((name, value)),
        }
    }
    out
}

/// Where a value is below a row: `idks.no-answer`, `answer_info.ans0[1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// As written: a member of this whole name is taken first.
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Member(String),
    Element(usize),
}

impl Path {
    /// A name that is no path, such as `a[` or `a..b`, names a member as it is.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), parts: parts(name).unwrap_or_default() }
    }

    /// The value there.
    pub(super) fn of<'v>(&self, row: &'v Value) -> Option<&'v Value> {
        if let Some(value) = row.member(&self.name) {
            return Some(value);
        }
        let step = |value: &'v Value, part: &Part| match (part, value) {
            (Part::Member(name), value) => value.member(name),
            (Part::Element(at), Value::List(elements)) => elements.get(*at),
            (Part::Element(_), _) => None,
        };
        match self.parts.len() {
            0 => None,
            _ => self.parts.iter().try_fold(row, step),
        }
    }
}

/// The parts of a path; none where it is not one.
fn parts(name: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for word in name.split('.') {
        let (member, mut rest) = match word.find('[') {
            Some(at) => word.split_at(at),
            None => (word, ""),
        };
        if !member.is_empty() {
            parts.push(Part::Member(member.to_owned()));
        } else if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let end = rest.find(']')?;
            parts.push(Part::Element(rest.strip_prefix('[')?.get(..end - 1)?.parse().ok()?));
            rest = &rest[end + 1..];
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_the_last_of_a_name_counts() {
        let value = Value::from_json(r#"{"z": 1, "a": [true, null, 1.50], "z": "x"}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"z":"x","a":[true,null,1.5]}"#);
        assert_eq!(value.names(), ["z", "a"]);
    }

    #[test]
    fn whole_numbers_have_no_decimals_as_options() {
        let words = |text: &str| Value::from_json(text).unwrap().words();
        assert_eq!(words("1.0"), "1");
        assert_eq!(words("-3.0"), "-3");
        assert_eq!(words("7"), "7");
        assert_eq!(words("0.30899999999999994"), "0.30899999999999994");
        assert_eq!(words("\"1.0\""), "1.0");
        assert_eq!(Value::from_json("1.0").unwrap().cell(), "1.0");
    }

    #[test]
    fn paths_lead_below_a_row() {
        let row = Value::from_json(
            r#"{"a": {"b-c": [10, [20, {"d": "x"}]]}, "a.b": "whole name", "[0]": "name"}"#,
        )
        .unwrap();
        let at = |path: &str| Path::new(path).of(&row).map(Value::cell);
        assert_eq!(at("a.b-c[0]").unwrap(), "10");
        assert_eq!(at("a.b-c[1][1].d").unwrap(), "x");
        assert_eq!(at("a.b-c").unwrap(), r#"[10,[20,{"d":"x"}]]"#);
        assert_eq!(at("a.b").unwrap(), "whole name");
        assert_eq!(at("[0]").unwrap(), "name");
        for path in ["a.b-c[2]", "a.b-c[x]", "a.b-c[", "a..b", "", "a.b-c[0].d", "a.b-c]"] {
            assert_eq!(at(path), None, "{path}");
        }
    }

    #[test]
    fn a_text_is_found_in_lists_of_lists() {
        let value = Value::from_json(r#"[["age", "race"], [], "x", [[3.0]]]"#).unwrap();
        assert!(["age", "race", "x", "3"].iter().all(|text| value.holds(text)));
        assert!(!value.holds("ag"));
    }
}
