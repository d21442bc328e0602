//! Templates over named cells: `"Q: {question|trim}"`; `{{` and `}}` are braces.

use std::fmt;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name { name: String, filters: Vec<Filter> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Trim,
    Lower,
}

/// Why a template cannot be parsed or rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `{` without `}`.
    #[error(
        "`{{` at byte {at} of the template `{template}` is never closed; write `{{{{` for a brace"
    )]
    Open {
        /// Byte offset.
        at: usize,
        /// The template.
        template: String,
    },
    /// `}` without `{`.
    #[error(
        "`}}` at byte {at} of the template `{template}` closes nothing; write `}}}}` for a brace"
    )]
    Close {
        /// Byte offset.
        at: usize,
        /// The template.
        template: String,
    },
    /// A filter that does not exist.
    #[error("unknown filter `{filter}` in the template `{template}`; there are `trim` and `lower`")]
    Filter {
        /// The filter.
        filter: String,
        /// The template.
        template: String,
    },
    /// A name that is not known where the template stands.
    #[error("unknown name `{{{name}}}` in the template `{template}`; there are: {there}")]
    Name {
        /// The name.
        name: String,
        /// The template.
        template: String,
        /// Known names.
        there: String,
    },
}

impl Template {
    /// Parses a template.
    pub fn parse(template: &str) -> Result<Self, Error> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = template;
        let at = |rest: &str| template.len() - rest.len();
        while let Some(brace) = rest.find(['{', '}']) {
            text.push_str(&rest[..brace]);
            rest = &rest[brace..];
            if let Some(after) = rest.strip_prefix("{{") {
                text.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                text.push('}');
                rest = after;
            } else if rest.starts_with('}') {
                return Err(Error::Close { at: at(rest), template: template.to_owned() });
            } else {
                let end = rest
                    .find('}')
                    .ok_or_else(|| Error::Open { at: at(rest), template: template.to_owned() })?;
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(name_and_filters(&rest[1..end], template)?);
                rest = &rest[end + 1..];
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    /// The names it uses, in order, with repetitions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name { name, .. } => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text it makes of `fields`; a name that is none of them is an error. Texts are put in as they are: a brace in
    /// one is no field.
    pub fn fill(&self, fields: &[(&str, &str)]) -> Result<String, Error> {
        let value = |name: &str| fields.iter().find(|(field, _)| *field == name);
        if let Some(name) = self.names().find(|name| value(name).is_none()) {
            let fields: Vec<String> = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
            return Err(self.unknown(name, &fields));
        }
        Ok(self.render(|name| value(name).map(|(_, text)| *text)))
    }

    fn unknown(&self, name: &str, known: &[String]) -> Error {
        let there = super::names(known);
        Error::Name { name: name.to_owned(), template: self.to_string(), there }
    }

    /// The text it makes; an unknown name becomes nothing (check [`Self::names`] first).
    pub fn render<'a>(&self, lookup: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name { name, filters } => {
                    push(&mut out, lookup(name).unwrap_or_default(), filters);
                }
            }
        }
        out
    }

    /// Replaces names by positions in `columns`; an unknown name is an error.
    pub fn bind(&self, columns: &[String]) -> Result<Bound, Error> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(BoundPiece::Text(text.clone())),
            Piece::Name { name, filters } => columns
                .iter()
                .position(|column| column == name)
                .map(|column| BoundPiece::Column { column, filters: filters.clone() })
                .ok_or_else(|| self.unknown(name, columns)),
        });
        Ok(Bound { pieces: pieces.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Piece::Name { name, filters } => {
                    write!(f, "{{{name}")?;
                    for filter in filters {
                        f.write_str(match filter {
                            Filter::Trim => "|trim",
                            Filter::Lower => "|lower",
                        })?;
                    }
                    f.write_str("}")?;
                }
            }
        }
        Ok(())
    }
}

fn name_and_filters(inside: &str, template: &str) -> Result<Piece, Error> {
    let mut words = inside.split('|').map(str::trim);
    let name = words.next().unwrap_or_default().to_owned();
    let filters = words.map(|word| match word {
        "trim" => Ok(Filter::Trim),
        "lower" => Ok(Filter::Lower),
        other => Err(Error::Filter { filter: other.to_owned(), template: template.to_owned() }),
    });
    Ok(Piece::Name { name, filters: filters.collect::<Result<_, _>>()? })
}

fn push(out: &mut String, cell: &str, filters: &[Filter]) {
    let trimmed = if filters.contains(&Filter::Trim) { cell.trim() } else { cell };
    if filters.contains(&Filter::Lower) {
        out.extend(trimmed.chars().flat_map(char::to_lowercase));
    } else {
        out.push_str(trimmed);
    }
}

/// A template whose names are positions in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pieces: Vec<BoundPiece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum BoundPiece {
    Text(String),
    Column { column: usize, filters: Vec<Filter> },
}

impl Bound {
    /// Writes the text it makes into `out`, which is cleared first.
    pub fn render(&self, row: &[String], out: &mut String) {
        out.clear();
        for piece in &self.pieces {
            match piece {
                BoundPiece::Text(text) => out.push_str(text),
                BoundPiece::Column { column, filters } => push(out, &row[*column], filters),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str) -> Result<String, Error> {
        let cells = [("a", " Ä b "), ("b", "")];
        Ok(Template::parse(template)?
            .render(|name| cells.iter().find(|(n, _)| *n == name).map(|(_, cell)| *cell)))
    }

    #[test]
    fn templates() {
        let check = |template: &str, expect: &str| {
            let got = render(template).unwrap_or_else(|e| format!("error: {e}"));
            assert_eq!(got, expect, "{template}");
        };
        check("", "");
        check("Q: {a|trim} A: {b}", "Q: Ä b A: ");
        check("{a|trim|lower}", "ä b");
        check("{{a}}", "{a}");
        check("x$y", "x$y");
        check(
            "{a",
            "error: `{` at byte 0 of the template `{a` is never closed; write `{{` for a brace",
        );
        check(
            "a}",
            "error: `}` at byte 1 of the template `a}` closes nothing; write `}}` for a brace",
        );
        check(
            "{a|up}",
            "error: unknown filter `up` in the template `{a|up}`; there are `trim` and `lower`",
        );
    }

    #[test]
    fn fields_are_put_in_once_and_unknown_ones_named() {
        let fill = |template: &str| {
            let fields = [("text", "a {culture} b"), ("culture", "GB")];
            Template::parse(template).and_then(|t| t.fill(&fields)).map_err(|e| e.to_string())
        };
        assert_eq!(fill("[{culture}] {text} {{x}}").unwrap(), "[GB] a {culture} b {x}");
        let expect = "unknown name `{tex}` in the template `{tex}`; there are: `text`, `culture`";
        assert_eq!(fill("{tex}").unwrap_err(), expect);
    }

    #[test]
    fn shown_as_written() {
        for template in ["Q: {a|trim} {{x}} {b|trim|lower}", "", "plain"] {
            assert_eq!(Template::parse(template).unwrap().to_string(), template);
        }
    }

    #[test]
    fn unknown_names_are_told() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let error = Template::parse("{c}").unwrap().bind(&columns).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown name `{c}` in the template `{c}`; there are: `a`, `b`"
        );
    }
}
