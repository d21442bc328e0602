//! From answers to a position.

use serde::{Deserialize, Serialize};

use super::place::Position;
use crate::error::{Result, ScoreError, same_length};

/// The constants of the map, in the form of the authors' `iw_projection_final.json`. Other keys of the file are ignored.
///
/// `z = (answer - center) / scale`; `s = z . weights`; x = `rc1[0] s[se - 1] + rc1[1]`, y = `rc2[0] s[sec - 1] + rc2[1]`.
///
/// ```
/// use culture_scores::map::Projection;
/// let map: Projection = serde_json::from_str(
///     r#"{"items": ["a", "b"], "center": [1, 2], "scale": [1, 2], "weights": [[1, 0], [0, 1]], "se": 1, "sec": 2,
///         "rc1": [2, 0.5], "rc2": [1, 0]}"#,
/// ).unwrap();
/// let place = map.position(&[("b", 4.0), ("a", 2.0)])?;
/// assert_eq!((place.x, place.y), (2.5, 1.0));
/// # Ok::<(), culture_scores::ScoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Names of the items, in the order of the other lists.
    pub items: Vec<String>,
    /// Mean answer of each item in the survey.
    pub center: Vec<f64>,
    /// Standard deviation of each item in the survey.
    pub scale: Vec<f64>,
    /// Weights of each item for the two scores.
    pub weights: Vec<[f64; 2]>,
    /// Which score is the horizontal one (self-expression), 1 or 2.
    pub se: usize,
    /// Which score is the vertical one (secular-rational), 1 or 2.
    pub sec: usize,
    /// Factor and shift of the horizontal axis.
    pub rc1: [f64; 2],
    /// Factor and shift of the vertical axis.
    pub rc2: [f64; 2],
}

impl Projection {
    /// Refuses lists of different lengths, a scale of 0 and scores that are not there.
    ///
    /// # Errors
    /// The first of these.
    pub fn check(&self) -> Result<()> {
        same_length("items", self.items.len(), "center", self.center.len())?;
        same_length("items", self.items.len(), "scale", self.scale.len())?;
        same_length("items", self.items.len(), "weights", self.weights.len())?;
        let usable = |scale: &f64| scale.is_finite() && *scale > 0.0;
        if let Some(index) = self.scale.iter().position(|scale| !usable(scale)) {
            let value = self.scale[index];
            return Err(ScoreError::Value {
                what: "scale",
                index,
                value,
                allowed: "a number above 0",
            });
        }
        for (index, score) in [self.se, self.sec].into_iter().enumerate() {
            if !(1..=2).contains(&score) {
                return Err(ScoreError::Value {
                    what: "se, sec",
                    index,
                    value: score as f64,
                    allowed: "1 or 2",
                });
            }
        }
        Ok(())
    }

    /// The position of a respondent: every item with its answer, in any order. Nothing is imputed.
    ///
    /// # Errors
    /// An item that is unknown, missing or answered twice; an answer that is not finite; see [`Self::check`].
    pub fn position<N: AsRef<str>>(&self, answers: &[(N, f64)]) -> Result<Position> {
        self.check()?;
        let mut in_order = vec![None; self.items.len()];
        for (name, answer) in answers {
            let name = name.as_ref();
            let symbol =
                |problem| ScoreError::Symbol { what: "item", symbol: name.to_owned(), problem };
            let at = self.items.iter().position(|item| item == name);
            let at = at.ok_or_else(|| symbol("is not an item of the map: leave it out"))?;
            if in_order[at].replace(*answer).is_some() {
                return Err(symbol("is answered twice by one respondent: give one answer"));
            }
        }
        let answers: Vec<f64> = (self.items.iter().zip(in_order))
            .map(|(item, answer)| {
                answer.ok_or_else(|| ScoreError::Symbol {
                    what: "item",
                    symbol: item.clone(),
                    problem: "has no answer: a place on the map needs all of them, leave this respondent out",
                })
            })
            .collect::<Result<_>>()?;
        self.place(&answers)
    }

    /// The position of answers in the order of [`Self::items`], already checked.
    fn place(&self, answers: &[f64]) -> Result<Position> {
        let mut scores = [0.0; 2];
        for (index, &answer) in answers.iter().enumerate() {
            if !answer.is_finite() {
                return Err(ScoreError::Value {
                    what: "answers",
                    index,
                    value: answer,
                    allowed: "a finite number",
                });
            }
            let z = (answer - self.center[index]) / self.scale[index];
            for (score, weight) in scores.iter_mut().zip(self.weights[index]) {
                *score += z * weight;
            }
        }
        Ok(Position {
            x: self.rc1[0] * scores[self.se - 1] + self.rc1[1],
            y: self.rc2[0] * scores[self.sec - 1] + self.rc2[1],
        })
    }
}
