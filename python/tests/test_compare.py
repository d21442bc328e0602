"""`compare` of arrays and of files."""
import csv
import json
import math

import numpy as np
import pytest

import culture_eval
from culture_eval import stats

RNG = np.random.default_rng(1)


def rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_right_and_wrong_by_mcnemar():
    a = np.repeat([1, 1, 0, 0], [700, 60, 35, 205])
    b = np.repeat([1, 0, 1, 0], [700, 60, 35, 205])
    found = culture_eval.compare(a, b)
    # The README of the engine: 60 that only A got right, 35 that only B got right.
    assert (found.n, found.clusters, found.test, found.interval) == (1000, None, "McNemar, mid-p", "Newcombe")
    assert found.difference == 0.025
    assert f"{found.ci_low:.3f} {found.ci_high:.3f} {found.p_value:.5f}" == "0.006 0.044 0.01035"
    assert str(found).startswith("A - B = 0.0250, 95 % interval [0.0058, 0.0442] (Newcombe), p = 0.01035 (McNemar, mid-p)")


def test_graded_scores_by_t_and_few_by_ranks():
    a, b = RNG.normal(size=(2, 40))
    found = culture_eval.compare(a, b)
    t = stats.ttest_paired(a, b)
    assert (found.test, found.p_value, found.ci_low) == ("paired t", t.p_value, t.ci_low)
    few = culture_eval.compare(a[:10], b[:10])
    assert (few.test, few.p_value) == ("signed-rank (wilcox)", stats.wilcoxon(a[:10], b[:10]).p_value)
    a[:25] = b[:25]
    assert culture_eval.compare(a, b).test == "signed-rank (pratt)"


def test_clusters_widen_the_interval():
    """Ten copies of each example are no more than the examples."""
    a, b = RNG.integers(0, 2, size=(2, 30)).astype(float)
    once = culture_eval.compare(a, b, clusters=np.arange(30))
    copies = culture_eval.compare(np.repeat(a, 10), np.repeat(b, 10), clusters=np.repeat(np.arange(30), 10))
    assert (copies.n, copies.clusters) == (300, 30)
    for name in ("difference", "ci_low", "ci_high", "p_value"):
        assert math.isclose(getattr(once, name), getattr(copies, name), rel_tol=1e-9, abs_tol=1e-12), name
    alone = culture_eval.compare(np.repeat(a, 10), np.repeat(b, 10))
    assert alone.ci_high - alone.ci_low < 0.5 * (copies.ci_high - copies.ci_low)


def test_files_are_paired_by_id(tmp_path):
    gold = {f"e{i}": "yes" if i % 3 else "no" for i in range(60)}
    guesses = {name: RNG.choice(["yes", "no"], size=60) for name in "ab"}
    order = RNG.permutation(60)
    a = rows(tmp_path / "a.jsonl", [{"id": f"e{i}", "label": guesses["a"][i], "post": i // 5} for i in range(60)])
    with (tmp_path / "b.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([["id", "label"], *[[f"e{i}", guesses["b"][i]] for i in order]])
    right = {name: np.array([float(guesses[name][i] == gold[f"e{i}"]) for i in range(60)]) for name in "ab"}
    found = culture_eval.compare(a, tmp_path / "b.csv", clusters="post", gold=gold)
    assert found == culture_eval.compare(right["a"], right["b"], clusters=np.arange(60) // 5)
    answers = rows(tmp_path / "gold.jsonl", [{"id": name, "label": label} for name, label in gold.items()])
    assert culture_eval.compare(a, tmp_path / "b.csv", clusters="post", gold=answers) == found


def test_parquet_and_words_for_right(tmp_path):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"id": [1, 2, 3, 4], "correct": [True, False, True, True]}), tmp_path / "a.parquet")
    (tmp_path / "b.tsv").write_text("id\tcorrect\n4\tfalse\n3\ttrue\n2\t0\n1\t1\n", encoding="utf-8")
    found = culture_eval.compare(tmp_path / "a.parquet", tmp_path / "b.tsv")
    assert (found.mean_a, found.mean_b, found.n) == (0.75, 0.5, 4)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([{"id": 1, "score": 1}], [{"id": 2, "score": 1}], "1 ids are in {a} alone, such as 1"),
        ([{"id": 1, "score": 1}, {"id": 1, "score": 0}], [{"id": 1, "score": 1}], "row 2 has the id 1 again"),
        ([{"score": 1}], [{"id": 1, "score": 1}], "row 1 has no `id`"),
        ([{"id": 1, "score": "good"}], [{"id": 1, "score": 1}], "`score` of id '1' is 'good': give a number"),
        ([{"id": 1, "score": math.nan}], [{"id": 1, "score": 1}], "give a finite number"),
        ([{"id": 1, "answer": 1}], [{"id": 1, "score": 1}], "has none of `correct`, `score` and `label`"),
        ([{"id": 1, "label": "x"}], [{"id": 1, "score": 1}], "has a `label` but no column `gold`, and there is no `gold=`"),
    ],
)
def test_files_that_are_refused(tmp_path, a, b, message):
    a, b = rows(tmp_path / "a.jsonl", a), rows(tmp_path / "b.jsonl", b)
    with pytest.raises(ValueError) as error:
        culture_eval.compare(a, b)
    assert message.format(a=a) in str(error.value)


def test_other_refusals(tmp_path):
    a = rows(tmp_path / "a.jsonl", [{"id": 1, "score": 1}, {"id": 2, "score": 0}])
    with pytest.raises(ValueError, match="the row of id '1' has no `post`"):
        culture_eval.compare(a, a, clusters="post")
    with pytest.raises(ValueError, match=r"`clusters` has the shape \(3,\)"):
        culture_eval.compare(a, a, clusters=[1, 2, 3])
    with pytest.raises(ValueError, match="`b` is not a file"):
        culture_eval.compare(a, [1, 0])
    with pytest.raises(ValueError, match="`clusters` names a column"):
        culture_eval.compare([1, 0], [0, 1], clusters="post")
    with pytest.raises(ValueError, match="`a` has 2 values and `b` has 1"):
        culture_eval.compare([1, 0], [1])
    with pytest.raises(ValueError, match=r"ends in \.jsonl"):
        culture_eval.compare(tmp_path / "a.txt", tmp_path / "a.txt")
    (tmp_path / "bad.jsonl").write_text('{"id": 1}\n{"id": \n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 2 is not JSON"):
        culture_eval.compare(tmp_path / "bad.jsonl", a)
