"""From a command line to the sweep that is kept: what its database says before anything runs.

Ray is broken on the machine of these tests, so every one of them ends with exit code 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sweep.formats.yaml_writer import yaml_of
from sweep.storage.private import secrets_of
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import sweep
from tests.compute import docker_engine

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

    def test_what_has_no_effect_is_said(self, project):
        runconfig(
            project,
            script="train.py",
            tensorflow={"workerCount": 4},
            dataReferences={"d": {"dataStoreName": "x"}},
        )
        said, _ = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert said.err.splitlines()[:2] == [
            (
                "warning: tensorflow.workerCount has no effect: nodeCount says how many nodes a"
                " run has"
            ),
            (
                "warning: the run configuration's data references are not fetched: pass a path to"
                " the script"
            ),
        ]

    def test_packages_go_with_the_runs(self, project):
        (project / "more").mkdir()
        (project / "more" / "pip.txt").write_text("b>=2  # why\n\n-r ../c.txt\n")
        (project / "c.txt").write_text("c\n")
        (project / "more" / "conda.yml").write_text(
            "name: mine\nchannels: [conda-forge]\n"
            "dependencies: [python>=3.8, numpy=1.26, {pip: [azureml-defaults, -r pip.txt]}]\n"
        )
        python = {"condaDependenciesFile": "more/conda.yml"}
        runconfig(project, script="train.py", environment={"python": python})
        said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert "warning" not in said.err
        template = get(folder, "template")
        assert template["command"] == ["python", "train.py"]
        assert template["needs"] == {
            "packages": {
                "name": "mine",
                "channels": ["conda-forge"],
                "conda": ["python>=3.8", "numpy=1.26"],
                "pip": ["azureml-defaults", "b>=2", "c"],
            }
        }

    def test_packages_of_the_command_line(self, project):
        (project / "conda.yml").write_text("dependencies: [numpy]\n")
        runconfig(project, script="train.py")
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "-d", "conda.yml")
        assert get(folder, "template")["needs"]["packages"]["conda"] == ["numpy"]

    def test_an_environment_that_is_ignored(self, project):
        python = {"condaDependencies": {"dependencies": ["python=3.6"]}}
        docker = {"useDocker": True}
        runconfig(project, script="train.py", docker=docker, environment={"python": python})
        said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "--ignore-environment")
        assert "warning" not in said.err
        assert get(folder, "template")["needs"] is None
        assert get(folder, "template")["command"] == [sys.executable, "train.py"]

    def test_the_address_of_packages_is_no_place_for_a_password(self, project):
        lines = ["--index-url https://me:hunter2@example.org/simple", "numpy"]
        python = {"condaDependencies": {"dependencies": [{"pip": lines}]}}
        runconfig(project, script="train.py", environment={"python": python})
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        stored = get(folder, "template")
        assert "hunter2" not in str(stored)
        assert secrets_of(folder)["needs"]["packages"]["pip"] == lines

    @pytest.mark.parametrize(
        ("dependencies", "message"),
        [
            (["python=3.6"], "asks for Python ==3.6.* and"),
            (["a b c"], "'a b c': expected a package such as numpy=1.26"),
            ([["a"]], "dependencies[0]: expected a package such as numpy=1.26, got a list"),
            ([{"pop": ["a"]}], "dependencies[0]: expected pip, got 'pop'"),
            ([{"pip": ["-e ."]}], "pip[0]: '-e .': this option of pip's has no use here"),
            ([{"pip": ["./here"]}], "pip[0]: './here' is on this machine only"),
            ([{"pip": ["-r no.txt"]}], "pip[0]: there is no file "),
            ("numpy", "condaDependencies.dependencies: expected a list, got 'numpy'"),
        ],
    )
    def test_packages_that_cannot_be(self, project, monkeypatch, dependencies, message):
        monkeypatch.setenv("PATH", "")
        python = {"condaDependencies": {"dependencies": dependencies}}
        runconfig(project, script="train.py", environment={"python": python})
        said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert said.code == 2
        assert message in said.err

    def test_runs_in_containers(self, project, tmp_path, monkeypatch):
        (tmp_path / "bin").mkdir()
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        around = {"docker": {"baseImage": "mine:1", "baseImageRegistry": {"address": "r.example"}}}
        asked = {"useDocker": True, "arguments": ["-e", "TOKEN=hunter2"], "shmSize": "2g"}
        runconfig(project, script="train.py", docker=asked, environment=around)
        words = (*HYPERDRIVE, "-e", "exp", "-c", "local")
        said = sweep(*words)
        assert said.code == 2
        assert (
            "runs are to be in containers of r.example/mine:1, and there is no docker" in said.err
        )
        with docker_engine.running(tmp_path / "bin"):
            _, folder = kept(*words)
        template = get(folder, "template")
        assert template["command"] == ["python", "train.py"]
        assert template["needs"]["docker"]["image"] == "r.example/mine:1"
        assert "hunter2" not in str(template)
        assert secrets_of(folder)["needs"]["docker"]["arguments"] == ["-e", "TOKEN=hunter2"]

    @pytest.mark.parametrize(
        ("docker", "message"),
        [
            ({}, "environment.docker.baseImage: which image?"),
            ({"baseImage": "--privileged"}, "environment.docker.baseImage: which image?"),
            ({"baseDockerfile": "FROM x"}, "images are not built here: build it (docker build"),
            ({"baseImage": "x", "arguments": "-a"}, "docker.arguments: expected a list of texts"),
        ],
    )
    def test_containers_that_cannot_be(self, project, docker, message):
        docker = {"enabled": True, **docker}
        runconfig(project, script="train.py", environment={"docker": docker})
        said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert said.code == 2
        assert message in said.err

    @pytest.mark.parametrize(
        ("entries", "message"),
        [
            ({"nodeCount": 2}, "nodeCount 2: a run asks for 2 nodes, and the target local has 1:"),
            (
                {"nodeCount": 2, "mpi": {"nodeCount": 3}},
                "nodeCount is 2 and mpi.nodeCount is 3: which of them?",
            ),
            ({"mpi": {"processCountPerNode": 0}}, "mpi.processCountPerNode: expected a whole num"),
            (
                {"nodeCount": 2, "pytorch": {"processCount": 3}},
                "pytorch.processCount: 3 processes cannot be shared equally by 2 nodes",
            ),
            (
                {"pytorch": {"processCount": 3}, "mpi": {"processCountPerNode": 2}},
                "mpi.processCountPerNode is 2 and pytorch.processCount per node is 3: which",
            ),
        ],
    )
    def test_nodes_and_processes_that_cannot_be(self, project, entries, message):
        runconfig(project, script="train.py", **entries)
        said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert said.code == 2
        assert message in said.err

    def test_processes_of_a_node(self, project):
        runconfig(project, script="train.py", mpi={"processCountPerNode": 2})
        _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        needs = {"nodes": 1, "processes": 2, "mpi": True}
        assert get(folder, "template")["needs"] == needs

    def test_user_managed_packages_are_no_reason_to_warn(self, project):
        python = {
            "userManagedDependencies": True,
            "interpreterPath": sys.executable,
            "condaDependencies": {"dependencies": ["numpy"]},
        }
        runconfig(project, script="train.py", environment={"python": python})
        said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
        assert "warning" not in said.err
        assert get(folder, "template")["command"] == [sys.executable, "train.py"]


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
