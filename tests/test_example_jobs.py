"""The examples of sweep jobs run, shortened, each in a folder of its own."""

from __future__ import annotations

import json

import pytest

from tests.cli.workspaces import sweep
from tests.test_examples import EXAMPLES

pytestmark = [pytest.mark.ray, pytest.mark.slow]

JOBS = EXAMPLES / "jobs"


@pytest.fixture(autouse=True)
def _mlflow(place):
    pytest.importorskip("mlflow", reason="the examples log with MLflow")


def ran(name, runs):
    said = sweep(
        *("job", "create", "-f", JOBS / name / "job.yml", "--stream"),
        f"limits.max_total_trials={runs}",
    )
    assert said.code == 0, said.err + sweep("logs", 0).out
    return said.out


def test_hello():
    printed = ran("hello", 2)
    assert "2 runs: 2 completed" in printed
    assert "length = " in printed


def test_scikit_learn_with_an_input_and_an_output(place):
    pytest.importorskip("sklearn")
    printed = ran("iris", 2)
    assert "training_f1_score = 0.983333" in printed
    assert sweep("job", "download", "--output-name", "model", "-p", "best").code == 0
    about = json.loads((place / "best" / "named-outputs" / "model" / "about.json").read_text())
    assert about["kernel"] in ("poly", "linear")


def test_lightgbm_reports_each_round_by_itself():
    pytest.importorskip("lightgbm", reason="the example trains with LightGBM")
    printed = ran("boosting", 2)
    assert "of 16 reports" in printed
    assert "test-multi_logloss = " in printed
