//! Whether the path from culture to answer lives, in both designs: gradient norms by block and term at step 0, what varies between texts
//! and cultures, slots, pool, rounds, contrast accuracy; then the same after a short training.
//! `cargo run --release -p calm-plugin --example doctor -- [PRESET...]` looks at a small made-up task of three cultures;
//! `CALM_BACKBONE=FOLDER` takes a checkpoint of yours.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

#[path = "../tests/common/tiny.rs"]
mod tiny;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use backbone::Checkpoint;
use calm_plugin::aware::settings::Settings;
use calm_plugin::aware::{Net, doctor};
use calm_plugin::config::CalmConfig;
use calm_plugin::lexicon::Lexicon;
use calm_plugin::loss::{LossTerms, Targets};
use calm_plugin::model::{BACKBONE, Calm, How, Input, Text};
use plugin_api::Host;
use serde_json::json;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use tiny::{Bert, Texts, checkpoint, words};

/// Cultures; the last judges the opposite of the others.
const CULTURES: usize = 3;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked = if asked.is_empty() {
        vec!["self-aware".to_owned(), "first-reconstruction".to_owned()]
    } else {
        asked
    };
    let made = checkpoint(&words(), Bert { width: 32, ..Bert::default() }, 1);
    let folder =
        std::env::var_os("CALM_BACKBONE").map_or_else(|| made.path().to_owned(), PathBuf::from);
    tch::set_num_threads(1);
    tch::manual_seed(1);
    for preset in asked {
        let config = json!({"preset": preset}).to_string();
        if Settings::are_named_in(&config).unwrap() {
            second(&preset, &folder);
        } else {
            first(&preset, &folder);
        }
    }
}

/// Items that all cultures judge, `[C]` before each text.
fn items(count: usize) -> Texts {
    let mut texts = Texts::default();
    for item in 0..count {
        let filler: Vec<String> =
            (0..2 + item * 5 % 7).map(|k| format!("w{}", 8 + (item * 7 + k * 11) % 30)).collect();
        for culture in 0..CULTURES {
            let label = (item % 2 + usize::from(culture + 1 == CULTURES)) % 2;
            let text = format!("[{culture}] w{} {} mexico", item % 2, filler.join(" "));
            texts.push(format!("{item}/{culture}"), text, culture as u32, label as u32);
        }
    }
    texts
}

fn print(table: &BTreeMap<&'static str, BTreeMap<String, f64>>) {
    let blocks: BTreeSet<&String> = table.values().flat_map(BTreeMap::keys).collect();
    println!(
        "| gradient norm, weighted | {} |",
        blocks.iter().map(|b| b.as_str()).collect::<Vec<_>>().join(" | ")
    );
    println!("|---|{}", "---:|".repeat(blocks.len()));
    for (term, row) in table {
        let cells: Vec<String> =
            blocks.iter().map(|block| format!("{:.2e}", row.get(*block).unwrap_or(&0.0))).collect();
        println!("| {term} | {} |", cells.join(" | "));
    }
}

fn second(preset: &str, folder: &Path) {
    let fields = json!({"preset": preset, "folder": folder, "tune": {"kind": "frozen"}, "train": {"epochs": 20}});
    let settings = Settings::parse(&fields.to_string()).unwrap();
    let files = Checkpoint::open(Some(folder), &HashMap::new()).unwrap();
    let net = Net::new(&settings, &files, [CULTURES, 2], Device::Cpu, 1).unwrap();
    let (texts, host) = (items(32), Host::silent(1, 1));
    for moment in ["at step 0", "after 20 epochs"] {
        let (output, terms, labels) = net.terms(&texts.data(), &host).unwrap();
        println!("\n{preset}, {moment}\n");
        print(&doctor::gradients(&terms, &net.store));
        for (name, value) in doctor::figures(&output, &labels) {
            println!("{name}: {value:.4}");
        }
        if moment == "at step 0" {
            let bare: Vec<&str> =
                texts.texts.iter().step_by(CULTURES).map(|text| &text[4..]).collect();
            let prepared = net.prepare(&bare, &host).unwrap();
            let labels: Vec<i64> = texts.labels.iter().map(|label| i64::from(*label)).collect();
            let all: Vec<usize> = (0..bare.len()).collect();
            net.fit(&prepared, [&all, &all[..8]], &labels, &host).unwrap();
        }
    }
}

