"""A mistake of the user's is a sentence and exit code 2: no traceback, and nothing is kept."""

from __future__ import annotations

import os
import re

import pytest

from sweep.cli.main import main
from sweep.storage.lock import Lock
from tests.cli.conftest import HDCONFIG
from tests.cli.workspaces import kept, lone, play, sweep, values

HYPERDRIVE = ["run", "submit-hyperdrive", "--hyperdrive-configuration-name"]
SCRIPT = ["run", "submit-script"]


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        # the sweep file
        (["start", "nope.yml", "train.py"], "there is no file 'nope.yml', with or without .yml"),
        (["start", "hdcnfig.yml", "train.py"], "there is 'hdconfig.yml'"),
        (["start", ".", "train.py"], "there is no file '.'"),
        (["start", "broken.yml", "train.py"], "broken.yml:8:22: primary_metric_goal: expected"),
        (["start", "empty.yml", "train.py"], "empty.yml"),
        (["start", "folder", "train.py"], "there is no file 'folder'"),
        ([*HYPERDRIVE, "nope", "-c", "local", "-e", "demo"], "there is no file 'nope'"),
        # the script
        (["start", "hdconfig.yml", "trian.py"], "there is no such script"),
        (["start", "hdconfig.yml", "trian.py"], "did you mean 'train.py'?"),
        (["start", "hdconfig.yml", "nowhere/train.py"], "nowhere: there is no such folder"),
        (["start", "hdconfig.yml", "folder"], "folder is a folder, not a script"),
        (["start", "hdconfig.yml", "."], "no script: name one"),
        (["start", "hdconfig.yml", ""], "no script: name one"),
        (["start", "hdconfig.yml"], "Missing argument 'SCRIPT'"),
        (["start"], "Missing argument 'HDCONFIG'"),
        (
            ["start", "--source-directory", "folder", "hdconfig.yml", "../train.py"],
            "../train.py is not in",
        ),
        (["start", "hdconfig.yml", "ignored.py"], "ignored.py is left out of the snapshot"),
        ([*SCRIPT, "-e", "demo"], "no script: name one"),
        ([*SCRIPT, "-e", "demo", "-c", "noscript"], "no script: name one"),
        ([*SCRIPT, "-e", "demo", "nope.py"], "nope.py: there is no such script"),
        ([*SCRIPT, "-e", "demo", "-c", "shell"], "a command for a shell is not run"),
        ([*SCRIPT, "-e", "demo", "-c", "python9"], "there is no program 'python9'"),
        # the run configuration
        ([*HYPERDRIVE, "hdconfig", "-e", "demo", "train.py"], "-c RUNCONFIG is needed here"),
        (
            [*HYPERDRIVE, "hdconfig", "-c", "nope", "-e", "demo", "train.py"],
            "there is no run configuration 'nope' in '.'; there is broken.runconfig, local",
        ),
        ([*SCRIPT, "-e", "demo", "-c", "broken", "train.py"], "broken.runconfig:1:12: nodeCount"),
        # places
        ([*SCRIPT, "-e", "demo", "--target", "cluster", "train.py"], "target 'cluster': there is"),
        ([*SCRIPT, "-e", "demo", "--source-directory", "x", "train.py"], "x: there is no such"),
        ([*SCRIPT, "-e", "demo", "--path", "x", "train.py"], "x: there is no such folder"),
        (["start", "--source-directory", "x", "hdconfig.yml", "train.py"], "'x' does not exist"),
        (["start", "--workspace", "x", "hdconfig.yml", "train.py"], "x/.sweep: No such file"),
        ([*SCRIPT, "train.py"], "no experiment: give -e EXPERIMENT, or attach the folder"),
        ([*SCRIPT, "-e", "no good", "train.py"], "'no good' cannot name an experiment"),
        ([*SCRIPT, "-e", "demo", "-t", "x/out.json", "train.py"], "there is no folder 'x'"),
        ([*SCRIPT, "-e", "demo", "-t", "o.json", "--async", "train.py"], "leave out --async"),
        # resources and other numbers
        (["start", "--cpus-per-run", "1000", "hdconfig.yml", "train.py"], "asks for 1000 CPUs"),
        (["start", "--gpus-per-run", "1", "hdconfig.yml", "train.py"], "asks for 1 GPU and"),
        (
            ["start", "--cpus-per-run", "0", "hdconfig.yml", "train.py"],
            "a run must take something",
        ),
        (["start", "--cpus-per-run", "-1", "hdconfig.yml", "train.py"], "not in the range x>=0"),
        (["start", "--gpus-per-run", "nan", "hdconfig.yml", "train.py"], "not a finite number"),
        (["start", "--cpus-per-run", "inf", "hdconfig.yml", "train.py"], "not a finite number"),
        (["start", "--cpus-per-run", "x", "hdconfig.yml", "train.py"], "'x' is not a valid float"),
        (["start", "--grace", "-1", "hdconfig.yml", "train.py"], "not in the range x>=0"),
        (["start", "--max-total-runs", "0", "hdconfig.yml", "train.py"], "not in the range x>=1"),
        (["start", "--max-concurrent-runs", "-2", "hdconfig.yml", "train.py"], "range x>=1"),
        (["start", "--seed", "1.5", "hdconfig.yml", "train.py"], "'1.5' is not a valid integer"),
        # the order of words
        (["start", "hdconfig.yml", "--seed", "3", "train.py"], "options stand before HDCONFIG"),
        (["start", "--max-runs", "3", "hdconfig.yml", "train.py"], "No such option '--max-runs'"),
        # what only looks
        (["best", "--top", "0"], "not in the range x>=1"),
        (["run", "list", "--last", "0"], "not in the range x>=1"),
        (["run", "list", "--status", "complete"], "there is no 'complete'; did you mean 'Compl"),
        (["run", "list", "--status", "zzz"], "--status: there is no 'zzz'"),
        (["export", "--format", "xls"], "'xls' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_is_kept(project, monkeypatch, words, fragment):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (project / "folder").mkdir()
    (project / "broken.yml").write_text(HDCONFIG.replace("Maximize", "max"))
    (project / "empty.yml").write_text("")
    (project / "ignored.py").write_text("")
    (project / ".amlignore").write_text("ignored.py\n")
    (project / "noscript.runconfig").write_text("target: local\n")
    (project / "broken.runconfig").write_text("nodeCount: two\nscript: train.py\n")
    (project / "shell.runconfig").write_text("command: python train.py | tee log\n")
    (project / "python9.runconfig").write_text(
        "script: train.py\nenvironment: {python: {interpreterPath: python9}}\n"
    )
    said = sweep(*words)
    assert (said.code, said.out) == (2, "")
    assert fragment in said.err
    assert "Traceback" not in said.err
    lines = re.findall(r"^(?:error|warning): (.*)", said.err, re.MULTILINE)
    assert len(lines) == len({*lines}), "what is wrong is said once"
    assert not list(project.glob(".sweep/sweeps/*"))


LOOKING = [
    ["best"],
    ["resume"],
    ["export"],
    ["logs", "0"],
    ["why", "0"],
    ["compare", "0", "1"],
    *(["curves"], ["plot"], ["top", "last"]),
    *(["run", word] for word in ("list", "show")),
    ["run", "cancel", "last"],
    ["run", "monitor-logs", "-r", "0"],
    ["experiment", "list"],
]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
class TestNothingToLookAt:
    def test_no_workspace(self, place, words):
        said = sweep(*words)
        assert (said.code, said.out) == (2, "")
        assert f"there is no workspace in {place} or above it" in said.err
        assert not list(place.iterdir()), "to look makes nothing"

    def test_no_workspace_there(self, place, words):
        said = sweep(*words, "--workspace", "x")
        assert (said.code, said.out) == (2, "")
        assert "x/.sweep is not a workspace" in said.err

    def test_no_sweep_yet(self, place, words):
        sweep("experiment", "create", "-n", "demo")
        said = sweep(*words)
        if words in (["run", "list"], ["experiment", "list"]):
            assert said.code == 0
        else:
            assert said.code == 2
            assert "there is no sweep in" in said.err


@pytest.mark.parametrize("words", [["best"], ["export"], ["resume"], ["run", "show"]])
@pytest.mark.parametrize(
    ("reference", "fragment"),
    [
        ("HD_x", "'HD_x' is the beginning of several sweeps: HD_xb, HD_xa"),
        ("nope", "there is no sweep 'nope'"),
        ("/no/such/folder", "there is no sweep '/no/such/folder'"),
        ("é\u202e", "there is no sweep"),
    ],
)
def test_which_sweep(place, words, reference, fragment):
    for identity in ("HD_xa", "HD_xb"):
        kept(place, identity=identity)
    said = sweep(*words, reference)
    assert (said.code, said.out) == (2, "")
    assert fragment in said.err


def test_a_name_that_is_too_long_for_a_file_system(place):
    kept(place)
    said = sweep("best", "x" * 5000)
    assert said.code in (1, 2)
    assert "Traceback" not in said.err


class TestResume:
    def test_a_sweep_that_is_over(self, told):
        said = sweep("resume")
        assert said.code == 0
        assert said.err == "HD_story is Completed already\n"
        assert "Completed: 6 runs: 3 completed, 1 stopped early" in said.out

    def test_a_sweep_that_was_canceled(self, place):
        folder = lone(place)
        sweep("run", "cancel", "last")
        play(folder, values())
        said = sweep("resume", "--json")
        assert said.code == 1, "0 is for sweeps that have completed"
        assert '"status": "Canceled"' in said.out

    @pytest.mark.parametrize("words", [["resume"], ["resume", "--async"]])
    def test_a_sweep_that_somebody_works_on(self, place, words):
        folder = kept(place)
        with Lock(folder.lock):
            said = sweep(*words)
        assert (said.code, said.out) == (2, "")
        assert said.err == f"error: {folder.id}: process {os.getpid()} is working on this sweep\n"

    def test_without_ray(self, place, no_ray):
        folder = kept(place)
        said = sweep("resume", "--quiet")
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            f"nothing is lost; go on with it: sweep resume {folder.id}\n"
            "error: ImportError: no Ray on this machine\n"
        )
        assert "Interrupted" in sweep("run", "list").out


def test_ctrl_c_is_no_traceback(place, monkeypatch):
    kept(place)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.echo", interrupted)
    with pytest.raises(SystemExit) as end:
        main(["run", "show"])
    assert end.value.code == 130
