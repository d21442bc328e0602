//! What the model went by: experts, slot attention, deviation and clusters of each text, and a map of all of them.

use backbone::{rows, runtime, train};
use plugin_api::{Batch, Error};
use serde::{Deserialize, Serialize};
use tch::{Device, IndexOp as _, Kind, Tensor};

use crate::CalmPlugin;
use crate::clusters::TYPES;
use crate::experts::LABELS;
use crate::items::Items;
use crate::model::{Output, Round};
use crate::slots::Seen;

/// One text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Its id.
    pub id: String,
    /// Probability of each label after the last round.
    pub probabilities: Vec<f32>,
    /// Labels of the experts, names only.
    pub experts: Vec<String>,
    /// The gate's probability of each expert.
    pub gate: Vec<f32>,
    /// The experts that answered.
    pub fired: Vec<usize>,
    /// How much of the identity is new, 0 to 1.
    pub alpha: f32,
    /// What the explicit slots looked at.
    pub explicit: Vec<SlotAttention>,
    /// What the latent slots looked at.
    pub latent: Vec<SlotAttention>,
    /// 1 - cosine of each round's identity with the one before.
    pub deviation: Vec<f32>,
    /// Probability of each label after each round, round 0 first.
    pub rounds: Vec<Vec<f32>>,
    /// The cluster by type, `explicit` and `latent`; none before a fit or without clusters.
    pub clusters: Option<[u32; 2]>,
}

/// A slot and the tokens that it looked at; weights sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotAttention {
    /// In the order of the text.
    pub tokens: Vec<TokenWeight>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenWeight {
    /// As it stands in the text; empty for special tokens.
    pub text: String,
    /// Whether the culture lexicon has it.
    pub lexicon: bool,
    /// Attention.
    pub weight: f32,
}

/// All texts of a call on a plane, by type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// Explicit concepts.
    pub explicit: Vec<Mapped>,
    /// Latent signals.
    pub latent: Vec<Mapped>,
    /// Share of the variance that the plane shows, by type.
    pub shown: [f64; 2],
}

/// A text on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    /// Its id.
    pub id: String,
    /// Its culture's index.
    pub culture: u32,
    /// Its cluster; none before a fit.
    pub cluster: Option<u32>,
    /// First and second principal component.
    pub at: [f32; 2],
}

impl CalmPlugin {
    /// Why the model says what it says of some texts, in their order.
    ///
    /// # Errors
    /// What the computation says.
    pub fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        let items = Items::new(&batch.texts, &self.net.tokens, &self.net.lexicon)?;
        let mut all: Vec<Option<Explanation>> = vec![None; batch.len()];
        for rows in train::even(&items.lengths, rows::BATCH) {
            let explained =
                self.read(&items, &rows, |output| -> Result<Vec<Explanation>, Error> {
                    let clusters = self.clusters(output)?;
                    let place = |(at, row): (usize, &usize)| {
                        let clusters = clusters.as_ref().map(|[x, y]| [x[at], y[at]]);
                        self.explanation(output, at, *row, batch, &items, clusters)
                    };
                    rows.iter().enumerate().map(place).collect()
                })??;
            for (row, one) in rows.iter().zip(explained) {
                all[*row] = Some(one);
            }
        }
        Ok(all.into_iter().flatten().collect())
    }

    /// Clusters of a batch by type.
    fn clusters(&self, output: &Output) -> Result<Option<[Vec<u32>; 2]>, Error> {
        let Some(clusters) = self.kept.as_ref().and_then(|kept| kept.clusters.as_ref()) else {
            return Ok(None);
        };
        let thought = &output.first().thought;
        Ok(Some([
            clusters.assign(0, &thought.explicit_concept())?,
            clusters.assign(1, &thought.latent_concept())?,
        ]))
    }

    fn explanation(
        &self,
        output: &Output,
        at: usize,
        row: usize,
        batch: &Batch<'_>,
        items: &Items,
        clusters: Option<[u32; 2]>,
    ) -> Result<Explanation, Error> {
        let at = at as i64;
        let thought = &output.first().thought;
        let gate = floats(&thought.experts.gate.get(at))?;
        let fired = floats(&thought.experts.fired.get(at))?;
        let probabilities = |round: &Round| floats(&round.logits.get(at).softmax(-1, Kind::Float));
        let slots =
            |seen: &Seen| self.looked_at(&seen.attention.get(at), batch.texts[row], items, row);
        let rounds: Vec<Vec<f32>> =
            output.rounds.iter().map(probabilities).collect::<Result<_, _>>()?;
        Ok(Explanation {
            id: batch.ids[row].to_owned(),
            probabilities: rounds.last().cloned().unwrap_or_default(),
            experts: label(gate.len()),
            fired: (0..fired.len()).filter(|e| fired[*e] > 0.0).collect(),
            gate,
            alpha: thought.fused.alpha.double_value(&[at, 0]) as f32,
            explicit: slots(&thought.explicit)?,
            latent: slots(&thought.latent)?,
            deviation: (output.rounds.iter().filter_map(|round| round.deviation.as_ref()))
                .map(|deviation| deviation.double_value(&[at]) as f32)
                .collect(),
            rounds,
            clusters,
        })
    }

    /// Attention `[K,L]` beside the tokens of a text.
    fn looked_at(
        &self,
        attention: &Tensor,
        text: &str,
        items: &Items,
        row: usize,
    ) -> Result<Vec<SlotAttention>, Error> {
        let encoded = &items.encoded[row];
        let marks = self.net.lexicon.marks(text, &encoded.offsets);
        let slot = |slot: i64| -> Result<SlotAttention, Error> {
            let weights = floats(&attention.i((slot, ..encoded.len() as i64)))?;
            let token = |(place, weight): (usize, f32)| {
                let (from, to) = encoded.offsets[place];
                let text = text.get(from..to).unwrap_or_default().to_owned();
                TokenWeight { text, lexicon: marks[place], weight }
            };
            Ok(SlotAttention { tokens: weights.into_iter().enumerate().map(token).collect() })
        };
        (0..attention.size()[0]).map(slot).collect()
    }

    /// The concept vectors of some texts on a plane.
    ///
    /// # Errors
    /// What the computation says.
    pub fn map(&self, batch: &Batch<'_>) -> Result<Map, Error> {
        let items = Items::new(&batch.texts, &self.net.tokens, &self.net.lexicon)?;
        let shape = [batch.len() as i64, self.net.config.width];
        let vectors = TYPES.map(|_| Tensor::zeros(shape, (Kind::Float, Device::Cpu)));
        let mut clusters = vec![None; batch.len()];
        for rows in train::even(&items.lengths, rows::BATCH) {
            let (own, found) = self.read(&items, &rows, |output| {
                let thought = &output.first().thought;
                ([thought.explicit_concept(), thought.latent_concept()], self.clusters(output))
            })?;
            let found = found?;
            for (at, row) in rows.iter().enumerate() {
                for (all, own) in vectors.iter().zip(&own) {
                    all.get(*row as i64).copy_(&own.get(at as i64).to_device(Device::Cpu));
                }
                clusters[*row] = found.as_ref().map(|[x, y]| [x[at], y[at]]);
            }
        }
        let (x, shown_x) = plane(&vectors[0])?;
        let (y, shown_y) = plane(&vectors[1])?;
        let mapped = |kind: usize, at: Vec<[f32; 2]>| {
            let one = |(row, at): (usize, [f32; 2])| Mapped {
                id: batch.ids[row].to_owned(),
                culture: batch.cultures[row],
                cluster: clusters[row].map(|found: [u32; 2]| found[kind]),
                at,
            };
            at.into_iter().enumerate().map(one).collect()
        };
        Ok(Map { explicit: mapped(0, x), latent: mapped(1, y), shown: [shown_x, shown_y] })
    }
}

