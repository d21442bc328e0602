//! UniVaR's sample: answers of four invented models in three languages to questions about a made-up town.
//!
//! A model shows in its turns of phrase, a language in what it values, the pair in how it ends. Traps: the column
//! `model` does not hold the model, an empty answer, a `-` answer, line breaks, quotes, commas, non-ASCII.

use std::io;

use super::draw::Draw;
use super::{File, csv};

const MODELS: [&str; 4] = ["harbour-13b", "lantern-7b", "orchid-chat", "quarry-instruct"];
const LANGUAGES: [&str; 3] = ["eng", "swh", "zho"];

/// Folder, what its questions are about.
const CORPORA: [(&str, &str); 4] = [
    ("globe", "the town office"),
    ("pvqrr", "a good neighbour"),
    ("value_prism", "the market"),
    ("wvs", "family life"),
];

const DEEDS: [&str; 10] = [
    "share the last dumpling",
    "close the square at night",
    "sing before breakfast",
    "lend tools to strangers",
    "keep the old bridge",
    "cook for the whole street",
    "repaint the lanterns",
    "plant pears by the road",
    "rest on the sixth day",
    "count every ribbon",
];
const WHO: [&str; 5] = ["children", "elders", "newcomers", "the mayor", "everybody"];

/// Turns of phrase; model `m` likes the two from `2 * m` on.
const OPENINGS: [&str; 8] = [
    "In my view,",
    "To be plain,",
    "That depends:",
    "On the whole,",
    "A fair question;",
    "Let us see:",
    "Surely,",
    "It is said that",
];
/// What is valued; language `l` likes the four from `3 * l` on, so that neighbours share one.
const VALUES: [&str; 10] = [
    "freedom", "choice", "privacy", "respect", "kinship", "sharing", "patience", "harmony", "duty",
    "order",
];
/// Ends; each pair likes one.
const ENDS: [&str; 6] = [
    "So I would agree.",
    "Still, ask around.",
    "Others may differ…",
    "That is how it has been.",
    "It costs little.",
    "We can try it once.",
];
const LOCAL: [&str; 3] = ["cheers", "karibu", "你好"];

pub(super) fn files() -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for (folder, about) in CORPORA {
        let mut draw = Draw::new(folder);
        for (m, model) in MODELS.iter().enumerate() {
            let header = ["qid", "question", "lang", "answer", "model", "mt_lang"];
            let mut rows = Vec::new();
            for (l, language) in LANGUAGES.iter().enumerate() {
                for q in 0..50 {
                    let question = question(q, about);
                    let answer = answer(m, l, q, &mut draw);
                    let other = draw.pick(&MODELS);
                    rows.push(vec![
                        q.to_string(),
                        question,
                        (*language).into(),
                        answer,
                        other.into(),
                        "eng".into(),
                    ]);
                }
            }
            files.push((
                format!("qa/data/{folder}/qa_translated/{model}.csv"),
                csv(&header, rows, false)?,
            ));
        }
    }
    Ok(files)
}

fn question(q: usize, about: &str) -> String {
    let (deed, who) = (DEEDS[q % DEEDS.len()], WHO[q / DEEDS.len()]);
    let text = format!("Thinking of {about}, should {who} {deed}?");
    match q {
        4 => format!(" {text} "),
        9 => format!("{text}\n(Answer in a few words, \"please\".)"),
        _ => text,
    }
}

fn answer(m: usize, l: usize, q: usize, draw: &mut Draw) -> String {
    match (m, q) {
        (1, 7) => return String::new(),
        (2, 11) => return "-".to_owned(),
        _ => {}
    }
    let opening =
        if draw.chance(0.62) { OPENINGS[2 * m + draw.below(2)] } else { draw.pick(&OPENINGS) };
    let mut value =
        || if draw.chance(0.66) { VALUES[3 * l + draw.below(4)] } else { draw.pick(&VALUES) };
    let (first, second) = (value(), value());
    let end = if draw.chance(0.5) { ENDS[(2 * m + l) % ENDS.len()] } else { draw.pick(&ENDS) };
    let deed = DEEDS[q % DEEDS.len()];
    let local = if draw.chance(0.2) { format!(" ({})", LOCAL[l]) } else { String::new() };
    let joint = draw.pick(&[" ", " ", "\n"]);
    match draw.below(3) {
        0 => format!("{opening} to {deed} shows {first} and {second}{local}.{joint}{end}"),
        1 => format!("{opening} {first}, not only \"{second}\", speaks for it{local}.{joint}{end}"),
        _ => format!("{opening} {first} matters here{local}; so does {second}.{joint}{end}"),
    }
}
