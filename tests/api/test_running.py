"""Sweeps that really run: on Ray, submitted and tuned from Python."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
import time

import nbformat
import pytest
from nbclient import NotebookClient

from sweep import (
    BanditPolicy,
    Experiment,
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RunFailed,
    RunStopped,
    ScriptRunConfig,
    Workspace,
    choice,
    tune,
)
from tests.cli.workspaces import sweep, until

pytestmark = pytest.mark.ray

KINDS = ["good", "returned", "raises", "stopped", "deaf", "exits", "interrupted", "last"]


def train_that_touches(marker):  # noqa: C901 - one function of all trades
    """Return a function whose runs do all that runs may do; one touches a file and waits."""

    def train(run, kind):  # noqa: C901
        print(f"this is {kind}")  # noqa: T201 - what it prints is looked at
        match kind:
            case "good":
                run.log("score", 0.5)
                run.log("score", 0.9)
                run.log("loss", 0.1)
            case "returned" | "last":
                return 0.95
            case "raises":
                raise ValueError("kind is bad")
            case "stopped" | "deaf":
                try:
                    while True:
                        run.log("score", 0.1)
                        time.sleep(0.01)
                except RunStopped:
                    run.upload_file("outputs/checkpoint.txt", io.StringIO("saved"))
                    if kind == "stopped":
                        raise
                while True:
                    time.sleep(0.01)
            case "exits":
                os._exit(3)
            case "interrupted":
                if run.attempt == 1:
                    marker.touch()
                    while True:
                        run.log("score", 0.9)
                        time.sleep(0.01)
                return 0.9
        return None

    return train


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Tune a function, press Ctrl-C in the middle, and resume; return what was seen each time."""
    place = tmp_path_factory.mktemp("tuned")
    train = train_that_touches(place / "marker")

    def press():
        until((place / "marker").exists)
        os.kill(os.getpid(), signal.SIGINT)

    out, err = io.StringIO(), io.StringIO()
    threading.Thread(target=press).start()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        run = tune(
            train,
            space={"kind": choice(*KINDS)},
            sampling="grid",
            metric="score",
            max_total_runs=99,
            max_concurrent_runs=1,
            policy=BanditPolicy(slack_factor=0.2),
            workspace=place,
            grace=0.3,
        )
    paused = run.get_status(), [child.status for child in run.get_children()]
    with contextlib.redirect_stdout(io.StringIO()):
        again = tune(train, resume=run.id, workspace=place, show_output=False)
    assert again.id == run.id
    return again, paused, out.getvalue(), err.getvalue()


class TestTune:
    @pytest.fixture
    def run(self, tuned):
        return tuned[0]

    def child(self, run, kind):
        [found] = [c for c in run.get_children() if c.hyperparameters == {"kind": kind}]
        return found

    def test_ctrl_c_pauses_it_and_says_how_to_go_on(self, tuned):
        run, (status, children), out, err = tuned
        assert status == "Paused"
        ended = ("Completed", "Completed", "Failed", "Canceled", "Canceled", "Failed")
        assert children[:6] == [*ended]
        assert set(children[6:]) == {"NotStarted"}, "what ran, and what waited in a slot"
        assert err == (
            "stopping what runs; once more to stop at once; nothing is lost\n"
            f"go on with it: tune(..., resume={run.id!r})\n"
        )
        assert "sweep Paused: SIGINT: paused by the user\nPaused" in out
        assert "run 0 completed  best 0.9 of 2 reports" in out

    def test_it_is_resumed_to_its_end(self, run):
        assert run.get_status() == "Completed"
        assert run.experiment.name == "train"
        assert [child.status for child in run.get_children()] == [
            *("Completed", "Completed", "Failed", "Canceled", "Canceled", "Failed"),
            *("Completed", "Completed"),
        ]

    def test_what_is_logged_and_what_is_returned(self, run):
        assert self.child(run, "good").get_metrics() == {"score": [0.5, 0.9], "loss": 0.1}
        assert self.child(run, "returned").get_metrics() == {"score": 0.95}
        assert run.get_best_run_by_primary_metric().hyperparameters == {"kind": "returned"}

    def test_an_exception_is_a_failure_with_its_traceback(self, run):
        failed = self.child(run, "raises")
        assert failed.reason == "ValueError: kind is bad"
        log = (failed.folder / "user_logs/std_log.txt").read_text()
        assert log.startswith("this is raises\nTraceback (most recent call last):")
        assert log.endswith("ValueError: kind is bad\n")

    def test_a_run_that_is_stopped_may_save_what_it_has(self, run):
        stopped = self.child(run, "stopped")
        assert stopped.reason.startswith("BanditPolicy: best 0.1 after ")
        assert (stopped.folder / "outputs/checkpoint.txt").read_text() == "saved"
        assert "outputs/checkpoint.txt" in stopped.get_file_names()

    def test_a_run_that_does_not_hear_is_ended_after_the_grace(self, run):
        deaf = self.child(run, "deaf")
        assert deaf.reason.startswith("BanditPolicy: best 0.1 after ")
        assert (deaf.folder / "outputs/checkpoint.txt").exists()

    def test_a_process_that_exits_is_a_failure(self, run):
        assert self.child(run, "exits").reason.startswith("exit code 3")

    def test_an_interrupted_run_runs_again(self, run):
        again = self.child(run, "interrupted")
        assert again.row.attempt == 2
        assert again.get_metrics() == {"score": 0.9}

    def test_it_has_no_arguments(self, run):
        assert self.child(run, "good").get_details()["runDefinition"] == {"arguments": []}

    def test_what_it_prints_is_in_its_log(self, run):
        for kind in KINDS:
            log = self.child(run, kind).folder / "user_logs/std_log.txt"
            assert log.read_text().startswith(f"this is {kind}\n")

    def test_it_can_be_looked_at_by_the_command_line(self, run, monkeypatch):
        monkeypatch.chdir(run._folder.path)
        assert sweep("best").lines[0] == f"{run.id}_1  score = 0.95  (Completed)"
        assert sweep("logs", 0).lines == ["this is good"]
        assert "stopped early" in sweep("why", 3).lines[0]

    def test_what_is_over_is_given_back_as_it_is(self, run, tuned):
        train = train_that_touches(None)
        assert tune(train, resume=run.id, workspace=run.experiment.workspace).id == run.id


