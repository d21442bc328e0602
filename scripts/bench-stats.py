#!/usr/bin/env python3
"""Times `culture-eval stats` against SciPy and numpy, alternately, and writes reports/bench/stats.md.

Development only: it makes its own virtual environment under target/ with exactly these packages:
    numpy==2.4.6
    scipy==1.17.1
Usage: scripts/bench-stats.py [path to culture-eval]   (default: target/release/culture-eval)
Our seconds come from `--timing` (computation alone); theirs are taken around the call, in this process. Each figure is
the median of the repetitions, run alternately on the same machine in the same minutes.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / "target" / "bench-venv"
PINS = [line.strip() for line in __doc__.splitlines() if "==" in line]


def inside_own_venv():
    python = VENV / "bin" / "python"
    if pathlib.Path(sys.prefix) == VENV:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PINS], check=True)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


inside_own_venv()
import numpy as np  # noqa: E402  after inside_own_venv, which installs it
import scipy  # noqa: E402  likewise
from scipy import stats  # noqa: E402  likewise

BINARY = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target" / "release" / "culture-eval")
RNG = np.random.default_rng(1)
R = 10_000


def ours(fn, data, opts, threads):
    request = json.dumps({"id": 1, "fn": fn, "input": data, "opts": opts})
    env = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    out = subprocess.run([BINARY, "stats", "--timing"], input=request, capture_output=True, text=True, env=env, check=False)
    answer = json.loads(out.stdout)
    assert "answer" in answer, answer
    return answer["seconds"]


def labels(n, k):
    w = 1 / np.sqrt(np.arange(1, k + 1))
    w /= w.sum()
    gold = RNG.choice(k, n, p=w)
    model = lambda: np.where(RNG.random(n) < 0.7, gold, RNG.choice(k, n, p=w))
    return gold, model(), model()


def macro_f1(gold_n, pred_n, hits):
    below = gold_n + pred_n
    return np.where(below > 0, 2 * hits / np.maximum(below, 1), 0).mean(-1)


def margins(gold, pred, k):
    """(..., n) label arrays to per-class counts."""
    shape = gold.shape[:-1]
    gold, pred = gold.reshape(-1, gold.shape[-1]), pred.reshape(-1, pred.shape[-1])
    row = np.arange(len(gold))[:, None] * k
    count = lambda x, w=None: np.bincount((row + x).ravel(), w, len(gold) * k).reshape(*shape, k)
    return count(gold), count(pred), count(gold, (gold == pred).astype(float).ravel())


def scipy_accuracy(a, b):
    stats.bootstrap((a, b), lambda x, y, axis: x.mean(axis) - y.mean(axis), paired=True, vectorized=True, n_resamples=R,
                    method="percentile", batch=100, rng=RNG)


def scipy_f1(gold, a, b, k):
    def statistic(g, x, y, axis):
        g, x, y = (np.moveaxis(v, axis, -1) for v in (g, x, y))
        return macro_f1(*margins(g, x, k)) - macro_f1(*margins(g, y, k))
    stats.bootstrap((gold, a, b), statistic, paired=True, vectorized=True, n_resamples=R, method="percentile", batch=100,
                    rng=RNG)


def numpy_accuracy(table):
    n = sum(table)
    draws = RNG.multinomial(n, np.array(table) / n, size=R)
    np.percentile((draws[:, 1] - draws[:, 2]) / n, [2.5, 97.5])


def numpy_f1(gold, a, b, k):
    key, counts = np.unique((gold * k + a) * k + b, return_counts=True)
    g, x, y = key // (k * k), key // k % k, key % k
    draws = RNG.multinomial(len(gold), counts / len(gold), size=R).astype(np.float32)
    pick = lambda labels: (labels[:, None] == np.arange(k)).astype(np.float32)
    G = draws @ pick(g)
    f1 = lambda p: macro_f1(G, draws @ pick(p), draws @ (pick(g) * (p == g)[:, None]))
    np.percentile(f1(x) - f1(y), [2.5, 97.5])


def alternately(functions, repeats):
    times = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            seconds = function()
            times[name].append(seconds if isinstance(seconds, float) else time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def row(title, functions, repeats):
    t = alternately(functions, repeats)
    one = t["ours, 1 thread"]
    cell = lambda name: f"{t[name]:.4f} ({t[name] / one:.0f}x)" if name in t else "-"
    line = f"| {title} | {one:.4f} | {t.get('ours, 2 threads', float('nan')):.4f} | {cell('SciPy')} | {cell('numpy')} |"
    print(line, flush=True)
    return line


def main():
    lines = []
    for n in (1_000, 10_000, 100_000):
        a, b = (RNG.random(n) < 0.7).astype(float), (RNG.random(n) < 0.68).astype(float)
        table = [int(((a == u) & (b == v)).sum()) for u, v in ((1, 1), (1, 0), (0, 1), (0, 0))]
        data = dict(zip(("both_right", "only_a", "only_b", "both_wrong"), table))
        run = lambda threads: ours("paired_bootstrap_accuracy", data, {"self_check": False}, threads)
        functions = {"ours, 1 thread": lambda: run(1), "ours, 2 threads": lambda: run(2),
                     "numpy": lambda: numpy_accuracy(table)}
        if n <= 10_000:
            functions["SciPy"] = lambda: scipy_accuracy(a, b)
        lines.append(row(f"bootstrap accuracy, n = {n}", functions, 5))
    for k in (2, 20):
        for n in (1_000, 10_000, 100_000):
            gold, a, b = labels(n, k)
            data = {"gold": gold.tolist(), "pred_a": a.tolist(), "pred_b": b.tolist(), "num_classes": k}
            run = lambda threads, fn="paired_bootstrap_metric", **o: ours(fn, data, {"metric": "macro_f1", **o}, threads)
            functions = {"ours, 1 thread": lambda: run(1), "ours, 2 threads": lambda: run(2),
                         "numpy": lambda: numpy_f1(gold, a, b, k)}
            if n <= 10_000:
                functions["SciPy"] = lambda: scipy_f1(gold, a, b, k)
            lines.append(row(f"bootstrap macro-F1, {k} classes, n = {n}", functions, 3))
            mc = lambda threads: run(threads, "permutation_metric", method="mc")
            functions = {"ours, 1 thread": lambda: mc(1), "ours, 2 threads": lambda: mc(2)}
            lines.append(row(f"permutation macro-F1, {k} classes, n = {n}", functions, 3))
            if n == 10_000:
                many = {"ours, 1 thread": lambda: run(1, resamples=100_000), "ours, 2 threads": lambda: run(2, resamples=100_000)}
                lines.append(row(f"bootstrap macro-F1, {k} classes, n = {n}, R = 100,000", many, 3))
    for n in (1_000, 10_000):
        right = (RNG.random((n, 50)) < np.linspace(0.5, 0.8, 50)).astype(int).tolist()
        run = lambda threads: ours("all_pairs", {"correct": right}, {}, threads)
        functions = {"ours, 1 thread": lambda: run(1), "ours, 2 threads": lambda: run(2)}
        lines.append(row(f"all 1,225 pairs of 50 models, one benchmark, n = {n}", functions, 3))
    load = os.getloadavg()
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown CPU")
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    out = ROOT / "reports" / "bench" / "stats.md"
    # What is under the first second-level heading is written by hand and kept.
    _, heading, notes = (out.read_text() if out.exists() else "").partition("\n## ")
    text = f"""# Speed of the statistics engine

Written by `scripts/bench-stats.py` (`just bench-stats`). R = 10,000 resamples unless said; seconds, medians, alternating
runs; in brackets their time over ours on one thread. numpy = a vectorised multinomial over the joint cells; SciPy =
`scipy.stats.bootstrap`, vectorised. {version}; Python {sys.version.split()[0]}, numpy {np.__version__}, SciPy
{scipy.__version__}; {cpu}, {os.cpu_count()} cores, load at the end {load[0]:.1f} (above the number of cores the machine was
shared and all figures are too high).

| case | ours, 1 thread | ours, 2 threads | SciPy | numpy |
|---|---|---|---|---|
""" + "\n".join(lines) + "\n" + heading + notes
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)


if __name__ == "__main__":
    main()
