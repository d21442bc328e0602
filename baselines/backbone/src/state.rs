//! Saving and loading what a plugin has learnt: named tensors in one safetensors file.

use std::collections::HashMap;
use std::path::Path;

use plugin_api::Error;
use tch::nn::VarStore;
use tch::{Device, Tensor};

/// Writes the variables of a store that are trained, or that `also` names.
///
/// # Errors
/// Names the file.
pub fn save(store: &VarStore, path: &Path, also: impl Fn(&str) -> bool) -> Result<(), Error> {
    let mut named: Vec<(String, Tensor)> = (store.variables().into_iter())
        .filter(|(name, tensor)| tensor.requires_grad() || also(name))
        .map(|(name, tensor)| (name, tensor.detach().to_device(Device::Cpu).contiguous()))
        .collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    Tensor::write_safetensors(&named, path)
        .map_err(|e| Error::load(format!("{}: cannot write the model: {e}", path.display())))
}

/// Reads what [`save`] wrote: every saved variable must be there with its shape, and every trained one must have been saved.
///
/// # Errors
/// Names missing, unexpected and misshapen tensors.
pub fn load(store: &VarStore, path: &Path) -> Result<(), Error> {
    let wrong = |what: String| {
        Error::load(format!("{}: {what}; it was saved by another model", path.display()))
    };
    let saved: HashMap<String, Tensor> =
        Tensor::read_safetensors(path).map_err(|e| wrong(e.to_string()))?.into_iter().collect();
    let mut open = store.variables();
    for (name, tensor) in &saved {
        match open.remove(name) {
            Some(mut own) if own.size() == tensor.size() => tch::no_grad(|| own.copy_(tensor)),
            Some(own) => {
                return Err(wrong(format!(
                    "{name} is {:?} where {:?} belongs",
                    tensor.size(),
                    own.size()
                )));
            }
            None => return Err(wrong(format!("{name} is unexpected"))),
        }
    }
    match open.into_iter().filter(|(_, tensor)| tensor.requires_grad()).map(|(name, _)| name).min()
    {
        Some(name) => Err(wrong(format!("{name} is missing"))),
        None => Ok(()),
    }
}
