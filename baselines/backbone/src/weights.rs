//! From safetensors files into parameters, with every name accounted for.

use std::collections::HashMap;
use std::path::Path;

use plugin_api::Error;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::checkpoint::Checkpoint;
use crate::packed;

/// Prefixes that checkpoints put before the names of the body.
const PREFIXES: [&str; 3] = ["bert.", "roberta.", "model."];

/// Parts of checkpoints that a backbone does not have: heads, poolers, buffers.
const OTHERS: [&str; 8] = [
    "pooler.",
    "cls.",
    "lm_head.",
    "classifier.",
    "qa_outputs.",
    "score.",
    "embeddings.position_ids",
    "rotary_emb.inv_freq",
];

/// Copies a checkpoint into the parameters below `prefix`.
pub(crate) fn load(store: &VarStore, prefix: &str, checkpoint: &Checkpoint) -> Result<(), Error> {
    let dotted = format!("{prefix}.");
    let mut open: HashMap<String, Tensor> = (store.variables().into_iter())
        .filter_map(|(name, tensor)| Some((name.strip_prefix(&dotted)?.to_owned(), tensor)))
        .filter(|(name, _)| !name.contains("lora_"))
        .collect();
    let mut wrong = Vec::new();
    for file in &checkpoint.weights {
        for (name, tensor) in read(file)? {
            let own = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
            match open.remove(own) {
                Some(mut parameter) if parameter.size() == tensor.size() => {
                    tch::no_grad(|| parameter.copy_(&tensor.to_kind(Kind::Float)));
                }
                Some(parameter) => wrong.push(format!(
                    "{name} is {:?} where {:?} belongs",
                    tensor.size(),
                    parameter.size()
                )),
                None if OTHERS.iter().any(|other| own.contains(other)) => {}
                None => wrong.push(format!("{name} is unexpected")),
            }
        }
    }
    wrong.extend(open.into_keys().map(|name| format!("{name} is missing")));
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.sort();
    let (count, first) =
        (wrong.len(), wrong.iter().take(8).cloned().collect::<Vec<_>>().join("; "));
    let more = if count > 8 { format!("; and {} more", count - 8) } else { String::new() };
    Err(Error::load(format!(
        "{}: its tensors do not fit config.json: {first}{more}; take both files from one checkpoint",
        checkpoint.weights.first().map(|p| p.display().to_string()).unwrap_or_default()
    )))
}

/// All tensors of a safetensors or packed file.
fn read(file: &Path) -> Result<Vec<(String, Tensor)>, Error> {
    if packed::is(file) {
        return packed::tensors(file);
    }
    let pickled =
        file.extension().is_some_and(|e| e == "bin" || e == "pt" || e == "pth" || e == "pkl");
    if pickled {
        return Err(Error::load(format!(
            "{}: pickled weights are not opened, since they can run code; convert them to safetensors",
            file.display()
        )));
    }
    Tensor::read_safetensors(file)
        .map_err(|e| Error::load(format!("{}: not a safetensors file: {e}", file.display())))
}
