"""Makes the wheel: the package, its compiled module, the program and the plugins. A build backend (PEP 517) without requirements.

maturin was weighed: it puts one library or one program into a wheel, and ours has twelve files that cargo makes. They would have to be
built before it, and it would be one more tool. What is left is a zip file with a list of hashes.
"""
from __future__ import annotations

import base64
import hashlib
import re
import shutil
import stat
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import tomllib

import layout

HERE = Path(__file__).resolve().parents[1]
_LICENSES = ("LICENSE", "LICENSE-APACHE", "LICENSE-MIT")
#: The oldest Python: `abi3-py310` in Cargo.toml.
_PYTHON = "cp310-abi3"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def version() -> str:
    """That of the workspace."""
    return tomllib.loads((layout.ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]


def _metadata() -> str:
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        ("Metadata-Version", "2.4"), ("Name", project["name"]), ("Version", version()), ("Summary", project["description"]),
        ("License-Expression", project["license"]), ("Requires-Python", project["requires-python"]),
        ("Keywords", ",".join(project["keywords"])), ("Description-Content-Type", "text/markdown"),
        *[("Classifier", one) for one in project["classifiers"]],
        *[("Requires-Dist", one) for one in project["dependencies"]],
        *[("License-File", name) for name in _LICENSES],
    ]
    return "".join(f"{key}: {value}\n" for key, value in lines) + "\n" + (HERE / project["readme"]).read_text(encoding="utf-8")


def _platform(files: list[Path]) -> str:
    """On Linux the oldest glibc that has all symbols (PEP 600); `auditwheel show` checks it in scripts/test-wheel."""
    plain = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if not sys.platform.startswith("linux"):
        return plain
    needed = {int(minor) for file in files for minor in re.findall(rb"GLIBC_2\.(\d+)", file.read_bytes())}
    return f"manylinux_2_{max(needed | {17})}_{plain.removeprefix('linux_')}"


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zipped(wheel: Path, files: dict[str, tuple[bytes, bool]], record: str) -> None:
    """The same files make the same bytes."""
    lines = [f"{name},{_hash(data)},{len(data)}" for name, (data, _) in files.items()]
    files = {**files, record: ("\n".join([*lines, f"{record},,", ""]).encode(), False)}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (data, executable) in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(info, data, compresslevel=9)


def make(out: Path, built: Path) -> Path:
    """The wheel of what cargo has built in a folder."""
    name, info = "culture_eval", f"culture_eval-{version()}.dist-info"
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch) / name
        shutil.copytree(HERE / name, package, ignore=shutil.ignore_patterns("__pycache__", "program", "*.so"))
        layout.put(built, package / "program")
        layout.take(built, layout.library("_native"), package / "_native.abi3.so")
        paths = sorted(path for path in package.rglob("*") if path.is_file())
        compiled = [path for path in paths if path.suffix == ".so" or path.name == layout.PROGRAM]
        tag = f"{_PYTHON}-{_platform(compiled)}"
        files = {path.relative_to(scratch).as_posix(): (path.read_bytes(), path.name == layout.PROGRAM) for path in paths}
    about = {
        "METADATA": _metadata(),
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: culture_eval_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n",
        "entry_points.txt": "[console_scripts]\nculture-eval = culture_eval._program:main\n",
    }
    files |= {f"{info}/{key}": (text.encode(), False) for key, text in about.items()}
    files |= {f"{info}/licenses/{key}": ((layout.ROOT / key).read_bytes(), False) for key in _LICENSES}
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"{name}-{version()}-{tag}.whl"
    _zipped(wheel, files, f"{info}/RECORD")
    return wheel


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """PEP 517: `pip install ./python`."""
    return make(Path(wheel_directory), layout.build()).name


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """PEP 517: there is none."""
    raise NotImplementedError("the source of culture-eval is its repository: build the wheel there (just wheel)")
