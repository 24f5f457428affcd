"""Sweeps and runs from outside: what `HyperDriveRun`, `KeptRun` and `ScriptRun` tell."""

from __future__ import annotations

import json

import pytest

from sweep import Experiment, HyperDriveRun, RunFailed, ScriptRun, SweepError, Workspace
from sweep.errors import WorkspaceError
from sweep.storage.lock import Lock
from tests.cli.workspaces import Extras, abandoned, kept, lone, play, printed, story, sweep, values


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Keep the sweep of `workspaces.story`; only to be read."""
    place = tmp_path_factory.mktemp("story")
    folder = story(place)
    outputs = folder.run_folder(0) / "outputs"
    outputs.mkdir()
    (outputs / "model.txt").write_text("weights")
    (folder.run_folder(0) / "train.py").write_text("")
    return Workspace(place).get_run(folder.id)


class TestSweep:
    def test_what_it_is(self, run):
        assert isinstance(run, HyperDriveRun)
        assert (run.id, run.status, run.get_status()) == ("HD_story", "Completed", "Completed")
        assert repr(run) == "HyperDriveRun('HD_story', Completed)"
        assert run.experiment.name == "demo"
        assert run.hyperdrive_config.metric == "accuracy"
        assert run.tags == run.get_tags() == {}
        assert isinstance(run.properties, dict)

    def test_its_children(self, run):
        assert [child.number for child in run.get_children()] == [0, 1, 2, 3, 4, 5]
        assert [child.id for child in run.get_children(status="Canceled")] == [
            "HD_story_1",
            "HD_story_3",
        ]

    def test_its_hyperparameters(self, run):
        assert run.get_hyperparameters() == {
            f"HD_story_{n}": json.dumps({"--x": n}) for n in range(6)
        }

    def test_its_metrics(self, run):
        metrics = run.get_metrics()
        assert metrics["HD_story_4"] == {"accuracy": [0.6, 0.8, 0.95]}
        assert metrics["HD_story_1"] == {"accuracy": 0.1}
        assert metrics["HD_story_5"] == {}

    def test_its_details(self, run):
        details = run.get_details()
        assert (details["runId"], details["status"]) == ("HD_story", "Completed")
        properties = details["properties"]
        assert properties["best_child_run_id"] == "HD_story_4"
        assert properties["score"] == 0.95
        assert properties["runTemplate"] == "HyperDrive"
        assert properties["primary_metric_config"] == {"name": "accuracy", "goal": "maximize"}

    def test_its_runs_as_a_table(self, run):
        frame = run.to_dataframe()
        assert list(frame["x"]) == [0, 1, 2, 3, 4, 5]
        assert list(frame["status"][:3]) == ["Completed", "Canceled", "Failed"]
        assert frame["accuracy"].max() == 0.95
        assert frame.loc[frame["seconds"].idxmax(), "seconds"] == 3

    def test_it_cannot_be_failed_from_outside(self, run):
        with pytest.raises(SweepError, match=r"cancel\(\) ends it"):
            run.fail()

    def test_without_a_value_there_is_no_best(self, place):
        folder = kept(place, points=1)
        play(folder, values())
        found = Workspace(place).get_run(folder.id)
        assert found.get_best_run_by_primary_metric() is None
        assert found.get_details()["properties"]["best_child_run_id"] is None


class TestChild:
    @pytest.fixture
    def child(self, run):
        return next(run.get_children())

    def test_what_it_is(self, child):
        assert (child.id, child.number) == ("HD_story_0", 0)
        assert child.status == child.get_status() == "Completed"
        assert child.hyperparameters == {"--x": 0}
        assert child.reason == ""
        assert repr(child) == "KeptRun('HD_story_0')"
        assert child.tags == {"stage": "final"}
        assert child.get_properties() == child.properties

    def test_what_it_has_logged(self, child):
        assert child.get_metrics() == {
            "accuracy": [0.5, 0.7, 0.8],
            "loss": [2.5, 0.25],
            "note": "\x1b[1mfine\x1b[0m",
            "ratio": float("inf"),
        }
        assert child.get_metrics("loss") == {"loss": [2.5, 0.25]}
        assert child.get_metrics("nothing") == {}

    def test_why_it_ended(self, run):
        reasons = [child.reason for child in run.get_children()]
        assert reasons[1].startswith("BanditPolicy: best 0.1 after 1 report")
        assert reasons[2:4] == ["exit code 1: ValueError: x is too large", "canceled by the user"]

    def test_its_files(self, child, place):
        assert child.get_file_names() == ["outputs/model.txt", "user_logs/std_log.txt"]
        child.download_file("outputs/model.txt")
        assert (place / "model.txt").read_text() == "weights"
        child.download_file("outputs/model.txt", "sub/copy.txt")
        assert (place / "sub/copy.txt").read_text() == "weights"
        child.download_files(output_directory="all")
        assert (place / "all/user_logs/std_log.txt").exists()
        child.download_files("outputs/", "some")
        assert not (place / "some/user_logs").exists()

    @pytest.mark.parametrize(
        "name", ["nothing", "../1", "../../sweep.db", "outputs", "/etc/passwd"]
    )
    def test_files_that_are_not_its_own(self, child, place, name):
        with pytest.raises(WorkspaceError, match="has no file"):
            child.download_file(name)
        assert not list(place.iterdir())

    def test_its_details(self, child):
        details = child.get_details()
        assert (details["runId"], details["status"]) == ("HD_story_0", "Completed")
        assert details["startTimeUtc"] == "2023-11-14T22:13:20Z"
        assert details["endTimeUtc"] == "2023-11-14T22:13:23Z"
        assert details["error"] is None
        assert details["runDefinition"] == {
            "arguments": ["train.py", "--fixed", "1", "--x", "0"][1:]
        }
        assert list(details["logFiles"]) == ["outputs/model.txt", "user_logs/std_log.txt"]

    def test_the_details_of_a_failure(self, run):
        details = list(run.get_children())[2].get_details()
        assert details["error"] == {
            "error": {"message": "exit code 1: ValueError: x is too large"}
        }

    def test_one_that_is_not_there(self, run):
        gone = type(next(run.get_children()))(run._folder, 99)
        with pytest.raises(WorkspaceError, match="HD_story_99: there is no such run"):
            _ = gone.status


class TestLoneRun:
    def test_it_is_a_run_of_its_own(self, place):
        folder = lone(place)
        play(folder, values(), Extras(said={0: [{"k": "s", "n": "loss", "v": 0.5}]}))
        printed(folder, 0, "hello\n")
        run = Workspace(place).get_run(folder.id)
        assert isinstance(run, ScriptRun)
        assert run.run.id == run.id == folder.id
        assert run.get_metrics() == {"loss": 0.5}
        assert run.get_metrics("accuracy") == {}
        assert run.get_file_names() == ["user_logs/std_log.txt"]
        run.download_file("user_logs/std_log.txt", "log")
        assert (place / "log").read_text() == "hello\n"
        assert run.run.get_details()["runDefinition"] == {"arguments": ["--fixed", "1"]}
        assert run.wait_for_completion()["status"] == "Completed"


class TestWaiting:
    def test_for_what_is_over(self, run, capsys):
        assert run.wait_for_completion()["status"] == "Completed"
        assert capsys.readouterr() == ("", "")
        run.wait_for_completion(show_output=True, wait_post_processing=True)
        out = capsys.readouterr().out
        assert "run 4 completed  best 0.95 of 3 reports" in out
        assert out.endswith(
            "sweep Completed\n"
            "Completed: 6 runs: 3 completed, 1 stopped early, 1 failed, 1 canceled, in 9.0 s\n"
            "Bandit judged 9 times and stopped 1 run, which saved about 18% of the reports\n"
            "  from the decision to the last process gone: p50 0.0 ms, p99 0.0 ms\n"
        )

    def test_for_what_has_failed(self, place):
        folder = kept(place, points=1)

        def curve(_):
            raise ValueError("x is too large")

        play(folder, curve)
        run = Workspace(place).get_run(folder.id)
        with pytest.raises(RunFailed, match=f"{folder.id} has failed: every run has failed"):
            run.wait_for_completion()
        assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"

    @pytest.mark.parametrize(
        ("log", "words"),
        [
            ("", "sweep resume goes on with it"),
            ("error: one\nerror: ImportError: no Ray\n", "error: ImportError: no Ray"),
        ],
    )
    def test_for_what_nobody_works_on(self, place, log, words):
        folder = abandoned(place)
        (folder.path / "engine.log").write_text(log)
        run = Workspace(place).get_run(folder.id)
        with pytest.raises(RunFailed, match=f"is Running, and nobody works on it: {words}"):
            run.wait_for_completion()

    def test_an_interrupted_wait_leaves_the_work_alone(self, place, monkeypatch, capsys):
        folder = abandoned(place)
        run = Workspace(place).get_run(folder.id)

        def interrupted(_):
            raise KeyboardInterrupt

        monkeypatch.setattr("time.sleep", interrupted)
        with Lock(folder.lock), pytest.raises(KeyboardInterrupt):
            run.wait_for_completion()
        assert capsys.readouterr().err == f"{folder.id} goes on; its cancel() ends it\n"


def test_wishes_are_left_for_the_engine(place):
    folder = kept(place, points=2)
    run = Workspace(place).get_run(folder.id)
    assert isinstance(run, HyperDriveRun)
    run.cancel()
    play(folder, values(0.5))
    assert run.get_status() == "Canceled"


def test_a_run_is_canceled_by_its_object(place):
    folder = abandoned(place)
    [child] = Workspace(place).get_run(folder.id).get_children()
    assert child.get_details()["endTimeUtc"] is None
    child.cancel()
    play(folder, values(0.5))
    assert (child.status, child.reason) == ("Canceled", "canceled by the user")


class TestWorkspace:
    def test_of_a_folder_near_or_new(self, place):
        assert Workspace.from_config().folder.path == place / ".sweep"
        (place / "a/b").mkdir(parents=True)
        assert Workspace.from_config("a/b", auth=None).folder.path == place / ".sweep"
        assert Workspace("a").name == "a"
        assert Workspace.from_config("a/b").folder.path == place / "a/.sweep"
        assert repr(Workspace("a")) == f"Workspace('{place}/a')"

    def test_somewhere_else(self, place):
        with pytest.raises(WorkspaceError, match=r"nowhere/.sweep: No such file or directory"):
            Workspace("nowhere")

    def test_its_experiments(self, place):
        workspace = Workspace()
        Experiment(workspace, "one")
        Experiment(workspace, "one")
        Experiment(workspace, "two")
        assert list(workspace.experiments) == ["one", "two"]
        assert repr(workspace.experiments["two"]) == f"Experiment(Workspace('{place}'), 'two')"
        with pytest.raises(WorkspaceError, match="'a b' cannot name an experiment"):
            Experiment(workspace, "a b")

    def test_the_runs_of_an_experiment_the_newest_first(self, place):
        first, second = kept(place, points=1), lone(place)
        kept(place, experiment="other")
        runs = list(Workspace().experiments["demo"].get_runs())
        assert [run.id for run in runs] == [second.id, first.id]
        assert [type(run) for run in runs] == [ScriptRun, HyperDriveRun]

    def test_no_such_run(self, place):
        with pytest.raises(WorkspaceError, match="there is no sweep 'HD_x'"):
            Workspace().get_run("HD_x")
        with pytest.raises(WorkspaceError, match="there is no sweep 'HD_x'"):
            HyperDriveRun(Experiment(Workspace(), "demo"), "HD_x")

    def test_a_sweep_that_a_user_has_named(self, place):
        folder = kept(place, points=2, identity="my-sweep_1")
        play(folder, values(0.5))
        run = Workspace().get_run("my-sweep_1")
        assert isinstance(run, HyperDriveRun)
        assert [child.id for child in run.get_children()] == ["my-sweep_1_0", "my-sweep_1_1"]
        assert sweep("why", "my-sweep_1_1").lines[0] == "my-sweep_1_1: completed"
        assert sweep("run", "show", "my-sweep_1").lines[0] == "my-sweep_1"
