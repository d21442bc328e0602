"""The program and its plugins as they are installed: FOLDER/bin and FOLDER/lib/culture-eval, in a wheel and below a prefix alike."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "culture-eval"
NATIVE = "native"
_PREFIX, _SUFFIX = "lib", ".dylib" if sys.platform == "darwin" else ".so"


def library(name: str) -> str:
    """The file that cargo makes of a library."""
    return f"{_PREFIX}{name.replace('-', '_')}{_SUFFIX}"


def _metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def plugins(metadata: dict) -> list[str]:
    """Crates of plugins that need no libtorch: the dynamic libraries among the default members."""
    default = set(metadata["workspace_default_members"])
    of_default = [package for package in metadata["packages"] if package["id"] in default]
    return sorted(package["name"] for package in of_default if any("cdylib" in target["kind"] for target in package["targets"]))


def build() -> Path:
    """Builds program, plugins and the Python module for release, and returns the folder that has them."""
    metadata = _metadata()
    packages = ["harness", NATIVE, *plugins(metadata)]
    subprocess.run(["cargo", "build", "--release", "--locked", *[f for name in packages for f in ("--package", name)]], cwd=ROOT, check=True)
    return Path(metadata["target_directory"]) / "release"


def take(built: Path, name: str, to: Path) -> None:
    """Copies what was built, without its symbols."""
    found = built / name
    if not found.is_file():
        raise SystemExit(f"error: {found} is missing: build it first, or leave out --from")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(found, to)
    if shutil.which("strip"):
        subprocess.run(["strip", "-x" if sys.platform == "darwin" else "--strip-unneeded", str(to)], check=True)


def put(built: Path, folder: Path) -> None:
    """The program and its plugins into a folder."""
    take(built, PROGRAM, folder / "bin" / PROGRAM)
    for name in plugins(_metadata()):
        take(built, library(name), folder / "lib" / PROGRAM / library(name))
