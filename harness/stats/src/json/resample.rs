//! Label metrics and the bootstrap.

use super::answer::Answer;
use super::call::Call;
use super::function::Function;
use crate::bootstrap::{
    Bootstrap, BootstrapOptions, bootstrap_mean, bootstrap_variance, cluster_bootstrap_mean,
    paired_bootstrap_accuracy,
};
use crate::cells::{Cells, bootstrap_metric, paired_bootstrap_metric};
use crate::error::{Result, StatsError};
use crate::metric::{Margins, Metric, MetricOptions};
use crate::panel::{PairBootstrap, Panel, RankTies, all_pairs, bootstrap_ranks};
use crate::permutation::{permutation_metric, studentised_permutation_metric};
use crate::rng::Stream;
use crate::seeds::{Levels, aggregate_seeds, hierarchical_bootstrap, mean_over_seeds};

const LABELS: &[&str] = &["gold", "pred_a", "pred_b", "num_classes"];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "classification_metrics",
        about: "accuracy, macro/weighted/micro F1, precision, recall, MCC, kappa",
        input: &["gold", "pred", "num_classes"],
        opts: &["zero_division", "labels"],
        run: run_metrics,
    },
    Function {
        name: "permutation_metric",
        about: "paired approximate randomisation of any label metric",
        input: LABELS,
        opts: &["metric", "method", "resamples", "seed", "alternative", "zero_division", "labels"],
        run: run_permutation,
    },
    Function {
        name: "studentised_permutation_metric",
        about: "equal precision or F1 of one class, also where the models say yes at different rates",
        input: LABELS,
        opts: &["metric", "alternative", "zero_division"],
        run: |c| {
            let (cells, by) = (pair_cells(c)?, metric_options(c)?);
            let result = studentised_permutation_metric(&cells, metric(c)?, by, c.alternative()?)?;
            Ok(Answer::default().with("observed", result.observed).with("p_value", result.p_value))
        },
    },
    Function {
        name: "paired_bootstrap_metric",
        about: "bootstrap of the difference of a label metric on the same examples",
        input: LABELS,
        opts: &["metric", "interval", "confidence", "resamples", "seed", "zero_division", "labels"],
        run: run_paired_metric,
    },
    Function {
        name: "bootstrap_metric",
        about: "bootstrap of one model's label metric",
        input: &["gold", "pred", "num_classes"],
        opts: &["metric", "interval", "confidence", "resamples", "seed", "zero_division", "labels"],
        run: run_metric,
    },
    Function {
        name: "paired_bootstrap_accuracy",
        about: "bootstrap of an accuracy difference from its 2 x 2 table",
        input: &["both_right", "only_a", "only_b", "both_wrong"],
        opts: &["interval", "confidence", "resamples", "seed", "self_check"],
        run: run_accuracy,
    },
    Function {
        name: "paired_bootstrap_mean",
        about: "bootstrap of a mean difference, by example or by cluster",
        input: &["differences", "a", "b", "clusters"],
        opts: &["interval", "confidence", "resamples", "seed"],
        run: run_mean,
    },
    Function {
        name: "bootstrap_mean",
        about: "bootstrap of a mean, by example or by cluster",
        input: &["values", "clusters"],
        opts: &["interval", "confidence", "resamples", "seed"],
        run: run_mean,
    },
    Function {
        name: "bootstrap_variance",
        about: "bootstrap of the plug-in variance",
        input: &["values"],
        opts: &["interval", "confidence", "resamples", "seed"],
        run: |c| {
            Ok(Answer::default()
                .bootstrap(&bootstrap_variance(&c.nums("values")?, &c.bootstrap("variance")?)?))
        },
    },
    Function {
        name: "bootstrap_ranks",
        about: "rank intervals, probability of rank 1, stability of the order",
        input: &["correct", "scores", "clusters"],
        opts: &["ties", "confidence", "resamples", "seed"],
        run: run_ranks,
    },
    Function {
        name: "all_pairs",
        about: "bootstrap intervals of the difference of every pair of models",
        input: &["correct", "scores", "clusters"],
        opts: &["interval", "confidence", "resamples", "seed"],
        run: run_pairs,
    },
    Function {
        name: "aggregate_seeds",
        about: "mean, spread, interval, median, interquartile mean over seeds",
        input: &["scores"],
        opts: &["confidence"],
        run: run_seeds,
    },
    Function {
        name: "hierarchical_bootstrap",
        about: "bootstrap over seeds and examples, crossed or nested; rows = seeds; t_low and t_high hold with few seeds, too",
        input: &["scores"],
        opts: &["levels", "interval", "confidence", "resamples", "seed"],
        run: run_hierarchical,
    },
];

