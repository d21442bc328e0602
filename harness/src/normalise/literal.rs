//! Python literals as `repr` prints them: strings, numbers, lists, tuples, dicts, `defaultdict`. The parser never
//! evaluates: names other than `None`, `True`, `False` and `defaultdict` are errors.
//!
//! Pure: the input is a text, the output a value, at most [`DEPTH`] levels deep.

use serde_json::Number;

use super::value::{DEPTH, Value, last_of_each};

/// Why a text is not a literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub struct Error {
    what: String,
    /// From 1.
    at: usize,
}

/// Reads one literal.
///
/// # Errors
/// The text is something else, or is nested too deep; with the place.
pub fn parse(text: &str) -> Result<Value, Error> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(value),
        Some(c) => Err(reader.error(&format!("`{c}` follows the value"))),
    }
}

struct Reader<'t> {
    text: &'t str,
    /// Byte.
    at: usize,
}

impl Reader<'_> {
    fn error(&self, what: &str) -> Error {
        Error { what: what.to_owned(), at: self.text[..self.at].chars().count() + 1 }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, what: &str) -> bool {
        let there = self.rest().starts_with(what);
        if there {
            self.at += what.len();
        }
        there
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
    }

    fn expect(&mut self, what: &str) -> Result<(), Error> {
        self.blanks();
        if self.take(what) { Ok(()) } else { Err(self.error(&format!("`{what}` is missing"))) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        if depth > DEPTH {
            return Err(self.error(&format!("nested more than {DEPTH} levels deep")));
        }
        self.blanks();
        let Some(first) = self.peek() else { return Err(self.error("a value is missing")) };
        match first {
            '[' => self.elements("[", "]", depth).map(|(elements, _)| Value::List(elements)),
            '(' => match self.elements("(", ")", depth)? {
                // Brackets around one value, without a comma, are no tuple.
                (mut one, false) if one.len() == 1 => Ok(one.remove(0)),
                (elements, _) => Ok(Value::List(elements)),
            },
            '{' => self.dict(depth),
            '\'' | '"' => self.text().map(Value::Text),
            '0'..='9' | '-' | '+' | '.' => self.number().map(Value::Number),
            c if c.is_alphabetic() || c == '_' => self.name(depth),
            c => Err(self.error(&format!("no literal begins with `{c}`"))),
        }
    }

    /// The elements between two brackets, and whether there was a comma.
    fn elements(
        &mut self,
        open: &str,
        close: &str,
        depth: usize,
    ) -> Result<(Vec<Value>, bool), Error> {
        self.expect(open)?;
        let (mut elements, mut comma) = (Vec::new(), false);
        loop {
            self.blanks();
            if self.take(close) {
                return Ok((elements, comma));
            }
            if !elements.is_empty() && !comma {
                return Err(self.error(&format!("`,` or `{close}` is missing")));
            }
            elements.push(self.value(depth + 1)?);
            self.blanks();
            comma = self.take(",");
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, Error> {
        self.expect("{")?;
        let mut members = Vec::new();
        loop {
            self.blanks();
            if self.take("}") {
                return Ok(Value::Object(last_of_each(members)));
            }
            let key = match self.value(depth + 1)? {
                Value::List(_) | Value::Object(_) => {
                    return Err(self.error("a key that is neither a text nor a number"));
                }
                key => key.cell(),
            };
            self.expect(":")?;
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if !self.take(",") {
                self.expect("}")?;
                return Ok(Value::Object(last_of_each(members)));
            }
        }
    }

    /// `None`, `True`, `False`, or `defaultdict(<class '...'>, {...})`; a prefix of a text.
    fn name(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        self.at += end;
        match name.as_str() {
            "None" => Ok(Value::Null),
            "True" => Ok(Value::Bool(true)),
            "False" => Ok(Value::Bool(false)),
            "defaultdict" => self.defaultdict(depth),
            "u" | "U" if matches!(self.peek(), Some('\'' | '"')) => self.text().map(Value::Text),
            _ => {
                self.at = start;
                Err(self.error(&format!("the name `{name}` is not a literal")))
            }
        }
    }

    fn defaultdict(&mut self, depth: usize) -> Result<Value, Error> {
        self.expect("(")?;
        self.blanks();
        if self.take("<") {
            let Some(end) = self.rest().find('>') else {
                return Err(self.error("`>` is missing"));
            };
            self.at += end + 1;
        } else if !self.take("None") {
            return Err(self.error("`<class '...'>` or `None` is missing"));
        }
        self.expect(",")?;
        self.blanks();
        if self.peek() != Some('{') {
            return Err(self.error("`{` is missing"));
        }
        let value = self.value(depth + 1)?;
        self.expect(")")?;
        Ok(value)
    }

    fn number(&mut self) -> Result<Number, Error> {
        let start = self.at;
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            // A sign is at the beginning or in an exponent.
            let sign_inside = matches!(c, '+' | '-') && at > 0 && !rest[..at].ends_with(['e', 'E']);
            if !part(c) || sign_inside {
                break;
            }
            end = at + c.len_utf8();
        }
        let word = &rest[..end];
        let found = as_number(word);
        let word = word.to_owned();
        self.at += end;
        found.ok_or_else(|| {
            self.at = start;
            self.error(&format!("`{word}` is not a number that can be read"))
        })
    }

    /// A text in either quotes, single or triple, and those that follow it.
    fn text(&mut self) -> Result<String, Error> {
        let mut out = String::new();
        loop {
            self.one_text(&mut out)?;
            self.blanks();
            if !matches!(self.peek(), Some('\'' | '"')) {
                return Ok(out);
            }
        }
    }

    fn one_text(&mut self, out: &mut String) -> Result<(), Error> {
        let start = self.at;
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| self.take(quote));
        let quote = quote.ok_or_else(|| self.error("a quote is missing"))?;
        loop {
            if self.take(quote) {
                return Ok(());
            }
            match self.next() {
                None => {
                    self.at = start;
                    return Err(self.error("a text that is never closed begins"));
                }
                Some('\n') if quote.len() == 1 => {
                    self.at = start;
                    return Err(self.error("a text that is not closed in its line begins"));
                }
                Some('\\') => self.escape(out)?,
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Error> {
        let Some(c) = self.next() else { return Err(self.error("the text ends in `\\`")) };
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(c),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            'x' => out.push(self.code(2)?),
            'u' => out.push(self.code(4)?),
            'U' => out.push(self.code(8)?),
            '0'..='7' => {
                let rest = self.rest();
                let more = rest.chars().take(2).take_while(|c| c.is_digit(8)).count();
                let digits = format!("{c}{}", &rest[..more]);
                self.at += more;
                let code = u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32);
                out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            'N' => {
                return Err(self.error("a character by its name (`\\N`), which is not supported,"));
            }
            // As Python: what is no escape stays as it is.
            other => out.extend(['\\', other]),
        }
        Ok(())
    }

    /// A character by its number; half of a surrogate pair is U+FFFD.
    fn code(&mut self, digits: usize) -> Result<char, Error> {
        let code = self.rest().get(..digits).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(code) = code.filter(|code| *code <= u32::from(char::MAX)) else {
            return Err(self.error(&format!("an escape without {digits} hexadecimal digits")));
        };
        self.at += digits;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

/// A decimal number as Python writes it; not hexadecimal, not complex, not infinite.
fn as_number(word: &str) -> Option<Number> {
    let digits = word.trim_start_matches(['+', '-']);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || word.len() - digits.len() > 1
        || word.contains("__")
        || word.ends_with('_')
    {
        return None;
    }
    let plain = word.replace('_', "");
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = plain.parse::<u64>() {
        return Some(whole.into());
    }
    plain.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `repr` printed, and the same as JSON (Python 3.12: `json.dumps(ast.literal_eval(text), ensure_ascii=False)`).
    #[test]
    fn literals_are_read_as_python_reads_them() {
        let check = |text: &str, json: &str| {
            let found = parse(text).map_or_else(|e| format!("error: {e}"), |v| v.to_string());
            assert_eq!(found, json, "{text}");
        };
        check("['손자', '할머니', '알 수 없음']", r#"["손자","할머니","알 수 없음"]"#);
        check(r#"["it's", 'say "x"', 'both \' and "']"#, r#"["it's","say \"x\"","both ' and \""]"#);
        check(r"'a\nb\tc\\d\x41\u00e9\U0001f600\101\q'", r#""a\nb\tc\\dAé😀A\\q""#);
        check("[1, -2, 3.0, 1e3, .5, 5., 1_000, +4]", "[1,-2,3.0,1000.0,0.5,5.0,1000,4]");
        check("[None, True, False]", "[null,true,false]");
        check("('a', 1)", r#"["a",1]"#);
        check("('a',)", r#"["a"]"#);
        check("('a')", r#""a""#);
        check("()", "[]");
        check("[[], [[1]], {}]", "[[],[[1]],{}]");
        check("{'b': [1], 'a': {'c': None}, 2: 'x'}", r#"{"b":[1],"a":{"c":null},"2":"x"}"#);
        check("{'a': 1, 'a': 2,}", r#"{"a":2}"#);
        check("  [ 'a' ,\n 'b' , ]  ", r#"["a","b"]"#);
        check("'a' \"b\"", r#""ab""#);
        check("'''a\n'b'''", r#""a\n'b""#);
        check("u'a'", r#""a""#);
        check(
            "defaultdict(<class 'list'>, {'Belgium': [0.21, 0.3], 'France': [1.0]})",
            r#"{"Belgium":[0.21,0.3],"France":[1.0]}"#,
        );
        check("defaultdict(None, {})", "{}");
        check("18446744073709551615", "18446744073709551615");
        check("1e308", "1e+308");
        check("'\\ud83d'", "\"\u{fffd}\"");
    }

    #[test]
    fn what_is_no_literal_is_an_error_with_its_place() {
        let check = |text: &str, error: &str| {
            assert_eq!(parse(text).unwrap_err().to_string(), error, "{text}");
        };
        check("", "a value is missing at character 1");
        check("['a'", "`,` or `]` is missing at character 5");
        check("['a' 1]", "`,` or `]` is missing at character 6");
        check("['é', x]", "the name `x` is not a literal at character 7");
        check("__import__('os')", "the name `__import__` is not a literal at character 1");
        check("[1, 2] + [3]", "`+` follows the value at character 8");
        check("0x10", "`0x10` is not a number that can be read at character 1");
        check("1+2", "`+` follows the value at character 2");
        check("1j", "`1j` is not a number that can be read at character 1");
        check("--1", "`-` is not a number that can be read at character 1");
        check("1e999", "`1e999` is not a number that can be read at character 1");
        check("'a", "a text that is never closed begins at character 1");
        check("'a\nb'", "a text that is not closed in its line begins at character 1");
        check("'\\x4'", "an escape without 2 hexadecimal digits at character 4");
        check("{'a' 1}", "`:` is missing at character 6");
        check("{[1]: 2}", "a key that is neither a text nor a number at character 5");
        check("[,]", "no literal begins with `,` at character 2");
        check("defaultdict(list, {})", "`<class '...'>` or `None` is missing at character 13");
        check("[1, 2", "`,` or `]` is missing at character 6");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&nested(DEPTH)).is_ok());
        let error = parse(&nested(10_000)).unwrap_err().to_string();
        assert!(error.starts_with("nested more than 100 levels deep"), "{error}");
        let error = parse(&"{1:".repeat(10_000)).unwrap_err().to_string();
        assert!(error.starts_with("nested more than 100 levels deep"), "{error}");
    }

    proptest::proptest! {
        /// Any list of texts, written as Python's `repr` would write it, comes back.
        #[test]
        fn texts_come_back(texts in proptest::collection::vec("\\PC*|['\"\\\\\n]{0,4}", 0..6)) {
            let quoted: Vec<String> = texts.iter().map(|text| {
                let text = text.replace('\\', "\\\\").replace('\n', "\\n");
                if text.contains('\'') && !text.contains('"') { format!("\"{text}\"") }
                else { format!("'{}'", text.replace('\'', "\\'")) }
            }).collect();
            let expect = Value::List(texts.into_iter().map(Value::Text).collect());
            assert_eq!(parse(&format!("[{}]", quoted.join(", "))).unwrap(), expect);
        }
    }
}
