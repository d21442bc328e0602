//! Models that are named in one line (`--model llama.cpp:x.gguf`): read against this machine, their files looked for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use fs_err as fs;

use crate::definition::catalogue::Catalogue;
use crate::definition::model::Model;
use crate::definition::model_spec::{self, Place};
use crate::settings::Settings;
use crate::store;
use crate::text::hint::hinted;

/// The program that runs models of Hugging Face's `transformers`.
const TRANSFORMERS: &str = include_str!("../../../baselines/transformers/model.py");

/// The Python that `just transformers` makes, below the project.
const PYTHON: &str = ".tools/transformers/bin/python";

/// Reads a spec on this machine: its files must be there, and its name must be free.
///
/// # Errors
/// The spec cannot be read, a file is missing, or a defined model has its name.
pub fn model(spec: &str, catalogue: &Catalogue, settings: &Settings) -> anyhow::Result<Model> {
    let place = place(settings)?;
    let found = model_spec::parse(spec, &place)
        .map_err(|error| hinted(anyhow!("model `{spec}`: {}", error.what), error.remedy))?;
    if let Some(path) = found.missing(Path::exists) {
        let error = anyhow!("model `{spec}`: there is no {}", path.display());
        return Err(hinted(error, "correct the path; it is named from the current folder"));
    }
    let model = found.model;
    if catalogue.model(&model.name).is_ok() {
        let error = anyhow!("model `{spec}`: there is a defined model `{}` already", model.name);
        return Err(hinted(error, "give it another name: add ,name=NAME"));
    }
    if model.files.get("program").is_some_and(|path| Path::new(path) == place.transformers) {
        write_program(&place.transformers)?;
    }
    for folder in &found.makes {
        fs::create_dir_all(folder)?;
    }
    Ok(model)
}

/// Where paths of a spec lie.
fn place(settings: &Settings) -> anyhow::Result<Place> {
    let folder = std::env::current_dir().context("failed to find the working folder")?;
    let hash = store::sha256(TRANSFORMERS.as_bytes());
    let name = format!("programs/transformers-{}.py", &hash[..12]);
    Ok(Place {
        folder,
        hugging_face: std::path::absolute(hugging_face())?,
        transformers: std::path::absolute(settings.cache.join(name))?,
        python: python(),
    })
}

/// Where Hugging Face's programs keep what they have downloaded.
pub fn hugging_face() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    std::env::var_os("HF_HOME").map_or_else(|| model_spec::hugging_face_below(&home), PathBuf::from)
}

/// The Python that runs models of `transformers`: that of `just transformers`, else the one in PATH.
pub fn python() -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PYTHON);
    if own.is_file() { store::path_text(&own) } else { "python3".to_owned() }
}

fn write_program(path: &Path) -> anyhow::Result<()> {
    let is_there = fs::read_to_string(path).is_ok_and(|text| text == TRANSFORMERS);
    if is_there {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    store::write_atomic(path, |file| std::io::Write::write_all(file, TRANSFORMERS.as_bytes()))
        .with_context(|| format!("failed to write {}", path.display()))
}
