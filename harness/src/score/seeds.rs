//! Several seeds: scores are means over them, and their intervals count training runs as drawn.

use eval_stats::StatsError;
use eval_stats::annotators::Distance;
use eval_stats::components::{Source, Uncertainty};
use eval_stats::descriptive::variance;

use super::figures::{Evaluation, Score, Subset};
use super::resample::{Bounds, CONFIDENCE, SHARE, multiplier};
use crate::definition::dataset::Metric;

/// Takes the spread over seeds into the intervals of `all`, the evaluation of all seeds together; `each` are those of the seeds
/// one by one, of which only the values are used.
///
/// The distance of an end from the value, over its multiplier, is the standard error over the examples (G - 1 degrees of
/// freedom); the variance of the K seeds' values over K is added (K - 1), and the end lies Student's t of the sum away
/// ([`Uncertainty`], Satterthwaite 1946). What the seeds owe to the examples is in both, which errs on the wide side: less and
/// less with more seeds.
///
/// # Errors
/// Scores whose intervals cannot be widened: no value is NaN here, so there are none in practice.
pub fn over_seeds(mut all: Evaluation, each: &[Evaluation]) -> Result<Evaluation, StatsError> {
    let seeds = each.len() as f64;
    if each.len() < 2 {
        return Ok(all);
    }
    for score in &mut all.scores {
        let same = |e: &Evaluation| e.alike(score).map(|s| s.value);
        let Some(values) = each.iter().map(same).collect::<Option<Vec<f64>>>() else { continue };
        let between = Source::alone(variance(&values) / seeds, seeds - 1.0);
        let few = multiplier(score.clusters)?;
        let clusters = score.clusters.max(2) as f64;
        let widened = |distance: f64| {
            let examples = Source::alone((distance / few).powi(2), clusters - 1.0);
            if between.variance == 0.0 {
                return Ok(distance);
            }
            Uncertainty::of(&[examples, between])?.half_width(CONFIDENCE)
        };
        let (lowest, highest) = bounds(score);
        let (low, high) = (widened(score.value - score.low)?, widened(score.high - score.value)?);
        score.low = (score.value - low).max(lowest.min(score.value));
        score.high = (score.value + high).min(highest.max(score.value));
        score.method = format!("{} + {} seeds", score.method, each.len());
    }
    Ok(all)
}

/// Where a figure can lie.
fn bounds(score: &Score) -> Bounds {
    let metric = Metric::ALL.iter().find(|m| m.name() == score.metric);
    let distance = Distance::parse(&score.metric).map(Distance::range);
    let (lowest, highest) = metric.map(|m| m.range()).or(distance).unwrap_or(SHARE);
    match score.subset {
        Subset::CultureGap { .. } => (0.0, highest - lowest),
        _ => (lowest, highest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(value: f64, (low, high): (f64, f64), metric: &str) -> Evaluation {
        let score = Score {
            metric: metric.to_owned(),
            subset: Subset::All,
            value,
            low,
            high,
            method: "bootstrap-percentile".to_owned(),
            n: 101,
            variants: 1,
            answered: 101,
            unparsable: 0,
            missing: 0,
            clusters: 101,
            majority: None,
            gap: None,
            among: None,
        };
        Evaluation {
            scores: vec![score],
            refused: Vec::new(),
            metric: metric.to_owned(),
            mean_over_cultures: false,
        }
    }

    /// Variance of the examples (.1 / 1.96)^2 = .0026032 with 100 degrees of freedom, of the seeds .0004 / 3 with 2. Taken 102/100
    /// and 4/2 times for the degrees of freedom of the sum: (.0029220)^2 / (.0026553^2 / 100 + .0002667^2 / 2) = 80.5;
    /// t(.975, 80.5) = 1.9899, sqrt(.0027366) = .052312.
    #[test]
    fn an_interval_counts_the_seeds() {
        let all = evaluation(0.7, (0.6, 0.8), "macro-f1");
        let each = [0.68, 0.70, 0.72].map(|v| evaluation(v, (0.0, 1.0), "macro-f1"));
        let score = over_seeds(all.clone(), &each).unwrap().scores.remove(0);
        assert!((0.7 - score.low - 0.104_10).abs() < 2e-5, "{score:?}");
        assert!((score.high - 0.7 - 0.104_10).abs() < 2e-5, "{score:?}");
        assert_eq!(score.method, "bootstrap-percentile + 3 seeds");
        // Seeds that agree add nothing, and one seed is as it is.
        let same = [0.7; 3].map(|v| evaluation(v, (0.0, 1.0), "macro-f1"));
        let unmoved = over_seeds(all.clone(), &same).unwrap().scores.remove(0);
        assert!((unmoved.low - 0.6).abs() < 1e-12 && (unmoved.high - 0.8).abs() < 1e-12);
        assert_eq!(over_seeds(all.clone(), &each[..1]).unwrap(), all);
    }

    #[test]
    fn a_correlation_may_lie_below_nothing() {
        let all = evaluation(0.0, (-0.2, 0.2), "mcc");
        let each = [-0.3, 0.0, 0.3].map(|v| evaluation(v, (-1.0, 1.0), "mcc"));
        let score = over_seeds(all, &each).unwrap().scores.remove(0);
        assert!(score.low < -0.3 && score.low >= -1.0, "{score:?}");
    }
}
