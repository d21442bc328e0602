//! COPAL-ID, FORK, Kalahi.
//!
//! Difficult cases: outer blanks, CRLF line ends, questions that share their options in another order, lists with
//! semicolons of which some answers have no full stop, a cell with a line break.

use std::io;

use super::made::{TRAITS, two};
use crate::sample::draw::Draw;
use crate::sample::file::{File, csv};

pub(super) fn copal_id() -> io::Result<Vec<File>> {
    let header = [
        "premise",
        "choice1",
        "choice2",
        "question",
        "idx",
        "label",
        "Terminology",
        "Culture",
        "Language",
    ];
    let mut files = Vec::new();
    for (name, end, blank) in [("test_copal", ".", ""), ("test_copal_colloquial", "", " ")] {
        let mut draw = Draw::new("copal-id");
        let rows: Vec<Vec<String>> = (0..48)
            .map(|row| {
                let (one, other) = two(&mut draw, &TRAITS);
                let label = draw.below(2);
                let mut choices = [one, other].map(|word| format!("Orang itu {word}{end}"));
                choices.swap(0, label);
                let blank = if row % 10 == 0 { blank } else { "" };
                vec![
                    format!("Hari {row}: dia {one}{end}{blank}"),
                    choices[0].clone(),
                    format!("{}{blank}", choices[1]),
                    ["cause", "effect"][row % 2].to_owned(),
                    row.to_string(),
                    label.to_string(),
                    u8::from(draw.chance(0.6)).to_string(),
                    u8::from(draw.chance(0.5)).to_string(),
                    u8::from(draw.chance(0.2)).to_string(),
                ]
            })
            .collect();
        files.push((format!("data/v1/{name}.csv"), csv(&header, rows, false)?));
    }
    Ok(files)
}

const TABLE: [(&str, &str); 4] = [
    ("sing before the soup", "keep silent before the soup"),
    ("eat with two spoons", "eat with a fork"),
    ("leave a coin", "leave nothing"),
    ("bow to the cook", "wave to the cook"),
];

pub(super) fn fork() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("fork");
    let header =
        ["ID", "Question", "Option A", "Option B", "Answer Key", "Country", "Type", "Dimension"];
    let rows: Vec<Vec<String>> = (0..48)
        .map(|row| {
            let (one, other) = TABLE[row % 4];
            let swapped = draw.chance(0.5);
            let (a, b) = if swapped { (other, one) } else { (one, other) };
            let country = draw.pick(&["USA", "China", "Japan", "India"]);
            let kind = if country == "USA" {
                draw.pick(&["Explicit", "Implicit", "Underspecified"])
            } else {
                draw.pick(&["Explicit", "Implicit"])
            };
            let place = if kind == "Underspecified" { "a restaurant" } else { country };
            vec![
                format!("sample-{row:03}"),
                format!("What does one do in {place} at table {row}?"),
                format!("{a}{}", if row == 7 { " " } else { "" }),
                b.to_owned(),
                if (country == "USA") == swapped { "B" } else { "A" }.to_owned(),
                country.to_owned(),
                kind.to_owned(),
                ["General Culture/Custom", "Eating Utensils", "Tipping"][row % 3].to_owned(),
            ]
        })
        .collect();
    Ok(vec![("fork.csv".into(), csv(&header, rows, true)?)])
}

pub(super) fn kalahi() -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for (file, rows) in
        [("filipino", 30), ("filipino_partially_enriched", 30), ("filipino_unenriched", 18)]
    {
        let mut draw = Draw::new("kalahi");
        let base = file == "filipino_unenriched";
        let mut header = vec!["prompt_variation_id", "prompt_id"];
        header.extend(base.then_some("base"));
        header.extend([
            "category",
            "topic",
            "prompt",
            "best_answer",
            "relevant_answers",
            "irrelevant_answers",
        ]);
        let rows = (0..rows).map(|row| {
            let count = 3 + row % 3;
            let answers = |what: &str, draw: &mut Draw| -> Vec<String> {
                let one = |place: usize| {
                    let end = if draw.chance(0.3) { "" } else { "." };
                    format!("{what} {row} {place}{end}")
                };
                (0..count).map(one).collect()
            };
            let right = answers("Tawagan si Lola", &mut draw);
            let wrong = answers("Umuwi na lang", &mut draw);
            let mut cells = vec![format!("{row:04}00"), format!("{:04}", row / 2)];
            cells.extend(base.then(|| "TRUE".to_owned()));
            cells.extend([
                draw.pick(&["ethics", "shared knowledge"]).to_owned(),
                draw.pick(&["friendship", "food and gatherings"]).to_owned(),
                format!("Ikaw ay nasa bayan ng Sample.\nAno ang gagawin mo sa araw {row}?"),
                right[row % count].clone(),
                right.join("; "),
                wrong.join(" ;"),
            ]);
            cells
        });
        files.push((format!("data/{file}.csv"), csv(&header, rows.collect::<Vec<_>>(), false)?));
    }
    Ok(files)
}
