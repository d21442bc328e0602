"""Runs: starting one, and its tables.

A run is a folder of Parquet, CSV and JSON files (ARCHITECTURE.md, "The way of the data"), so its tables are read from there: a run of
any version, from any machine, loads without the program, and Arrow hands them to pandas and polars without a copy of its own.
"""
from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from ._program import call

if TYPE_CHECKING:
    from ._model import Model

#: Columns of the leaderboard that hold numbers; all others hold words.
_NUMBERS = """value low high n answered unparsable missing clusters gap_best_n gap_worst_n gap_if_equal gap_excess gap_p_equal
simultaneous_low simultaneous_high shrunken shrunken_weight""".split()
_COUNTS = {"n", "answered", "unparsable", "missing", "clusters", "gap_best_n", "gap_worst_n"}


@dataclass(frozen=True)
class Run:
    """A run's folder and its tables."""

    folder: Path
    manifest: dict[str, Any] = field(repr=False)

    def scores(self) -> pa.Table:
        """Every figure: one row a model, benchmark, protocol, variant, metric and subset, with n, interval and protocol.

        A row without a value has a `reason`.
        """
        path = self.folder / "leaderboard.csv"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: `culture-eval report {self.folder}` writes it")
        with path.open(encoding="utf-8") as file:
            names = file.readline().rstrip("\r\n").split(",")
        types = {name: (pa.int64() if name in _COUNTS else pa.float64()) if name in _NUMBERS else pa.string() for name in names}
        return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False))

    def leaderboard(self) -> pa.Table:
        """The board: of :meth:`scores` the rows of each benchmark's own metric and subset."""
        scores = self.scores()
        return scores.filter(pc.equal(scores["primary"], "yes"))

    def examples(self, task: str, *, split: str | None = None) -> pa.Table:
        """The examples that the run used: id, text, label (the gold answer), culture, cluster, part (the split), group.NAME."""
        if task not in self.manifest["data"]:
            raise KeyError(f"the run has no data of the task {task!r}: it has {', '.join(self.manifest['data'])}")
        return _examples(Path(self.manifest["data"][task]["path"]), task, split)

    def answers(self, *, models: Iterable[str] | None = None, tasks: Iterable[str] | None = None) -> pa.Table:
        """One row an answer, joined with its example.

        Columns: model, task, protocol, served, seed, id, variant, status, label (the answer), top_labels, top_scores, reply, reason, and
        of the example gold, culture, cluster. `right` is 1 where label and gold are the same and 0 else; it is null where the task's
        answer is not a label.
        """
        chosen_models, chosen_tasks = (None if given is None else set(given) for given in (models, tasks))
        _known("model", chosen_models, (cell["model"] for cell in self.manifest["cells"]))
        _known("task", chosen_tasks, (cell["task"] for cell in self.manifest["cells"]))
        tables = []
        gold: dict[str, pa.Table] = {}
        for cell in self.manifest["cells"]:
            file = self.folder / "cells" / cell["folder"] / "predictions.parquet"
            wanted = (chosen_models is None or cell["model"] in chosen_models) and (chosen_tasks is None or cell["task"] in chosen_tasks)
            if wanted and file.is_file():
                if cell["task"] not in gold:
                    gold[cell["task"]] = self.examples(cell["task"])
                tables.append(_joined(parquet.read_table(file), gold[cell["task"]], cell))
        if not tables:
            raise ValueError(f"{self.folder} has no answers of these models and tasks: `culture-eval status {self.folder}` shows what is done")
        return pa.concat_tables(tables, promote_options="default")


def _known(what: str, wanted: set[str] | None, there: Iterable[str]) -> None:
    names = sorted(set(there))
    for name in sorted((wanted or set()) - set(names)):
        raise KeyError(f"the run has no {what} {name!r}: it has {', '.join(names)}")


def _examples(path: Path, task: str, split: str | None) -> pa.Table:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: `culture-eval prepare {task}` writes the data of {task!r} again")
    return parquet.read_table(path, filters=None if split is None else [("part", "=", split)])


def _joined(answers: pa.Table, examples: pa.Table, cell: dict[str, Any]) -> pa.Table:
    place = pc.index_in(answers["id"], value_set=examples["id"].combine_chunks())
    gold = {"gold": "label", "culture": "culture", "cluster": "cluster"}
    for name, column in gold.items():
        answers = answers.append_column(name, examples[column].take(place))
    by_label = pc.not_equal(answers["gold"], "")
    same = pc.coalesce(pc.equal(answers["label"], answers["gold"]), False)
    right = pc.if_else(by_label, same.cast(pa.int64()), pa.scalar(None, pa.int64()))
    answers = answers.append_column("right", right)
    of_cell = {"model": pa.string(), "task": pa.string(), "protocol": pa.string(), "served": pa.string(), "seed": pa.int64()}
    for position, (name, kind) in enumerate(of_cell.items()):
        answers = answers.add_column(position, name, pa.array([cell.get(name)] * len(answers), type=kind))
    return answers


def load(run: str | Path, *, runs: str | Path = "runs") -> Run:
    """A run by its name in `runs`, or by its folder."""
    given = Path(run)
    for folder in (given, Path(runs) / given):
        if (folder / "manifest.json").is_file():
            return Run(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    raise FileNotFoundError(f"there is no run {str(run)!r}: neither {given} nor {Path(runs) / given} has a manifest.json")


def run(
    suite: str = "default",
    *,
    models: Sequence[str | Model] | None = None,
    benchmarks: Sequence[str] | None = None,
    protocols: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    limit: int | None = None,
    data: Literal["auto", "official", "sample"] | None = None,
    name: str | None = None,
    runs: str | Path = "runs",
    definitions: Sequence[str | Path] = (),
    arguments: Sequence[str] = (),
    quiet: bool = False,
) -> Run:
    """Runs a suite with the program and loads the run. What is done is not run again.

    `models` are names or functions made a model by :func:`culture_eval.model`. `arguments` are further flags of `culture-eval run`.
    A failed cell is a warning: its reason is on the leaderboard. A run that could not start is a :class:`ProgramError`.
    """
    with TemporaryDirectory(prefix="culture-eval-") as scratch:
        written = [model.write(scratch) for model in models or () if not isinstance(model, str)]
        names = None if models is None else [model if isinstance(model, str) else model.name for model in models]
        command = [f for folder in [*definitions, *written] for f in ("--definitions", str(folder))]
        command += ["run", suite, "--runs", str(runs), "--name", name or Path(suite).stem]
        lists: dict[str, Sequence[Any] | None] = {"models": names, "benchmarks": benchmarks, "protocols": protocols, "seeds": seeds}
        for flag, values in lists.items():
            command += [] if values is None else [f"--{flag}", ",".join(str(value) for value in values)]
        for flag, value in {"limit": limit, "data": data}.items():
            command += [] if value is None else [f"--{flag}", str(value)]
        code = call([*command, *arguments], accepted=(0, 1), quiet=quiet).code
    found = load(name or Path(suite).stem, runs=runs)
    if code == 1:
        warnings.warn("culture-eval run: a cell failed; its reason is on the leaderboard", stacklevel=2)
    return found
