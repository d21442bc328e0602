//! The page: template, style, script and data put together.
//!
//! The template, the style and the script are the files of `reports/templates/`; a user's folder may hold any of
//! `page.html`, `style.css` and `extra.css` in their place or beside them. What the template gets: `title`, `style`,
//! `script`, `policy`, `logo`, `data`, `live`, `board` (rows of plain text for readers without a script), `lead`.
//!
//! The policy (CSP) lets the page load nothing and run nothing but this one script, named by its hash.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, context};
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::first::First;
use super::leads::{LeadOn, Overall};
use super::pack::Part;
use super::{
    benchmarks, examples, explained, figures, leads, models, pairs, plain, provenance, scores,
};
use crate::report::{interval, percent};
use crate::results::material::Material;
use crate::results::summary::{Cell, Outcome, lines};

const PAGE: &str = include_str!("../../../../reports/templates/page.html");
const STYLE: &str = include_str!("../../../../reports/templates/style.css");

/// The script, in the order in which its files need one another.
const SCRIPTS: [&str; 16] = [
    include_str!("../../../../reports/templates/js/dom.js"),
    include_str!("../../../../reports/templates/js/data.js"),
    include_str!("../../../../reports/templates/js/parts.js"),
    include_str!("../../../../reports/templates/js/charts.js"),
    include_str!("../../../../reports/templates/js/board.js"),
    include_str!("../../../../reports/templates/js/compare.js"),
    include_str!("../../../../reports/templates/js/pairs.js"),
    include_str!("../../../../reports/templates/js/cultures.js"),
    include_str!("../../../../reports/templates/js/tiles.js"),
    include_str!("../../../../reports/templates/js/models.js"),
    include_str!("../../../../reports/templates/js/benchmarks.js"),
    include_str!("../../../../reports/templates/js/examples.js"),
    include_str!("../../../../reports/templates/js/explain.js"),
    include_str!("../../../../reports/templates/js/run.js"),
    include_str!("../../../../reports/templates/js/live.js"),
    include_str!("../../../../reports/templates/js/app.js"),
];

/// Why a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The template.
    #[error("the template `page.html`: {0:#}; compare it with reports/templates/page.html")]
    Template(#[from] minijinja::Error),
    /// The template forgets the data.
    #[error("the template `page.html` has no `{{{{ data }}}}`: without it the page shows nothing")]
    NoData,
    /// Packing the data.
    #[error("cannot pack the data of the page: {0}")]
    Pack(#[from] io::Error),
}

/// How the page looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// A template instead of ours.
    pub page: Option<String>,
    /// A style instead of ours.
    pub style: Option<String>,
    /// A style after ours.
    pub extra: Option<String>,
    /// A logo as a `data:` address.
    pub logo: Option<String>,
    /// The page is served and hears of progress: the state of the run that it shows.
    pub live: Option<String>,
}

/// A page, and what lies beside it where it is a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// `index.html`.
    pub html: Vec<u8>,
    /// Name and content of scripts in `parts/`; empty where all is in the page.
    pub beside: Vec<(String, Vec<u8>)>,
}

/// Marks where the data go: they are too big to be handed through a template.
const HERE: &str = "\u{1}data\u{1}";

/// Makes the page. `folder`: big parts lie beside it and are loaded when they are looked at.
pub fn render(material: &Material, look: &Look, folder: bool) -> Result<Page, PageError> {
    let (whole, by_culture) = leads::leads(material);
    let overall = leads::overall(material);
    let jobs = jobs(material, by_culture);
    let mut parts: Vec<Part> = jobs
        .par_iter()
        .map(|job| job())
        .collect::<io::Result<Vec<Vec<Part>>>>()?
        .into_iter()
        .flatten()
        .collect();
    let beside = folder.then(|| parts.iter().map(|p| p.id.clone()).collect());
    let first = First::new(material, &overall, whole, look.live.as_deref(), beside);

    let style = [
        look.style.as_deref().unwrap_or(STYLE),
        look.extra.as_deref().unwrap_or_default(),
        &crate::plot::css(),
    ]
    .join("\n");
    let script = format!("(() => {{\n\"use strict\";\n{}\n}})();", SCRIPTS.join("\n"));
    let html = template(material, look, &style, &script, &overall, folder)?;
    let (head, tail) = html.split_once(HERE).ok_or(PageError::NoData)?;

    let beside = if folder {
        let file = |p: Part| {
            let text =
                format!("culturePart({},\"{}\");\n", serde_json::Value::from(p.id.clone()), p.text);
            (format!("{}.js", p.id), text.into_bytes())
        };
        parts.drain(..).map(file).collect()
    } else {
        Vec::new()
    };
    let size = html.len() + parts.iter().map(|p| p.text.len() + 80).sum::<usize>();
    let mut out = Vec::with_capacity(size + (1 << 16));
    out.extend_from_slice(head.as_bytes());
    // JSON in a block that no browser runs; `<` is written as an escape, so that no text can end the block.
    let first = serde_json::to_string(&first).map_err(io::Error::from)?.replace('<', "\\u003c");
    out.extend_from_slice(b"<script type=\"application/json\" id=\"first\">");
    out.extend_from_slice(first.as_bytes());
    out.extend_from_slice(b"</script>\n");
    for part in parts {
        out.extend_from_slice(
            format!("<script type=\"text/plain\" id=\"part-{}\">", part.id).as_bytes(),
        );
        out.extend_from_slice(part.text.as_bytes());
        out.extend_from_slice(b"</script>\n");
    }
    out.extend_from_slice(tail.as_bytes());
    Ok(Page { html: out, beside })
}

