"""What the engine relies on, for every sampler. Another one is another line in SAMPLERS."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    OptunaParameterSampling,
    RandomParameterSampling,
    Sampler,
    Space,
)
from tests.samplers.spaces import FINITE, NESTED, TEN

GUIDES: dict[str, dict[str, Any]] = {
    "ten": {
        "points_to_evaluate": [{"choice": "a", "uniform": 1}, {"randint": 3}],
        "refuse": [{"choice": [None, True]}, {"uniform": {"above": 2}, "randint": {"not": 3}}],
    },
    "nested": {
        "points_to_evaluate": [{"model": {"kind": "tree", "depth": 2}}, {"seed": 1}],
        "refuse": [{"model": {"unit": {"rate": {"below": 0.5}}}}, {"model": "none"}],
    },
    "finite": {
        "points_to_evaluate": [{"a": 2, "m": "x", "z": 3}, {"m": {"b": True}}],
        "refuse": [{"a": 1, "z": [2, 4]}, {"m": {"k": 2, "b": False}}],
    },
}
"""Points that come first, and refusals, for each space."""

LEARNS = {"initial_points": 3}
GUIDED: list[tuple[str, str, dict[str, Any], Any, dict[str, Any]]] = [
    ("random", "ten", TEN, RandomParameterSampling, {"seed": 7}),
    ("random, branches", "nested", NESTED, RandomParameterSampling, {}),
    ("random, each once", "finite", FINITE, RandomParameterSampling, {"duplicates": False}),
    ("sobol", "ten", TEN, RandomParameterSampling, {"rule": "sobol"}),
    ("grid", "finite", FINITE, GridParameterSampling, {}),
    ("shuffled grid", "finite", FINITE, GridParameterSampling, {"shuffle": True, "seed": 7}),
    ("bayesian", "ten", TEN, BayesianParameterSampling, LEARNS),
    ("bayesian, branches", "nested", NESTED, BayesianParameterSampling, LEARNS),
    ("bayesian, finite", "finite", FINITE, BayesianParameterSampling, LEARNS),
    ("optuna", "ten", TEN, OptunaParameterSampling, {"seed": 7}),
    ("optuna, branches", "nested", NESTED, OptunaParameterSampling, {}),
]

SAMPLERS: dict[str, tuple[dict[str, Any], Callable[[], Sampler]]] = {
    "random": (TEN, RandomParameterSampling(TEN, seed=7).sampler),
    "random, branches": (NESTED, RandomParameterSampling(NESTED).sampler),
    "sobol": (TEN, RandomParameterSampling(TEN, seed=7, rule="sobol").sampler),
    "sobol, branches": (NESTED, RandomParameterSampling(NESTED, rule="sobol").sampler),
    "grid": (FINITE, GridParameterSampling(FINITE).sampler),
    "shuffled grid": (FINITE, GridParameterSampling(FINITE, shuffle=True, seed=7).sampler),
    "bayesian": (TEN, BayesianParameterSampling(TEN, seed=7, initial_points=3).sampler),
    "bayesian, branches": (NESTED, BayesianParameterSampling(NESTED, initial_points=3).sampler),
    "bayesian, finite": (FINITE, BayesianParameterSampling(FINITE, initial_points=3).sampler),
    **{
        f"{name}, guided": (space, make(space, **settings, **GUIDES[name_of]).sampler)
        for name, name_of, space, make, settings in GUIDED
    },
}

RUNS = 5


@pytest.fixture(params=SAMPLERS)
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Callable[[], Sampler]]:
    return SAMPLERS[request.param]


def played(sampler: Sampler) -> list[Any]:
    """Return the configurations of a few runs, two of them pending at any time."""
    pending: list[Any] = []
    found = []
    for number in range(RUNS):
        found.append(sampler.ask(number, pending))
        pending.append(found[-1])
        if len(pending) > 2:
            sampler.tell(pending.pop(0), float(number % 3))
    return found


class TestEverySampler:
    def test_the_same_questions_have_the_same_answers(self, case: Any) -> None:
        _, make = case
        assert played(make()) == played(make())

    def test_asking_twice_is_asking_once(self, case: Any) -> None:
        _, make = case
        sampler = make()
        assert sampler.ask(2) == sampler.ask(2) == make().ask(2)

    def test_answers_are_configurations_in_json(self, case: Any) -> None:
        parameters, make = case
        space = Space(parameters)
        for configuration in played(make()):
            assert list(configuration) == list(space.names)
            again = json.loads(json.dumps(configuration))
            assert again == configuration
            assert space.key(again) == space.key(configuration)
            assert space.encode(again) == space.encode(configuration)

    def test_nothing_that_is_given_changes(self, case: Any) -> None:
        _, make = case
        sampler = make()
        configuration, other = sampler.ask(0), sampler.ask(1)
        pending = [configuration, other]
        before = copy.deepcopy(pending)
        sampler.ask(2, pending)
        sampler.tell(configuration, 1.0)
        sampler.tell(other, None)
        sampler.ask(2, pending[:1])
        assert pending == before

    def test_nothing_that_is_returned_matters(self, case: Any) -> None:
        _, make = case
        sampler = make()
        kept = copy.deepcopy(sampler.ask(0))
        answer: Any = sampler.ask(0)
        answer.clear()
        sampler.tell(kept, 1.0)
        kept.clear()
        assert sampler.ask(0, []) is not None
        assert make().ask(0) == make().ask(0)

    def test_any_loss_will_do(self, case: Any) -> None:
        _, make = case
        sampler = make()
        for number, loss in enumerate((float("nan"), float("inf"), None, -1e300, 0.0, 5)):
            sampler.tell(sampler.ask(number), loss)
        assert sampler.ask(6) is not None


@pytest.mark.parametrize("name", ["grid", "shuffled grid"])
def test_finite_samplers_end(name: str) -> None:
    parameters, make = SAMPLERS[name]
    size = Space(parameters).size
    assert size is not None
    sampler = make()
    assert [sampler.ask(number) for number in (size, size + 1, size)] == [None] * 3
    assert sampler.ask(size - 1) is not None


@pytest.mark.parametrize(
    ("space", "make", "settings", "guide"),
    [(space, make, settings, GUIDES[guide]) for _, guide, space, make, settings in GUIDED],
    ids=[name for name, *_ in GUIDED],
)
def test_points_come_first_and_nothing_that_is_refused_comes_at_all(
    space: dict[str, Any], make: Any, settings: dict[str, Any], guide: dict[str, Any]
) -> None:
    sampling = make(space, **settings, **guide)
    sampler = sampling.sampler()
    found = []
    for number in range(14):
        found.append(sampler.ask(number))
        sampler.tell(found[-1], float(number % 5))
    for given, one in zip(guide["points_to_evaluate"], found, strict=False):
        assert holds(given, one)
    assert not any(refused(guide["refuse"], one) for one in found)
    again = make(space, **settings, **guide | {"points_to_evaluate": []}).sampler()
    if sampling.exact and sampling.name != "GRID" and settings.get("duplicates") is not False:
        assert found[2:] == [again.ask(number) for number in range(12)], "as without the points"


def holds(part: Any, whole: Any) -> bool:
    """Tell whether a configuration has all that is in a part of one."""
    if not isinstance(part, dict):
        return bool(part == whole)
    return all(name in whole and holds(one, whole[name]) for name, one in part.items())


def refused(conditions: list[Any], one: Any) -> bool:
    """Tell, in another way than samplers do, whether a condition above holds."""
    first, second = conditions
    if "choice" in first:
        barred = one["choice"] is None or one["choice"] is True
        return barred or (one["uniform"] > 2 and one["randint"] != 3)
    if "model" in first:
        model = one["model"]
        return model == "none" or ("unit" in model and model["unit"].get("rate", 1) < 0.5)
    return (one["a"] == 1 and 2 <= one["z"] <= 4) or holds(second, one)
