"""From a Python call to the engine and back.

A function of this package is its signature, its description and the class of its answer. :func:`engine` gives it a body: the
arguments are read by their annotations, the engine of the same name is called without the interpreter's lock, and the answer becomes
the class that the signature returns.
"""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from culture_eval import _native

#: Numbers in one dimension: an array, a list, a column of a table. NaN is refused by name.
Numbers = ArrayLike
#: Numbers in two dimensions; each function says what its rows are.
Table = ArrayLike
#: Class numbers from 0, in one dimension.
Labels = ArrayLike
#: One id an example, whole numbers or words: examples of the same id are not independent.
Clusters = ArrayLike
#: Words, such as names of factors.
Words = Sequence[str]
#: A number, or None where it is not defined on these data.
Figure = float | None
#: Differences are A - B.
Alternative = Literal["two-sided", "greater", "less"]
#: How a bootstrap's interval is made.
BootstrapInterval = Literal["percentile", "basic", "bca"]
#: Exact where it is cheap (`auto`), always exact, or Monte Carlo.
PermutationMethod = Literal["auto", "exact", "mc"]

Function = TypeVar("Function", bound=Callable[..., Any])

#: The class of an answer: frozen, compared by value.
answer = dataclass(frozen=True)

# Above it not every whole number is a double.
LARGEST_WHOLE = 2**53


def _array(name: str, value: Any, dimensions: int) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"`{name}` is a masked array: give the values that are not masked")
    try:
        array = np.ascontiguousarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        shape = "a list of numbers" if dimensions == 1 else "rows of numbers, all of the same length"
        raise ValueError(f"`{name}` must be {shape}: {error}") from None
    if np.ndim(value) != dimensions:
        raise ValueError(f"`{name}` has {np.ndim(value)} dimension(s): give {dimensions}")
    return array


def _numbers(name: str, value: Any) -> np.ndarray:
    return _array(name, value, 1)


def _table(name: str, value: Any) -> np.ndarray:
    return _array(name, value, 2)


def _clusters(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim != 1:
        raise ValueError(f"`{name}` has {array.ndim} dimension(s): give one id an example")
    if array.dtype.kind == "f" or (array.dtype.kind in "iub" and (array.size == 0 or np.abs(array).max() < LARGEST_WHOLE)):
        return np.ascontiguousarray(array, dtype=np.float64)
    known: dict[Any, int] = {}
    for index, one in enumerate(array.tolist()):
        if one is None or one != one or one == "":
            raise ValueError(f"`{name}` holds no id at index {index}: give every example the number or name of its cluster")
        known.setdefault(one, len(known))
    return np.array([known[one] for one in array.tolist()], dtype=np.float64)


def _words(name: str, value: Any) -> list[str]:
    words = list(value)
    if isinstance(value, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"`{name}` must be a list of words")
    return words


def _scalar(name: str, value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, (bool, int, float, str)):
        raise ValueError(f"`{name}` is {type(value).__name__}: give one number or word")
    return plain


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "Numbers": _numbers, "Labels": _numbers, "Table": _table, "Clusters": _clusters, "Words": _words,
}


def _returned(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    """Makes the answer: a class of the function's module, or the only figure."""
    wanted = function.__annotations__["return"]
    made = function.__globals__.get(wanted)
    if isinstance(made, type):
        return lambda found: made(**found)

    def only(found: dict[str, Any]) -> Any:
        (figure,) = found.values()
        return figure

    return only


def engine(function: Function) -> Function:
    """Calls the engine's function of the same name."""
    signature = inspect.signature(function)
    names = list(signature.parameters)
    positional = [p.name for p in signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    readers = {name: _READERS.get(p.annotation.removesuffix(" | None"), _scalar) for name, p in signature.parameters.items()}
    required = {p.name for p in signature.parameters.values() if p.default is p.empty}
    defaults = {p.name: p.default for p in signature.parameters.values() if p.default is not p.empty and p.default is not None}
    called = function.__name__
    returned = _returned(function)

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        if len(given) > len(positional):
            raise TypeError(f"{called}() takes {len(positional)} positional arguments, {len(given)} were given")
        arguments = dict(zip(positional, given, strict=False))
        for name, value in named.items():
            if name not in readers or name in arguments:
                what = "two values for" if name in arguments else "no argument"
                raise TypeError(f"{called}() has {what} {name!r}: it knows {', '.join(names)}")
            arguments[name] = value
        missing = required - arguments.keys()
        if missing:
            raise TypeError(f"{called}() needs {', '.join(sorted(missing))}")
        read = {name: readers[name](name, value) for name, value in {**defaults, **arguments}.items() if value is not None}
        return returned(_native.call(called, read))

    return call  # type: ignore[return-value]


