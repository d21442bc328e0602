//! The pure halves of the adapters: scores, log-likelihoods and replies become answers; templates become prompts.

use crate::definition::family::Parser;

use super::{Answer, ScoreError};

/// The label with the highest score, ties to the smallest index. [`Answer::Missing`] where a score is NaN, there is
/// none, or all are minus infinity: such a row says nothing.
pub fn best(scores: &[f32]) -> Answer {
    best_of(scores.iter().map(|s| f64::from(*s)))
}

fn best_of(scores: impl Iterator<Item = f64>) -> Answer {
    let mut best: Option<(u32, f64)> = None;
    for (label, score) in (0_u32..).zip(scores) {
        if score.is_nan() {
            return Answer::Missing;
        }
        if best.is_none_or(|(_, top)| score > top) {
            best = Some((label, score));
        }
    }
    match best {
        Some((label, score)) if score > f64::NEG_INFINITY => Answer::Label(label),
        _ => Answer::Missing,
    }
}

/// Answers of `classify`: `scores` is row-major, examples x `classes`.
pub fn classify(scores: &[f32], classes: usize) -> Result<Vec<Answer>, ScoreError> {
    rows(scores.len(), classes).map(|_| scores.chunks_exact(classes).map(best).collect())
}

fn rows(values: usize, classes: usize) -> Result<usize, ScoreError> {
    if classes > 0 && values.is_multiple_of(classes) {
        return Ok(values / classes);
    }
    Err(ScoreError::OutOfRange {
        argument: "scores",
        got: format!("{values} values"),
        allowed: format!("{classes} scores (one per label) for every example"),
    })
}

/// Answers from the log-likelihoods of the options, in two variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeliest {
    /// Highest sum of log-probabilities: the primary variant.
    pub sum: Vec<Answer>,
    /// Highest mean per unit of length: does not favour short options. `None` where no lengths are given.
    pub per_unit: Option<Vec<Answer>>,
}

/// The likeliest option of each example. `sums`: log-likelihoods in nats, row-major, examples x `classes`; `lengths`: the
/// options' lengths in one unit (tokens, else bytes), same shape. Ties go to the smallest index; a NaN, or an option of
/// length 0 in the per-unit variant, makes the answer missing.
pub fn likeliest(
    sums: &[f64],
    lengths: Option<&[f64]>,
    classes: usize,
) -> Result<Likeliest, ScoreError> {
    rows(sums.len(), classes)?;
    let sum = sums.chunks_exact(classes).map(|row| best_of(row.iter().copied())).collect();
    let per_unit = match lengths {
        None => None,
        Some(lengths) => {
            super::metrics::same_length("log-likelihoods", sums.len(), "lengths", lengths.len())?;
            let mean =
                |(sum, length): (&f64, &f64)| if *length > 0.0 { sum / length } else { f64::NAN };
            let pairs = sums.chunks_exact(classes).zip(lengths.chunks_exact(classes));
            Some(pairs.map(|(s, l)| best_of(s.iter().zip(l).map(mean))).collect())
        }
    };
    Ok(Likeliest { sum, per_unit })
}

/// A [`Parser`] with its labels looked up: made once, used for every reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyParser {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Prefix {
        strip: Vec<String>,
        prefixes: Vec<(String, u32)>,
        otherwise: Answer,
    },
    /// Lower-case words, the longest first.
    Word {
        words: Vec<(String, u32)>,
    },
}

impl ReplyParser {
    /// Looks up the parser's labels among the task's.
    pub fn new(parser: &Parser, labels: &[String]) -> Result<Self, ScoreError> {
        let index = |name: &String| {
            labels.iter().position(|l| l == name).map(|i| i as u32).ok_or_else(|| {
                ScoreError::NoSuchLabel {
                    place: "the answer parser",
                    name: name.clone(),
                    labels: labels.to_vec(),
                }
            })
        };
        let flat =
            |map: &std::collections::BTreeMap<String, Vec<String>>| -> Result<Vec<_>, ScoreError> {
                let mut pairs = Vec::new();
                for (name, texts) in map {
                    let label = index(name)?;
                    pairs.extend(texts.iter().map(|text| (text.clone(), label)));
                }
                Ok(pairs)
            };
        let kind = match parser {
            Parser::Prefix { strip, prefixes, otherwise } => Kind::Prefix {
                strip: strip.iter().filter(|s| !s.is_empty()).cloned().collect(),
                prefixes: flat(prefixes)?,
                otherwise: match otherwise {
                    Some(name) => Answer::Label(index(name)?),
                    None => Answer::OutOfChoice,
                },
            },
            Parser::Word { words } => {
                let mut words: Vec<(String, u32)> = flat(words)?
                    .into_iter()
                    .map(|(word, label)| (word.trim().to_lowercase(), label))
                    .filter(|(word, _)| !word.is_empty())
                    .collect();
                words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
                Kind::Word { words }
            }
        };
        Ok(Self { kind })
    }

