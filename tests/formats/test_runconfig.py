"""Run configurations: what they mean, where they are found, how they are written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from sweep.errors import ConfigError
from sweep.formats.environment import Environment, PythonSection
from sweep.formats.runconfig import (
    RunConfiguration,
    find_runconfig,
    read_runconfig,
    write_runconfig,
)

FULL = Path(__file__).parent / "full.runconfig"


@pytest.fixture
def read(tmp_path):
    def read(text, name="x.runconfig"):
        (tmp_path / name).write_text(text)
        return read_runconfig(tmp_path / name)

    return read


def refusal(read, text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [str(problem).partition("x.runconfig:")[2] for problem in caught.value.problems]


def test_everything():
    found = read_runconfig(FULL)
    assert found.warnings == ()
    assert found == RunConfiguration(
        script="train.py",
        arguments=("--epochs", 5, "--rate", 0.5, "--fast", True),
        target="cpu-cluster",
        framework="PyTorch",
        max_run_duration_seconds=600,
        node_count=2,
        priority=3,
        environment=Environment(
            name="project_environment",
            version="3",
            environment_variables={"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
            python=PythonSection(
                user_managed_dependencies=True,
                interpreter_path="/opt/python/bin/python",
                conda_dependencies_file="conda_dependencies.yml",
                conda_dependencies={
                    "channels": ["conda-forge"],
                    "dependencies": ["python=3.10", {"pip": ["numpy==1.26"]}],
                },
                base_conda_environment="base",
            ),
            docker={
                "enabled": False,
                "baseImage": "ubuntu",
                "baseImageRegistry": {"address": None, "username": "me"},
                "platform": {"os": "Linux", "architecture": "amd64"},
                "shmSize": "2g",
                "arguments": [],
            },
            spark={
                "repositories": [],
                "packages": [{"group": "g", "artifact": "a", "version": "1"}],
                "precachePackages": True,
            },
            databricks={"pypiLibraries": []},
            extra={"inferencingStackVersion": None, "assetId": "x1", "r": None},
        ),
        environment_variables={"OMP_NUM_THREADS": "1", "RATE": "0.001", "MODE": "on"},
        history={
            "outputCollection": True,
            "snapshotProject": True,
            "directoriesToWatch": ["logs"],
        },
        spark={
            "configuration": {
                "spark.app.name": "Azure ML Experiment",
                "spark.yarn.maxAppAttempts": 1,
            }
        },
        docker={"useDocker": False, "sharedVolumes": True, "shmSize": "2g", "arguments": []},
        mpi={"processCountPerNode": 2, "nodeCount": 2},
        pytorch={"communicationBackend": "nccl", "processCount": None, "nodeCount": 1},
        tensorflow={"workerCount": 1, "parameterServerCount": 1},
        data_references={
            "images": {
                "dataStoreName": "blob",
                "pathOnDataStore": "images",
                "mode": "mount",
                "overwrite": False,
                "pathOnCompute": None,
            }
        },
        amlcompute={
            "vmSize": "STANDARD_D2",
            "vmPriority": None,
            "retainCluster": False,
            "name": None,
            "clusterMaxNodeCount": None,
        },
        extra={
            "hdi": {"yarnDeployMode": "cluster"},
            "paralleltask": {
                "maxRetriesPerWorker": 0,
                "workerCountPerNode": 1,
                "terminalExitCodes": None,
            },
            "data": {},
            "outputData": {},
            "datacaches": [],
            "sourceDirectoryDataStore": None,
            "kubernetescompute": {"instanceType": None},
            "autoClusterComputeSpecification": None,
            "credentialPassthrough": False,
            "applicationEndpoints": {},
        },
    )


def test_defaults(read):
    found = read("script: train.py\n")
    assert found == RunConfiguration(script="train.py")
    assert (found.target, found.framework, found.communicator) == ("local", "Python", "None")
    assert (found.node_count, found.arguments, found.command) == (1, (), "")
    assert found.environment.python == PythonSection()
    assert not found.environment.python.user_managed_dependencies


SNAKE = """\
script: train.py
node_count: 2
max_run_duration_seconds: 60
environment_variables: {a_b: c_d}
environment:
  python: {user_managed_dependencies: true, interpreter_path: python3}
  docker: {base_image: x, base_image_registry: {user_name: me}}
