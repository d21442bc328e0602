"""What is learnt on frozen vectors: UniVaR's linear probe, and the logistic head whose penalty is chosen on validation data."""
from pathlib import Path

import numpy as np
from common import Bench, inside
from knn import answers, ours, vectors

DIMS = 384


def main():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    bench = Bench("probe")
    folder = Path(bench.options.folder) / "inputs/probe"
    kept = {}

    train, test, classes = bench.size((32_000, 8_000, 128), (4_000, 1_000, 128))
    if bench.wanted("probe"):
        made = vectors(folder, train, test, DIMS, classes)
        x, y = made["train"]
        epochs, batch = 20, 512

        def perceptron():
            # Without a hidden layer it is the same model: softmax regression, cross-entropy, Adam, 20 epochs of batches of 512.
            model = MLPClassifier((), solver="adam", alpha=0, batch_size=batch, learning_rate_init=2e-3, max_iter=epochs, n_iter_no_change=epochs,
                                  tol=0, random_state=1)
            run, kept["theirs"] = inside(lambda: model.fit(x, y).predict(made["test"][0]))
            return run

        bench.row("probe", f"linear probe, {train:,} x {DIMS}, {classes} classes, 20 epochs by Adam", {
            "ours": lambda: ours(bench, "probe", folder, train, test, DIMS, classes), "scikit-learn": perceptron,
        }, includes="training and prediction; scikit-learn's MLPClassifier without hidden layer does the same steps (its learning rate does not fall)",
            target=1.2, flop=2 * 2 * train * DIMS * classes * epochs,
            equal=lambda: f"accuracy {accuracy(answers(folder), made):.4f}, theirs {accuracy(kept['theirs'], made):.4f}")

    train, test, classes = bench.size((30_000, 6_600, 2), (4_000, 1_000, 2))
    if bench.wanted("head"):
        made = vectors(folder, train, test, DIMS, classes, spread=0.05)
        x, y = made["train"]
        valid, valid_labels = made["test"]

        def chosen():
            """The same grid on the same scaled vectors; ours has a row of weights per class, which is this at half its C."""
            centre = x.mean(0)
            scale = 1 / np.sqrt(((x - centre) ** 2).mean())
            best = None
            for c in (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0):
                model = LogisticRegression(C=c / 2, max_iter=1000, tol=1e-4).fit((x - centre) * scale, y)
                p = model.predict_proba((valid - centre) * scale)
                loss = -np.log(np.maximum(p[np.arange(len(p)), valid_labels], 1e-300)).mean()
                if best is None or loss < best[0]:
                    best = (loss, model.predict((valid - centre) * scale))
            return best[1]

        def theirs():
            run, kept["theirs"] = inside(chosen)
            return run

        bench.row("head", f"logistic head, {train:,} x {DIMS}, 2 classes, best of 7 penalties", {
            "ours": lambda: ours(bench, "head", folder, train, test, DIMS, classes), "scikit-learn": theirs,
        }, includes="scaling, 7 fits by L-BFGS, the choice on validation data, prediction", target=1.2,
            equal=lambda: f"accuracy {accuracy(answers(folder), made):.4f}, theirs {accuracy(kept['theirs'], made):.4f}")


def accuracy(labels, made):
    return (labels == made["test"][1]).mean()


main()
