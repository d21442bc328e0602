//! The scores of simple rules on the official files: the known values of the trivial predictors, computed with the
//! definitions and the module `score`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eval_stats::rng::Stream;

use super::prepare;
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::Benchmark;
use crate::definition::metric::{Measure, ValueMetric};
use crate::definition::split::Split;
use crate::prepare::{Mode, load};
use crate::score::Rules;
use crate::score::reference::lines;
use crate::testing::shared;

/// The lines of a benchmark by a metric: rule -> value, where the shared data are.
fn of(
    benchmark: &str,
    metric: Option<ValueMetric>,
    rule: Option<&str>,
) -> Option<BTreeMap<String, f64>> {
    let definitions = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../benchmarks");
    let catalogue = Catalogue::load(&[definitions]).unwrap();
    let own = catalogue.benchmark(benchmark).unwrap();
    let (dataset, task) = catalogue.task(own.task.as_ref().unwrap()).unwrap();
    let folder = shared(&dataset.name)?;
    let paths: BTreeMap<String, PathBuf> = (dataset.sources.iter())
        .map(|source| (source.id.clone(), folder.join(&source.path)))
        .collect();
    let cache = tempfile::tempdir().unwrap();
    let prepared = prepare(dataset, task, &paths, Mode::Official, cache.path()).unwrap();
    let labels = &prepared.meta.statistics.labels;
    let examples = load(&prepared.examples, &[Split::Test], labels).unwrap();
    let mut task = task.clone();
    task.labels.clone_from(labels);
    if rule.is_some() {
        task.scoring.matching = rule.map(|rule| serde_json::from_value(rule.into()).unwrap());
        task.scoring.also_match.clear();
    }
    let metric = metric.map_or(own.metric, Measure::Mean);
    let own = Benchmark { metric, also: Vec::new(), ..own.clone() };
    let rules =
        Rules { resamples: 2, ..Rules::new(&own, &task.scoring, None, Stream::new(1, "test")) };
    let found = lines(&task, &examples, &rules).unwrap();
    Some(found.into_iter().map(|line| (line.name, line.value)).collect())
}

#[track_caller]
fn near(lines: &BTreeMap<String, f64>, rule: &str, value: f64) {
    let found = lines.get(rule).unwrap_or_else(|| panic!("no line `{rule}` in {lines:?}"));
    assert!((found - value).abs() < 2e-6, "{rule}: {found}, expected {value}");
}

/// The mean of the other countries is taken where there are others: on the 4,205 of 4,624 rows of the known value.
#[test]
fn globalopinionqa() {
    let Some(similarity) = of("globalopinionqa", None, None) else { return };
    near(&similarity, "mean of the other cultures", 0.789_115);
    near(&similarity, "uniform", 0.581_129);
    let divergence = of("globalopinionqa", Some(ValueMetric::Jsd), None).unwrap();
    near(&divergence, "mean of the other cultures", 0.060_002);
    near(&divergence, "uniform", 0.203_113);
}

/// What people of the US answer scores as the mean of fifteen regions, by each rule (percent). The known values of 26.52, 21.44
/// and 32.50 also take answers of US people to questions that few of them could answer; those are not examples here, and without
/// them a computation of the same in Python gives these.
#[test]
fn blend() {
    let Some(exact) = of("blend", None, Some("exact")) else { return };
    let weighted = of("blend", Some(ValueMetric::SemW), Some("exact")).unwrap();
    let contains = of("blend", None, Some("contains")).unwrap();
    for (lines, percent) in [(exact, 25.827_910), (weighted, 20.849_100), (contains, 31.519_906)] {
        let found = lines["answers of US"] * 100.0;
        assert!((found - percent).abs() < 2e-6, "{found}, expected {percent}");
    }
}

/// Kalahi by bytes (1 / 100 a byte), FORK and COPAL-ID by the first option.
#[test]
fn choices() {
    let Some(kalahi) = of("kalahi", None, None) else { return };
    near(&kalahi, "longest answer", 0.413_333);
    let fork = of("fork", None, None).unwrap();
    near(&fork, "always A", 0.5);
    near(&fork, "uniform guess", 0.5);
    let copal = of("copal-id", None, None).unwrap();
    near(&copal, "uniform guess", 0.5);
    // 279 of 559 have the first one right: the second one is the better constant.
    near(&copal, "always B", 280.0 / 559.0);
}

/// The length of the sentences alone prefers the stereotype in 43.77 % of the pairs.
#[test]
fn crows_pairs() {
    let Some(lines) = of("crows-pairs", None, None) else { return };
    let found = lines["shorter sentence"];
    assert!((found - 0.4377).abs() < 5e-5, "{found}");
}
