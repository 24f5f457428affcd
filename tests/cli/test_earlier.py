"""`sweep start --resume-from` and `--resume-child-runs`: what the new sweep keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from sweep.view.evaluations import began
from tests.cli.workspaces import story, sweep

pytestmark = pytest.mark.usefixtures("no_ray")

HDCONFIG = """
sampling:
  type: grid
  parameter_space: [{name: --x, expression: choice, values: [0, 1, 2, 3, 4, 5]}]
primary_metric_name: accuracy
primary_metric_goal: maximize
max_total_runs: 3
"""


@pytest.fixture
def parents(place):
    Path("hdconfig.yml").write_text(HDCONFIG)
    Path("train.py").write_text("")
    return [story(place, "HD_one"), story(place, "HD_two")]


def prior(*options):
    said = sweep("start", *options, "hdconfig.yml", "train.py")
    assert "no Ray on this machine" in said.err
    folder = WorkspaceFolder(Path(".sweep").resolve()).sweep()
    with SweepReader(folder.database) as reader:
        kept = reader.get("prior")
        return kept, began(reader).prior


def test_sweeps_and_runs_by_their_names(parents):
    kept, found = prior(
        *("--resume-from", "HD_one,two", "--resume-child-runs", "HD_one_4"),
        *("--resume-child-runs", "two_1"),
    )
    assert kept["resume_from"] == ["HD_one", "HD_two"]
    assert kept["resume_child_runs"] == ["HD_one_4", "HD_two_1"]
    assert len(found.trials) == 12
    assert found.given == ({"--x": 4}, {"--x": 1})


def test_a_sweep_by_its_folder(parents):
    assert prior("--resume-from", parents[1].path)[0]["resume_from"] == ["HD_two"]


def test_without_them_nothing_is_kept(parents):
    assert prior()[0] is None


def test_what_is_wrong_is_one_message_and_nothing_is_kept(parents):
    for options, message in (
        (["--resume-from", "HD_three"], "there is no sweep 'HD_three'"),
        (["--resume-from", "HD_one,HD_one"], "resume_from: HD_one is named twice"),
        (["--resume-child-runs", "HD_one_9"], "there is no run HD_one_9"),
        (["--resume-child-runs", "HD_one"], "HD_one is a sweep: name one of its runs"),
    ):
        said = sweep("start", *options, "hdconfig.yml", "train.py")
        assert said.code == 2
        assert message in said.err
        assert len(WorkspaceFolder(Path(".sweep").resolve()).sweeps()) == 2
