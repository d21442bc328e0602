"""The program `culture-eval`: where it is, and calling it."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Where the wheel has the program and, in `lib`, its plugins: the layout of `just install`.
_OWN = Path(__file__).parent / "program"
_NAME = "culture-eval"


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("culture-eval")
    raise AttributeError(name)


class ProgramError(RuntimeError):
    """The program could not run. The message is what it printed last."""


def program() -> Path:
    """The program of the wheel; without one, that of PATH."""
    own = _OWN / "bin" / _NAME
    if own.is_file():
        return own
    found = shutil.which(_NAME)
    if found is None:
        raise ProgramError(f"there is no `{_NAME}` in {own.parent} or PATH: install the wheel (pip install culture-eval)")
    return Path(found)


def main() -> None:
    """The command `culture-eval` of the environment: becomes the program."""
    path = str(program())
    os.execv(path, [path, *sys.argv[1:]])


@dataclass(frozen=True)
class Called:
    """What a call printed on stdout, and its exit code."""

    out: str
    code: int


def call(arguments: Sequence[str], *, accepted: Sequence[int] = (0,), quiet: bool = False) -> Called:
    """Runs the program. What it notes on stderr is shown, unless `quiet`.

    An exit code that is not accepted is a :class:`ProgramError` with the last lines of stderr.
    """
    process = subprocess.Popen([program(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    stdout, stderr = process.stdout, process.stderr
    assert stdout is not None and stderr is not None
    out: list[str] = []
    reader = threading.Thread(target=lambda: out.append(stdout.read()), daemon=True)
    reader.start()
    last: list[str] = []
    for line in stderr:
        last = [*last[-19:], line]
        if not quiet:
            sys.stderr.write(line)
    code = process.wait()
    reader.join()
    if code not in accepted:
        raise ProgramError(f"culture-eval {' '.join(arguments)} ended with exit code {code}:\n{''.join(last) or ''.join(out)[-2000:]}")
    return Called("".join(out), code)
