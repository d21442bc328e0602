//! Does a model's confidence tell how often it is right? Equal-width bins and their expected calibration error
//! (Naeini, Cooper & Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", eq. 3;
//! Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3): the mean distance of confidence and accuracy,
//! weighted by answers.

use serde::{Deserialize, Serialize};

use super::ScoreError;
use super::resample::CONFIDENCE;
use eval_stats::interval::wilson;

/// A calibration curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Equal in width, from 0 to 1; empty ones too.
    pub bins: Vec<Bin>,
    /// Expected calibration error, a fraction.
    pub ece: f64,
    /// Answers that carry a confidence.
    pub n: u64,
}

/// Answers of about the same confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Confidences above this (the first bin: from this on) …
    pub low: f64,
    /// … up to this.
    pub high: f64,
    /// Mean confidence; 0 where there is no answer.
    pub confidence: f64,
    /// Share that is right; 0 where there is no answer.
    pub accuracy: f64,
    /// Wilson's interval of the share, examples taken as independent; none where there is no answer.
    pub interval: Option<(f64, f64)>,
    /// Answers.
    pub n: u64,
}

/// The curve of answers with their confidences (probability given to the answer, 0 to 1) and whether each is right.
pub fn calibration(
    confidence: &[f64],
    right: &[bool],
    bins: usize,
) -> Result<Calibration, ScoreError> {
    super::error::same_length("confidence", confidence.len(), "right", right.len())?;
    if bins == 0 {
        return Err(ScoreError::OutOfRange {
            argument: "bins",
            got: "0".to_owned(),
            allowed: "at least 1".to_owned(),
        });
    }
    let mut sums = vec![(0u64, 0u64, 0.0); bins];
    for (row, (c, right)) in confidence.iter().zip(right).enumerate() {
        if !(0.0..=1.0).contains(c) {
            return Err(ScoreError::OutOfRange {
                argument: "confidence",
                got: format!("{c} in row {row}"),
                allowed: "probabilities from 0 to 1".to_owned(),
            });
        }
        let place = ((c * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        let (n, hits, sum) = &mut sums[place];
        *n += 1;
        *hits += u64::from(*right);
        *sum += c;
    }
    let total = confidence.len() as u64;
    let mut ece = 0.0;
    let mut made = Vec::with_capacity(bins);
    for (i, (n, hits, sum)) in sums.into_iter().enumerate() {
        let (low, high) = (i as f64 / bins as f64, (i + 1) as f64 / bins as f64);
        let mut bin = Bin { low, high, confidence: 0.0, accuracy: 0.0, interval: None, n };
        if n > 0 {
            bin.confidence = sum / n as f64;
            bin.accuracy = hits as f64 / n as f64;
            let range = wilson(hits, n, CONFIDENCE)?;
            bin.interval = Some((range.low, range.high));
            ece += n as f64 / total as f64 * (bin.accuracy - bin.confidence).abs();
        }
        made.push(bin);
    }
    Ok(Calibration { bins: made, ece, n: total })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: bins (0, .5] and (.5, 1]; |1/2 - .35| * 2/5 + |2/3 - .8| * 3/5 = .06 + .08.
    #[test]
    fn the_error_is_the_weighted_distance() {
        let found =
            calibration(&[0.2, 0.5, 0.7, 0.8, 0.9], &[false, true, true, true, false], 2).unwrap();
        assert!((found.ece - 0.14).abs() < 1e-12, "{found:?}");
        assert_eq!(found.bins.iter().map(|b| b.n).collect::<Vec<_>>(), [2, 3]);
        assert!((found.bins[1].confidence - 0.8).abs() < 1e-12);
        let (low, high) = found.bins[1].interval.unwrap();
        assert!(low < 2.0 / 3.0 && 2.0 / 3.0 < high);
    }

    #[test]
    fn the_ends_belong_to_a_bin_and_empty_bins_stay() {
        let found = calibration(&[0.0, 1.0], &[false, true], 10).unwrap();
        assert_eq!((found.bins[0].n, found.bins[9].n, found.n), (1, 1, 2));
        assert!(found.ece.abs() < 1e-12);
        assert_eq!(found.bins[4].interval, None);
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        let error = calibration(&[0.5, 1.5], &[true, true], 5).unwrap_err().to_string();
        assert!(error.contains("1.5 in row 1"), "{error}");
        assert!(calibration(&[0.5, f64::NAN], &[true, true], 5).is_err());
        assert!(calibration(&[0.5], &[true, true], 5).is_err());
        assert!(calibration(&[0.5], &[true], 0).is_err());
    }
}
