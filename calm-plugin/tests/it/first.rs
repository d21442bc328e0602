//! The first reconstruction gives what it gave before there was a second: answers kept from then (`fixtures/first.json`).

use calm_plugin::CalmPlugin;
use plugin_api::{Host, Matrix, Plugin as _};
use serde_json::{Value, json};

use crate::plugin::{classify, config, create, fitted, texts};
use crate::tiny::{Bert, checkpoint, words};

/// The presets that between them run every block.
const PRESETS: [&str; 6] =
    ["tiny", "no-contrast", "hsic", "random-gate", "no-calibration", "word-prompt"];

fn embedding(model: &mut CalmPlugin, n: usize) -> Vec<f32> {
    let (texts, width) = (texts(n, "test"), model.dimension());
    let mut values = vec![f32::NAN; n * width];
    let mut vectors = Matrix::over(&mut values, width);
    model.embed(&texts.batch(), &mut vectors, &Host::silent(1, 0)).unwrap();
    values
}

fn answers() -> Value {
    let folder = checkpoint(&words(), Bert::default(), 1);
    let mut all = serde_json::Map::new();
    for preset in PRESETS {
        let config = config(&folder, preset, json!({}));
        let untrained = embedding(&mut create(&config, 5).unwrap(), 3);
        let mut model = fitted(&config, 5);
        let kept = [classify(&mut model, &texts(12, "test")), embedding(&mut model, 3), untrained];
        let bits = kept.map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>());
        all.insert(preset.to_owned(), json!(bits));
    }
    Value::Object(all)
}

/// Answers are compared within 1e-5, since processors round differently; `CALM_FIXTURE=bits` asks for the same bits, on the
/// machine that wrote the file (`CALM_FIXTURE=write`).
#[test]
fn the_first_reconstruction_answers_as_it_did() {
    let _turn = crate::alone();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/first.json");
    let now = answers();
    let wish = std::env::var("CALM_FIXTURE").unwrap_or_default();
    if wish == "write" {
        fs_err::write(path, now.to_string()).unwrap();
    }
    let then: Value = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    if wish == "bits" {
        assert_eq!(now, then);
    }
    let floats = |all: &Value, preset: &str| -> Vec<f32> {
        let rows = all[preset].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        rows.map(|bits| f32::from_bits(bits.as_u64().unwrap() as u32)).collect()
    };
    for preset in PRESETS {
        let (now, then) = (floats(&now, preset), floats(&then, preset));
        assert_eq!(now.len(), then.len(), "{preset}");
        let apart = now.iter().zip(&then).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        assert!(apart < 1e-5, "{preset}: {apart:e}");
    }
}
