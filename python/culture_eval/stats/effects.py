"""Effect sizes, clustered standard errors, equivalence, and Fisher's test."""
from __future__ import annotations

from ._engine import Alternative, Clusters, Figure, Numbers, answer, engine


@answer
class IndependentEffect:
    """Effect sizes of two independent samples; None where a sample does not vary."""

    cliffs_delta: float
    a12: float
    cohens_d: Figure
    hedges_g: Figure
    welch_t: Figure
    welch_df: Figure
    welch_p: Figure


@answer
class ClusteredSe:
    """Standard errors of a mean: naive, of 0/1 scores, clustered (Miller 2024, CR0, CR1), and the interval by the last."""

    mean: float
    se_clt: Figure
    se_bernoulli: Figure
    se_clustered_miller: Figure
    se_cr0: Figure
    se_cr1: Figure
    ci_low: float
    ci_high: float
    design_effect: Figure
    n_clusters: int


@answer
class ClusteredProportion:
    """Interval of an accuracy, and how alike the members of a cluster are."""

    ci_low: float
    ci_high: float
    intraclass_correlation: Figure


@answer
class PairedClusteredSe:
    """Standard errors of a paired difference, naive and clustered, with the clustered t test."""

    mean_diff: float
    se_paired: Figure
    se_unpaired: Figure
    se_paired_clustered: Figure
    se_cr1: Figure
    correlation: Figure
    n_clusters: int
    t: Figure
    p_value: Figure


@answer
class Tost:
    """Two one-sided tests: `p_value` is the larger one; below alpha the difference lies within the margins."""

    p_value: float
    p_lower: float
    p_upper: float
    mean_diff: float


@answer
class NonInferiority:
    """Below alpha A is not worse than B by the margin."""

    p_value: float
    z: float
    diff: float


@answer
class FisherExact:
    """The odds ratio is None where a row or column is empty."""

    odds_ratio: Figure
    p_value: float


@engine
def effect_size_independent(a: Numbers, b: Numbers) -> IndependentEffect:
    """Cliff's delta, A12, Cohen's d, Hedges' g and Welch's t of two independent samples."""


@engine
def cohens_h(p1: float, p2: float) -> float:
    """Effect size of two proportions (Cohen 1988)."""


@engine
def clustered_se(scores: Numbers, clusters: Clusters, *, confidence: float = 0.95) -> ClusteredSe:
    """Standard errors of a mean where examples come in clusters (Liang & Zeger 1986; Miller 2024)."""


@engine
def clustered_proportion_ci(scores: Numbers, clusters: Clusters, *, confidence: float = 0.95) -> ClusteredProportion:
    """Wilson's interval with Kish's design effect: 0/1 scores in clusters."""


@engine
def paired_clustered_se(a: Numbers, b: Numbers, clusters: Clusters) -> PairedClusteredSe:
    """Standard errors of A - B where examples come in clusters."""


@engine
def tost_paired(
    a: Numbers | None = None, b: Numbers | None = None, *, differences: Numbers | None = None, low: float, high: float
) -> Tost:
    """Equivalence of paired scores: is the mean difference between `low` and `high` (Schuirmann 1987)?"""


@engine
def tost_accuracy(both_right: int, only_a: int, only_b: int, both_wrong: int, *, low: float, high: float) -> Tost:
    """Equivalence of two accuracies on the same examples (Tango 1998)."""


@engine
def non_inferior_accuracy(both_right: int, only_a: int, only_b: int, both_wrong: int, *, margin: float) -> NonInferiority:
    """Is accuracy A not worse than accuracy B by the margin (Nam 1997; Tango 1998)?"""


@engine
def fisher_exact(table: Numbers, *, alternative: Alternative = "two-sided") -> FisherExact:
    """Fisher's exact test of the four counts `[a, b, c, d]` of a 2 x 2 table."""
