//! What all runs share: posts, backbone, and what the frozen layers make of the texts.

use std::path::PathBuf;

use backbone::{Checkpoint, Encoded, Pass, Tokens, tokens};
use calm_plugin::aware::settings::Settings;
use calm_plugin::aware::{Net, Prepared};
use plugin_api::{Error, Host};
use serde_json::{Value, json};
use tch::{Device, Tensor};

use crate::data::{CULTURES, Posts};

/// Folds by post.
pub(crate) const FOLDS: usize = 3;

/// `--name a,b` as a list.
pub(crate) fn option(arguments: &[String], name: &str, default: &str) -> Vec<String> {
    let place = arguments.iter().position(|own| own.strip_prefix("--") == Some(name));
    let text = place.and_then(|place| arguments.get(place + 1)).map_or(default, String::as_str);
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

pub(crate) fn one(arguments: &[String], name: &str) -> Result<String, Error> {
    let found = option(arguments, name, "").into_iter().next();
    found.ok_or_else(|| Error::config(format!("--{name} is missing")))
}

pub(crate) fn number(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::config(format!("{text:?} is not a number")))
}

/// What all runs share.
pub(crate) struct Bench {
    pub(crate) posts: Posts,
    pub(crate) folder: PathBuf,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) prepared: Prepared,
    pub(crate) pooled: Tensor,
    /// Fields over every preset.
    pub(crate) change: Value,
    pub(crate) fold: Option<usize>,
}

impl Bench {
    /// Reads posts and backbone, and computes what stays the same.
    pub(crate) fn open(arguments: &[String]) -> Result<Self, Error> {
        let folder = PathBuf::from(one(arguments, "backbone")?);
        let posts = Posts::read(&PathBuf::from(one(arguments, "data")?))?;
        let place = arguments.iter().position(|own| own == "--set");
        let change = place.and_then(|place| arguments.get(place + 1)).map_or("{}", String::as_str);
        let change =
            serde_json::from_str(change).map_err(|e| Error::config(format!("--set: {e}")))?;
        let host = Host::silent(1, 1);
        backbone::runtime::start("cpu", &host)?;
        let checkpoint = Checkpoint::open(Some(&folder), &std::collections::HashMap::new())?;
        // The layers that the settings leave as they are, computed once.
        let settings = settings("self-aware", &change, &folder)?;
        let net = Net::new(&settings, &checkpoint, [CULTURES, 2], Device::Cpu, 1)?;
        let texts: Vec<&str> = posts.texts.iter().map(String::as_str).collect();
        let prepared = net.prepare(&texts, &host)?;
        let pooled = pooled(&net, &checkpoint, &texts, settings.max_tokens)?;
        let fold = option(arguments, "fold", "").first().map(|text| number(text)).transpose()?;
        eprintln!("{} posts, {:.3} of them touch a topic", texts.len(), posts.touched());
        Ok(Bench {
            posts,
            folder,
            checkpoint,
            prepared,
            pooled,
            change,
            fold: fold.map(|f| f as usize),
        })
    }
}

/// The settings of a preset, backbone frozen.
pub(crate) fn settings(
    preset: &str,
    change: &Value,
    folder: &std::path::Path,
) -> Result<Settings, Error> {
    let mut fields =
        json!({"preset": preset, "tune": {"kind": "frozen"}, "device": "cpu", "folder": folder});
    for (name, value) in change.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    Settings::parse(&fields.to_string())
}

/// LayerNorm of the mean of each text's last states `[items,d]`.
pub(crate) fn pooled(
    net: &Net,
    checkpoint: &Checkpoint,
    texts: &[&str],
    most: usize,
) -> Result<Tensor, Error> {
    let tokens: Tokens = checkpoint.tokens(most)?;
    let encoded = tokens.encode(texts)?;
    let mut rows = Vec::new();
    for batch in encoded.chunks(32) {
        let batch: Vec<&Encoded> = batch.iter().collect();
        let padded = tokens::pad(&batch, checkpoint.config.padding, Device::Cpu);
        rows.push(tch::no_grad(|| {
            let hidden = net.model.backbone.forward(&padded.ids, &padded.mask, Pass::default());
            backbone::Pooling::Mean.pool(&hidden, &padded.mask)
        }));
    }
    let pooled = Tensor::cat(&rows, 0);
    let width = pooled.size()[1];
    Ok(pooled.layer_norm::<Tensor>(&[width], None, None, 1e-5, true))
}
