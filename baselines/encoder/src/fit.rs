//! Fitting: tokenise once, keep what frozen layers give, train by the shared loop, judged by macro-F1 on validation.

use backbone::features::Cache;
use backbone::train::{self, Learner, Loss, Pace, Step};
use backbone::{Encoded, Pass, Tune, rows, runtime};
use plugin_api::{Dataset, Error, Host};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::{Encoder, PRETRAINED};

pub(crate) fn fit(
    encoder: &Encoder,
    train: &Dataset<'_>,
    valid: &Dataset<'_>,
    host: &Host,
) -> Result<(), Error> {
    let (config, seed) = (&encoder.config, host.seed());
    let (ids, texts, labels) = pick(train, config.train_examples, seed);
    let (_, judges, judged) = pick(valid, config.valid_examples, seed);
    let items =
        ids.iter().zip(&texts).zip(&labels).map(|((id, text), label)| (*id, *text, *label, 0));
    let key = train::key(&encoder.config, &encoder.config.weights, host.seed(), items)?;
    let folder =
        encoder.config.cache.as_ref().map(|cache| cache.join(format!("fit-{}", &key[..16])));
    let mut fit = Fit {
        names: ids.iter().map(|id| (*id).to_owned()).collect(),
        train: Items::new(encoder, &texts, labels, host)?,
        valid: Items::new(encoder, &judges, judged, host)?,
        encoder,
    };
    let outcome = train::run(&mut fit, &encoder.config.train, folder.as_deref(), &key, host)?;
    host.log(format!("{outcome}; {}", runtime::memory_line(encoder.device)));
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
    fn new(
        encoder: &Encoder,
        texts: &[&str],
        labels: Vec<u32>,
        host: &Host,
    ) -> Result<Self, Error> {
        let encoded = encoder.encode(texts)?;
        let lengths = encoded.iter().map(Encoded::len).collect();
        let from = match encoder.config.tune {
            Tune::Frozen => Some(encoder.backbone.layers()),
            Tune::Lora { .. } | Tune::Full => {
                encoder.config.frozen_layers.map(|n| n.min(encoder.backbone.layers()))
            }
        };
        let cache = match from {
            Some(layers) => {
                host.log(format!(
                    "keeping the output of the embeddings and {layers} layers: {} MiB",
                    Cache::mebibytes(&encoded, encoder.backbone.width())
                ));
                let build =
                    || Cache::build(&encoder.backbone, layers, &encoded, encoder.device, host);
                Some(runtime::guard("the frozen layers", build)?)
            }
            None => None,
        };
        Ok(Self { encoded, lengths, labels, cache, from: from.unwrap_or(0) })
    }

    /// Logits `[B,C]` of some items.
    fn logits(&self, encoder: &Encoder, items: &[usize], dropout: f64) -> Tensor {
        let (hidden, mask) = if let Some(cache) = &self.cache {
            cache.get(items)
        } else {
            let texts: Vec<&Encoded> = items.iter().map(|item| &self.encoded[*item]).collect();
            let padded = encoder.tokens.pad(&texts, encoder.device);
            (encoder.backbone.embed(&padded.ids, Pass { dropout, prompt: 0 }), padded.mask)
        };
        encoder.head.forward(&encoder.pooled(hidden, &mask, self.from, dropout), dropout)
    }
}

struct Fit<'a> {
    encoder: &'a Encoder,
    names: Vec<String>,
    train: Items,
    valid: Items,
}

impl Learner for Fit<'_> {
    fn store(&self) -> &VarStore {
        &self.encoder.store
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
        let dropout = self.encoder.config.dropout.unwrap_or(self.encoder.backbone.config.dropout);
        let logits = self.train.logits(self.encoder, items, dropout);
        let labels: Vec<i64> =
            items.iter().map(|item| i64::from(self.train.labels[*item])).collect();
        let total = logits
            .cross_entropy_for_logits(&Tensor::from_slice(&labels).to_device(self.encoder.device));
        Ok(Loss { total, terms: Vec::new() })
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        if self.valid.labels.is_empty() {
            return Ok(None);
        }
        let mut answers = vec![0; self.valid.labels.len()];
        for items in train::even(&self.valid.lengths, rows::BATCH * 2) {
            let best = self.valid.logits(self.encoder, &items, 0.0).argmax(-1, false);
            let best: Vec<i64> = Vec::try_from(best.to_device(Device::Cpu).to_kind(Kind::Int64))
                .map_err(Error::internal)?;
            for (item, best) in items.iter().zip(best) {
                answers[*item] = best as u32;
            }
        }
        Ok(Some(train::macro_f1(&self.valid.labels, &answers, self.encoder.task.labels.len())))
    }
}
