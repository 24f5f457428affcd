"""Estimators: what a run configuration comes of them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from sweep import (
    Chainer,
    ConfigError,
    Environment,
    Estimator,
    Experiment,
    HyperDriveConfig,
    PyTorch,
    RandomParameterSampling,
    ScriptRunConfig,
    SKLearn,
    TensorFlow,
    UserError,
    Workspace,
    uniform,
)


def test_script_params_are_arguments():
    params = {"--data": "here", "--lr": 0.1, "--verbose": "", "--seed": 0, "--flag": None}
    estimator = Estimator("src", entry_script="train.py", script_params=params)
    assert estimator.script == "train.py"
    assert estimator.arguments == [
        *("--data", "here", "--lr", 0.1, "--verbose", "--seed", 0, "--flag")
    ]
    assert estimator.run_config.target == "local"


def test_the_notebooks_estimator():
    estimator = SKLearn(
        source_directory=".",
        entry_script="train_iris.py",
        script_params={"--kernel": "linear", "--penalty": 1.0},
        compute_target="cpucluster",
        pip_packages=["joblib"],
        conda_packages=["numpy"],
        environment_variables={"A": "b"},
        max_run_duration_seconds=60,
    )
    configuration = estimator.run_config
    assert isinstance(estimator, ScriptRunConfig)
    assert configuration.target == "cpucluster"
    assert configuration.environment_variables == {"A": "b"}
    assert configuration.max_run_duration_seconds == 60
    python = configuration.environment.python
    assert python.conda_dependencies == {
        "name": "project_environment",
        "dependencies": ["numpy", {"pip": ["joblib"]}],
    }


def test_without_packages_there_is_no_environment():
    python = Estimator(".", entry_script="x.py").run_config.environment.python
    assert python.conda_dependencies is None
    assert not python.user_managed_dependencies
    managed = Estimator(".", entry_script="x.py", user_managed=True)
    assert managed.run_config.environment.python.user_managed_dependencies


def test_files_of_packages(place):
    Path("r.txt").write_text("numpy==1.26  # old\n\n# nothing\nscipy\n")
    Path("conda.yml").write_text("dependencies: [numpy]\n")
    by_pip = Estimator(".", entry_script="x.py", pip_requirements_file="r.txt")
    dependencies = by_pip.run_config.environment.python.conda_dependencies["dependencies"]
    assert dependencies == [{"pip": ["numpy==1.26", "scipy"]}]
    by_conda = Estimator(".", entry_script="x.py", conda_dependencies_file_path="conda.yml")
    assert by_conda.run_config.environment.python.conda_file == Path("conda.yml")


def test_a_pool_of_its_own():
    estimator = Estimator(".", entry_script="x.py", vm_size="STANDARD_D2", node_count=2)
    assert estimator.run_config.target == "amlcompute"
    assert estimator.run_config.amlcompute["vmSize"] == "STANDARD_D2"
    assert estimator.run_config.node_count == 2


@pytest.mark.parametrize(
    ("kind", "framework"),
    [(SKLearn, "Python"), (PyTorch, "PyTorch"), (TensorFlow, "TensorFlow"), (Chainer, "Python")],
)
def test_what_has_no_effect_is_said_once(kind, framework):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator = kind(".", entry_script="x.py", framework_version="1.4", use_gpu=True)
    (warning,) = caught
    assert str(warning.message) == (
        "without effect here: use_gpu (see gpus_per_run of submit), framework_version"
    )
    assert estimator.run_config.framework == framework


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "entry_script: which script"),
        ({"entry_script": "x.py", "compute_target": "a", "vm_size": "b"}, "give either"),
        ({"entry_script": "x.py", "script_params": ["--a"]}, "expected a dict of flags"),
        (
            {"entry_script": "x.py", "environment_definition": Environment(), "pip_packages": "a"},
            "give either environment_definition",
        ),
        ({"entry_script": "x.py", "pip_requirements_file": "no.txt"}, "no.txt: there is no such"),
        ({"entry_script": "x.py", "resume_from": 1}, "resume_from: expected a path"),
    ],
)
def test_mistakes(given, message):
    with pytest.raises(ConfigError, match=message):
        Estimator(".", **given)


def test_a_sweep_takes_an_estimator(place):
    sampling = RandomParameterSampling({"--lr": uniform(0, 1)})
    estimator = Estimator(".", entry_script="no.py")
    config = HyperDriveConfig(sampling, "accuracy", "MAXIMIZE", 2, estimator=estimator)
    assert config.run_config is estimator
    with pytest.raises(ConfigError, match="give either run_config or estimator"):
        HyperDriveConfig(sampling, "a", "MAXIMIZE", 2, estimator=estimator, run_config=estimator)
    for submitted in (config, estimator):
        with pytest.raises(UserError, match=r"no\.py: there is no such script"):
            Experiment(Workspace(), "demo").submit(submitted)