type Job<'a> = Box<dyn Fn() -> io::Result<Vec<Part>> + Send + Sync + 'a>;

/// All parts, each made on its own.
fn jobs(material: &Material, by_culture: Vec<LeadOn>) -> Vec<Job<'_>> {
    let one = |part: io::Result<Part>| Ok(vec![part?]);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    // The biggest first.
    for (place, set) in material.sets.iter().enumerate() {
        jobs.push(Box::new(move || Ok(examples::parts(place, set)?.into())));
    }
    for outcome in material.comparison.iter().flat_map(|r| &r.benchmarks).enumerate() {
        let (place, outcome) = outcome;
        jobs.push(Box::new(move || {
            one(Part::json(format!("pairs-{place}"), &pairs::pairs(outcome)))
        }));
    }
    for (place, column) in material.summary.benchmarks.iter().enumerate() {
        jobs.push(Box::new(move || {
            one(Part::json(format!("scores-{place}"), &scores::scores(material, &column.name)))
        }));
    }
    jobs.push(Box::new(move || one(Part::json("leads", &by_culture))));
    jobs.push(Box::new(move || one(Part::json("models", &models::models(material)))));
    jobs.push(Box::new(move || one(Part::json("benchmarks", &benchmarks::benchmarks(material)))));
    jobs.push(Box::new(move || one(Part::json("figures", &figures::figures(material)))));
    jobs.push(Box::new(move || one(Part::json("calibrations", &figures::calibrations(material)))));
    jobs.push(Box::new(move || one(Part::json("training", &figures::training(material)))));
    jobs.push(Box::new(move || one(Part::json("run", &provenance::provenance(material)))));
    jobs.push(Box::new(move || one(Part::json("explained", &explained::explained(material)))));
    jobs.push(Box::new(move || one(Part::json("times", &models::times(material)))));
    jobs
}

fn template(
    material: &Material,
    look: &Look,
    style: &str,
    script: &str,
    overall: &Overall,
    folder: bool,
) -> Result<String, PageError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", look.page.as_deref().unwrap_or(PAGE))?;
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    // Scripts beside the page have no address of their own on a disk: there the policy names the scheme.
    let scripts = if folder { " 'self' file:" } else { "" };
    let connect = if look.live.is_some() { "'self'" } else { "'none'" };
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'{scripts}; style-src 'unsafe-inline'; img-src data:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    );
    Ok(environment.get_template("page.html")?.render(context! {
        title => plain(&material.summary.title),
        sample => material.summary.sample,
        style => minijinja::Value::from_safe_string(style.replace("</", "<\\/")),
        script => minijinja::Value::from_safe_string(script.to_owned()),
        policy,
        logo => look.logo.as_deref(),
        live => look.live.is_some(),
        data => minijinja::Value::from_safe_string(HERE.to_owned()),
        lead => &overall.sentence,
        board => minijinja::Value::from(minijinja::value::Serde(rows(material))),
        columns => material.summary.benchmarks.iter().map(|c| plain(&c.title)).collect::<Vec<_>>(),
        legend => crate::report::legend(&material.summary).iter().map(|l| plain(l)).collect::<Vec<_>>(),
    })?)
}

/// A line of the board as plain text.
#[derive(Debug, Serialize)]
struct PlainRow {
    model: String,
    cells: Vec<String>,
}

/// The board as plain text, for readers without a script.
fn rows(material: &Material) -> Vec<PlainRow> {
    let summary = &material.summary;
    let shown = |cell: &Cell| match &cell.outcome {
        Outcome::Score(score) => {
            let (value, interval) = (percent(score.value), interval(score));
            format!("{value} {interval} {}", cell.protocol)
        }
        Outcome::Reason(reason) => reason.kind.name().to_owned(),
    };
    let row = |(model, line): (&str, BTreeMap<&str, &Cell>)| PlainRow {
        model: plain(model),
        cells: (summary.benchmarks.iter())
            .map(|column| line.get(column.name.as_str()).map_or_else(String::new, |c| shown(c)))
            .collect(),
    };
    lines(summary).into_iter().map(row).collect()
}
