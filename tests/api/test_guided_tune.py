"""Functions tuned on Ray: what to try first and never, several runs of each configuration."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from sweep import (
    Experiment,
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    ScriptRunConfig,
    Workspace,
    choice,
    tune,
)
from sweep.errors import ConfigError, UserError
from tests.cli.workspaces import sweep

SPACE = {"a": choice(*range(6)), "b": choice("x", "y")}


def odd(configuration):
    return configuration["a"] % 2 == 1


def train(run, a, b):
    assert b in {"x", "y"}
    run.log("score", a + run.replicate / 10)
    run.log("seed", run.seed or 0)


@pytest.mark.ray
def test_a_tuned_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    common = {"space": SPACE, "metric": "score", "sampling": "grid", "show_output": False}
    run = tune(
        train,
        **common,
        max_total_runs=4,
        max_concurrent_runs=2,
        points_to_evaluate=[{"a": 4, "b": "y"}],
        refuse=[odd, {"a": 0}],
        replicates=2,
        workspace=tmp_path,
    )
    rows = [(c.hyperparameters["a"], c.hyperparameters["b"]) for c in run.get_children()]
    assert rows == [(4, "y"), (4, "y"), (2, "x"), (2, "x")]
    seeds = [child.get_metrics("seed")["seed"] for child in run.get_children()]
    assert seeds[:2] == seeds[2:]
    assert len({*seeds}) == 2
    assert sweep("best").lines[0] == "configuration 0  score = 4.05 ± 0.0707107  (mean of 2 runs)"
    # It goes further only where the function is given again.
    said = sweep("resume", "--max-total-runs", "8")
    assert (said.code, said.out) == (2, "")
    with pytest.raises(UserError, match=r"refuses configurations by the Python function .*odd"):
        tune(train, resume=run.id, workspace=tmp_path, show_output=False)
    with pytest.raises(ConfigError, match="only the functions are given again"):
        tune(train, resume=run.id, refuse={"a": 0}, workspace=tmp_path, show_output=False)
    again = tune(train, resume=run.id, refuse=odd, workspace=tmp_path, show_output=False)
    assert again.id == run.id
    assert len([*Workspace(tmp_path).get_run(run.id).get_children()]) == 4


@pytest.mark.ray
def test_a_function_goes_with_what_is_submitted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_rules.py").write_text("def odd(it):\n    return it['a'] % 2 == 1\n")
    (tmp_path / "train.py").write_text(
        "import sys\nfrom sweep import Run\nfor _ in range(2):\n"
        "    Run.get_context().log('score', int(sys.argv[2]))\n"
    )
    try:
        config = HyperDriveConfig(
            GridParameterSampling(
                {"a": choice(*range(6))}, refuse=[import_module("own_rules").odd, {"a": 4}]
            ),
            "score",
            PrimaryMetricGoal.MAXIMIZE,
            9,
            max_concurrent_runs=1,
            run_config=ScriptRunConfig(".", "train.py"),
        )
        run = Experiment(Workspace(), "demo").submit(config, grace=0)
    finally:
        sys.modules.pop("own_rules", None)
    run.wait_for_completion()
    run.engine.wait(60)
    assert [child.hyperparameters["a"] for child in run.get_children()] == [0, 2]
