//! One training loop for every model on libtorch: length buckets, warm-up and linear decay, AdamW, clipping, early stopping on
//! validation, checkpoints that resume to the same bits.

mod adamw;
mod batches;
mod checkpoint;
mod key;
mod learner;
mod plan;
mod run;
mod score;

pub use adamw::Pace;
pub use batches::{even, shuffled, stream};
pub use key::{Item, key};
pub use learner::{Learner, Loss, Step};
pub use plan::Plan;
pub use run::{Outcome, run};
pub use score::{macro_f1, subset};
