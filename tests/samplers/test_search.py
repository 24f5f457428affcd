"""The search for high scores."""

from itertools import islice

import numpy as np
import pytest

from samplers import Space, choice, quniform, randint, uniform
from samplers.columns import Array
from samplers.search import SMALL, Search
from samplers.sobol import Sobol
from tests.samplers.spaces import FINITE, NESTED


def best(space: Space, target: Array, *, centres: Array | None = None) -> list[dict[str, object]]:
    """Return the three configurations that are found nearest to `target`, in features."""
    count = len(space.leaves)
    ranked = Search(space).ranked(
        lambda features: -np.abs(features - target).sum(axis=1),
        Sobol([leaf.stream for leaf in space.leaves], 0).cloud(0),
        np.empty((0, count)) if centres is None else centres,
        np.random.default_rng(0),
    )
    return [space.decode(units.tolist()) for units in islice(ranked, 3)]


def test_everywhere_in_a_small_space() -> None:
    space = Space({"a": choice(1, 2, 3), "b": randint(600)})
    assert space.size is not None
    assert space.size <= SMALL
    assert best(space, np.array([0.5, 123.5 / 600]))[0] == {"a": 2, "b": 123}


def test_every_configuration_of_a_small_space_once() -> None:
    space = Space(FINITE)
    search = Search(space)
    for _ in range(2):
        ranked = search.ranked(
            lambda features: features[:, 0],
            np.empty((0, 6)),
            np.empty((0, 6)),
            np.random.default_rng(0),
        )
        keys = [space.key(space.decode(units.tolist())) for units in ranked]
        assert len(set(keys)) == len(keys) == space.size


def test_near_the_top_of_a_large_space() -> None:
    space = Space({f"x{index}": uniform(0, 1) for index in range(4)})
    target = np.array([0.123, 0.456, 0.789, 0.999])
    found = list(best(space, target)[0].values())
    assert found == pytest.approx(target, abs=0.02)


def test_around_the_centres() -> None:
    space = Space({f"x{index}": uniform(0, 1) for index in range(30)})
    target = np.full(30, 0.3)
    without = np.array(list(best(space, target)[0].values()))
    within = np.array(list(best(space, target, centres=target[None] + 0.02)[0].values()))
    assert np.abs(within - 0.3).sum() < np.abs(without - 0.3).sum() / 4


def test_in_branches() -> None:
    space = Space(NESTED)
    target = np.array([0.2, 0, 0, np.sqrt(0.5), 0, 0.5, 1, 0.5, 0.7, 0.75])
    found = best(space, target)[0]
    assert found["model"] == {"kind": "net", "unit": {"rate": pytest.approx(0.7, abs=0.02)}}
    assert found["seed"] == 1


def test_only_configurations_of_the_space() -> None:
    space = Space({"a": quniform(0, 10**6, 1), "b": choice(*"xyz")})
    for configuration in best(space, np.array([0.5, 0, 1, 0])):
        space.encode(configuration)
        assert configuration["b"] == "y"


def test_the_best_of_a_cloud_first() -> None:
    space = Space({"a": uniform(0, 1), "b": quniform(0, 10**6, 1)})
    cloud = np.random.default_rng(2).random((20, 2))
    found = np.array(list(Search(space).best_of(lambda features: features[:, 0], cloud)))
    assert found[:, 0].tolist() == sorted(cloud[:, 0], reverse=True)


@pytest.mark.parametrize(
    ("space", "small"),
    [
        (Space(FINITE), True),
        (Space({"a": randint(SMALL)}), True),
        (Space({"a": randint(SMALL + 1)}), False),
        (Space({"a": uniform(0, 1)}), False),
    ],
)
def test_what_is_small_is_looked_at_everywhere(space: Space, small: bool) -> None:
    assert Search(space).is_small is small
