//! A text as words, as the vectors' own texts were cut.
//!
//! GloVe's texts went through Stanford's tokenizer, which follows the Penn Treebank: clitics stand apart ("do n't", "she 's"),
//! punctuation marks are tokens, hyphenated words are whole. Here (ours):
//!
//! 1. What is between blanks is tried whole ("u.s.", "c++", ":)").
//! 2. Else it is cut into runs of letters, digits and marks, joined by inner hyphens, full stops, commas, underscores and
//!    apostrophes ("african-american", "3.14", "don't"), and single other characters.
//! 3. A run that is not in the vocabulary loses its clitic (n't, 's, 're, 've, 'll, 'd, 'm), which becomes a token; what is
//!    still unknown is cut at its joints.
//!
//! `’` counts as `'`. A run of a script without blanks is one word, and so mostly unknown: the share of unknown words is
//! reported, and says when vectors do not fit a language.

/// Clitics that the Penn Treebank sets apart.
const CLITICS: [&str; 7] = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/// Hands every word to `put` as what `find` knows of it. An unknown word that is no letter or digit ("[", an emoji) is left out.
pub fn each<T>(
    text: &str,
    lowercase: bool,
    find: &dyn Fn(&str) -> Option<T>,
    put: &mut dyn FnMut(Option<T>),
) {
    let lower = if lowercase { text.to_lowercase() } else { text.to_owned() };
    let text = lower.replace(['\u{2019}', '\u{2018}'], "'");
    for chunk in text.split_whitespace() {
        match find(chunk) {
            Some(word) => put(Some(word)),
            None => runs(chunk, &mut |run| unknown_chunk_run(run, find, put)),
        }
    }
}

/// One run of a chunk that is unknown as a whole.
fn unknown_chunk_run<T>(
    run: &str,
    find: &dyn Fn(&str) -> Option<T>,
    put: &mut dyn FnMut(Option<T>),
) {
    if let Some(word) = find(run) {
        return put(Some(word));
    }
    if !run.starts_with(char::is_alphanumeric) {
        return;
    }
    let clitic = CLITICS
        .iter()
        .copied()
        .find(|clitic| run.len() > clitic.len() && run.ends_with(clitic) && find(clitic).is_some());
    let stem = clitic.map_or(run, |clitic| &run[..run.len() - clitic.len()]);
    match find(stem).filter(|_| clitic.is_some()) {
        Some(word) => put(Some(word)),
        None => {
            stem.split(is_joint).filter(|part| !part.is_empty()).for_each(|part| put(find(part)));
        }
    }
    if let Some(clitic) = clitic {
        put(find(clitic));
    }
}

/// Runs of word characters with single joints inside, and single other characters.
fn runs(chunk: &str, put: &mut dyn FnMut(&str)) {
    let mut rest = chunk;
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) { run_length(rest) } else { first.len_utf8() };
        put(&rest[..length]);
        rest = &rest[length..];
    }
}

/// Bytes of the run at the start of a text.
fn run_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut end = 0;
    while let Some((at, c)) = chars.next() {
        let inside =
            is_word(c) || (is_joint(c) && chars.peek().is_some_and(|(_, next)| is_word(*next)));
        if !inside {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// Letters, digits, and the combining marks of scripts that need them.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Marks that are no letters to Unicode and yet belong to the letter before: accents, points, viramas, tone marks, joiners.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' // accents
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}' // Hebrew points
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' // Arabic vowels
        | '\u{900}'..='\u{963}' | '\u{981}'..='\u{9e3}' | '\u{a01}'..='\u{df3}' // India and Sri Lanka, less the danda
        | '\u{e31}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' // Thai
        | '\u{eb1}'..='\u{ece}' // Lao
        | '\u{102b}'..='\u{103e}' // Burmese
        | '\u{17b6}'..='\u{17d3}' // Khmer
        | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_joint(c: char) -> bool {
    matches!(c, '-' | '\'' | '.' | ',' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known words as they are, unknown ones in brackets.
    fn cut(text: &str, vocabulary: &[&str]) -> String {
        let mut out = Vec::new();
        let find = |word: &str| vocabulary.contains(&word).then(|| word.to_owned());
        each(text, true, &find, &mut |found| out.push(found.unwrap_or_else(|| "?".to_owned())));
        out.join(" ")
    }

    #[test]
    fn words_are_cut_as_the_vectors_texts_were() {
        let check = |text, vocabulary: &[&str], expect| {
            assert_eq!(cut(text, vocabulary), expect, "{text}");
        };
        let v: &[&str] = &[
            "do",
            "n't",
            "'s",
            "she",
            "african-american",
            "well",
            "known",
            "u.s.",
            "us",
            "[",
            "]",
            ".",
            ",",
            "3.14",
            "stop",
            "dogs",
            "!",
            ":)",
            "c++",
            "rock",
            "roll",
            "can",
            "cannot",
            "o'clock",
        ];
        check("Don't", v, "do n't");
        check("don’t!", v, "do n't !");
        check("She's African-American.", v, "she 's african-american .");
        check("well-known, U.S. stop.", v, "well known , u.s. stop .");
        check("[US] dogs", v, "[ us ] dogs");
        check("3.14 :) C++ (stop)", v, "3.14 :) c++ stop");
        check("O'Clock rock'roll", v, "o'clock rock roll");
        check("zyzzy-dogs xx", v, "? dogs ?");
        check("zyz's", v, "? 's");
        check("", v, "");
        check(" \t\n", v, "");
        check("😀 中文 ภาษาไม่ हिन्दी।", v, "? ? ?");
        check("n't", v, "n't");
        check("stop...dogs--!", v, "stop . . . dogs !");
    }

    #[test]
    fn case_is_kept_where_the_vectors_have_it() {
        let mut out = Vec::new();
        each("Paris paris", false, &|word| (word == "Paris").then_some(()), &mut |f| out.push(f));
        assert_eq!(out, [Some(()), None]);
    }

    #[test]
    fn every_letter_comes_once() {
        let text = "a-b.c'd don't e\u{301}t -x- ..y.. 'tis rock'n'roll";
        let seen = std::cell::RefCell::new(String::new());
        each::<()>(text, true, &|_| None, &mut |_| {});
        each(
            text,
            true,
            &|word| {
                // Only parts without joints are known: each is found once.
                (!word.contains(is_joint)).then(|| word.to_owned())
            },
            &mut |found| seen.borrow_mut().push_str(&found.unwrap_or_default()),
        );
        let letters = |s: &str| s.chars().filter(|c| is_word(*c)).collect::<String>();
        assert_eq!(letters(&seen.borrow()), letters(text));
    }
}
