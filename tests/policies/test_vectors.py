"""The numbers of the documentation and of recorded runs."""

from __future__ import annotations

import math

import pytest

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    Leaderboard,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)

UP, DOWN = Goal.MAXIMIZE, Goal.MINIMIZE

EXAMPLE = {
    "A": [0.5, 0.6, 0.7, 0.75],
    "B": [0.6, 0.7, 0.8, 0.85],
    "C": [0.3, 0.35, 0.4, 0.42],
    "D": [0.4, 0.55, 0.5, 0.6],
}
LOSSES = {
    "A": [1.0, 0.8, 0.6],
    "B": [1.2, 1.1, 1.05],
    "C": [0.9, 0.5, 0.4],
    "D": [2.0, 1.6, 1.5],
}
# Eight recorded learning curves, to be made small; the order is that of their start.
LIGHTGBM = {
    "0.9 dart": ".182 .0766 .0331 .0611 .0446 .0707 .0602 .0419 .0638 .0567 .0422 .0428 .0555"
    " .0437 .0304 .0208",
    "0.9 gbdt": ".182 .0766 .0331 .0611 .0446 .0707 .0449 .067 .0677 .0536 .0408 .0537 .0545"
    " .0482 .042 .0319",
    "0.5 dart": ".4303 .2231 .1222 .0917 .0594 .0563 .0564 .0397 .0387 .041 .0351 .0413 .039"
    " .0346 .0247 .0193",
    "0.5 gbdt": ".4303 .2231 .1222 .0917 .0594 .0563 .0399 .0299 .0404 .0389 .0334 .0296 .0329"
    " .0289 .0252 .0235",
    "0.1 dart": ".9306 .7955 .6876 .5938 .5188 .4544 .461 .4066 .3578 .3689 .3269 .3384 .2986"
    " .2671 .2379 .2135",
    "0.1 gbdt": ".9306 .7955 .6876 .5938 .5188 .4544 .4011 .3531 .3133 .2769 .2473 .2214 .1993"
    " .1775 .1606 .1449",
    "0.01 dart": "1.0827 1.0654 1.0484 1.0318 1.0156 .9997 1.0 .9844 .9692 .9698 .9548 .9577"
    " .943 .9286 .9146 .9008",
    "0.01 gbdt": "1.0827 1.0654 1.0484 1.0318 1.0156 .9997 .9841 .9689 .954 .9394 .9251 .9111"
    " .8974 .8839 .8708 .8578",
}
CURVES = {name: [float(v) for v in text.split()] for name, text in LIGHTGBM.items()}


def lock_step(
    policy: EarlyTerminationPolicy, goal: Goal, curves: dict[str, list[float]], stopping: bool
) -> dict[int, list[str]]:
    """All runs report interval N, then all are judged on the same data."""
    names, board = list(curves), policy.leaderboard(goal)
    alive, stopped = set(range(len(names))), {}
    for n in range(len(next(iter(curves.values())))):
        for run in sorted(alive):
            board.report(run, curves[names[run]][n])
        tail = [
            run
            for run in sorted(alive)
            if policy.due(n + 1) and policy.may_stop(board, run) and policy.stops(board, run)
        ]
        if tail:
            stopped[n + 1] = [names[run] for run in tail]
        if stopping:
            for run in tail:
                policy.stopped(board, run)
                alive.discard(run)
    return stopped


@pytest.mark.parametrize(
    ("policy", "goal", "curves", "expected"),
    [
        (MedianStoppingPolicy(), UP, EXAMPLE, {1: "CD", 2: "C", 3: "C", 4: "C"}),
        (BanditPolicy(slack_factor=0.2), UP, EXAMPLE, {1: "CD", 2: "CD", 3: "CD", 4: "CD"}),
        (BanditPolicy(slack_amount=0.2), UP, EXAMPLE, {1: "C", 2: "C", 3: "CD", 4: "CD"}),
        (MedianStoppingPolicy(), DOWN, LOSSES, {1: "BD", 2: "BD", 3: "BD"}),
        (BanditPolicy(slack_factor=0.2), DOWN, LOSSES, {1: "BD", 2: "ABD", 3: "ABD"}),
        (BanditPolicy(slack_amount=0.2), DOWN, LOSSES, {1: "BD", 2: "ABD", 3: "BD"}),
        (TruncationSelectionPolicy(25, 3), UP, EXAMPLE, {3: "C"}),
        (TruncationSelectionPolicy(50, 3), UP, EXAMPLE, {3: "CD"}),
        (TruncationSelectionPolicy(20), UP, EXAMPLE, {}),
        (NoTerminationPolicy(), UP, EXAMPLE, {}),
    ],
    ids=repr,
)
def test_worked_example_with_nobody_removed(policy, goal, curves, expected):
    stopped = lock_step(policy, goal, curves, stopping=False)
    assert stopped == {n: list(names) for n, names in expected.items()}


