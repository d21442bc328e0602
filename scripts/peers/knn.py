"""Exact Euclidean k-NN (k = 50) on float32 vectors of 384 dimensions: as UniVaR's views are evaluated."""
import json
from pathlib import Path

import numpy as np
from common import Bench, Run, command, inside

DIMS, CLASSES, NEIGHBOURS = 384, 128, 50


def vectors(folder, train, test, dims, classes, spread=0.3):
    """Overlapping classes around an offset, as sentence embeddings are; files for ours, arrays for theirs."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((classes, dims), dtype=np.float32)
    made = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, labels in [("train", np.arange(train) % classes), ("test", rng.integers(0, classes, test))]:
        x = rng.standard_normal((len(labels), dims), dtype=np.float32) + centres[labels] * np.float32(spread) + np.float32(0.5)
        x.tofile(folder / f"{name}.f32")
        labels.astype(np.uint32).tofile(folder / f"{name}.u32")
        made[name] = (x, labels)
    return made


def ours(bench, what, folder, train, test, dims, classes):
    """Wall: the work alone, as the program tells it; CPU: of the whole process, reading included."""
    run, text = command([bench.examples / "time_vectors", what, folder, train, test, dims, classes, bench.options.threads])
    return Run(json.loads(text)["seconds"], run.cpu, run.memory)


def answers(folder):
    return np.fromfile(folder / "ours.u32", np.uint32)


def main():
    from sklearn.neighbors import KNeighborsClassifier

    bench = Bench("knn")
    sizes = bench.size([(4_000, 16_000), (8_000, 64_000)], [(500, 4_000)])
    for test, train in sizes:
        name = f"{test}x{train}"
        if not bench.wanted(name):
            continue
        folder = Path(bench.options.folder) / "inputs/knn"
        made = vectors(folder, train, test, DIMS, CLASSES)
        kept = {}

        def theirs():
            model = KNeighborsClassifier(NEIGHBOURS, algorithm="brute", n_jobs=bench.options.threads)
            run, kept["labels"] = inside(lambda: model.fit(*made["train"]).predict(made["test"][0]))
            return run

        bench.row(name, f"{test:,} queries in {train:,} vectors", {
            "ours": lambda: ours(bench, "knn", folder, train, test, DIMS, CLASSES), "scikit-learn": theirs,
        }, includes="distances, neighbours, votes; vectors in memory for both", target=1.2, flop=2 * train * test * DIMS,
            equal=lambda: f"{int((kept['labels'] != answers(folder)).sum())} of {test:,} labels differ")


if __name__ == "__main__":
    main()
