"""Models of the tests: a function, a function with options, and a class that learns."""
import culture_eval


@culture_eval.model(tasks=["crehate"])
def always_hate(text, culture, labels):
    print("this goes to the cell's log, not into the answers")
    return "hate" if "hate" in labels else labels[0]


@culture_eval.model(name="words", config={"least": 1})
class Words:
    def __init__(self, labels, seed, config):
        self.labels, self.least, self.counts = labels, config["least"], {}

    def fit(self, train, valid):
        for example in train:
            for word in example["text"].lower().split():
                self.counts.setdefault(word, dict.fromkeys(self.labels, 0))[example["label"]] += 1

    def classify(self, examples):
        return [self.scores(example["text"]) for example in examples]

    def scores(self, text):
        known = [counts for word in text.lower().split() if sum((counts := self.counts.get(word, {})).values()) >= self.least]
        return [1.0 + sum(counts[label] / sum(counts.values()) for counts in known) for label in self.labels]


@culture_eval.model
def first_option(text, options):
    return options[0]


@culture_eval.model
def broken(text):
    raise KeyError("no such word")
