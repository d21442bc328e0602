//! Concepts: slots that read the tokens, once for explicit concepts (drawn to the lexicon) and once for latent signals (barred from it).
//! Serves "explicit cultural concepts and latent cultural signals".

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::layers::Build;
use crate::slots::{Seen, Sight, Slots};

/// `[config.concepts]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` c. Default: 128.
    pub width: i64,
    /// `[ours]` K. Default: 4.
    pub slots: i64,
    /// `[ours]` Dropout on the tokens that slots look at. Default: 0.2.
    pub dropout: f64,
    /// `[ours]` b: how much explicit slots are drawn to the lexicon. Default: 2.
    pub lexicon_bias: f64,
    /// `[ours]` Whether latent slots are barred from the lexicon. Default: yes.
    pub latent_mask: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width: 128, slots: 4, dropout: 0.2, lexicon_bias: 2.0, latent_mask: true }
    }
}

/// Slots of both types.
#[derive(Debug)]
pub struct Concepts {
    explicit: Slots,
    latent: Slots,
}

impl Concepts {
    /// Declares `concepts.explicit` and `concepts.latent`.
    pub(crate) fn new(build: &Build<'_>, d: i64, settings: Settings) -> Self {
        let (c, k) = (settings.width, settings.slots);
        let spread = 1.0 / (d as f64).sqrt();
        let slots = |name, sight| Slots::spread(&build.sub(name), d, c, k, sight, spread);
        let latent = if settings.latent_mask { Sight::Barred } else { Sight::Plain };
        Self {
            explicit: slots("explicit", Sight::Drawn(settings.lexicon_bias)),
            latent: slots("latent", latent),
        }
    }

    /// LayerNorm of H `[P,L,d]`, mask and lexicon `[P,L]` to X and Y `[P,K,c]`.
    pub fn forward(&self, hidden: &Tensor, mask: &Tensor, lex: &Tensor) -> [Seen; 2] {
        [self.explicit.forward(hidden, mask, lex), self.latent.forward(hidden, mask, lex)]
    }
}
