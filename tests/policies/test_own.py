"""Policies that HyperDrive does not have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import AsyncSuccessiveHalvingPolicy, EarlyTerminationPolicy, Goal, PromisingPolicy
from policies.leaderboard import Leaderboard
from policies.promising import likely_agreement, ranks

ASHA = AsyncSuccessiveHalvingPolicy(2, 3)
FIRST = PromisingPolicy(finished_runs=8, best_share=0.34)


def told(board: Leaderboard, run: int, values: list[float]) -> int:
    for value in values:
        board.report(run, value)
    return run


def finished(order: list[float], goal: Goal = Goal.MAXIMIZE) -> Leaderboard:
    """Nine runs whose ends are 1 to 9, and where each was after two reports."""
    board = FIRST.leaderboard(goal)
    sign = 1 if goal is Goal.MAXIMIZE else -1
    for end, then in enumerate(order, 1):
        told(board, end, [sign * v for v in (0.0, then, float(end), float(end))])
        FIRST.finished(board, end)
    return board


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


def test_looks_become_rare() -> None:
    assert [n for n in range(1, 30) if FIRST.due(n)] == [2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29]
    every = PromisingPolicy(evaluation_interval=5, delay_evaluation=12)
    assert [n for n in range(1, 60) if every.due(n)] == [15, 20, 25, 30, 40, 50]
    assert every.dues(14, 30) == 4


@pytest.mark.parametrize("goal", list(Goal))
def test_behind_where_every_good_run_was(goal: Goal) -> None:
    board = finished([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], goal)
    sign = 1 if goal is Goal.MAXIMIZE else -1
    # the best four of nine (0.34) had 0.6 or more by then
    behind = told(board, 10, [0.0, sign * 0.55])
    ahead = told(board, 11, [0.0, sign * 0.6])
    assert FIRST.stops(board, behind)
    assert not FIRST.stops(board, ahead)
    verdict = FIRST.explain(board, behind)
    assert (verdict.stop, verdict.cutoff) == (True, sign * 0.6)
    assert "the least that any of the best 4 of 9 finished runs had by then" in verdict.reason
    assert FIRST.explain(board, ahead).reason.startswith(f"best {sign * 0.6:g} after 2 reports is")


def test_where_late_starters_win_nobody_is_stopped() -> None:
    board = finished([0.9, 0.2, 0.7, 0.8, 0.5, 0.6, 0.4, 0.3, 0.85])
    assert not FIRST.stops(board, told(board, 10, [0.0, 0.01]))
    assert "is enough" in FIRST.explain(board, 10).reason


def test_the_first_go_to_their_ends() -> None:
    board = FIRST.leaderboard(Goal.MAXIMIZE)
    for run in range(1, 8):
        told(board, run, [run / 10, float(run)])
        FIRST.finished(board, run)
    told(board, 8, [0.0, 0.0])
    assert not FIRST.stops(board, 8)
    assert FIRST.explain(board, 8).reason == "7 runs are finished; the first 8 go to their ends"


def test_nothing_is_learnt_from_a_run_that_was_stopped_or_lost() -> None:
    board = finished([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    told(board, 10, [0.0, 0.0])
    assert FIRST.stops(board, 10)
    FIRST.stopped(board, 10)
    FIRST.finished(board, 10)
    assert "of 9 finished" in FIRST.explain(board, 10).reason
    board.forget(9)
    assert "of 8 finished" in FIRST.explain(board, 10).reason


def test_a_run_that_goes_on_may_be_lost_and_nothing_learnt_is() -> None:
    board = finished([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    told(board, 10, [0.0, 0.0])
    told(board, 11, [0.0, 0.0])
    before = FIRST.explain(board, 10)
    board.forget(11)
    assert FIRST.explain(board, 10) == before
    assert board.interval(11) == 0


def test_runs_that_ended_before_the_first_look_say_nothing_of_later_ones() -> None:
    late = PromisingPolicy(finished_runs=4, delay_evaluation=10)
    board = late.leaderboard(Goal.MAXIMIZE)
    for run in range(1, 6):
        told(board, run, [run / 10, float(run)])
        late.finished(board, run)
    told(board, 6, [0.0] * 10)
    assert late.due(10)
    assert not late.stops(board, 6)
    assert "of the best 2 of 5 finished runs" in late.explain(board, 6).reason
    assert "at least 0.00" in late.explain(board, 6).reason


@pytest.mark.parametrize("policy", [ASHA, FIRST], ids=repr)
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


def test_ranks_and_their_agreement() -> None:
    assert ranks([3.0, 1.0, 3.0, -math.inf]) == [2.5, 1.0, 2.5, 0.0]
    same = ranks([float(n) for n in range(12)])
    assert likely_agreement(same, same) > 0.99
    assert likely_agreement(same, same[::-1]) < 0
    assert likely_agreement(ranks([1.0] * 5), same[:5]) == 0
