//! Several models on several benchmarks: Friedman with Iman-Davenport, Nemenyi, all against a control, Quade, Cochran's Q.

mod cochran;
mod post_hoc;
mod quade;
mod ranks;
mod test;

pub use cochran::{Chi2Test, cochran_q};
pub use post_hoc::{AgainstControl, critical_difference, friedman_vs_control, nemenyi};
pub use quade::{FTest, quade};
pub use ranks::rank_row;
pub use test::{Friedman, friedman, friedman_permutation};
