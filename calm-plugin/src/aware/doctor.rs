//! Whether the path lives: gradients by block and term, what varies between texts, what a round changes. Pure reading of one pass.

use std::collections::BTreeMap;

use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::fit::changed;
use super::model::Output;
use super::terms::{Labels, Terms};
use crate::layers::{length, normalise};
use crate::measures::contrast;
use crate::model::BACKBONE;

/// Blocks of the path between culture and answer: one without a task gradient is dead.
pub const PATH: [&str; 5] = ["identity", "concepts", "pool", "experts", "fusion"];

/// Norm of each term's gradient on each block, weighted as in the loss: rows by term, then by block.
pub fn gradients(terms: &Terms, store: &VarStore) -> BTreeMap<&'static str, BTreeMap<String, f64>> {
    let values: Vec<(&'static str, f64, &Tensor)> =
        terms.0.iter().map(|term| (term.name, term.weight, &term.value)).collect();
    by_block(&values, store)
}

/// The same of any terms: name, weight, value.
pub fn by_block(
    terms: &[(&'static str, f64, &Tensor)],
    store: &VarStore,
) -> BTreeMap<&'static str, BTreeMap<String, f64>> {
    let open: Vec<(String, Tensor)> =
        store.variables().into_iter().filter(|(_, tensor)| tensor.requires_grad()).collect();
    let inputs: Vec<&Tensor> = open.iter().map(|(_, tensor)| tensor).collect();
    let mut table = BTreeMap::new();
    for (name, weight, value) in terms.iter().filter(|(_, _, value)| value.requires_grad()) {
        let gradients = Tensor::run_backward(&[*value], &inputs, true, false);
        let row: &mut BTreeMap<String, f64> = table.entry(*name).or_default();
        for ((parameter, _), gradient) in open.iter().zip(gradients) {
            let square = if gradient.defined() {
                gradient.square().sum(None::<Kind>).double_value(&[])
            } else {
                0.0
            };
            *row.entry(block(parameter)).or_default() += square * weight * weight;
        }
        for square in row.values_mut() {
            *square = square.sqrt();
        }
    }
    table
}

/// The block of a parameter: its first name; of the consensus, intercepts and pool also the second.
fn block(parameter: &str) -> String {
    let mut names = parameter.split('.');
    let first = names.next().unwrap_or(parameter);
    if first == BACKBONE { BACKBONE.to_owned() } else { first.to_owned() }
}

/// Share of the squared length of vectors `[...,w]` that varies between rows: 0 where all texts have one vector.
pub fn varying(vectors: &Tensor) -> f64 {
    let flat = vectors.reshape([-1, vectors.size()[vectors.dim() - 1]]);
    let centred = &flat - flat.mean_dim(&[0i64][..], true, None::<Kind>);
    let square = |x: &Tensor| x.square().sum(None::<Kind>).double_value(&[]);
    square(&centred) / square(&flat).max(1e-12)
}

/// Share of the variance of values `[P,N,w]` that is between the columns of an item, and not between items.
pub fn between_cultures(values: &Tensor) -> f64 {
    let within = values - values.mean_dim(&[1i64][..], true, None::<Kind>);
    let all = values - values.mean_dim(&[0i64, 1][..], true, None::<Kind>);
    let square = |x: &Tensor| x.square().sum(None::<Kind>).double_value(&[]);
    square(&within) / square(&all).max(1e-12)
}

/// Mean cosine of pairs of slots `[P,K,c]` of one text; 1 where all slots are one.
pub fn slot_cosine(slots: &Tensor) -> f64 {
    let k = slots.size()[1] as f64;
    if k < 2.0 {
        return 1.0;
    }
    let unit = normalise(slots);
    let sums =
        unit.matmul(&unit.transpose(1, 2)).sum_dim_intlist(&[1i64, 2][..], false, None::<Kind>);
    ((sums - k) / (k * (k - 1.0))).mean(None::<Kind>).double_value(&[])
}

/// The figures of one pass by name.
pub fn figures(output: &Output, labels: &Labels) -> Vec<(&'static str, f64)> {
    tch::no_grad(|| {
        let trace = &output.trace;
        let mut all = Vec::new();
        for (name, key) in [
            ("varies between texts: h", "h"),
            ("varies between texts: z", "z"),
            ("varies between texts: X", "X"),
            ("varies between texts: Y", "Y"),
            ("varies between texts: u", "u"),
        ] {
            let value = trace.always(key);
            let means = if value.dim() > 2 {
                value.mean_dim(&[1i64][..], false, None::<Kind>)
            } else {
                value
            };
            all.push((name, varying(&means)));
        }
        all.push(("varies between cultures: u", between_cultures(&trace.always("u"))));
        all.push(("varies between cultures: s", between_cultures(&trace.always("s"))));
        all.push(("varies between cultures: logits", between_cultures(output.last())));
        all.push(("cosine of explicit slots", slot_cosine(&trace.always("X"))));
        all.push(("cosine of latent slots", slot_cosine(&trace.always("Y"))));
        let input = Tensor::cat(&[trace.always("X"), trace.always("Y")], 1);
        let ratio = |new: &Tensor, old: &Tensor| {
            (length(new) / length(old)).mean(None::<Kind>).double_value(&[])
        };
        all.push(("pool's change beside its input", ratio(&(trace.always("A") - &input), &input)));
        let pooled = trace.always("h").unsqueeze(1);
        all.push(("added to h, by length", ratio(&(trace.always("s") - &pooled), &pooled)));
        if let Some(moved) = trace.get("moved") {
            all.push(("how far a round moves s", moved.mean(None::<Kind>).double_value(&[])));
        }
        let [gained, lost] = changed(output, labels);
        all.push(("answers that rounds put right", gained as f64));
        all.push(("answers that rounds put wrong", lost as f64));
        if let Some(share) = contrast_accuracy(output, labels) {
            all.push(("contrast accuracy", share));
        }
        all
    })
}

/// Culture-contrast accuracy of a pass, where there are two labels and cultures that disagree.
pub fn contrast_accuracy(output: &Output, labels: &Labels) -> Option<f64> {
    let logits = output.last();
    if logits.size()[2] != 2 {
        return None;
    }
    let leaning =
        (logits.select(2, 1) - logits.select(2, 0)).to_kind(Kind::Double).contiguous().view([-1]);
    let known = labels.known.to_kind(Kind::Int64);
    let marked: Tensor = (&labels.values + 1) * known - 1;
    let scores: Vec<f64> = Vec::try_from(leaning).ok()?;
    let marked: Vec<i64> = Vec::try_from(marked.contiguous().view([-1])).ok()?;
    contrast(&scores, &marked, logits.size()[1] as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_by_hand() {
        let flat = Tensor::from_slice(&[1f32, 1.0, 1.0, 1.0]).view([2, 2]);
        assert!(varying(&flat) < 1e-6);
        let apart = Tensor::from_slice(&[1f32, 0.0, -1.0, 0.0]).view([2, 2]);
        assert!((varying(&apart) - 1.0).abs() < 1e-6);
        // Two items (means 0 and 4), two cultures at -1 and +1 of each: 1 of 1 + 4.
        let panel = Tensor::from_slice(&[-1f32, 1.0, 3.0, 5.0]).view([2, 2, 1]);
        assert!((between_cultures(&panel) - 0.2).abs() < 1e-6);
        let slots = Tensor::from_slice(&[1f32, 0.0, 0.0, 1.0]).view([1, 2, 2]);
        assert!(slot_cosine(&slots).abs() < 1e-6);
    }
}
