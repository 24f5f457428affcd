"""From a command line to the sweep that is kept: what its database says before anything runs.

Ray is broken on the machine of these tests, so every one of them ends with exit code 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sweep.formats.yaml_writer import yaml_of
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import sweep

pytestmark = pytest.mark.usefixtures("no_ray")

HYPERDRIVE = ["run", "submit-hyperdrive", "--hyperdrive-configuration-name", "hdconfig.yml"]


def kept(*words):
    """Run a command line up to the sweep that is kept; return what it says and the sweep."""
    said = sweep(*words)
    assert said.code == 1, said.err
    assert "error: ImportError: no Ray on this machine" in said.err
    [folder] = WorkspaceFolder(Path(".sweep").resolve()).sweeps()
    return said, folder


def get(folder, key):
    with SweepReader(folder.database) as reader:
        return reader.get(key)


def runconfig(project, name="local", **entries):
    (project / f"{name}.runconfig").write_text(yaml_of(entries))


class TestStart:
    def test_a_sweep_of_a_file_and_a_script(self, project):
        said, folder = kept("start", "hdconfig.yml", "train.py", "--epochs", "3", "a b")
        assert folder.id.startswith("HD_")
        definition = get(folder, "definition")
        assert definition["generator_config"]["properties"] == {"seed": 7}
        assert definition["max_total_jobs"] == 8
        assert get(folder, "experiment") == project.name
        template = get(folder, "template")
        assert template["command"] == [sys.executable, "train.py"]
        assert template["arguments"] == ["--epochs", "3", "a b"]
        assert get(folder, "resources")["cpus_per_run"] == 1
        assert get(folder, "source") == str(project)
        assert said.lines[0] == (
            f"{folder.id} · {project.name} · random · 8 runs, {said.lines[0].split()[8]} at a time"
            " · Accuracy ↑ · Bandit (evaluation_interval=1, delay_evaluation=0, slack_factor=0.2)"
        )
        assert f"nothing is lost; go on with it: sweep resume {folder.id}" in said.err

    def test_options_win_over_the_file(self, project):
        words = [
            "--seed",
            "3",
            "--max-total-runs",
            "1",
            "--cpus-per-run",
            "0.5",
            "--grace",
            "0",
            "-e",
            "demo",
        ]
        _, folder = kept("start", *words, "hdconfig.yml", "train.py")
        definition = get(folder, "definition")
        assert definition["generator_config"]["properties"] == {"seed": 3}
        assert (definition["max_total_jobs"], definition["max_concurrent_jobs"]) == (1, 1)
        assert get(folder, "resources")["cpus_per_run"] == 0.5
        assert (get(folder, "grace"), get(folder, "experiment")) == (0, "demo")

    def test_more_at_a_time_than_there_are(self, project):
        _, folder = kept("start", "--max-concurrent-runs", "99", "hdconfig.yml", "train.py")
        assert get(folder, "definition")["max_concurrent_jobs"] == 8

    def test_the_folder_of_the_script_is_the_source(self, project):
        (project / "sub").mkdir()
        (project / "train.py").rename(project / "sub/train.py")
        _, folder = kept("start", "hdconfig.yml", "sub/train.py")
        assert get(folder, "source") == str(project / "sub")
        assert get(folder, "template")["command"][1] == "train.py"
        assert get(folder, "snapshot")["files"] == 1
        assert folder.path.is_relative_to(project / ".sweep"), "the workspace is here"

    @pytest.mark.parametrize("absolute", [False, True])
    def test_the_source_directory_may_be_above_the_script(self, project, absolute):
        (project / "sub").mkdir()
        (project / "train.py").rename(project / "sub/train.py")
        script = project / "sub/train.py" if absolute else "sub/train.py"
        _, folder = kept("start", "--source-directory", ".", "hdconfig.yml", script)
        assert get(folder, "source") == str(project)
        assert get(folder, "template")["command"][1] == "sub/train.py"

    def test_a_program_that_is_no_python(self, project):
        (project / "train.sh").write_text("#!/bin/sh\n")
        (project / "train.sh").chmod(0o755)
        _, folder = kept("start", "hdconfig.yml", "train.sh")
        assert get(folder, "template")["command"] == ["./train.sh"]

    def test_the_workspace_may_be_elsewhere(self, project):
        (project / "there").mkdir()
        sweep("start", "--workspace", "there", "hdconfig.yml", "train.py")
        assert len(list(project.glob("there/.sweep/sweeps/*"))) == 1
        assert not (project / ".sweep").exists()

    def test_our_options_behind_the_script_are_the_script_s(self, project):
        said, folder = kept(
            "start", "hdconfig.yml", "train.py", "--max-total-runs=3", "--seed", "1"
        )
        assert get(folder, "template")["arguments"] == ["--max-total-runs=3", "--seed", "1"]
        assert said.err.startswith(
            "warning: --max-total-runs=3 stands behind the script, so it is an argument of the"
        )
        assert "--seed" not in said.err, "which a script may well have"

    def test_what_is_swept_is_not_fixed_as_well(self, project):
        said, folder = kept("start", "hdconfig.yml", "train.py", "--penalty", "1", "--epochs", "3")
        assert get(folder, "template")["arguments"] == ["--epochs", "3"]
        assert "the fixed arguments --penalty 1 are swept as well: they are left out" in said.err

    def test_a_run_configuration_to_start_from(self, project):
        runconfig(
            project,
            script="other.py",
            arguments=["--epochs", 3],
            maxRunDurationSeconds=60,
            environmentVariables={"A": "1"},
            environment={"environmentVariables": {"A": "0", "B": "2"}},
        )
        _, folder = kept("start", "-c", "local", "hdconfig.yml", "train.py")
        template = get(folder, "template")
        assert template["command"][1] == "train.py"
        assert template["arguments"] == ["--epochs", "3"]
        assert template["environment_variables"] == {"A": "1", "B": "2"}
        assert get(folder, "definition")["max_run_duration_seconds"] == 60

    def test_odd_files_are_warned_of(self, project):
        text = (project / "hdconfig.yml").read_text()
        (project / "hdconfig.yml").write_text(text.replace("runs: 8", "runs: 5000"))
        runconfig(project, scirpt="x", target="local")
        said, _ = kept("start", "-c", "local", "hdconfig.yml", "train.py")
        assert "warning: hdconfig.yml:9:17: max_total_runs: 5000 is more than" in said.err
        assert "warning: local.runconfig:1:1: scirpt: unknown key" in said.err


class TestSubmitHyperdrive:
    def test_the_command_line_of_old(self, project):
        sweep("folder", "attach")
        sweep("experiment", "create", "-n", "exp")
        said, folder = kept(
            *("run", "submit-hyperdrive", "-e", "exp", "-c", "local"),
            *("--hyperdrive-configuration-name", "hdconfig.yml", "train.py"),
        )
        assert get(folder, "experiment") == "exp"
        assert get(folder, "template")["command"][1] == "train.py"
        assert not said.err.startswith("warning")

    def test_words_replace_all_arguments_of_the_run_configuration(self, project):
        runconfig(project, script="x.py", arguments=["--epochs", 3, "--deep"])
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "train.py", "--epochs", "9")
        assert get(folder, "template")["arguments"] == ["--epochs", "9"]

    def test_without_words_the_run_configuration_has_both(self, project):
        runconfig(project, script="train.py", arguments="--epochs 3 --name 'a b'")
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert get(folder, "template")["command"][1] == "train.py"
        assert get(folder, "template")["arguments"] == ["--epochs", "3", "--name", "a b"]

    def test_a_script_alone_keeps_the_arguments(self, project):
        runconfig(project, script="x.py", arguments=["--epochs", 3])
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "train.py")
        assert get(folder, "template")["arguments"] == ["--epochs", "3"]

    def test_a_command_of_the_run_configuration(self, project):
        runconfig(project, command=["python", "train.py", "--fixed"])
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        template = get(folder, "template")
        assert template["command"] == ["python", "train.py", "--fixed"]
        assert template["pass_arguments"] is False

    @pytest.mark.parametrize("option", ["--target", "--ct"])
    def test_the_target_of_the_command_line_wins(self, project, option):
        runconfig(project, script="train.py", target="cluster")
        kept(*HYPERDRIVE, "-e", "exp", "-c", "local", option, "local")

    def test_the_experiment_of_the_attached_folder(self, project):
        sweep("folder", "attach", "-e", "attached")
        _, folder = kept(*HYPERDRIVE, "-c", "local", "train.py")
        assert get(folder, "experiment") == "attached"

    def test_a_project_elsewhere(self, project):
        sub = project / "sub"
        (sub / ".azureml").mkdir(parents=True)
        (project / "hdconfig.yml").rename(sub / ".azureml/hd.yml")
        (project / "train.py").rename(sub / "train.py")
        (project / "local.runconfig").rename(sub / ".azureml/local.runconfig")
        (sub / ".azureml/config.json").write_text(json.dumps({"Id": "theirs"}))
        _, folder = kept(
            *("run", "submit-hyperdrive", "--path", "sub", "-c", "local"),
            *("--hyperdrive-configuration-name", "hd"),
        )
        assert get(folder, "experiment") == "theirs"
        assert get(folder, "source") == str(sub)

    def test_the_source_may_be_another_folder_than_the_project(self, project):
        (project / "source").mkdir()
        (project / "train.py").rename(project / "source/train.py")
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "--source-directory", "source")
        assert get(folder, "source") == str(project / "source")
        assert get(folder, "snapshot")["files"] == 1

    def test_options_of_the_service_have_no_effect(self, project):
        kept(
            *HYPERDRIVE,
            *("-e", "exp", "-c", "local", "--subscription-id", "S", "-g", "group", "-w", "ws"),
            *("--verbose", "--debug", "train.py"),
        )


class TestSubmitScript:
    def test_a_lone_run(self, project):
        said, folder = kept("run", "submit-script", "-e", "exp", "-c", "local", "train.py", "1")
        assert folder.id.startswith("exp_")
        assert folder.is_lone_run
        assert get(folder, "definition")["max_total_jobs"] == 1
        assert get(folder, "template")["arguments"] == ["1"]
        assert said.lines[0] == f"{folder.id} · exp · one run"

    def test_without_a_run_configuration(self, project):
        _, folder = kept("run", "submit-script", "-e", "exp", "train.py")
        assert get(folder, "template")["arguments"] == []

    def test_an_experiment_whose_name_begins_like_the_id_of_a_sweep(self, project):
        _, folder = kept("run", "submit-script", "-e", "HD_exp", "train.py")
        assert folder.is_lone_run
        assert get(folder, "experiment") == "HD_exp"

    def test_with_json_there_is_nothing_else_on_standard_output(self, project):
        said, _ = kept("run", "submit-script", "-e", "exp", "--json", "train.py")
        assert said.out == ""


def test_a_lone_run_that_has_not_begun_can_be_looked_at(project):
    _, folder = kept("run", "submit-script", "-e", "exp", "train.py")
    shown = sweep("run", "show")
    assert [line.split()[0] for line in shown.lines] == [
        folder.id,
        *("status", "experiment", "made", "runs", "each", "target", "source", "folder"),
    ]
    assert json.loads(sweep("run", "show", "--json").out)["runId"] == folder.id
