"""What the harness itself costs for an example: a model that does nothing, four-choice questions, a log of every answer."""
import json
import random
import shutil
import sys
import zipfile
from pathlib import Path

from common import Bench, command

WORDS = "lantern river soup bread kite pear window market uncle ribbon salt spoon song bridge tea stone quiet loud early late".split()

FAMILY = """name = "four"
title = "Four choices"
version = 1
status = "drop-in"
summary = "Made-up questions of four choices."
licence = "MIT OR Apache-2.0"
homepage = "https://example.org"
paper = "none"
citation = ""

[[source]]
id = "rows"
path = "four.jsonl"
from = { kind = "drop-in", hint = "made by scripts/peers/per_example.py" }

[[task]]
name = "four"
title = "Four choices"
question = "Which?"
labels = ["A", "B", "C", "D"]
culture_kind = "group"

[[task.input]]
source = "rows"
columns = ["id", "question", "a", "b", "c", "d", "label", "culture"]

[task.example]
id = "{id}"
text = "{question}\\nA) {a}\\nB) {b}\\nC) {c}\\nD) {d}\\nAnswer:"
label = "{label}"
culture = "{culture}"

[task.split]
method = "hash"
train = 0.7
valid = 0.1
by = "id"
seed = 1

[[task.protocol]]
name = "zero-shot"
eval = ["train", "valid", "test"]
accepts = ["classify"]

[[benchmark]]
name = "four"
title = "Four choices"
number = 1000
task = "four"
metric = "accuracy"
"""

MODEL = """name = "nothing"
title = "Nothing"
plugin = "majority"
description = "Always A."
licence = "MIT OR Apache-2.0"
batch = 4096
tasks = ["four"]
protocols = ["zero-shot"]

[config]
label = "A"
"""

LM_EVAL = """task: four
dataset_path: json
dataset_kwargs:
  data_files:
    test: FILE
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA) {{a}}\\nB) {{b}}\\nC) {{c}}\\nD) {{d}}\\nAnswer:"
doc_to_choice: ["A", "B", "C", "D"]
doc_to_target: label
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""

INSPECT = """import inspect_ai.model._model
from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice

# The mock model counts its tokens with a table that it fetches from the network: words are counted instead.
inspect_ai.model._model.count_text_tokens = lambda text: len(text.split())


def sample(row):
    return Sample(id=row["id"], input=row["question"], choices=[row["a"], row["b"], row["c"], row["d"]], target=row["label"])


@task
def four():
    return Task(dataset=json_dataset("FILE", sample), solver=multiple_choice(), scorer=choice())
"""


def inputs(folder, n):
    """The same questions in the layouts of the three."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "four").mkdir(parents=True)
    (folder / "lm-eval").mkdir()
    rng, rows = random.Random(1), folder / "four/four.jsonl"
    with rows.open("w") as file:
        for i in range(n):
            row = {"id": f"q{i}", "question": " ".join(rng.choices(WORDS, k=12)) + "?", **{c: " ".join(rng.choices(WORDS, k=3)) for c in "abcd"},
                   "label": rng.choice("ABCD"), "culture": f"c{rng.randrange(20):02}"}
            file.write(json.dumps(row) + "\n")
    (folder / "four.toml").write_text(FAMILY)
    (folder / "nothing.toml").write_text(MODEL)
    (folder / "lm-eval/four.yaml").write_text(LM_EVAL.replace("FILE", str(rows)))
    (folder / "questions.py").write_text(INSPECT.replace("FILE", str(rows)))
    return folder


def sides(bench, folder, n):
    here = Path(sys.executable).parent

    def ours():
        shutil.rmtree(folder / "cache", ignore_errors=True)
        shutil.rmtree(folder / "runs", ignore_errors=True)
        return command([bench.program, "--runs", folder / "runs", "--cache", folder / "cache", "--definitions", folder, "--mirror", folder,
                        "--offline", "--quiet", "run", "--models", "nothing", "--benchmarks", "four", "--name", "four"])[0]

    def lm_eval():
        shutil.rmtree(folder / "lm-eval-out", ignore_errors=True)
        return command([here / "lm-eval", "run", "--model", "dummy", "--tasks", "four", "--include_path", folder / "lm-eval",
                        "--output_path", folder / "lm-eval-out", "--log_samples"], env={"HF_HOME": str(folder / "hf")})[0]

    def inspect_ai():
        shutil.rmtree(folder / "logs", ignore_errors=True)
        run = command([here / "inspect", "eval", "questions.py", "--model", "mockllm/model", "--log-dir", folder / "logs",
                       "--display", "none"], cwd=folder)[0]
        # An eval that fails exits with 0.
        (log,) = (folder / "logs").iterdir()
        with zipfile.ZipFile(log) as file:
            logged = sum(name.startswith("samples/") for name in file.namelist())
        if logged != n:
            raise RuntimeError(f"inspect_ai logged {logged} of {n} samples")
        return run

    return {"ours": ours, "lm-eval": lm_eval, "inspect_ai": inspect_ai}


def main():
    bench = Bench("per_example")
    home = Path(bench.options.folder) / "inputs"
    few, many = 100, bench.size(10_000, 1_000)
    most = {"lm-eval": 3, "inspect_ai": 2}
    whole = ("source to printed score, start-up, reading, per-example logs and scores included; ours starts without any cache and also writes "
             "intervals and the whole leaderboard, lm-eval has its data set cached, inspect_ai counts no tokens")
    for name, n in [("few", few), ("many", many)]:
        if bench.wanted(name):
            bench.row(name, f"whole command, {n:,} four-choice examples", sides(bench, inputs(home / f"four-{n}", n), n), includes=whole,
                      most=most, warm=name == "few", n=n)
    # What one more example costs: the difference of the two rows over the difference of their sizes.
    if bench.wanted("slope"):
        a, b = (json.loads((bench.folder / f"{name}.json").read_text()) for name in ("few", "many"))
        if "failed" in a or "failed" in b:
            return
        each = {}
        for side in [side for side in a["sides"] if side in b["sides"]]:
            pairs = zip(a["sides"][side], b["sides"][side])
            each[side] = [{key: (y[key] - x[key]) / (many - few) for key in ("wall", "cpu")} | {"memory": y["memory"]} for x, y in pairs]
        bench.keep("slope", title="one more example", sides=each, target={"lm-eval": 50, "inspect_ai": 500}, load_before=b["load_before"],
                   includes=f"difference of the two rows above over {many - few:,}: reading, asking, logging and scoring of one example")


main()
