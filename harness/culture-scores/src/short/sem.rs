//! SEM-B and SEM-W.

use super::matching::{MatchRule, folded_tokens};
use crate::error::{Result, ScoreError};
use crate::facts::{Best, Chance, Facts, Unit};

/// The answers that people gave in the same sense.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reference {
    /// Spellings, in any language. In a local run the local ones come first, then the English ones.
    pub texts: Vec<String>,
    /// Votes divided by those of the first reference.
    pub weight: f64,
}

/// What becomes of texts without a token: empty ones, blanks, single marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyTexts {
    /// An empty one is a part of every reply, and matches it by [`MatchRule::Contains`] and [`MatchRule::Tokens`]: the
    /// official scores depend on it.
    Keep,
    /// They match nothing.
    Drop,
}

/// The values of one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sem {
    /// SEM-B: 1 if a reference matches, else 0.
    pub binary: f64,
    /// SEM-W: the weight of the first reference that matches, else 0.
    pub weighted: f64,
    /// Which one matches first.
    pub reference: Option<usize>,
}

const FACTS: Facts = Facts {
    name: "sem-b",
    unit: Unit::Percent,
    range: (0.0, 1.0),
    best: Best::Highest,
    chance: Chance::None,
    source: "Myung et al. 2024, arXiv 2406.09948, section 4; nlee0212/BLEnD, evaluation/exact_match.py",
};

/// SEM-B, the share of questions with a reply that matches.
pub const SEM_B: Facts = FACTS;

/// SEM-W, the same with the reference's weight for a match.
pub const SEM_W: Facts = Facts { name: "sem-w", ..FACTS };

/// References with their weights, from groups of texts with votes in the file's order.
///
/// # Errors
/// The first group has no votes.
pub fn references(groups: impl IntoIterator<Item = (Vec<String>, u32)>) -> Result<Vec<Reference>> {
    let groups: Vec<(Vec<String>, u32)> = groups.into_iter().collect();
    let most = groups.first().map_or(1, |(_, votes)| *votes);
    if most == 0 {
        return Err(ScoreError::SumOfZero { what: "votes of the first reference" });
    }
    let weigh = |(texts, votes)| Reference { texts, weight: f64::from(votes) / f64::from(most) };
    Ok(groups.into_iter().map(weigh).collect())
}

/// The values of a cleaned reply. References are tried in their order, and of each its texts; the first match ends it. An
/// empty or missing reply matches nothing.
pub fn sem(reply: &str, references: &[Reference], rule: MatchRule, empty: EmptyTexts) -> Sem {
    let fits = |text: &String| {
        (empty == EmptyTexts::Keep || folded_tokens(text).next().is_some())
            && rule.matches(text, reply)
    };
    let found = if reply.is_empty() {
        None
    } else {
        references.iter().position(|reference| reference.texts.iter().any(fits))
    };
    match found {
        Some(at) => Sem { binary: 1.0, weighted: references[at].weight, reference: Some(at) },
        None => Sem { binary: 0.0, weighted: 0.0, reference: None },
    }
}
