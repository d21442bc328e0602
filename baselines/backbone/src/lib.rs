//! What the plugins on libtorch share: checkpoints of the Hugging Face layout, their tokenizers, three model families
//! (BERT, RoBERTa, Llama) with LoRA and frozen layers, and one training loop that resumes to the same bits.
//!
//! Letters: B batch, L tokens (padded), d width. This is a library, not a plugin: `baselines/encoder` and `calm-plugin` are.

mod bert;
pub mod checkpoint;
pub mod config;
pub mod features;
mod linear;
mod llama;
pub mod model;
mod packed;
mod pass;
pub mod pooling;
pub mod precision;
pub mod rows;
pub mod runtime;
mod sniff;
pub mod state;
pub mod tokens;
pub mod train;
mod weights;

pub use checkpoint::Checkpoint;
pub use config::ModelConfig;
pub use model::{Backbone, Frozen, Tune};
pub use pass::Pass;
pub use pooling::Pooling;
pub use tokens::{Encoded, Padded, Tokens};
