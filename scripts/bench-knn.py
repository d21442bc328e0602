#!/usr/bin/env python3
"""Our k-NN against scikit-learn's brute force: same data, same threads, alternating runs, medians, equal labels.

    cargo bench --bench knn --no-run
    python scripts/bench-knn.py [--sizes 4000x16000 32000x128000] [--rounds 3] [--threads 2] [--dims 384] [--k 50]

Needs numpy and scikit-learn. Prints a Markdown table.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--sizes", nargs="+", default=["4000x16000", "32000x128000"], help="queries x training vectors")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--dims", type=int, default=384)
parser.add_argument("--k", type=int, default=50)
parser.add_argument("--classes", type=int, default=128)
parser.add_argument("--binary", help="the bench binary; found in target/release/deps by default")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402


def binary():
    if options.binary:
        return options.binary
    found = [p for p in Path("target/release/deps").glob("knn-*") if not p.suffix and os.access(p, os.X_OK)]
    if not found:
        sys.exit("no bench binary: run `cargo bench --bench knn --no-run` first")
    return max(found, key=lambda p: p.stat().st_mtime)


def embeddings(rng, labels, centres):
    """Overlapping classes around an offset, as sentence embeddings are."""
    noise = rng.standard_normal((len(labels), options.dims), dtype=np.float32)
    return noise + centres[labels] * np.float32(0.3) + np.float32(0.5)


print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, {options.threads} threads, d = {options.dims}, k = {options.k}, "
      f"{options.classes} classes, {options.rounds} alternating rounds\n")
print("| queries x training vectors | ours, s (median; all) | scikit-learn, s (median; all) | ratio | CPU s, ours / scikit-learn | labels that differ |")
print("|---|---|---|---|---|---|")
for size in options.sizes:
    test_n, train_n = map(int, size.split("x"))
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((options.classes, options.dims), dtype=np.float32)
    labels = np.arange(train_n) % options.classes
    train = embeddings(rng, labels, centres)
    test = embeddings(rng, rng.integers(0, options.classes, test_n), centres)
    with tempfile.TemporaryDirectory() as folder:
        train.tofile(f"{folder}/train.f32")
        test.tofile(f"{folder}/test.f32")
        labels.astype(np.uint32).tofile(f"{folder}/labels.u32")
        command = [str(x) for x in (binary(), folder, train_n, test_n, options.dims, options.k, options.classes, options.threads)]
        ours, theirs, our_cpu, their_cpu = [], [], [], []
        children = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])  # noqa: E731
        for _ in range(options.rounds):
            cpu = children()
            ours.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            our_cpu.append(children() - cpu)
            model = KNeighborsClassifier(n_neighbors=options.k, algorithm="brute", n_jobs=options.threads)
            start, cpu = time.perf_counter(), time.process_time()
            predicted = model.fit(train, labels).predict(test)
            theirs.append(time.perf_counter() - start)
            their_cpu.append(time.process_time() - cpu)
        differ = int(np.sum(np.fromfile(f"{folder}/ours.u32", dtype=np.uint32) != predicted))
    a, b = statistics.median(ours), statistics.median(theirs)
    show = lambda times: f"{statistics.median(times):.2f}; " + " ".join(f"{t:.2f}" for t in times)  # noqa: E731
    print(f"| {test_n:,} x {train_n:,} | {show(ours)} | {show(theirs)} | {b / a:.2f} | "
          f"{statistics.median(our_cpu):.1f} / {statistics.median(their_cpu):.1f} | {differ} of {test_n:,} |", flush=True)
