"""The engine, compiled from `python/native`. Use `culture_eval.stats`, which has a signature for each function."""
from typing import Any

__version__: str

def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Calls a function of the engine; ValueError names the argument and the remedy."""

def functions() -> list[tuple[str, str, list[str]]]:
    """Name, line of description and names of the arguments of every function."""
