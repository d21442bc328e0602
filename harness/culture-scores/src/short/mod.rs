//! Short answers in free text against references with weights: BLEnD's SEM-B and SEM-W.
//!
//! A reply is [cleaned](clean), then compared with the texts of each reference, the most frequent first. The first
//! reference of which a text [matches](MatchRule) counts: SEM-B is 1, SEM-W its weight. The score of a task is the mean
//! over its questions.
//!
//! Source: Myung et al., NeurIPS 2024, arXiv 2406.09948; nlee0212/BLEnD, `evaluation/evaluation_utils.py`,
//! `exact_match.py`. The authors lemmatise with a program for each language; [`MatchRule::Tokens`] compares tokens
//! instead, and differs on at most 6 of 456 questions in English.

mod clean;
mod matching;
mod sem;

pub use clean::{BLEND_STEPS, CleanStep, clean};
pub use matching::{MatchRule, folded_tokens};
pub use sem::{EmptyTexts, Reference, SEM_B, SEM_W, Sem, references, sem};

#[cfg(test)]
mod tests;
