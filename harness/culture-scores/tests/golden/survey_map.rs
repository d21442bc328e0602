//! The Inglehart-Welzel map: answers of four released models.

use std::collections::BTreeMap;

use culture_scores::map::{
    Place, Position, Projection, Told, ToldFigures, by_zone, mean_distance, mean_position, nearest,
    place, sd_over,
};
use culture_scores::parse::SurveyItem;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::read::{Data, Row};

const FOLDER: &str = "iw-map/contrib/nguyennm1024-sociocultural-alignment/evaluation/iw";

const MODELS: [(&str, &str); 4] = [
    ("gpt-3.5", "gpt_S1_gpt35"),
    ("gpt-4", "gpt_S2_gpt4"),
    ("gpt-4-turbo", "gpt_S3_gpt4turbo"),
    ("gpt-4o", "gpt_S4_gpt4o"),
];

fn point(at: Position) -> Value {
    json!([at.x, at.y])
}

fn places(data: &Data) -> Vec<Place> {
    let zones: BTreeMap<String, String> = (data.csv(&format!("{FOLDER}/s003.csv")).into_iter())
        .map(|row| (row["country.territory"].clone(), row["Category"].clone()))
        .collect();
    let rows = data.csv(&format!("{FOLDER}/tao_osf/coords.csv"));
    let number = |row: &Row, column: &str| row[column].parse().unwrap();
    rows.iter()
        .map(|row| Place {
            name: row["country"].clone(),
            zone: zones.get(&row["country"]).cloned(),
            position: Position { x: number(row, "x"), y: number(row, "y") },
        })
        .collect()
}

pub(crate) fn check(data: &Data, ledger: &mut Ledger) {
    let map: Projection = data.json(&format!("{FOLDER}/iw_projection_final.json"));
    let places = places(data);
    ledger.count("countries", places.len());
    let mut zones: BTreeMap<&str, u64> = BTreeMap::new();
    for zone in places.iter().filter_map(|place| place.zone.as_deref()) {
        *zones.entry(zone).or_default() += 1;
    }
    ledger.check("zones", json!(zones));
    points(&map, &places, ledger);
    let mut untold = None;
    for (name, file) in MODELS {
        let positions = answers(data, file, &map);
        let mean = mean_position(&positions).unwrap();
        let sd = sd_over(&positions).unwrap();
        ledger.check(&format!("{name}.position"), point(mean));
        ledger.check(&format!("{name}.sd-over-wordings"), point(sd));
        ledger.check(&format!("{name}.variant-0"), point(positions[0]));
        ledger.figure(&format!("{name}.mean-distance"), mean_distance(mean, &places));
        let names: Vec<&str> =
            nearest(mean, &places, 3).iter().map(|place| place.name.as_str()).collect();
        ledger.check(&format!("{name}.nearest"), json!(names));
        for country in ["United States", "Vietnam"] {
            let people = place(country, &places).unwrap().position;
            ledger.check(&format!("{name}.distance-to-{country}"), mean.distance(people));
        }
        untold = (name == "gpt-4o").then_some(mean).or(untold);
    }
    told(data, &places, untold.unwrap(), ledger);
}

fn points(map: &Projection, places: &[Place], ledger: &mut Ledger) {
    let at = |answers: [f64; 10]| {
        let named: Vec<(&str, f64)> =
            SurveyItem::ALL.iter().map(|item| item.name()).zip(answers).collect();
        map.position(&named).unwrap()
    };
    let centre: [f64; 10] = map.center.clone().try_into().unwrap();
    let middle = SurveyItem::ALL.map(|item| 0.5 * (item.range().0 + item.range().1) as f64);
    let first = SurveyItem::ALL.map(|item| item.range().0 as f64);
    ledger.check("check.base", point(at([2.0, 2.0, 2.0, 1.0, 8.0, 8.0, 8.0, 3.0, 2.0, 1.0])));
    ledger.check("check.soupiw", point(at([3.0, 2.0, 1.0, 1.0, 8.0, 8.0, 8.0, 3.0, 2.0, 0.0])));
    ledger.check("centre", point(at(centre)));
    let people: Vec<Position> = places.iter().map(|place| place.position).collect();
    let named = [
        ("mean-of-countries", mean_position(&people).unwrap()),
        ("first-options", at(first)),
        ("middle", at(middle)),
    ];
    for (name, position) in named {
        ledger.check(name, point(position));
        ledger.figure(&format!("{name}.mean-distance"), mean_distance(position, places));
    }
}

/// A position for every wording.
fn answers(data: &Data, file: &str, map: &Projection) -> Vec<Position> {
    let rows = data.csv(&format!("{FOLDER}/tao_osf/{file}.csv"));
    let position = |row: &Row| {
        let named: Vec<(&str, f64)> = SurveyItem::ALL
            .iter()
            .map(|item| (item.name(), row[item.name()].parse().unwrap()))
            .collect();
        map.position(&named).unwrap()
    };
    rows.iter().map(position).collect()
}

/// GPT-4o, told each country.
fn told(data: &Data, places: &[Place], untold: Position, ledger: &mut Ledger) {
    let rows = data.csv(&format!("{FOLDER}/coords_gpt4o.csv"));
    let number = |row: &Row, column: &str| row[column].parse::<f64>().unwrap();
    let told: Vec<Told> = (rows.iter())
        .map(|row| Told {
            zone: place(&row["country.territory"], places).unwrap().zone.clone(),
            people: Position {
                x: number(row, "RC1_human_survey"),
                y: number(row, "RC2_human_survey"),
            },
            model: Position { x: number(row, "RC1_cp_gpt_4o"), y: number(row, "RC2_cp_gpt_4o") },
        })
        .collect();
    let figures = ToldFigures::of(&told, untold).unwrap();
    let prefix = "gpt-4o.told-the-country";
    ledger.count(&format!("{prefix}.countries-nearer"), figures.nearer);
    ledger.check(&format!("{prefix}.mean-distance"), figures.mean_distance);
    for (name, axis) in [("RC1", figures.x), ("RC2", figures.y)] {
        ledger.figure(&format!("{prefix}.pearson.{name}"), axis.pearson);
        ledger.figure(&format!("{prefix}.spearman.{name}"), axis.spearman);
        ledger.check(&format!("{prefix}.mean-shift.{name}"), axis.mean_shift);
    }
    for (zone, told) in by_zone(&told) {
        let mean = told.iter().map(Told::distance).sum::<f64>() / told.len() as f64;
        ledger.check(&format!("{prefix}.mean-distance.{zone}"), mean);
    }
}
