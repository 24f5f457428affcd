"""`sweep job`: sweep jobs of version 2, from a file to what the best trial has written."""

from __future__ import annotations

import json
import sys

import pytest

from sweep.engine.job import submission_of
from sweep.errors import ConfigError
from sweep.formats.environment import Environment
from sweep.formats.v2 import read_job
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import sweep, until, with_job

JOB = """\
type: sweep
trial:
  code: src
  command: python train.py --x ${{search_space.x}} --data ${{inputs.data}} --out ${{outputs.model}}
inputs:
  data: {type: uri_file, path: data.csv}
outputs:
  model:
search_space:
  x: {type: choice, values: [1, 2, 3]}
sampling_algorithm: grid
objective: {goal: maximize, primary_metric: score}
limits: {max_total_trials: 3, max_concurrent_trials: 2}
display_name: three
"""

TRAIN = """\
import argparse
from pathlib import Path

from sweep import Run

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=int)
parser.add_argument("--data", type=Path)
parser.add_argument("--out", type=Path)
given = parser.parse_args()
Run.get_context().log("score", given.x + float(given.data.read_text()))
(given.out / "model.txt").write_text(str(given.x))
print("x is", given.x)
"""


@pytest.fixture
def folder(place):
    return with_job(place, JOB, TRAIN)


def kept(folder):
    (one,) = WorkspaceFolder(folder / ".sweep").sweeps()
    return one


class TestBroken:
    def test_mistakes_have_their_places_and_nothing_is_kept(self, folder):
        (folder / "job.yml").write_text(JOB.replace("goal: maximize", "goal: max"))
        said = sweep("job", "create", "-f", "job.yml")
        assert said.code == 2
        assert "job.yml:12:19: objective.goal: expected maximize or minimize" in said.err
        assert "did you mean 'maximize'?" in said.err
        assert not (folder / ".sweep").exists()

    def test_a_target_that_is_not_there(self, folder):
        said = sweep("job", "create", "-f", "job.yml", "--set", "compute=azureml:cpu-cluster")
        assert said.code == 2
        assert "there is no such compute target" in said.err

    def test_a_shell_has_to_be_declared(self, folder):
        text = JOB.replace("command: python", "command: echo hi && python")
        (folder / "job.yml").write_text(text)
        said = sweep("job", "create", "-f", "job.yml")
        assert said.code == 2
        assert "job.yml:4:12: trial.command: takes a shell ('&' stands in it)" in said.err

    @pytest.mark.parametrize("name", ["demo_17_0123abcd", "2026", "a b", "last", "-x"])
    def test_names_that_no_job_can_have(self, folder, name):
        said = sweep("job", "create", "-f", "job.yml", f"--name={name}")
        assert said.code == 2
        assert name in said.err

    def test_two_kinds_of_download(self, folder):
        said = sweep("job", "download", "--all", "--output-name", "model")
        assert said.code == 2


