//! The Inglehart-Welzel map: invented countries and questions, a projection of the same form.

use std::io;

use serde_json::json;

use crate::sample::file::{File, csv};

const FOLDER: &str = "contrib/nguyennm1024-sociocultural-alignment/evaluation/iw";

const ITEMS: [&str; 10] =
    ["a008", "a165", "e018", "e025", "f063", "f118", "f120", "g006", "y002", "y003"];

const PLACES: [(&str, &str, &str, &str); 4] = [
    ("Velmoria", "0.5", "-0.25", "Inland"),
    ("Quandia", "-1.5", "0.75", "Inland"),
    ("Tressia", "1.25", "1.5", "Coast"),
    ("Ostravel", "-0.75", "-1", "Coast"),
];

pub(super) fn files() -> io::Result<Vec<File>> {
    let at = |name: &str| format!("{FOLDER}/{name}");
    let questions = ITEMS.map(|item| {
        vec![
            item.to_owned(),
            format!("Question: how much do you like the bell of {item}?\nYour score number:"),
        ]
    });
    let wordings = (0..10).map(|n| {
        vec![format!("variant {n}"), format!("You are sample person {n} who answers a survey.")]
    });
    let projection = json!({
        "items": ITEMS, "center": vec![1.9; 10], "scale": vec![0.8; 10], "weights": vec![[0.2, 0.1]; 10],
        "se": 1, "sec": 2, "rc1": [1.81, 0.38], "rc2": [1.61, -0.01],
    });
    let words = |row: [&str; 3]| row.map(str::to_owned).to_vec();
    let places = PLACES.map(|(country, x, y, _)| words([country, x, y]));
    let zones = PLACES.map(|(country, _, _, zone)| words(["1", country, zone]));
    let told = PLACES
        .map(|(country, x, y, _)| [country, x, y, "0", "0", "0", "0"].map(str::to_owned).to_vec());
    let mut files = vec![
        (at("Prompts_Questions.csv"), csv(&["scale", "prompt"], questions, false)?),
        (
            at("Prompts_Respondent_Descriptors.csv"),
            csv(&["#variant", "respondent_descriptor"], wordings, false)?,
        ),
        (at("iw_projection_final.json"), projection.to_string().into_bytes()),
        (at("tao_osf/coords.csv"), csv(&["country", "x", "y"], places, false)?),
        (at("s003.csv"), csv(&["s003", "country.territory", "Category"], zones, false)?),
        (
            at("coords_gpt4o.csv"),
            csv(
                &[
                    "country.territory",
                    "RC1_human_survey",
                    "RC2_human_survey",
                    "RC1_cp_gpt_4o",
                    "RC2_cp_gpt_4o",
                    "RC1_diff",
                    "RC2_diff",
                ],
                told,
                false,
            )?,
        ),
    ];
    let header: Vec<&str> = ["country", "#variant"].into_iter().chain(ITEMS).collect();
    for name in ["gpt_S1_gpt35", "gpt_S2_gpt4", "gpt_S3_gpt4turbo", "gpt_S4_gpt4o"] {
        let rows = (0..10).map(|n| {
            let mut row = vec!["general".to_owned(), format!("variant {n}")];
            row.extend(ITEMS.map(|_| "2".to_owned()));
            row
        });
        files.push((at(&format!("tao_osf/{name}.csv")), csv(&header, rows, false)?));
    }
    Ok(files)
}
