//! Two models right or wrong on the same examples: McNemar's test, odds ratio, accuracy difference; the sign test.

mod difference;
mod fisher;
mod table;
mod test;

pub use difference::{AccuracyDifference, accuracy_difference, newcombe};
pub use fisher::fisher_exact;
pub use table::{Alternative, PairedTable};
pub use test::{McnemarMethod, TestResult, mcnemar, sign_test};
