//! Text made safe for the formats that give signs a meaning: XML, Markdown, LaTeX.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escaped for XML, text and attributes alike; control characters and marks that turn the direction of text are left out.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if !is_hidden(c) => out.push(c),
            _ => {}
        }
    }
    out
}

/// Control characters (XML 1.0 forbids most), direction marks, and code points that are no character.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Text for a terminal: control characters but for the end of a line and a tab, and marks that turn the direction of text, are
/// shown by their number instead of being obeyed.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    // Windows' ends of lines are harmless.
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            let _ = write!(out, "<U+{:04X}>", c as u32);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// JSON whose texts hold no sign that a terminal obeys: each such sign as its escape, which is the same text.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    let obeyed = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if !json.contains(obeyed) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if obeyed(c) {
            let _ = write!(out, "\\u{:04x}", c as u32);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Text that cannot leave its table cell or become markup.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // `$` begins mathematics on GitHub, `@` mentions somebody, `#1` links an issue.
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '$' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("&#64;"),
            c if c.is_control()
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
                {}
            c => out.push(c),
        }
    }
    out
}

/// Text safe inside LaTeX: signs with a meaning are escaped, common signs beyond ASCII get their command, and what a
/// plain pdfTeX has no glyph for is shown as its code point (`[U+4E2D]`). Control characters and marks that turn the
/// direction of text are left out.
pub(crate) fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '`' => out.push_str("\\textasciigrave{}"),
            '±' => out.push_str("$\\pm$"),
            '−' => out.push_str("$-$"),
            '×' => out.push_str("$\\times$"),
            '≤' => out.push_str("$\\le$"),
            '≥' => out.push_str("$\\ge$"),
            '·' => out.push_str("$\\cdot$"),
            '†' => out.push_str("\\dag{}"),
            '‡' => out.push_str("\\ddag{}"),
            '–' => out.push_str("--"),
            '—' => out.push_str("---"),
            '…' => out.push_str("\\ldots{}"),
            '‘' => out.push_str("\\textquoteleft{}"),
            '’' => out.push_str("\\textquoteright{}"),
            '“' => out.push_str("\\textquotedblleft{}"),
            '”' => out.push_str("\\textquotedblright{}"),
            '\n' | '\r' | '\t' | '\u{a0}' => out.push(' '),
            // Letters of ASCII, and of Western and Central Europe, which T1 has.
            ' '..='~'
            | 'À'..='Ö'
            | 'Ø'..='ö'
            | 'ø'..='ÿ'
            | 'Ą'..='ć'
            | 'Č'..='đ'
            | 'Ę'..='ě'
            | 'Ğ'
            | 'ğ'
            | 'İ'
            | 'ı'
            | 'Ł'..='ń'
            | 'Ň'
            | 'ň'
            | 'Ő'..='œ'
            | 'Ř'
            | 'ř'
            | 'Ś'
            | 'ś'
            | 'Ş'..='ť'
            | 'Ů'..='ű'
            | 'Ÿ'..='ž' => out.push(letter),
            c if c.is_control()
                || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}') =>
                {}
            other => {
                let _ = write!(out, "[U+{:04X}]", other as u32);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(xml("a<b>\"'&\u{202e}\u{0}\n"), "a&lt;b&gt;&quot;&#39;&amp; ");
    }

    #[test]
    fn a_terminal_shows_what_it_would_obey() {
        let hostile = "a\u{1b}]52;c;cm0=\u{7}\u{1b}[2J\u{9b}31m\u{202e}b\u{2066}\r\n\tc\rd";
        let shown = visible(hostile);
        assert_eq!(
            shown,
            "a<U+001B>]52;c;cm0=<U+0007><U+001B>[2J<U+009B>31m<U+202E>b<U+2066>\n\tc<U+000D>d"
        );
        // What languages need to be written stays: joiners, accents, right-to-left letters.
        let written = "می\u{200c}خواهم שלום 👩\u{200d}🔬 é\n";
        assert!(matches!(visible(written), Cow::Borrowed(same) if same == written));
        let json = serde_json::json!({ "said": hostile }).to_string();
        let escaped = visible_json(&json);
        assert!(!escaped.contains(|c: char| is_hidden(c)), "{escaped}");
        let read: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(read["said"], hostile);
    }

    #[test]
    fn text_cannot_leave_its_cell() {
        assert_eq!(markdown("a|b\n<script>\u{202e}x"), "a\\|b &lt;script&gt;x");
        assert_eq!(markdown("$x$ #1 @you"), "\\$x\\$ \\#1 &#64;you");
    }
}
