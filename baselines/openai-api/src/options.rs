//! Log-likelihoods of options: which echoed tokens are the option, and which first tokens begin it. Pure.

use plugin_api::Loglikelihood;

/// Without blanks, and without the marks that tokenizers write for them.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '▁' | 'Ġ' | 'Ċ')).collect()
}

/// The first of the tokens that spell `continuation` at the end of `tokens`; none where they end in something else. Blanks are not
/// compared, as servers show them differently (` yes`, `▁yes`, `yes`). A token that holds the last letters of the context too
/// belongs to the continuation. A blank by itself belongs to it where the continuation begins with one and the context does not end
/// in one (`after_blank`).
pub fn tail(tokens: &[&str], continuation: &str, after_blank: bool) -> Option<usize> {
    let wanted = bare(continuation);
    if wanted.is_empty() {
        return None;
    }
    let mut found = String::new();
    let mut start = tokens.len();
    while found.len() < wanted.len() {
        start = start.checked_sub(1)?;
        found.insert_str(0, &bare(tokens[start]));
    }
    if !found.ends_with(&wanted) {
        return None;
    }
    let begins_blank = continuation.starts_with(char::is_whitespace);
    let has_blank = tokens[start].starts_with(|c: char| c.is_whitespace() || c == '▁' || c == 'Ġ');
    if begins_blank && !after_blank && !has_blank && found.len() == wanted.len() {
        let blank = start.checked_sub(1).map(|before| tokens[before]);
        if blank.is_some_and(|token| !token.is_empty() && bare(token).is_empty()) {
            start -= 1;
        }
    }
    Some(start)
}

/// The log-likelihood of each option by the first token of a reply: the logarithm of the summed probabilities of those
/// tokens that begin this option and no other, regardless of case and blanks (`Yes`, ` yes`, `y`). An option that none of the tokens
/// begins has minus infinity. What is wrong comes back as words without a place.
pub fn by_first_token(
    top: &[(String, f64)],
    options: &[&str],
) -> Result<Vec<Loglikelihood>, String> {
    let plain: Vec<String> = options.iter().map(|option| bare(option).to_lowercase()).collect();
    for (i, option) in plain.iter().enumerate() {
        let other =
            plain.iter().enumerate().find(|(j, other)| *j != i && other.starts_with(option));
        if let Some((j, _)) = other {
            return Err(format!(
                "the options {:?} and {:?} begin alike, so that a first token does not distinguish them",
                options[i], options[j]
            ));
        }
    }
    let mut sums = vec![f64::NEG_INFINITY; options.len()];
    let mut unclear: Option<(&str, f64)> = None;
    let mut best = None;
    for (place, (token, logprob)) in top.iter().enumerate() {
        let token_plain = bare(token).to_lowercase();
        if token_plain.is_empty() {
            continue;
        }
        let begun: Vec<usize> =
            (0..options.len()).filter(|i| plain[*i].starts_with(&token_plain)).collect();
        match begun[..] {
            [] => {}
            [one] => {
                sums[one] = add(sums[one], *logprob);
                if place == 0 {
                    best = Some(one);
                }
            }
            _ => {
                if unclear.is_none_or(|(_, p)| *logprob > p) {
                    unclear = Some((token, *logprob));
                }
            }
        }
    }
    if let Some((token, logprob)) = unclear
        && sums.iter().all(|own| *own <= logprob)
    {
        return Err(format!(
            "the likeliest token {token:?} begins several of the options {options:?}"
        ));
    }
    Ok(sums
        .iter()
        .enumerate()
        .map(|(i, sum)| Loglikelihood { sum: sum.min(0.0), tokens: 1, greedy: best == Some(i) })
        .collect())
}

/// The logarithm of a sum of two probabilities, by their logarithms.
fn add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_an_option_are_found_however_blanks_are_shown() {
        let check = |tokens: &[&str], continuation, after_blank, expect| {
            assert_eq!(
                tail(tokens, continuation, after_blank),
                expect,
                "{tokens:?} {continuation:?}"
            );
        };
        check(&["<s>", "Answer", ":", " yes"], " yes", false, Some(3));
        check(&["<s>", "▁Answer", ":", "▁yes"], " yes", false, Some(3));
        check(&["Answer", ":", "yes"], " yes", false, Some(2));
        check(&["Answer", ":", " ", "y", "es"], " yes", false, Some(2));
        check(&["Answer", ": ", "yes"], "yes", true, Some(2));
        check(&["Answer", ":", " ", "yes"], "yes", true, Some(3));
        check(&["a", " not", " hate", "ful"], " not hateful", false, Some(1));
        check(&["(", "(yes"], "yes", false, Some(1));
        check(&["Answer", ":", " no"], " yes", false, None);
        check(&["es"], " yes", false, None);
        check(&[], " yes", false, None);
        check(&["a", " "], " ", false, None);
        check(&["すべ", "ての", "はい"], "はい", false, Some(2));
    }

    fn sums(top: &[(&str, f64)], options: &[&str]) -> Result<Vec<f64>, String> {
        let top: Vec<(String, f64)> =
            top.iter().map(|(token, p)| ((*token).to_owned(), p.ln())).collect();
        by_first_token(&top, options).map(|all| all.iter().map(|one| one.sum.exp()).collect())
    }

    #[test]
    fn probabilities_of_an_options_tokens_add_up() {
        let near = |found: Result<Vec<f64>, String>, expect: &[f64]| {
            let found = found.unwrap();
            assert!(found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        let top = [
            ("Yes", 0.5),
            (" yes", 0.125),
            ("No", 0.25),
            ("N", 0.0625),
            ("Maybe", 0.03),
            (" ", 0.01),
        ];
        near(sums(&top, &[" no", " yes"]), &[0.3125, 0.625]);
        near(sums(&[("Hate", 0.9)], &[" acceptable", " hateful"]), &[0.0, 0.9]);
        near(sums(&[], &[" no", " yes"]), &[0.0, 0.0]);
        near(sums(&[("t", 0.2), ("true", 0.4), ("to", 0.3)], &["true", "top"]), &[0.4, 0.3]);
        let all = by_first_token(&[("No".to_owned(), 0.0)], &["no", "yes"]).unwrap();
        assert!(all[0].greedy && !all[1].greedy && all[1].sum == f64::NEG_INFINITY);
        assert_eq!((all[0].sum, all[0].tokens), (0.0, 1));
    }

    #[test]
    fn options_that_begin_alike_are_refused() {
        let error = sums(&[("not", 1.0)], &["not", "not hateful"]).unwrap_err();
        assert!(error.contains("\"not\" and \"not hateful\" begin alike"), "{error}");
        let error = sums(&[("t", 0.6), ("true", 0.4)], &["true", "top"]).unwrap_err();
        assert!(error.contains("\"t\" begins several"), "{error}");
    }
}
