//! What the model went by: experts, slot attention, deviation, clusters and place of each text.

use backbone::{rows, runtime, train};
use plugin_api::{Batch, Error};
use serde::{Deserialize, Serialize};
use tch::{Device, IndexOp as _, Kind, Tensor};

use crate::clusters::Clusters;
use crate::config::{LABELS, NAME};
use crate::items::Items;
use crate::lexicon::Lexicon;
use crate::model::{Output, Round};
use crate::net::Net;
use crate::prompt;
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
    /// What the model told itself before each later round, where it does so in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// The cluster by type, `explicit` and `latent`; none before a fit or without clusters.
    pub clusters: Option<[u32; 2]>,
    /// Where it lies on the plane that shows most of the training texts' concepts, by type; none where there are no clusters.
    pub places: Option<[[f32; 2]; 2]>,
}

/// A text's cluster, and its place on the plane of a type.
type Found = (u32, [f32; 2]);

/// A slot and the tokens that it looked at; weights sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotAttention {
    /// In the order of the text.
    pub tokens: Vec<TokenWeight>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenWeight {
    /// As it is in the text; empty for special tokens.
    pub text: String,
    /// Whether the culture lexicon has it.
    pub lexicon: bool,
    /// Attention.
    pub weight: f32,
}

/// Explains the answers of a model.
pub(crate) struct Explainer<'a> {
    pub(crate) net: &'a Net,
    /// None before a fit or without clusters.
    pub(crate) clusters: Option<&'a Clusters>,
    /// R.
    pub(crate) rounds: usize,
}

impl Explainer<'_> {
    /// Why the model says what it says of some texts, in their order.
    ///
    /// # Errors
    /// What the computation says.
    pub(crate) fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        let items = Items::new(&batch.texts, &self.net.tokens, &self.net.lexicon)?;
        let mut all: Vec<Option<Explanation>> = vec![None; batch.len()];
        for rows in train::even(&items.lengths, rows::BATCH) {
            let explained =
                self.read(&items, &rows, |output| -> Result<Vec<Explanation>, Error> {
                    let clusters = self.clusters(output)?;
                    let place = |(at, row): (usize, &usize)| {
                        let found = clusters.as_ref().map(|[x, y]| [x[at], y[at]]);
                        self.explanation(output, at, *row, batch, &items, found)
                    };
                    rows.iter().enumerate().map(place).collect()
                })??;
            for (row, one) in rows.iter().zip(explained) {
                all[*row] = Some(one);
            }
        }
        Ok(all.into_iter().flatten().collect())
    }

    /// What the model gives for some items, without gradient.
    fn read<T>(
        &self,
        items: &Items,
        rows: &[usize],
        make: impl FnOnce(&Output) -> T,
    ) -> Result<T, Error> {
        let compute = || make(&self.net.output(items, rows, self.rounds));
        runtime::guard(NAME, || Ok(tch::no_grad(compute)))
    }

    /// Cluster and place of each text of a batch, by type.
    fn clusters(&self, output: &Output) -> Result<Option<[Vec<Found>; 2]>, Error> {
        let Some(clusters) = self.clusters else { return Ok(None) };
        let thought = &output.first().thought;
        let found = |kind, concepts: &Tensor| -> Result<Vec<Found>, Error> {
            let places = clusters.places(kind, concepts)?;
            Ok(clusters.assign(kind, concepts)?.into_iter().zip(places).collect())
        };
        Ok(Some([found(0, &thought.explicit_concept())?, found(1, &thought.latent_concept())?]))
    }

    fn explanation(
        &self,
        output: &Output,
        at: usize,
        row: usize,
        batch: &Batch<'_>,
        items: &Items,
        found: Option<[Found; 2]>,
    ) -> Result<Explanation, Error> {
        let at = at as i64;
        let thought = &output.first().thought;
        let gate = floats(&thought.experts.gate.get(at))?;
        let fired = floats(&thought.experts.fired.get(at))?;
        let experts = gate.len();
        let probabilities = |round: &Round| floats(&round.logits.get(at).softmax(-1, Kind::Float));
        let slots = |seen: &Seen| {
            let attention = seen.attention.get(at);
            looked_at(&self.net.lexicon, &attention, batch.texts[row], items, row)
        };
        let rounds: Vec<Vec<f32>> =
            output.rounds.iter().map(probabilities).collect::<Result<_, _>>()?;
        Ok(Explanation {
            id: batch.ids[row].to_owned(),
            probabilities: rounds.last().cloned().unwrap_or_default(),
            experts: label(experts),
            fired: (0..fired.len()).filter(|e| fired[*e] > 0.0).collect(),
            gate,
            alpha: thought.fused.alpha.double_value(&[at, 0]) as f32,
            explicit: slots(&thought.explicit)?,
            latent: slots(&thought.latent)?,
            deviation: (output.rounds.iter().filter_map(|round| round.deviation.as_ref()))
                .map(|deviation| deviation.double_value(&[at]) as f32)
                .collect(),
            rounds,
            told: (output.rounds.iter())
                .filter_map(|round| round.prompt.as_ref()?.sentence.as_ref())
                .map(|row| prompt::sentence(row.int64_value(&[at]) as usize, experts))
                .collect(),
            clusters: found.map(|found| found.map(|(cluster, _)| cluster)),
            places: found.map(|found| found.map(|(_, place)| place)),
        })
    }
}

/// Attention `[K,L]` beside the tokens of a text, which is item `row` of some items.
pub(crate) fn looked_at(
    lexicon: &Lexicon,
    attention: &Tensor,
    text: &str,
    items: &Items,
    row: usize,
) -> Result<Vec<SlotAttention>, Error> {
    let encoded = &items.encoded[row];
    let marks = lexicon.marks(text, &encoded.offsets);
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

/// Names of `count` experts; further ones are numbered, and one alone is `all`.
pub(crate) fn label(count: usize) -> Vec<String> {
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
