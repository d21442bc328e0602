//! Identity Alignment Pool: explicit concepts and latent signals look at each other.

use tch::{Kind, Tensor};

use crate::config::{HEADS, Pool as Switch};
use crate::layers::{Build, Linear, Norm, gelu};

/// The pool, by its switch.
#[derive(Debug)]
pub enum Pool {
    /// X looks at Y and Y at X.
    Both(Box<Side>, Box<Side>),
    /// X looks at Y; Y goes through its feed-forward part only.
    OneWay(Box<Side>, Box<Feed>),
    /// Every slot looks at all.
    Union(Box<Side>),
    /// Nobody looks.
    Concatenate,
}

/// Attention and feed-forward part of one side.
#[derive(Debug)]
pub struct Side {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    feed: Feed,
}

/// `LN2(x + FFN(x))` of `x = LN1(what comes in)`.
#[derive(Debug)]
pub struct Feed {
    norm1: Norm,
    up: Linear,
    down: Linear,
    norm2: Norm,
}

impl Pool {
    /// Declares what the switch needs below `x` and `y`.
    pub(crate) fn new(build: &Build<'_>, c: i64, switch: Switch) -> Self {
        let side = |name: &str| Box::new(Side::new(&build.sub(name), c));
        match switch {
            Switch::Both => Self::Both(side("x"), side("y")),
            Switch::OneWay => Self::OneWay(side("x"), Box::new(Feed::new(&build.sub("y"), c))),
            Switch::SelfAttention => Self::Union(side("x")),
            Switch::Concatenate => Self::Concatenate,
        }
    }

    /// X and Y `[B,K,c]` to A `[B,2K,c]`.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        match self {
            Self::Both(sx, sy) => Tensor::cat(&[sx.forward(x, y), sy.forward(y, x)], 1),
            Self::OneWay(sx, fy) => Tensor::cat(&[sx.forward(x, y), fy.forward(y)], 1),
            Self::Union(side) => {
                let union = Tensor::cat(&[x, y], 1);
                side.forward(&union, &union)
            }
            Self::Concatenate => Tensor::cat(&[x, y], 1),
        }
    }
}

impl Side {
    fn new(build: &Build<'_>, c: i64) -> Self {
        let linear = |name: &str| Linear::new(&build.sub(name), c, c);
        Self {
            query: linear("query"),
            key: linear("key"),
            value: linear("value"),
            out: linear("out"),
            feed: Feed::new(build, c),
        }
    }

    /// `x' = LN1(x + MHA(x, y, y))`, then the feed-forward part: `[B,K,c]`.
    fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        self.feed.forward(&(x + self.attend(x, y)))
    }

    /// Multi-head attention, queries from `x`, keys and values from `y`.
    fn attend(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let (batch, c) = (x.size()[0], x.size()[2]);
        let heads = |t: Tensor| t.view([batch, -1, HEADS, c / HEADS]).transpose(1, 2); // [B,4,K,c/4]
        let query = heads(self.query.forward(x)) / ((c / HEADS) as f64).sqrt();
        let key = heads(self.key.forward(y));
        let value = heads(self.value.forward(y));
        let weights = query.matmul(&key.transpose(2, 3)).softmax(-1, Kind::Float); // [B,4,K,K]
        let mixed = weights.matmul(&value.to_kind(Kind::Float)); // [B,4,K,c/4]
        self.out.forward(&mixed.transpose(1, 2).reshape([batch, -1, c]))
    }
}

impl Feed {
    fn new(build: &Build<'_>, c: i64) -> Self {
        Self {
            norm1: Norm::new(&build.sub("norm1"), c),
            up: Linear::new(&build.sub("up"), c, 4 * c),
            down: Linear::new(&build.sub("down"), 4 * c, c),
            norm2: Norm::new(&build.sub("norm2"), c),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.norm1.forward(x);
        self.norm2.forward(&(&x + self.down.forward(&gelu(&self.up.forward(&x)))))
    }
}
