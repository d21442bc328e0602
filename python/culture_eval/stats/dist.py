"""Distribution functions that keep their digits in both tails (Loader 2000; Hill 1970)."""
from __future__ import annotations

from ._engine import engine


@engine
def binom_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k) of the binomial distribution."""


@engine
def binom_sf(k: int, n: int, p: float) -> float:
    """P(X > k) of the binomial distribution."""


@engine
def binom_pmf(k: int, n: int, p: float) -> float:
    """P(X = k) of the binomial distribution."""


@engine
def t_sf(x: float, df: float) -> float:
    """P(T > x) of Student's t."""


@engine
def t_cdf(x: float, df: float) -> float:
    """P(T <= x) of Student's t."""


@engine
def t_ppf(p: float, df: float) -> float:
    """Quantile of Student's t."""


@engine
def norm_sf(x: float) -> float:
    """P(Z > x) of the standard normal."""


@engine
def norm_cdf(x: float) -> float:
    """P(Z <= x) of the standard normal."""


@engine
def norm_ppf(p: float) -> float:
    """Quantile of the standard normal."""


@engine
def chi2_sf(x: float, df: float) -> float:
    """P(X > x) of chi-square."""


@engine
def f_sf(x: float, d1: float, d2: float) -> float:
    """P(F > x)."""


@engine
def beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function."""


@engine
def beta_ppf(p: float, a: float, b: float) -> float:
    """Quantile of the beta distribution."""


@engine
def noncentral_t_sf(t: float, df: float, delta: float) -> float:
    """P(T > t) of the noncentral t."""


@engine
def studentized_range_sf(q: float, k: int, df: float = float("inf")) -> float:
    """P(Q > q) of the studentized range of `k` means."""
