"""Almost stochastic order and Bayesian comparisons."""
from __future__ import annotations

from typing import Literal

from ._engine import Numbers, answer, engine


@answer
class AlmostStochasticOrder:
    """`eps_min` below .5: A is almost stochastically larger (Dror, Shlomov & Reichart 2019)."""

    eps_min: float
    violation_ratio: float
    too_few: bool


@answer
class Rope:
    """Probabilities that x is worse, practically equal, better."""

    p_left: float
    p_rope: float
    p_right: float


@engine
def aso_violation_ratio(a: Numbers, b: Numbers) -> float:
    """Share of the quantile distance on which A lies below B."""


@engine
def aso(a: Numbers, b: Numbers, *, confidence: float = 0.95, bootstrap: int = 1000, seed: int = 0) -> AlmostStochasticOrder:
    """Almost stochastic order of two lists of scores over seeds."""


@engine
def aso_confidence(num_models: int, *, confidence: float = 0.95) -> float:
    """Confidence of each comparison among `num_models` models, by Bonferroni."""


@engine
def bayes_correlated_ttest(x: Numbers, y: Numbers, *, rope: float = 0.0, runs: float = 1.0) -> Rope:
    """Posterior of the mean difference over cross-validation folds (Benavoli et al. 2017)."""


@engine
def bayes_sign_test(
    x: Numbers,
    y: Numbers,
    *,
    rope: float = 0.0,
    prior: float = 1.0,
    prior_place: Literal["rope", "left", "right"] = "rope",
    samples: int = 50_000,
    seed: int = 0,
) -> Rope:
    """Bayesian sign test over benchmarks."""


@engine
def bayes_signed_rank(x: Numbers, y: Numbers, *, rope: float = 0.0, prior: float = 0.5, samples: int = 50_000, seed: int = 0) -> Rope:
    """Bayesian signed-rank test over benchmarks."""