data_references: {my_images: {data_store_name: blob}}
pytorch: {process_count: 2}
amlCompute: {vm_size: s}
"""


def test_snake_case_at_any_depth(read):
    found = read(SNAKE)
    assert (found.node_count, found.max_run_duration_seconds) == (2, 60)
    assert found.environment_variables == {"a_b": "c_d"}
    assert found.environment.python == PythonSection(True, "python3")
    assert found.environment.docker == {"baseImage": "x", "baseImageRegistry": {"username": "me"}}
    assert found.data_references == {"my_images": {"dataStoreName": "blob"}}
    assert found.pytorch == {"processCount": 2}
    assert found.amlcompute == {"vmSize": "s"}
    assert found.warnings == ()


def test_unknown_keys_are_kept_with_one_warning_each(read):
    found = read("nodecounts: 2\nmpi: {nodecnt: 2}\nenvironment: {pyton: {x: {y: 1}}}\n")
    assert found.extra == {"nodecounts": 2}
    assert found.mpi == {"nodecnt": 2}
    assert found.environment.extra == {"pyton": {"x": {"y": 1}}}
    assert [str(warning).partition("x.runconfig:")[2] for warning in found.warnings] == [
        "1:1: nodecounts: unknown key, kept but without effect; did you mean 'nodeCount'?",
        "2:7: mpi.nodecnt: unknown key, kept but without effect; did you mean 'nodeCount'?",
        "3:15: environment.pyton: unknown key, kept but without effect; did you mean 'python'?",
    ]


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("arguments:", ()),
        ("arguments: []", ()),
        ("arguments: ''", ()),
        ("arguments: [--a, 1, -0.5, '2', true]", ("--a", 1, -0.5, "2", True)),
        ("arguments: --a 1 -b", ("--a", "1", "-b")),
        ("arguments: --name 'a b' \"c d\" e\\ f", ("--name", "a b", "c d", "e f")),
        (
            "arguments: --x $HOME `id` $(id) * > y",
            ["--x", "$HOME", "`id`", "$(id)", "*", ">", "y"],
        ),
    ],
)
def test_arguments(read, line, arguments):
    assert read(line).arguments == tuple(arguments)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("command: ''", ""),
        ("command: python x.py --a $A", "python x.py --a $A"),
        ("command: |\n  a\n  b\n", "a\nb\n"),
        ("command: [python, x.py]", ("python", "x.py")),
    ],
)
def test_commands(read, line, command):
    assert read(line).command == command


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "1:1: expected a mapping such as {script: train.py, target: local}, got a list"),
        ("script: 1", "1:9: script: expected text, got 1; put it in quotes"),
        ("nodeCount: two", "1:12: nodeCount: expected a whole number >= 1, got 'two'"),
        ("node_count: '2'", "1:13: nodeCount: expected a whole number >= 1, got '2'; remove"),
        ("nodeCount: 1\nnode_count: 2", "2:1: node_count: stands here a second time; the first"),
        ("maxRunDurationSeconds: 0", "1:24: maxRunDurationSeconds: expected a number > 0, got 0"),
        ("priority: high", "1:11: priority: expected a whole number, got 'high'"),
        ("arguments: {a: 1}", "1:12: arguments: expected a list of arguments, got a mapping"),
        ("arguments: [a, [b]]", "1:16: arguments: expected an argument, got a list"),
        ("arguments: [a, null]", "1:16: arguments: expected an argument, got null"),
        ('arguments: [a, "b\\0"]', r"1:16: arguments: expected an argument, got 'b\x00'"),
        ('arguments: --a "b', "1:12: arguments: expected arguments with all quotes closed, got"),
        ("command: 1", "1:10: command: expected a command, got 1"),
        ("command: [a, 1]", "1:14: command: expected text, got 1; put it in quotes"),
        ('command: "a\\0"', "1:10: command: expected a command, got"),
        ("mpi: 2", "1:6: mpi: expected a mapping, got 2"),
        ("history: [logs]", "1:10: history: expected a mapping, got a list"),
        ("environmentVariables: [A]", "1:23: environmentVariables: expected a mapping from names"),
        (
            "environmentVariables: {A: true}",
            "1:27: environmentVariables: expected a text for the variable 'A', got true; put it",
        ),
        ("environmentVariables: {A: }", "1:24: environmentVariables: expected a text for the var"),
        ("environmentVariables: {A=B: c}", "1:24: environmentVariables: expected a name without"),
        ("environmentVariables: {'': c}", "1:24: environmentVariables: expected a name without"),
        ('environmentVariables: {A: "\\0"}', "1:27: environmentVariables: expected a text for"),
        ("environment: [a]", "1:14: environment: expected a mapping such as {python: {userMan"),
        ("environment: {version: true}", "1:24: environment.version: expected a version, got tr"),
        ("environment: {python: x}", "1:23: environment.python: expected a mapping such as {use"),
        (
            "environment: {python: {userManagedDependencies: yes}}",
            "1:49: environment.python.userManagedDependencies: expected true or false, got 'yes'",
        ),
        (
            "environment: {python: {condaDependenciesFile: none.yml}}",
            "1:47: environment.python.condaDependenciesFile: there is no file 'none.yml' in the",
        ),
    ],
)
def test_problems(read, text, problem):
    (found,) = refusal(read, text)
    assert found.startswith(problem)


def test_all_problems_at_once(read):
    text = (
        "nodeCount: 0\nenvironment: {python: {userManagedDependencies: 1}, version: []}\nscript: 1"
    )
    assert [line.partition(":")[0] for line in refusal(read, text)] == ["1", "2", "2", "3"]


class TestEnvironments:
    CONDA = "environment: {python: {condaDependenciesFile: conda.yml}}"

    def test_a_conda_file_is_looked_for_in_the_project(self, tmp_path, read):
        (tmp_path / ".azureml").mkdir()
        (tmp_path / "conda.yml").touch()
        (tmp_path / ".azureml" / "conda.yml").touch()
        found = read(self.CONDA, ".azureml/x.runconfig").environment.python
        assert found.conda_file == tmp_path / "conda.yml"
        assert found.conda_dependencies_file == "conda.yml"

    def test_and_then_beside_its_configuration(self, tmp_path, read):
        (tmp_path / "aml_config").mkdir()
        (tmp_path / "aml_config" / "conda.yml").touch()
        found = read(self.CONDA, "aml_config/x").environment.python
        assert found.conda_file == tmp_path / "aml_config" / "conda.yml"

    def test_the_path_of_the_templates(self, tmp_path, read):
        (tmp_path / ".azureml").mkdir()
        (tmp_path / ".azureml" / "conda_dependencies.yml").touch()
        text = self.CONDA.replace("conda.yml", ".azureml/conda_dependencies.yml")
        found = read(text, ".azureml/local").environment.python
        assert found.conda_file == tmp_path / ".azureml" / "conda_dependencies.yml"

    def test_nobody_looks_for_it_when_users_manage_their_packages(self, read):
        text = self.CONDA.replace("{conda", "{userManagedDependencies: true, conda")
        assert read(text).environment.python.conda_file is None

    def test_a_name_stands_for_a_file_beside(self, tmp_path, read):
        text = "python: {interpreterPath: python9, colour: red}"
        (tmp_path / "env.yml").write_text(text)
        found = read("environment: env.yml")
        assert found.environment.python.interpreter_path == "python9"
        (warning,) = found.warnings
        assert str(warning).startswith(f"{tmp_path / 'env.yml'}:1:36: python.colour: unknown key")

    def test_the_file_must_be_there(self, read, tmp_path):
        (found,) = refusal(read, "environment: env.yml")
        assert found == f"1:14: environment: there is no file {str(tmp_path / 'env.yml')!r}"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[", "env.yml:1:"),
            ("- a", "env.yml:1:1: expected a mapping such as {python: "),
            ("a: 1\na: 2", "env.yml:2:1: a: stands here a second time"),
            ("python: {interpreterPath: 3}", "env.yml:1:27: python.interpreterPath: expected"),
        ],
    )
    def test_its_problems_are_told_with_its_name(self, read, tmp_path, text, says):
        (tmp_path / "env.yml").write_text(text)
        with pytest.raises(ConfigError) as caught:
            read("environment: env.yml\nscript: 1")
        assert any(f"{tmp_path}/{says}" in str(problem) for problem in caught.value.problems)
        assert any("x.runconfig:2:9: script" in str(problem) for problem in caught.value.problems)

    def test_the_old_format_in_two_files(self, tmp_path, read):
        (tmp_path / "x.compute").touch()
        (warning,) = read("script: train.py").warnings
        assert str(warning).endswith("'x.compute', of the old format in two files, is not read")
        assert read("environment: {}").warnings == ()


class TestFinding:
    @pytest.fixture
    def project(self, tmp_path):
        def project(*names):
            for name in names:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).touch()
            return tmp_path

        return project

    @pytest.mark.parametrize(
        ("files", "name", "found"),
        [
            (".azureml/cpu.runconfig", "cpu", ".azureml/cpu.runconfig"),
            (".azureml/cpu.runconfig", "cpu.runconfig", ".azureml/cpu.runconfig"),
            (".azureml/cpu", "cpu", ".azureml/cpu"),
            (".azureml/cpu .azureml/cpu.runconfig", "cpu", ".azureml/cpu"),
            ("aml_config/cpu.runconfig .azureml/cpu.runconfig", "cpu", "aml_config/cpu.runconfig"),
            ("aml_config/gpu .azureml/cpu.runconfig", "cpu", None),  # the old name wins
            ("cpu.runconfig", "cpu", "cpu.runconfig"),
            ("cpu.runconfig", "cpu.runconfig", "cpu.runconfig"),
            (".azureml/gpu cpu.runconfig", "cpu", "cpu.runconfig"),
            (".azureml/cpu.runconfig cpu.runconfig", "cpu", ".azureml/cpu.runconfig"),
            ("conf/cpu.runconfig", "conf/cpu.runconfig", "conf/cpu.runconfig"),
            ("cpu", "cpu", None),
            (".azureml/cpu.yml", "cpu", None),
            ("x", "", None),
            ("x", "a\0b", None),
            ("x", "a" * 5000, None),
        ],
    )
    def test_where_a_name_leads(self, project, files, name, found):
        root = project(*files.split())
        if found is None:
            with pytest.raises(ConfigError, match="there is no run configuration"):
                find_runconfig(root, name)
        else:
            assert find_runconfig(root, name) == root / found

    def test_a_file_is_itself(self, project):
        root = project("any.yml")
        assert find_runconfig(root / "any.yml", "other") == root / "any.yml"

    @pytest.mark.parametrize("path", ["/no/such/folder", "x" * 5000, "a\0b"])
    def test_no_project(self, path):
        with pytest.raises(ConfigError, match="there is no folder"):
            find_runconfig(path, "cpu")

    def test_what_there_is_is_told(self, project):
        root = project(
            ".azureml/local", ".azureml/gpu.runconfig", ".azureml/c.json", "a.runconfig"
        )
        with pytest.raises(ConfigError) as caught:
            find_runconfig(str(root), "cpu")
        there = ["/.azureml/gpu.runconfig", "/.azureml/local", "/a.runconfig"]
        assert str(caught.value) == (
            f"there is no run configuration 'cpu' in {str(root)!r};"
            f" there is {', '.join(f'{root}{name}' for name in there)}"
        )


class TestWriting:
    def test_round_trip_of_everything(self, tmp_path):
        found = read_runconfig(FULL)
        write_runconfig(found, tmp_path / "local")
        assert read_runconfig(tmp_path / "local") == found

    @pytest.mark.parametrize("text", [SNAKE, "script: a.py\nunknown: {a_b: [1, null]}", "{}"])
    def test_round_trips(self, tmp_path, read, text):
        found = read(text)
        write_runconfig(found, tmp_path / "y")
        assert read_runconfig(tmp_path / "y") == found

    @pytest.mark.parametrize(
        "word",
        [
            *("1e-4", "0o17", "5.", "1", "on", "yes", "1:30", "null", "~", "2024-01-01", "1_0"),
            *("a: b", "- a", "#", "", " a ", "é\U0001f600", "a\nb", "<<", "=", ".inf", "!x", "*x"),
        ],
    )
    def test_texts_stay_texts_in_either_version_of_yaml(self, tmp_path, word):
        written = RunConfiguration(arguments=(word, "x"), environment_variables={"A": word})
        write_runconfig(written, tmp_path / "x")
        assert read_runconfig(tmp_path / "x") == written
        assert yaml.safe_load((tmp_path / "x").read_text())["arguments"] == [word, "x"]

    def test_what_a_template_looks_like(self, tmp_path):
        python = PythonSection(conda_dependencies_file=".azureml/conda_dependencies.yml")
        template = RunConfiguration(
            script="train.py", arguments=("--a", 1), environment=Environment(python=python)
        )
        write_runconfig(template, tmp_path / "local")
        assert (tmp_path / "local").read_text() == (
            "script: train.py\narguments:\n- --a\n- 1\ntarget: local\nframework: Python\n"
            "communicator: None\nnodeCount: 1\nenvironment:\n  python:\n"
            "    userManagedDependencies: false\n    interpreterPath: python\n"
            "    condaDependenciesFile: .azureml/conda_dependencies.yml\n"
        )

    def test_a_file_that_cannot_be_written(self, tmp_path):
        with pytest.raises(OSError, match="No such file"):
            write_runconfig(RunConfiguration(), tmp_path / "none" / "x")


def test_a_configuration_does_not_depend_on_where_it_lies(tmp_path):
    shutil.copy(FULL, tmp_path / "x")
    assert read_runconfig(tmp_path / "x") == read_runconfig(FULL)
