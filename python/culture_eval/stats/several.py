"""Several models over benchmarks (rank tests) or over examples (Cochran's Q)."""
from __future__ import annotations

from ._engine import Figure, Table, answer, engine


@answer
class Friedman:
    """Friedman's chi-square and Iman and Davenport's F, with and without the correction for ties. Rank 1 is the best."""

    mean_ranks: tuple[float, ...]
    chi2: float
    chi2_no_tie_correction: float
    df: float
    p_value: float
    iman_davenport_f: Figure
    iman_davenport_p: Figure
    iman_davenport_f_no_tie_correction: Figure
    kendall_w: float


@answer
class Nemenyi:
    """Critical differences of mean ranks at .05 and .10, and a p-value for each pair."""

    cd_05: float
    cd_10: float
    p_matrix: tuple[tuple[float, ...], ...]
    mean_ranks: tuple[float, ...]


@answer
class CriticalValue:
    """Nemenyi's critical values at .05 and .10, and at `alpha` if it is given."""

    q_05: float
    q_10: float
    q: Figure = None


@answer
class AgainstControl:
    """`others` are the columns that are compared with the control."""

    others: tuple[int, ...]
    z: tuple[float, ...]
    p: tuple[float, ...]
    p_holm: tuple[float, ...]
    p_hochberg: tuple[float, ...]
    p_bonferroni: tuple[float, ...]
    cd_05: float
    cd_10: float


@answer
class Quade:
    """Quade's F."""

    statistic: Figure
    df_numerator: float
    df_denominator: float
    p_value: float


@answer
class CochranQ:
    """Cochran's Q."""

    statistic: float
    df: float
    p_value: float


@engine
def friedman(scores: Table, *, higher_is_better: bool = True) -> Friedman:
    """Friedman's test (1937). Rows are benchmarks, columns are models."""


@engine
def friedman_permutation(scores: Table, *, resamples: int = 10_000, seed: int = 0) -> float:
    """P-value of Friedman's test by permutation within benchmarks: it holds its level with few benchmarks."""


@engine
def nemenyi(scores: Table, *, higher_is_better: bool = True) -> Nemenyi:
    """All pairs of models (Nemenyi 1963; Demšar 2006). Rows are benchmarks."""


@engine
def nemenyi_critical_value(k: int, alpha: float | None = None) -> CriticalValue:
    """Studentized range of `k` models at infinite degrees of freedom, over the root of 2."""


@engine
def critical_difference(k: int, n: int, *, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of mean ranks, of `k` models on `n` benchmarks."""


@engine
def friedman_vs_control(scores: Table, control: int, *, higher_is_better: bool = True) -> AgainstControl:
    """All models against the model of column `control` by Friedman ranks (Demšar 2006)."""


@engine
def quade(scores: Table) -> Quade:
    """Quade's test (1979): benchmarks weighted by the range of their scores. Rows are benchmarks."""


@engine
def cochran_q(correct: Table) -> CochranQ:
    """Several accuracies on the same examples (Cochran 1950). Rows are examples, values are 0 and 1."""
