"""The program of the wheel, its runs, their tables, and examples."""
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pyarrow.compute as pc
import pytest

import culture_eval


def command():
    return Path(sysconfig.get_path("scripts")) / "culture-eval"


def test_the_command_is_the_program():
    version = subprocess.run([command(), "--version"], check=True, capture_output=True, text=True).stdout
    assert version == subprocess.run([culture_eval.program(), "--version"], check=True, capture_output=True, text=True).stdout
    assert version == f"culture-eval {culture_eval.__version__}\n"
    # Exit codes go through.
    assert subprocess.run([command(), "show", "no-such-benchmark"], check=False, capture_output=True).returncode == 2


def test_importing_brings_nothing_heavy():
    code = "import sys, culture_eval; print([m for m in ('numpy', 'pyarrow', 'pandas', 'typing') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"], check=True, capture_output=True, text=True)
    assert out.stdout == "[]\n"


def test_the_leaderboard(sample_run):
    board = sample_run.leaderboard()
    assert {(row["model"], row["benchmark"]) for row in board.to_pylist()} == {(m, b) for m in ("majority", "tfidf-logreg") for b in ("crehate", "emgsd")}
    for row in board.to_pylist():
        assert row["data"] == "SAMPLE" and 0 < row["low"] < row["value"] < row["high"] < 1 and row["n"] > 0, row
    assert len(sample_run.scores()) > len(board)


def test_answers_are_joined_with_gold_and_make_the_score(sample_run):
    answers = sample_run.answers(models=["tfidf-logreg"], tasks=["crehate"])
    wanted = {"model": "tfidf-logreg", "benchmark": "crehate", "metric": "accuracy", "subset": "all examples"}
    row = next(row for row in sample_run.scores().to_pylist() if wanted.items() <= row.items())
    assert len(answers) == row["n"]
    assert pc.mean(answers["right"]).as_py() == pytest.approx(row["value"], abs=1e-12)
    assert set(answers["culture"].to_pylist()) == {"AU", "GB", "SG", "US", "ZA"}
    assert set(sample_run.answers()["model"].to_pylist()) == {"majority", "tfidf-logreg"}


def test_two_models_of_a_run(sample_run):
    """Five lines to a paired comparison of the answers of a run."""
    a, b = (sample_run.answers(models=[name], tasks=["crehate"]).sort_by("id") for name in ("tfidf-logreg", "majority"))
    assert a["id"] == b["id"]
    found = culture_eval.compare(a["right"], b["right"], clusters=a["cluster"])
    assert found.n == len(a) and found.clusters < found.n and found.ci_low < found.difference < found.ci_high


def test_tables_go_to_pandas_and_polars(sample_run):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    board = sample_run.leaderboard()
    assert isinstance(board.to_pandas(), pandas.DataFrame)
    assert polars.from_arrow(board)["value"].to_list() == board["value"].to_pylist()


def test_a_run_loads_by_name_and_by_folder(sample_run):
    assert culture_eval.load(sample_run.folder).leaderboard() == sample_run.leaderboard()
    assert culture_eval.load(sample_run.folder.name, runs=sample_run.folder.parent).folder == sample_run.folder
    with pytest.raises(FileNotFoundError, match="there is no run 'none'"):
        culture_eval.load("none", runs=sample_run.folder.parent)
    with pytest.raises(KeyError, match="the run has no model 'majorty': it has majority, tfidf-logreg"):
        sample_run.answers(models=["majorty"])
    with pytest.raises(KeyError, match="the run has no data of the task 'wvs': it has crehate, emgsd"):
        sample_run.examples("wvs")


def test_a_run_that_cannot_start_says_why(tmp_path):
    with pytest.raises(culture_eval.ProgramError) as error:
        culture_eval.run(models=["majorty"], data="sample", runs=tmp_path, quiet=True)
    assert "did you mean `majority`" in str(error.value)


def test_examples_have_ids_and_no_gold_of_the_test_split(sample_run):
    test = culture_eval.examples("crehate", data="sample")
    assert set(test["part"].to_pylist()) == {"test"} and {"id", "text", "culture", "cluster"} <= set(test.column_names)
    assert not {"label", "votes"} & set(test.column_names)
    assert "label" not in culture_eval.examples("crehate", split=None, data="sample").column_names
    assert "label" in culture_eval.examples("crehate", split="train", data="sample").column_names
    gold = culture_eval.examples("crehate", data="sample", gold=True)
    assert gold["id"] == test["id"] and set(gold["label"].to_pylist()) == {"hate", "non-hate"}
    # The ids are those by which answers are found again.
    assert set(sample_run.answers(tasks=["crehate"])["id"].to_pylist()) == set(test["id"].to_pylist())


def test_predictions_made_elsewhere_are_scored_by_these_ids(tmp_path):
    examples = culture_eval.examples("crehate", data="sample", gold=True)
    file = tmp_path / "mine.jsonl"
    lines = [{"id": row["id"], "label": row["label"]} for row in examples.to_pylist()]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    scored = [culture_eval.program(), "--data", "sample", "--json", "score", "--benchmark", "crehate", "--predictions", str(file)]
    out = subprocess.run(scored, check=True, capture_output=True, text=True).stdout
    assert '"value":1.0' in out.replace(" ", "")


def test_answers_of_a_run_without_its_data(sample_run, tmp_path):
    manifest = {**sample_run.manifest, "data": {"crehate": {"path": str(tmp_path / "gone.parquet")}}}
    run = culture_eval.Run(sample_run.folder, manifest)
    with pytest.raises(FileNotFoundError, match="`culture-eval prepare crehate` writes the data"):
        run.examples("crehate")


