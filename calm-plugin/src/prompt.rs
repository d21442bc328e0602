//! Self-prompting: the identity state becomes m rows that stand in front of the text when the backbone reads it again.

use tch::Tensor;

use crate::layers::{Build, Linear, gelu};

/// `P = up(gelu(down(s)))`.
#[derive(Debug)]
pub struct Prompt {
    down: Linear,
    up: Linear,
    tokens: i64,
}

impl Prompt {
    /// Declares `down` d -> h and `up` h -> m d.
    pub(crate) fn new(build: &Build<'_>, width: i64, inner: i64, tokens: i64) -> Self {
        Self {
            down: Linear::new(&build.sub("down"), width, inner),
            up: Linear::new(&build.sub("up"), inner, tokens * width),
            tokens,
        }
    }

    /// s `[B,d]` to P `[B,m,d]`.
    pub fn forward(&self, identity: &Tensor) -> Tensor {
        let rows = self.up.forward(&gelu(&self.down.forward(identity)));
        rows.view([identity.size()[0], self.tokens, identity.size()[1]])
    }
}
