//! The facts of a score: name, unit, range, the best value, and the score of guessing.

use eval_stats::Direction;

/// The unit of the values that a score's functions return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A fraction, printed as such by its authors (.42).
    Fraction,
    /// A fraction that its authors print in percent (42): multiply by 100 where you compare with their tables.
    Percent,
    /// Information, base 2.
    Bits,
    /// Information, base e.
    Nats,
    /// The distance on the Inglehart-Welzel map whose axes are the rescaled factor scores.
    MapUnits,
    /// A plain number: an answer on a scale, a difference of places.
    Number,
}

/// Which value of a score is the best one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Best {
    /// The highest value of the range.
    Highest,
    /// The lowest value of the range.
    Lowest,
    /// This value: a bias score is best at 0, a preference between two groups at one half. Never show it without the
    /// accuracy beside it: a model that knows nothing may have it, too.
    Nearest(f64),
}

/// What a uniform guess scores on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chance {
    /// This value, whatever the items are.
    Value(f64),
    /// 1 divided by the number of options of the item.
    OneOverOptions,
    /// It depends on the data; `reference` computes it.
    OfData,
    /// Guessing is not possible: the answer is free text or a number.
    None,
}

/// Everything about a score but its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// The name in definitions and tables.
    pub name: &'static str,
    /// Unit of the values.
    pub unit: Unit,
    /// The lowest and the highest possible value.
    pub range: (f64, f64),
    /// Which value is the best one.
    pub best: Best,
    /// What a uniform guess scores.
    pub chance: Chance,
    /// Paper or code that defines it.
    pub source: &'static str,
}

impl Facts {
    /// Which end is the better one. `None` where a value in between is; then compare [`Facts::cost`].
    pub const fn direction(&self) -> Option<Direction> {
        match self.best {
            Best::Highest => Some(Direction::HigherIsBetter),
            Best::Lowest => Some(Direction::LowerIsBetter),
            Best::Nearest(_) => None,
        }
    }

    /// How far a value is from the best one, in the score's unit, at least 0: the lower the better, for every score.
    ///
    /// ```
    /// use culture_scores::bias::BBQ_BIAS_AMBIGUOUS;
    /// assert_eq!(BBQ_BIAS_AMBIGUOUS.facts.cost(-0.2), 0.2);
    /// ```
    pub const fn cost(&self, value: f64) -> f64 {
        match self.best {
            Best::Highest => self.range.1 - value,
            Best::Lowest => value - self.range.0,
            Best::Nearest(best) => (value - best).abs(),
        }
    }

    /// The value as its authors print it: 100 times a fraction where they print percent.
    pub fn printed(&self, value: f64) -> f64 {
        if self.unit == Unit::Percent { 100.0 * value } else { value }
    }
}

/// The share of right answers among options of an item's own (COPAL-ID, FORK, SeeGULL's labels, BLEnD's multiple-choice
/// questions): the mean over items of 1 or 0. An unparsable reply is wrong.
pub const ACCURACY: Facts = Facts {
    name: "accuracy",
    unit: Unit::Percent,
    range: (0.0, 1.0),
    best: Best::Highest,
    chance: Chance::OneOverOptions,
    source: "lm-evaluation-harness, `copal_id`; Palta & Rudinger 2023, Findings of ACL (FORK)",
};
