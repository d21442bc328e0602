//! Options of the examples of a batch, and their scores.

/// The options of each example of a batch, in the order in which they are shown. Which one is right, and what role an option has,
/// never crosses the boundary.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The options of all examples, one after the other.
    pub texts: Vec<&'a str>,
    /// Of each example, the place behind its last option.
    pub ends: &'a [usize],
}

impl<'a> Options<'a> {
    /// The options of one example.
    pub fn of(&self, example: usize) -> &[&'a str] {
        &self.texts[range(self.ends, example)]
    }
}

/// One score for each option of each example of a batch.
#[derive(Debug)]
pub struct OptionScores<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) ends: &'a [usize],
    pub(crate) answered: &'a mut [u8],
}

impl OptionScores<'_> {
    /// The scores of one example, one an option: higher wins (probabilities, logits or log-likelihoods).
    pub fn row(&mut self, example: usize) -> &mut [f32] {
        &mut self.values[range(self.ends, example)]
    }

    /// Says that there is no answer to this example; it is counted as missing.
    pub fn no_answer(&mut self, example: usize) {
        self.answered[example] = 0;
    }
}

fn range(ends: &[usize], example: usize) -> std::ops::Range<usize> {
    let start = if example == 0 { 0 } else { ends[example - 1] };
    start..ends[example]
}