    /// The label of a reply, or [`Answer::OutOfChoice`]. (A reply that never came is [`Answer::Missing`]: the caller's.)
    ///
    /// Words are matched whole and regardless of case, longer ones first, and what one has matched no other one sees:
    /// "not hateful" is no "hateful".
    pub fn parse(&self, reply: &str) -> Answer {
        match &self.kind {
            Kind::Prefix { strip, prefixes, otherwise } => {
                let mut reply = reply.to_owned();
                for part in strip {
                    reply = reply.replace(part.as_str(), "");
                }
                let reply = reply.trim_start();
                prefixes
                    .iter()
                    .find(|(prefix, _)| reply.starts_with(prefix.as_str()))
                    .map_or(*otherwise, |(_, label)| Answer::Label(*label))
            }
            Kind::Word { words } => {
                let mut reply = reply.to_lowercase();
                let mut found: Option<u32> = None;
                for (word, label) in words {
                    let mut at = 0;
                    let mut spans = Vec::new();
                    while let Some(start) = reply[at..].find(word.as_str()).map(|i| at + i) {
                        let end = start + word.len();
                        if is_whole(&reply, start, end) {
                            spans.push(start..end);
                        }
                        at = end;
                    }
                    if spans.is_empty() {
                        continue;
                    }
                    if found.is_some_and(|other| other != *label) {
                        return Answer::OutOfChoice;
                    }
                    found = Some(*label);
                    for span in spans.into_iter().rev() {
                        // A mark that belongs to no word and keeps its neighbours apart.
                        reply.replace_range(span, "\u{0}");
                    }
                }
                found.map_or(Answer::OutOfChoice, Answer::Label)
            }
        }
    }
}

/// The answer in one reply: [`ReplyParser`] made and used once.
pub fn parse(reply: &str, parser: &Parser, labels: &[String]) -> Result<Answer, ScoreError> {
    Ok(ReplyParser::new(parser, labels)?.parse(reply))
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..start].chars().next_back().is_some_and(in_word)
        && !text[end..].chars().next().is_some_and(in_word)
}

