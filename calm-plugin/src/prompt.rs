//! Self-prompting: what is in front of the text when the backbone reads it again. Rows made of the identity state, or a sentence
//! that names the experts which the identity speaks through.

use backbone::{Encoded, Tokens};
use plugin_api::Error;
use tch::{Device, Kind, Tensor};

use crate::config::LABELS;
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
        let texts: Vec<String> = (0..experts * experts).map(|row| sentence(row, experts)).collect();
        let encoded = tokens.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        let words: Vec<Encoded> = encoded.iter().map(without_special).collect();
        let padded = tokens.pad(&words.iter().collect::<Vec<_>>(), Device::Cpu);
        Ok(Self::new(padded.ids, padded.mask))
    }

    /// Which sentence a gate g `[B,E]` gives: that of its two likeliest, as a row of the table `[B]`.
    pub fn choose(gate: &Tensor) -> Tensor {
        let experts = gate.size()[1];
        let likeliest = gate.topk(experts.min(2), -1, true, true).1; // [B,2]
        // One expert stands for both.
        likeliest.select(1, 0) * experts + likeliest.select(1, experts.min(2) - 1)
    }

    /// Token ids of rows of the table `[B]`, and which are real, `[B,m]` each.
    pub fn get(&self, rows: &Tensor) -> (Tensor, Tensor) {
        let of = |table: &Tensor| table.to_device(rows.device()).index_select(0, rows);
        (of(&self.ids), of(&self.mask))
    }
}

/// What the model tells itself in a row of the table: the dimensions of culture that its experts are named after, the likeliest first.
pub(crate) fn sentence(row: usize, experts: usize) -> String {
    let (first, second) = (row / experts, row % experts);
    if experts < 2 {
        return "Read this as its own culture would:".to_owned();
    }
    format!("Read this with an eye to {} and {}:", LABELS[first], LABELS[second])
}

/// The tokens of the words alone: the sentence is in front of a text that has its own special ones.
fn without_special(encoded: &Encoded) -> Encoded {
    let words = || (0..encoded.len()).filter(|place| !encoded.special[*place]);
    Encoded {
        ids: words().map(|place| encoded.ids[place]).collect(),
        offsets: words().map(|place| encoded.offsets[place]).collect(),
        special: words().map(|_| false).collect(),
    }
}
