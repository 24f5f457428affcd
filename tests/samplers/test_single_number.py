"""Bayesian sampling where a configuration has but one number."""

from typing import Any

import pytest

from samplers import BayesianParameterSampling, choice, uniform

ALONE = {"x": uniform(0, 1)}
BESIDE = {"x": uniform(0, 1), "k": choice("a", "b")}
BRANCH = {
    "k": choice({"a": {"x": uniform(0, 1)}}, {"b": {"y": uniform(0, 1), "z": uniform(0, 1)}})
}


@pytest.mark.parametrize("space", [ALONE, BESIDE, BRANCH], ids=["alone", "beside", "branch"])
def test_a_single_number_is_searched_finely(space: dict[str, Any]) -> None:
    """If runs kept as far apart as they do among several numbers, they would fill it evenly."""

    def of(configuration: Any) -> float | None:
        within = configuration if "x" in configuration else configuration["k"].get("a", {})
        return within.get("x")

    def loss(configuration: Any) -> float:
        x = of(configuration)
        return 2.0 if x is None else abs(x - 0.3141) + (configuration.get("k") == "b")

    sampler, found = BayesianParameterSampling(space, seed=1).sampler(), []
    for number in range(30):
        configuration = sampler.ask(number)
        assert configuration is not None
        sampler.tell(configuration, loss(configuration))
        found.append(of(configuration))
    assert sum(x is not None and abs(x - 0.3141) < 0.02 for x in found[10:]) >= 6
