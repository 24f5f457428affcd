"""What the engine relies on, for every sampler. Another one is another line in SAMPLERS."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Sampler,
    Space,
)
from tests.samplers.spaces import FINITE, NESTED, TEN

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
