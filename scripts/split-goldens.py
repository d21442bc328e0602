#!/usr/bin/env python3
"""Writes harness/src/split/goldens.json: rows that pandas and scikit-learn draw from synthetic labels.

Needs pandas and scikit-learn; run by hand when a case is added. The labels follow from the row number,
so that only the drawn rows are stored: class of row i = pattern[i * step % len(pattern)].
"""

import json
import pathlib

import pandas
import sklearn
from sklearn.model_selection import train_test_split

PANDAS = [
    {"pattern": ["a$eng", "b$kor", "a$zho"], "step": 1, "rows": 60, "n": 12, "seed": 1},
    {"pattern": ["z", "a", "m", "a", "z", "é", "Z"], "step": 3, "rows": 210, "n": 24, "seed": 1},
    {"pattern": ["x", "y"], "step": 1, "rows": 2000, "n": 800, "seed": 7},
]
SKLEARN = [
    {"pattern": [0, 1, 1], "step": 1, "rows": 101, "test_size": 0.2, "seed": 42},
    {"pattern": [0, 1], "step": 1, "rows": 50, "test_size": 0.25, "seed": 42},
    {"pattern": [0, 0, 1, 2, 2, 2, 3], "step": 2, "rows": 333, "test_size": 0.2, "seed": 0},
    {"pattern": [0, 1, 2, 3], "step": 1, "rows": 42, "test_size": 0.3, "seed": 3},
]


def labels(case):
    pattern = case["pattern"]
    return [pattern[i * case["step"] % len(pattern)] for i in range(case["rows"])]


def main():
    for case in PANDAS:
        frame = pandas.DataFrame({"value": labels(case)})
        drawn = frame.groupby("value").sample(case["n"], random_state=case["seed"])
        case["train"] = sorted(int(i) for i in drawn.index)
    for case in SKLEARN:
        rows = list(range(case["rows"]))
        train, test = train_test_split(
            rows, test_size=case["test_size"], random_state=case["seed"], stratify=labels(case)
        )
        case["train"], case["test"] = train, test
    out = {
        "made_by": f"scripts/split-goldens.py, pandas {pandas.__version__}, scikit-learn {sklearn.__version__}",
        "pandas": PANDAS,
        "sklearn": SKLEARN,
    }
    path = pathlib.Path(__file__).parent.parent / "harness/src/split/goldens.json"
    path.write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
