"""Permutations by arithmetic."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from samplers.permutation import shuffled
from tests.samplers.spaces import fixed


@fixed
@given(st.integers(1, 300), st.integers())
def test_a_bijection(size: int, seed: int) -> None:
    assert sorted(shuffled(index, size, seed) for index in range(size)) == list(range(size))


@pytest.mark.parametrize("size", [10**9, 2**64, 10**30])
def test_sizes_beyond_listing(size: int) -> None:
    found = {shuffled(index, size, 3) for index in range(100)}
    assert len(found) == 100
    assert all(0 <= element < size for element in found)
    assert max(found) > size // 2


@pytest.mark.parametrize("size", [2, 3, 7, 20])
@pytest.mark.parametrize("index", [0, 1])
def test_every_element_is_as_likely(size: int, index: int) -> None:
    counts = Counter(shuffled(index, size, seed) for seed in range(200 * size // 4))
    assert chisquare([counts[element] for element in range(size)]).pvalue > 0.001


def test_seeds_differ() -> None:
    orders = {tuple(shuffled(index, 10, seed) for index in range(10)) for seed in range(50)}
    assert len(orders) == 50
