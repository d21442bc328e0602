"""A Python function as a model: hides the JSON lines of the plugin `command`."""
from __future__ import annotations

import functools
import inspect
import json
import re
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

#: What a class may have as a method, in the words of the protocol (baselines/command/README.md).
_METHODS = ("fit", "classify", "choose", "embed", "loglikelihood", "generate", "save")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class Model:
    """A function or class as a model. Calling it calls the function."""

    made_of: Callable[..., Any] = field(repr=False)
    name: str
    title: str
    capabilities: tuple[str, ...]
    config: dict[str, Any]
    batch: int
    tasks: tuple[str, ...]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.made_of(*arguments, **named)

    @property
    def file(self) -> Path:
        """The Python file that has the function: it is run again in the cell's process."""
        found = inspect.getsourcefile(self.made_of)
        if found is None or not Path(found).is_file():
            raise ValueError(f"`{self.made_of.__qualname__}` is not in a file: write the model into a .py file and import it from there")
        return Path(found).resolve()

    def write(self, folder: str | Path) -> Path:
        """Writes the model's definition to a folder and returns it: `culture-eval --definitions FILE run --models NAME`."""
        file = self.file
        # The sandbox hides homes and temporary folders: the environment that has this package is shown.
        read = sorted({sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), str(Path(__file__).resolve().parent.parent)})
        lines = {
            "name": self.name,
            "title": self.title,
            "plugin": "command",
            "description": f"The Python function `{self.made_of.__qualname__}` of {file.name}.",
            "licence": "unknown",
            "tasks": list(self.tasks),
            "capabilities": list(self.capabilities),
            "batch": self.batch,
        }
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items() if value != [])
        text += f"files = {{ program = {json.dumps(str(file))} }}\n"
        text += f"access = {{ read = {json.dumps(read)} }}\n"
        command = [sys.executable, "-m", "culture_eval._serve", "{program}", self.made_of.__qualname__]
        text += f"\n[config]\ncommand = {json.dumps(command)}\n"
        if self.config:
            text += "\n[config.config]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.config.items())
        path = Path(folder) / f"{self.name}.toml"
        path.write_text(text, encoding="utf-8")
        return path


def _capabilities(made_of: Callable[..., Any]) -> tuple[str, ...]:
    if inspect.isclass(made_of):
        found = tuple(name for name in _METHODS if callable(getattr(made_of, name, None)))
        if not set(found) - {"fit", "save"}:
            raise ValueError(f"the class `{made_of.__qualname__}` has none of the methods {', '.join(_METHODS[1:-1])}")
        return found
    parameters = inspect.signature(made_of).parameters
    known = {"prompt": "generate", "options": "choose", "text": "classify"}
    for parameter, capability in known.items():
        if parameter in parameters:
            return (capability,)
    raise ValueError(f"`{made_of.__qualname__}` takes none of the arguments `text`, `options` and `prompt`: name what it gets")


@overload
def model(made_of: Callable[..., Any]) -> Model: ...
@overload
def model(
    *, name: str | None = None, title: str | None = None, config: dict[str, Any] | None = None, batch: int = 512, tasks: Sequence[str] = ()
) -> Callable[[Callable[..., Any]], Model]: ...
def model(
    made_of: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    title: str | None = None,
    config: dict[str, Any] | None = None,
    batch: int = 512,
    tasks: Sequence[str] = (),
) -> Any:
    """Makes a Python function or class a model: `run(models=[it, "majority"])`.

    What a function gets is told by the names of its arguments, and what it returns is the answer to one example; None is no answer.

    - `def f(text, culture, labels)`: a label, or a score for each label. All but `text` may be left out.
    - `def f(text, options)`: the option, its place from 0, or a score for each option.
    - `def f(prompt)`: the reply to a prompt, as text.

    A class is made once a cell with the arguments of its `__init__` by name, of `config`, `labels`, `cultures`, `seed` and `threads`.
    Its methods get whole batches and answer in the words of the protocol of the plugin `command`: `fit(train, valid)` learns,
    `classify(examples)` returns a list with a label or a list of scores for each example.

    The model runs in a sandbox in a process of its own, which runs the file of the function again: the file must be importable without
    side effects (`if __name__ == "__main__":`). Its content is part of the key of a cell, so that a changed file runs again; that of other files
    which it imports is not.
    """
    made = functools.partial(_made, name=name, title=title, config=config or {}, batch=batch, tasks=tuple(tasks))
    return made if made_of is None else made(made_of)


def _made(made_of: Callable[..., Any], *, name: str | None, title: str | None, config: dict[str, Any], batch: int, tasks: tuple[str, ...]) -> Model:
    own = name or made_of.__name__.lower().replace("_", "-")
    if not _NAME.fullmatch(own):
        raise ValueError(f"the model's name is {own!r}: give small letters, digits, dots and hyphens")
    if "." in made_of.__qualname__:
        raise ValueError(f"`{made_of.__qualname__}` is inside of another function or class: write it at the top of its file")
    return Model(made_of, own, title or own, _capabilities(made_of), config, batch, tasks)
