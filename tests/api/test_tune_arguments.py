"""`tune` refuses what can never work before it keeps anything."""

from __future__ import annotations

import functools
import pickle
import threading

import cloudpickle
import pytest

from sweep import (
    ConfigError,
    RandomParameterSampling,
    ResourceError,
    Space,
    SpaceError,
    UserError,
    Workspace,
    choice,
    tune,
    uniform,
)
from sweep.api.tune import check_signature, experiment_of, pickled
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.workspaces import kept, sweep

SPACE = {"x": uniform(0, 1), "--learning-rate": choice(1, 2)}


def train(run, x, learning_rate):
    """Take what the space has."""


def test_what_fits():
    space = Space(SPACE)
    check_signature(train, space)
    check_signature(lambda x, learning_rate: None, space)
    check_signature(lambda run, **rest: None, space)
    check_signature(lambda x, learning_rate, run=None, epochs=3: None, space)
    check_signature(lambda run, /, *, x, learning_rate: None, space)
    check_signature(functools.partial(lambda run, x, learning_rate, y: None, y=1), space)


class Trainer:
    def __call__(self, run, x, learning_rate):
        pass


def test_an_object_that_can_be_called():
    check_signature(Trainer(), Space(SPACE))
    assert experiment_of(Trainer()) == "tune"


@pytest.mark.parametrize(
    ("function", "space", "words"),
    [
        (train, {"x": uniform(0, 1)}, "space: train needs learning_rate, which is not in it"),
        (
            train,
            {"x": uniform(0, 1), "learning_rat": choice(1)},
            "space: train has no parameter 'learning_rat'; did you mean 'learning_rate'?",
        ),
        (train, {**SPACE, "zzz": choice(1)}, "space: train has no parameter 'zzz'"),
        (
            lambda r, x: None,
            {"x": choice(1)},
            "needs r, which is not in it; a parameter called run is given the run",
        ),
        (lambda run: None, {"run": choice(1)}, "or one is run, which is the run itself"),
        (lambda **rest: None, {"a-b": choice(1), "a_b": choice(2)}, "two are the same for Python"),
        (lambda *args: None, {"x": choice(1)}, "has no parameter 'x'"),
        (3, {"x": choice(1)}, "train: expected a function, got 3"),
        (None, {"x": choice(1)}, "train: expected a function, got None"),
    ],
)
def test_what_does_not_fit(place, function, space, words):
    with pytest.raises(ConfigError) as caught:
        tune(function, space=space, metric="m", max_total_runs=1)
    assert words in str(caught.value)
    assert not list(place.glob(".sweep/sweeps/*"))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"metric": ""}, ConfigError, "metric: which of the values that runs log"),
        ({"metric": 3}, ConfigError, "primary_metric_name: expected a name, got 3"),
        ({"space": None}, ConfigError, "space: what is to be searched?"),
        ({"space": {}}, SpaceError, ""),
        ({"space": {"x": 3}}, SpaceError, "x"),
        ({"sampling": "evolution"}, SpaceError, "evolution"),
        ({"sampling": 3}, ConfigError, "sampling: expected random, grid, bayesian or a sampling"),
        ({"sampling": RandomParameterSampling(SPACE)}, ConfigError, "the sampling brings its own"),
        ({"goal": "max"}, ConfigError, "primary_metric_goal: expected maximize or minimize"),
        ({"policy": "bandit"}, ConfigError, "policy: expected a policy"),
        ({"max_total_runs": 0}, ConfigError, "max_total_runs: expected a whole number >= 1"),
        ({"max_concurrent_runs": -1}, ConfigError, "max_concurrent_runs: expected a whole"),
        ({"max_run_duration_seconds": 0}, ConfigError, "max_run_duration_seconds: expected"),
        ({"max_consecutive_failures": "x"}, ConfigError, "max_consecutive_failures: expected"),
        ({"cpus_per_run": 1000}, ResourceError, "one run asks for 1000 CPUs"),
        ({"cpus_per_run": None}, ConfigError, "cpus_per_run: expected a number >= 0"),
        ({"compute_target": "gpus"}, UserError, "target 'gpus': "),
        ({"compute_target": 3}, ConfigError, "compute_target: expected a target or its name"),
        ({"compute_target": "amlcompute"}, UserError, "cannot be used for a hyperparameter sweep"),
        ({"grace": -1}, ConfigError, "grace: expected a number >= 0"),
        ({"seed": "x"}, SpaceError, "seed"),
        ({"experiment": "a b"}, UserError, "'a b' cannot name an experiment"),
        ({"resume": "HD_x"}, UserError, "there is no sweep 'HD_x'"),
        ({"workspace": "nowhere"}, UserError, "nowhere/.sweep: No such file or directory"),
    ],
)
def test_arguments_that_make_no_sense(place, given, error, words):
    with pytest.raises(error) as caught:
        tune(train, **{"space": SPACE, "metric": "m", "max_total_runs": 3, **given})
    assert words in str(caught.value)
    assert not list(place.glob(".sweep/sweeps/*"))


