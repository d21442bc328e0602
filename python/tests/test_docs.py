"""The snippets of docs/python.md, in the order of the page, in one session."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parent / "python.md"


def blocks(language):
    text = PAGE.read_text(encoding="utf-8")
    return [block.split("\n```", 1)[0] for block in text.split(f"```{language}\n")[1:]]


def predictions(folder):
    """Two models on 40 posts of three labels each."""
    rng = np.random.default_rng(1)
    for name, accuracy in (("a", 0.8), ("b", 0.6)):
        rows = [{"id": f"{post}/{label}", "post": post, "correct": int(rng.random() < accuracy)} for post in range(40) for label in range(3)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_the_page(tmp_path):
    predictions(tmp_path)
    script = []
    for block in blocks("python"):
        first = block.split("\n", 1)[0]
        if first.startswith("# ") and first.endswith(".py"):
            (tmp_path / first.removeprefix("# ")).write_text(block, encoding="utf-8")
        else:
            script.append(block)
    assert len(script) >= 6
    ran = subprocess.run([sys.executable, "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    shown = next(block for block in blocks("text") if block.startswith("A - B"))
    assert ran.stdout.splitlines()[0] == shown.strip()
    assert "loud" in ran.stdout and "tfidf-logreg" in ran.stdout
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in blocks("sh"):
        ran = subprocess.run(["sh", "-ec", block], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
