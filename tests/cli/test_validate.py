"""`sweep validate`: what it says of good, odd and broken files."""

from __future__ import annotations

import json

import pytest

from tests.cli.workspaces import sweep

GOOD = """\
sampling:
  type: random
  seed: 7
  parameter_space:
    - {name: --penalty, expression: choice, values: [0.5, 1, 1.5]}
policy: {type: BanditPolicy, slack_factor: 0.2}
primary_metric_name: Accuracy
primary_metric_goal: Maximize
max_total_runs: 8
max_concurrent_runs: 2
max_duration_minutes: 100
"""


def test_a_good_file(place):
    (place / "hdconfig.yml").write_text(GOOD)
    said = sweep("validate", "hdconfig")
    assert (said.code, said.err) == (0, "")
    assert said.lines == [
        "hdconfig.yml: fine",
        "  random over --penalty (3 configurations)",
        (
            "  maximize Accuracy; BanditPolicy(evaluation_interval=1, delay_evaluation=0,"
            " slack_factor=0.2)"
        ),
        "  up to 8 runs, 2 at a time, for at most 100 minutes",
    ]


def test_json_is_what_the_service_would_be_sent(place):
    (place / "hdconfig.yml").write_text(GOOD)
    wire = json.loads(sweep("validate", "--json", "hdconfig.yml").out)
    assert wire["policy_config"] == {
        "name": "Bandit",
        "properties": {"evaluation_interval": 1, "delay_evaluation": 0, "slack_factor": 0.2},
    }
    assert wire["primary_metric_config"] == {"name": "Accuracy", "goal": "maximize"}
    assert (wire["max_total_jobs"], wire["max_concurrent_jobs"]) == (8, 2)


def test_infinitely_many(place):
    text = GOOD.replace("choice, values: [0.5, 1, 1.5]", "uniform, values: [0, 1]")
    (place / "hdconfig.yml").write_text(text.replace("max_total_runs: 8", "max_total_runs: 1"))
    said = sweep("validate", "hdconfig.yml")
    assert said.lines[1] == "  random over --penalty (infinitely many configurations)"
    assert said.lines[3].startswith("  up to 1 run, 1 at a time")


def test_an_odd_file_is_warned_of(place):
    (place / "hdconfig.yml").write_text(GOOD.replace("runs: 8", "runs: 5000"))
    said = sweep("validate", "hdconfig.yml")
    assert said.code == 0
    assert said.lines[0] == "hdconfig.yml: fine"
    assert said.err == (
        "warning: hdconfig.yml:9:17: max_total_runs: 5000 is more than HyperDrive allows, 1000\n"
    )


def test_a_broken_file_has_every_problem_on_a_line_of_its_own(place):
    text = GOOD.replace("Maximize", "max").replace("slack_factor: 0.2", "slack_factor: -1")
    (place / "hdconfig.yml").write_text(text)
    said = sweep("validate", "hdconfig.yml")
    assert (said.code, said.out) == (2, "")
    assert [line.split(": ")[:3] for line in said.err.splitlines()] == [
        ["error", "hdconfig.yml:6:44", "policy.slack_factor"],
        ["error", "hdconfig.yml:8:22", "primary_metric_goal"],
    ]


@pytest.mark.parametrize("name", ["hdconfig", "hdconfig.yml"])
def test_a_file_elsewhere(place, name):
    (place / "project" / ".azureml").mkdir(parents=True)
    (place / "project/.azureml/hdconfig.yml").write_text(GOOD)
    said = sweep("validate", "--path", "project", name)
    assert said.lines[0] == "project/.azureml/hdconfig.yml: fine"


def test_no_such_file(place):
    (place / "hdconfig.yml").write_text(GOOD)
    said = sweep("validate", "hdcnfig.yml")
    assert said.code == 2
    assert said.err == (
        "error: there is no file 'hdcnfig.yml', with or without .yml, in '.'; there is"
        " 'hdconfig.yml'\n"
    )


def test_a_sweep_job(place):
    (place / "job.yml").write_text(
        "type: sweep\ntrial: {command: 'python train.py --x ${{search_space.x}}'}\n"
        "search_space: {x: {type: choice, values: [1, 2]}}\nsampling_algorithm: grid\n"
        "objective: {goal: minimize, primary_metric: loss}\nlimits: {max_total_trials: 2}\n"
    )
    said = sweep("validate", "job.yml")
    assert said.code == 0
    assert "grid over x (2 configurations)" in said.out
