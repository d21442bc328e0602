//! What models said of their answers: the gate and the clusters by culture, and single examples.
//!
//! Fields that are known are those of the plugin `calm-plugin` (its README lists them): `gate` with names in `experts`,
//! `clusters` and `places` on a plane by type, `alpha`, `explicit` and `latent` with the weights of tokens. Everything else is shown as it is.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::plain;
use crate::plot::Frame;
use crate::plot::scatter::{self, Point, Scatter};
use crate::results::material::{Explained, Material};

/// Examples that are shown one by one.
const SHOWN: usize = 200;

/// A file of explanations.
#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    name: String,
    n: usize,
    experts: Vec<String>,
    gates: Vec<GateRow>,
    /// SVG.
    maps: ByKind<Option<String>>,
    clusters: ByKind<Vec<ClusterCount>>,
    lines: Vec<Line<'a>>,
}

/// One thing for each type of slots.
#[derive(Debug, Serialize)]
pub(super) struct ByKind<T> {
    explicit: T,
    latent: T,
}

/// What the gate does in a culture: means of its probabilities in percent, in the order of the experts.
#[derive(Debug, Serialize)]
pub(super) struct GateRow {
    culture: String,
    n: u64,
    means: Vec<String>,
}

/// How many texts of a culture lie in a cluster.
#[derive(Debug, Serialize)]
pub(super) struct ClusterCount {
    culture: String,
    cluster: u64,
    n: u64,
}

/// An example.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    id: String,
    text: &'a Value,
    culture: String,
    gold: String,
    alpha: Option<String>,
    /// In the order of the experts.
    gate: Option<Vec<Option<String>>>,
    explicit: Vec<Vec<Token<'a>>>,
    latent: Vec<Vec<Token<'a>>>,
    /// Of a plugin whose words are not known here.
    said: Option<String>,
}

/// What a slot looked at.
#[derive(Debug, Serialize)]
pub(super) struct Token<'a> {
    text: &'a Value,
    weight: Option<String>,
    lexicon: &'a Value,
}

/// One entry a file.
pub(super) fn explained(material: &Material) -> Vec<File<'_>> {
    material.explained.iter().map(file).collect()
}

fn file(file: &Explained) -> File<'_> {
    let Gate { experts, cultures } = gate(file);
    let percents = |means: &[f64]| means.iter().map(|m| crate::report::percent(*m)).collect();
    let row = |(culture, n, means): (String, u64, Vec<f64>)| GateRow {
        culture,
        n,
        means: percents(&means),
    };
    File {
        name: plain(&file.name),
        n: file.lines.len(),
        experts,
        gates: cultures.into_iter().map(row).collect(),
        maps: ByKind { explicit: map_of(file, 0), latent: map_of(file, 1) },
        clusters: ByKind { explicit: clusters(file, 0), latent: clusters(file, 1) },
        lines: file.lines.iter().take(SHOWN).map(line).collect(),
    }
}

/// Clusters of a type by culture.
fn clusters(file: &Explained, kind: usize) -> Vec<ClusterCount> {
    let mut counts: BTreeMap<(String, u64), u64> = BTreeMap::new();
    for line in &file.lines {
        if let Some(cluster) = line["explanation"]["clusters"][kind].as_u64() {
            let culture = plain(line["culture"].as_str().unwrap_or_default());
            *counts.entry((culture, cluster)).or_default() += 1;
        }
    }
    let count = |((culture, cluster), n)| ClusterCount { culture, cluster, n };
    counts.into_iter().map(count).collect()
}

