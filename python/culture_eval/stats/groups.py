"""Several groups of one model: cultures, countries, languages. Values are shares between 0 and 1."""
from __future__ import annotations

from ._engine import Numbers, Table, answer, engine


@answer
class Groups:
    """The gap of best and worst group, the worst group, and intervals of all groups at once (`low`, `high`)."""

    gap: float
    gap_low: float
    gap_high: float
    gap_if_equal: float
    p_equal: float
    best: int
    worst: int
    worst_value: float
    worst_low: float
    worst_high: float
    low: tuple[float, ...]
    high: tuple[float, ...]


@answer
class Shrunken:
    """Values after shrinkage, and how much each group's own examples count, from 0 to 1."""

    values: tuple[float, ...]
    weights: tuple[float, ...]


@engine
def compare_groups(
    values: Numbers, units: Numbers, *, correlation: Table | None = None, confidence: float = 0.95, draws: int = 4000, seed: int = 0
) -> Groups:
    """Do groups differ, by how much at least and at most, and how low is the lowest (max-t; Newcombe 1998)?

    `units`: how many independent examples each value is worth. `correlation`: of the values' errors, where groups share clusters.
    """


@engine
def shrink_groups(values: Numbers, units: Numbers, *, correlation: Table | None = None) -> Shrunken:
    """Values of small groups, drawn towards all groups (Efron & Morris 1975; Paule & Mandel 1982)."""
