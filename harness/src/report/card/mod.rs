//! Cards on a terminal. A model's card: what it is, under which license, from which weights, and what its training data are known to hold.

mod dataset;

pub use dataset::render as dataset;

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Style, Width};

use crate::definition::model::Model;
use crate::definition::source::{Origin, Source};

/// Columns of a line of text.
const WIDTH: usize = 100;

/// The card as text.
pub fn render(model: &Model) -> String {
    let Model { name, title, description, .. } = model;
    format!("{name} · {title}\n{description}\n\n{}\n", table(rows(model)))
}

/// Names and values; a name that follows itself is not repeated.
fn table(rows: Vec<(&'static str, String)>) -> String {
    let mut builder = Builder::default();
    let mut before = "";
    for (name, value) in rows {
        builder.push_record([if name == before { "" } else { name }.to_owned(), value]);
        before = name;
    }
    let mut table = builder.build();
    table.with(Style::blank());
    table.modify(Columns::last(), Width::wrap(WIDTH).keep_words(true));
    let lines: Vec<String> = table.to_string().lines().map(|l| l.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// What is on the card: name and value.
pub fn rows(model: &Model) -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&'static str, String)> = vec![
        ("license", model.license.clone()),
        ("parameters", model.parameters.map_or("not stated".to_owned(), thousands)),
        ("plugin", model.plugin.clone()),
    ];
    let mut put = |name: &'static str, value: String| {
        if !value.is_empty() {
            rows.push((name, value));
        }
    };
    for source in &model.weights {
        put("weights", source_line(source));
    }
    for (id, path) in &model.files {
        put("file", format!("{id}: {path}"));
    }
    let offers: Vec<String> =
        model.capabilities.iter().map(|offer| format!("{offer:?}").to_lowercase()).collect();
    put("capabilities", offers.join(", "));
    put("tasks", model.tasks.join(", "));
    put("protocols", model.protocols.join(", "));
    put("batch", model.batch.to_string());
    put("timeout", model.timeout.map(|s| format!("{s} s")).unwrap_or_default());
    put("memory", model.memory.map(|mib| format!("{mib} MiB")).unwrap_or_default());
    if !model.config.is_empty() {
        put("config", model.config.to_string().trim_end().to_owned());
    }
    for known in &model.contamination {
        put("contamination", format!("{}: {}", known.benchmark, known.reason));
    }
    if model.contamination.is_empty() {
        put("contamination", "none known".to_owned());
    }
    rows
}

/// Id, content and origin of a file.
fn source_line(source: &Source) -> String {
    let content = match (&source.sha256, &source.git_blob, source.files.len()) {
        (Some(hash), ..) => format!("sha256 {hash}"),
        (None, Some(blob), _) => format!("git blob {blob}"),
        (None, None, 0) => "not pinned".to_owned(),
        (None, None, files) => format!("{files} files, each pinned by sha256"),
    };
    let size =
        source.bytes.map(|bytes| format!(", {} bytes", thousands(bytes))).unwrap_or_default();
    let from = match &source.from {
        Origin::Http { url } => url.clone(),
        Origin::Drive { id } => format!("Google Drive {id}"),
        Origin::DropIn { hint } => hint.clone(),
        Origin::Python { package, version, member } => {
            format!("Python package {package} {version}, {member}")
        }
    };
    format!("{}: {content}{size}, from {from}", source.id)
}

/// 1234567 as `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"
name = "tiny"
title = "Tiny"
plugin = "encoder"
description = "A small encoder."
license = "Apache-2.0"
parameters = 22713216
tasks = ["crehate"]
capabilities = ["embed"]
files = { words = "words.txt" }
contamination = [{ benchmark = "crehate", reason = "trained on posts of SBIC, which CREHate samples" }]

[[weights]]
id = "model"
path = "tiny/model.safetensors"
from = { kind = "python", package = "tiny-weights", version = "1.0", member = "tiny/model.safetensors" }
bytes = 90868376
sha256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

[config]
pooling = "mean"
"#;

    #[test]
    fn a_card_tells_licence_weights_and_contamination() {
        insta::assert_snapshot!(render(&toml::from_str(MODEL).unwrap()), @r#"
        tiny · Tiny
        A small encoder.

         license         Apache-2.0
         parameters      22,713,216
         plugin          encoder
         weights         model: sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db, 90,868,376 bytes,
                         from Python package tiny-weights 1.0, tiny/model.safetensors
         file            words: words.txt
         capabilities    embed
         tasks           crehate
         batch           64
         config          pooling = "mean"
         contamination   crehate: trained on posts of SBIC, which CREHate samples
        "#);
    }

    #[test]
    fn a_card_without_weights_says_what_is_not_known() {
        let model = MODEL.split("[[weights]]").next().unwrap().replace("parameters = 22713216", "");
        let start = model.find("contamination").unwrap();
        let card = render(&toml::from_str(&model[..start]).unwrap());
        assert!(
            card.contains("parameters      not stated")
                && card.contains("contamination   none known"),
            "{card}"
        );
    }

    #[test]
    fn numbers_have_commas() {
        let all = [0, 12, 999, 1000, 22_713_216].map(thousands);
        assert_eq!(all, ["0", "12", "999", "1,000", "22,713,216"]);
    }
}
