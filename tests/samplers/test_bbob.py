"""The functions that samplers are measured on have the optima that their definitions say."""

import itertools

import numpy as np
import pytest

from benchmarks.bbob import bbob
from benchmarks.bbob_parts import rotation

DRAWN = (1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 23)
"""Functions whose first dice place the optimum."""


@pytest.mark.parametrize("number", DRAWN)
def test_the_optimum_is_where_it_was_drawn(number: int) -> None:
    reach = 3 if number == 8 else 4
    best = np.random.default_rng([number, 5, 1]).uniform(-reach, reach, 5)
    assert bbob(number, 5, 1)(best) == 0


@pytest.mark.parametrize(("number", "place"), [(5, 5.0), (20, 4.2096874633 / 2), (24, 1.25)])
def test_the_optimum_is_in_a_corner(number: int, place: float) -> None:
    corners = itertools.product((-place, place), repeat=5)
    assert min(bbob(number, 5, 1)(np.array(corner)) for corner in corners) < 1e-12


@pytest.mark.parametrize("number", [9, 19])
def test_the_optimum_is_turned(number: int) -> None:
    turn = rotation(5, np.random.default_rng([number, 5, 1]))
    assert bbob(number, 5, 1)(turn.T @ np.full(5, 0.5)) < 1e-12


@pytest.mark.parametrize("number", range(1, 25))
def test_nothing_is_below(number: int) -> None:
    loss = bbob(number, 3, 2)
    points = np.random.default_rng(0).uniform(-5, 5, (50, 3))
    assert min(map(loss, points)) > 0
