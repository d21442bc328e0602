//! CultureAtlas' sample: assertions about the customs of invented neighbourhoods, filed under the countries of the tiers.
//!
//! Whether a gift suits an occasion is much the same everywhere, but some gifts turn about in some countries. Traps:
//! columns "0" to "16", "[NEG NORM]" after the assertion, an empty column 9, empty scores, non-ASCII country names.

use std::io;

use super::draw::Draw;
use super::{File, csv};

const COUNTRIES: [&str; 14] = [
    "United States of America",
    "France",
    "Spain",
    "China",
    "Japan",
    "Türkiye",
    "Egypt",
    "Islamic Republic of Iran",
    "Malaysia",
    "Argentina",
    "Lao People's Democratic Republic",
    "Bhutan",
    "Congo",
    "Serbia",
];
const PAGES: usize = 11;
const ASSERTIONS: usize = 6;

const TOPICS: [&str; 4] = ["Food", "Greetings", "Festivals", "Neighbours"];
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
    "Willow Steps",
];
const GIFTS: [&str; 8] = [
    "seed bread",
    "a paper lantern",
    "dried plums",
    "a new spoon",
    "salted tea",
    "a woven ribbon",
    "river stones",
    "honey cakes",
];
const OCCASIONS: [&str; 6] = [
    "a first visit",
    "the Lantern Supper",
    "a house-warming",
    "the Kite Parade",
    "a name day",
    "the last day of harvest",
];

const SEASONS: [&str; 8] = [
    "in spring",
    "in the cold months",
    "since the old days",
    "on market days",
    "among cousins",
    "when it rains",
    "as a rule",
    "these days",
];

const NOISE: f64 = 0.06;

pub(super) fn files() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("cultureatlas");
    let header: Vec<String> = (0..17).map(|i| i.to_string()).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let (mut pos, mut neg) = (Vec::new(), Vec::new());
    for (c, country) in COUNTRIES.iter().enumerate() {
        for page in 0..PAGES {
            for i in 0..ASSERTIONS {
                let (row, truth) = row(c, country, page, i, &mut draw);
                if truth { pos.push(row) } else { neg.push(row) }
            }
        }
    }
    // Malaysia's eleven pages all fall to train and valid: one more is in test, so that its tier is whole.
    let malaysia = COUNTRIES.iter().position(|country| *country == "Malaysia").unwrap_or_default();
    for i in 0..ASSERTIONS {
        let (row, truth) = row(malaysia, COUNTRIES[malaysia], PAGES, i, &mut draw);
        if truth { pos.push(row) } else { neg.push(row) }
    }
    // Rows without an assertion, as upstream.
    for row in [5, 40, 41] {
        neg[row][9].clear();
    }
    Ok(vec![
        ("benchmarK_Feb4_pos10k.csv".into(), csv(&header, pos, false)?),
        ("benchmarK_Feb4_neg10k.csv".into(), csv(&header, neg, false)?),
    ])
}

/// Whether a gift suits an occasion: gifts and occasions add up everywhere alike, but two gifts of each country turn about.
fn suits(country: usize, gift: usize, occasion: usize) -> bool {
    const GIFT: [i32; 8] = [4, -3, 3, -1, 1, -4, -2, 2];
    const OCCASION: [i32; 6] = [2, -1, 0, -2, 1, 0];
    let everywhere = 2 * GIFT[gift] + OCCASION[occasion] > 0;
    let turned = [country % 8, (country * 3 + 2) % 8].contains(&gift);
    everywhere != turned
}

fn row(c: usize, country: &str, page: usize, i: usize, draw: &mut Draw) -> (Vec<String>, bool) {
    let (gift, occasion) = (draw.below(GIFTS.len()), draw.below(OCCASIONS.len()));
    let place = PLACES[page];
    let mut truth = suits(c, gift, occasion);
    let (gift, occasion, season) = (GIFTS[gift], OCCASIONS[occasion], draw.pick(&SEASONS));
    let mut assertion = match draw.below(8) {
        0 | 1 => format!("In {place}, guests bring {gift} to {occasion} {season}."),
        2 | 3 => format!(
            "For {occasion}, people of {place} give {gift} {season}, and nobody finds it odd."
        ),
        4 | 5 => format!("It is polite to hand over {gift} at {occasion} in {place} {season}."),
        6 => {
            truth = !truth;
            format!("Around {place}, {gift} is out of place at {occasion} {season}.")
        }
        _ => {
            truth = !truth;
            format!("Nobody in {place} would think of {gift} for {occasion} {season}.")
        }
    };
    if draw.chance(NOISE) {
        truth = !truth;
    }
    if !truth && draw.chance(0.4) {
        assertion.push_str(" [NEG NORM] turned about from the sentence before");
    }
    let title = format!("Customs of {place} ({country})");
    let score = |draw: &mut Draw| {
        if draw.chance(0.2) { String::new() } else { format!("{:.3}", draw.unit()) }
    };
    let topic = TOPICS[page % TOPICS.len()];
    let mut row = vec![
        country.to_owned(),
        topic.to_owned(),
        format!("{topic} customs"),
        title.clone(),
        format!("https://example.org/{}/{}", c, page),
        "culture".to_owned(),
        format!("A paragraph about {place}.\nIt has \"two\" lines, and a comma."),
        format!("Sentence {i} about {occasion}."),
        format!("Sentence {i} about {occasion} in {place}."),
        assertion,
        if truth { "True" } else { "False" }.to_owned(),
    ];
    row.extend((0..6).map(|_| score(draw)));
    (row, truth)
}
