//! Contrast on judgements: who judges an item alike is alike, who judges it otherwise is not. A culture's name alone is no positive.
//! Serves "structured cultural clusters through contrastive learning".

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::terms::{Labels, Terms, mean_where};
use crate::layers::normalise;

/// `[config.contrast]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` Weight of the contrast of u. Default: 0.
    pub weight: f64,
    /// `[ours]` Its temperature. Default: 0.2.
    pub temperature: f64,
    /// `[ours]` Items of a step that count as near one, by h. Default: 2.
    pub near: i64,
    /// `[ours]` Weight of the difference loss on pairs of cultures that disagree. Default: 0.3.
    pub difference: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { weight: 0.0, temperature: 0.2, near: 2, difference: 0.3 }
    }
}

impl Settings {
    /// Pushes both terms: u' `[P,N,c]`, h `[P,d]`, logits `[P,N,C]`.
    pub(crate) fn push(
        self,
        terms: &mut Terms,
        normed: &Tensor,
        pooled: &Tensor,
        logits: &Tensor,
        labels: &Labels,
    ) {
        terms.push("contrast", self.weight, || {
            judgements(normed, pooled, labels, self.near, self.temperature)
        });
        terms.push("difference", self.difference, || difference(logits, labels));
    }
}

/// `- mean over anchors (item, culture) of mean over positives p of log( exp(v.v_p / t) / sum over positives and negatives )`.
/// Positives: the same item, another culture, the same label; a near item, the same culture, the same label. Negatives: the same item,
/// another label; the same culture, another label. Khosla et al. (2020), equation 2, with these sets.
pub fn judgements(
    normed: &Tensor,
    pooled: &Tensor,
    labels: &Labels,
    near: i64,
    temperature: f64,
) -> Tensor {
    let (items, columns) = (normed.size()[0], normed.size()[1]);
    let device = normed.device();
    let count = items * columns;
    let vectors = normalise(&normed.reshape([count, -1]));
    let range = Tensor::arange(count, (Kind::Int64, device));
    let item = range.divide_scalar_mode(columns, "floor"); // [PN]
    let culture = range.remainder(columns); // [PN]
    let same = |x: &Tensor| x.unsqueeze(0).eq_tensor(&x.unsqueeze(1)); // [PN,PN]
    let cosines = normalise(pooled).matmul(&normalise(pooled).tr()); // [P,P]
    let own = Tensor::eye(items, (Kind::Float, device)) * 4.0;
    let nearest = (cosines - own).topk(near.min(items - 1).max(0), -1, true, false).1; // [P,near]
    let close = Tensor::zeros([items, items], (Kind::Float, device))
        .scatter_value(1, &nearest, 1.0)
        .gt(0.0);
    let close = close.index_select(0, &item).index_select(1, &item); // [PN,PN]
    let judgement = labels.values.reshape([count]);
    let known = labels.known.reshape([count]);
    let both = known.unsqueeze(0).logical_and(&known.unsqueeze(1));
    let both = both.logical_and(&Tensor::eye(count, (Kind::Bool, device)).logical_not());
    let (same_item, same_culture, agree) = (same(&item), same(&culture), same(&judgement));
    let kin = same_item.logical_or(&same_culture.logical_and(&close));
    let positive = both.logical_and(&agree).logical_and(&kin);
    let rival = same_item.logical_or(&same_culture).logical_and(&agree.logical_not());
    let negative = both.logical_and(&rival);
    let logits = vectors.matmul(&vectors.tr()) / temperature;
    let seen = positive.logical_or(&negative);
    // A finite number, so that a row without any other has a gradient of 0 and not of NaN.
    let others = logits.masked_fill(&seen.logical_not(), -1e4).logsumexp(-1, true); // [PN,1]
    let likelihood = (logits - others).masked_fill(&positive.logical_not(), 0.0);
    let positives = positive.to_kind(Kind::Float).sum_dim_intlist(&[1i64][..], false, None::<Kind>);
    let each =
        -likelihood.sum_dim_intlist(&[1i64][..], false, None::<Kind>) / positives.clamp_min(1.0);
    mean_where(&each, &positives.gt(0.0))
}

/// `mean over items and pairs of cultures with labels y, y' that differ of softplus(-m)`,
/// `m = (l_c[y] - l_c[y']) - (l_c'[y] - l_c'[y'])` of logits `[P,N,C]`: c must lean more to its own label than c' does.
pub fn difference(logits: &Tensor, labels: &Labels) -> Tensor {
    let (items, columns, classes) = (logits.size()[0], logits.size()[1], logits.size()[2]);
    let (values, known) = (&labels.values, &labels.known);
    let differ = values.unsqueeze(2).ne_tensor(&values.unsqueeze(1));
    let both = known.unsqueeze(2).logical_and(&known.unsqueeze(1)).logical_and(&differ); // [P,N,N]
    // at[p,i,j] = logit of column i for the label of column j.
    let index = values.unsqueeze(1).expand([items, columns, columns], false);
    let at = logits.view([items, columns, classes]).gather(2, &index, false); // [P,N,N]
    let own = at.diagonal(0, 1, 2); // [P,N]: l_i[y_i]
    let margin = own.unsqueeze(2) - &at - at.transpose(1, 2) + own.unsqueeze(1); // [P,N,N]
    mean_where(&(-margin).softplus(), &both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn the_difference_loss_by_hand() {
        // One item; culture 0 says 1, culture 1 says 0, the third has no label. Margins: (2 - 0) - (1 - 0) = 1 both ways.
        let logits = Tensor::from_slice(&[0f32, 2.0, 0.0, 1.0, 7.0, 7.0]).view([1, 3, 2]);
        let labels = Labels::new(&Tensor::from_slice(&[1i64, 0, -1]).view([1, 3]));
        let got = difference(&logits, &labels).double_value(&[]);
        assert!((got - (-1f64).exp().ln_1p()).abs() < 1e-6, "{got}");
        let alike = Labels::new(&Tensor::from_slice(&[1i64, 1, -1]).view([1, 3]));
        assert_eq!(difference(&logits, &alike).double_value(&[]), 0.0);
    }

    #[test]
    fn the_contrast_by_hand_and_a_name_alone_is_no_positive() {
        // One item, three cultures: two agree at 0 degrees, the third disagrees at 90 degrees. t = 1.
        let u = Tensor::from_slice(&[1f32, 0.0, 1.0, 0.0, 0.0, 1.0]).view([1, 3, 2]);
        let h = Tensor::ones([1, 4], (Kind::Float, Device::Cpu));
        let labels = Labels::new(&Tensor::from_slice(&[1i64, 1, 0]).view([1, 3]));
        let got = judgements(&u, &h, &labels, 2, 1.0).double_value(&[]);
        assert!((got - (-1f64).exp().ln_1p()).abs() < 1e-5, "{got}");
        // Two far items with the same culture and label: no positive without nearness.
        let u = Tensor::from_slice(&[1f32, 0.0, 0.0, 1.0]).view([2, 1, 2]);
        let h = Tensor::eye(2, (Kind::Float, Device::Cpu));
        let labels = Labels::new(&Tensor::from_slice(&[1i64, 1]).view([2, 1]));
        assert_eq!(judgements(&u, &h, &labels, 0, 1.0).double_value(&[]), 0.0);
        assert!(
            judgements(&u, &h, &labels, 1, 1.0).double_value(&[]).abs() < 1e-6,
            "alone in its sum"
        );
    }
}
