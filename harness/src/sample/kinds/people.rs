//! GlobalOpinionQA, SeeGULL, SeeGULL Multilingual.
//!
//! Difficult cases: options that are numbers, shares that sum to 0 or to .99, votes of six people, two sides that are
//! copies, names of files with blanks and brackets.

use std::io;

use serde_json::{Value, json};

use super::made::{GROUPS, TRAITS};
use crate::sample::draw::Draw;
use crate::sample::file::{File, csv};

pub(super) fn global_opinions() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("globalopinionqa");
    let countries = ["Velmoria", "Quandia", "Tressia (Non-national sample)"];
    let mut rows = Vec::new();
    for question in 0..20 {
        let options: Vec<Value> = match question % 3 {
            0 => vec![json!(1.0), json!(2.0), json!("Don't know")],
            1 => {
                vec![json!("A great deal"), json!("Quite a lot"), json!("Not much"), json!("None")]
            }
            _ => vec![json!("Yes"), json!("No")],
        };
        for (place, country) in countries.iter().enumerate().take(2 + question % 2) {
            let mut shares: Vec<f64> = options.iter().map(|_| draw.unit()).collect();
            let sum: f64 = shares.iter().sum();
            let whole = if question == 4 && place == 0 { 0.0 } else { 0.99 };
            for share in &mut shares {
                *share = (*share / sum * whole * 1e4).round() / 1e4;
            }
            rows.push(json!({
                "country": country, "question": format!("How much do you trust the clock tower of town {question}?"),
                "options": options, "distribution": shares,
            }));
        }
    }
    let text = serde_json::to_vec_pretty(&rows).map_err(io::Error::from)?;
    Ok(vec![("data/eval.json".into(), text)])
}

/// How `n` people vote: stereotype, no stereotype, unsure.
fn votes(draw: &mut Draw, n: usize) -> [usize; 3] {
    let mut votes = [0; 3];
    for _ in 0..n {
        votes[draw.pick(&[0, 0, 1, 1, 2])] += 1;
    }
    votes
}

pub(super) fn seegull() -> io::Result<Vec<File>> {
    let mut draw = Draw::new("seegull");
    let mut rows = Vec::new();
    for identity in GROUPS.iter().copied().chain(["Canadian"]) {
        for (place, trait_) in TRAITS.iter().enumerate() {
            let n = if place == 3 { 6 } else { 3 };
            let region = votes(&mut draw, n);
            let america = if identity == "Canadian" { region } else { votes(&mut draw, n) };
            let mut row = vec![identity.to_owned(), (*trait_).to_owned()];
            row.extend(region.iter().chain(&america).map(usize::to_string));
            let offence =
                if place % 4 == 1 { ["", "", "", "0"] } else { ["-1", "2", "1", "0.666666667"] };
            row.extend(offence.map(str::to_owned));
            rows.push(row);
        }
    }
    let header = [
        "identity",
        "attribute",
        "region_stereo",
        "region_nonstereo",
        "region_unsure",
        "NA_stereo",
        "NA_nonstereo",
        "NA_unsure",
        "Annotation1",
        "Annotation2",
        "Annotation3",
        "mean offensiveness_score",
    ];
    let states: Vec<&str> =
        header[..5].iter().chain(&header[8..11]).copied().chain(["offensiveness_score"]).collect();
    let state = |name: &str| -> Vec<String> {
        [name, "late", "2", "1", "0", "-1", "-1", "-1", "-1"].map(str::to_owned).to_vec()
    };
    Ok(vec![
        ("dataset/stereotypes_global_v2.csv".into(), csv(&header, rows, true)?),
        (
            "dataset/stereotypes_us_states.csv".into(),
            csv(&states, [state("Samplevilleite")], false)?,
        ),
        (
            "dataset/stereotypes_indian_states.csv".into(),
            csv(&states, [state("Samplepuri")], false)?,
        ),
    ])
}

pub(super) fn seegull_multilingual() -> io::Result<Vec<File>> {
    let header = [
        "identity",
        "attribute",
        "non_stereotype",
        "stereotype",
        "unsure",
        "mean_offensive_score",
        "translated_identity",
        "translated_attribute_list",
    ];
    let mut files = Vec::new();
    for name in
        ["Dutch (nl) in Netherlands", "Vietnamese (vn) in Vietnam", "Spanish (es) in Mexico"]
    {
        let mut draw = Draw::new(name);
        let mut rows = Vec::new();
        for identity in GROUPS {
            for trait_ in &TRAITS[..4] {
                let [yes, no, unsure] = votes(&mut draw, 3);
                let counts = [no, yes, unsure].map(|n| n.to_string());
                let words = [identity, *trait_].map(str::to_owned);
                let mut row = words.to_vec();
                row.extend(counts);
                row.push("-1".to_owned());
                row.extend(words);
                rows.push(row);
            }
        }
        files.push((format!("dataset/stereotypes/{name}.csv"), csv(&header, rows, false)?));
    }
    Ok(files)
}
