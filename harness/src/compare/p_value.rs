//! The p-value of a pair by the test of its benchmark.

use eval_stats::StatsError;
use eval_stats::bootstrap::tie_tolerance;
use eval_stats::cells::Cells;
use eval_stats::choose::Test;
use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, mcnemar};
use eval_stats::metric::MetricOptions;
use eval_stats::permutation::{
    PermutationMethod, permutation_mean, permutation_metric, plus_one,
    studentised_permutation_metric,
};
use eval_stats::rng::Stream;
use eval_stats::ttest::paired_t;
use eval_stats::wilcoxon::{WilcoxonOptions, ZeroMethod, wilcoxon};

use super::benchmark::BenchmarkComparison;
use super::comparison::ComparedModel;

impl BenchmarkComparison<'_> {
    pub(super) fn p_value(
        &self,
        a: usize,
        b: usize,
        difference: f64,
        draws: &[f64],
        table: Option<PairedTable>,
        flips: Option<&[Vec<f64>]>,
    ) -> Result<f64, StatsError> {
        let two = Alternative::TwoSided;
        let stream = || {
            let names = [a, b].map(|m| self.field.models[m].name.as_str());
            self.stream.child("pair").child(names[0]).child(names[1])
        };
        Ok(match (self.test, table) {
            (Test::McnemarExact, Some(table)) => {
                mcnemar(&table, McnemarMethod::Exact, two)?.p_value
            }
            (Test::McnemarMidP | Test::CochranQ, Some(table)) => {
                mcnemar(&table, McnemarMethod::MidP, two)?.p_value
            }
            (Test::ApproximateRandomisation, _) => {
                let method =
                    PermutationMethod::Auto { resamples: self.options.resamples, stream: stream() };
                self.randomisation(a, b, &method)?
            }
            (Test::StudentisedPermutation, _) => {
                let (cells, options) = self.swapped(a, b)?;
                let metric = self.field.counts();
                studentised_permutation_metric(&cells, metric, options, two)?.p_value
            }
            (Test::ClusterSignFlip, _) if self.sums.is_some() => {
                self.sign_flip(a, b, flips, stream())?
            }
            (Test::PairedT | Test::WilcoxonExact | Test::WilcoxonPratt, _) => {
                self.of_differences(&self.example_differences(a, b), stream())?
            }
            _ => {
                // The bootstrap centred on the null hypothesis (Efron & Tibshirani 1993, section 16.4).
                let limit = difference.abs() - tie_tolerance(difference);
                plus_one(
                    draws.iter().filter(|d| (**d - difference).abs() >= limit).count(),
                    draws.len(),
                )
            }
        })
    }

    /// Cluster-level sign flips: by the common draws of all models where there are some, else of this pair alone.
    fn sign_flip(
        &self,
        a: usize,
        b: usize,
        flips: Option<&[Vec<f64>]>,
        stream: Stream,
    ) -> Result<f64, StatsError> {
        let (sums, _) = self.sums.as_ref().ok_or(StatsError::Request("no sums".to_owned()))?;
        let d: Vec<f64> = sums.iter().map(|row| row[a] - row[b]).collect();
        let Some(flips) = flips else { return self.flip_signs(&d, stream) };
        let observed: f64 = d.iter().sum::<f64>().abs();
        let tolerance = 1e-10 * d.iter().map(|v| v.abs()).sum::<f64>();
        let hits = flips.iter().filter(|z| (z[a] - z[b]).abs() >= observed - tolerance).count();
        Ok(flipped_p(hits, flips.len(), observed, &d))
    }

    fn flip_signs(&self, d: &[f64], stream: Stream) -> Result<f64, StatsError> {
        let method = PermutationMethod::Auto { resamples: self.options.resamples, stream };
        Ok(permutation_mean(d, &method, Alternative::TwoSided)?.p_value)
    }

    /// A t or Wilcoxon test of the differences by example.
    fn of_differences(&self, d: &[f64], stream: Stream) -> Result<f64, StatsError> {
        let zero_method = match self.test {
            // Differences that are all the same have no spread: then signs are flipped.
            Test::PairedT => {
                return match paired_t(d, Alternative::TwoSided, self.options.confidence) {
                    Ok(found) => Ok(found.p_value),
                    Err(StatsError::Degenerate { .. }) => self.flip_signs(d, stream),
                    Err(error) => Err(error),
                };
            }
            Test::WilcoxonPratt => ZeroMethod::Pratt,
            _ => ZeroMethod::Wilcox,
        };
        let options = WilcoxonOptions { zero_method, ..WilcoxonOptions::default() };
        Ok(wilcoxon(d, &options)?.p_value)
    }

    /// Mean score over seeds and variants of each example, A - B.
    fn example_differences(&self, a: usize, b: usize) -> Vec<f64> {
        let scores = |model: &ComparedModel| model.example_scores(&self.field.parts);
        let (a, b) = (scores(&self.field.models[a]), scores(&self.field.models[b]));
        a.iter().zip(&b).map(|(x, y)| x - y).collect()
    }

    fn randomisation(
        &self,
        a: usize,
        b: usize,
        method: &PermutationMethod,
    ) -> Result<f64, StatsError> {
        let (cells, options) = self.swapped(a, b)?;
        let metric = self.field.counts();
        Ok(permutation_metric(&cells, metric, options, method, Alternative::TwoSided)?.p_value)
    }

    /// The answers of two models to the same examples, as cells.
    fn swapped(&self, a: usize, b: usize) -> Result<(Cells, MetricOptions), StatsError> {
        let part = &self.field.parts[0];
        let metric = self.field.counts();
        let binary = metric.of_one_class();
        // No answer is a class of its own that is never gold: it scales a macro mean by a constant, and p stays.
        let code = |label: Option<u32>| match (binary, label) {
            (true, label) => u16::from(label == Some(part.positive)),
            (false, label) => label.map_or(part.classes as u16, |l| l as u16),
        };
        let gold: Vec<u16> = part.gold.iter().map(|g| code(Some(*g))).collect();
        let [first, second] = [a, b].map(|m| {
            self.field.models[m].answers[0][0]
                .iter()
                .map(|answer| code(answer.label()))
                .collect::<Vec<u16>>()
        });
        let classes = if binary { 2 } else { part.classes + 1 };
        Ok((Cells::collapse(&gold, &[&first, &second], classes)?, MetricOptions::default()))
    }
}