class TestKept:
    @pytest.fixture
    def submitted(self, folder, no_ray):
        said = sweep(
            *("job", "create", "-f", "job.yml", "-n", "my-job", "--stream", "--quiet"),
            *("--set", "limits.max_total_trials=2", "tags.team=blue", "-g", "group", "-w", "ws"),
        )
        assert "no Ray on this machine" in said.err
        return kept(folder)

    def test_what_is_kept(self, submitted, folder):
        assert submitted.id == "my-job"
        with SweepReader(submitted.database) as reader:
            assert reader.get("definition")["max_total_jobs"] == 2
            assert reader.get("experiment") == folder.name.strip("_-")
            assert reader.get("job")["display_name"] == "three"
            assert reader.tags(-1, "tag") == {"team": "blue"}
            template = reader.get("template")
        assert template["trial"] == {"outputs": ["model"]}
        assert template["command"][1:4] == ["train.py", "--x", "${{search_space.x}}"]
        assert template["command"][5] == str(folder / "data.csv")
        variables = template["environment_variables"]
        assert variables == {"AZURE_ML_INPUT_data": str(folder / "data.csv")}

    def test_it_goes_on_with_what_the_file_has_become(self, submitted, folder):
        text = JOB.replace("max_concurrent_trials: 2", "max_concurrent_trials: 1")
        (folder / "job.yml").write_text(text)
        said = sweep("resume", "my-job")
        assert said.code == 2
        assert "max_concurrent_jobs: 2 is 1 now" in said.err
        sweep("resume", "my-job", "--changed", "new")
        with SweepReader(submitted.database) as reader:
            assert reader.get("definition")["max_concurrent_jobs"] == 1
            assert reader.get("definition")["max_total_jobs"] == 2

    def test_it_is_shown_and_listed_and_cancelled(self, submitted):
        assert sweep("job", "show", "-n", "my-job").lines[0] == "my-job"
        assert json.loads(sweep("job", "show", "--json").out)["runId"] == "my-job"
        assert "my-job" in sweep("job", "list").out
        assert sweep("job", "list", "-p", "my-job").code == 0
        assert (
            "it will be canceled when it is resumed" in sweep("job", "cancel", "-n", "my-job").out
        )
        assert sweep("job", "stream", "-n", "my-job").code == 1

    def test_there_is_no_best_trial_yet(self, submitted):
        said = sweep("job", "download", "-n", "my-job")
        assert (said.code, "no best trial yet" in said.err) == (2, True)


class TestEnvironment:
    @pytest.fixture
    def conda(self, folder):
        (folder / "conda.yml").write_text("dependencies: [{pip: [no-such-thing==1]}]\n")
        text = JOB.replace("  code: src", "  code: src\n  environment: {conda_file: conda.yml}")
        (folder / "job.yml").write_text(text)
        return read_job(folder / "job.yml")

    def submitted(self, folder, job, **more):
        workspace = WorkspaceFolder.make(folder)
        return submission_of(job, workspace, print, experiment="demo", more=more)

    def test_a_file_for_conda_is_that_of_a_run_configuration(self, folder, conda):
        configuration = self.submitted(folder, conda).configuration
        assert configuration.environment.python.conda_file == folder / "conda.yml"
        assert configuration.command[0] == "python"

    def test_it_may_be_left_aside(self, folder, conda):
        configuration = self.submitted(folder, conda, ignore_environment=True).configuration
        assert configuration.environment == Environment()
        assert configuration.command[0] == sys.executable

    def test_a_file_that_is_not_there(self, folder, conda):
        (folder / "conda.yml").unlink()
        with pytest.raises(ConfigError, match="there is no"):
            self.submitted(folder, conda)


@pytest.mark.ray
class TestOnRay:
    def test_from_a_file_to_the_best_trials_output(self, folder):
        said = sweep("job", "create", "-f", "job.yml", "--stream")
        assert said.code == 0, said.err
        assert "score = 3.5" in said.out
        done = sweep("job", "download", "-n", "last", "--output-name", "model", "-p", "got")
        assert done.code == 0
        assert (folder / "got" / "named-outputs" / "model" / "model.txt").read_text() == "3"
        assert sweep("job", "download", "--all", "-p", "all").code == 0
        log = folder / "all" / "artifacts" / "user_logs" / "std_log.txt"
        assert log.read_text() == "x is 3\n"
        assert sweep("job", "download", "-p", "x", "--output-name", "mode").code == 2

    def test_a_shell_that_is_declared(self, folder):
        text = JOB.replace("command: python", "shell: bash\n  command: echo hello && python")
        (folder / "job.yml").write_text(text.replace("x ${{search_space.x}}", "x '3'"))
        said = sweep("job", "create", "-f", "job.yml", "--stream", "limits.max_total_trials=1")
        assert said.code == 0, said.err + sweep("logs", 0).out
        assert sweep("logs", 0).lines == ["hello", "x is 3"]

    def test_without_stream_another_process_works_on_it(self, folder):
        said = sweep("job", "create", "-f", "job.yml")
        assert said.code == 0
        streamed = sweep("job", "stream", "-n", said.lines[0])
        assert streamed.code == 0, streamed.err
        assert "sweep Completed" in streamed.out
        assert "score = 3.5" in streamed.out
        until(lambda: kept(folder).engine is None)
