"""`load_job`: a sweep job from Python."""

from __future__ import annotations

import pytest

from sweep import ConfigError, Workspace, load_job
from tests.cli.test_job import JOB, TRAIN
from tests.cli.workspaces import with_job


@pytest.fixture
def folder(place):
    return with_job(place, JOB, TRAIN)


def test_other_values(folder):
    job = load_job("job.yml", params_override=[{"limits.max_total_trials": 2}, {"name": "mine"}])
    assert job.definition.limits.runs == 2
    assert (job.name, job.experiment_name) == ("mine", folder.name.strip("_-"))
    job.set_limits(max_concurrent_trials=1, timeout=60)
    job.set_objective(goal="minimize")
    wire = job.to_wire()
    assert (wire["max_total_jobs"], wire["max_concurrent_jobs"]) == (2, 1)
    assert wire["primary_metric_config"] == {"name": "score", "goal": "minimize"}
    assert repr(job) == "load_job('job.yml')"


def test_mistakes_leave_it_as_it_was(folder):
    job = load_job("job.yml")
    with pytest.raises(ConfigError, match="max_total_trials"):
        job.set_limits(max_total_trails=3)
    with pytest.raises(ConfigError, match="maximize or minimize"):
        job.set_objective(goal="max")
    assert job.definition.limits.runs == 3
    with pytest.raises(ConfigError, match="there is no argument sets"):
        load_job("job.yml", sets=3)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_job("other.yml")


@pytest.mark.ray
def test_it_runs(folder):
    run = load_job("job.yml").submit(Workspace("."))
    run.wait_for_completion()
    best = run.get_best_run_by_primary_metric()
    assert best.get_metrics()["score"] == 3.5
    assert (best.folder / "named-outputs" / "model" / "model.txt").read_text() == "3"
