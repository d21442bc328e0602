//! Rust source as words and signs. Comments go; a literal stays as one opaque token.

/// A word, a sign or a literal. `::` is one token, any other sign a token for each character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

impl Token<'_> {
    /// A name or a keyword; not a number, a lifetime or a string.
    pub(crate) fn is_word(&self) -> bool {
        !self.is_literal() && self.text.starts_with(is_word_start)
    }

    fn is_literal(&self) -> bool {
        self.text.ends_with(['"', '\'', '#']) && self.text.len() > 1
    }
}

/// All tokens of a file.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = source[at..].chars().next() {
        let text = &source[at..at + length(&source[at..], first)];
        let is_comment = text.starts_with("//") || text.starts_with("/*");
        if !first.is_whitespace() && !is_comment {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        at += text.len();
    }
    tokens
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Bytes of the token that `rest` starts with.
fn length(rest: &str, first: char) -> usize {
    match first {
        '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
        '/' if rest.starts_with("/*") => block_comment(rest),
        '"' => string(rest, 0),
        '\'' => character(rest).unwrap_or_else(|| 1 + word(&rest[1..])),
        ':' if rest.starts_with("::") => 2,
        c if is_word_start(c) => prefixed(rest).unwrap_or_else(|| word(rest)),
        c if c.is_ascii_digit() => word(rest),
        c => c.len_utf8(),
    }
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let tail = &rest.as_bytes()[at..];
        let step = match tail {
            [b'/', b'*', ..] => 1,
            [b'*', b'/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A string whose quote is at `open`.
fn string(rest: &str, open: usize) -> usize {
    let bytes = rest.as_bytes();
    let mut at = open + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character in quotes; none where the quote starts a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        let close = rest.get(3..)?.find('\'')?;
        return Some(3 + close + 1);
    }
    chars.next().filter(|(_, second)| *second == '\'').map(|(at, _)| at + 1)
}

/// What begins like a word and is none: `b"…"`, `r#"…"#`, `b'…'`; also the raw name `r#type`.
fn prefixed(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r"]
        .into_iter()
        .find(|p| word(rest) == p.len() && rest.starts_with(p))?;
    let tail = &rest[prefix.len()..];
    let hashes = tail.len() - tail.trim_start_matches('#').len();
    let is_raw = prefix.ends_with('r');
    let quoted = tail[hashes..].starts_with('"');
    match tail.chars().next()? {
        '"' if !is_raw => Some(string(rest, prefix.len())),
        '\'' if prefix == "b" => character(tail).map(|length| length + 1),
        '"' | '#' if is_raw && quoted => {
            let open = prefix.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            Some(rest[open..].find(&close).map_or(rest.len(), |at| open + at + close.len()))
        }
        '#' if prefix == "r" => Some(2 + word(&rest[2..])),
        _ => None,
    }
}
