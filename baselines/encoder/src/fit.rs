//! Fitting: tokenise once, keep what frozen layers give, train by the shared loop, judged by macro-F1 on validation.

use backbone::features::Cache;
use backbone::train::{self, Learner, Loss, Pace, Step};
use backbone::{Encoded, Pass, Tune, rows, runtime};
use plugin_api::{Dataset, Error, Host};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::net::{Net, PRETRAINED};

pub(crate) fn fit(
    net: &Net,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
    host: &Host,
) -> Result<(), Error> {
    let (config, seed) = (&net.config, host.seed());
    let (ids, texts, labels) = pick(train, config.train_examples, seed);
    let (_, judges, judged) = pick(valid, config.valid_examples, seed);
    let items =
        ids.iter().zip(&texts).zip(&labels).map(|((id, text), label)| (*id, *text, *label, 0));
    let key = train::key(&net.config, &net.config.weights, host.seed(), items)?;
    let folder = net.config.cache.as_ref().map(|cache| cache.join(format!("fit-{}", &key[..16])));
    let mut fit = Fit {
        names: ids.iter().map(|id| (*id).to_owned()).collect(),
        train: Items::new(net, &texts, labels, host)?,
        valid: Items::new(net, &judges, judged, host)?,
        net,
    };
    let outcome = train::run(&mut fit, &net.config.train, folder.as_deref(), &key, host)?;
    host.log(format!("{outcome}; {}", runtime::memory_line(net.device)));
    Ok(())
}

/// Ids, texts and labels of so many examples, each label in its share; 0: of all.
fn pick<'d>(data: &Dataset<'d>, count: usize, seed: u64) -> (Vec<&'d str>, Vec<&'d str>, Vec<u32>) {
    let batch = &data.examples;
    let places = train::subset(data.labels, count, seed);
    places.into_iter().map(|i| (batch.ids[i], batch.texts[i], data.labels[i])).collect()
}

/// Texts in tokens with their labels, and what the frozen layers make of them.
struct Items {
    encoded: Vec<Encoded>,
    lengths: Vec<usize>,
    labels: Vec<u32>,
    cache: Option<Cache>,
    /// The layer that the cache's hidden states enter.
    from: usize,
}

impl Items {
    fn new(net: &Net, texts: &[&str], labels: Vec<u32>, host: &Host) -> Result<Self, Error> {
        let encoded = net.encode(texts)?;
        let lengths = encoded.iter().map(Encoded::len).collect();
        let from = match net.config.tune {
            Tune::Frozen => Some(net.backbone.layers()),
            Tune::Lora { .. } | Tune::Full => {
                net.config.frozen_layers.map(|n| n.min(net.backbone.layers()))
            }
        };
        let cache = match from {
            Some(layers) => {
                host.log(format!(
                    "keeping the output of the embeddings and {layers} layers: {} MiB",
                    Cache::mebibytes(&encoded, net.backbone.width())
                ));
                let build = || Cache::build(&net.backbone, layers, &encoded, net.device, host);
                Some(runtime::guard("the frozen layers", build)?)
            }
            None => None,
        };
        Ok(Self { encoded, lengths, labels, cache, from: from.unwrap_or(0) })
    }

    /// Logits `[B,C]` of some items.
    fn logits(&self, net: &Net, items: &[usize], dropout: f64) -> Tensor {
        let (hidden, mask) = if let Some(cache) = &self.cache {
            cache.get(items)
        } else {
            let texts: Vec<&Encoded> = items.iter().map(|item| &self.encoded[*item]).collect();
            let padded = net.tokens.pad(&texts, net.device);
            (net.backbone.embed(&padded.ids, Pass { dropout, prompt: 0 }), padded.mask)
        };
        net.head.forward(&net.pooled(hidden, &mask, self.from, dropout), dropout)
    }
}

struct Fit<'a> {
    net: &'a Net,
    names: Vec<String>,
    train: Items,
    valid: Items,
}

impl Learner for Fit<'_> {
    fn store(&self) -> &VarStore {
        &self.net.store
    }

    fn pace(&self, name: &str) -> Pace {
        let pretrained = name.starts_with(PRETRAINED) && !name.contains("lora_");
        if pretrained { Pace::Pretrained } else { Pace::New(1.0) }
    }

    fn lengths(&self) -> &[usize] {
        &self.train.lengths
    }

    fn name(&self, item: usize) -> &str {
        &self.names[item]
    }

    fn loss(&mut self, items: &[usize], _step: Step) -> Result<Loss, Error> {
        let dropout = self.net.config.dropout.unwrap_or(self.net.backbone.config.dropout);
        let logits = self.train.logits(self.net, items, dropout);
        let labels: Vec<i64> =
            items.iter().map(|item| i64::from(self.train.labels[*item])).collect();
        let total = logits
            .cross_entropy_for_logits(&Tensor::from_slice(&labels).to_device(self.net.device));
        Ok(Loss { total, terms: Vec::new() })
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        if self.valid.labels.is_empty() {
            return Ok(None);
        }
        let mut answers = vec![0; self.valid.labels.len()];
        for items in train::even(&self.valid.lengths, rows::BATCH * 2) {
            let best = self.valid.logits(self.net, &items, 0.0).argmax(-1, false);
            let best: Vec<i64> = Vec::try_from(best.to_device(Device::Cpu).to_kind(Kind::Int64))
                .map_err(Error::internal)?;
            for (item, best) in items.iter().zip(best) {
                answers[*item] = best as u32;
            }
        }
        Ok(Some(train::macro_f1(&self.valid.labels, &answers, self.net.classes)))
    }
}
