"""Any sequence of reports: the fast policies and the plain ones give the same verdicts."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    Leaderboard,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from tests.policies import reference

values = st.one_of(
    st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, -1.0, -2.0, 0.5 + 1e-13]),
    st.floats(-100, 100, allow_nan=False),
    st.sampled_from([math.nan, math.inf, -math.inf]),
)
stories = st.integers(2, 40).flatmap(
    lambda runs: st.lists(st.tuples(st.integers(0, runs - 1), values), max_size=250)
)
whens = st.tuples(st.integers(1, 4), st.integers(0, 6))


def taught(policy: EarlyTerminationPolicy, board: Leaderboard, outside: set[int]) -> Leaderboard:
    other = policy.leaderboard(board.goal)
    other.learn(board)
    for run in outside:
        policy.stopped(other, run)
    return other


def by_the_book(
    policy: EarlyTerminationPolicy,
    curves: reference.Curves,
    run: int,
    maximize: bool,
    outside: set[int],
) -> bool:
    match policy:
        case BanditPolicy():
            slacks = policy.slack_factor, policy.slack_amount
            return reference.bandit(curves, run, maximize, *slacks)
        case MedianStoppingPolicy():
            return reference.median_stopping(curves, run, maximize)
        case TruncationSelectionPolicy():
            percentage = policy.truncation_percentage
            return reference.truncation(curves, run, maximize, percentage, outside)
    raise AssertionError(policy)


def play(
    policy: EarlyTerminationPolicy, goal: Goal, story: list[tuple[int, float]], lost: int
) -> None:
    board = policy.leaderboard(goal)
    maximize = goal is Goal.MAXIMIZE
    curves: dict[int, list[float]] = {}
    history: list[tuple[int, float]] = []
    gone: set[int] = set()
    outside: set[int] = set()
    for i, (run, value) in enumerate(story):
        if run in gone or len(curves.get(run, [])) >= 40:
            continue
        if lost and i % lost == lost - 1 and run in curves:
            board.forget(run)
            del curves[run]
            history = [(r, v) for r, v in history if r != run]
        if lost and i % 50 == 49:  # a board that has been taught knows the same
            board = taught(policy, board, outside)
        interval = board.report(run, value)
        curves.setdefault(run, []).append(value)
        history.append((run, value))
        assert interval == board.interval(run) == len(curves[run])
        assert board.population == len(curves)
        if not lost:
            assert board.leader == reference.leader(history, maximize)
        if not policy.due(interval):
            continue
        expected = by_the_book(policy, curves, run, maximize, outside)
        assert policy.stops(board, run) is expected
        verdict = policy.explain(board, run)
        assert verdict.stop is expected
        assert verdict.interval == interval
        assert verdict.reason
        if expected and policy.may_stop(board, run):
            policy.stopped(board, run)
            gone.add(run)
            outside.add(run)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(stories, whens, st.sampled_from(Goal), st.sampled_from([0, 0.1, 0.5, 2]), st.integers(0, 9))
def test_bandit_factor(story, when, goal, slack, lost):
    play(BanditPolicy(when[0], slack, None, when[1]), goal, story, lost)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(stories, whens, st.sampled_from(Goal), st.sampled_from([0, 0.25, 1, 50]), st.integers(0, 9))
def test_bandit_amount(story, when, goal, slack, lost):
    play(BanditPolicy(when[0], None, slack, when[1]), goal, story, lost)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(stories, whens, st.sampled_from(Goal), st.integers(0, 9))
def test_median(story, when, goal, lost):
    play(MedianStoppingPolicy(*when), goal, story, lost)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(stories, whens, st.sampled_from(Goal), st.integers(1, 99), st.integers(0, 9))
def test_truncation(story, when, goal, percentage, lost):
    play(TruncationSelectionPolicy(percentage, *when), goal, story, lost)