FOUR = ["0.1 dart", "0.1 gbdt", "0.01 dart", "0.01 gbdt"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            BanditPolicy(slack_factor=0.2, delay_evaluation=5),
            {5: ["0.5 dart", "0.5 gbdt", *FOUR], 16: ["0.9 gbdt"]},
        ),
        (
            BanditPolicy(2, slack_factor=1.0, delay_evaluation=4),
            {4: ["0.5 dart", "0.5 gbdt", *FOUR]},
        ),
        (MedianStoppingPolicy(delay_evaluation=5), {5: FOUR}),
        (
            TruncationSelectionPolicy(25, 2, 4),
            {4: FOUR[2:], 6: ["0.1 gbdt"], 8: ["0.1 dart"], 10: ["0.5 dart"]},
        ),
        (
            TruncationSelectionPolicy(25, 4, 4),
            {4: FOUR[2:], 8: ["0.1 dart"], 12: ["0.1 gbdt"], 16: ["0.9 gbdt"]},
        ),
    ],
    ids=repr,
)
def test_recorded_curves(policy, expected):
    assert lock_step(policy, DOWN, CURVES, stopping=True) == expected


@pytest.mark.parametrize(
    ("goal", "best", "slack", "mine", "stops"),
    [
        (UP, 0.8, {"slack_factor": 0.2}, 0.6666666666666667, False),
        (UP, 0.8, {"slack_factor": 0.2}, 0.66, True),
        (UP, 0.8, {"slack_factor": 0.1}, 0.7273, False),
        (UP, 0.8, {"slack_factor": 0.1}, 0.7272, True),
        (UP, 0.8, {"slack_factor": 0.15}, 0.6957, False),
        (UP, 0.8, {"slack_factor": 0.15}, 0.6956, True),
        (UP, 0.8, {"slack_amount": 0.2}, 0.6, False),
        (UP, 0.8, {"slack_amount": 0.2}, 0.5999, True),
        (DOWN, 0.5, {"slack_factor": 0.2}, 0.6, False),
        (DOWN, 0.5, {"slack_factor": 0.2}, 0.61, True),
        (DOWN, 0.5, {"slack_amount": 0.2}, 0.7, False),
        (DOWN, 0.5, {"slack_amount": 0.2}, 0.71, True),
        (UP, -2.0, {"slack_factor": 0.2}, -2.3, False),
        (UP, -2.0, {"slack_factor": 0.2}, -2.4, True),
        (DOWN, -2.0, {"slack_factor": 0.2}, -1.61, False),
        (DOWN, -2.0, {"slack_factor": 0.2}, -1.59, True),
        (UP, 0.0, {"slack_factor": 0.2}, 0.0, False),
        (UP, 0.0, {"slack_factor": 0.2}, -0.001, True),
        (UP, 0.8, {"slack_factor": 0}, 0.8, False),
        (UP, 0.8, {"slack_factor": 0}, 0.799, True),
        (DOWN, 0.8, {"slack_factor": 0, "slack_amount": 0.3}, 1.1, False),
        (DOWN, 0.8, {"slack_factor": 0, "slack_amount": 0.3}, 1.2, True),
    ],
)
def test_bandit_threshold(goal, best, slack, mine, stops):
    policy = BanditPolicy(**slack)
    board = policy.leaderboard(goal)
    board.report(0, best)
    board.report(1, mine)
    assert policy.stops(board, 1) is stops
    assert not policy.may_stop(board, 0), "the best run is never stopped"


@pytest.mark.parametrize(
    ("runs", "percentage", "tail"),
    [(4, 20, 0), (4, 25, 1), (4, 50, 2), (5, 20, 1), (10, 25, 2), (3, 99, 2)],
)
def test_size_of_the_tail(runs, percentage, tail):
    policy = TruncationSelectionPolicy(percentage)
    board = policy.leaderboard(UP)
    for run in range(runs):
        board.report(run, 1.0 - run / 10)
    assert sum(policy.stops(board, run) for run in range(runs)) == tail


