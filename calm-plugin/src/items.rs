//! Texts made ready once: tokens, lexicon marks, and the hidden states that never change.

use backbone::features::Cache;
use backbone::{Backbone, Encoded, Tokens};
use plugin_api::{Error, Host};
use tch::{Device, Kind, Tensor};

use crate::lexicon::Lexicon;
use crate::model::{Input, Text};

/// Some texts.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) encoded: Vec<Encoded>,
    pub(crate) lengths: Vec<usize>,
    /// Whether each token belongs to a match of the lexicon.
    marks: Vec<Vec<bool>>,
    cache: Option<(Cache, usize)>,
}

impl Items {
    /// Tokenises and marks.
    ///
    /// # Errors
    /// Names the text that cannot be tokenised.
    pub(crate) fn new(texts: &[&str], tokens: &Tokens, lexicon: &Lexicon) -> Result<Self, Error> {
        let encoded = tokens.encode(texts)?;
        let marks =
            texts.iter().zip(&encoded).map(|(text, e)| lexicon.marks(text, &e.offsets)).collect();
        Ok(Self {
            lengths: encoded.iter().map(Encoded::len).collect(),
            encoded,
            marks,
            cache: None,
        })
    }

    /// Computes what the first `layers` layers, which are not trained, make of the texts and keeps it, where there is memory for it.
    ///
    /// # Errors
    /// What the computation says.
    pub(crate) fn keep(
        &mut self,
        backbone: &Backbone,
        layers: usize,
        limit: usize,
        device: Device,
        host: &Host,
    ) -> Result<(), Error> {
        let needed = Cache::mebibytes(&self.encoded, backbone.width());
        if layers == 0 || self.encoded.is_empty() {
            return Ok(());
        }
        if needed > limit {
            host.log(format!(
                "the output of {layers} frozen layers is computed again in each epoch: it takes {needed} MiB, `cache_mebibytes` allows {limit}"
            ));
            return Ok(());
        }
        let build = || Cache::build(backbone, layers, &self.encoded, device, host);
        self.cache = Some((backbone::runtime::guard("the frozen layers", build)?, layers));
        Ok(())
    }

    /// A batch of some items.
    pub(crate) fn batch(&self, items: &[usize], tokens: &Tokens, device: Device) -> Input {
        let (text, mask) = if let Some((cache, layers)) = &self.cache {
            let (hidden, mask) = cache.get(items);
            (Text::Entering(hidden, *layers), mask)
        } else {
            let texts: Vec<&Encoded> = items.iter().map(|item| &self.encoded[*item]).collect();
            let padded = tokens.pad(&texts, device);
            (Text::Ids(padded.ids), padded.mask)
        };
        let longest = items.iter().map(|item| self.lengths[*item]).max().unwrap_or(0);
        let mut lex = vec![false; items.len() * longest];
        for (row, item) in items.iter().enumerate() {
            let marks = &self.marks[*item];
            lex[row * longest..row * longest + marks.len()].copy_from_slice(marks);
        }
        let lex =
            Tensor::from_slice(&lex).view([items.len() as i64, longest as i64]).to_kind(Kind::Bool);
        Input { text, mask, lex: lex.to_device(device) }
    }
}
