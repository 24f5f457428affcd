"""`Experiment.start_logging`, and finding runs again."""

from __future__ import annotations

import threading

import pytest

from sweep import Experiment, RunLogError, UserError, Workspace
from sweep.api.children import KeptRun
from sweep.engine.open import OpenSweep
from sweep.errors import WorkspaceError
from tests.cli.workspaces import story


@pytest.fixture
def experiment(place) -> Experiment:
    return Experiment(Workspace(place), "notes")


def test_what_is_logged_is_kept_at_once(experiment):
    run = experiment.start_logging()
    run.log("accuracy", 0.5)
    run.log("accuracy", 0.75)
    run.tag("who", "me")
    [kept] = experiment.get_runs()
    assert kept.get_status() == "Running"
    assert kept.get_metrics() == {"accuracy": [0.5, 0.75]}
    assert kept.run.get_tags() == {"who": "me"}
    run.complete()
    run.complete()  # once is enough
    assert (kept.get_status(), run.get_status()) == ("Completed", "Completed")


def test_its_files_are_in_its_folder(experiment):
    with experiment.start_logging() as run:
        (experiment.workspace.folder.path.parent / "model").write_text("weights")
        run.upload_file("outputs/model", "model")
    [kept] = experiment.get_runs()
    assert kept.get_file_names() == ["outputs/model"]


def test_a_block_that_raises_has_failed(experiment):
    with pytest.raises(ValueError, match="bad"), experiment.start_logging():
        raise ValueError("bad")
    [kept] = experiment.get_runs()
    assert (kept.get_status(), kept.run.reason) == ("Failed", "ValueError: bad")


def test_it_may_be_said_to_have_failed(experiment):
    run = experiment.start_logging()
    run.fail("no data")
    assert run.get_status() == "Failed"


def test_threads_may_log(experiment):
    with experiment.start_logging() as run:
        threads = [
            threading.Thread(target=lambda: [run.log("x", n) for n in range(20)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    [kept] = experiment.get_runs()
    assert sorted(kept.get_metrics()["x"]) == sorted([*range(20)] * 4)


def test_nobody_else_can_work_on_it_or_go_on_with_it(experiment):
    run = experiment.start_logging()
    with pytest.raises(RunLogError, match="cannot cancel its own run"):
        run.cancel()
    folder = experiment.workspace.folder.sweep()
    with pytest.raises(WorkspaceError, match="is working on this sweep"):
        OpenSweep(folder)
    run.complete()
    with pytest.raises(UserError, match="cannot be resumed"):
        OpenSweep(folder)


def test_runs_are_found_by_what_they_are(place):
    told = story(place)
    workspace = Workspace(told.path.parents[2])
    experiment = workspace.experiments["demo"]
    experiment.start_logging().complete()
    types = [run.type for run in experiment.get_runs()]
    assert types == ["azureml.scriptrun", "hyperdrive"]
    [sweep] = experiment.get_runs(type="hyperdrive")
    everything = [*experiment.get_runs("hyperdrive", include_children=True)]
    assert len(everything) == 1 + len([*sweep.get_children()])
    assert all(isinstance(run, KeptRun) for run in everything[1:])
    assert [*experiment.get_runs(tags="nothing")] == []
    assert [*experiment.get_runs(tags={"a": "b"})] == []
    assert len([*experiment.get_runs(properties={})]) == 2
