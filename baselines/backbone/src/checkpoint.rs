//! A checkpoint of the Hugging Face layout: `config.json`, weights in safetensors, `tokenizer.json`. Nothing in it is executed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use plugin_api::Error;
use serde::Deserialize;

use crate::config::ModelConfig;
use crate::packed;
use crate::sniff::{self, without_mark};
use crate::tokens::Tokens;

/// Its files.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// What the model is.
    pub config: ModelConfig,
    /// Weights, one or more files.
    pub weights: Vec<PathBuf>,
    /// The tokenizer.
    pub tokenizer: PathBuf,
}

impl Checkpoint {
    /// Opens a folder, or files that the harness has fetched: `config`, `model` and `tokenizer` by id, or all in one, `packed`.
    ///
    /// # Errors
    /// Names the file that is missing or wrong.
    pub fn open(folder: Option<&Path>, files: &HashMap<String, String>) -> Result<Self, Error> {
        if let Some(packed) = files.get("packed").filter(|_| folder.is_none()).map(PathBuf::from) {
            let config = packed::config(&packed)?;
            fits(&config, &packed, std::slice::from_ref(&packed))?;
            return Ok(Self { config, weights: vec![packed.clone()], tokenizer: packed });
        }
        let (config, weights, tokenizer) = if let Some(folder) = folder {
            (folder.join("config.json"), weights_in(folder)?, folder.join("tokenizer.json"))
        } else {
            let file = |id: &str| {
                files.get(id).map(PathBuf::from).ok_or_else(|| {
                    Error::config(format!(
                        "no checkpoint: the model's TOML needs [[weights]] or `files` with the ids config, model and tokenizer (`{id}` is missing), or `folder` in [config]"
                    ))
                })
            };
            let model = file("model")?;
            let weights = if is_an_index(&model) {
                shards(&model, model.parent().unwrap_or(Path::new("")))?
            } else {
                // Shards: model, model-2, model-3, ...
                let more = (2..).map_while(|n| files.get(&format!("model-{n}")).map(PathBuf::from));
                std::iter::once(model).chain(more).collect()
            };
            (file("config")?, weights, file("tokenizer")?)
        };
        for path in weights.iter().chain([&tokenizer]) {
            if !path.is_file() {
                return Err(Error::load(format!(
                    "{}: there is no such file; {WHAT}",
                    path.display()
                )));
            }
        }
        weights.iter().try_for_each(|path| sniff::weights(path))?;
        let read = read(&config)?;
        fits(&read, &config, &weights)?;
        Ok(Self { config: read, weights, tokenizer })
    }

    /// Its tokenizer, which cuts texts at `max_tokens` or where the model's positions end.
    ///
    /// # Errors
    /// Names the file, and what is wrong with it or that it belongs to another model.
    pub fn tokens(&self, max_tokens: usize) -> Result<Tokens, Error> {
        let ModelConfig { positions, vocabulary, padding, .. } = self.config;
        let most = max_tokens.min(positions as usize);
        let tokens = Tokens::open(&self.tokenizer, most, padding, vocabulary)?;
        // The special ones at least must be in the table.
        tokens.encode(&[""])?;
        Ok(tokens)
    }
}

const WHAT: &str = "a checkpoint folder holds config.json, model.safetensors and tokenizer.json (convert pickled weights with `safetensors` first: they are not opened here, since they can run code)";

fn weights_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let one = folder.join("model.safetensors");
    let index = folder.join("model.safetensors.index.json");
    if one.is_file() {
        return Ok(vec![one]);
    }
    if index.is_file() {
        return shards(&index, folder);
    }
    if folder.join("adapter_config.json").is_file() {
        return Err(Error::load(format!(
            "{}: an adapter (LoRA) without its base model; merge it first: `merge_and_unload()` of PEFT, then `save_pretrained`",
            folder.display()
        )));
    }
    Ok(vec![one])
}

/// Whether a file lists the file of each tensor, by its name.
fn is_an_index(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".index.json"))
}

/// The files that an index names.
fn shards(index: &Path, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let text = fs_err::read_to_string(index).map_err(Error::load)?;
    let read: Index = lenient_json::from_str(&text).map_err(|e| {
        Error::load(format!("{}: {e}; it lists the file of each tensor", index.display()))
    })?;
    let mut names: Vec<&String> = read.weight_map.values().collect();
    names.sort();
    names.dedup();
    if let Some(odd) = names.iter().find(|name| name.contains(['/', '\\'])) {
        return Err(Error::load(format!(
            "{}: the file {odd:?} is not in the folder itself",
            index.display()
        )));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Reads `config.json`.
fn read(path: &Path) -> Result<ModelConfig, Error> {
    let text = fs_err::read_to_string(path).map_err(|e| Error::load(format!("{e}; {WHAT}")))?;
    ModelConfig::parse(without_mark(&text))
        .map_err(|e| Error::load(format!("{}: {e}", path.display())))
}

/// Refuses sizes that the weights cannot have, before memory is taken for them; the densest weights have two to a byte.
fn fits(config: &ModelConfig, named: &Path, weights: &[PathBuf]) -> Result<(), Error> {
    let mut bytes = 0;
    for path in weights {
        bytes += fs_err::metadata(path).map_err(Error::load)?.len();
    }
    let parameters = config.parameters();
    if parameters <= 2.0 * bytes as f64 {
        return Ok(());
    }
    Err(Error::load(format!(
        "{}: it describes at least {parameters:.0} parameters, and the weights have {bytes} bytes; take both from one checkpoint",
        named.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_files_are_named() {
        let none = Checkpoint::open(None, &HashMap::new()).unwrap_err().message;
        assert!(none.contains("`model` is missing"), "{none}");
        let folder = tempfile::tempdir().unwrap();
        let none = Checkpoint::open(Some(folder.path()), &HashMap::new()).unwrap_err().message;
        assert!(none.contains("model.safetensors") && none.contains("no such file"), "{none}");
        fs_err::write(folder.path().join("adapter_config.json"), "{}").unwrap();
        let adapter = Checkpoint::open(Some(folder.path()), &HashMap::new()).unwrap_err().message;
        assert!(adapter.contains("an adapter (LoRA) without its base model"), "{adapter}");
    }

    #[test]
    fn an_index_names_its_shards() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("model.safetensors.index.json");
        let map = r#"{"weight_map": {"a": "m-2.safetensors", "b": "m-1.safetensors", "c": "m-1.safetensors"}}"#;
        fs_err::write(&index, format!("\u{feff}{map}")).unwrap();
        let expect = ["m-1.safetensors", "m-2.safetensors"].map(|name| folder.path().join(name));
        assert_eq!(weights_in(folder.path()).unwrap(), expect);
        let files = [("model", &index), ("config", &index), ("tokenizer", &index)];
        let files = files.map(|(id, path)| (id.to_owned(), path.display().to_string())).into();
        let error = Checkpoint::open(None, &files).unwrap_err().message;
        assert!(error.contains("m-1.safetensors: there is no such file"), "{error}");
    }
}