/// Fills `{name}` fields of a prompt template, `{{` and `}}` being braces. Texts are put in as they are: a brace in a
/// post is no field.
pub fn render(template: &str, fields: &[(&str, &str)]) -> Result<String, ScoreError> {
    let wrong = |at: &str| ScoreError::Template {
        template: template.to_owned(),
        at: at.chars().take(20).collect(),
        fields: fields.iter().map(|(name, _)| (*name).to_owned()).collect(),
    };
    let mut out =
        String::with_capacity(template.len() + fields.iter().map(|(_, v)| v.len()).sum::<usize>());
    let mut rest = template;
    while let Some(i) = rest.find(['{', '}']) {
        out.push_str(&rest[..i]);
        let at = &rest[i..];
        if let Some(after) = at.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = at.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else {
            let (name, after) =
                at.strip_prefix('{').and_then(|a| a.split_once('}')).ok_or_else(|| wrong(at))?;
            let (_, value) =
                fields.iter().find(|(field, _)| *field == name).ok_or_else(|| wrong(at))?;
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The continuation of every label, in label order, from a prompt's `options`.
pub fn options<'a>(
    options: &'a std::collections::BTreeMap<String, String>,
    labels: &[String],
) -> Result<Vec<&'a str>, ScoreError> {
    if let Some(name) = options.keys().find(|name| !labels.contains(name)) {
        return Err(ScoreError::NoSuchLabel {
            place: "the prompt's options",
            name: name.clone(),
            labels: labels.to_vec(),
        });
    }
    labels
        .iter()
        .map(|name| {
            options.get(name).map(String::as_str).ok_or_else(|| ScoreError::LabelWithout {
                place: "the prompt's options",
                name: name.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn labels() -> Vec<String> {
        vec!["no".to_owned(), "yes".to_owned()]
    }

    #[test]
    fn classify_breaks_ties_to_the_smallest_index() {
        let answers =
            classify(&[0.5, 0.5, 0.1, 0.2, f32::NAN, 0.9, f32::NEG_INFINITY, f32::NEG_INFINITY], 2);
        let missing = Answer::Missing;
        assert_eq!(answers.unwrap(), [Answer::Label(0), Answer::Label(1), missing, missing]);
        assert!(classify(&[1.0; 5], 2).unwrap_err().to_string().contains("5 values"));
        assert!(classify(&[], 0).is_err());
    }

    #[test]
    fn likelihood_has_two_variants() {
        let got = likeliest(&[-2.0, -3.0, f64::NAN, -1.0], Some(&[1.0, 2.0, 1.0, 1.0]), 2).unwrap();
        assert_eq!(got.sum, [Answer::Label(0), Answer::Missing]);
        assert_eq!(got.per_unit.unwrap(), [Answer::Label(1), Answer::Missing]);
        assert_eq!(
            likeliest(&[-1.0], Some(&[0.0]), 1).unwrap().per_unit.unwrap(),
            [Answer::Missing]
        );
    }

    #[test]
    fn word_parser() {
        let words = BTreeMap::from([
            ("no".to_owned(), vec!["acceptable".to_owned(), "not hateful".to_owned()]),
            ("yes".to_owned(), vec!["Hateful".to_owned()]),
        ]);
        let parser = ReplyParser::new(&Parser::Word { words }, &labels()).unwrap();
        let check =
            |reply: &str, expect: Answer| assert_eq!(parser.parse(reply), expect, "{reply}");
        check("Hateful.", Answer::Label(1));
        check("It is NOT hateful", Answer::Label(0));
        check("hateful? not hateful", Answer::OutOfChoice);
        check("unacceptable", Answer::OutOfChoice);
        check("acceptable, acceptable", Answer::Label(0));
        check("", Answer::OutOfChoice);
        check("ﬁne İ hateful", Answer::Label(1));
    }

    #[test]
    fn prefix_parser_is_the_owners() {
        let prefixes =
            BTreeMap::from([("yes".to_owned(), vec!["True".to_owned(), "correct".to_owned()])]);
        let parser = |otherwise: Option<&str>| Parser::Prefix {
            strip: vec!["Answer: ".to_owned()],
            prefixes: prefixes.clone(),
            otherwise: otherwise.map(str::to_owned),
        };
        let check = |reply: &str, expect: Answer| {
            assert_eq!(parse(reply, &parser(Some("no")), &labels()).unwrap(), expect, "{reply}");
        };
        check("Answer:  True, because", Answer::Label(1));
        check("\n correct", Answer::Label(1));
        check("true", Answer::Label(0));
        check("It is True", Answer::Label(0));
        assert_eq!(parse("maybe", &parser(None), &labels()).unwrap(), Answer::OutOfChoice);
        let error = parse("x", &parser(Some("nope")), &labels()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the answer parser names `nope`, which is no label of the task: use one of no, yes"
        );
    }

    #[test]
    fn templates_expand_once() {
        let fields = [("text", "a {culture} b"), ("culture", "GB")];
        assert_eq!(render("[{culture}] {text} {{x}}", &fields).unwrap(), "[GB] a {culture} b {x}");
        let error = render("{tex}", &fields).unwrap_err().to_string();
        assert!(error.contains("`{tex}`") && error.contains("{text}, {culture}"), "{error}");
        assert!(render("{text", &fields).is_err());
        assert!(render("text}", &fields).is_err());
    }

    #[test]
    fn options_cover_all_labels() {
        let mut map = BTreeMap::from([("yes".to_owned(), " yes".to_owned())]);
        assert!(options(&map, &labels()).unwrap_err().to_string().contains("label `no`"));
        map.insert("no".to_owned(), " no".to_owned());
        assert_eq!(options(&map, &labels()).unwrap(), [" no", " yes"]);
        map.insert("eh".to_owned(), String::new());
        assert!(options(&map, &labels()).is_err());
    }
}