@pytest.mark.parametrize(
    ("interval", "delay", "due"),
    [(100, 200, [200, 300, 400]), (2, 5, [6, 8, 10]), (1, 0, [1, 2, 3]), (0, -7, [1, 2, 3])],
)
def test_when_a_policy_is_asked(interval, delay, due):
    policy = MedianStoppingPolicy(interval, delay)
    assert [n for n in range(1, 1000) if policy.due(n)][:3] == due


class TestShortRunsAndTies:
    def test_a_young_run_counts_with_what_it_has(self):
        policy = MedianStoppingPolicy()
        board = policy.leaderboard(UP)
        for value in (0.2, 0.2, 0.2):
            board.report(0, value)
        board.report(1, 0.9)
        assert policy.stops(board, 0), "0.2 against the median of 0.2 and 0.9"

    def test_an_old_run_counts_with_what_it_had(self):
        policy = BanditPolicy(slack_amount=0.1)
        board = policy.leaderboard(UP)
        for value in (0.1, 0.5, 0.9):
            board.report(0, value)
        board.report(1, 0.1)
        assert not policy.stops(board, 1)
        board.report(1, 0.3)
        assert policy.stops(board, 1)

    def test_of_equal_runs_the_younger_is_cut(self):
        policy = TruncationSelectionPolicy(50)
        board = policy.leaderboard(UP)
        for run in range(4):
            board.report(run, 0.7)
        assert [policy.stops(board, run) for run in range(4)] == [False, False, True, True]

    def test_median_of_an_even_field_is_the_mean_of_the_middle_two(self):
        policy = MedianStoppingPolicy()
        board = policy.leaderboard(UP)
        for run, value in enumerate((0.5, 0.6, 0.3, 0.4)):
            board.report(run, value)
        assert policy.explain(board, 3).cutoff == pytest.approx(0.45)

    def test_equal_to_the_median_goes_on(self):
        policy = MedianStoppingPolicy()
        board = policy.leaderboard(UP)
        for run in range(3):
            board.report(run, 0.1 + 0.2)
        assert not any(policy.stops(board, run) for run in range(3))

    def test_alone_nobody_is_judged(self):
        policy = MedianStoppingPolicy()
        board = policy.leaderboard(UP)
        board.report(0, math.nan)
        assert not policy.may_stop(board, 0)


@pytest.mark.parametrize(
    "policy",
    [BanditPolicy(slack_factor=0.5), MedianStoppingPolicy(), TruncationSelectionPolicy(34)],
    ids=repr,
)
@pytest.mark.parametrize("goal", Goal)
class TestNonFinite:
    def test_only_the_diverged_run_is_stopped(self, policy, goal):
        board = policy.leaderboard(goal)
        for bad in (math.nan, math.inf, -math.inf):
            board.report(2, bad)
        for _ in range(3):
            board.report(0, 1.0)
            board.report(1, 1.0)
        assert board.interval(2) == 3, "each counts as an interval"
        assert [policy.stops(board, run) for run in range(3)] == [False, False, True]

    def test_if_all_diverge_only_a_tail_goes(self, policy, goal):
        board = policy.leaderboard(goal)
        for run in range(3):
            board.report(run, math.nan)
        stops = [policy.stops(board, run) for run in range(3)]
        assert stops == [False, False, isinstance(policy, TruncationSelectionPolicy)]
        assert policy.explain(board, 0).reason

    def test_a_run_that_recovers_is_judged_by_its_finite_values(self, policy, goal):
        board = policy.leaderboard(goal)
        for run in range(3):
            board.report(run, 1.0 + run / 100 if goal is DOWN else 1.0 - run / 100)
            board.report(run, math.nan)
        assert board.best(0) == goal.score(1.0)
        assert not policy.stops(board, 0)


def test_leaderboard_answers_only_what_was_asked_for():
    board = Leaderboard(UP)
    with pytest.raises(AssertionError, match="averages"):
        board.means()
    with pytest.raises(AssertionError, match="best values"):
        board.bests()


def test_goal_turns_values_into_losses():
    assert (UP.loss(2.0), DOWN.loss(2.0), UP.loss(math.nan)) == (-2.0, 2.0, math.inf)


def test_unknown_runs_have_nothing():
    board = Leaderboard(UP)
    assert board.interval(5) == 0
    assert board.best(5) == -math.inf
    board.forget(5)
    assert board.leader is None
