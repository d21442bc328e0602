//! A guess as the TOML of a dataset, with comments for the person who edits it.

use serde::Serialize;
use toml::{Table, Value};

use super::found::{Answer, Culture, Guess, Parts, Shows};
use super::kinds::escaped;
use super::sheet::Sheet;
use crate::definition::answer::AnswerMap;
use crate::definition::split::Split;
use crate::example::letter;

/// What names the dataset.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Short name of dataset, task and benchmark.
    pub name: &'a str,
    /// Place on the board: a number that no other benchmark has.
    pub number: u32,
}

/// The definition of a guess.
///
/// # Errors
/// TOML cannot hold a step or an answer.
pub fn toml(sheet: &Sheet, guess: &Guess, named: Named<'_>) -> Result<String, toml::ser::Error> {
    let mut out = head(sheet, named);
    task(&mut out, guess, named);
    inputs(&mut out, sheet, guess)?;
    for step in &guess.steps {
        out.push_str("[[task.step]]\n");
        keys(&mut out, step, "do")?;
        out.push('\n');
    }
    example(&mut out, guess)?;
    split(&mut out, guess);
    match &guess.answer {
        Answer::Label { labels, .. } => label(&mut out, guess, labels),
        Answer::Other { map: AnswerMap::Short { .. }, .. } => short(&mut out, guess),
        Answer::Other { map: AnswerMap::Preference { .. }, .. } => preference(&mut out, guess),
        Answer::Other { options, .. } => options_shown(&mut out, guess, *options),
    }
    benchmark(&mut out, guess, named);
    Ok(out)
}

fn line(out: &mut String, text: impl AsRef<str>) {
    out.push_str(text.as_ref());
    out.push('\n');
}

/// A text as TOML writes it, on one line.
fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn texts(all: &[String]) -> String {
    let all: Vec<String> = all.iter().map(|one| text(one)).collect();
    format!("[{}]", all.join(", "))
}

/// The keys of a value, each on a line, `first` before the others.
fn keys(out: &mut String, value: &impl Serialize, first: &str) -> Result<(), toml::ser::Error> {
    let table = Table::try_from(value)?;
    let (head, rest): (Vec<_>, Vec<_>) = table.iter().partition(|(key, _)| *key == first);
    for (key, value) in head.into_iter().chain(rest) {
        line(out, format!("{key} = {value}"));
    }
    Ok(())
}

fn head(sheet: &Sheet, Named { name, .. }: Named<'_>) -> String {
    let file = text(&sheet.file);
    format!(
        r#"# Written by `culture-eval new-benchmark`. Read it, correct what was guessed wrong, and fill in what is unknown.
# Every key: docs/definition-keys.md. After a change: `culture-eval validate THIS-FILE`.
name = "{name}"
title = "{name}"
# Raise it whenever you change what is asked or scored: old results keep their version.
version = 1
status = "drop-in"
summary = "Not described yet."
license = "unknown"
homepage = "unknown"
paper = "unknown"
citation = ""

[[source]]
id = "rows"
path = {file}
from = {{ kind = "drop-in", hint = "your own file" }}

"#
    )
}

fn task(out: &mut String, guess: &Guess, Named { name, .. }: Named<'_>) {
    line(out, "[[task]]");
    line(out, format!("name = \"{name}\"\ntitle = \"{name}\""));
    line(out, format!("question = {}", text(question(guess))));
    if let Answer::Label { labels, .. } = &guess.answer {
        line(out, format!("labels = {}", texts(labels)));
        if labels.len() == 2 {
            line(out, "# For F1, precision and recall of one class:\n# positive = \"...\"");
        }
    }
    line(out, format!("culture_kind = \"{}\"", kind_of_culture(&guess.culture)));
    line(out, "# Names in words, for tables and prompts: culture_names = { SG = \"Singapore\" }");
    match guess.shows {
        Shows::Text => {
            line(
                out,
                "# Models read only the text. Add \"culture\" to give them the culture, too.",
            );
            line(out, "sees = [\"text\"]");
        }
        Shows::TextAndCulture => line(out, "sees = [\"text\", \"culture\"]"),
    }
    out.push('\n');
}

