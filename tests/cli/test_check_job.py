"""`sweep check` of a sweep job, and what `sweep job create` says before it begins."""

from __future__ import annotations

import json

import pytest

from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.test_check import looked as checked
from tests.cli.workspaces import sweep, with_job

JOB = """\
type: sweep
trial:
  code: src
  command: python train.py --x ${{search_space.x}} --data=${{inputs.data}} ${{outputs.model}}
inputs:
  data: {type: uri_file, path: data.csv}
outputs:
  model:
search_space:
  x: {type: choice, values: [1, 2, 3]}
sampling_algorithm: grid
objective: {goal: maximize, primary_metric: score}
limits: {max_total_trials: 3, max_concurrent_trials: 1}
early_termination: {type: bandit, slack_factor: 0.2}
resources: {cpus_per_trial: 0.5}
"""
TRAIN = """\
import argparse
from sweep import Run

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--x", type=int)
parser.add_argument("--data", required=True)
parser.add_argument("--epochs", type=int, default=4)
given = parser.parse_args()
for epoch in range(given.epochs):
    Run.get_context().log("score", given.x + epoch)
"""


@pytest.fixture
def folder(place):
    return with_job(place, JOB, TRAIN)


def looked(*words):
    """Return exit code and the remarks by part, of a check without a smoke run."""
    return checked("--no-smoke", *words)


def written(folder, *, old="", new="", script=("", "")):
    (folder / "job.yml").write_text(JOB.replace(old, new))
    (folder / "src" / "train.py").write_text(TRAIN.replace(*script))


def test_a_job_that_can_work(folder):
    code, found = looked("job.yml")
    assert code == 0
    assert found["script"] == [("fine", "train.py: takes all that is swept (1 by argparse)")]
    assert found["imports"] == [("fine", "sweep: found")]
    assert found["resources"] == [("fine", "each run takes 0.5 of the CPUs, 1 at a time")]
    assert not (folder / ".sweep").exists(), "nothing is kept"


def test_options_of_the_command_line_come_first(folder):
    _, found = looked("--cpus-per-run", 1, "--set", "limits.max_total_trials=2", "job")
    assert found["resources"] == [("fine", "each run takes 1 of the CPUs, 1 at a time")]
    assert found["estimate"] == [("fine", "up to 2 runs")]


@pytest.mark.parametrize(
    ("job", "script", "text"),
    [
        (("--x $", "--xx $"), ("", ""), "there is no option '--xx', which is swept"),
        (("--x $", "--xx=$"), ("", ""), "there is no option '--xx', which is swept"),
        (("[1, 2, 3]", "[0.5]"), ("", ""), "--x, which is swept, is read as int, which '0.5' is"),
        (("--data=", "--dato="), ("", ""), "there is no option '--dato'; did you mean '--data'?"),
        (("train.py", "trian.py"), ("", ""), "trian.py: there is no such script"),
        (("python train", "python -u train"), ("--x", "--z"), "no option '--x', which is swept"),
    ],
)
def test_a_script_that_does_not_fit_its_command(folder, job, script, text):
    written(folder, old=job[0], new=job[1], script=script)
    code, found = looked("job.yml")
    assert code == 2
    assert {level for level, _ in found["script"]} == {"error"}
    assert any(text in said for _, said in found["script"])


@pytest.mark.parametrize(
    "command",
    [
        "Rscript train.R ${{search_space.x}}",
        "python -m train --x ${{search_space.x}}",
        "{shell: bash, command: 'python train.py --x ${{search_space.x}} && echo'}",
    ],
)
def test_other_commands_are_not_looked_into(folder, command):
    line = JOB.splitlines()[3]
    if command.startswith("{"):
        written(
            folder, old=JOB[JOB.index("trial:") : JOB.index("inputs:")], new=f"trial: {command}\n"
        )
    else:
        written(folder, old=line, new=f"  command: {command}")
    code, found = looked("job.yml")
    assert code == 0
    [(level, said)] = found["script"]
    assert (level, "not looked into" in said) == ("fine", True)


def test_epochs_that_are_swept_say_nothing_of_reports(folder):
    late = ("slack_factor: 0.2", "slack_factor: 0.2, delay_evaluation: 9")
    written(folder, old=late[0], new=late[1])
    assert looked("job.yml")[1]["policy"][0][0] == "warning"
    text = (folder / "job.yml").read_text().replace("--x $", "--epochs $")
    (folder / "job.yml").write_text(text)
    assert looked("job.yml")[1]["policy"][0][0] == "fine"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["job.yml", "train.py"], "job.yml is a sweep job, which says itself what a trial runs"),
        (["-c", "local", "job.yml"], "leave out --run-configuration-name"),
        (["hd.yml"], "hd.yml is no sweep job: name the SCRIPT of its runs behind it"),
        (["--set", "a=b", "hd.yml", "src/train.py"], "--set is for sweep jobs"),
        (["--set", "limits.max_total_trails=1", "job.yml"], "max_total_trails"),
        (["jbo.yml"], "there is no file 'jbo.yml'"),
    ],
)
def test_what_does_not_go_together(folder, words, text):
    (folder / "hd.yml").write_text("sampling: {type: random}\n")
    said = sweep("check", "--no-smoke", *words)
    assert (said.code, said.out) == (2, "")
    assert text in said.err


class TestCreate:
    def test_it_says_what_is_surely_wrong(self, folder, no_ray):
        late = ("slack_factor: 0.2", "slack_factor: 0.2, delay_evaluation: 9")
        written(folder, old=late[0], new=late[1], script=("--x", "--z"))
        said = sweep("job", "create", "-f", "job.yml", "--stream", "--quiet")
        assert "warning: train.py: there is no option '--x', which is swept" in said.err
        assert "warning: BanditPolicy judges a run first after 9 reports" in said.err

    def test_nothing_is_said_of_one_that_fits(self, folder, no_ray):
        assert "warning" not in sweep("job", "create", "-f", "job.yml", "--stream", "-q").err

    def test_azureml_is_stood_in_for_as_the_option_says(self, folder, no_ray):
        sweep("job", "create", "-f", "job.yml", "--stream", "-q", "--azureml-compat", "never")
        (one,) = WorkspaceFolder(folder / ".sweep").sweeps()
        with SweepReader(one.database) as reader:
            template = reader.get("template")
        assert template["environment_variables"]["SWEEP_AZUREML_COMPAT"] == "never"

    def test_a_cluster_of_ones_own(self, folder):
        words = ("job", "create", "-f", "job.yml", "--ray-address", "127.0.0.1:1")
        said = sweep(*words, "--set", "compute=big")
        assert "--ray-address wins over the job's compute 'big'" in said.err
        assert "inputs are passed as paths of this machine: the nodes of 127.0.0.1:1" in said.err
        assert "127.0.0.1:1" in said.err.splitlines()[-1]
        assert said.code != 0
        assert "give either --target or --ray-address" in sweep(*words, "--target", "a").err


@pytest.mark.ray
def test_the_smoke_run(folder):
    said = sweep("check", "--json", "job.yml")
    found = json.loads(said.out)
    assert (said.code, found["verdict"], found["reports"]) == (0, "fine", 4)
    assert not (folder / ".sweep").exists(), "nothing is kept"
