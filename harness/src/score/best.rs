//! The answer that scores or log-likelihoods give: the highest one, ties to the smallest index.

use super::error::same_length;
use super::{Answer, ScoreError};

/// The label with the highest score, ties to the smallest index. [`Answer::Missing`] where a score is NaN, there is
/// none, or all are minus infinity: such a row says nothing.
pub fn best(scores: &[f32]) -> Answer {
    best_of(scores.iter().map(|s| f64::from(*s)))
}

/// The same of double precision.
pub fn best_f64(scores: &[f64]) -> Answer {
    best_of(scores.iter().copied())
}

fn best_of(scores: impl Iterator<Item = f64>) -> Answer {
    let mut best: Option<(u32, f64)> = None;
    for (label, score) in (0_u32..).zip(scores) {
        if score.is_nan() {
            return Answer::Missing;
        }
        if best.is_none_or(|(_, top)| score > top) {
            best = Some((label, score));
        }
    }
    match best {
        Some((label, score)) if score > f64::NEG_INFINITY => Answer::Label(label),
        _ => Answer::Missing,
    }
}

/// Answers of `classify`: `scores` is row-major, examples x `classes`.
pub fn classify(scores: &[f32], classes: usize) -> Result<Vec<Answer>, ScoreError> {
    rows(scores.len(), classes).map(|_| scores.chunks_exact(classes).map(best).collect())
}

fn rows(values: usize, classes: usize) -> Result<usize, ScoreError> {
    if classes > 0 && values.is_multiple_of(classes) {
        return Ok(values / classes);
    }
    Err(ScoreError::OutOfRange {
        argument: "scores",
        got: format!("{values} values"),
        allowed: format!("{classes} scores (one per label) for every example"),
    })
}

/// Answers from the log-likelihoods of the options, in two variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeliest {
    /// Highest sum of log-probabilities: the primary variant.
    pub sum: Vec<Answer>,
    /// Highest mean per unit of length: does not favour short options. `None` where no lengths are given.
    pub per_unit: Option<Vec<Answer>>,
}

/// The likeliest option of each example. `sums`: log-likelihoods in nats, row-major, examples x `classes`; `lengths`: the
/// options' lengths in one unit (tokens, else bytes), same shape. Ties go to the smallest index; a NaN, or an option of
/// length 0 in the per-unit variant, makes the answer missing.
pub fn likeliest(
    sums: &[f64],
    lengths: Option<&[f64]>,
    classes: usize,
) -> Result<Likeliest, ScoreError> {
    rows(sums.len(), classes)?;
    let sum = sums.chunks_exact(classes).map(|row| best_of(row.iter().copied())).collect();
    let per_unit = match lengths {
        None => None,
        Some(lengths) => {
            same_length("log-likelihoods", sums.len(), "lengths", lengths.len())?;
            let mean =
                |(sum, length): (&f64, &f64)| if *length > 0.0 { sum / length } else { f64::NAN };
            let pairs = sums.chunks_exact(classes).zip(lengths.chunks_exact(classes));
            Some(pairs.map(|(s, l)| best_of(s.iter().zip(l).map(mean))).collect())
        }
    };
    Ok(Likeliest { sum, per_unit })
}

/// Class indices from the best score to the worst, ties by the smallest index; a NaN ranks last.
pub fn ranking(scores: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    let key =
        |c: u32| Some(scores[c as usize]).filter(|s| !s.is_nan()).unwrap_or(f32::NEG_INFINITY);
    order.sort_by(|&a, &b| {
        key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classify_breaks_ties_to_the_smallest_index() {
        let answers =
            classify(&[0.5, 0.5, 0.1, 0.2, f32::NAN, 0.9, f32::NEG_INFINITY, f32::NEG_INFINITY], 2);
        let missing = Answer::Missing;
        assert_eq!(answers.unwrap(), [Answer::Label(0), Answer::Label(1), missing, missing]);
        assert!(classify(&[1.0; 5], 2).unwrap_err().to_string().contains("5 values"));
        assert!(classify(&[], 0).is_err());
    }

    #[test]
    fn likelihood_has_two_variants() {
        let got = likeliest(&[-2.0, -3.0, f64::NAN, -1.0], Some(&[1.0, 2.0, 1.0, 1.0]), 2).unwrap();
        assert_eq!(got.sum, [Answer::Label(0), Answer::Missing]);
        assert_eq!(got.per_unit.unwrap(), [Answer::Label(1), Answer::Missing]);
        assert_eq!(
            likeliest(&[-1.0], Some(&[0.0]), 1).unwrap().per_unit.unwrap(),
            [Answer::Missing]
        );
    }
}
