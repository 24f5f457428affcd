"""Samplings by name, and their wire form."""

import json
import re
from typing import Any

import pytest

from samplers import (
    SAMPLINGS,
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    SpaceError,
    choice,
    sampling_class,
    sampling_from_wire,
    sampling_wire,
)
from tests.samplers.spaces import FINITE, TEN

ALL = [
    RandomParameterSampling(TEN),
    RandomParameterSampling(TEN, seed=3),
    RandomParameterSampling(TEN, seed=0, rule="sobol", logbase=2),
    GridParameterSampling(FINITE),
    GridParameterSampling(FINITE, shuffle=True, seed=9),
    BayesianParameterSampling(TEN),
    BayesianParameterSampling(TEN, seed=1, initial_points=3, estimator="rf", acquisition="lcb"),
    RandomParameterSampling(TEN, points_to_evaluate=[{"uniform": 1}], refuse={"choice": "a"}),
    GridParameterSampling(FINITE, points_to_evaluate=[{"a": 2}], duplicates=True),
    BayesianParameterSampling(TEN, refuse=[{"uniform": [0, 1], "choice": [None, True]}]),
]


def test_the_wire_form_of_a_plain_one() -> None:
    sampling = RandomParameterSampling({"--penalty": choice(0.5, 1, 1.5)})
    assert sampling_wire(sampling) == {
        "name": "RANDOM",
        "parameter_space": {"--penalty": ["choice", [[0.5, 1, 1.5]]]},
    }


@pytest.mark.parametrize("sampling", ALL, ids=lambda sampling: str(sampling.properties))
def test_wire_forms_there_and_back(sampling: Any) -> None:
    wire = json.loads(json.dumps(sampling_wire(sampling)))
    again = sampling_from_wire(**wire)
    assert type(again) is type(sampling)
    assert again.space == sampling.space
    assert sampling_wire(again) == wire
    assert again.sampler().ask(3) == sampling.sampler().ask(3)


@pytest.mark.parametrize("sampling", ALL, ids=lambda sampling: str(sampling.properties))
def test_a_seed_changes_nothing_else(sampling: Any) -> None:
    seeded = sampling.seeded(77)
    assert type(seeded) is type(sampling)
    assert seeded.space == sampling.space
    assert seeded.properties in (sampling.properties, sampling.properties | {"seed": 77})


@pytest.mark.parametrize("word", ["random", "Random", "RANDOM"])
def test_words_in_any_letter_case(word: str) -> None:
    assert sampling_class(word) is RandomParameterSampling


def test_words_of_files_and_names_of_the_wire() -> None:
    assert set(SAMPLINGS) == {"random", "grid", "bayesian", "optuna"}
    assert sampling_class("GRID") is GridParameterSampling
    assert sampling_class("bayesian") is BayesianParameterSampling
    assert sampling_class("BayesianOptimization") is BayesianParameterSampling


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bayes", "'bayes' is not a kind of sampling; did you mean 'bayesian'?"),
        ("radnom", "did you mean 'random'?"),
        ("sobol", "'sobol' is not a kind of sampling (known: random, grid, bayesian"),
        (None, "None is not a kind of sampling"),
    ],
)
def test_unknown_names(name: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(message)):
        sampling_class(name)


@pytest.mark.parametrize(
    ("name", "properties", "message"),
    [
        ("random", {"ruel": "sobol"}, "'ruel' is not a property of RANDOM; did you mean 'rule'?"),
        (
            "grid",
            {"rule": "sobol"},
            "'rule' is not a property of GRID (known: shuffle, seed, duplicates",
        ),
        ("bayesian", {"estimator": "GPR"}, "'GPR' is not an estimator; did you mean 'GP'?"),
    ],
)
def test_unknown_properties(name: str, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(message)):
        sampling_from_wire(name, FINITE, properties)
