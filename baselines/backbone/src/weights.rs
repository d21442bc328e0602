//! From safetensors files into parameters, with every name accounted for.

use std::collections::HashMap;
use std::path::Path;

use plugin_api::Error;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::checkpoint::Checkpoint;
use crate::packed;
use crate::sniff;

/// What checkpoints put before the names of the body, in any order: the model's own name, and what wraps it
/// (`torch.compile`, data parallel training, PEFT, sentence-transformers). Any other prefix is found by [`prefix_of`].
const PREFIXES: [&str; 9] = [
    "bert.",
    "roberta.",
    "model.",
    "language_model.",
    "module.",
    "base_model.",
    "0.auto_model.",
    "auto_model.",
    "transformer.",
];

/// What wraps a part of the model, anywhere in a name (`torch.compile`, checkpointing of activations, FSDP, DeepSpeed).
const WRAPPERS: [&str; 4] =
    ["_orig_mod.", "_checkpoint_wrapped_module.", "_fsdp_wrapped_module.", "_forward_module."];

/// Tables that every body has once: their names tell what stands before those of the body.
const TABLES: [&str; 2] = ["embeddings.word_embeddings.weight", "embed_tokens.weight"];

/// Older names of the two parameters of a LayerNorm.
const NORMS: [(&str, &str); 2] =
    [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")];

/// The name of a tensor as the body has it, where `prefix` stands before all of them.
fn own_name(name: &str, prefix: &str) -> String {
    let mut own = name.to_owned();
    for wrapper in WRAPPERS {
        own = own.replace(wrapper, "");
    }
    // Known ones first: that is what `prefix` was found behind.
    let mut own = without_prefixes(&own);
    if let Some(rest) = own.strip_prefix(prefix).filter(|_| !prefix.is_empty()) {
        own = without_prefixes(rest);
    }
    let norm = NORMS.iter().find_map(|(old, new)| Some(format!("{}{new}", own.strip_suffix(old)?)));
    norm.unwrap_or_else(|| own.to_owned())
}

fn without_prefixes(mut name: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    name
}

/// What stands before the names of the body, beyond what [`own_name`] takes off: found by the table of tokens.
///
/// # Errors
/// Where a checkpoint holds several bodies: names what stands before each.
fn prefix_of(names: &[String]) -> Result<String, String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let own = own_name(name, "");
        let Some(start) = TABLES.iter().find_map(|table| own.strip_suffix(table)) else { continue };
        if !found.iter().any(|other| other == start) {
            found.push(start.to_owned());
        }
    }
    match &found[..] {
        [] => Ok(String::new()),
        [only] => Ok(only.clone()),
        // A body by itself, and copies that a method of training keeps beside it.
        _ if found.iter().any(String::is_empty) => Ok(String::new()),
        several => Err(several.join(", ")),
    }
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
    let before = prefix_of(&sniff::names(&checkpoint.weights)?).map_err(|several| {
        Error::load(format!(
            "{}: it holds several models, whose tensors begin with {several}; save the one that is meant as a checkpoint of its own",
            checkpoint.weights.first().map(|p| p.display().to_string()).unwrap_or_default()
        ))
    })?;
    for file in &checkpoint.weights {
        for (name, tensor) in read(file)? {
            let own = own_name(&name, &before);
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
    use super::{own_name, prefix_of};

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
            assert_eq!(own_name(name, ""), own);
        }
    }

    /// Whatever stands before the names, and wherever a part is wrapped.
    #[test]
    fn any_prefix_is_found() {
        let table = "embeddings.word_embeddings.weight";
        let inner = "encoder.layer.0._checkpoint_wrapped_module.attention.self.query.weight";
        for before in [
            "",
            "student.",
            "net.backbone.",
            "ema_model.module.bert.",
            "encoder.",
            "model.encoder.",
        ] {
            let names: Vec<String> = [table, inner].map(|name| format!("{before}{name}")).into();
            let prefix = prefix_of(&names).unwrap();
            let own: Vec<String> = names.iter().map(|name| own_name(name, &prefix)).collect();
            assert_eq!(own, [table, "encoder.layer.0.attention.self.query.weight"], "{before}");
        }
        let two = ["ctx_encoder.bert_model.", "question_encoder.bert_model."];
        let names = two.map(|before| format!("{before}{table}"));
        assert_eq!(prefix_of(&names).unwrap_err(), two.join(", "));
        let beside = [table.to_owned(), format!("teacher.{table}")];
        assert_eq!(prefix_of(&beside).unwrap(), "");
        assert_eq!(prefix_of(&["lm_head.weight".to_owned()]).unwrap(), "");
    }
}