fn metric_options(c: &Call) -> Result<MetricOptions> {
    let present_only =
        c.choice("labels", false, &[("0..k", false), ("all", false), ("present", true)])?;
    let zero_division = c.num_or("zero_division", 0.0)?;
    Ok(MetricOptions { zero_division, present_only, ..MetricOptions::default() })
}

fn metric(c: &Call) -> Result<Metric> {
    Metric::parse(c.word("metric", "accuracy")?)
}

fn num_classes(c: &Call, lists: &[&[u16]]) -> Result<usize> {
    let seen = lists.iter().flat_map(|l| l.iter()).max().map_or(1, |m| u64::from(*m) + 1);
    Ok(c.count_or("num_classes", seen)? as usize)
}

fn pair_cells(c: &Call) -> Result<Cells> {
    let (gold, a, b) = (c.labels("gold")?, c.labels("pred_a")?, c.labels("pred_b")?);
    Cells::collapse(&gold, &[&a, &b], num_classes(c, &[&gold, &a, &b])?)
}

fn run_metrics(c: &Call) -> Result<Answer> {
    let (gold, pred) = (c.labels("gold")?, c.labels("pred")?);
    let margins = Margins::count(&gold, &pred, num_classes(c, &[&gold, &pred])?)?;
    let options = metric_options(c)?;
    let mut answer = Answer::default();
    for (name, metric) in [
        ("accuracy", Metric::Accuracy),
        ("macro_f1", Metric::MacroF1),
        ("macro_precision", Metric::MacroPrecision),
        ("macro_recall", Metric::MacroRecall),
        ("weighted_f1", Metric::WeightedF1),
        ("micro_f1", Metric::Accuracy),
        ("mcc", Metric::Mcc),
        ("kappa", Metric::CohenKappa),
    ] {
        answer = answer.with(name, margins.value(metric, options));
    }
    Ok(answer)
}

fn run_permutation(c: &Call) -> Result<Answer> {
    let method = c.permutation_method("permutation_metric")?;
    let result = permutation_metric(
        &pair_cells(c)?,
        metric(c)?,
        metric_options(c)?,
        &method,
        c.alternative()?,
    )?;
    Ok(Answer::default()
        .with("observed", result.observed)
        .with("p_value", result.p_value)
        .with("exact", result.exact))
}

fn run_paired_metric(c: &Call) -> Result<Answer> {
    let options = c.bootstrap("paired_bootstrap_metric")?;
    let result =
        paired_bootstrap_metric(&pair_cells(c)?, metric(c)?, metric_options(c)?, &options)?;
    Ok(Answer::default().bootstrap(&result).with("observed", result.estimate))
}

fn run_metric(c: &Call) -> Result<Answer> {
    let (gold, pred) = (c.labels("gold")?, c.labels("pred")?);
    let cells = Cells::collapse(&gold, &[&pred], num_classes(c, &[&gold, &pred])?)?;
    let result = bootstrap_metric(
        &cells,
        0,
        metric(c)?,
        metric_options(c)?,
        &c.bootstrap("bootstrap_metric")?,
    )?;
    Ok(Answer::default().bootstrap(&result))
}

fn run_accuracy(c: &Call) -> Result<Answer> {
    const NAME: &str = "paired_bootstrap_accuracy";
    let table = c.paired_table()?;
    let options = c.bootstrap(NAME)?;
    let result = paired_bootstrap_accuracy(&table, &options)?;
    let mut answer = Answer::default().bootstrap(&result);
    if c.flag("self_check", options.resamples <= 10_000)? {
        // The same question again, on 1 and on 2 threads, and with another seed.
        let again = |threads: usize, options: &BootstrapOptions| -> Result<Bootstrap> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|e| {
                StatsError::Request(format!("no thread pool for the self-check: {e}"))
            })?;
            pool.install(|| paired_bootstrap_accuracy(&table, options))
        };
        let other_seed = c.count_or("seed", 0)?.wrapping_add(1);
        let other = BootstrapOptions { stream: Stream::new(other_seed, NAME), ..options.clone() };
        let (one, two) = (again(1, &options)?, again(2, &options)?);
        answer = answer
            .with("same_seed_same_result", result == one)
            .with("threads_1_2_same_result", one == two)
            .with("different_seed_differs", again(1, &other)? != result);
    }
    Ok(answer)
}

