//! Corrections for many tests, by name.

use eval_stats::{StatsError, correction};

use super::result::Correction;

impl Correction {
    /// Name in prose and signatures.
    pub fn title(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Hommel => "hommel",
            Self::Bonferroni => "bonferroni",
            Self::Sidak => "sidak",
            Self::Bh => "bh",
            Self::By => "by",
            Self::None => "none",
        }
    }

    /// Whose correction it is, in prose; empty for none.
    pub fn of_whom(self) -> &'static str {
        match self {
            Self::Holm => "Holm's",
            Self::Hochberg => "Hochberg's",
            Self::Hommel => "Hommel's",
            Self::Bonferroni => "Bonferroni's",
            Self::Sidak => "Šidák's",
            Self::Bh => "Benjamini and Hochberg's",
            Self::By => "Benjamini and Yekutieli's",
            Self::None => "",
        }
    }

    /// The level that the smallest of `family` p-values must reach: that of the first step.
    pub(super) fn first_step(self, alpha: f64, family: usize) -> f64 {
        let m = family.max(1) as f64;
        match self {
            Self::None => alpha,
            Self::Sidak => -((-alpha).ln_1p() / m).exp_m1(),
            Self::By => alpha / (m * (1..=family.max(1)).map(|i| 1.0 / i as f64).sum::<f64>()),
            Self::Holm | Self::Hochberg | Self::Hommel | Self::Bonferroni | Self::Bh => alpha / m,
        }
    }

    pub(super) fn adjust(self, p: &[f64]) -> Result<Vec<f64>, StatsError> {
        if p.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Holm => correction::holm(p),
            Self::Hochberg => correction::hochberg(p),
            Self::Hommel => correction::hommel(p),
            Self::Bonferroni => correction::bonferroni(p),
            Self::Sidak => correction::sidak(p),
            Self::Bh => correction::benjamini_hochberg(p),
            Self::By => correction::benjamini_yekutieli(p),
            Self::None => Ok(p.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    /// A p at the first step is significant beside others that are not, and one a little larger is not.
    #[test]
    fn the_first_step_is_where_the_smallest_p_becomes_significant() {
        for correction in Correction::value_variants() {
            for family in [1_usize, 3, 15, 55] {
                let level = correction.first_step(0.05, family);
                let smallest = |p: f64| {
                    let mut all = vec![0.99; family];
                    all[0] = p;
                    correction.adjust(&all).unwrap()[0]
                };
                let name = correction.title();
                assert!(smallest(level * 0.999) <= 0.05, "{name} {family}");
                assert!(smallest(level * 1.001) > 0.05, "{name} {family}");
            }
        }
    }

    #[test]
    fn every_correction_is_printed_with_the_names_of_its_authors() {
        for correction in Correction::value_variants() {
            let whose = correction.of_whom();
            if *correction == Correction::None {
                assert_eq!(whose, "");
                continue;
            }
            let names = whose.strip_suffix("'s").unwrap_or_else(|| panic!("{whose}"));
            for name in names.split(" and ") {
                assert!(name.starts_with(char::is_uppercase), "{name} in {whose}");
            }
        }
    }
}
