"""Policies that HyperDrive does not have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import AsyncSuccessiveHalvingPolicy, EarlyTerminationPolicy, Goal, PromisingPolicy
from policies.leaderboard import Leaderboard

ASHA = AsyncSuccessiveHalvingPolicy(2, 3)


def told(board: Leaderboard, run: int, values: list[float]) -> int:
    for value in values:
        board.report(run, value)
    return run


def test_rungs() -> None:
    assert [n for n in range(1, 60) if ASHA.due(n)] == [2, 6, 18, 54]
    assert ASHA.dues(2, 18) == 2


def test_one_of_three_passes_a_rung_and_nobody_waits() -> None:
    board = ASHA.leaderboard(Goal.MAXIMIZE)
    said = []
    for run, value in enumerate([0.5, 0.6, 0.4, 0.55, 0.7, 0.65], 1):
        told(board, run, [0.1, value])
        said.append(ASHA.stops(board, run))
    # a third, rounded up, of those that have come so far: the first of them were alone
    assert said == [False, False, True, False, False, False]
    reason = ASHA.explain(board, 6).reason
    assert "ranks 2 of the 6 runs" in reason
    assert "among the best 2 (one of 3); the last of these has 0.65" in reason


def test_a_lost_attempt_leaves_the_rungs() -> None:
    board = ASHA.leaderboard(Goal.MINIMIZE)
    told(board, 1, [0.3, 0.2])
    told(board, 2, [0.5, math.nan])
    assert ASHA.stops(board, 2)
    board.forget(1)
    assert not ASHA.stops(board, 2)


@pytest.mark.parametrize("policy", [ASHA, PromisingPolicy(4, 0.3)], ids=repr)
@settings(deadline=None, derandomize=True)
@given(story=st.lists(st.tuples(st.integers(1, 20), st.floats(-9, 9)), max_size=150))
def test_explain_and_a_taught_board_say_the_same(
    policy: EarlyTerminationPolicy, story: list[tuple[int, float]]
) -> None:
    board, over = policy.leaderboard(Goal.MINIMIZE), set[int]()
    for run, value in story:
        if run in over:
            continue
        interval = board.report(run, value)
        if policy.due(interval):
            stop = policy.stops(board, run)
            assert policy.explain(board, run).stop == stop
            other = policy.leaderboard(Goal.MINIMIZE)
            other.learn(board)
            for number in sorted(over):
                policy.finished(other, number)
            assert policy.stops(other, run) == stop
        if interval == 5:
            over.add(run)
            policy.finished(board, run)
