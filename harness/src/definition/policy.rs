//! A policy: what a new model must not lose against an older one, for `culture-eval gate`.

use serde::Deserialize;

/// A policy, as its TOML file has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The model that is judged.
    pub candidate: Option<String>,
    /// The model that it is compared with.
    pub baseline: Option<String>,
    /// Level of the tests.
    #[serde(default = "five_percent")]
    pub alpha: f64,
    /// Judge by SAMPLE data too: to try a policy, never to release a model.
    #[serde(default)]
    pub allow_sample: bool,
    /// What is required.
    pub require: Vec<Requirement>,
}

/// What is required on one benchmark: one of `largest_drop`, `largest_drop_percent` and `equivalent_within`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The benchmark.
    pub benchmark: String,
    /// Only by this protocol, where models were run by several.
    pub protocol: Option<String>,
    /// The candidate may be worse by less than this, in points (hundredths of the score).
    pub largest_drop: Option<f64>,
    /// The same in percent of the baseline's score.
    pub largest_drop_percent: Option<f64>,
    /// The two may differ by less than this either way, in points.
    pub equivalent_within: Option<f64>,
    /// Cultures on each of which it must hold too, by their tags.
    #[serde(default)]
    pub cultures: Vec<String>,
    /// On these the margin may be another one, in points: a culture has fewer examples than the benchmark.
    pub culture_drop: Option<f64>,
}

/// What a requirement allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// A loss below this fraction of the range.
    Drop(f64),
    /// A loss below this share of the baseline's score.
    Share(f64),
    /// A difference below this fraction, either way.
    Within(f64),
}

fn five_percent() -> f64 {
    0.05
}

impl Policy {
    /// Reads a policy; `name` is its file's, for messages.
    ///
    /// # Errors
    /// What is wrong with it, with the requirement.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let policy: Self = toml::from_str(text).map_err(|e| format!("{name}: {e}"))?;
        if !(policy.alpha > 0.0 && policy.alpha < 0.5) {
            return Err(format!(
                "{name}: `alpha` is {}: give a number above 0 and below .5",
                policy.alpha
            ));
        }
        if policy.require.is_empty() {
            return Err(format!("{name}: nothing is required: add a [[require]]"));
        }
        for requirement in &policy.require {
            requirement.rule().map_err(|problem| {
                format!("{name}: [[require]] of `{}`: {problem}", requirement.benchmark)
            })?;
        }
        Ok(policy)
    }
}

impl Requirement {
    /// What it allows on the whole benchmark.
    ///
    /// # Errors
    /// None or several of the three fields are given, or a margin is not a margin.
    pub fn rule(&self) -> Result<Rule, String> {
        let margin = |name: &str, given: f64| {
            if given > 0.0 && given < 100.0 {
                Ok(given / 100.0)
            } else {
                Err(format!(
                    "`{name}` is {given}: give a number above 0 and below 100 (no data can show that nothing at all was lost)"
                ))
            }
        };
        if let Some(drop) = self.culture_drop {
            margin("culture_drop", drop)?;
            if self.cultures.is_empty() {
                return Err("`culture_drop` without `cultures`: name the cultures".to_owned());
            }
        }
        match (self.largest_drop, self.largest_drop_percent, self.equivalent_within) {
            (Some(points), None, None) => Ok(Rule::Drop(margin("largest_drop", points)?)),
            (None, Some(share), None) => Ok(Rule::Share(margin("largest_drop_percent", share)?)),
            (None, None, Some(points)) => Ok(Rule::Within(margin("equivalent_within", points)?)),
            _ => Err("give one of `largest_drop`, `largest_drop_percent` and `equivalent_within`"
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_policy_is_said() {
        for (text, says) in [
            ("require = []", "nothing is required"),
            ("[[require]]\nbenchmark = \"x\"", "[[require]] of `x`: give one of `largest_drop`"),
            (
                "[[require]]\nbenchmark = \"x\"\nlargest_drop = 1\nequivalent_within = 1",
                "give one of",
            ),
            (
                "[[require]]\nbenchmark = \"x\"\nlargest_drop = 0",
                "`largest_drop` is 0: give a number above 0",
            ),
            ("alpha = 1.5\n[[require]]\nbenchmark = \"x\"\nlargest_drop = 1", "`alpha` is 1.5"),
            (
                "[[require]]\nbenchmark = \"x\"\nlargest_drop = 1\nculture_drop = 2",
                "name the cultures",
            ),
            ("[[require]]\nbenchmark = \"x\"\nmargin = 1", "unknown field `margin`"),
        ] {
            let error = Policy::parse("p.toml", text).unwrap_err();
            assert!(error.contains(says) && error.starts_with("p.toml: "), "{error}");
        }
    }

    #[test]
    fn margins_are_points_and_shares() {
        let rule = |line: &str| {
            let text = format!("[[require]]\nbenchmark = \"x\"\n{line} = 2");
            Policy::parse("p.toml", &text).unwrap().require[0].rule().unwrap()
        };
        assert_eq!(rule("largest_drop"), Rule::Drop(0.02));
        assert_eq!(rule("largest_drop_percent"), Rule::Share(0.02));
        assert_eq!(rule("equivalent_within"), Rule::Within(0.02));
    }
}