/// Names of `count` experts; further ones are numbered, and one alone is `all`.
fn label(count: usize) -> Vec<String> {
    if count == 1 {
        return vec!["all".to_owned()];
    }
    (0..count)
        .map(|e| {
            LABELS.get(e).map_or_else(|| format!("expert {}", e + 1), |name| (*name).to_owned())
        })
        .collect()
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    Vec::try_from(tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous())
        .map_err(Error::internal)
}

/// First two principal components of `[n,c]`, each with its largest loading positive, and the share of the variance in them.
fn plane(vectors: &Tensor) -> Result<(Vec<[f32; 2]>, f64), Error> {
    let n = vectors.size()[0];
    if n == 0 {
        return Ok((Vec::new(), 0.0));
    }
    let centred = vectors - vectors.mean_dim(&[0i64][..], true, None::<Kind>);
    let (values, axes) = runtime::guard("the map's axes", || {
        let (_, values, axes) = centred.svd(true, true); // [min], [c,min]
        Ok((values, axes.tr()))
    })?;
    let mut at = vec![[0f32; 2]; n as usize];
    for (axis, place) in (0..values.size()[0].min(2)).zip(0..) {
        let direction = axes.get(axis); // [c]
        let largest = direction.abs().argmax(0, false).int64_value(&[]);
        let sign = if direction.double_value(&[largest]) < 0.0 { -1.0 } else { 1.0 };
        let along = floats(&(centred.matmul(&direction) * sign))?;
        for (at, along) in at.iter_mut().zip(along) {
            at[place] = along;
        }
    }
    let squares = values.square();
    let total = squares.sum(Kind::Double).double_value(&[]);
    let shown = squares.narrow(0, 0, squares.size()[0].min(2)).sum(Kind::Double).double_value(&[]);
    Ok((at, if total > 0.0 { shown / total } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plane_shows_where_points_differ_most() {
        // Spread 10 along the third axis, 1 along the first, nothing else.
        let points =
            Tensor::from_slice(&[1f32, 0., 10., -1., 0., 10., 1., 0., -10., -1., 0., -10.])
                .view([4, 3]);
        let (at, shown) = plane(&points).unwrap();
        assert!((shown - 1.0).abs() < 1e-9, "{shown}");
        for (at, expect) in at.iter().zip([[10.0, 1.0], [10.0, -1.0], [-10.0, 1.0], [-10.0, -1.0]])
        {
            assert!((at[0] - expect[0]).abs() < 1e-4 && (at[1] - expect[1]).abs() < 1e-4, "{at:?}");
        }
        assert_eq!(plane(&points.narrow(0, 0, 1)).unwrap().0, [[0.0, 0.0]]);
    }
}