/// `(1 + hits) / (R + 1)`; without a hit no more than Hoeffding's bound `2 exp(-t^2 / (2 sum d^2))` of the exact p (1963,
/// theorem 2), so that strong differences survive the correction over many pairs. Still valid: below 1 / (R + 1) the
/// answer is never smaller than the exact p, above it is the usual one.
fn flipped_p(hits: usize, resamples: usize, observed: f64, d: &[f64]) -> f64 {
    let p = plus_one(hits, resamples);
    let squares: f64 = d.iter().map(|v| v * v).sum();
    if hits > 0 || squares <= 0.0 {
        return p;
    }
    p.min((2.0 * (-observed * observed / (2.0 * squares)).exp()).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::flipped_p;

    /// 40 differences of 1, all of one sign: t = 40, sum d^2 = 40, so the bound is 2 exp(-40^2 / (2 * 40)) = 2 exp(-20), and the
    /// exact p is 2 / 2^40.
    #[test]
    fn without_a_hit_p_is_hoeffdings_bound_and_not_below_the_exact_p() {
        let d = [1.0; 40];
        let p = flipped_p(0, 10_000, 40.0, &d);
        assert!((p / (2.0 * (-20.0_f64).exp()) - 1.0).abs() < 1e-12, "{p}");
        assert!(p >= 2.0 / 2.0_f64.powi(40), "{p} is below the exact p");
        assert!((flipped_p(3, 999, 40.0, &d) - 0.004).abs() < 1e-15);
        assert!((flipped_p(0, 99, 0.1, &d) - 0.01).abs() < 1e-15, "a weak bound changes nothing");
    }
}
