"""What can have no effect is told in Python as well, before anything runs."""

from __future__ import annotations

import ast
import math

import pytest

from sweep import (
    BanditPolicy,
    BayesianParameterSampling,
    Experiment,
    HyperDriveConfig,
    MedianStoppingPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    SweepWarning,
    TruncationSelectionPolicy,
    Workspace,
    WorkspaceError,
    load_job,
    tune,
    uniform,
)
from sweep.api.function_reports import reports_of

SPACE = {"x": uniform(0, 1), "y": uniform(0, 1)}
ONCE, OFTEN = "run.log('acc', 1)\n", "for n in range(9):\n    run.log('acc', n)\n"
BANDIT = BanditPolicy(slack_factor=0.1)
CASES = [
    (ONCE, RandomParameterSampling, BANDIT, 20, 4, ["may make 1 report: a stop then saves noth"]),
    (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--epochs', type=int,"
        " default=4)\np.add_argument('--x')\np.add_argument('--y')\n" + OFTEN,
        *(RandomParameterSampling, MedianStoppingPolicy(delay_evaluation=9), 20, 4),
        ["first after 9 reports, and a run may make 4 reports: it never acts"],
    ),
    (OFTEN, BayesianParameterSampling, BANDIT, 19, 1, ["of 2 hyperparameters needs 20 runs"]),
    (OFTEN, BayesianParameterSampling, BANDIT, 20, 5, ["4 or fewer at a time are better"]),
    (OFTEN, RandomParameterSampling, TruncationSelectionPolicy(10), 9, 3, ["less than one run"]),
    (OFTEN, RandomParameterSampling, BANDIT, 20, 4, []),
]
IDS = ["reports once", "long delay", "few runs", "many at a time", "no tail", "all is well"]


def told(caught) -> list[str]:
    return [str(one.message) for one in caught if one.category is SweepWarning]


@pytest.mark.parametrize(
    ("script", "sampling", "policy", "runs", "concurrent", "said"), CASES, ids=IDS
)
def test_submit_tells(place, script, sampling, policy, runs, concurrent, said, recwarn):
    (place / "train.py").write_text(script)
    config = HyperDriveConfig(
        sampling(SPACE),
        "acc",
        PrimaryMetricGoal.MAXIMIZE,
        runs,
        max_concurrent_runs=concurrent,
        policy=policy,
        run_config=ScriptRunConfig(".", "train.py"),
        custom_run_id="/",
    )
    with pytest.raises(WorkspaceError):  # by its id, when all else is checked
        Experiment(Workspace(), "demo").submit(config, cpus_per_run=0.1)
    found = [text for text in told(recwarn) if "x" not in text.split()]
    assert len(found) == len(said), found
    assert all(part in text for part, text in zip(said, found, strict=True))
    assert {one.filename for one in recwarn if one.category is SweepWarning} <= {__file__}


JOB = """
type: sweep
name: ../no
trial: {code: ., command: "python train.py --x ${{search_space.x}}"}
sampling_algorithm: bayesian
search_space: {x: {type: uniform, min_value: 0, max_value: 1}}
objective: {goal: maximize, primary_metric: acc}
limits: {max_total_trials: 9, max_concurrent_trials: 1}
early_termination: {type: median_stopping}
"""


def test_a_job_tells(place, recwarn):
    (place / "train.py").write_text(ONCE)
    (place / "job.yml").write_text(JOB.replace("../no", "kept"))
    workspace = Workspace()
    workspace.folder.add_sweep("kept", "demo")
    with pytest.raises(WorkspaceError, match="there is a sweep kept"):
        load_job("job.yml").submit(workspace)
    found = told(recwarn)
    assert any("needs 10 runs or more" in text for text in found)
    assert any("a stop then saves nothing" in text for text in found)


def plain(x, y):
    return x + y


def through_another(x, y):
    total = 0
    for _ in range(9):
        total += plain(x, y)
    return total + math.log2(x)


@pytest.mark.parametrize(
    ("function", "sampling", "policy", "runs", "concurrent", "said"),
    [
        (plain, "random", BANDIT, 20, 4, ["may make 1 report: a stop then saves nothing"]),
        (plain, "bayesian", None, 19, 1, ["needs 20 runs or more"]),
        (plain, "bayesian", None, 20, 5, ["4 or fewer at a time are better"]),
        (
            plain,
            *("random", TruncationSelectionPolicy(10, delay_evaluation=3), 9, 3),
            ["may make 1 report: it never acts"],
        ),
        (plain, "random", None, 20, 4, []),
    ],
)
def test_tune_tells(place, function, sampling, policy, runs, concurrent, said, recwarn):
    with pytest.raises(WorkspaceError):
        tune(
            function,
            space=SPACE,
            metric="acc",
            sampling=sampling,
            policy=policy,
            max_total_runs=runs,
            max_concurrent_runs=concurrent,
            experiment="/",
            cpus_per_run=0.1,
        )
    found = told(recwarn)
    assert len(found) == len(said), found
    assert all(part in text for part, text in zip(said, found, strict=True))
    assert {one.filename for one in recwarn if one.category is SweepWarning} <= {__file__}


def at_the_end(run, x):
    for _ in range(9):
        plain(x, x)
    run.log("acc", x)


def each_epoch(run, x):
    for n in range(9):
        run.log("acc", x * n)


def in_a_helper(run, x):
    for n in range(9):
        note(run, x * n)


def note(run, value):
    run.log("acc", value)


def once_in_a_helper(run, x):
    note(run, x)


def handed_on(run, x):
    ast.walk(run)
    run.log("acc", x)


def with_mlflow(x):
    ast.mlflow.autolog()
    return x


def another(run, x):
    run.log("loss", x)
    return x


def beside_it(report):
    def each():
        for n in range(9):
            report.log("acc", n)

    def trained(x):
        each()
        return x

    return trained


def mute_beside_it():
    def twice(x):
        return 2 * x

    def trained(x):
        return twice(x)

    return trained


@pytest.mark.parametrize(
    ("function", "reports"),
    [
        (plain, 1),
        (through_another, 1),
        (at_the_end, 1),
        (once_in_a_helper, 1),
        (each_epoch, None),
        (in_a_helper, None),
        (handed_on, None),
        (with_mlflow, None),
        (another, None),
        (beside_it(None), None),
        (mute_beside_it(), 1),
        (lambda run, x: run.log("acc", x), None),
        (print, None),
        (3, None),
    ],
)
def test_how_often_a_function_reports(function, reports):
    assert reports_of(function, "acc") == reports
