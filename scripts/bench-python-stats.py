#!/usr/bin/env python3
"""Times `culture_eval.stats` against SciPy, both called from one process of Python: scripts/bench-python-stats.py WHEEL [ROUNDS]

Development only: it makes its own virtual environment under target/ with the wheel (`just wheel`) and exactly these packages:
    numpy==2.4.6
    scipy==1.17.1
Each figure is the median of the rounds (5), run alternately in the same minutes. Ours uses all cores, but where it says 1 thread.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / "target" / "bench-python-venv"
PINS = [line.strip() for line in __doc__.splitlines() if "==" in line]


def inside_own_venv():
    if pathlib.Path(sys.prefix) == VENV:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PINS], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", sys.argv[1]], check=True)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


if len(sys.argv) < 2:
    sys.exit(__doc__)
inside_own_venv()
import numpy as np  # noqa: E402  after inside_own_venv, which installs it
import scipy  # noqa: E402  likewise
from scipy import stats as theirs  # noqa: E402  likewise

from culture_eval import stats as ours  # noqa: E402  likewise

RNG = np.random.default_rng(1)
R = 10_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def mean_difference(x, y, axis):
    return x.mean(axis) - y.mean(axis)


def cases():
    """Title, ours, SciPy's."""
    a, b = (RNG.random((2, 10_000)) < [[0.75], [0.7]]).astype(float)
    yield (
        "bootstrap of an accuracy difference, n = 10,000, 10,000 resamples",
        lambda: ours.paired_bootstrap_mean(a, b, resamples=R, seed=1),
        lambda: theirs.bootstrap((a, b), mean_difference, paired=True, vectorized=True, n_resamples=R, method="percentile", batch=100, rng=RNG),
    )
    x, y = RNG.normal(size=(2, 10_000))
    yield (
        "bootstrap of a graded difference, n = 10,000, 10,000 resamples",
        lambda: ours.paired_bootstrap_mean(x, y, resamples=R, seed=1),
        lambda: theirs.bootstrap((x, y), mean_difference, paired=True, vectorized=True, n_resamples=R, method="percentile", batch=100, rng=RNG),
    )
    yield (
        "sign-flip permutation test, n = 10,000, 10,000 resamples",
        lambda: ours.permutation_mean(x, y, method="mc", resamples=R, seed=1),
        lambda: theirs.permutation_test((x, y), mean_difference, permutation_type="samples", vectorized=True, n_resamples=R, batch=100, rng=RNG),
    )
    yield "signed-rank test, n = 10,000", lambda: ours.wilcoxon(x, y, method="asymptotic"), lambda: theirs.wilcoxon(x, y, method="asymptotic")
    big = RNG.normal(size=(2, 1_000_000))
    yield "paired t test, n = 1,000,000", lambda: ours.ttest_paired(*big), lambda: theirs.ttest_rel(*big)
    yield "paired t test, n = 100", lambda: ours.ttest_paired(x[:100], y[:100]), lambda: theirs.ttest_rel(x[:100], y[:100])


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


threads = os.environ.get("RAYON_NUM_THREADS", f"{os.cpu_count()} threads")
print(f"NumPy {np.__version__}, SciPy {scipy.__version__}, {threads}; seconds, medians of {ROUNDS}\n")
print("| | culture_eval | SciPy | ratio |\n|---|---:|---:|---:|")
for title, own, other in cases():
    own()  # threads and pages
    pairs = [(seconds(own), seconds(other)) for _ in range(ROUNDS)]
    mine, scipys = (statistics.median(column) for column in zip(*pairs))
    print(f"| {title} | {mine:.6f} | {scipys:.6f} | {scipys / mine:.0f} |", flush=True)
