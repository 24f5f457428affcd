"""Sweeps that really run: on Ray, with scripts, by the command line."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys

import pytest

from sweep.cli.main import main
from sweep.engine import background
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import PATIENCE, sweep, until

pytestmark = pytest.mark.ray

HDCONFIG = """\
sampling:
  type: grid
  parameter_space:
    - {name: x, expression: choice, values: [0, 1, 2, 3]}
policy: {type: BanditPolicy, slack_factor: 0.2}
primary_metric_name: accuracy
primary_metric_goal: maximize
max_total_runs: 9
max_concurrent_runs: 2
"""

TRAIN = """\
import json
import os
import sys
import time
from pathlib import Path

import helper
from sweep import Run

x = int(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
print(f"\\x1b[32mrun {run.number} with x={x}\\x1b[0m")
if x == 0:
    for value in (0.5, 0.7, 0.9):
        run.log("accuracy", value)
        run.log("loss", 1 - value)
elif x == 1:
    while True:
        run.log("accuracy", 0.1)
        time.sleep(0.02)
elif x == 2:
    raise ValueError(helper.WORDS)
else:
    run.log("accuracy", 0.85)
    run.tag("stage", "final")
    facts = {"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd()}
    Path("outputs/facts.json").write_text(json.dumps(facts))
    Path("logs/more.txt").write_text("more")
"""


def started(place, *words, **options):
    """Start a command line in a process of its own, without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "sweep.cli.main", *map(str, words)],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("running")


@pytest.fixture(autouse=True)
def here(place, monkeypatch):
    monkeypatch.chdir(place)


@pytest.fixture(scope="module")
def done(place):
    """Run a sweep: one run completes, one is stopped, one fails, one tells of itself."""
    source = place / "source"
    source.mkdir()
    (place / "hdconfig.yml").write_text(HDCONFIG)
    (source / "train.py").write_text(TRAIN)
    (source / "helper.py").write_text("WORDS = 'x is too large'\n")
    (source / "data.csv").write_text("1,2\n")
    (source / ".amlignore").write_text("*.csv\n")
    process = started(
        place, "start", "-e", "demo", "hdconfig.yml", "source/train.py", "--epochs", "3"
    )
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out.splitlines(), err


@pytest.fixture
def folder(done, place):
    return WorkspaceFolder(place / ".sweep").sweep()


class TestStart:
    def test_it_completes_although_a_run_fails(self, done):
        code, _, err = done
        assert (code, err) == (0, "")

    def test_every_line_is_something_that_happened(self, done, folder):
        _, lines, _ = done
        assert lines[0].startswith(f"{folder.id} · demo · grid · 4 runs, ")
        text = "\n".join(lines)
        for number in range(4):
            assert f"run {number} launched  x={number}" in text
        assert "run 0 completed  best 0.9 of 3 reports" in text
        assert "run 1 stopped: BanditPolicy: best 0.1 after" in text
        assert "run 2 failed: exit code 1: ValueError: x is too large" in text
        assert "\x1b" not in text

    def test_the_summary_says_what_it_has_come_to(self, done, folder):
        _, lines, _ = done
        end = lines[lines.index("") :]
        assert end[1].startswith("Completed: 4 runs: 2 completed, 1 stopped early, 1 failed, in ")
        assert end[2] == f"Best run: {folder.id}_0  accuracy = 0.9  (3 reports, Completed)"
        assert end[3] == "  x=0"
        assert end[4].startswith("Bandit judged ")
        assert "run 2 failed: exit code 1: ValueError: x is too large" in end
        assert "  | ValueError: x is too large" in end
        assert end[-2:] == [
            f"Kept in {folder.path}",
            "Next: sweep best  ·  sweep why 1  ·  sweep export --format csv",
        ]

    def test_the_database_has_all_of_it(self, folder):
        with SweepReader(folder.database) as reader:
            rows = reader.runs()
            assert [row.status for row in rows] == ["Completed", "Canceled", "Failed", "Completed"]
            assert [row.best for row in rows] == [0.9, 0.1, None, 0.85]
            assert [value for _, value in reader.reports(0)] == [0.5, 0.7, 0.9]
            assert [m.name for m in reader.metrics(0, 1)] == ["loss"] * 3
            assert reader.tags(3, "tag") == {"stage": "final"}
            assert rows[1].verdict["policy"] == "BanditPolicy"
            assert rows[1].facts["stop_seconds"] < 5
            assert rows[2].facts["exit_code"] == 1
            assert rows[0].facts["peak_memory"] > 0

    def test_every_run_has_its_own_copy_of_the_source(self, folder):
        for number in range(4):
            files = {path.name for path in folder.run_folder(number).iterdir()}
            assert {"train.py", "helper.py", "outputs", "logs", "user_logs"} <= files
            assert "data.csv" not in files, ".amlignore names it"
            log = folder.run_folder(number) / "user_logs/std_log.txt"
            assert log.read_text().startswith(f"\x1b[32mrun {number} with x={number}\x1b[0m\n")

    def test_what_a_run_finds_around_it(self, folder):
        run = folder.run_folder(3)
        facts = json.loads((run / "outputs/facts.json").read_text())
        assert facts["argv"] == ["train.py", "--epochs", "3", "--x", "3"]
        assert facts["cwd"] == str(run)
        env = facts["env"]
        assert env["AZUREML_SWEEP_x"] == "3"
        assert env["SWEEP_ID"] == folder.id
        assert env["SWEEP_RUN_ID"] == f"{folder.id}_3"
        assert (env["SWEEP_RUN_NUMBER"], env["SWEEP_RUN_ATTEMPT"]) == ("3", "1")
        assert env["SWEEP_RUN_FOLDER"] == str(run)
        assert env["OMP_NUM_THREADS"] == "1"
        assert env["HOME"] == os.environ["HOME"]
        assert not [name for name in env if name.startswith("RAY_")]

    def test_nobody_else_can_look_into_it(self, folder):
        assert stat.S_IMODE(folder.path.parents[1].stat().st_mode) == 0o700

    def test_ray_leaves_nothing_but_a_log(self, folder):
        assert [path.name for path in (folder.path / "ray").iterdir()] == ["host.log"]

    def test_the_reading_commands_agree(self, folder):
        assert sweep("best").lines[0] == f"{folder.id}_0  accuracy = 0.9  (Completed)"
        assert "is below the cut-off" in sweep("why", 1).out
        assert sweep("logs", 2).lines[-1] == "ValueError: x is too large"
        assert "tag stage" in sweep("run", "show", 3).out
        assert len(sweep("export").lines) == 5
        assert folder.engine is None


class TestCtrlC:
    WAITING = """\
import time
from pathlib import Path
from sweep import Run

run = Run.get_context()
for value in (0.4, 0.5):
    run.log("accuracy", value)
if (run.number, run.attempt) == (0, 1):
    Path(run.folder, "outputs", "started").touch()
    time.sleep(600)
"""

    def test_the_first_pauses_and_resume_goes_on(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        text = HDCONFIG.replace("[0, 1, 2, 3]", "[0, 1]")
        (tmp_path / "hdconfig.yml").write_text(text.replace("runs: 2", "runs: 1"))
        (tmp_path / "train.py").write_text(self.WAITING)
        process = started(tmp_path, "start", "hdconfig.yml", "train.py")
        until(lambda: list(tmp_path.glob(".sweep/sweeps/*/runs/0/outputs/started")))
        again = sweep("resume")
        assert again.code == 2
        assert f"process {process.pid} is working on this sweep" in again.err
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        [folder] = WorkspaceFolder(tmp_path / ".sweep").sweeps()
        assert "Paused (SIGINT: paused by the user): 1 run: 1 waiting to run again" in out
        assert out.endswith(f"Go on with it: sweep resume {folder.id}\n")
        assert err == "stopping what runs; once more to stop at once; nothing is lost\n"
        assert sweep("run", "list").lines[1].split()[2] == "Paused"

        code, picture = self.in_a_terminal(tmp_path, "resume")
        assert code == 0
        assert "2/2 runs · 2 completed" in picture
        assert "2 runs: 2 completed" in picture
        assert folder.run_folder(0, 2).is_dir()
        with SweepReader(folder.database) as reader:
            ends = [(row.status, row.attempt) for row in reader.runs()]
        assert ends == [("Completed", 2), ("Completed", 1)]

    def in_a_terminal(self, place, *words):
        """Run a command line in this process, which has a terminal now."""
        ours, theirs = pty.openpty()
        with os.fdopen(theirs, "w") as terminal, (place / "seen").open("wb") as seen:
            watcher = subprocess.Popen(["cat"], stdin=ours, stdout=seen, stderr=subprocess.DEVNULL)
            os.close(ours)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "stdout", terminal)
                patch.setenv("TERM", "xterm")
                patch.setenv("COLUMNS", "100")
                with pytest.raises(SystemExit) as end:
                    main(list(words))
        watcher.wait(PATIENCE)
        return end.value.code, (place / "seen").read_text()

    def test_the_second_ends_it_at_once(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "hdconfig.yml").write_text(HDCONFIG)
        (tmp_path / "train.py").write_text(
            "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + self.WAITING
        )
        process = started(tmp_path, "start", "--grace", "600", "hdconfig.yml", "train.py")
        until(lambda: list(tmp_path.glob(".sweep/sweeps/*/runs/0/outputs/started")))
        os.kill(process.pid, signal.SIGINT)
        assert process.stderr.readline().startswith("stopping what runs; once more")
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        [folder] = WorkspaceFolder(tmp_path / ".sweep").sweeps()
        assert err.split("\n")[0] == f"nothing is lost; go on with it: sweep resume {folder.id}"
        assert "Interrupted" in sweep("run", "list").out


def test_a_reader_who_has_had_enough_does_not_end_the_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hdconfig.yml").write_text(HDCONFIG)
    (tmp_path / "train.py").write_text(
        "from sweep import Run\nfor n in 0, 1:\n    Run.get_context().log('accuracy', n)\n"
    )
    process = started(tmp_path, "start", "hdconfig.yml", "train.py")
    assert process.stdout.readline().startswith("HD_")
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
    assert sweep("run", "list").lines[1].split()[2:4] == ["Completed", "4/9"]


class TestSubmitScript:
    def test_one_runs_here_and_one_in_the_background(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        sweep("folder", "attach", "-e", "exp")
        (tmp_path / "good.py").write_text(
            "import sys\nfrom sweep import Run\nRun.get_context().log('args', len(sys.argv))\n"
        )
        (tmp_path / "bad.py").write_text("print('before')\nraise ValueError('no')\n")
        submitted = sweep("run", "submit-script", "--async", "bad.py")
        assert submitted.code == 0
        [bad] = submitted.lines
        assert submitted.err.endswith("works on it: sweep run show, sweep run cancel last\n")

        done = sweep("run", "submit-script", "-c", "local", "-t", "out.json", "good.py", "a", "b")
        assert (done.code, done.err) == (0, "")
        good = done.lines[0].split()[0]
        assert done.lines[-1] == "Next: sweep logs last  ·  sweep run show"
        record = json.loads((tmp_path / "out.json").read_text())
        assert (record["runId"], record["_experiment_name"]) == (good, "exp")
        assert (record["status"], record["runs"]) == ("Completed", {"Completed": 1})
        assert ["args", "3"] in [line.split() for line in sweep("run", "show").lines]

        followed = sweep("logs", "-f", bad)
        assert followed.code == 0
        assert followed.lines[0] == "before"
        assert followed.lines[-1] == "ValueError: no"
        until(lambda: WorkspaceFolder(tmp_path / ".sweep").sweep(bad).engine is None)
        for process in background._started:
            process.wait(PATIENCE)
        over = sweep("resume", bad, "--json")
        assert over.code == 1
        assert json.loads(over.out)["reason"] == "every run has failed"
