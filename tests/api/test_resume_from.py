"""Sweeps in Python that learn from earlier ones."""

from __future__ import annotations

import pytest

from sweep import (
    ConfigError,
    Estimator,
    Experiment,
    GridParameterSampling,
    HyperDriveConfig,
    HyperDriveRun,
    PrimaryMetricGoal,
    ScriptRunConfig,
    Workspace,
    choice,
    tune,
)
from sweep.engine.submit import Submission, create
from sweep.errors import SweepError
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from sweep.view.evaluations import began
from tests.cli.workspaces import play, story, values


@pytest.fixture
def parent(place):
    story(place)
    return HyperDriveRun(Experiment(Workspace(place), "demo"), "HD_story")


def config(place, **what):
    return HyperDriveConfig(
        run_config=ScriptRunConfig(place / "source", "train.py"),
        hyperparameter_sampling=GridParameterSampling({"--x": choice(*range(6))}),
        primary_metric_name="accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=2,
        **what,
    )


def kept(place, config):
    """Keep a sweep, as submitting it does."""
    submission = Submission(
        config.definition,
        config.run_config.run_config,
        place / "source",
        "demo",
        ancestors=config.ancestors,
    )
    return create(Workspace(place).folder, submission, print)


def test_one_or_a_list_of_sweeps_and_of_runs(place, parent):
    child = parent.get_best_run_by_primary_metric()
    for made in (
        config(place, resume_from=parent, resume_child_runs=child),
        config(place, resume_from=[parent], resume_child_runs=[child]),
    ):
        with SweepReader(kept(place, made).database) as reader:
            prior = began(reader).prior
        assert len(prior.trials) == 6
        assert prior.given == ({"--x": 4},)


def test_its_description_names_them(place, parent):
    child = parent.get_best_run_by_primary_metric()
    wire = config(place, resume_from=parent, resume_child_runs=child).to_wire()
    assert (wire["resume_from"], wire["resume_child_runs"]) == (["HD_story"], ["HD_story_4"])
    assert "resume_from" not in config(place).to_wire()


@pytest.mark.parametrize("name", ["resume_from", "resume_child_runs"])
def test_something_else_is_refused(place, parent, name):
    for wrong in ("HD_story", [parent, "HD_story"], 3):
        with pytest.raises(ConfigError, match=f"^{name}: expected a (HyperDrive|Kept)Run or a li"):
            config(place, **{name: wrong})


def test_what_cannot_be_learnt_from_is_refused_when_it_is_said(place, parent):
    with pytest.raises(ConfigError, match="HD_story is named twice"):
        config(place, resume_from=[parent, parent])


def test_the_best_run_may_be_one_of_an_earlier_sweep(place, parent):
    folder = kept(place, config(place, resume_from=parent))
    play(folder, values(0.2, 0.9))
    run = HyperDriveRun(Experiment(Workspace(place), "demo"), folder.id)
    assert run.get_best_run_by_primary_metric().id == "HD_story_4"
    assert run.get_best_run_by_primary_metric(include_resume_from_runs=False).id == run.id + "_0"
    other = kept(place, config(place, resume_from=[run]))
    play(other, values(0.95))
    grandchild = HyperDriveRun(Experiment(Workspace(place), "demo"), other.id)
    assert grandchild.get_best_run_by_primary_metric().id == f"{other.id}_0"  # of equals its own
    assert [parent.id for parent in grandchild.resumed_from] == [run.id]


def test_a_run_by_its_id(place, parent):
    workspace = Workspace(place)
    assert workspace.get_run("HD_story_4").hyperparameters == {"--x": 4}
    assert workspace.get_run("HD_story").id == "HD_story"
    assert workspace.get_run("HD_story_4").get_portal_url().startswith("file:///")


class TestTune:
    """A function's sweep learns from earlier ones as a script's does."""

    def tuned(self, parent, **more):
        return tune(
            lambda x: x,
            space={"--x": choice(*range(6))},
            max_total_runs=2,
            **{"metric": "accuracy", "resume_from": parent, **more},
        )

    @pytest.mark.parametrize("many", [False, True])
    def test_outcomes_are_known_from_the_start(self, place, parent, no_ray, many):
        with pytest.raises(SweepError, match="no Ray on this machine"):
            self.tuned([parent] if many else parent)
        [folder] = [
            one for one in WorkspaceFolder(place / ".sweep").sweeps() if one != parent.kept_in
        ]
        run = HyperDriveRun(Experiment(Workspace(place), "lambda"), folder.id)
        assert [one.id for one in run.resumed_from] == ["HD_story"]
        with SweepReader(folder.database) as reader:
            prior = began(reader).prior
        assert len(prior.trials) == 6

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"resume_from": "HD_story"}, "resume_from: expected a HyperDriveRun or a list"),
            ({"metric": "loss"}, "resume_from: HD_story has another primary metric"),
            ({"resume": "HD_story"}, "give either resume, to go on with a sweep, or resume_from"),
        ],
    )
    def test_what_cannot_be_learnt_from(self, place, parent, more, words):
        with pytest.raises(ConfigError, match=words):
            self.tuned(parent, **more)
        assert WorkspaceFolder(place / ".sweep").sweeps() == [parent.kept_in]


def test_a_script_that_goes_on_from_a_folder(place):
    for made in (
        ScriptRunConfig(place, "a.py", arguments=["--b", 1], resume_from=place / "old"),
        Estimator(place, entry_script="a.py", script_params={"--b": 1}, resume_from="old"),
    ):
        assert made.arguments[:3] == ["--b", 1, "--resume-from"]
    with pytest.raises(ConfigError, match="resume_from: expected a path"):
        ScriptRunConfig(place, "a.py", resume_from=object())


def test_what_only_the_service_has_says_so(parent):
    best = parent.get_best_run_by_primary_metric()
    with pytest.raises(Exception, match=r"KeptRun\.register_model is the service's own"):
        best.register_model(model_name="m", model_path="outputs/m.pkl")
    assert not hasattr(best, "registr_model")
    assert best.name == best.id
