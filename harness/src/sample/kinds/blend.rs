//! BLEnD.
//!
//! Difficult cases: the local text in the column `Question` and the English one in `Translation`; an empty answer; a
//! group without English texts; questions that too few could answer; a prompt that occurs twice; braces in a prompt.

use std::fmt::Write as _;
use std::io;

use serde_json::{Map, Value, json};

use crate::sample::draw::Draw;
use crate::sample::file::{File, csv};

const REGIONS: [(&str, &str); 3] = [("UK", "the UK"), ("US", "the US"), ("West_Java", "West Java")];
const TOPICS: [&str; 6] =
    ["Food", "Education", "Holidays/Celebration/Leisure", "Sport", "Family", "Work life"];
const ANSWERS: [&str; 8] = [
    "plum dumplings",
    "Barley soup",
    "kite-flying",
    "the river fair",
    "Lantern Week",
    "tea",
    "a long walk",
    "chess",
];

pub(super) fn files() -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for (region, name) in REGIONS {
        let mut draw = Draw::new(&format!("blend {region}"));
        let mut document = Map::new();
        let mut rows = Vec::new();
        for number in 0..24 {
            let id = format!("Sa-en-{:02}", number + 1);
            let topic = TOPICS[number % 6];
            let english = format!("What do people like most on day {number} in {name}?");
            let local = format!("[{region}] {english}");
            document.insert(id.clone(), question(number, region, (&local, &english), &mut draw));
            rows.push(vec![
                number.to_string(),
                id,
                topic.to_owned(),
                "Sample".to_owned(),
                local,
                english,
            ]);
        }
        let text = serde_json::to_vec_pretty(&Value::Object(document)).map_err(io::Error::from)?;
        files.push((format!("data/annotations/{region}_data.json"), text));
        let header = ["", "ID", "Topic", "Source", "Question", "Translation"];
        files.push((format!("data/questions/{region}_questions.csv"), csv(&header, rows, false)?));
        files.push((format!("data/prompts/{region}_prompts.csv"), prompts(region)?));
    }
    Ok(files)
}

fn question(number: usize, region: &str, (local, english): (&str, &str), draw: &mut Draw) -> Value {
    let start = draw.below(ANSWERS.len());
    let mut counts: Vec<usize> = (0..=draw.below(4)).map(|_| 1 + draw.below(4)).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let groups: Vec<Value> = counts
        .iter()
        .enumerate()
        .map(|(place, count)| {
            let answer = ANSWERS[(start + place) % ANSWERS.len()];
            let english = match (number, place) {
                (3, 1) => json!([]),
                (5, 1) => json!([""]),
                _ => json!([answer]),
            };
            json!({ "answers": [format!("{answer} ({region})")], "en_answers": english, "count": count })
        })
        .collect();
    let (idk, none) = match number {
        7 => (5, 0),
        8 => (0, 3),
        _ => (draw.below(3), draw.below(2)),
    };
    let groups = if number == 9 { Vec::new() } else { groups };
    json!({
        "question": local, "en_question": english, "annotations": groups,
        "idks": { "idk": idk, "no-answer": none, "not-applicable": 0 },
    })
}

fn prompts(region: &str) -> io::Result<Vec<u8>> {
    let mut json = String::new();
    let _ = write!(json, "{{q}} Reply as JSON: {{\"answer\": \"\"}} ({region})");
    let rows = [
        ["inst-1", json.as_str(), json.as_str()],
        ["inst-4", "Give one answer.\n\nQuestion: {q}\nAnswer:", "Jawab: {q}"],
        ["pers-3", "You live here. {q}", "Orang sini. {q}"],
        ["inst-4", "Give one answer.\n\nQuestion: {q}\nAnswer:", "Jawab lagi: {q}"],
    ];
    csv(&["id", "English", "Translation"], rows.map(|row| row.map(str::to_owned).to_vec()), false)
}
