//! Where the rows of a JSON document are.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the rows are: `"."` (the document is the one row), `"[]"` (each element of the list that the document is), `"data.items[]"`, or
/// `{ path = "*", key = "ID" }` (each member of the object, its name in the column `ID`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPath {
    /// Names of the members that lead there.
    outer: Vec<String>,
    /// Column for the names of members; none if rows are elements.
    key: Option<String>,
    /// The document is the one row.
    whole: bool,
}

impl RowPath {
    /// Members on the way.
    pub fn outer(&self) -> impl Iterator<Item = &str> {
        self.outer.iter().map(String::as_str)
    }

    /// Column that receives the name of a member.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether rows are members of an object.
    pub fn are_members(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the document is the one row.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    fn new(path: &str, key: Option<String>) -> Result<Self, String> {
        if path == "." && key.is_none() {
            return Ok(Self { outer: Vec::new(), key, whole: true });
        }
        let of = |rest: &str| rest.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (outer, members) = match (path.strip_suffix("[]"), path) {
            (Some(""), _) => (Vec::new(), false),
            (Some(rest), _) => (of(rest), false),
            (None, "*") => (Vec::new(), true),
            (None, path) => match path.strip_suffix(".*") {
                Some(rest) => (of(rest), true),
                None => return Err(format!("`{path}` names no rows; end it with `[]` or `*`")),
            },
        };
        if outer.iter().any(|name| name.is_empty() || name.contains(['[', ']', '*'])) {
            return Err(format!(
                "`{path}` is not a path; write names with dots, then `[]` or `.*`"
            ));
        }
        match (members, &key) {
            (true, None) => Err(format!(
                "`{path}` gives members, whose names need a column; write `{{ path = \"{path}\", key = \"COLUMN\" }}`"
            )),
            (false, Some(_)) => {
                Err(format!("`{path}` gives elements, which have no names; remove `key`"))
            }
            _ => Ok(Self { outer, key, whole: false }),
        }
    }
}

impl fmt::Display for RowPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outer = self.outer.join(".");
        if self.whole {
            return f.write_str(".");
        }
        match (self.are_members(), outer.is_empty()) {
            (true, true) => f.write_str("*"),
            (true, false) => write!(f, "{outer}.*"),
            (false, _) => write!(f, "{outer}[]"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Elements(String),
    Members(Members),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl Serialize for RowPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.key {
            None => to.serialize_str(&self.to_string()),
            Some(key) => Members { path: self.to_string(), key: Some(key.clone()) }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for RowPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (path, key) = match Written::deserialize(from)? {
            Written::Elements(path) => (path, None),
            Written::Members(Members { path, key }) => (path, key),
        };
        Self::new(&path, key).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_they_are_read() {
        for text in
            [r#""[]""#, r#""a.b[]""#, r#"{"path":"*","key":"ID"}"#, r#"{"path":"a.*","key":"k"}"#]
        {
            let path: RowPath = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_path_is_told_with_the_remedy() {
        let check = |text: &str, expect: &str| {
            let told = serde_json::from_str::<RowPath>(text).unwrap_err().to_string();
            assert!(told.contains(expect), "{text}: {told}");
        };
        check(r#""*""#, "names need a column");
        check(r#""a""#, "end it with `[]` or `*`");
        check(r#""a..b[]""#, "is not a path");
        check(r#"{"path": "[]", "key": "k"}"#, "remove `key`");
    }
}
