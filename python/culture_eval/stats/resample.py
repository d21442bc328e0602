"""Label metrics, bootstrap, permutation of metrics, ranks and seeds."""
from __future__ import annotations

from typing import Literal

from ._engine import Alternative, BootstrapInterval, Clusters, Figure, Labels, Numbers, PermutationMethod, Table, answer, engine
from .paired import Permutation

#: Over which classes a macro mean goes: all from 0 to the largest, or those that occur.
Classes = Literal["all", "present"]


@answer
class Metrics:
    """Label metrics; None where one is not defined."""

    accuracy: Figure
    macro_f1: Figure
    macro_precision: Figure
    macro_recall: Figure
    weighted_f1: Figure
    micro_f1: Figure
    mcc: Figure
    kappa: Figure


@answer
class MetricTest:
    """The observed difference and its p-value."""

    observed: float
    p_value: float


@answer
class Bootstrap:
    """An estimate with its bootstrap interval. P-values are approximate below about 200 examples: use a permutation test there."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    interval: str
    acceleration: Figure
    bias_correction: Figure
    p_value_shift: float
    p_value_inversion: float
    degenerate: int
    resamples: int


@answer
class MetricDifference(Bootstrap):
    """`observed` is the estimate."""

    observed: float


@answer
class AccuracyBootstrap(Bootstrap):
    """With `self_check`: whether the seed, and not the number of threads, makes the result."""

    same_seed_same_result: bool | None = None
    threads_1_2_same_result: bool | None = None
    different_seed_differs: bool | None = None


@answer
class Ranks:
    """Rank 1 is the best. `stability` is the mean agreement with the order of the data."""

    ranks: tuple[float, ...]
    p_rank1: tuple[float, ...]
    rank_low: tuple[float, ...]
    rank_high: tuple[float, ...]
    stability: float
    p_same_order: float


@answer
class AllPairs:
    """One entry a pair: the columns of A and B, and the interval of A - B."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    diff: tuple[float, ...]
    se: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    p_value_shift: tuple[float, ...]


@answer
class Seeds:
    """Scores over seeds, as others report them; the interval is None for one seed."""

    seeds: int
    mean: float
    sd: Figure
    se: Figure
    ci_low: Figure
    ci_high: Figure
    median: float
    iqm: float
    min: float
    max: float
    too_few: bool


@answer
class Hierarchical(Bootstrap):
    """The bootstrap as others publish it, and the t interval (`t_low`, `t_high`), which holds with few seeds, too."""

    mean: float
    se_t: Figure = None
    df: Figure = None
    t_low: Figure = None
    t_high: Figure = None


@engine
def classification_metrics(
    gold: Labels, pred: Labels, *, num_classes: int | None = None, zero_division: float = 0.0, labels: Classes = "all"
) -> Metrics:
    """Accuracy, macro/weighted/micro F1, precision, recall, MCC, kappa."""


@engine
def permutation_metric(
    gold: Labels,
    pred_a: Labels,
    pred_b: Labels,
    *,
    num_classes: int | None = None,
    metric: str = "accuracy",
    method: PermutationMethod = "auto",
    resamples: int = 10_000,
    seed: int = 0,
    alternative: Alternative = "two-sided",
    zero_division: float = 0.0,
    labels: Classes = "all",
) -> Permutation:
    """Paired approximate randomisation of any label metric (Noreen 1989; Yeh 2000)."""


@engine
def studentised_permutation_metric(
    gold: Labels,
    pred_a: Labels,
    pred_b: Labels,
    *,
    num_classes: int | None = None,
    metric: str = "f1",
    alternative: Alternative = "two-sided",
    zero_division: float = 0.0,
) -> MetricTest:
    """Precision or F1 of one class, also where the models say yes at different rates (Chung & Romano 2013)."""


@engine
def paired_bootstrap_metric(
    gold: Labels,
    pred_a: Labels,
    pred_b: Labels,
    *,
    num_classes: int | None = None,
    metric: str = "accuracy",
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    zero_division: float = 0.0,
    labels: Classes = "all",
) -> MetricDifference:
    """Bootstrap of the difference of a label metric on the same examples (Efron & Tibshirani 1993)."""


@engine
def bootstrap_metric(
    gold: Labels,
    pred: Labels,
    *,
    num_classes: int | None = None,
    metric: str = "accuracy",
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    zero_division: float = 0.0,
    labels: Classes = "all",
) -> Bootstrap:
    """Bootstrap of one model's label metric."""


@engine
def paired_bootstrap_accuracy(
    both_right: int,
    only_a: int,
    only_b: int,
    both_wrong: int,
    *,
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    self_check: bool = False,
) -> AccuracyBootstrap:
    """Bootstrap of an accuracy difference from its 2 x 2 table."""


@engine
def paired_bootstrap_mean(
    a: Numbers | None = None,
    b: Numbers | None = None,
    *,
    differences: Numbers | None = None,
    clusters: Clusters | None = None,
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Bootstrap:
    """Bootstrap of a mean difference; with `clusters` whole clusters are drawn (Davison & Hinkley 1997)."""


@engine
def bootstrap_mean(
    values: Numbers,
    *,
    clusters: Clusters | None = None,
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Bootstrap:
    """Bootstrap of a mean; with `clusters` whole clusters are drawn."""


@engine
def bootstrap_variance(
    values: Numbers, *, interval: BootstrapInterval = "percentile", confidence: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> Bootstrap:
    """Bootstrap of the plug-in variance."""


@engine
def bootstrap_ranks(
    scores: Table,
    *,
    clusters: Clusters | None = None,
    ties: Literal["min", "max", "average"] = "min",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Ranks:
    """How stable a ranking is. Rows are examples, columns are models; higher is better."""


@engine
def all_pairs(
    scores: Table,
    *,
    clusters: Clusters | None = None,
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> AllPairs:
    """Intervals of the difference of every pair of models. Rows are examples, columns are models."""


@engine
def aggregate_seeds(scores: Numbers, *, confidence: float = 0.95) -> Seeds:
    """Mean, spread, interval, median and interquartile mean over seeds (Agarwal et al. 2021)."""


@engine
def hierarchical_bootstrap(
    scores: Table,
    *,
    levels: Literal["crossed", "nested"] = "crossed",
    interval: BootstrapInterval = "percentile",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Hierarchical:
    """Bootstrap over seeds (rows) and examples (columns)."""
