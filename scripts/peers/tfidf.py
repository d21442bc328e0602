"""TF-IDF and logistic regression on EMGSD: word 1-2-grams and character 2-5-grams, the penalty given or chosen on validation data."""
import csv
import json
import re

from common import Bench, Run, command, inside, threads_environment

CONFIG = {"words": [1, 2], "chars": [2, 5], "culture": False, "crosses": False, "word_weight": 0.3, "min_df": 2, "balanced": True, "refit": False,
          "tolerance": 1e-4}  # scikit-learn's rule for when to stop
LINE = re.compile(r"macro-F1 ([\d.]+) .* fit ([\d.]+) s  classify (\d+) us")


def read(folder, share):
    """As ours reads it: every fifth row of train is valid."""
    rows = [json.loads(line) for line in (folder / "train_binary.jsonl").read_text().splitlines()]
    train, valid = [r for i, r in enumerate(rows) if i % 5 != 4], [r for i, r in enumerate(rows) if i % 5 == 4]
    with open(folder / "test.csv", newline="", encoding="utf-8") as file:
        test = [(r["text"], int(r["category"] == "stereotype")) for r in csv.DictReader(file)]
    train = train[: int(len(train) * share)]
    return [[r["text"] for r in train], [r["label"] for r in train]], [[r["text"] for r in valid], [r["label"] for r in valid]], list(zip(*test))


def main():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import FeatureUnion

    bench = Bench("tfidf")
    share = bench.size(1.0, 0.1)
    if not (bench.data / "emgsd/test.csv").exists():
        return bench.keep("fit", title="TF-IDF + logistic regression", failed=f"no EMGSD in {bench.data}")
    train, valid, test = read(bench.data / "emgsd", share)
    told, rest = {}, {}

    def ours(cs):
        run, text = command([bench.examples / "real_data", bench.data, json.dumps(CONFIG | {"c": cs}), bench.options.threads, "EMGSD test", share],
                            env=threads_environment(bench.options.threads))
        f1, fit, each = LINE.search(text).groups()
        told["ours"] = float(f1)
        rest.setdefault("ours", []).append(float(each) * len(test[0]) / 1e6)
        return Run(float(fit), run.cpu, run.memory)

    def theirs(cs):
        features = FeatureUnion([("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\w+")),
                                 ("chars", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True))],
                                transformer_weights={"words": 0.3, "chars": 1.0})

        def fit():
            x = features.fit_transform(train[0])
            best = None
            for c in cs:
                model = LogisticRegression(C=c, class_weight="balanced", max_iter=200).fit(x, train[1])
                score = f1_score(valid[1], model.predict(features.transform(valid[0])), average="macro") if len(cs) > 1 else 0
                if best is None or score > best[0]:
                    best = (score, model)
            return best[1]

        run, model = inside(fit)
        predicting, answers = inside(lambda: model.predict(features.transform(test[0])))
        told["theirs"] = 100 * f1_score(test[1], answers, average="macro")
        rest.setdefault("scikit-learn", []).append(predicting.wall)
        return run

    def add(name, title, cs, rounds, **more):
        told.clear(), rest.clear()
        bench.row(name, title, {"ours": lambda: ours(cs), "scikit-learn": lambda: theirs(cs)}, target=5, rounds=rounds, warm=False,
                  equal=lambda: f"macro-F1 {told['ours']:.2f}, theirs {told['theirs']:.2f}", predict=lambda: dict(rest), n=len(train[0]), **more)

    add("fit", f"fit, EMGSD, {len(train[0]):,} texts, C = 3", [3.0], min(bench.rounds, 3),
        includes="counting, weighting and fitting; reading the files left out for both. CPU: the whole run of ours, reading and prediction included")
    add("choose", f"fit, best of 3 penalties on {len(valid[0]):,} validation texts", [0.3, 3.0, 30.0], 1,
        includes="the same three times, with the choice; ours starts each fit from the one before")
    if bench.wanted("predict") and (bench.folder / "fit.json").exists():
        fit = json.loads((bench.folder / "fit.json").read_text())
        if "predict" in fit and "sides" in fit:
            sides = {name: [{"wall": wall, "cpu": 0.0, "memory": 0.0} for wall in walls] for name, walls in fit["predict"].items()}
            bench.keep("predict", title=f"prediction, {len(test[0]):,} texts", sides=sides, target=5, load_before=fit["load_before"],
                       includes="counting, weighting, scoring; from the runs of the fit above")


main()
