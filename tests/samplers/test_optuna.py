"""Samplers of Optuna."""

import copy
import sys
from typing import Any

import pytest

from samplers import OptunaParameterSampling, Space, SpaceError, sampling_from_wire, sampling_wire
from tests.samplers.spaces import NESTED, TEN
from tests.samplers.test_every_sampler import played


def test_it_is_described_without_optuna() -> None:
    sampling = OptunaParameterSampling(NESTED, seed=3, options={"n_startup_trials": 2})
    wire = sampling_wire(sampling)
    assert wire["properties"] == {"seed": 3, "options": {"n_startup_trials": 2}}
    again = sampling_from_wire(**wire)
    assert isinstance(again, OptunaParameterSampling)
    assert sampling_wire(again) == wire
    assert sampling_wire(sampling.seeded(5))["properties"]["seed"] == 5


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SpaceError, match=r"^Optuna is not installed; pip install optuna"):
        OptunaParameterSampling(NESTED).sampler()


def test_a_sampler_is_named_by_its_class() -> None:
    with pytest.raises(SpaceError, match="sampler_class is the name of a class, got 3"):
        OptunaParameterSampling(NESTED, sampler_class=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["TPESampler", "RandomSampler", "NSGAIISampler"])
@pytest.mark.parametrize("parameters", [TEN, NESTED], ids=["ten", "nested"])
def test_any_sampler_in_any_space(name: str, parameters: dict[str, Any]) -> None:
    def make() -> Any:
        return OptunaParameterSampling(parameters, seed=7, sampler_class=name).sampler()

    found = played(make())
    assert found == played(make())
    for configuration in found:
        Space(parameters).encode(configuration)


def test_asking_changes_nothing() -> None:
    sampler = OptunaParameterSampling(NESTED, options={"n_startup_trials": 2}).sampler()
    for number, loss in enumerate((1.0, float("nan"), None, 2.0, float("inf"))):
        sampler.tell(sampler.ask(number), loss)
    pending = [sampler.ask(6)]
    before = copy.deepcopy(pending)
    assert sampler.ask(7, pending) == sampler.ask(7, pending)
    assert pending == before


def test_it_learns() -> None:
    space = {"x": TEN["uniform"], "k": TEN["choice"]}
    sampler = OptunaParameterSampling(space, seed=1).sampler()
    found = []
    for number in range(40):
        found.append(sampler.ask(number))
        sampler.tell(found[-1], (found[-1]["x"] - 2) ** 2 + (found[-1]["k"] != "a"))
    late = [abs(configuration["x"] - 2) for configuration in found[25:]]
    early = [abs(configuration["x"] - 2) for configuration in found[:10]]
    assert sum(late) / len(late) < sum(early) / len(early)


def test_a_misspelt_sampler() -> None:
    with pytest.raises(SpaceError, match="did you mean 'TPESampler'"):
        OptunaParameterSampling(NESTED, sampler_class="TPESamplr").sampler()
