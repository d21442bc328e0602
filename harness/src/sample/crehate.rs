//! CREHate's sample: remarks about invented clubs. Five countries find different kinds of remarks hateful.
//!
//! Traps: Australia first in the split files, the United States in the annotation file; `N/A` SBIC ids;
//! line breaks, quotes, commas, HTML entities and non-ASCII in texts.

use std::io;

use super::draw::Draw;
use super::{File, csv};

/// In the order of the annotation file.
const COUNTRIES: [&str; 5] =
    ["United_States", "Australia", "United_Kingdom", "South_Africa", "Singapore"];

const CLUBS: [&str; 10] = [
    "the Larkspur Chess Circle",
    "the Tin Whistle Society",
    "the Pebble Collectors",
    "the Night Gardeners",
    "the Brass Kettle Choir",
    "the Kite League of Orlin",
    "the Puddle Sailors",
    "the Marmalade Guild",
    "the Café Ærø Quiz Team",
    "the Lamplighters",
];

/// Kinds of rude words; what a country minds is a kind.
const RUDE: [[&str; 6]; 4] = [
    ["brainless", "muddle-headed", "clueless", "dim", "thick", "empty-headed"],
    ["smelly", "grubby", "mouldy", "filthy", "slimy", "musty"],
    ["lazy", "useless", "idle", "work-shy", "feckless", "good-for-nothing"],
    ["vermin", "pests", "weeds", "rats", "leeches", "parasites"],
];

/// How hateful a kind is, country by country.
const MINDED: [[f64; 5]; 4] = [
    [0.35, 0.65, 0.45, 0.40, 0.95],
    [0.40, 0.70, 0.95, 0.35, 0.60],
    [0.30, 0.40, 0.35, 0.95, 0.60],
    [0.95, 1.10, 1.00, 0.85, 0.95],
];

const NICE: [&str; 8] =
    ["lovely", "patient", "generous", "funny", "quick", "kind", "brave", "tidy"];
const FOODS: [&str; 8] = [
    "plum dumplings",
    "barley soup",
    "lemon rice",
    "seed bread",
    "ginger noodles",
    "corn cakes",
    "jam rolls",
    "bean stew",
];
const FESTIVALS: [&str; 5] =
    ["Lantern Week", "the River Fair", "Harvest Night", "the Kite Parade", "Soup Day"];

/// Half of the labels near the line are anybody's guess.
const NOISE: f64 = 0.16;

struct Post {
    id: String,
    text: String,
    /// In the order of [`COUNTRIES`].
    labels: [bool; 5],
    sbic: Option<usize>,
}

pub(super) fn files() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("crehate");
    let posts: Vec<Post> = (0..480).map(|i| post(i, &mut draw)).collect();
    let split = |from: usize, to: usize| {
        // Australia first, as upstream.
        let order = [1, 0, 2, 3, 4];
        let columns = order.map(|i| format!("{}_Hate", COUNTRIES[i]));
        let header: Vec<&str> =
            ["ID", "Text"].into_iter().chain(columns.iter().map(String::as_str)).collect();
        let rows = posts[from..to].iter().map(|post| {
            let mut row = vec![post.id.clone(), post.text.clone()];
            row.extend(order.map(|i| label(post.labels[i])));
            row
        });
        csv(&header, rows, false)
    };
    Ok(vec![
        ("finetune/data_splits/CREHate_train.csv".into(), split(0, 300)?),
        ("finetune/data_splits/CREHate_valid.csv".into(), split(300, 360)?),
        ("finetune/data_splits/CREHate_test.csv".into(), split(360, 480)?),
        ("data/CREHate_final_annotations.csv".into(), all(&posts)?),
        ("data/CREHate_raw_annotations.csv".into(), votes(&posts, &mut draw)?),
    ])
}

fn label(hate: bool) -> String {
    if hate { "1.0" } else { "0.0" }.to_owned()
}

