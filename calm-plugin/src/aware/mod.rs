//! CALM, second design: culture is an input and a memory, and a model answers with a consensus and each culture's deviation from it.
//!
//! Letters: P items (texts), n cultures, N = n + 1 columns of a panel (the last is the culture that is inferred where it is hidden),
//! L tokens, d width of the backbone, c width of concepts, K slots of a type, M prototypes of a type, E experts, C labels.
//! H hidden states `[P,L,d]` · h LayerNorm of the pooled H `[P,d]` · z task semantics `[P,c]` · e identities `[N,c]` ·
//! X explicit concepts, Y latent signals `[P,K,c]` · A both, aligned with the pool `[P,2K,c]` · a what a culture reads in them `[P,N,c]` ·
//! g gate `[P,N,E]` · u what the experts say `[P,N,c]` · s identity state `[P,N,d]` · dev deviation of a culture's answer `[P,N,C]`.
//!
//! A stage is one file, one struct of settings and one table of `[config]`. It declares its parameters, computes, and pushes its
//! terms. [`model`] has the whole forward pass.

pub mod concepts;
pub mod consensus;
pub mod contrast;
pub mod disentangle;
pub mod doctor;
pub mod experts;
mod explain;
mod fit;
pub mod fusion;
pub mod identity;
mod memory;
pub mod model;
pub mod net;
pub mod panels;
mod plugin;
pub mod pool;
pub mod reflection;
pub mod settings;
pub mod terms;

pub use fit::{Parts, Prepared};
pub use memory::Remembered;
pub use net::Net;
pub use plugin::Aware;