/// The first design at step 0.
fn first(preset: &str, folder: &Path) {
    let fields = json!({"preset": preset, "folder": folder, "tune": {"kind": "frozen"}});
    let config = CalmConfig::parse(&fields.to_string()).unwrap();
    let files = Checkpoint::open(Some(folder), &HashMap::new()).unwrap();
    let store = VarStore::new(Device::Cpu);
    let calm = Calm::new(&store, &files.config, &config, 2, 1);
    calm.backbone.load(&store, BACKBONE, &files).unwrap();
    let texts = items(32);
    let (tokens, lexicon) = (files.tokens(config.max_tokens).unwrap(), Lexicon::open().unwrap());
    let encoded = tokens.encode(&texts.batch().texts).unwrap();
    let padded = tokens.pad(&encoded.iter().collect::<Vec<_>>(), Device::Cpu);
    let (rows, longest) = (encoded.len(), padded.ids.size()[1] as usize);
    let mut lex = vec![false; rows * longest];
    for (row, (text, own)) in texts.texts.iter().zip(&encoded).enumerate() {
        for (place, mark) in lexicon.marks(text, &own.offsets).into_iter().enumerate() {
            lex[row * longest + place] = mark;
        }
    }
    let lex = Tensor::from_slice(&lex).view([rows as i64, longest as i64]).to_kind(Kind::Bool);
    let input = Input { text: Text::Ids(padded.ids), mask: padded.mask, lex };
    let output =
        calm.forward(&input, How { training: true, rounds: config.rounds, ..How::default() });
    let column = |values: &[u32]| {
        Tensor::from_slice(&values.iter().map(|v| i64::from(*v)).collect::<Vec<_>>())
    };
    let (labels, cultures) = (column(&texts.labels), column(&texts.cultures));
    let terms =
        LossTerms::new(&output, &Targets { labels: &labels, cultures: Some(&cultures) }, &config);
    println!("\n{preset}, at step 0\n");
    let weights = &config.loss;
    print(&doctor::by_block(
        &[
            ("task", 1.0, &terms.task),
            ("contrast_explicit", weights.contrast, &terms.contrast_explicit),
            ("contrast_latent", weights.contrast, &terms.contrast_latent),
            ("disentangle", weights.disentangle, &terms.disentangle),
            ("balance", weights.balance, &terms.balance),
            ("calibrate", weights.calibrate, &terms.calibrate),
        ],
        &store,
    ));
    let thought = &output.first().thought;
    for (name, value) in [
        ("varies between texts: h0", doctor::varying(&thought.pooled)),
        ("varies between texts: z", doctor::varying(&thought.task)),
        (
            "varies between texts: X",
            doctor::varying(&thought.explicit.slots.mean_dim(&[1i64][..], false, None::<Kind>)),
        ),
        (
            "varies between texts: Y",
            doctor::varying(&thought.latent.slots.mean_dim(&[1i64][..], false, None::<Kind>)),
        ),
        ("varies between texts: u", doctor::varying(&thought.experts.mixed)),
        ("cosine of explicit slots", doctor::slot_cosine(&thought.explicit.slots)),
        ("cosine of latent slots", doctor::slot_cosine(&thought.latent.slots)),
        (
            "added to h0, by length",
            (thought.fused.added.norm() / thought.pooled.norm()).double_value(&[]),
        ),
    ] {
        println!("{name}: {value:.4}");
    }
}