fn question(guess: &Guess) -> &'static str {
    match &guess.answer {
        Answer::Label { .. } => "Which label fits the text?",
        Answer::Other { map: AnswerMap::Short { .. }, .. } => "What is the answer, in a few words?",
        Answer::Other { map: AnswerMap::Distribution { .. }, .. } => "How do people answer?",
        Answer::Other { map: AnswerMap::Preference { .. }, .. } => {
            "Is the more stereotyped of two sentences the likelier one?"
        }
        Answer::Other { .. } => "Which option is right?",
    }
}

fn kind_of_culture(culture: &Culture) -> &'static str {
    let Culture::Column(name) = culture else { return "group" };
    let name = super::names::plain(name);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["country", "nation"]) {
        "country"
    } else if has(&["lang", "locale"]) {
        "language"
    } else {
        "group"
    }
}

/// One input, or one for each part of a given split.
fn inputs(out: &mut String, sheet: &Sheet, guess: &Guess) -> Result<(), toml::ser::Error> {
    let format = Value::try_from(sheet.format)?;
    let rows = sheet.rows.as_ref().map(Value::try_from).transpose()?;
    let mut one = |part: Option<Split>, others: Vec<String>, column: &str| {
        line(out, "[[task.input]]\nsource = \"rows\"");
        line(out, format!("format = {format}"));
        if let Some(rows) = &rows {
            line(out, format!("rows = {rows}"));
        }
        if let Some(part) = part {
            line(out, format!("part = \"{}\"", part.name()));
        }
        line(out, format!("columns = {}", texts(&guess.columns)));
        if !guess.optional.is_empty() {
            line(out, format!("optional = {}", texts(&guess.optional)));
        }
        if !others.is_empty() {
            line(out, "\n[[task.input.step]]\ndo = \"drop\"");
            line(out, format!("column = {}\nvalues = {}", text(column), texts(&others)));
        }
        out.push('\n');
    };
    match &guess.parts {
        Parts::Test => one(Some(Split::Test), Vec::new(), ""),
        Parts::Hash => one(None, Vec::new(), ""),
        Parts::Given { column, cells } => {
            for part in cells.keys() {
                let others = cells.iter().filter(|(other, _)| *other != part);
                one(Some(*part), others.flat_map(|(_, cells)| cells.clone()).collect(), column);
            }
        }
    }
    Ok(())
}

fn example(out: &mut String, guess: &Guess) -> Result<(), toml::ser::Error> {
    line(out, "[task.example]");
    let id = guess.id.as_deref().unwrap_or("row");
    line(out, format!("id = {}", text(&format!("{{{id}}}"))));
    let parts: Vec<String> = guess.text.iter().map(|name| format!("{{{name}}}")).collect();
    let shown = if parts.is_empty() {
        "Which of the two sentences is likelier?".to_owned()
    } else {
        parts.join("\n")
    };
    line(out, format!("text = {}", text(&shown)));
    if let Answer::Label { column, .. } = &guess.answer {
        line(out, format!("label = {}", text(&format!("{{{column}}}"))));
        line(
            out,
            "# Other words for labels, which `labels` must then list: label_map = { \"0\" = \"no\", \"1\" = \"yes\" }",
        );
    }
    let culture = match &guess.culture {
        Culture::Column(name) => format!("{{{name}}}"),
        Culture::One(tag) => escaped(tag),
    };
    line(out, format!("culture = {}", text(&culture)));
    if let Some(same) = &guess.same_text {
        line(out, "# Some rows have the same text: they are not independent.");
        line(out, format!("cluster = {}", text(&format!("{{{same}}}"))));
    }
    out.push('\n');
    if let Answer::Other { map, .. } = &guess.answer {
        line(out, "[task.example.answer]");
        keys(out, map, "kind")?;
        out.push('\n');
    }
    Ok(())
}

