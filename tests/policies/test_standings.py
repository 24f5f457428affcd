from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import standings
from policies.standings import Standings

moves = st.lists(
    st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 5).map(float))), max_size=200
)


def figure(life: list[float | None], interval: int) -> float | None:
    """A run's figure once it has made `interval` reports, or all it has."""
    return life[min(interval, len(life)) - 1] if life else None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(moves, moves, st.integers(1, 3), st.integers(0, 6))
def test_counts_and_ranks_are_those_of_a_sorted_list(before, story, every, withdrawn):
    field = Standings(lambda n: n % every == 0)
    lives: dict[int, list[float | None]] = {}
    for run, key in before:  # two times two runs enter with whole lives, and go on
        lives.setdefault(run % 4, []).append(key)
    for some in ({0, 2}, {1, 3}):
        field.enter((run, enumerate(lives[run], 1)) for run in some & lives.keys())
    for run, key in story:
        life = lives.setdefault(run, [])
        field.advance(run, len(life) + 1, key, life[-1] if life else None)
        life.append(key)
    if withdrawn in lives:
        field.withdraw(withdrawn, enumerate(lives.pop(withdrawn), 1))
    for interval in range(every, 40, every):
        ranked = sorted(
            (f, -run) for run, life in lives.items() if (f := figure(life, interval)) is not None
        )
        figures = [f for f, _ in ranked]
        assert field.size(interval) == len(ranked)
        assert [field.at(interval, i) for i in range(len(ranked))] == figures
        if figures:
            assert field.median(interval) == median(figures)
        for key in (-1.0, 0.0, 2.0, 2.5, 9.0):
            assert field.upto(interval, key) == (sum(f <= key for f in figures), len(figures))
            for run in (0, 3, 9):
                below = sum(pair < (key, -run) for pair in ranked)
                assert field.below(interval, key, run) == (below, len(figures))


@pytest.mark.parametrize("few", [0, 3, 64])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=150), st.booleans())
def test_ranks_among_many(few, values, equal):
    figures = [float(value // 100 if equal else value) for value in values]
    field = Standings(lambda _: True)
    for run, value in enumerate(figures):
        for length in range(1, 1 + run % 40):
            field.advance(run, length, value, value if length > 1 else None)
    present = sorted(value for run, value in enumerate(figures) if run % 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standings, "FEW", few)
        assert [field.at(30, rank) for rank in range(len(present))] == present


def test_long_runs_grow_the_tree():
    field = Standings(lambda _: True)
    for length in range(1, 600):
        field.advance(0, length, float(length), float(length - 1) if length > 1 else None)
    field.advance(1, 1, 50.0, None)
    assert [field.at(599, i) for i in range(2)] == [50.0, 599.0]
    assert [field.at(30, i) for i in range(2)] == [30.0, 50.0]
    assert field.below(300, 100.0, 2) == (1, 2)


def test_a_long_plateau_moves_a_run_only_where_its_length_counts():
    field = Standings(lambda n: n == 40)
    for length in range(1, 41):
        field.advance(0, length, 1.0, 1.0 if length > 1 else None)
    field.advance(1, 1, 2.0, None)
    assert [field.at(40, i) for i in range(2)] == [1.0, 2.0]
    assert field.size(5) == 1, "nobody asked about the 5th report, only the short run is known"


def test_no_such_rank():
    field = Standings(lambda _: True)
    with pytest.raises(IndexError, match="no figure at rank 0"):
        field.at(1, 0)