fn run_mean(c: &Call) -> Result<Answer> {
    let values = if c.has("values") { c.nums("values")? } else { c.differences()? };
    let options = c.bootstrap("bootstrap_mean")?;
    let result = if c.has("clusters") {
        cluster_bootstrap_mean(&values, &c.clusters("clusters")?, &options)?
    } else {
        bootstrap_mean(&values, &options)?
    };
    Ok(Answer::default().bootstrap(&result))
}

fn panel(c: &Call) -> Result<Panel> {
    let scores = c.table(if c.has("correct") { "correct" } else { "scores" })?;
    if c.has("clusters") {
        Panel::collapse_clusters(&scores, &c.clusters("clusters")?)
    } else {
        Panel::collapse(&scores)
    }
}

fn run_ranks(c: &Call) -> Result<Answer> {
    let ties = c.choice(
        "ties",
        RankTies::Min,
        &[("min", RankTies::Min), ("max", RankTies::Max), ("average", RankTies::Average)],
    )?;
    let result = bootstrap_ranks(&panel(c)?, ties, &c.bootstrap("bootstrap_ranks")?)?;
    Ok(Answer::default()
        .with("ranks", result.ranks)
        .with("p_rank1", result.p_rank1)
        .with("rank_low", result.rank_low)
        .with("rank_high", result.rank_high)
        .with("stability", result.stability)
        .with("p_same_order", result.p_same_order))
}

fn run_pairs(c: &Call) -> Result<Answer> {
    let pairs = all_pairs(&panel(c)?, &c.bootstrap("all_pairs")?)?;
    let column = |f: &dyn Fn(&PairBootstrap) -> f64| pairs.iter().map(f).collect::<Vec<f64>>();
    Ok(Answer::default()
        .with("a", pairs.iter().map(|p| p.a).collect::<Vec<_>>())
        .with("b", pairs.iter().map(|p| p.b).collect::<Vec<_>>())
        .with("diff", column(&|p| p.bootstrap.estimate))
        .with("se", column(&|p| p.bootstrap.se))
        .with("ci_low", column(&|p| p.bootstrap.interval.low))
        .with("ci_high", column(&|p| p.bootstrap.interval.high))
        .with("p_value_shift", column(&|p| p.bootstrap.p_shift)))
}

fn run_seeds(c: &Call) -> Result<Answer> {
    let s = aggregate_seeds(&c.nums("scores")?, c.confidence()?)?;
    Ok(Answer::default()
        .with("seeds", s.seeds)
        .with("mean", s.mean)
        .with("sd", s.sd)
        .with("se", s.se)
        .with("ci_low", s.interval.map(|i| i.low))
        .with("ci_high", s.interval.map(|i| i.high))
        .with("median", s.median)
        .with("iqm", s.iqm)
        .with("min", s.min)
        .with("max", s.max)
        .with("too_few", s.too_few))
}

fn run_hierarchical(c: &Call) -> Result<Answer> {
    // A description may follow the word: "seeds x examples, crossed (...)".
    let words = c.word("levels", "crossed")?;
    let levels = match (words.contains("crossed"), words.contains("nested")) {
        (true, false) => Levels::Crossed,
        (false, true) => Levels::Nested,
        _ => {
            return Err(StatsError::Request(format!(
                "`levels` is \"{words}\": give crossed or nested"
            )));
        }
    };
    let scores = c.table("scores")?;
    let result = hierarchical_bootstrap(&scores, levels, &c.bootstrap("hierarchical_bootstrap")?)?;
    let answer = Answer::default().bootstrap(&result).with("mean", result.estimate);
    // A single score has no interval but that of no width.
    if scores.iter().map(Vec::len).sum::<usize>() == 1 {
        return Ok(answer);
    }
    let t = mean_over_seeds(&scores, levels, c.confidence()?)?;
    Ok(answer.with("se_t", t.se).with("df", t.df).ends("t", &t.interval))
}