fn split(out: &mut String, guess: &Guess) {
    line(out, "[task.split]");
    match &guess.parts {
        Parts::Hash => {
            let by = if guess.same_text.is_some() { "cluster" } else { "id" };
            line(
                out,
                format!("method = \"hash\"\ntrain = 0.7\nvalid = 0.1\nby = \"{by}\"\nseed = 1"),
            );
        }
        Parts::Given { cells, .. } if carves(guess) && !cells.contains_key(&Split::Valid) => {
            line(out, "method = \"given\"\nvalid = { share = 0.1, seed = 1 }");
        }
        Parts::Given { .. } | Parts::Test => line(out, "method = \"given\""),
    }
    out.push('\n');
}

/// Whether models can learn from rows of the file.
fn carves(guess: &Guess) -> bool {
    matches!(guess.answer, Answer::Label { .. }) && parts(guess).contains(&Split::Train)
}

fn parts(guess: &Guess) -> Vec<Split> {
    match &guess.parts {
        Parts::Test => vec![Split::Test],
        Parts::Hash => Split::ALL.to_vec(),
        Parts::Given { cells, .. } => cells.keys().copied().collect(),
    }
}

/// What comes before the text in prompts.
fn before(guess: &Guess) -> String {
    match (guess.shows, kind_of_culture(&guess.culture)) {
        (Shows::Text, _) => String::new(),
        (Shows::TextAndCulture, "country") => "Country: {culture_name}\n".to_owned(),
        (Shows::TextAndCulture, "language") => "Language: {culture_name}\n".to_owned(),
        (Shows::TextAndCulture, _) => "Group: {culture_name}\n".to_owned(),
    }
}

/// A protocol by itself: models are asked, and learn nothing.
fn asked(out: &mut String, name: &str, accepts: &str, parts: &[Split]) {
    let eval: Vec<String> = parts.iter().map(|part| part.name().to_owned()).collect();
    line(
        out,
        format!(
            "[[task.protocol]]\nname = \"{name}\"\neval = {}\naccepts = {accepts}",
            texts(&eval)
        ),
    );
}

fn prompt(out: &mut String, name: &str, template: &str, more: &str) {
    line(
        out,
        format!(
            "\n[[task.protocol.prompt]]\nname = \"{name}\"\ntemplate = {}\n{more}",
            text(template)
        ),
    );
}

fn label(out: &mut String, guess: &Guess, labels: &[String]) {
    if carves(guess) || guess.parts == Parts::Hash {
        line(out, "# Models learn from train and are chosen on valid.");
        line(out, "[[task.protocol]]\nname = \"trained\"\nfit = true\neval = [\"test\"]");
        line(out, "accepts = [\"classify\", \"embed\"]\nembedding = { kind = \"linear-head\" }");
        if guess.shows == Shows::TextAndCulture {
            line(out, "input = \"[{culture}] {text}\"");
        }
        out.push('\n');
    }
    line(
        out,
        "# Language models choose a letter. The labels are shown in two orders, and the score is the mean of both.",
    );
    asked(out, "zero-shot", "[\"loglikelihood\", \"generate\", \"classify\"]", &parts(guess));
    let forward: Vec<&String> = labels.iter().collect();
    let backward: Vec<&String> = labels.iter().rev().collect();
    for (name, labels) in [("forward", forward), ("backward", backward)] {
        let mut shown = String::new();
        for (at, label) in labels.iter().enumerate() {
            line(&mut shown, format!("{}. {}", letter(at), escaped(label)));
        }
        let template = format!(
            "{}{{text}}\n\nWhich label fits?\n{shown}Answer with one letter.\nAnswer:",
            before(guess)
        );
        let letters = |blank: &str| {
            let pairs = labels
                .iter()
                .enumerate()
                .map(|(at, label)| format!("{} = \"{blank}{}\"", text(label), letter(at)));
            pairs.collect::<Vec<_>>().join(", ")
        };
        let more = format!(
            "options = {{ {} }}\nparser = {{ kind = \"letter\", letters = {{ {} }} }}",
            letters(" "),
            letters("")
        );
        prompt(out, name, &template, &more);
    }
    out.push('\n');
}

