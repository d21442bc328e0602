"""`culture_eval.stats` against the worked examples of the engine, and what it refuses."""
import dataclasses
import inspect
import json
import math
import os
import pathlib

import numpy as np
import pytest

from culture_eval import _native, stats

# scripts/test-wheel copies them beside the tests: the worked examples of harness/stats/tests/fixtures.
EXAMPLES = [json.loads(line) for line in (pathlib.Path(__file__).parent / "examples.jsonl").read_text(encoding="utf-8").splitlines()]
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, None: math.nan}


def number(value):
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, (int, float)) else WORDS.get(value)


def fits(expected, got):
    """As harness/stats/tests/it/examples.rs has it."""
    if "any" in expected:
        return any(fits(option, got) for option in expected["any"])
    if "list" in expected:
        return isinstance(got, tuple) and len(got) == len(expected["list"]) and all(map(fits, expected["list"], got))
    if "eq" in expected:
        wanted = expected["eq"]
        if isinstance(wanted, list):
            return wanted == untupled(got)
        a, b = number(wanted), number(got)
        if a is None or b is None or isinstance(wanted, bool):
            return wanted == got
        return a == b or (math.isnan(a) and math.isnan(b))
    got = number(got)
    if got is None or math.isnan(got):
        return False
    if "range" in expected:
        low, high = map(number, expected["range"])
        return low <= got <= high
    value = number(expected["v"])
    if math.isinf(value):
        return got == value
    return abs(value - got) <= max(expected.get("rel", 0.0) * abs(value), expected.get("abs", 0.0))


def untupled(value):
    return [untupled(one) for one in value] if isinstance(value, tuple) else value


def arguments(example):
    """As a user has them: lists as arrays, what is not given left out."""
    given = {**example["opts"], **example["input"]}
    renamed = {"correct": "scores"} if example["fn"] in ("all_pairs", "bootstrap_ranks") else {}
    names = {"alternative": {"a_better": "greater", "b_better": "less"}, "labels": {"0..k": "all"}}
    found = {}
    for name, value in given.items():
        if value is not None and (example["fn"], name) != ("aso_confidence", "correction"):
            found[renamed.get(name, name)] = as_python(value, names.get(name, {}))
    return {"self_check": True, **found} if example["fn"] == "paired_bootstrap_accuracy" else found


def as_python(value, words):
    if isinstance(value, str):
        return words.get(value, WORDS.get(value, value))
    return as_array(value) if isinstance(value, list) and not any(isinstance(one, str) for one in value) else value


def as_array(value):
    try:
        return np.array(value, dtype=float)
    except (TypeError, ValueError):
        return value


def figures(example, answer):
    if dataclasses.is_dataclass(answer):
        return {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}
    return dict.fromkeys(example.get("expect", {}), answer)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['id']}-{example['fn']}")
def test_worked_examples(example):
    function = getattr(stats, example["fn"])
    if "expect_error" in example:
        # A name that a signature does not have is a TypeError, as everywhere in Python.
        with pytest.raises((ValueError, TypeError)):
            function(**arguments(example))
        return
    degenerate = any(any(option.get("eq") == "NaN" for option in expected.get("any", ())) for expected in example["expect"].values())
    try:
        found = figures(example, function(**arguments(example)))
    except ValueError:
        if degenerate:
            return
        raise
    for name, expected in example["expect"].items():
        assert fits(expected, found[name.removesuffix("_")]), (name, expected, found)


def test_a_wrong_answer_does_not_fit():
    assert fits({"v": 0.5, "rel": 1e-9, "abs": 1e-12}, 0.5000000001)
    assert not fits({"v": 0.5, "rel": 1e-9, "abs": 1e-12}, 0.500000001)
    assert not fits({"v": 0.5, "rel": 1e-9, "abs": 1e-12}, None)
    assert not fits({"list": [{"v": 1}, {"v": 2}]}, (1,))


# The filter's other names of an argument, and arguments that only one of two functions uses.
OTHER_NAMES = {
    "all_pairs": {"correct"}, "bootstrap_ranks": {"correct"}, "aso_confidence": {"correction"}, "miller_mde": {"delta"}, "miller_sample_size": {"n"},
}


def test_every_function_of_the_engine_has_a_signature():
    of_engine = {name: set(known) for name, _, known in _native.functions()}
    assert set(of_engine) == set(stats.__all__)
    for name, known in of_engine.items():
        parameters = set(inspect.signature(getattr(stats, name)).parameters)
        assert parameters == known - OTHER_NAMES.get(name, set()), name
        assert getattr(stats, name).__doc__, name


