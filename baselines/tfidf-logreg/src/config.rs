//! The `[config]` table of the model.

use plugin_api::Error;
use serde::{Deserialize, Serialize};

/// Every field has a default; an unknown one is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Lengths of word n-grams, `[shortest, longest]`; `[]`: none.
    pub words: Vec<usize>,
    /// Lengths of character n-grams within blank-separated words (scikit-learn's `char_wb`), `[shortest, longest]`; `[]`: none.
    pub chars: Vec<usize>,
    /// One feature a culture.
    pub culture: bool,
    /// One feature for each pair of a culture and a single word.
    pub crosses: bool,
    /// Length of the block of word n-grams; every block is a vector of this length, before idf the same for every text.
    pub word_weight: f32,
    /// The same for character n-grams.
    pub char_weight: f32,
    /// The same for the pairs of culture and word.
    pub cross_weight: f32,
    /// An n-gram of fewer training texts is left out.
    pub min_df: u32,
    /// At most so many n-grams a block: those of most training texts.
    pub max_features: usize,
    /// At most so many weights in all: with many labels, fewer n-grams. Bounds the memory of the optimiser (about 120 bytes a weight).
    pub max_weights: usize,
    /// Inverse strengths of the penalty to choose from (scikit-learn's `C`), on the validation set by macro-F1; ties: the smaller.
    pub c: Vec<f64>,
    /// Weigh every training example by the inverse frequency of its label.
    pub balanced: bool,
    /// Fit once more on train and valid with the chosen `c`.
    pub refit: bool,
    /// Iterations of the optimiser for one value of `c`.
    pub max_iterations: usize,
    /// The optimiser stops where no partial derivative of the mean loss is larger.
    pub tolerance: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            words: vec![1, 2],
            chars: vec![2, 5],
            culture: true,
            crosses: true,
            word_weight: 0.3,
            char_weight: 1.0,
            cross_weight: 0.5,
            min_df: 2,
            max_features: 200_000,
            max_weights: 4_000_000,
            c: vec![0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0],
            balanced: true,
            refit: true,
            max_iterations: 200,
            tolerance: 1e-5,
        }
    }
}

impl Config {
    /// Reads and checks the JSON; `c` is sorted.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let mut config: Self =
            serde_json::from_str(json).map_err(|e| Error::config(format!("config: {e}")))?;
        for (field, range) in [("words", &config.words), ("chars", &config.chars)] {
            if !range.is_empty()
                && !matches!(range[..], [low, high] if 1 <= low && low <= high && high <= 10)
            {
                return Err(Error::config(format!(
                    "config: {field} = {range:?}; give [shortest, longest] between 1 and 10, or [] for none"
                )));
            }
        }
        if config.c.is_empty() || !config.c.iter().all(|c| c.is_finite() && *c > 0.0) {
            return Err(Error::config(format!(
                "config: c = {:?}; give one or more positive numbers",
                config.c
            )));
        }
        config.c.sort_by(f64::total_cmp);
        config.c.dedup();
        for (field, weight) in [
            ("word_weight", config.word_weight),
            ("char_weight", config.char_weight),
            ("cross_weight", config.cross_weight),
            ("tolerance", config.tolerance as f32),
        ] {
            if !(weight.is_finite() && weight > 0.0) {
                return Err(Error::config(format!(
                    "config: {field} = {weight}; give a positive number"
                )));
            }
        }
        for (field, number) in [
            ("min_df", config.min_df as usize),
            ("max_features", config.max_features),
            ("max_weights", config.max_weights),
            ("max_iterations", config.max_iterations),
        ] {
            if number == 0 {
                return Err(Error::config(format!("config: {field} = 0; give 1 or more")));
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        let check = |json: &str, parts: &[&str]| {
            let error = Config::parse(json).unwrap_err();
            for part in parts {
                assert!(error.message.contains(part), "{part:?} not in {:?}", error.message);
            }
        };
        check(r#"{"word":[1,2]}"#, &["`word`", "`words`", "`max_iterations`"]);
        check(r#"{"chars":[5,2]}"#, &["chars = [5, 2]", "[shortest, longest]"]);
        check(r#"{"c":[1.0,-1.0]}"#, &["c = [1.0, -1.0]", "positive"]);
        check(r#"{"min_df":0}"#, &["min_df = 0", "1 or more"]);
        check(r#"{"word_weight":0}"#, &["word_weight = 0", "positive"]);
        let sorted = Config::parse(r#"{"c":[10,1,10]}"#).unwrap();
        assert_eq!(sorted, Config { c: vec![1.0, 10.0], ..Config::default() });
    }
}