def test_a_function_that_cannot_be_sent(place):
    lock = threading.Lock()

    def locked(run, x):
        with lock:
            return x

    with pytest.raises(UserError, match="cannot be sent to another process"):
        tune(locked, space={"x": choice(1)}, metric="m", max_total_runs=1)
    assert not list(place.glob(".sweep/sweeps/*"))


@pytest.mark.parametrize(
    ("name", "experiment"),
    [("train", "train"), ("<lambda>", "lambda"), ("_träin_", "tr_in"), ("___", "tune")],
)
def test_the_experiment_is_called_like_the_function(name, experiment):
    def function():
        pass

    function.__name__ = name
    assert experiment_of(function) == experiment


def test_what_is_resumed_must_fit_the_function(place):
    workspace = Workspace()
    folder = kept(place)
    with pytest.raises(ConfigError, match="space: <lambda> has no parameter 'x'"):
        tune(lambda y: None, resume=folder.id, workspace=workspace)


def test_a_sweep_over_a_script_is_not_resumed_with_a_function(place):
    folder = kept(place)
    with pytest.raises(UserError, match=f"{folder.id} runs a script and no function"):
        tune(lambda x: x, resume=folder.id)
    assert folder.engine is None


def test_a_sweep_over_a_function_is_not_resumed_by_the_command_line(place, monkeypatch, no_ray):
    with pytest.raises(Exception, match="no Ray on this machine"):
        tune(lambda x: x, space={"x": choice(1)}, metric="m", max_total_runs=1)
    [folder] = WorkspaceFolder(place / ".sweep").sweeps()
    said = sweep("resume")
    assert said.code == 2
    assert "tunes the Python function" in said.err
    assert f"resume={folder.id!r})" in said.err


class TestCalling:
    """The function is called by the names of its parameters, wherever the run stands."""

    def call(self, function, configuration):
        path, called = pickle.loads(pickled(function))
        assert isinstance(path, list)
        assert isinstance(cloudpickle.loads(called), type(lambda: None))
        return cloudpickle.loads(called)("the run", configuration)

    @pytest.mark.parametrize(
        "function",
        [
            lambda run, x, learning_rate: (run, x, learning_rate),
            lambda x, run, learning_rate: (run, x, learning_rate),
            lambda run, /, x, learning_rate: (run, x, learning_rate),
            lambda *, learning_rate, x, run: (run, x, learning_rate),
            lambda x, learning_rate: ("the run", x, learning_rate),
            lambda run, **rest: (run, *rest.values()),
        ],
    )
    def test_with_the_run_and_the_hyperparameters(self, function):
        assert self.call(function, {"x": 1, "--learning-rate": 2}) == ("the run", 1, 2)