/// All texts on the plane of a type (0 explicit, 1 latent), by culture; none where no line gives a place.
pub(super) fn map(file: &Explained, kind: usize) -> Option<Scatter> {
    let mut groups: Vec<String> = Vec::new();
    let mut points = Vec::new();
    for line in &file.lines {
        let place = &line["explanation"]["places"][kind];
        let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else { continue };
        let culture = plain(line["culture"].as_str().unwrap_or_default());
        let group = groups.iter().position(|g| *g == culture).unwrap_or_else(|| {
            groups.push(culture.clone());
            groups.len() - 1
        });
        let id = plain(line["id"].as_str().unwrap_or_default());
        let cluster = &line["explanation"]["clusters"][kind];
        let title = format!("{id}, {culture}, cluster {cluster}");
        points.push(Point { x, y, group: Some(group), title });
    }
    let data = Scatter { x: "first axis".to_owned(), y: "second axis".to_owned(), groups, points };
    (!data.points.is_empty()).then_some(data)
}

/// The types of slots, in the order of `clusters` and `places`.
pub(super) const KINDS: [&str; 2] = ["explicit", "latent"];

/// The map as it is on the page.
fn map_of(file: &Explained, kind: usize) -> Option<String> {
    let name = KINDS[kind];
    let id = format!("map-{name}");
    let title = format!("{}: {name} clusters on a plane", plain(&file.name));
    Some(scatter::draw(&Frame::new(&id, &title).without_heading(), &map(file, kind)?))
}

/// The mean of the gate's probabilities by culture.
pub(super) struct Gate {
    /// Names of the experts.
    pub(super) experts: Vec<String>,
    /// Culture, its examples, the mean probability of each expert.
    pub(super) cultures: Vec<(String, u64, Vec<f64>)>,
}

/// What the gate does in each culture; no culture where no line gives it.
pub(super) fn gate(file: &Explained) -> Gate {
    let mut experts: Vec<String> = Vec::new();
    let mut sums: BTreeMap<String, (u64, Vec<f64>)> = BTreeMap::new();
    for line in &file.lines {
        let said = &line["explanation"];
        if experts.is_empty() {
            let names = said["experts"].as_array().into_iter().flatten();
            experts = names.filter_map(Value::as_str).map(plain).collect();
        }
        let gate: Vec<f64> =
            said["gate"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        if gate.is_empty() || gate.len() != experts.len() {
            continue;
        }
        let culture = plain(line["culture"].as_str().unwrap_or_default());
        let (n, sum) = sums.entry(culture).or_insert_with(|| (0, vec![0.0; gate.len()]));
        *n += 1;
        sum.iter_mut().zip(&gate).for_each(|(sum, g)| *sum += g);
    }
    let mean = |(culture, (n, sum)): (String, (u64, Vec<f64>))| {
        (culture, n, sum.into_iter().map(|s| s / n as f64).collect())
    };
    Gate { experts, cultures: sums.into_iter().map(mean).collect() }
}

fn line(line: &Value) -> Line<'_> {
    let said = &line["explanation"];
    let gate = said["gate"].as_array();
    Line {
        id: plain(line["id"].as_str().unwrap_or_default()),
        text: &line["text"],
        culture: plain(line["culture"].as_str().unwrap_or_default()),
        gold: plain(line["gold"].as_str().unwrap_or_default()),
        alpha: number(&said["alpha"]),
        gate: gate.map(|g| g.iter().map(number).collect()),
        explicit: slots(&said["explicit"]),
        latent: slots(&said["latent"]),
        said: gate.is_none().then(|| said.to_string()),
    }
}

/// The tokens of each slot, those without a text left out.
fn slots(slots: &Value) -> Vec<Vec<Token<'_>>> {
    slots.as_array().into_iter().flatten().map(tokens).collect()
}

fn tokens(slot: &Value) -> Vec<Token<'_>> {
    let tokens = slot["tokens"].as_array().into_iter().flatten();
    tokens
        .filter(|t| !t["text"].as_str().unwrap_or_default().is_empty())
        .map(|t| Token { text: &t["text"], weight: number(&t["weight"]), lexicon: &t["lexicon"] })
        .collect()
}

fn number(value: &Value) -> Option<String> {
    value.as_f64().map(|v| format!("{v:.2}"))
}
