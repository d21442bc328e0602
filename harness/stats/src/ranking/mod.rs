//! Orders of models: Bradley-Terry abilities, rank correlations, tie groups as compact letters, wins and losses.

mod bradley_terry;
mod correlation;
mod letters;
mod wins;

pub use bradley_terry::{BradleyTerry, bradley_terry};
pub use correlation::{RankCorrelation, rank_correlation};
pub use letters::compact_letters;
pub use wins::{WinTieLoss, win_tie_loss};
