"""What run configurations ask for besides a script: packages, containers, nodes, data.

Ray is broken on the machine of these tests, so every one of them ends with exit code 1.
"""

from __future__ import annotations

import sys

import pytest

from sweep.storage.private import secrets_of
from tests.cli.test_submission import HYPERDRIVE, get, kept, runconfig
from tests.cli.workspaces import sweep
from tests.compute import docker_engine

pytestmark = pytest.mark.usefixtures("no_ray")


def test_what_has_no_effect_is_said(project):
    tensorflow = {"workerCount": 4}
    output = {"model": {}}
    runconfig(project, script="train.py", tensorflow=tensorflow, outputData=output)
    said, _ = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert said.err.splitlines()[:2] == [
        ("warning: tensorflow.workerCount has no effect: nodeCount says how many nodes a run has"),
        "warning: outputData has no effect: what a run writes into its folder outputs is kept",
    ]


def test_data_is_where_it_is(project, tmp_path, monkeypatch):
    (project / "images").mkdir()
    (tmp_path / "blob" / "v1").mkdir(parents=True)
    monkeypatch.setenv("SWEEP_DATASTORE_MY_BLOB", str(tmp_path / "blob"))
    runconfig(
        project,
        script="train.py",
        arguments=[
            *("--images", "$AZUREML_DATAREFERENCE_images", "--more"),
            *("${AZUREML_DATAREFERENCE_old}/a", "DatasetConsumptionConfig:table", "$HOME"),
        ],
        dataReferences={
            "images": {"pathOnDataStore": "images", "mode": "mount"},
            "old": {"dataStoreName": "my-blob", "pathOnDataStore": "/v1"},
        },
        data={
            "table": {
                "dataLocation": {"uri": {"path": f"file://{project}/train.py"}},
                "environmentVariableName": "TABLE",
            }
        },
    )
    said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert "warning" not in said.err
    template = get(folder, "template")
    images, old = str(project / "images"), str(tmp_path / "blob" / "v1")
    table = str(project / "train.py")
    assert template["arguments"] == ["--images", images, "--more", f"{old}/a", table, "$HOME"]
    assert template["environment_variables"] == {
        "AZUREML_DATAREFERENCE_images": images,
        "AZUREML_DATAREFERENCE_old": old,
        "AZUREML_DATAREFERENCE_table": table,
        "TABLE": table,
    }
    assert template["needs"]["data"] == {"images": images, "old": old, "table": table}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "dataReferences:\n  images: {pathOnDataStore: /no/images}",
            "local.runconfig:3:3: dataReferences.images: there is no '/no/images'",
        ),
        (
            (
                "dataReferences:\n  a: {pathOnDataStore: train.py}\n"
                "  b: {dataStoreName: blob, pathOnDataStore: x}"
            ),
            (
                "local.runconfig:4:3: dataReferences.b: the datastore 'blob' is in a cloud account"
                ", which is not reached from here: mount it and say where (SWEEP_DATASTORE_BLOB="
            ),
        ),
        ("dataReferences: {a: {}}", "2:18: dataReferences.a: which path?"),
        ("dataReferences: {a: x}", "2:18: dataReferences.a: expected a name of letters"),
        (
            "dataReferences: {a: {pathOnDataStore: 'https://x/y'}}",
            "2:18: dataReferences.a: 'https://x/y' is not a path: copy or mount it",
        ),
        ("dataReferences: {a: {mode: upload}}", "2:18: dataReferences.a: nothing is uploaded"),
        (
            "data: {t: {dataLocation: {dataset: {name: iris}}}}",
            "2:8: data.t: the dataset 'iris' is registered in a cloud account: name a path",
        ),
        ("datacaches: [{name: x}]", "2:1: datacaches: a cache of the service's is not here"),
        (
            (
                "dataReferences: {img: {pathOnDataStore: train.py}}\n"
                "arguments: [$AZUREML_DATAREFERENCE_imgs]"
            ),
            "there is no data reference 'imgs'; did you mean 'img'?",
        ),
    ],
)
def test_data_that_is_not_here(project, text, message):
    (project / "local.runconfig").write_text(f"script: train.py\n{text}\n")
    said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert said.code == 2
    assert message in said.err


def test_packages_go_with_the_runs(project):
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


def test_packages_of_the_command_line(project):
    (project / "conda.yml").write_text("dependencies: [numpy]\n")
    runconfig(project, script="train.py")
    _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "-d", "conda.yml")
    assert get(folder, "template")["needs"]["packages"]["conda"] == ["numpy"]


def test_an_environment_that_is_ignored(project):
    python = {"condaDependencies": {"dependencies": ["python=3.6"]}}
    docker = {"useDocker": True}
    runconfig(project, script="train.py", docker=docker, environment={"python": python})
    said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local", "--ignore-environment")
    assert "warning" not in said.err
    assert get(folder, "template")["needs"] is None
    assert get(folder, "template")["command"] == [sys.executable, "train.py"]


def test_the_address_of_packages_is_no_place_for_a_password(project):
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
def test_packages_that_cannot_be(project, monkeypatch, dependencies, message):
    monkeypatch.setenv("PATH", "")
    python = {"condaDependencies": {"dependencies": dependencies}}
    runconfig(project, script="train.py", environment={"python": python})
    said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert said.code == 2
    assert message in said.err


def test_runs_in_containers(project, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    around = {"docker": {"baseImage": "mine:1", "baseImageRegistry": {"address": "r.example"}}}
    asked = {"useDocker": True, "arguments": ["-e", "TOKEN=hunter2"], "shmSize": "2g"}
    runconfig(project, script="train.py", docker=asked, environment=around)
    words = (*HYPERDRIVE, "-e", "exp", "-c", "local")
    said = sweep(*words)
    assert said.code == 2
    assert "runs are to be in containers of r.example/mine:1, and there is no docker" in said.err
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
def test_containers_that_cannot_be(project, docker, message):
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
def test_nodes_and_processes_that_cannot_be(project, entries, message):
    runconfig(project, script="train.py", **entries)
    said = sweep(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert said.code == 2
    assert message in said.err


def test_processes_of_a_node(project):
    runconfig(project, script="train.py", mpi={"processCountPerNode": 2})
    _, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
    needs = {"nodes": 1, "processes": 2, "mpi": True}
    assert get(folder, "template")["needs"] == needs


def test_user_managed_packages_are_no_reason_to_warn(project):
    python = {
        "userManagedDependencies": True,
        "interpreterPath": sys.executable,
        "condaDependencies": {"dependencies": ["numpy"]},
    }
    runconfig(project, script="train.py", environment={"python": python})
    said, folder = kept(*HYPERDRIVE, "-e", "exp", "-c", "local")
    assert "warning" not in said.err
    assert get(folder, "template")["command"] == [sys.executable, "train.py"]
