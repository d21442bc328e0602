"""Variance components, the mixed t test over seeds and examples, and the planner."""
from __future__ import annotations

from ._engine import Clusters, Figure, Numbers, Table, Words, answer, engine


@answer
class VarianceComponents:
    """The mean with its interval, and one entry an effect in `effects`."""

    mean: float
    se: float
    df: Figure
    ci_low: float
    ci_high: float
    effects: tuple[str, ...]
    effect_df: tuple[float, ...]
    mean_squares: tuple[float, ...]
    variances: tuple[float, ...]
    shares: tuple[float, ...]


@answer
class MixedT:
    """Difference A - B; its variance comes from the examples and from the seeds of both models."""

    difference: float
    se: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    variance_examples: float
    variance_seeds: float


@answer
class Plan:
    """One entry a number of seeds; None where no number of examples is enough."""

    pairs: float
    alpha_of_first_step: float
    seeds: tuple[int, ...]
    clusters: tuple[int | None, ...]
    examples: tuple[int | None, ...]


@engine
def variance_components(
    values: Numbers, factors: Words, levels: Numbers, *, within: Numbers | None = None, confidence: float = 0.95
) -> VarianceComponents:
    """Components of a crossed or nested balanced design (Searle, Casella & McCulloch 1992).

    `values` go through the levels of the last factor first. `within` names, for each factor, the place of the factor that it is nested
    in, or NaN.
    """


@engine
def mixed_t(a: Table, b: Table, *, clusters: Clusters | None = None, confidence: float = 0.95) -> MixedT:
    """T test of two models over seeds (rows) and examples (columns), by Satterthwaite's degrees of freedom.

    With one seed it is the t test with the clustered standard error.
    """


@engine
def plan(
    difference: float,
    *,
    cluster_variance: float,
    seed_variance: float = 0.0,
    interaction_variance: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
    models: float = 2.0,
    baseline: bool = False,
    seeds: Numbers | None = None,
    examples_per_cluster: float = 1.0,
) -> Plan:
    """How many clusters of examples and how many seeds find a difference. `baseline`: only pairs with one baseline are tested."""


@engine
def t_noncentrality(df: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Standard errors that a difference must have for the t test to find it."""
