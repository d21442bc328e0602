//! From embeddings to answers: k-NN, linear probe and logistic head on float32 vectors. Pure functions, no file, clock,
//! terminal or network.
//!
//! [`knn`] and [`probe`] are UniVaR's way, [`head`] is a logistic regression whose penalty is chosen on valid, and
//! [`approximate`] replaces [`knn`] where there are more vectors than can be compared. [`Vectors`] is what they read.

mod lbfgs;
mod linear;
mod matmul;
mod pass;
mod precondition;
mod vectors;

#[cfg(feature = "approximate")]
pub mod approximate;
#[cfg(not(feature = "approximate"))]
pub mod approximate_absent;
pub mod head;
pub mod knn;
pub mod probe;

#[cfg(test)]
mod tests;

#[cfg(not(feature = "approximate"))]
pub use approximate_absent as approximate;
pub use linear::Linear;
pub use vectors::Vectors;
