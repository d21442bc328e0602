"""Two files of predictions, paired by id."""
from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

#: What a file may say of an example, the preferred first.
_SCORES = ("correct", "score")
_TRUE = {"1": 1.0, "true": 1.0, "yes": 1.0, "0": 0.0, "false": 0.0, "no": 0.0}
_SHOWN = 3


def paired(a: Any, b: Any, clusters: Any, gold: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """The scores of both files in the order of the first one, and the cluster of each example."""
    for name, given in (("a", a), ("b", b)):
        if not isinstance(given, (str, Path)):
            raise ValueError(f"`{name}` is not a file, the other one is: give two files or two arrays")
    first, second = _rows(Path(a)), _rows(Path(b))
    _same_ids(Path(a), first, Path(b), second)
    answers = _gold(gold)
    scores = [
        np.array([_score(path, name, rows[name], answers) for name in first], dtype=np.float64)
        for path, rows in ((Path(a), first), (Path(b), second))
    ]
    if clusters is None:
        return scores[0], scores[1], None
    if not isinstance(clusters, str):
        given = np.asarray(clusters)
        if given.shape != (len(first),):
            raise ValueError(f"`clusters` has the shape {given.shape}: give an id for each of the {len(first)} rows of {a}, in its order")
        return scores[0], scores[1], given
    return scores[0], scores[1], _column(clusters, Path(a), first, second)


def _column(column: str, path: Path, first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    groups = []
    for name, row in first.items():
        # One of the files may have it alone.
        found = row.get(column, second[name].get(column))
        if found is None or found == "":
            raise ValueError(f"{path}: the row of id {name!r} has no `{column}`: give every example its cluster")
        groups.append(str(found))
    return groups


def _same_ids(a: Path, first: dict[str, Any], b: Path, second: dict[str, Any]) -> None:
    for path, only in ((a, first.keys() - second.keys()), (b, second.keys() - first.keys())):
        if only:
            shown = ", ".join(sorted(only)[:_SHOWN])
            raise ValueError(f"{len(only)} ids are in {path} alone, such as {shown}: compare the same examples")


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    """Rows by id."""
    ending = path.suffix.lower()
    if ending == ".jsonl":
        rows = _json_lines(path)
    elif ending in (".csv", ".tsv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ","))
    elif ending == ".parquet":
        from pyarrow import parquet

        rows = parquet.read_table(path).to_pylist()
    else:
        raise ValueError(f"{path}: give a file that ends in .jsonl, .csv, .tsv or .parquet")
    by_id: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        name = row.get("id")
        if name is None or name == "":
            raise ValueError(f"{path}: row {number} has no `id`")
        if str(name) in by_id:
            raise ValueError(f"{path}: row {number} has the id {name!r} again: give each example once")
        by_id[str(name)] = row
    if not by_id:
        raise ValueError(f"{path} has no rows")
    return by_id


def _json_lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}: line {number} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}: line {number} is not a JSON object")
            rows.append(row)
    return rows


def _gold(gold: Any) -> Mapping[str, Any] | None:
    if not isinstance(gold, (str, Path)):
        return gold
    rows = _rows(Path(gold))
    missing = next((name for name, row in rows.items() if row.get("label") in (None, "")), None)
    if missing is not None:
        raise ValueError(f"{gold}: the row of id {missing!r} has no `label`")
    return {name: row["label"] for name, row in rows.items()}


def _score(path: Path, name: str, row: dict[str, Any], gold: Mapping[str, Any] | None) -> float:
    for column in _SCORES:
        value = row.get(column)
        if value is None or value == "":
            continue
        try:
            number = _TRUE.get(str(value).lower())
            number = float(value) if number is None else number
        except (TypeError, ValueError):
            raise ValueError(f"{path}: `{column}` of id {name!r} is {value!r}: give a number") from None
        if not np.isfinite(number):
            raise ValueError(f"{path}: `{column}` of id {name!r} is {value!r}: give a finite number")
        return number
    if "label" not in row:
        raise ValueError(f"{path}: the row of id {name!r} has none of `correct`, `score` and `label`")
    answer = row.get("gold") if gold is None else gold.get(name)
    if answer is None or answer == "":
        where = "column `gold`, and there is no `gold=`" if gold is None else "answer in `gold`"
        raise ValueError(f"{path}: the row of id {name!r} has a `label` but no {where}")
    # A label that is missing is wrong.
    return float(row["label"] is not None and str(row["label"]) == str(answer))
