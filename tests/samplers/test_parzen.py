"""Draws that are like what is given."""

import numpy as np
import pytest

from samplers import Space, choice, quniform, uniform
from samplers.columns import Array
from samplers.parzen import neighbours
from tests.samplers.spaces import NESTED

SPACE = Space({"a": uniform(0, 1), "b": choice("x", "y", "z")})


def drawn(units: list[list[float]], count: int = 4000) -> Array:
    return neighbours(SPACE.leaves, np.array(units), count, np.random.default_rng(4))


def test_numbers_are_near_those_that_are_there() -> None:
    numbers = drawn([[0.30, 0.1], [0.31, 0.1], [0.32, 0.1], [0.33, 0.1]])[:, 0]
    assert ((numbers >= 0) & (numbers < 1)).all()
    near = np.mean((numbers > 0.1) & (numbers < 0.55))
    assert 0.7 < near < 1  # one of five is from anywhere, and not all of these miss


def test_gaps_make_wide_bumps() -> None:
    close = drawn([[0.30, 0.1], [0.31, 0.1], [0.32, 0.1]])[:, 0]
    apart = drawn([[0.1, 0.1], [0.3, 0.1], [0.9, 0.1]])[:, 0]
    assert np.std(close) < np.std(apart)


def test_options_come_as_often_as_they_are_there() -> None:
    options = drawn([[0.5, 0.1], [0.5, 0.1], [0.5, 0.9]])[:, 1]
    shares = [np.mean(np.floor(options * 3) == option) for option in range(3)]
    expected = [(2 + 1 / 3) / 4, (1 / 3) / 4, (1 + 1 / 3) / 4]
    assert shares == pytest.approx(expected, abs=0.03)


def test_what_is_never_reached_is_drawn_from_all() -> None:
    numbers = drawn([[np.nan, 0.1], [np.nan, 0.9]])[:, 0]
    assert np.histogram(numbers, bins=2, range=(0, 1))[0] == pytest.approx([2000, 2000], abs=150)


def test_the_same_dice_draw_the_same() -> None:
    assert (drawn([[0.2, 0.1]]) == drawn([[0.2, 0.1]])).all()


def test_every_leaf_of_branches_has_units() -> None:
    space = Space(NESTED | {"q": quniform(0, 10, 1)})
    units = np.array([space.encode(space.decode([0.4] * len(space.leaves)))], dtype=float)
    found = neighbours(space.leaves, units, 50, np.random.default_rng(1))
    assert found.shape == (50, len(space.leaves))
    assert ((found >= 0) & (found < 1)).all()
