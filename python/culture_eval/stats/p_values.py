"""Many p-values: corrections, combinations, and what is counted after them."""
from __future__ import annotations

from ._engine import Figure, Numbers, Table, answer, engine


@answer
class Adjusted:
    """Adjusted p-values, in the order of the given ones. `bh` and `by` control the false discovery rate, the others the familywise error."""

    bonferroni: tuple[float, ...]
    sidak: tuple[float, ...]
    holm: tuple[float, ...]
    holm_sidak: tuple[float, ...]
    hochberg: tuple[float, ...]
    hommel: tuple[float, ...]
    bh: tuple[float, ...]
    by: tuple[float, ...]


@answer
class Combined:
    """Fisher's (1932) and Stouffer's (1949) combination."""

    fisher_stat: float
    fisher_p: float
    stouffer_z: Figure
    stouffer_p: Figure


@answer
class Replicability:
    """On how many benchmarks the effect holds, and on which."""

    k_bonferroni: int
    k_fisher: int
    benchmarks: tuple[int, ...]


@answer
class WinTieLoss:
    """Counts of benchmarks."""

    win: int
    tie: int
    loss: int


@engine
def adjust_p(p: Numbers) -> Adjusted:
    """All corrections of a family of p-values."""


@engine
def combine_p(p: Numbers) -> Combined:
    """One p-value of several independent ones."""


@engine
def replicability_count(p: Numbers, *, alpha: float = 0.05) -> Replicability:
    """On how many benchmarks the effect holds (Benjamini & Heller 2008; Dror et al. 2017)."""


@engine
def compact_letters(scores: Numbers, differs: Table, *, higher_is_better: bool = True) -> tuple[str, ...]:
    """Tie groups (Piepho 2004): models that share a letter do not differ. `differs` is a table of 0 and 1."""


@engine
def win_tie_loss(differences: Numbers, p: Numbers, *, alpha: float = 0.05) -> WinTieLoss:
    """Benchmarks won, tied and lost: a difference counts where its p-value is at most alpha."""
