//! A spec as text: its kind, its target and its options; quotes keep blanks and commas together.

/// `kind:target,key=value,key=value`, cut but not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) kind: String,
    pub(super) target: String,
    /// In the order in which they were typed.
    pub(super) options: Vec<(String, String)>,
}

/// Cuts a spec; none where it has no `kind:`.
pub(super) fn cut(text: &str) -> Option<Cut> {
    let (kind, rest) = text.split_once(':')?;
    let mut pieces = pieces(rest).into_iter();
    let target = unquoted(pieces.next().unwrap_or_default().trim());
    let options = pieces.map(|piece| match piece.split_once('=') {
        Some((key, value)) => (key.trim().to_owned(), unquoted(value.trim())),
        None => (piece.trim().to_owned(), String::new()),
    });
    Some(Cut { kind: kind.trim().to_owned(), target, options: options.collect() })
}

/// What lies between commas that begin an option, `,key=`; all other commas belong to the text around them.
fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ',') if begins_option(&text[at + 1..]) => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

fn begins_option(text: &str) -> bool {
    let name = text.split('=').next().unwrap_or_default().trim();
    text.contains('=')
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A text without the quotes around the whole of it.
fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

/// The words of a command line: blanks part them, quotes keep blanks.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut found, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => found.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    match quote {
        Some(quote) => Err(format!("the quote {quote} is not closed")),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_options_and_quotes_keep_them() {
        let check = |text: &str, target: &str, options: &[(&str, &str)]| {
            let got = cut(text).unwrap();
            let own: Vec<_> = options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            assert_eq!((got.target.as_str(), &got.options), (target, &own), "{text}");
        };
        check("vllm:Qwen/Qwen3-8B", "Qwen/Qwen3-8B", &[]);
        check("vllm:a,dtype=bfloat16, chat = no", "a", &[("dtype", "bfloat16"), ("chat", "no")]);
        check("command:\"python3 my.py\",can=generate", "python3 my.py", &[("can", "generate")]);
        check("command:python3 my.py --list a,b", "python3 my.py --list a,b", &[]);
        check("command:'python3 my.py --x 1,y=2'", "python3 my.py --x 1,y=2", &[]);
        check("hf:m,title=\"a, b=c\"", "m", &[("title", "a, b=c")]);
        check("openai:m,base_url=http://h:1/v1?a=b", "m", &[("base_url", "http://h:1/v1?a=b")]);
        assert_eq!(cut("majority"), None);
    }

    #[test]
    fn words_are_a_shells() {
        let check = |line: &str, expect: &[&str]| assert_eq!(words(line).unwrap(), expect);
        check("python3  my.py -x", &["python3", "my.py", "-x"]);
        check("a 'b c'd \"\" \"it's\"", &["a", "b cd", "", "it's"]);
        check("", &[]);
        assert!(words("a 'b").is_err());
    }
}
