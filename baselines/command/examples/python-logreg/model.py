"""TF-IDF + logistic regression from scikit-learn, as a model of culture-eval: JSON lines in, JSON lines out."""
import json
import sys

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def text(example):
    return f"{example['culture'] or ''} {example['text']}"


class Model:
    def create(self, config, task, seed, **_):
        self.labels = task["labels"]
        self.pipeline = make_pipeline(
            TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
            LogisticRegression(C=config.get("c", 1.0), max_iter=1000, random_state=seed),
        )
        return {"can": ["fit", "classify"]}

    def fit(self, train, valid):
        self.pipeline.fit([text(e) for e in train], [e["label"] for e in train])
        return {}

    def classify(self, examples):
        rows = self.pipeline.predict_proba([text(e) for e in examples])
        seen = {label: column for column, label in enumerate(self.pipeline.classes_)}
        score = lambda row, label: float(row[seen[label]]) if label in seen else 0.0
        return {"scores": [[score(row, label) for label in self.labels] for row in rows]}


model = Model()
for line in sys.stdin:
    request = json.loads(line)
    answer = getattr(model, request.pop("do"))(**request)
    print(json.dumps(answer), flush=True)
