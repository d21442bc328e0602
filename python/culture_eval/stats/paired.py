"""Two models on the same examples. Differences are A - B."""
from __future__ import annotations

from typing import Literal

from ._engine import Alternative, Clusters, Figure, Numbers, PermutationMethod, answer, engine

McnemarMethod = Literal["exact", "mid-p", "asymptotic", "asymptotic-cc"]
ZeroMethod = Literal["wilcox", "pratt", "zsplit"]


@answer
class PairedTable:
    """Counts of examples. Iterating gives them in the order in which the tests take them: `mcnemar(*table)`."""

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int

    def __iter__(self):
        return iter((self.both_right, self.only_a, self.only_b, self.both_wrong))


@answer
class Test:
    """A statistic and its p-value. `statistic` is None where the test has none."""

    statistic: Figure
    p_value: float


@answer
class AccuracyDifference:
    """Accuracy A - accuracy B with three intervals, the odds ratio with its interval, and Cohen's g."""

    diff: float
    se: float
    wald_low: float
    wald_high: float
    agresti_min_low: float
    agresti_min_high: float
    newcombe_low: float
    newcombe_high: float
    odds_ratio: Figure
    or_low: Figure
    or_high: Figure
    cohens_g: Figure


@answer
class ProportionInterval:
    """Four intervals of a proportion."""

    wilson_low: float
    wilson_high: float
    clopper_pearson_low: float
    clopper_pearson_high: float
    jeffreys_low: float
    jeffreys_high: float
    agresti_coull_low: float
    agresti_coull_high: float


@answer
class MeanInterval:
    """Student's interval of a mean."""

    ci_low: float
    ci_high: float


@answer
class PairedT:
    """A paired t test: the interval is of the mean difference and two-sided."""

    statistic: float
    df: float
    p_value: float
    mean_diff: float
    se: float
    ci_low: float
    ci_high: float
    cohens_dz: float
    hedges_gz: Figure


@answer
class Wilcoxon:
    """A signed-rank test. `z` is None where the p-value is exact."""

    w_plus: float
    w_minus: float
    p_value: float
    z: Figure
    n_nonzero: int
    exact: bool


@answer
class Permutation:
    """A permutation test: the observed difference, its p-value, and whether all permutations were counted."""

    observed: float
    p_value: float
    exact: bool


@engine
def paired_table(a: Numbers, b: Numbers) -> PairedTable:
    """Counts two lists of right (1) and wrong (0), one value an example."""


@engine
def mcnemar(
    both_right: int, only_a: int, only_b: int, both_wrong: int, *, method: McnemarMethod = "mid-p", alternative: Alternative = "two-sided"
) -> Test:
    """McNemar's test of two accuracies on the same examples (Fagerland, Lydersen & Laake 2013)."""


@engine
def paired_accuracy_difference(both_right: int, only_a: int, only_b: int, both_wrong: int, *, confidence: float = 0.95) -> AccuracyDifference:
    """How much more accurate A is: Newcombe 1998, Agresti & Min 2005."""


@engine
def sign_test(positive: int, negative: int, zero: int = 0, *, alternative: Alternative = "two-sided") -> Test:
    """Exact binomial test of positive against negative differences; zeros are dropped."""


@engine
def proportion_ci(successes: int, n: int, *, confidence: float = 0.95) -> ProportionInterval:
    """Intervals of a proportion (Brown, Cai & DasGupta 2001)."""


@engine
def mean_ci(values: Numbers, *, confidence: float = 0.95) -> MeanInterval:
    """Student's interval of a mean."""


@engine
def ttest_paired(
    a: Numbers | None = None, b: Numbers | None = None, *, differences: Numbers | None = None, alternative: Alternative = "two-sided", confidence: float = 0.95
) -> PairedT:
    """Paired t test of `a` and `b`, or of their `differences`, with d_z and Hedges' g_z."""


@engine
def wilcoxon(
    a: Numbers | None = None,
    b: Numbers | None = None,
    *,
    differences: Numbers | None = None,
    zero_method: ZeroMethod = "wilcox",
    method: Literal["auto", "exact", "asymptotic"] = "auto",
    continuity: bool = False,
    alternative: Alternative = "two-sided",
    tie_tolerance: float | None = None,
) -> Wilcoxon:
    """Signed-rank test (Wilcoxon 1945; Pratt 1959). Values closer than `tie_tolerance` are ties; None: what rounding explains."""


@engine
def matched_rank_biserial(
    a: Numbers | None = None,
    b: Numbers | None = None,
    *,
    differences: Numbers | None = None,
    zero_method: ZeroMethod = "wilcox",
    tie_tolerance: float | None = None,
) -> float:
    """Effect size of the signed-rank test, from -1 to 1 (Kerby 2014)."""


@engine
def permutation_mean(
    a: Numbers | None = None,
    b: Numbers | None = None,
    *,
    differences: Numbers | None = None,
    clusters: Clusters | None = None,
    method: PermutationMethod = "auto",
    resamples: int = 10_000,
    seed: int = 0,
    alternative: Alternative = "two-sided",
) -> Permutation:
    """Sign-flip test of a mean difference; with `clusters` whole clusters change sign (Fisher 1935; Phipson & Smyth 2010)."""
