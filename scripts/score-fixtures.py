#!/usr/bin/env python3
"""Writes harness/tests/fixtures/score/*.json: what scikit-learn and PyTorch answer on small synthetic data.

    OMP_NUM_THREADS=1 python scripts/score-fixtures.py [metrics knn probe head]

Needs numpy and scikit-learn, for `probe` also torch (CPU). One thread: scikit-learn's neighbour ties depend on how it
shares out the work, and with one thread they follow the order of the training rows.
"""
import json
import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np

OUT = Path(__file__).resolve().parent.parent / "harness/tests/fixtures/score"


def write(name, made_with, cases):
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    OUT.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"made_by": "scripts/score-fixtures.py", "with": made_with})[:-1]
    (OUT / f"{name}.json").write_text(f'{head}, "cases": [\n{text}\n]}}\n')
    print(name, (OUT / f"{name}.json").stat().st_size, "bytes")


def metrics():
    import sklearn
    from scipy.stats import hmean
    from sklearn.metrics import accuracy_score, cohen_kappa_score, matthews_corrcoef, top_k_accuracy_score
    from sklearn.metrics import precision_recall_fscore_support as prf

    rng = np.random.default_rng(1)
    cases = []
    for classes, n, wrong, odd, smoothing, used in [
        (2, 40, 0.3, 0.0, 0.0, 2), (2, 60, 0.4, 0.2, 0.0001, 2), (3, 80, 0.5, 0.1, 0.0, 3), (7, 200, 0.4, 0.05, 0.0, 5),
        (2, 10, 0.0, 0.0, 0.0001, 2), (2, 12, 1.0, 0.5, 0.0, 2), (20, 300, 0.7, 0.1, 0.0, 20), (4, 15, 0.2, 0.9, 0.0, 4),
    ]:
        gold = rng.integers(0, used, n)
        gold[:used] = np.arange(used)
        answers = np.where(rng.random(n) < wrong, rng.integers(0, classes, n), gold)
        odd_rows = rng.random(n) < odd
        answers = np.where(odd_rows, rng.integers(-2, 0, n), answers)  # -1 out of choice, -2 missing
        labels = list(range(classes))
        expect = {"accuracy": accuracy_score(gold, answers)}
        for average in ["macro", "weighted"]:
            p, r, f, _ = prf(gold, answers, labels=labels, average=average, zero_division=0)
            expect |= {f"{average}-precision": p, f"{average}-recall": r, f"{average}-f1": f}
        recalls = prf(gold, answers, labels=labels, average=None, zero_division=0)[1]
        expect |= {"harmonic-recall": hmean(recalls)}
        one_odd = np.maximum(answers, -1)  # an answer outside the set is one further class, whatever the reason
        expect |= {"mcc": matthews_corrcoef(gold, one_odd), "cohen-kappa": cohen_kappa_score(gold, one_odd)}
        positive = 1
        tp = int(np.sum((gold == positive) & (answers == positive)))
        fp = int(np.sum((gold != positive) & (answers == positive)))
        fn = int(np.sum((gold == positive) & (answers != positive)))
        if smoothing:
            a, b, c = tp + smoothing, fp + smoothing, fn + smoothing
            p, r = a / (a + b), a / (a + c)
            expect |= {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}
        else:
            p, r, f, _ = prf(gold, answers, labels=[positive], average="macro", zero_division=0)
            expect |= {"precision": p, "recall": r, "f1": f}
        answered = answers >= 0
        expect["accuracy-answered"] = float(np.mean(gold[answered] == answers[answered])) if answered.any() else None
        scores = rng.integers(0, 1000, (n, classes)) + rng.random((n, classes))
        at = {}
        for k in [1, 3, 5]:
            if classes > 2:
                at[k] = top_k_accuracy_score(gold, scores, k=min(k, classes), labels=labels) if k < classes else 1.0
        cases.append({
            "classes": classes, "positive": positive, "smoothing": smoothing, "gold": gold.tolist(),
            "answers": answers.tolist(), "expect": {k: None if v is None else float(v) for k, v in expect.items()},
            "scores": np.float32(scores).ravel().tolist() if at and n <= 80 else [], "acc_at": {str(k): float(v) for k, v in at.items()} if n <= 80 else {},
        })
    write("metrics", {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, cases)


def knn():
    import sklearn
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(2)
    cases = []

    def case(name, train, labels, test, k):
        model = KNeighborsClassifier(n_neighbors=k, algorithm="brute").fit(train, labels)
        votes = np.rint(model.predict_proba(test) * k).astype(int)
        classes = np.unique(labels)
        assert (classes == np.arange(len(classes))).all()
        as_list = lambda m: [int(v) if float(v).is_integer() else float(v) for v in m.ravel()]
        near = model.kneighbors(test, return_distance=False)
        cases.append({
            "name": name, "k": k, "dims": train.shape[1], "classes": len(classes), "train": as_list(train),
            "labels": labels.tolist(), "test": as_list(test), "predicted": model.predict(test).tolist(),
            "votes": votes.ravel().tolist(), "rows": np.sort(near, axis=1).ravel().tolist(),
        })

    def labels_for(n, classes):
        labels = rng.integers(0, classes, n)
        labels[:classes] = np.arange(classes)
        return labels

    f32 = np.float32
    gauss = lambda n, d: (np.round(rng.standard_normal((n, d)) * 256) / 256).astype(f32)
    grid = lambda n, d, top: rng.integers(0, top, (n, d)).astype(f32)
    case("grid: most neighbours are ties", grid(400, 3, 4), labels_for(400, 5), grid(40, 3, 4), 5)
    case("grid: k = 50", grid(600, 2, 8), labels_for(600, 7), grid(40, 2, 8), 50)
    case("all the same vector", np.full((70, 4), 2.5, f32), labels_for(70, 6), np.full((3, 4), 2.5, f32), 50)
    case("one dimension, k = 1", grid(300, 1, 40), labels_for(300, 3), grid(30, 1, 40), 1)
    texts = gauss(60, 8)
    copies = texts[rng.integers(0, 60, 300)]
    case("duplicates under several labels", copies, labels_for(300, 8), texts[:20], 20)
    case("gaussian", gauss(500, 6), labels_for(500, 10), gauss(30, 6), 15)
    far = gauss(200, 4) + f32(1000)
    case("far from the origin", far, labels_for(200, 4), gauss(20, 4) + f32(1000), 10)
    case("k = every row", grid(30, 2, 5), labels_for(30, 3), grid(10, 2, 5), 30)
    write("knn", {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, cases)


def probe():
    import torch

    torch.set_num_threads(1)
    cases = []
    for seed, (n, d, classes, batch, epochs) in enumerate([(40, 6, 4, 16, 3), (33, 5, 3, 8, 20), (20, 4, 2, 512, 20)]):
        generator = torch.Generator().manual_seed(seed)
        data = torch.randn(n, d, generator=generator)
        labels = torch.randint(0, classes, (n,), generator=generator)
        data[torch.arange(n), labels % d] += 1.5
        test = torch.randn(12, d, generator=generator)
        layer = torch.nn.Linear(d, classes)
        bound = d ** -0.5
        with torch.no_grad():
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
        start = {"weight": layer.weight.detach().ravel().tolist(), "bias": layer.bias.detach().tolist()}
        orders = []
        optimizer = torch.optim.Adam(layer.parameters(), lr=2e-3)
        for epoch in range(epochs):
            for group in optimizer.param_groups:
                group["lr"] = 2e-3 * (1 - epoch / epochs)
            order = torch.randperm(n, generator=generator)
            orders.append(order.tolist())
            for rows in order.split(batch):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(layer(data[rows]), labels[rows]).backward()
                optimizer.step()
        cases.append({
            "dims": d, "classes": classes, "batch": batch, "epochs": epochs, "learning_rate": 2e-3,
            "data": data.ravel().tolist(), "labels": labels.tolist(), "test": test.ravel().tolist(), "start": start,
            "orders": orders, "weight": layer.weight.detach().ravel().tolist(), "bias": layer.bias.detach().tolist(),
            "logits": layer(test).detach().ravel().tolist(),
        })
    write("probe", {"torch": torch.__version__}, cases)


def head():
    import sklearn
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(4)
    cases = []
    for classes, n, d, c in [(2, 60, 4, 1.0), (3, 90, 5, 0.1), (5, 100, 6, 10.0)]:
        labels = rng.integers(0, classes, n)
        labels[:classes] = np.arange(classes)
        data = np.round(rng.standard_normal((n, d)) * 256) / 256
        data[np.arange(n), labels % d] += 1.0
        test = np.round(rng.standard_normal((10, d)) * 256) / 256
        model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000).fit(data, labels)
        cases.append({
            "classes": classes, "dims": d, "c": c, "data": data.ravel().tolist(), "labels": labels.tolist(),
            "test": test.ravel().tolist(), "probabilities": model.predict_proba(test).ravel().tolist(),
        })
    write("head", {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, cases)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["metrics", "knn", "probe", "head"]:
        {"metrics": metrics, "knn": knn, "probe": probe, "head": head}[name]()
