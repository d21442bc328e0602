"""Do two models differ on the same examples? Of two arrays of scores, or of two files of predictions."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from . import stats
from ._predictions import paired

#: Below it a t test is not close enough to normal (`culture-eval compare` has the same rule).
_FEW = 30


@dataclass(frozen=True)
class Comparison:
    """A - B on the same examples: means, difference with interval, p-value, and what they were made by."""

    n: int
    clusters: int | None
    mean_a: float
    mean_b: float
    difference: float
    ci_low: float
    ci_high: float
    confidence: float
    p_value: float
    test: str
    interval: str

    def __str__(self) -> str:
        groups = "" if self.clusters is None else f" in {self.clusters} clusters"
        return (
            f"A - B = {self.difference:.4f}, {100 * self.confidence:g} % interval [{self.ci_low:.4f}, {self.ci_high:.4f}] ({self.interval}), "
            f"p = {self.p_value:.4g} ({self.test}); A {self.mean_a:.4f}, B {self.mean_b:.4f}, n = {self.n}{groups}"
        )


def compare(
    a: ArrayLike | str | Path,
    b: ArrayLike | str | Path,
    *,
    clusters: ArrayLike | str | None = None,
    gold: Mapping[str, str] | str | Path | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compares two models on the same examples.

    `a` and `b` are scores, one an example in the same order (1 for right and 0 for wrong, or graded), or two files of predictions
    (.jsonl, .csv, .tsv, .parquet). A file has a column `id` and one of `correct`, `score`, or `label`; `label` is compared with the gold
    answer: a column `gold`, or `gold=` as a dictionary by id or a file with `id` and `label`. Both files must have the same ids.

    `clusters`: an id for each example, or the name of a column of the files. Examples of one cluster are not independent.

    The test is the one that `culture-eval compare` takes for two models: with clusters the sign-flip test of whole clusters and the
    interval by the clustered standard error; else McNemar's mid-p test and Newcombe's interval for right and wrong; else the paired t
    test from 30 examples on, and below, or where half of the scores are equal, the signed-rank test.
    """
    if isinstance(a, (str, Path)) or isinstance(b, (str, Path)):
        first, second, groups = paired(a, b, clusters, gold)
    else:
        if isinstance(clusters, str):
            raise ValueError("`clusters` names a column, but `a` and `b` are arrays: give an id for each example")
        first, second, groups = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64), clusters
    of_all: dict[str, Any] = {"mean_a": float(first.mean()), "mean_b": float(second.mean())} if first.size and second.size else {}
    if groups is not None:
        found = _clustered(first, second, groups, confidence, resamples, seed)
    elif first.size and np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        found = _accuracies(first, second, confidence)
    else:
        found = _graded(first, second, confidence)
    return Comparison(n=len(first), confidence=confidence, **of_all, **found)


def _clustered(a: Any, b: Any, clusters: Any, confidence: float, resamples: int, seed: int) -> dict[str, Any]:
    test = stats.permutation_mean(a, b, clusters=clusters, resamples=resamples, seed=seed)
    interval = stats.mixed_t(a[None, :], b[None, :], clusters=clusters, confidence=confidence)
    return {
        "clusters": len(set(np.asarray(clusters).tolist())),
        "difference": interval.difference,
        "ci_low": interval.ci_low,
        "ci_high": interval.ci_high,
        "p_value": test.p_value,
        "test": "sign-flip test of clusters" + (", exact" if test.exact else ""),
        "interval": "t, clustered standard error",
    }


def _accuracies(a: Any, b: Any, confidence: float) -> dict[str, Any]:
    table = stats.paired_table(a, b)
    test = stats.mcnemar(*table)
    found = stats.paired_accuracy_difference(*table, confidence=confidence)
    return {
        "clusters": None,
        "difference": found.diff,
        "ci_low": found.newcombe_low,
        "ci_high": found.newcombe_high,
        "p_value": test.p_value,
        "test": "McNemar, mid-p",
        "interval": "Newcombe",
    }


def _graded(a: Any, b: Any, confidence: float) -> dict[str, Any]:
    t = stats.ttest_paired(a, b, confidence=confidence)
    ties = float(np.mean(a == b))
    p_value, test = t.p_value, "paired t"
    if len(a) < _FEW or ties >= 0.5:
        zeros: Literal["pratt", "wilcox"] = "pratt" if ties >= 0.2 else "wilcox"
        p_value, test = stats.wilcoxon(a, b, zero_method=zeros).p_value, f"signed-rank ({zeros})"
    return {
        "clusters": None,
        "difference": t.mean_diff,
        "ci_low": t.ci_low,
        "ci_high": t.ci_high,
        "p_value": p_value,
        "test": test,
        "interval": "t",
    }
