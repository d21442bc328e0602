"""culture-eval from Python: runs, their tables, comparisons, models, and the statistics engine.

    import culture_eval
    run = culture_eval.run(models=["majority", "tfidf-logreg"], benchmarks=["emgsd"])
    print(run.leaderboard().to_pandas())

Nothing heavy is imported before it is used: NumPy comes with `stats` and `compare`, pyarrow with `load`, `run` and `examples`.
"""
from __future__ import annotations

import importlib

# As in `typing`, which takes more time to import than this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import stats
    from ._compare import Comparison, compare
    from ._examples import examples
    from ._model import Model, model
    from ._program import ProgramError, __version__, program
    from ._run import Run, load, run

_PLACES = {
    "Comparison": "_compare", "compare": "_compare",
    "examples": "_examples",
    "Model": "_model", "model": "_model",
    "ProgramError": "_program", "program": "_program", "__version__": "_program",
    "Run": "_run", "load": "_run", "run": "_run",
}

__all__ = ["Comparison", "Model", "ProgramError", "Run", "__version__", "compare", "examples", "load", "model", "program", "run", "stats"]


def __getattr__(name: str) -> Any:
    if name == "stats":
        found: Any = importlib.import_module(".stats", __name__)
    elif name in _PLACES:
        found = getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
