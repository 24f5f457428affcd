"""A finished sweep that many tests look at."""

from __future__ import annotations

import pytest

from tests.cli.workspaces import story


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Keep the sweep of `workspaces.story` once for all tests of a module."""
    return story(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def told(finished, monkeypatch):
    """Work in the folder of that sweep; only to be read."""
    monkeypatch.chdir(finished.path.parents[2])
    return finished


@pytest.fixture
def project(place):
    """Work in a folder with a sweep file, a script and a run configuration."""
    (place / "hdconfig.yml").write_text(HDCONFIG)
    (place / "train.py").write_text("print('hello')\n")
    (place / "local.runconfig").write_text("script: train.py\narguments: [--epochs, 3]\n")
    return place


@pytest.fixture
def no_ray(place, monkeypatch):
    """Let Ray be broken on this machine, so that a sweep is kept and ends at once."""
    broken = place / "broken"
    broken.mkdir()
    (broken / "ray.py").write_text("raise ImportError('no Ray on this machine')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))


HDCONFIG = """\
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
