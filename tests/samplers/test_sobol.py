"""Sobol points."""

import numpy as np
import pytest
from scipy.stats import qmc

from samplers.sobol import BLOCK, Sobol

STREAMS = ["a", "b", "c"]


def test_points_are_the_same_in_any_order() -> None:
    numbers = [5, 0, BLOCK, 3, 2 * BLOCK + 1, BLOCK - 1, 5]
    sobol = Sobol(STREAMS, 7)
    assert [sobol.point(n) for n in numbers] == [Sobol(STREAMS, 7).point(n) for n in numbers]


def test_points_fill_every_cell_once() -> None:
    sobol = Sobol(STREAMS, 7)
    points = np.array([sobol.point(number) for number in range(64)])
    assert ((points >= 0) & (points < 1)).all()
    for column in points.T:  # each of 64 equal cells holds one of 64 points
        assert sorted((column * 64).astype(int)) == list(range(64))
    cells = {(int(x * 8), int(y * 8)) for x, y, _ in points}
    assert len(cells) == 64


@pytest.mark.parametrize("seed", range(5))
def test_points_are_more_even_than_draws(seed: int) -> None:
    points = [Sobol(STREAMS, seed).point(number) for number in range(128)]
    draws = np.random.default_rng(seed).random((128, 3))
    assert qmc.discrepancy(points) < qmc.discrepancy(draws) / 3


def test_seeds_and_streams_shift_the_points() -> None:
    points = [Sobol(streams, seed).point(0) for streams in (["a"], ["b"]) for seed in (1, 2)]
    assert len({point[0] for point in points}) == 4


def test_another_stream_changes_nothing() -> None:
    assert Sobol(["a", "b"], 1).point(9) == Sobol(["a", "b", "c"], 1).point(9)[:2]


def test_clouds() -> None:
    sobol = Sobol(STREAMS, 7)
    one, other = sobol.cloud(1), sobol.cloud(2)
    assert one.shape == (BLOCK, 3)
    assert (one == Sobol(STREAMS, 7).cloud(1)).all()
    assert (one != other).any()
    assert qmc.discrepancy(one) < 1e-4
