"""Blocks against a plain sorted list."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import ranks
from policies.ranks import Ranks

figures = st.one_of(st.sampled_from([0.0, -0.0, 1.0, float("-inf")]), st.floats(-9, 9))
stories = st.lists(st.tuples(st.booleans(), figures, st.integers(0, 30)), max_size=300)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(ranks, "MOST", 8)
    monkeypatch.setattr(ranks, "FEWEST", 2)


def check(found: Ranks, expected: list[tuple[float, int]]) -> None:
    assert [*found.pairs()] == expected
    assert found.size == len(expected)
    assert [f for block in found.blocks for f in block] == [f for f, _ in expected]
    assert all(0 < len(block) <= ranks.MOST for block in found.blocks)
    assert len(found.blocks) <= 1 + len(expected) // ranks.FEWEST


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(stories, st.integers(0, 50))
def test_a_sorted_list(story, known):
    expected = sorted((float(n % 7), n) for n in range(known))
    found = Ranks(reversed(expected))
    check(found, expected)
    for put_in, figure, order in story:
        pair = (figure, order)
        if put_in or not expected:
            found.add(*pair)
            expected.insert(bisect_left(expected, pair), pair)
        else:
            pair = expected.pop(order * len(expected) // 31)
            found.remove(*pair)
        place = bisect_left(expected, (figure, order))
        assert found.below(figure, order) == place
        assert found.upto(figure) == sum(f <= figure for f, _ in expected)
    check(found, expected)
    for pair in expected[::2] + expected[1::2]:
        found.remove(*pair)
    check(found, [])


def test_equal_figures_fill_many_blocks_in_their_order():
    found = Ranks()
    for order in range(100):
        found.add(1.0, order * 37 % 100)
    check(found, [(1.0, order) for order in range(100)])
    assert [found.below(1.0, order) for order in (-5, 0, 50, 99, 100)] == [0, 0, 50, 99, 100]
    assert (found.below(0.5, 0), found.below(1.5, 0)) == (0, 100)


@pytest.mark.parametrize("pair", [(0.5, 0), (1.0, 7), (2.0, 0), (9.0, 9)])
def test_what_is_not_there_cannot_be_taken_out(pair):
    found = Ranks([(1.0, 0), (2.0, 1)])
    with pytest.raises(KeyError):
        found.remove(*pair)
    check(found, [(1.0, 0), (2.0, 1)])


def test_a_block_that_is_joined_with_a_full_one_is_divided_again():
    expected = [(float(n), 0) for n in range(3 * ranks.MOST // 2)]  # three blocks, half full
    found = Ranks(expected)
    for n in range(ranks.MOST // 2):
        found.add(expected[-1][0] + n / 100, 1)
    assert [len(block) for block in found.blocks] == [4, 4, 8]
    for pair in expected[4:7]:
        found.remove(*pair)
    assert [len(block) for block in found.blocks] == [4, 4, 5]
    more = [(expected[-1][0] + n / 100, 1) for n in range(ranks.MOST // 2)]
    left = [*expected[:4], *expected[7:], *more]
    check(found, left)
    assert [found.below(*pair) for pair in left] == [*range(len(left))]