SCRIPT = """\
import sys
import time
from sweep import Run

x = int(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
run.log("score", x)
while "endless" in sys.argv:
    time.sleep(1)
open("outputs/model.txt", "w").write(str(x))
"""


class TestSubmit:
    def config(self, *arguments):
        return HyperDriveConfig(
            hyperparameter_sampling=GridParameterSampling({"x": choice(1, 3, 2)}),
            primary_metric_name="score",
            primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
            max_total_runs=3,
            max_concurrent_runs=1,
            run_config=ScriptRunConfig(".", "train.py", list(arguments)),
        )

    def test_one_goes_to_its_end_while_another_is_canceled(self, place, capsys):
        (place / "train.py").write_text(SCRIPT)
        experiment = Experiment(Workspace(), "demo")
        run = experiment.submit(self.config(), tags={"team": "ours", "year": 2030})
        endless = experiment.submit(self.config("endless"), grace=0)
        assert run.id != endless.id

        details = run.wait_for_completion(show_output=True)
        assert details["status"] == "Completed"
        assert details["properties"]["score"] == 3
        assert "run 1 completed  best 3 of 1 report  ★ best so far" in capsys.readouterr().out
        assert run.tags == {"team": "ours", "year": "2030"}
        best = run.get_best_run_by_primary_metric()
        assert (best.hyperparameters, best.get_metrics()) == ({"x": 3}, {"score": 3.0})
        best.download_file("outputs/model.txt", "best.txt")
        assert (place / "best.txt").read_text() == "3"
        assert list(run.to_dataframe()["score"]) == [1, 3, 2]

        until(lambda: endless.get_metrics() and any(endless.get_metrics().values()))
        endless.cancel()
        assert endless.wait_for_completion()["status"] == "Canceled"
        assert [child.reason for child in endless.get_children()] == ["canceled by the user"]
        assert run.engine.wait(30) == 0
        assert endless.engine.wait(30) == 1, "it has not completed"

    def test_without_ray_the_last_words_are_told(self, place, no_ray):
        (place / "train.py").write_text(SCRIPT)
        run = Experiment(Workspace(), "demo").submit(ScriptRunConfig(".", "train.py"))
        with pytest.raises(RunFailed, match="error: ImportError: no Ray on this machine"):
            run.wait_for_completion(show_output=True)
        assert run.engine.wait(30) == 1


CELLS = [
    "from sweep import choice, tune",
    "def train(run, x, y=1):\n    print('x is', x)\n    return x * y",
    """run = tune(train, space={"x": choice(2, 3, 1)}, sampling="grid", metric="score",
           max_total_runs=3, goal="maximize")""",
    "run.get_best_run_by_primary_metric().hyperparameters",
    "run.to_dataframe()[['x', 'score', 'status']]",
]


# What a notebook's own machinery warns of is not ours to mend.
@pytest.mark.filterwarnings("ignore:::(jupyter|nb|traitlets|zmq|tornado)")
def test_a_notebook_tunes_and_shows_a_table(place):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(place)}}
    )
    client.execute()
    told = "".join(output["text"] for output in notebook.cells[2].outputs)
    assert "run 1 completed  best 3 of 1 report  ★ best so far" in told
    assert "sweep Completed\nCompleted: 3 runs: 3 completed, in " in told
    assert notebook.cells[3].outputs[0]["data"]["text/plain"] == "{'x': 3}"
    table = notebook.cells[4].outputs[0]["data"]
    assert "<table" in table["text/html"]
    assert [line.split()[1:] for line in table["text/plain"].splitlines()[1:]] == [
        ["2", "2.0", "Completed"],
        ["3", "3.0", "Completed"],
        ["1", "1.0", "Completed"],
    ]
