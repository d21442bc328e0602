"""Shared by the tests: they test the installed wheel, not this tree."""
import pytest

import culture_eval


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """A run of two models on the SAMPLE data of two benchmarks."""
    runs = tmp_path_factory.mktemp("runs")
    return culture_eval.run(models=["majority", "tfidf-logreg"], benchmarks=["crehate", "emgsd"], data="sample", runs=runs, quiet=True)
