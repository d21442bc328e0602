"""Power, minimum detectable effects, sample sizes. Sizes are in examples and not rounded."""
from __future__ import annotations

from typing import Literal

from ._engine import Alternative, engine


@engine
def power_mcnemar_exact(
    p_only_a: float, p_only_b: float, n: int, *, alpha: float = 0.05, method: Literal["exact", "mid-p"] = "exact"
) -> float:
    """Unconditional power of McNemar's test at two rates of discordant examples, by enumeration (Miettinen 1968)."""


@engine
def power_ttest_paired(effect_dz: float, n: float, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> float:
    """Power of the paired t test (Cohen 1988)."""


@engine
def power_ttest_ind(
    effect_d: float, n_per_group: float, *, alpha: float = 0.05, alternative: Alternative = "two-sided", strict: bool = False
) -> float:
    """Power of the two-sample t test. `strict` also counts rejections in the wrong direction."""


@engine
def sample_size_ttest_ind(
    effect_d: float, power: float, *, alpha: float = 0.05, alternative: Alternative = "two-sided", strict: bool = False
) -> float:
    """Examples a group for a two-sample t test."""


@engine
def sample_size_ttest_paired(effect_dz: float, power: float = 0.8, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> float:
    """Examples for a paired t test."""


@engine
def mde_ttest_paired(n: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest d_z that a paired t test of `n` examples detects."""


@engine
def miller_sample_size(
    omega2: float,
    *,
    delta: float,
    sigma2_a: float = 0.0,
    sigma2_b: float = 0.0,
    k_a: float = 1.0,
    k_b: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """Questions that show a difference `delta` (Miller 2024, equation 9)."""


@engine
def miller_mde(
    omega2: float,
    *,
    n: float,
    sigma2_a: float = 0.0,
    sigma2_b: float = 0.0,
    k_a: float = 1.0,
    k_b: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """Difference that `n` questions detect (Miller 2024)."""


@engine
def mde_mcnemar_mid_p(n: float, discordant_rate: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The same by the exact power of the mid-p test, up to 300 expected discordant examples."""


@engine
def mde_mcnemar(n: float, discordant_rate: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest accuracy difference that McNemar's test of `n` examples detects (Connor 1987)."""
