"""`python -m culture_eval._serve FILE NAME`: the process of a model that is a Python function or class.

Requests and answers are the JSON lines of the plugin `command` (baselines/command/README.md). What the function prints goes to stderr,
which is the cell's log.
"""
from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ._model import Model

#: The name of the answer of each request.
_ANSWERS = {"choose": "scores", "embed": "vectors", "loglikelihood": "loglikelihoods", "generate": "replies"}


def _wanted(function: Callable[..., Any], known: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a function names."""
    parameters = inspect.signature(function).parameters
    every = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return {name: value for name, value in known.items() if every or name in parameters}


def _labels(answers: list[Any], labels: list[str]) -> dict[str, Any]:
    """Labels as they are; among scores a label has all of the weight."""
    if all(answer is None or isinstance(answer, str) for answer in answers):
        return {"labels": answers}
    return {"scores": [[float(label == answer) for label in labels] if isinstance(answer, str) else _plain(answer) for answer in answers]}


def _options(answers: list[Any], examples: list[dict[str, Any]]) -> dict[str, Any]:
    def scores(answer: Any, options: list[str]) -> Any:
        if answer is None or not isinstance(answer, (str, int)):
            return _plain(answer)
        place = options.index(answer) if isinstance(answer, str) else answer
        return [float(place == other) for other in range(len(options))]

    return {"scores": [scores(_whole(answer), example["options"]) for answer, example in zip(answers, examples, strict=True)]}


def _whole(value: Any) -> Any:
    """A NumPy number as Python's."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def _plain(value: Any) -> Any:
    """NumPy arrays as lists."""
    return value.tolist() if hasattr(value, "tolist") else value


class Served:
    """A model in its process."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.task: dict[str, Any] = {}
        self.own: Any = None

    def create(self, *, config: dict[str, Any] | None, task: dict[str, Any], seed: int, threads: int, **_: Any) -> dict[str, Any]:
        self.task = task
        known = {**(config or {}), "config": config or {}, "labels": task["labels"], "cultures": task["cultures"], "seed": seed, "threads": threads}
        made_of = self.model.made_of
        self.own = made_of(**_wanted(made_of, known)) if inspect.isclass(made_of) else None
        can: dict[str, Any] = {"can": list(self.model.capabilities)}
        if "embed" in self.model.capabilities:
            can["dimension"] = int(self.own.dimension)
        return can

    def answer(self, do: str, request: dict[str, Any]) -> dict[str, Any]:
        if do == "create":
            return self.create(**request)
        if self.own is None:
            return self._one_by_one(do, request)
        answers = _plain(getattr(self.own, do)(**request))
        if do in ("fit", "save", "load"):
            return {}
        if isinstance(answers, dict):
            return answers
        if do == "classify":
            return _labels([_whole(answer) for answer in answers], self.task["labels"])
        if do == "choose":
            return _options(list(answers), request["examples"])
        return {_ANSWERS[do]: [_plain(answer) for answer in answers]}

    def _one_by_one(self, do: str, request: dict[str, Any]) -> dict[str, Any]:
        function = self.model.made_of
        if do == "generate":
            return {"replies": [function(prompt) for prompt in request["prompts"]]}
        examples = request["examples"]
        answers = [function(**_wanted(function, {**example, "labels": self.task["labels"]})) for example in examples]
        return _labels([_whole(a) for a in answers], self.task["labels"]) if do == "classify" else _options(answers, examples)


def load(file: str, name: str) -> Model:
    """The model of that name of a file, which is run as a module."""
    # Files beside it can be imported, as where it is run itself.
    sys.path.insert(0, str(Path(file).parent))
    spec = importlib.util.spec_from_file_location("culture_eval_model", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not isinstance(found, Model):
        raise TypeError(f"{file} has no model `{name}`: keep `@culture_eval.model` on it")
    return found


def serve(model: Model, lines: TextIO, out: TextIO) -> None:
    """Answers each line with one line, until stdin closes or a request fails."""
    served = Served(model)
    for line in lines:
        request = json.loads(line)
        try:
            answer = served.answer(request.pop("do"), request)
        except Exception as error:  # noqa: BLE001 whatever the model's author wrote: the cell's reason
            import traceback

            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


def main() -> None:
    out = sys.stdout
    sys.stdout = sys.stderr
    serve(load(sys.argv[1], sys.argv[2]), sys.stdin, out)


if __name__ == "__main__":
    main()
