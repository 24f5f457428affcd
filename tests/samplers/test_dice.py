"""Dice that are addressed: fair, independent, and the same for ever."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from samplers.dice import bits, seed_of, unit
from samplers.errors import SpaceError

COUNT = 4000


def test_the_same_for_ever() -> None:
    # If these change, no recorded sweep can be resumed.
    assert bits(0, 0, "x") == 8189235271187511
    assert bits(-3, 12345, "größe\x001\0y") == 3614597877506088


def test_53_bits_below_one() -> None:
    draws = [unit(0, number, "x") for number in range(COUNT)]
    assert all(0 <= draw < 1 and draw * 2**53 == int(draw * 2**53) for draw in draws)
    assert len(set(draws)) == COUNT


STREAMS = {
    "numbers": [unit(1, number, "x") for number in range(COUNT)],
    "seeds": [unit(seed, 1, "x") for seed in range(COUNT)],
    "streams": [unit(1, 1, f"x{index}") for index in range(COUNT)],
}


@pytest.mark.parametrize("draws", STREAMS.values(), ids=STREAMS)
def test_uniform(draws: list[float]) -> None:
    assert kstest(draws, "uniform").pvalue > 0.01


@pytest.mark.parametrize("draws", STREAMS.values(), ids=STREAMS)
def test_neighbours_know_nothing_of_each_other(draws: list[float]) -> None:
    pairs = np.array(list(pairwise(draws)))
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 3 / np.sqrt(COUNT)


def test_streams_know_nothing_of_each_other() -> None:
    one, other = ([unit(5, number, stream) for number in range(COUNT)] for stream in ("a", "b"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 3 / np.sqrt(COUNT)


def test_addresses_do_not_run_together() -> None:
    addresses = [(1, 23, "x"), (12, 3, "x"), (1, 2, "3x"), (1, 2, "3\0x"), (-1, 23, "x")]
    assert len({bits(*address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize("seed", [None, 0, -5, 2**100, np.int64(3)])
def test_any_whole_number_is_a_seed(seed: Any) -> None:
    assert seed_of(seed) == seed


@pytest.mark.parametrize("seed", [1.0, "1", True, [1]])
def test_nothing_else_is(seed: Any) -> None:
    with pytest.raises(SpaceError, match="a seed is a whole number"):
        seed_of(seed)
