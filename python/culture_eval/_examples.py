"""Examples for those who predict elsewhere."""
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ._program import call

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns of `examples.parquet` that are part of the gold answer.
_GOLD = {"label", "votes", "target", "option_votes", "roles", "references", "map"}


def examples(
    task: str,
    *,
    split: Literal["train", "valid", "test"] | None = "test",
    gold: bool = False,
    data: Literal["auto", "official", "sample"] | None = None,
    arguments: tuple[str, ...] = (),
    quiet: bool = True,
) -> pa.Table:
    """The examples of a task as an Arrow table: id, text, culture, cluster, part (the split), group.NAME.

    Predict each one and keep its `id`: `culture-eval import FILE` and `culture-eval score` find the example by it. The column `label`,
    the gold answer, is there for train and valid; where the test split is among the rows only with `gold=True`, so that no model learns it
    by accident. `split=None`: all splits. The data are downloaded and prepared first, where they are not in the cache; `arguments` are further flags
    of the program, such as `--mirror FOLDER`.
    """
    from ._run import _examples

    choice = [] if data is None else ["--data", data]
    lines = call([*choice, *arguments, "--json", "prepare", task], quiet=quiet).out.splitlines()
    made = next((one for one in map(json.loads, lines) if one.get("task") == task), None)
    if made is None:
        raise ValueError(f"`culture-eval prepare {task}` reported no data of {task!r}")
    table = _examples(Path(made["file"]), task, split)
    hidden = not gold and split in (None, "test")
    return table.drop_columns([name for name in table.column_names if name in _GOLD]) if hidden else table