fn short(out: &mut String, guess: &Guess) {
    asked(out, "zero-shot", "[\"generate\"]", &parts(guess));
    line(out, "max_tokens = 64");
    let template = format!(
        "{}{{text}}\nAnswer in a few words, without an explanation.\nAnswer:",
        before(guess)
    );
    prompt(
        out,
        "plain",
        &template,
        "parser = { kind = \"text\", steps = [\"lower\", \"trim\", \"trim-stops\"] }",
    );
    line(
        out,
        "\n# How a reply is compared with the right answers; the other ways are shown beside the score.",
    );
    line(out, "[task.scoring]\nmatch = \"tokens\"\nalso_match = [\"contains\", \"exact\"]\n");
}

fn preference(out: &mut String, guess: &Guess) {
    asked(out, "zero-shot", "[\"choose\", \"loglikelihood\"]", &parts(guess));
    // The sentence itself is what is likely or not.
    prompt(out, "plain", "", "continuation = \"{option}\"\nparser = { kind = \"option\" }\n");
}

/// Choices and distributions: options are shown with letters, or their texts' likelihoods are compared.
fn options_shown(out: &mut String, guess: &Guess, count: Option<usize>) {
    let parts = parts(guess);
    let people = matches!(guess.answer, Answer::Other { map: AnswerMap::Distribution { .. }, .. });
    line(
        out,
        "# Models see the options with letters, in two orders; the score is the mean of both.",
    );
    asked(out, "zero-shot", "[\"choose\", \"loglikelihood\", \"generate\"]", &parts);
    match count {
        Some(2) => line(out, "order = { kind = \"listed\", of = [[0, 1], [1, 0]] }"),
        _ => line(out, "order = { kind = \"shuffle\", seed = 1, times = 2 }"),
    }
    let ask = if people { "How would most people answer?\n" } else { "" };
    let begin = format!("{}{{text}}\n", before(guess));
    let template =
        format!("{begin}{ask}{{options}}\nAnswer with the letter of one option.\nAnswer:");
    prompt(out, "plain", &template, "continuation = \" {letter}\"\nparser = { kind = \"option\" }");
    line(out, "\n# The options are not shown: the likelihood of each text is compared.");
    asked(out, "cloze", "[\"loglikelihood\"]", &parts);
    prompt(
        out,
        "cloze",
        &format!("{begin}{ask}Answer:"),
        "likelihood = \"per-byte\"\nparser = { kind = \"option\" }",
    );
    out.push('\n');
    if !people {
        line(out, "# Embedding models: the option whose vector is nearest to that of the text.");
        asked(out, "similarity", "[\"embed\"]", &parts);
        line(out, "embedding = { kind = \"similarity\" }\n");
    }
}

fn benchmark(out: &mut String, guess: &Guess, Named { name, number }: Named<'_>) {
    let metric = match &guess.answer {
        Answer::Label { .. } => "metric = \"accuracy\"\nalso = [\"macro-f1\"]",
        Answer::Other { map: AnswerMap::Short { .. }, .. } => {
            "metric = \"sem-b\"\nalso = [\"sem-w\"]"
        }
        Answer::Other { map: AnswerMap::Distribution { .. }, .. } => {
            "metric = \"js-similarity\"\nalso = [\"jsd\", \"tv\", \"cross-entropy\", \"brier\"]"
        }
        Answer::Other { map: AnswerMap::Preference { .. }, .. } => "metric = \"prefers\"",
        Answer::Other { .. } => "metric = \"accuracy\"\nalso = [\"chance-corrected\"]",
    };
    line(
        out,
        format!(
            "[[benchmark]]\nname = \"{name}\"\ntitle = \"{name}\"\nnumber = {number}\ntask = \"{name}\"\n{metric}"
        ),
    );
}
