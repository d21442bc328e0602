"""From the answers of four models to a report: scores with intervals, pairs, calibration, figures; against pandas and matplotlib.

The peer is what one would write for the purpose (`report.py --peer RUN OUT`): the same answers from Parquet, a vectorised bootstrap, a CSV
and a Markdown table, one figure for each figure of ours of these kinds: scores, pairs, calibration, cultures.
"""
import json
import shutil
import sys
import time
from pathlib import Path

RESAMPLES = 2_000
MODELS = ["majority", "stratified-random", "hashed-ngrams", "tfidf-logreg"]


def peer(run, out):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)

    def figure(name, draw):
        fig, axis = plt.subplots(figsize=(6, 4))
        draw(axis)
        fig.savefig(out / "figures" / f"{name}.svg")
        plt.close(fig)

    def resampled(right):
        """Accuracies of resamples; `right`: examples x models."""
        n = len(right)
        weights = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(np.float32)
        return weights @ right.astype(np.float32) / n

    def calibration(axis, answers):
        top = np.array([max(scores) if scores is not None and len(scores) else np.nan for scores in answers.top_scores], float)
        place = np.minimum((top * 10).astype(int), 9)
        axis.plot([0, 1], [0, 1], ":")
        axis.plot([top[place == b].mean() for b in range(10) if (place == b).any()],
                  [answers.right[place == b].mean() for b in range(10) if (place == b).any()], "o-")

    def work():
        cells, rows, drawn = {}, [], 0
        for folder in sorted((run / "cells").iterdir()):
            spec = json.loads((folder / "spec.json").read_text())
            examples = pd.read_parquet(spec["data"]["path"], columns=["id", "label", "culture"])
            answers = pd.read_parquet(folder / "predictions.parquet")
            answers = answers[answers.variant == answers.variant.iloc[-1]].merge(examples, on="id", suffixes=("", "_gold"))
            answers["right"] = answers.label == answers.label_gold
            cells.setdefault(spec["task"]["name"], {})[spec["model"]["name"]] = answers
        for task, models in cells.items():
            names = list(models)
            right = np.stack([answers.right.to_numpy() for answers in models.values()], 1)
            means = resampled(right)
            low, high = np.quantile(means, [0.025, 0.975], axis=0)
            for i, name in enumerate(names):
                rows.append({"task": task, "model": name, "accuracy": right[:, i].mean(), "low": low[i], "high": high[i], "n": len(right)})
            middle = right.mean(0)
            figure(f"scores-{task}", lambda axis: axis.errorbar(middle, names, xerr=[middle - low, high - middle], fmt="o"))
            gaps = means[:, :, None] - means[:, None, :]
            p = np.minimum(2 * np.minimum((gaps <= 0).mean(0), (gaps >= 0).mean(0)), 1)
            figure(f"pairs-{task}", lambda axis: axis.imshow(p, vmin=0, vmax=1))
            cultures = pd.DataFrame({name: answers.groupby("culture").right.mean() for name, answers in models.items()})
            figure(f"cultures-{task}", lambda axis: axis.imshow(cultures, aspect="auto"))
            drawn += 3
            for name, answers in models.items():
                if answers.top_scores.map(lambda scores: scores is not None and len(scores) > 0).any():
                    figure(f"calibration-{task}-{name}", lambda axis: calibration(axis, answers))
                    drawn += 1
        table = pd.DataFrame(rows)
        table.to_csv(out / "scores.csv", index=False)
        wide = table.pivot(index="model", columns="task", values="accuracy")
        lines = ["| model | " + " | ".join(wide.columns) + " |", "|---" * (len(wide.columns) + 1) + "|"]
        lines += [f"| {name} | " + " | ".join(f"{100 * v:.1f}" for v in row) + " |" for name, row in zip(wide.index, wide.to_numpy())]
        (out / "scores.md").write_text("\n".join(lines) + "\n")
        return drawn

    shutil.rmtree(out, ignore_errors=True)
    (out / "figures").mkdir(parents=True)
    begin, cpu = time.perf_counter(), time.process_time()
    drawn = work()
    print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "figures": drawn}))


def main():
    from common import Bench, Run, command

    bench = Bench("report")
    home = Path(bench.options.folder) / "inputs/report"
    base = [bench.program, "--cache", home / "cache", "--runs", home / "runs", "--offline", "--data", "sample", "--quiet"]
    run, out = home / "runs/small", home / "out"
    if not bench.wanted("report"):
        return
    # Made once; a run that is there costs nothing.
    command([*base, "run", "--models", ",".join(MODELS), "--name", "small"], allowed=(0, 1))
    told = {}

    def ours(again):
        shutil.rmtree(out, ignore_errors=True)
        if not again:
            shutil.rmtree(run / "scores", ignore_errors=True)
        done = command([*base, "report", "small", "--format", "csv,md,svg", "--out", out])[0]
        told["ours"] = len(list((out / "figures").iterdir()))
        return done

    def theirs():
        done, text = command([sys.executable, __file__, "--peer", run, home / "peer"])
        seen = json.loads(text.splitlines()[-1])
        told["theirs"] = seen["figures"]
        return Run(seen["seconds"], seen["cpu"], done.memory)

    bench.row("report", "report of 4 models on 11 SAMPLE benchmarks", {
        "ours": lambda: ours(False), "pandas + matplotlib": theirs, "(ours, scores remembered)": lambda: ours(True),
    }, includes="ours: the whole command, nothing remembered; ranks, Holm's correction, intervals that respect clusters, "
                           "macro-F1 and the pages for a browser are in it. Theirs: the work without imports and without all of that",
        equal=lambda: f"{told['ours']} figures, theirs {told['theirs']}")


if sys.argv[1] == "--peer":
    peer(Path(sys.argv[2]), Path(sys.argv[3]))
else:
    main()
