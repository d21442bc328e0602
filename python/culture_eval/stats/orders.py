"""Orders of models: abilities and rank correlations."""
from __future__ import annotations

from ._engine import Figure, Numbers, Table, answer, engine


@answer
class BradleyTerry:
    """Log abilities with standard errors; that of the reference is 0. `published`: to two decimals."""

    log_ability: tuple[float, ...]
    se: tuple[float, ...]
    published: tuple[float, ...]


@answer
class RankCorrelation:
    """None where one list does not vary."""

    kendall_tau_b: Figure
    spearman_rho: Figure


@engine
def bradley_terry(wins: Table, *, reference: int = 0) -> BradleyTerry:
    """Abilities from a table of wins, `wins[i][j]` of i over j (Bradley & Terry 1952; Ford 1957)."""


@engine
def rank_correlation(a: Numbers, b: Numbers) -> RankCorrelation:
    """Kendall's tau-b and Spearman's rho (Knight 1966)."""
