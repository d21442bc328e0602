//! Self-prompting: what stands in front of the text when the backbone reads it again. Rows made of the identity state, or a sentence
//! that names the experts which the identity speaks through.

use backbone::{Encoded, Tokens};
use plugin_api::Error;
use tch::{Device, Kind, Tensor};

use crate::experts::LABELS;
use crate::layers::{Build, Linear, gelu};

/// How the model prompts itself.
#[derive(Debug)]
pub enum Prompt {
    /// m rows.
    Soft(Soft),
    /// m tokens.
    Words(Sentences),
}

/// `P = up(gelu(down(s)))`.
#[derive(Debug)]
pub struct Soft {
    down: Linear,
    up: Linear,
    tokens: i64,
}

impl Soft {
    /// Declares `down` d -> h and `up` h -> m d.
    pub(crate) fn new(build: &Build<'_>, width: i64, inner: i64, tokens: i64) -> Self {
        Self {
            down: Linear::new(&build.sub("down"), width, inner),
            up: Linear::new(&build.sub("up"), inner, tokens * width),
            tokens,
        }
    }

    /// s `[B,d]` to P `[B,m,d]`.
    pub fn forward(&self, identity: &Tensor) -> Tensor {
        let rows = self.up.forward(&gelu(&self.down.forward(identity)));
        rows.view([identity.size()[0], self.tokens, identity.size()[1]])
    }
}

/// A sentence for each ordered pair of experts, E E of them, the longest of m tokens.
#[derive(Debug)]
pub struct Sentences {
    /// Token ids `[E E,m]`.
    ids: Tensor,
    /// Which of them are real `[E E,m]`.
    mask: Tensor,
}

impl Sentences {
    /// Given token by token: row a E + b is that of expert a, then b.
    pub fn new(ids: Tensor, mask: Tensor) -> Self {
        Self { ids, mask }
    }

    /// Of no words.
    pub(crate) fn silent(experts: i64) -> Self {
        let nothing = |kind| Tensor::zeros([experts * experts, 0], (kind, Device::Cpu));
        Self { ids: nothing(Kind::Int64), mask: nothing(Kind::Bool) }
    }

    /// In the words of [`sentence`].
    ///
    /// # Errors
    /// The tokenizer's.
    pub(crate) fn of(tokens: &Tokens, experts: usize) -> Result<Self, Error> {
        let pairs = (0..experts).flat_map(|a| (0..experts).map(move |b| sentence(a, b, experts)));
        let texts: Vec<String> = pairs.collect();
        let encoded = tokens.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        let words: Vec<Encoded> = encoded.iter().map(without_special).collect();
        let padded = tokens.pad(&words.iter().collect::<Vec<_>>(), Device::Cpu);
        Ok(Self::new(padded.ids, padded.mask))
    }

    /// g `[B,E]` to the sentences of its two likeliest: ids and which are real, `[B,m]` each.
    pub fn choose(&self, gate: &Tensor) -> (Tensor, Tensor) {
        let experts = gate.size()[1];
        let likeliest = gate.topk(experts.min(2), -1, true, true).1; // [B,2]
        let row = if experts > 1 {
            likeliest.select(1, 0) * experts + likeliest.select(1, 1) // [B]
        } else {
            likeliest.select(1, 0)
        };
        let of = |table: &Tensor| table.to_device(gate.device()).index_select(0, &row);
        (of(&self.ids), of(&self.mask))
    }
}

/// What the model tells itself: the dimensions of culture that its experts are named after, the likeliest first.
pub(crate) fn sentence(first: usize, second: usize, experts: usize) -> String {
    if experts < 2 {
        return "Read this as its own culture would:".to_owned();
    }
    format!("Read this with an eye to {} and {}:", LABELS[first], LABELS[second])
}

/// The tokens of the words alone: the sentence stands in front of a text that has its own special ones.
fn without_special(encoded: &Encoded) -> Encoded {
    let words = || (0..encoded.len()).filter(|place| !encoded.special[*place]);
    Encoded {
        ids: words().map(|place| encoded.ids[place]).collect(),
        offsets: words().map(|place| encoded.offsets[place]).collect(),
        special: words().map(|_| false).collect(),
    }
}
