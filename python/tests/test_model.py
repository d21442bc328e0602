"""Python functions as models: their protocol, and in a real run, in the sandbox."""
import io
import json
import sys
from pathlib import Path

import pytest

import culture_eval
from culture_eval import _serve

sys.path.insert(0, str(Path(__file__).parent))
import models

CREATE = {"do": "create", "protocol": 1, "config": None, "weights": {}, "task": {"labels": ["non-hate", "hate"], "cultures": ["US"]}, "seed": 1, "threads": 1}


def answers(model, *requests):
    out = io.StringIO()
    _serve.serve(model, io.StringIO("".join(json.dumps(request) + "\n" for request in requests)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_function_answers_labels():
    examples = [{"id": "1", "text": "x", "culture": None}, {"id": "2", "text": "y", "culture": "US"}]
    assert answers(models.always_hate, CREATE, {"do": "classify", "examples": examples}) == [{"can": ["classify"]}, {"labels": ["hate", "hate"]}]


def test_options_are_chosen_by_text_place_or_scores():
    examples = [{"id": "1", "text": "x", "culture": None, "options": ["a", "b", "c"]}]
    asked = {"do": "choose", "examples": examples}
    assert answers(models.first_option, CREATE, asked)[1] == {"scores": [[1.0, 0.0, 0.0]]}
    for returned, expected in [("c", [0.0, 0.0, 1.0]), (1, [0.0, 1.0, 0.0]), ([0.1, 0.9, 0.2], [0.1, 0.9, 0.2]), (None, None)]:
        assert _serve._options([returned], examples) == {"scores": [expected]}


def test_labels_among_scores():
    assert _serve._labels(["a", None], ["a", "b"]) == {"labels": ["a", None]}
    assert _serve._labels(["a", [0.2, 0.8], None], ["a", "b"]) == {"scores": [[1.0, 0.0], [0.2, 0.8], None]}


def test_a_class_learns_and_gets_its_configuration():
    train = [{"id": "1", "text": "good day", "culture": None, "label": "non-hate"}, {"id": "2", "text": "bad day", "culture": None, "label": "hate"}]
    found = answers(
        models.Words, {**CREATE, "config": {"least": 1}}, {"do": "fit", "train": train, "valid": []},
        {"do": "classify", "examples": [{"id": "3", "text": "bad", "culture": None}]},
    )
    assert found == [{"can": ["fit", "classify"]}, {}, {"scores": [[1.0, 2.0]]}]


def test_an_error_of_the_function_is_the_reason():
    examples = [{"id": "1", "text": "x", "culture": None}]
    assert answers(models.broken, CREATE, {"do": "classify", "examples": examples})[1] == {"error": "KeyError: 'no such word'"}


def test_what_cannot_be_a_model():
    with pytest.raises(ValueError, match="takes none of the arguments `text`, `options` and `prompt`"):
        culture_eval.model(nameless)
    with pytest.raises(ValueError, match="inside of another function"):
        culture_eval.model(lambda text: text, name="x")
    with pytest.raises(ValueError, match="the model's name is 'My model'"):
        culture_eval.model(name="My model")(with_text)


def nameless(sentence):
    return sentence


def with_text(text):
    return text


def test_models_run_beside_others(tmp_path):
    run = culture_eval.run(models=["majority", models.Words], benchmarks=["crehate", "emgsd"], data="sample", runs=tmp_path, limit=100, quiet=True)
    board = {(row["model"], row["benchmark"]): row["value"] for row in run.leaderboard().to_pylist()}
    assert board["words", "emgsd"] > board["majority", "emgsd"] > 0
    run = culture_eval.run(models=[models.always_hate], benchmarks=["crehate"], data="sample", runs=tmp_path, name="hate", limit=100, quiet=True)
    assert set(run.answers()["label"].to_pylist()) == {"hate"}


def test_a_broken_model_has_a_reason_on_the_board(tmp_path):
    with pytest.warns(UserWarning, match="a cell failed"):
        run = culture_eval.run(models=["majority", models.broken], benchmarks=["crehate"], protocols=["zero-shot"], data="sample", runs=tmp_path, limit=10, quiet=True)
    reasons = [row["reason"] for row in run.leaderboard().to_pylist() if row["model"] == "broken"]
    assert "KeyError: 'no such word'" in reasons[0]
