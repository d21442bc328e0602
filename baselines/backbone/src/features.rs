//! The output of frozen layers, computed once and kept: what every epoch after the first saves.
//!
//! Items are computed in the order of their lengths, whatever order the training takes them in, so that the kept numbers do not
//! depend on batches and a resumed training sees the same bits.

use plugin_api::{Error, Host};
use tch::{Device, Kind, Tensor};

use crate::model::Backbone;
use crate::pass::Pass;
use crate::tokens::{self, Encoded};
use crate::train::even;

/// Items computed at a time.
const BATCH: usize = 64;

/// Hidden states that enter layer `layers`, of all items.
#[derive(Debug)]
pub struct Cache {
    /// All tokens of all items one after the other, and a last row of zeros for the padding: `[tokens + 1, d]`, float32.
    rows: Tensor,
    /// Where each item begins.
    starts: Vec<usize>,
    lengths: Vec<usize>,
    device: Device,
}

impl Cache {
    /// MiB that the hidden states of some items take.
    pub fn mebibytes(items: &[Encoded], width: i64) -> usize {
        let tokens: usize = items.iter().map(Encoded::len).sum();
        tokens * width as usize * 4 / (1 << 20)
    }

    /// Runs the embeddings and the first `layers` layers on all items.
    ///
    /// # Errors
    /// Where the host asks to stop.
    pub fn build(
        backbone: &Backbone,
        layers: usize,
        items: &[Encoded],
        device: Device,
        host: &Host,
    ) -> Result<Self, Error> {
        let lengths: Vec<usize> = items.iter().map(Encoded::len).collect();
        let mut starts = Vec::with_capacity(items.len());
        let mut total = 0;
        for length in &lengths {
            starts.push(total);
            total += length;
        }
        let rows = Tensor::zeros([total as i64 + 1, backbone.width()], (Kind::Float, Device::Cpu));
        for batch in even(&lengths, BATCH) {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let texts: Vec<&Encoded> = batch.iter().map(|item| &items[*item]).collect();
            let padded = tokens::pad(&texts, backbone.config.padding, device);
            tch::no_grad(|| {
                let hidden = backbone.embed(&padded.ids, Pass::default());
                let hidden = backbone.run(hidden, &padded.mask, 0..layers, Pass::default());
                let hidden = hidden.to_device(Device::Cpu).to_kind(Kind::Float);
                for (row, item) in batch.iter().enumerate() {
                    let length = lengths[*item] as i64;
                    rows.narrow(0, starts[*item] as i64, length)
                        .copy_(&hidden.get(row as i64).narrow(0, 0, length));
                }
            });
        }
        Ok(Self { rows, starts, lengths, device })
    }

    /// Hidden states `[B,L,d]` and mask `[B,L]` of some items, padded to the longest.
    pub fn get(&self, items: &[usize]) -> (Tensor, Tensor) {
        let longest = items.iter().map(|item| self.lengths[*item]).max().unwrap_or(0);
        let padding = self.rows.size()[0] - 1;
        let mut places = vec![padding; items.len() * longest];
        let mut mask = vec![false; items.len() * longest];
        for (row, item) in items.iter().enumerate() {
            for token in 0..self.lengths[*item] {
                places[row * longest + token] = (self.starts[*item] + token) as i64;
                mask[row * longest + token] = true;
            }
        }
        let shape = [items.len() as i64, longest as i64];
        let hidden = self.rows.index_select(0, &Tensor::from_slice(&places));
        let hidden = hidden.view([shape[0], shape[1], -1]).to_device(self.device);
        (hidden, Tensor::from_slice(&mask).view(shape).to_device(self.device))
    }

    /// Tokens of each item.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }
}