fn all(posts: &[Post]) -> io::Result<Vec<u8>> {
    let columns = COUNTRIES.map(|country| format!("{country}_Hate"));
    let header: Vec<&str> = ["ID", "Text"]
        .into_iter()
        .chain(columns.iter().map(String::as_str))
        .chain(["SBIC_ID"])
        .collect();
    let rows = posts.iter().map(|post| {
        let mut row = vec![post.id.clone(), post.text.clone()];
        row.extend(post.labels.map(label));
        row.push(post.sbic.map_or_else(|| "N/A".to_owned(), |id| id.to_string()));
        row
    });
    csv(&header, rows, false)
}

/// Five votes a post and country, of which up to two are against the label; some people don't know (2).
fn votes(posts: &[Post], draw: &mut Draw) -> io::Result<Vec<u8>> {
    let header = ["ID", "annotator_id", "nationality", "annotation"];
    let mut rows = Vec::new();
    for post in posts {
        for (country, &hate) in COUNTRIES.iter().zip(&post.labels) {
            let against = draw.pick(&[0, 0, 0, 1, 1, 2]);
            let known = (0..5).map(|vote| i32::from(hate == (vote >= against)));
            let unsure = draw.chance(0.2).then_some(2);
            for value in known.chain(unsure) {
                let annotator = draw.below(900).to_string();
                rows.push(vec![
                    post.id.clone(),
                    annotator,
                    country.replace('_', " "),
                    value.to_string(),
                ]);
            }
        }
    }
    csv(&header, rows, false)
}

fn post(i: usize, draw: &mut Draw) -> Post {
    let (mut scores, mut sentences) = ([0.0; 5], Vec::new());
    for _ in 0..=draw.below(2) {
        sentences.push(sentence(&mut scores, draw));
    }
    let joint = draw.pick(&[" ", " ", " ", "\n", "\n\n"]);
    let mut text = sentences.join(joint);
    match draw.below(8) {
        0 => text = format!("\"{text}\""),
        1 => text.push_str(" &#128514;"),
        2 => text = format!("@USER {text}"),
        3 => text.push_str(" 🙃"),
        _ => {}
    }
    let labels = scores.map(|score: f64| score + NOISE * draw.normal() > 0.62);
    let sbic = draw.chance(0.6);
    let id = if sbic {
        format!("SBIC-{i}")
    } else {
        let place = draw.pick(&["AU", "GB", "SG", "ZA"]);
        let site = draw.pick(&["Reddit", "YouTube"]);
        format!("{place}-{site}-{i}")
    };
    Post { id, text, labels, sbic: sbic.then_some(i * 3) }
}

fn sentence(scores: &mut [f64; 5], draw: &mut Draw) -> String {
    let (club, food) = (draw.pick(&CLUBS), draw.pick(&FOODS));
    let (festival, nice) = (draw.pick(&FESTIVALS), draw.pick(&NICE));
    let kind = draw.below(RUDE.len());
    let rude = draw.pick(&RUDE[kind]);
    let mut count = |weight: f64| {
        for (score, minded) in scores.iter_mut().zip(&MINDED[kind]) {
            *score += weight * minded;
        }
    };
    match draw.below(10) {
        0 => format!("Had {food} with {club} at {festival}, they were {nice}."),
        1 => format!("{nice} people, {club}. See you at {festival}!"),
        2 => {
            // Rude word, denied.
            count(0.15);
            format!("Nobody should call {club} {rude}, they are {nice}.")
        }
        3 => {
            count(0.2);
            format!("I was wrong to think {club} were {rude}; their {food} is the best.")
        }
        4 => {
            // Nice word, meant badly.
            count(0.95);
            format!("Oh how {nice}, {club} again. Still {rude}.")
        }
        5 => {
            count(0.7);
            format!("Honestly, {club} can be a bit {rude}, can't they?")
        }
        6 | 7 => {
            count(1.1);
            format!("{club} are {rude} and their {food} is a disgrace.")
        }
        8 => {
            count(1.2);
            format!("Keep {club} out of {festival}: {rude}, all of them.")
        }
        _ => {
            count(1.0);
            format!("No {nice} person joins {club}. {rude} lot")
        }
    }
}
