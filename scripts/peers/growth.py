"""How cost grows with the work: examples, models, threads; the exponent of each and the peak memory."""
import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
from common import Bench, Run, command, stats, threads_environment
from knn import vectors


def exponent(xs, seconds):
    """Slope of log seconds over log size for the largest three sizes: below them start-up is what is seen."""
    x, y = np.log(xs[-3:]), np.log(seconds[-3:])
    return float(np.polyfit(x, y, 1)[0])


def main():
    bench = Bench("growth")
    home = Path(bench.options.folder) / "inputs/growth"

    def curve(name, title, sizes, work, unit, includes, repeats=2):
        """The fastest of `repeats` at each size: growth is a property of the work, not of the neighbours."""
        if not bench.wanted(name):
            return
        points = []
        for size in sizes:
            try:
                runs = [work(size) for _ in range(repeats if size < sizes[-1] else 1)]
            except Exception as error:  # noqa: BLE001  the sizes before it stand
                print(f"growth/{name} at {size}: {str(error)[-300:]}", file=sys.stderr)
                break
            best = min(runs, key=lambda run: run.wall)
            points.append({"size": size, "wall": best.wall, "cpu": best.cpu, "memory": best.memory})
        if len(points) < 2:
            return bench.keep(name, title=title, failed="fewer than two sizes could be run")
        bench.keep(name, title=title, unit=unit, points=points, includes=includes,
                   exponent=exponent([p["size"] for p in points], [p["wall"] for p in points]))

    powers = lambda low, high: [10**e for e in range(low, high + 1)]

    def run(n, threads=None):
        folder = home / "run"
        shutil.rmtree(folder, ignore_errors=True)
        command([bench.program, "sample", "--synthetic", n, folder])
        done = command([bench.program, "--cache", folder / "cache", "--runs", folder / "runs", "--definitions", folder, "--mirror", folder, "--offline",
                        "--quiet", "run", "--models", "noop", "--benchmarks", "synthetic", "--name", "noop"],
                       env=threads_environment(threads or bench.options.threads))[0]
        shutil.rmtree(folder, ignore_errors=True)
        return done

    curve("run", "a run of a model that does nothing, source to leaderboard", bench.size(powers(3, 7), powers(3, 4)), run, "examples",
          "the whole command; memory: the largest process")

    rng = random.Random(1)

    def labels(n, k):
        gold = [rng.randrange(k) for _ in range(n)]
        model = lambda: [g if rng.random() < 0.7 else rng.randrange(k) for g in gold]
        return {"gold": gold, "pred_a": model(), "pred_b": model(), "num_classes": k}

    def bootstrap(n, k=20, threads=None):
        return stats(bench, [("paired_bootstrap_metric", labels(n, k), {"metric": "macro_f1"})], threads or bench.options.threads)[0]

    curve("bootstrap", "paired bootstrap of macro-F1, 20 classes, 10,000 resamples", bench.size(powers(3, 6), powers(3, 4)), bootstrap, "examples",
          "the computation alone; memory: the process, JSON of the input among it")

    def pairs(models, n=2_000, threads=None):
        right = [[int(rng.random() < 0.5 + 0.3 * m / models) for m in range(models)] for _ in range(n)]
        return stats(bench, [("all_pairs", {"correct": right}, {})], threads or bench.options.threads)[0]

    curve("models", "intervals of all pairs of models, 2,000 examples, 10,000 resamples", bench.size([2, 5, 10, 20, 50, 100, 200], [2, 5, 10]), pairs,
          "models", "the computation alone; pairs grow with the square of the models")

    def knn(train, threads=None):
        folder = home / "knn"
        vectors(folder, train, 1_000, 384, 128)
        done, text = command([bench.examples / "time_vectors", "knn", folder, train, 1_000, 384, 128, threads or bench.options.threads])
        return Run(json.loads(text)["seconds"], done.cpu, done.memory)

    curve("knn", "k-NN of 1,000 queries, 384 dimensions", bench.size([1_000, 10_000, 100_000], [1_000, 4_000]), knn, "training vectors",
          "the search alone; memory: the process, vectors among it")

    if bench.wanted("threads") and bench.options.threads > 1:
        tasks = {
            "bootstrap of macro-F1, 20 classes, n = 10,000": lambda threads: bootstrap(10_000, 20, threads),
            "all pairs of 50 models, n = 2,000": lambda threads: pairs(50, 2_000, threads),
            "k-NN, 1,000 queries in 20,000": lambda threads: knn(20_000, threads),
            "a run of a model that does nothing, 100,000 examples": lambda threads: run(100_000, threads),
        }
        found = {}
        for title, work in tasks.items():
            for threads in (1, bench.options.threads):
                runs = [work(threads) for _ in range(bench.size(3, 1))]
                found.setdefault(title, {})[threads] = min(run.wall for run in runs)
        bench.keep("threads", title="one thread and all", found=found)


main()
