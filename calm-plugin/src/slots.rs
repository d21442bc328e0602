//! Concept slots: K learned queries that look at the tokens, once for explicit concepts and once for latent signals.
//! The explicit ones are drawn to tokens of the culture lexicon, the latent ones may not look at them.

use tch::{Kind, Tensor};

use crate::layers::{Build, Linear, Norm, SPREAD};

/// What a type of slots does with tokens of the lexicon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sight {
    /// Their attention logits are raised by this much.
    Drawn(f64),
    /// They are masked.
    Barred,
    /// They are tokens as any other.
    Plain,
}

/// Slots of one type.
#[derive(Debug)]
pub struct Slots {
    queries: Tensor,
    key: Linear,
    value: Linear,
    norm: Norm,
    sight: Sight,
    scale: f64,
}

/// What the slots of one type saw.
#[derive(Debug)]
pub struct Seen {
    /// `[B,K,c]`.
    pub slots: Tensor,
    /// Attention over tokens, rows sum to 1: `[B,K,L]`.
    pub attention: Tensor,
}

impl Slots {
    /// Declares `queries`, `key`, `value` and `norm` below `build`.
    pub(crate) fn new(build: &Build<'_>, width: i64, c: i64, slots: i64, sight: Sight) -> Self {
        Self::spread(build, width, c, slots, sight, SPREAD)
    }

    /// The same with weights from N(0, `spread`²).
    pub(crate) fn spread(
        build: &Build<'_>,
        width: i64,
        c: i64,
        slots: i64,
        sight: Sight,
        spread: f64,
    ) -> Self {
        Self {
            queries: build.normal("queries", &[slots, c], 1.0),
            key: Linear::without_bias(&build.sub("key"), width, c, spread),
            value: Linear::without_bias(&build.sub("value"), width, c, spread),
            norm: Norm::new(&build.sub("norm"), c),
            sight,
            scale: 1.0 / (c as f64).sqrt(),
        }
    }

    /// `slots = LN(softmax(q k^T / sqrt(c) + b lex) v)` of `k = W_k h` and `v = W_v h`, over the tokens that may be seen.
    ///
    /// Computed as `(q W_k) h^T` and `(attention h) W_v^T`, so that K rows of a text go through the weights and not L.
    pub fn forward(&self, hidden: &Tensor, mask: &Tensor, lex: &Tensor) -> Seen {
        let queries = self.key.transposed(&self.queries); // [K,d]
        let mut logits = hidden.matmul(&queries.tr()).transpose(1, 2) * self.scale; // [B,K,L]
        if let Sight::Drawn(bias) = self.sight {
            logits += lex.unsqueeze(1).to_kind(Kind::Float) * bias;
        }
        let barred = self.visible(mask, lex).logical_not().unsqueeze(1); // [B,1,L]
        let attention = logits.masked_fill(&barred, f64::NEG_INFINITY).softmax(-1, Kind::Float); // [B,K,L]
        let mixed = attention.matmul(&hidden.to_kind(Kind::Float)); // [B,K,d]
        let slots = self.norm.forward(&self.value.forward(&mixed)); // [B,K,c]
        Seen { slots, attention }
    }

    /// Tokens that may be seen, `[B,L]`: real ones; where they are barred, without those of the lexicon, unless none would be left.
    fn visible(&self, mask: &Tensor, lex: &Tensor) -> Tensor {
        if self.sight != Sight::Barred {
            return mask.shallow_clone();
        }
        let other = mask.logical_and(&lex.logical_not()); // [B,L]
        let none = other.any_dim(1, true).logical_not(); // [B,1]
        other.logical_or(&mask.logical_and(&none))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::normals;
    use tch::nn::VarStore;
    use tch::{Device, IndexOp};

    fn attention(sight: Sight, lex: &[bool]) -> Tensor {
        let store = VarStore::new(Device::Cpu);
        let slots = Slots::new(&Build::new(&store, 3), 6, 4, 2, sight);
        // Not from libtorch's generator, which other tests draw from meanwhile.
        let hidden = Tensor::from_slice(&normals(1, "hidden", 24)).view([1, 4, 6]);
        let mask = Tensor::from_slice(&[true, true, true, false]).view([1, 4]);
        slots.forward(&hidden, &mask, &Tensor::from_slice(lex).view([1, 4])).attention
    }

    #[test]
    fn lexicon_tokens_draw_or_are_barred_and_padding_never_counts() {
        let lex = [false, true, false, false];
        let plain = attention(Sight::Plain, &lex);
        let drawn = attention(Sight::Drawn(2.0), &lex);
        let barred = attention(Sight::Barred, &lex);
        for (name, a) in [("plain", &plain), ("drawn", &drawn), ("barred", &barred)] {
            let sums = a.sum_dim_intlist(&[2i64][..], false, None::<Kind>) - 1.0;
            assert!(sums.abs().max().double_value(&[]) < 1e-6, "{name}");
            assert_eq!(a.i((0, .., 3)).abs().max().double_value(&[]), 0.0, "{name}");
        }
        assert_eq!(barred.i((0, .., 1)).abs().max().double_value(&[]), 0.0);
        // Raised by 2: odds times e^2.
        let odds = |a: &Tensor| a.double_value(&[0, 0, 1]) / a.double_value(&[0, 0, 0]);
        assert!((odds(&drawn) / odds(&plain) - 2f64.exp()).abs() < 1e-4);
    }

    #[test]
    fn a_text_of_lexicon_words_only_leaves_them_all_to_be_seen() {
        let all = [true, true, true, true];
        assert_eq!(attention(Sight::Barred, &all), attention(Sight::Plain, &all));
    }
}
