//! What the second design went by, in the form of [`Explanation`].

use backbone::{runtime, train};
use plugin_api::{Batch, Error};
use tch::{Kind, Tensor};

use super::fit::floats;
use super::model::Output;
use super::net::Net;
use super::panels::Panels;
use crate::config::NAME;
use crate::explain::{Explanation, label, looked_at};
use crate::items::Items;
use crate::layers::length;

/// Explains the answers of a model.
pub(crate) struct Explainer<'a> {
    pub(crate) net: &'a Net,
    pub(crate) is_fitted: bool,
    /// The cells of the batch.
    pub(crate) panels: &'a Panels<'a>,
    /// Its items.
    pub(crate) items: &'a Items,
}

impl Explainer<'_> {
    /// Why the model says what it says of some texts, in their order.
    pub(crate) fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        let (panels, items) = (self.panels, self.items);
        let mut all: Vec<Option<Explanation>> = vec![None; batch.len()];
        for chosen in train::even(&items.lengths, backbone::rows::BATCH) {
            let output = runtime::guard(NAME, || {
                Ok(tch::no_grad(|| self.net.forward(&self.net.input(items, &chosen), false)))
            })?;
            for (row, cell) in panels.cells.iter().enumerate() {
                let Some(at) = chosen.iter().position(|item| *item == cell.item) else { continue };
                let column = if cell.column < self.net.cultures {
                    cell.column
                } else {
                    self.net.columns() - 1
                };
                let place = Place {
                    at: at as i64,
                    column: column as i64,
                    text: panels.texts[cell.item],
                    item: cell.item,
                };
                all[row] = Some(self.one(&output, place, batch.ids[row], items)?);
            }
        }
        Ok(all.into_iter().flatten().collect())
    }

    fn one(
        &self,
        output: &Output,
        place: Place<'_>,
        id: &str,
        items: &Items,
    ) -> Result<Explanation, Error> {
        let trace = &output.trace;
        let cell = |name: &str| trace.always(name).get(place.at).get(place.column);
        let gate = floats(&cell("g"))?;
        let mut order: Vec<usize> = (0..gate.len()).collect();
        order.sort_by(|a, b| gate[*b].total_cmp(&gate[*a]));
        order.truncate(2);
        order.sort_unstable();
        let pooled = trace.always("h").get(place.at);
        let (new, old) = (length(&(cell("s") - &pooled)), length(&pooled));
        let answer = |logits: &Tensor| {
            floats(&logits.get(place.at).get(place.column).softmax(-1, Kind::Float))
        };
        let rounds: Vec<Vec<f32>> = output.logits.iter().map(answer).collect::<Result<_, _>>()?;
        let slots = |name: &str| {
            looked_at(
                &self.net.lexicon,
                &trace.always(name).get(place.at),
                place.text,
                items,
                place.item,
            )
        };
        let clusters = ["X", "Y"].iter().enumerate().map(|(kind, name)| {
            let concept =
                trace.always(name).get(place.at).mean_dim(&[0i64][..], true, None::<Kind>);
            self.net.model.pool.assign(kind, &concept).int64_value(&[0]) as u32
        });
        let clusters: Vec<u32> = clusters.collect();
        Ok(Explanation {
            id: id.to_owned(),
            probabilities: rounds.last().cloned().unwrap_or_default(),
            experts: label(gate.len()),
            fired: order,
            gate,
            alpha: (&new / (&new + old)).double_value(&[0]) as f32,
            explicit: slots("explicit")?,
            latent: slots("latent")?,
            deviation: (trace.get("distance").iter())
                .map(|distance| distance.double_value(&[place.at, place.column]) as f32)
                .collect(),
            rounds,
            told: Vec::new(),
            clusters: self.is_fitted.then_some([clusters[0], clusters[1]]),
            places: None,
        })
    }
}

/// Where a text is in a batch.
struct Place<'a> {
    at: i64,
    column: i64,
    text: &'a str,
    item: usize,
}