def test_answers_are_frozen_and_compare_by_value():
    first, second = (stats.mcnemar(700, 60, 35, 205) for _ in range(2))
    assert first == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.p_value = 0.0


def test_arrays_of_any_kind_are_read_alike():
    a, b = [0.9, 0.4, 0.7, 0.8], [0.5, 0.6, 0.2, 0.1]
    expected = stats.ttest_paired(a, b)
    every_other = np.repeat(np.array([a, b], dtype=np.float64), 2, axis=1)[:, ::2]
    assert stats.ttest_paired(*every_other) == expected
    assert stats.ttest_paired(differences=np.subtract(a, b)) == expected
    counts = np.array([[3, 1], [2, 2]], dtype=np.int8)
    assert stats.krippendorff_alpha(np.asfortranarray(counts)) == stats.krippendorff_alpha(counts.tolist())
    assert stats.mcnemar(*(np.int64(n) for n in (700, 60, 35, 205))) == stats.mcnemar(700, 60, 35, 205)


def test_clusters_are_numbers_or_names():
    scores = [1, 0, 1, 1, 0, 1]
    named = stats.clustered_se(scores, ["x", "x", "y", "y", "z", "z"])
    assert named == stats.clustered_se(scores, [7, 7, 3, 3, 2**60, 2**60]) == stats.clustered_se(scores, np.array([0, 0, 1, 1, 2, 2], dtype=np.uint8))
    # Above 2^53 neighbours are not one number.
    assert stats.clustered_se(scores, [2**60, 2**60, 2**60 + 1, 2**60 + 1, 5, 5]) == named


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.ttest_paired([1.0, 2.0], [1.0]), "`a` has 2 values and `b` has 1"),
        (lambda: stats.ttest_paired([1.0, math.nan], [1.0, 2.0]), "`a` holds NaN or an infinity at index 1"),
        (lambda: stats.mean_ci([[1.0, 2.0]]), "`values` has 2 dimension"),
        (lambda: stats.friedman([1.0, 2.0]), "`scores` has 1 dimension"),
        (lambda: stats.friedman([[1.0, 2.0], [1.0]]), "`scores` must be rows of numbers, all of the same length"),
        (lambda: stats.mean_ci(["a", "b"]), "`values` must be a list of numbers"),
        (lambda: stats.mean_ci(np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])), "`values` is a masked array"),
        (lambda: stats.mean_ci([1.0]), "`values` has 1 value"),
        (lambda: stats.clustered_se([1.0, 0.0], ["x", None]), "`clusters` holds no id at index 1"),
        (lambda: stats.clustered_se([1.0, 0.0, 1.0], [1, 2]), "2"),
        (lambda: stats.mcnemar(1, 2, 3, 4, method="mid"), "`method` is \"mid\": give one of exact, mid-p"),
        (lambda: stats.mcnemar(1, -2, 3, 4), "`only_a` must be a whole number"),
        (lambda: stats.mean_ci([1.0, 2.0], confidence=95), "`confidence` is 95"),
        (lambda: stats.cohens_h([0.5], 0.5), "`p1` is list: give one number"),
        (lambda: stats.classification_metrics([0, 1], [0, 0.5]), "`pred` holds 0.5 at index 1: give class numbers"),
        (lambda: stats.paired_table([1, 2], [0, 1]), "`a` holds 2 at index 1: give 1 for right and 0 for wrong"),
    ],
)
def test_refusals_name_argument_and_remedy(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_wrong_names_are_type_errors():
    with pytest.raises(TypeError, match=r"mcnemar\(\) has no argument 'methode': it knows both_right, only_a"):
        stats.mcnemar(1, 2, 3, 4, methode="exact")
    with pytest.raises(TypeError, match=r"mcnemar\(\) needs both_wrong, only_b"):
        stats.mcnemar(1, 2)
    with pytest.raises(TypeError, match="has two values for 'only_a'"):
        stats.mcnemar(1, 2, 3, 4, only_a=2)


def test_the_seed_makes_the_figures():
    values = np.random.default_rng(1).normal(size=200)
    first = stats.bootstrap_mean(values, seed=1)
    assert first == stats.bootstrap_mean(values, seed=1) != stats.bootstrap_mean(values, seed=2)


def test_the_lock_is_not_held(monkeypatch):
    """Two threads of Python compute side by side: both are inside the engine at once, or a third one runs meanwhile."""
    import threading

    seen = []
    done = threading.Event()

    def work():
        stats.bootstrap_mean(np.random.default_rng(1).normal(size=20_000), resamples=20_000)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        seen.append(os.getpid())
    thread.join()
    assert len(seen) > 2
