//! From safetensors files into parameters, with every name accounted for.

use std::collections::HashMap;
use std::path::Path;

use plugin_api::Error;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::checkpoint::Checkpoint;
use crate::packed;

/// What checkpoints put before the names of the body, in any order: the model's own name, and what wraps it
/// (`torch.compile`, data parallel training, PEFT, sentence-transformers).
const PREFIXES: [&str; 8] = [
    "bert.",
    "roberta.",
    "model.",
    "_orig_mod.",
    "module.",
    "base_model.",
    "0.auto_model.",
    "auto_model.",
];

/// Older names of the two parameters of a LayerNorm.
const NORMS: [(&str, &str); 2] =
    [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")];

/// The name of a tensor as the body has it.
fn own_name(name: &str) -> String {
    let mut own = name;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| own.strip_prefix(prefix)) {
        own = rest;
    }
    let norm = NORMS.iter().find_map(|(old, new)| Some(format!("{}{new}", own.strip_suffix(old)?)));
    norm.unwrap_or_else(|| own.to_owned())
}

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
            let own = own_name(&name);
            match open.remove(&own) {
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
    let mut missing: Vec<String> =
        open.into_keys().map(|name| format!("{name} is missing")).collect();
    if wrong.is_empty() && missing.is_empty() {
        return Ok(());
    }
    wrong.sort();
    missing.sort();
    let count = wrong.len() + missing.len();
    // Some of both: a name that is not known often is one that is missing.
    let first: Vec<String> = missing.into_iter().take(4).chain(wrong.into_iter().take(4)).collect();
    let more = match count - first.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let first = first.join("; ");
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

#[cfg(test)]
mod tests {
    use super::own_name;

    #[test]
    fn names_of_wrapped_and_older_checkpoints_are_the_body_s() {
        for (name, own) in [
            ("bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
            ("bert.encoder.layer.0.output.LayerNorm.beta", "encoder.layer.0.output.LayerNorm.bias"),
            (
                "_orig_mod.module.encoder.layer.1.output.dense.bias",
                "encoder.layer.1.output.dense.bias",
            ),
            ("module.bert.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight"),
            ("0.auto_model.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight"),
            ("base_model.model.model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
            ("model.norm.weight", "norm.weight"),
            ("embeddings.position_ids", "embeddings.position_ids"),
        ] {
            assert_eq!(own_name(name), own);
        }
    }
}
