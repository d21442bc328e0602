//! What a file of weights is, from its first bytes: named for what it is where it is not a checkpoint's weights.

use std::io::Read as _;
use std::path::Path;

use plugin_api::Error;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest head of a safetensors file that is looked at, in bytes.
const LONGEST_HEAD: u64 = 100 << 20;

/// What the head of a safetensors file says of one tensor.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    dtype: String,
}

/// The text without the mark that editors of Windows put in front.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Refuses files that are no weights of a whole model, with the next step.
///
/// # Errors
/// A pointer of Git LFS, a web page, an adapter without its base model, numbers of eight bits.
pub(crate) fn weights(path: &Path) -> Result<(), Error> {
    let start = head(path, 64)?;
    let wrong = |what: &str| Err(Error::load(format!("{}: {what}", path.display())));
    if start.starts_with(b"version https://git-lfs") {
        return wrong(
            "a pointer of Git LFS, not the weights; run `git lfs pull` in its folder, or download the file itself",
        );
    }
    let text = start.trim_ascii_start();
    if text.starts_with(b"<!DOCTYPE")
        || text.starts_with(b"<!doctype")
        || text.starts_with(b"<html")
    {
        return wrong(
            "a web page, not the weights; download the file itself (`resolve`, not `blob`, in its address)",
        );
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\x80\x02") {
        return wrong(
            "weights that PyTorch pickled, under another name; they are not opened, since they can run code: convert them to safetensors",
        );
    }
    let Some(entries) = entries(path, &start)? else { return Ok(()) };
    let tensors = || entries.iter().filter(|(name, _)| *name != "__metadata__");
    if tensors().count() > 0 && tensors().all(|(name, _)| is_of_an_adapter(name)) {
        return wrong(
            "an adapter (LoRA) without its base model; merge it first: `merge_and_unload()` of PEFT, then `save_pretrained`",
        );
    }
    if tensors().any(|(name, _)| name.contains(".base_layer.")) {
        return wrong(
            "a base model and its adapter (LoRA) side by side; merge them first: `merge_and_unload()` of PEFT, then `save_pretrained`",
        );
    }
    if let Some((name, _)) = tensors().find(|(name, _)| is_quantised(name)) {
        let what = format!(
            "{name}: weights that GPTQ, AWQ or bitsandbytes quantised are not implemented; take a copy in float16, bfloat16 or float32"
        );
        return wrong(&what);
    }
    let eight = tensors().find(|(_, entry)| is_small(&entry.dtype));
    if let Some((name, entry)) = eight {
        let what = format!(
            "{name} is {}: weights in FP8 or FP4 are not implemented; take a copy in float16, bfloat16 or float32",
            entry.dtype
        );
        return wrong(&what);
    }
    Ok(())
}

/// Numbers of eight bits and fewer: `F8_E4M3`, `F8_E5M2`, `F6_E2M3`, `F4`.
fn is_small(dtype: &str) -> bool {
    ["F8_", "F6_", "F4_"].iter().any(|start| dtype.starts_with(start)) || dtype == "F4"
}

/// Names of what stands in the place of a matrix whose numbers were quantised.
fn is_quantised(name: &str) -> bool {
    [".qweight", ".qzeros", ".g_idx", ".SCB", ".absmax", ".quant_map"]
        .iter()
        .any(|end| name.ends_with(end))
        || name.contains(".quant_state.")
}

/// Names of the tensors of safetensors files, as far as their heads can be read.
///
/// # Errors
/// A file that cannot be opened.
pub(crate) fn names(paths: &[std::path::PathBuf]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for path in paths {
        let entries = entries(path, &head(path, 8)?)?.unwrap_or_default();
        names.extend(entries.into_keys().filter(|name| name != "__metadata__"));
    }
    Ok(names)
}

/// Names of the low-rank updates that PEFT saves.
fn is_of_an_adapter(name: &str) -> bool {
    [".lora_A", ".lora_B", ".lora_embedding_", ".lora_magnitude_vector"]
        .iter()
        .any(|part| name.contains(part))
}

/// The head of a safetensors file; none where the file is of another kind, which its reader tells.
fn entries(path: &Path, start: &[u8]) -> Result<Option<BTreeMap<String, Entry>>, Error> {
    let Some(length) = start.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return Ok(None);
    };
    let size = fs_err::metadata(path).map_err(Error::load)?.len();
    if length > LONGEST_HEAD || length.saturating_add(8) > size {
        return Ok(None);
    }
    let bytes = head(path, length + 8)?;
    Ok(serde_json::from_slice(&bytes[8..]).ok())
}

fn head(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let file = fs_err::File::open(path).map_err(Error::load)?;
    file.take(most).read_to_end(&mut bytes).map_err(Error::load)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        fs_err::write(&path, bytes).unwrap();
        weights(&path).err().map(|error| error.message)
    }

    fn safetensors(head: &str) -> Vec<u8> {
        [&(head.len() as u64).to_le_bytes(), head.as_bytes()].concat()
    }

    #[test]
    fn files_are_named_for_what_they_are() {
        let pointer =
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 437955512\n";
        assert!(said(pointer.as_bytes()).unwrap().contains("git lfs pull"));
        assert!(said(b"<!doctype html><html>").unwrap().contains("a web page"));
        let lora = r#"{"base_model.model.encoder.layer.0.attention.self.query.lora_A.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        assert!(
            said(&safetensors(lora)).unwrap().contains("an adapter (LoRA) without its base model")
        );
        let eight = r#"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#;
        let eight = said(&safetensors(eight)).unwrap();
        for (name, dtype, part) in [
            ("a.weight", "F4", "a.weight is F4"),
            ("a.weight", "F8_E5M2", "a.weight is F8_E5M2"),
            ("a.query.base_layer.weight", "F32", "side by side; merge them first"),
            ("a.mlp.qweight", "I32", "a.mlp.qweight: weights that GPTQ"),
            ("a.weight.quant_state.bitsandbytes__nf4", "U8", "bitsandbytes quantised"),
        ] {
            let head =
                format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,4]}}}}"#);
            let told = said(&safetensors(&head)).unwrap();
            assert!(told.contains(part), "{told}");
        }
        assert!(said(b"PK\x03\x04archive/data.pkl").unwrap().contains("PyTorch pickled"));
        assert!(eight.contains("a.weight is F8_E4M3") && eight.contains("float16"), "{eight}");
    }

    #[test]
    fn weights_and_what_their_reader_names_pass() {
        let plain = r#"{"b.weight":{"dtype":"F64","shape":[1],"data_offsets":[0,2]},"a.weight":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"a.lora_A.weight":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#;
        for bytes in
            [safetensors(plain), Vec::new(), b"abc".to_vec(), vec![255; 64], safetensors("{}")]
        {
            assert_eq!(said(&bytes), None);
        }
    }
}
