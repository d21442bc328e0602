//! What models said of their answers: the gate and the clusters by culture, and single examples.
//!
//! Fields that are known are those of the plugin `calm-plugin` (its README tells them): `gate` with names in `experts`,
//! `clusters` and `places` on a plane by type, `alpha`, `explicit` and `latent` with the weights of tokens. Everything else is shown as it is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plain;
use crate::plot::Frame;
use crate::plot::scatter::{self, Point, Scatter};
use crate::results::material::{Explained, Material};

/// Examples that are shown one by one.
const SHOWN: usize = 200;

/// One entry a file.
pub(super) fn explained(material: &Material) -> Value {
    json!(material.explained.iter().map(file).collect::<Vec<_>>())
}

fn file(file: &Explained) -> Value {
    let Gate { experts, cultures } = gate(file);
    let mut clusters: [BTreeMap<(String, u64), u64>; 2] = Default::default();
    for line in &file.lines {
        let culture = plain(line["culture"].as_str().unwrap_or_default());
        let said = line["explanation"]["clusters"].as_array().into_iter().flatten();
        for (of_type, cluster) in clusters.iter_mut().zip(said) {
            if let Some(cluster) = cluster.as_u64() {
                *of_type.entry((culture.clone(), cluster)).or_default() += 1;
            }
        }
    }
    let counts = |counts: &BTreeMap<(String, u64), u64>| -> Vec<Value> {
        counts.iter().map(|((culture, cluster), n)| json!([culture, cluster, n])).collect()
    };
    let percents = |means: &[f64]| -> Vec<String> {
        means.iter().map(|mean| crate::report::percent(*mean)).collect()
    };
    json!({
        "name": plain(&file.name),
        "n": file.lines.len(),
        "experts": experts,
        // Mean of the gate's probabilities, in percent.
        "gates": cultures.iter().map(|(culture, n, means)| json!([culture, n, percents(means)])).collect::<Vec<_>>(),
        "maps": {"explicit": map_of(file, 0), "latent": map_of(file, 1)},
        "clusters": {"explicit": counts(&clusters[0]), "latent": counts(&clusters[1])},
        "lines": file.lines.iter().take(SHOWN).map(line).collect::<Vec<_>>(),
    })
}

/// All texts on the plane of a type (0 explicit, 1 latent), by culture; none where no line tells a place.
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

/// The map as it stands on the page.
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

/// What the gate does in each culture; no culture where no line tells it.
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

fn line(line: &Value) -> Value {
    let said = &line["explanation"];
    let number = |v: &Value| v.as_f64().map(|v| format!("{v:.2}"));
    let slots = |name: &str| -> Vec<Vec<Value>> {
        let slots = said[name].as_array().into_iter().flatten();
        slots
            .map(|slot| {
                let tokens = slot["tokens"].as_array().into_iter().flatten();
                tokens
                    .filter(|t| !t["text"].as_str().unwrap_or_default().is_empty())
                    .map(|t| json!([t["text"], number(&t["weight"]), t["lexicon"]]))
                    .collect()
            })
            .collect()
    };
    json!({
        "id": plain(line["id"].as_str().unwrap_or_default()),
        "text": line["text"],
        "culture": plain(line["culture"].as_str().unwrap_or_default()),
        "gold": plain(line["gold"].as_str().unwrap_or_default()),
        "alpha": number(&said["alpha"]),
        "gate": said["gate"].as_array().map(|g| g.iter().map(number).collect::<Vec<_>>()),
        "explicit": slots("explicit"),
        "latent": slots("latent"),
        // Of a plugin whose words are not known here.
        "said": if said["gate"].is_array() { Value::Null } else { said.to_string().into() },
    })
}
