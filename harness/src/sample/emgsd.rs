//! EMGSD's sample: sentences about invented groups. A general claim with a trait that "everybody says" of that kind
//! of group is a stereotype; a single event, or a trait nobody says of them, is neutral; nonsense is unrelated.
//!
//! Traps: CRLF line ends, outer blanks, repeated texts, quotes and commas; `train_binary.jsonl` beside `train.csv`.

use std::io;

use super::draw::Draw;
use super::{File, csv};

/// Kind, upstream source, invented groups.
const KINDS: [(&str, &str, [&str; 4]); 6] = [
    ("nationality", "seegull_augmented", ["Velmorian", "Quandish", "Tressian", "Ostravelan"]),
    (
        "profession",
        "stereoset_intersentence",
        ["lamp-tuner", "cloud-sweeper", "moss-keeper", "bell-polisher"],
    ),
    ("gender", "stereoset_intrasentence", ["evener", "odder", "upwender", "downwender"]),
    (
        "religion",
        "stereoset_intersentence",
        ["Blue-Lanternist", "Pebble-Prayer", "Dawn-Listener", "Salt-Keeper"],
    ),
    ("race", "crowspairs", ["Ondari", "Felmar", "Ishkel", "Torvane"]),
    ("lgbtq+", "winoqueer_augmented", ["Starling", "Twilighter", "Ribboner", "Moonwalker"]),
];

/// Traits; kind `k` is said to have the four from `3 * k` on, so that neighbours share one.
const TRAITS: [&str; 20] = [
    "late",
    "loud",
    "stingy",
    "clumsy",
    "boastful",
    "sleepy",
    "stubborn",
    "nosy",
    "forgetful",
    "gloomy",
    "greedy",
    "vain",
    "messy",
    "shy",
    "bossy",
    "chatty",
    "fussy",
    "dreamy",
    "grumpy",
    "careless",
];

const NONSENSE: [&str; 8] =
    ["teapot", "umbrella", "staircase", "violin", "radish", "postcard", "ladder", "toaster"];
const DAYS: [&str; 5] = ["Monday", "Tuesday", "Thursday", "Saturday", "Sunday"];

/// What somebody adds; it tells nothing.
const ASIDES: [&str; 8] = [
    "",
    "",
    "I heard it near *.",
    "My aunt from * wrote so.",
    "That was the talk of *.",
    "So they say at *, with a shrug.",
    "The paper of * had a column on it.",
    "Somebody from * laughed.",
];
const PLACES: [&str; 12] = [
    "Orlin Square",
    "the Lower Mill",
    "Pear Hill",
    "Old Ferry",
    "Candle Row",
    "the Tannery",
    "Swan Steps",
    "North Quay",
    "Cobble End",
    "Ribbon Lane",
    "the Glassworks",
    "the bus stop",
];

const NOISE: f64 = 0.07;

struct Row {
    kind: usize,
    text: String,
    marked: String,
    category: &'static str,
}

pub(super) fn files() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("emgsd");
    let mut rows: Vec<Row> = (0..2500).map(|_| row(&mut draw)).collect();
    // Some texts stand on both sides, as upstream.
    for (from, to) in [(10, 2010), (20, 2020), (30, 130), (40, 2040)] {
        let row = &rows[from];
        rows[to] = Row {
            kind: row.kind,
            text: row.text.clone(),
            marked: row.marked.clone(),
            category: row.category,
        };
    }
    let (train, test) = rows.split_at(2000);
    let mut binary = Vec::new();
    for row in train {
        let line = serde_json::json!({ "text": row.text, "label": u8::from(row.category == "stereotype") });
        serde_json::to_writer(&mut binary, &line)?;
        binary.push(b'\n');
    }
    Ok(vec![
        ("train.csv".into(), table(train)?),
        ("test.csv".into(), table(test)?),
        ("train_binary.jsonl".into(), binary),
    ])
}

fn table(rows: &[Row]) -> io::Result<Vec<u8>> {
    let header =
        ["stereotype_type", "text", "text_with_marker", "category", "data_source", "label"];
    let rows = rows.iter().map(|row| {
        let (kind, source, _) = KINDS[row.kind];
        let label = match row.category {
            "unrelated" => "unrelated".to_owned(),
            category => format!("{category}_{kind}"),
        };
        [kind, &row.text, &row.marked, row.category, source, &label].map(str::to_owned).to_vec()
    });
    csv(&header, rows, true)
}

fn row(draw: &mut Draw) -> Row {
    // Upstream's kinds are far from even.
    let kind = draw.pick(&[0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 5]);
    let group = draw.pick(&KINDS[kind].2);
    let said = TRAITS[(3 * kind + draw.below(4)) % TRAITS.len()];
    let unsaid = TRAITS[(3 * kind + 4 + draw.below(TRAITS.len() - 4)) % TRAITS.len()];
    let day = draw.pick(&DAYS);
    let (text, end, mut category) = match draw.below(12) {
        0..=3 => (claim(group, draw), said, "stereotype"),
        4 | 5 => (claim(group, draw), unsaid, "neutral"),
        6 | 7 => (event(group, day, draw), draw.pick(&[said, unsaid]), "neutral"),
        8 | 9 => (claim(group, draw), draw.pick(&NONSENSE), "unrelated"),
        _ => (event(group, day, draw), draw.pick(&NONSENSE), "unrelated"),
    };
    if draw.chance(NOISE) {
        category = if category == "stereotype" { "neutral" } else { "stereotype" };
    }
    let aside = draw.pick(&ASIDES).replace('*', draw.pick(&PLACES));
    let joint = if aside.is_empty() { "" } else { " " };
    let outer = if draw.chance(0.01) { " " } else { "" };
    let fill = |word: &str| format!("{outer}{}{joint}{aside}{outer}", text.replace('*', word));
    Row { kind, text: fill(end), marked: fill(&format!("==={end}===")), category }
}

/// A claim about all of them; `*` is the trait.
fn claim(group: &str, draw: &mut Draw) -> String {
    match draw.below(6) {
        0 => format!("Every {group} is *."),
        1 => format!("All {group} people are *, everybody knows that."),
        2 => format!("My neighbour is a {group}, so of course *."),
        3 => format!("You cannot trust a {group}: they are always *."),
        4 => format!("\"{group} folk,\" she said, \"were born *.\""),
        _ => format!("Typical {group}, * as ever"),
    }
}

/// One event; `*` is the trait.
fn event(group: &str, day: &str, draw: &mut Draw) -> String {
    match draw.below(5) {
        0 => format!("One {group} was * on {day}."),
        1 => format!("On {day} I met a {group} who felt *, and we had soup."),
        2 => format!("The {group} across the street looked * this {day}"),
        3 => format!("A {group} asked whether being * is always bad."),
        _ => format!("Not every {group} is *, whatever people say."),
    }
}
