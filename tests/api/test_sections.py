"""Configurations of distributed jobs, of Docker and of environments, from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import (
    CondaDependencies,
    ConfigError,
    DockerConfiguration,
    Environment,
    Estimator,
    MpiConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    ScriptRunConfig,
)
from sweep.engine.distribution import Distribution, distribution_of
from sweep.engine.needs import in_container
from sweep.formats.packages import packages_of
from sweep.formats.runconfig import read_runconfig, write_runconfig


def test_a_distributed_job():
    mpi = MpiConfiguration(process_count_per_node=2, node_count=3)
    found = ScriptRunConfig(".", "a.py", distributed_job_config=mpi).run_config
    assert distribution_of(found) == Distribution(3, 2, mpi=True)
    torch = PyTorchConfiguration(process_count=8, node_count=2)
    found = ScriptRunConfig(".", "a.py", distributed_job_config=torch).run_config
    assert distribution_of(found) == Distribution(2, 4, mpi=False)
    assert found.framework == "PyTorch"


def test_a_section_is_an_attribute_and_is_written():
    configuration = RunConfiguration(script="a.py")
    configuration.docker = DockerConfiguration(use_docker=True, shm_size="1g")
    configuration.mpi = MpiConfiguration(4)
    assert in_container(configuration)
    assert configuration.docker.shm_size == "1g"
    write_runconfig(configuration, Path("x.runconfig"))
    assert read_runconfig("x.runconfig") == configuration


def test_docker():
    docker = DockerConfiguration(True, arguments=["--memory", "1g"])
    image = Environment.from_docker_image("mine", "mine:1")
    found = ScriptRunConfig(".", "a.py", environment=image, docker_runtime_config=docker)
    assert found.run_config.docker.arguments == ["--memory", "1g"]
    assert in_container(RunConfiguration(environment=image))


def test_with_a_run_configuration_they_have_no_effect():
    with pytest.warns(UserWarning, match="have no effect"):
        found = ScriptRunConfig(
            ".", "a.py", run_config=RunConfiguration(), distributed_job_config=MpiConfiguration(2)
        )
    assert distribution_of(found.run_config) == Distribution()


def test_an_estimator():
    estimator = Estimator(
        ".",
        entry_script="a.py",
        node_count=2,
        process_count_per_node=2,
        distributed_backend="mpi",
        custom_docker_image="mine:1",
        shm_size="1g",
    )
    assert distribution_of(estimator.run_config) == Distribution(2, 2, mpi=True)
    docker = {"enabled": True, "baseImage": "mine:1", "shmSize": "1g"}
    assert estimator.run_config.environment.docker == docker
    torch = Estimator(
        ".", entry_script="a.py", distributed_training=PyTorchConfiguration("Gloo", 2)
    )
    assert distribution_of(torch.run_config) == Distribution(1, 2)
    without = Estimator(".", entry_script="a.py", custom_docker_image="x", use_docker=False)
    assert not in_container(without.run_config)


class TestEnvironments:
    def test_of_pips_file(self):
        Path("req.txt").write_text("numpy==1.26 \\\n  # why\nscipy  # also\n--pre\n")
        python = Environment.from_pip_requirements("mine", "req.txt").python
        assert packages_of(python, Path()).pip == ("numpy==1.26", "scipy", "--pre")

    def test_of_condas_file(self):
        Path("conda.yml").write_text("dependencies: [python=3.11, numpy]\n")
        found = Environment.from_conda_specification("mine", "conda.yml")
        packages = packages_of(found.python, Path("elsewhere"), found.name)
        assert (packages.name, packages.conda) == ("mine", ("python=3.11", "numpy"))

    def test_of_packages_one_by_one(self):
        dependencies = CondaDependencies()
        dependencies.add_channel("conda-forge")
        dependencies.add_pip_package("numpy")
        dependencies.add_conda_package("pip")
        dependencies.set_python_version("3.10")
        dependencies.set_python_version("3.11")
        environment = Environment("mine")
        environment.python.conda_dependencies = dependencies
        found = packages_of(environment.python, Path(), "mine")
        assert found.channels == ("conda-forge",)
        assert found.conda == ("python=3.11", "pip")
        assert found.pip == ("numpy",)

    @pytest.mark.parametrize("make", ["from_pip_requirements", "from_conda_specification"])
    def test_there_is_no_such_file(self, make):
        with pytest.raises(ConfigError, match=r"there is no file 'no\.txt' with packages"):
            getattr(Environment, make)("mine", "no.txt")


@pytest.fixture(autouse=True)
def _place(place):
    """Work in an empty folder."""
