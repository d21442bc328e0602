//! An item with its answer, as the formulas see it.

/// Whether the context says who is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// It does not: "unknown" is right.
    Ambiguous,
    /// It does.
    Disambiguated,
}

/// What an option stands for in its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nobody can know.
    Unknown,
    /// The answer that a stereotype suggests. `EsBBQ` says pro-stereotypical.
    Biased,
    /// The other person. `EsBBQ` says anti-stereotypical.
    CounterBiased,
}

/// One item with the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    /// Whether the context says who is meant.
    pub context: Context,
    /// The role of the right option. In a disambiguated context it also is what KoBBQ calls a biased or counter-biased
    /// context, and EsBBQ a pro- or anti-stereotypical question: the same in all their rows.
    pub gold: Role,
    /// The role of the option that was answered; `None` if the reply is unparsable.
    pub answer: Option<Role>,
}

impl Row {
    /// Whether the answer is right; `None` if the reply is unparsable.
    pub fn right(&self) -> Option<bool> {
        self.answer.map(|answer| answer == self.gold)
    }
}
