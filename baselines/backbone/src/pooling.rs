//! One vector from the vectors of a text's tokens.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Mean over real tokens (sentence encoders).
    Mean,
    /// The first token (BERT's `[CLS]`).
    Cls,
    /// The last real token (decoders).
    Last,
}

impl Pooling {
    /// `[B,L,d]` and a mask `[B,L]` to `[B,d]`.
    pub fn pool(self, hidden: &Tensor, mask: &Tensor) -> Tensor {
        match self {
            Self::Mean => {
                let mask = mask.to_kind(hidden.kind()).unsqueeze(-1); // [B,L,1]
                let total = (hidden * &mask).sum_dim_intlist(&[1i64][..], false, None::<Kind>);
                total / mask.sum_dim_intlist(&[1i64][..], false, None::<Kind>).clamp_min(1.0)
            }
            Self::Cls => hidden.select(1, 0),
            Self::Last => {
                let last =
                    mask.sum_dim_intlist(&[1i64][..], false, Kind::Int64).clamp_min(1) - 1i64; // [B]
                let place = last.view([-1, 1, 1]).expand([-1, 1, hidden.size()[2]], false);
                hidden.gather(1, &place, false).squeeze_dim(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_tokens_count_for_nothing() {
        let hidden = Tensor::from_slice(&[
            1f32, 2.0, 3.0, 4.0, 99.0, 99.0, 5.0, 6.0, 99.0, 99.0, 99.0, 99.0,
        ])
        .view([2, 3, 2]);
        let mask = Tensor::from_slice(&[true, true, false, true, false, false]).view([2, 3]);
        let check = |pooling: Pooling, expect: [f32; 4]| {
            let got: Vec<f32> = pooling.pool(&hidden, &mask).flatten(0, -1).try_into().unwrap();
            assert_eq!(got, expect, "{pooling:?}");
        };
        check(Pooling::Mean, [2.0, 3.0, 5.0, 6.0]);
        check(Pooling::Cls, [1.0, 2.0, 5.0, 6.0]);
        check(Pooling::Last, [3.0, 4.0, 5.0, 6.0]);
    }
}
