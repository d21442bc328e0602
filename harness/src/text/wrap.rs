//! Lines no wider than a screen.

use console::measure_text_width as width_of;

/// A text in lines of at most `width` columns, broken at blanks; all but the first are set in by `indent`. A longer word has a line
/// of its own. Blanks at the start stay.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let start = text.len() - text.trim_start().len();
    let mut lines = Vec::new();
    let mut line = text[..start].to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let blank = usize::from(!is_empty);
        if !is_empty && width_of(&line) + blank + width_of(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_the_screen() {
        assert_eq!(wrap("a line that fits", 20, 2), "a line that fits");
        assert_eq!(wrap("one two three four", 9, 2), "one two\n  three\n  four");
        assert_eq!(wrap("  set in at first", 10, 4), "  set in\n    at\n    first");
        assert_eq!(wrap("a-very-long-word and", 6, 2), "a-very-long-word\n  and");
        assert_eq!(
            wrap("文化 文化 文化", 9, 0),
            "文化 文化\n文化",
            "wide letters take two columns"
        );
        assert_eq!(wrap("", 9, 2), "");
    }
}
