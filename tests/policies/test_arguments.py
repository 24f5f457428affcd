from __future__ import annotations

import math

import pytest

from policies import (
    POLICIES,
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PolicyError,
    PromisingPolicy,
    TruncationSelectionPolicy,
    policy_from_wire,
)

ALL = [
    BanditPolicy(1, 0.2),
    BanditPolicy(slack_factor=0),
    BanditPolicy(3, slack_amount=0.5, delay_evaluation=9),
    MedianStoppingPolicy(2, 5),
    TruncationSelectionPolicy(20, 1, 5, exclude_finished_jobs=True),
    NoTerminationPolicy(),
    AsyncSuccessiveHalvingPolicy(2, 4),
    PromisingPolicy(10, 0.25, 2, 5),
]


@pytest.mark.parametrize("policy", ALL, ids=repr)
def test_wire_round_trip(policy):
    again = policy_from_wire(policy.to_wire())
    assert again == policy
    assert hash(again) == hash(policy)
    assert repr(again) == repr(policy)


def test_every_policy_is_in_the_table():
    assert {type(p) for p in ALL} == set(POLICIES.values())


def test_wire_of_the_documented_example():
    assert BanditPolicy(evaluation_interval=1, slack_factor=0.2).to_wire() == {
        "name": "Bandit",
        "properties": {"evaluation_interval": 1, "delay_evaluation": 0, "slack_factor": 0.2},
    }
    assert NoTerminationPolicy().to_wire() == {"name": "Default"}


def test_policies_differ_by_their_arguments():
    assert BanditPolicy(slack_factor=0.2) != BanditPolicy(slack_factor=0.1)
    assert BanditPolicy(slack_factor=0.2) != "BanditPolicy"
    assert len(set(ALL)) == len(ALL)


@pytest.mark.parametrize(
    ("make", "key", "says"),
    [
        (lambda: BanditPolicy(), "slack_factor", "got neither"),
        (lambda: BanditPolicy(slack_factor=0.1, slack_amount=0.2), "slack_amount", "not both"),
        (lambda: BanditPolicy(slack_factor=-0.1), "slack_factor", ">= 0, got -0.1"),
        (lambda: BanditPolicy(slack_factor="0.1"), "slack_factor", "got '0.1'"),
        (lambda: BanditPolicy(slack_amount=True), "slack_amount", "got True"),
        (lambda: BanditPolicy(slack_amount=math.inf), "slack_amount", "got inf"),
        (lambda: BanditPolicy(1.5, 0.1), "evaluation_interval", "whole number, got 1.5"),
        (lambda: BanditPolicy(None, 0.1), "evaluation_interval", "whole number, got None"),
        (lambda: MedianStoppingPolicy(1, "5"), "delay_evaluation", "whole number, got '5'"),
        (lambda: TruncationSelectionPolicy(0), "truncation_percentage", "1 to 99, got 0"),
        (lambda: TruncationSelectionPolicy(100), "truncation_percentage", "1 to 99, got 100"),
        (lambda: TruncationSelectionPolicy(20.5), "truncation_percentage", "got 20.5"),
        (
            lambda: TruncationSelectionPolicy(20, exclude_finished_jobs="no"),
            "exclude_finished_jobs",
            "true or false",
        ),
        (lambda: AsyncSuccessiveHalvingPolicy(0), "min_reports", ">= 1, got 0"),
        (lambda: AsyncSuccessiveHalvingPolicy(1, 1), "reduction_factor", ">= 2, got 1"),
        (lambda: PromisingPolicy(3), "finished_runs", ">= 4, got 3"),
        (lambda: PromisingPolicy(risk=1), "risk", "between 0 and 1, got 1"),
        (lambda: PromisingPolicy(risk=True), "risk", "between 0 and 1, got True"),
        (lambda: policy_from_wire({"name": "bandit"}), "name", "expected one of Bandit"),
    ],
)
def test_wrong_arguments_are_named(make, key, says):
    with pytest.raises(PolicyError) as caught:
        make()
    assert caught.value.key == key
    assert says in str(caught.value)


def test_bools_count_as_whole_numbers_as_they_always_did():
    assert TruncationSelectionPolicy(True).truncation_percentage == 1


class TestReasons:
    """Every sentence names the numbers."""

    def test_bandit(self):
        policy = BanditPolicy(slack_factor=0.2)
        board = policy.leaderboard(Goal.MAXIMIZE)
        board.report(3, 0.8)
        board.report(7, 0.5)
        verdict = policy.explain(board, 7)
        assert verdict.reason == (
            "best 0.5 after 1 report is below the cut-off 0.666667"
            " (slack_factor 0.2 around 0.8, the best of run 3 by then)"
        )
        assert (verdict.value, verdict.interval, verdict.stop) == (0.5, 1, True)
        assert verdict.cutoff == pytest.approx(2 / 3)

    def test_bandit_when_minimising_by_an_amount(self):
        policy = BanditPolicy(slack_amount=0.5)
        board = policy.leaderboard(Goal.MINIMIZE)
        board.report(0, 1.0)
        board.report(1, 1.2)
        assert policy.explain(board, 1).reason == (
            "best 1.2 after 1 report is not above the cut-off 1.5"
            " (slack_amount 0.5 around 1, the best of run 0 by then)"
        )

    def test_median(self):
        policy = MedianStoppingPolicy()
        board = policy.leaderboard(Goal.MINIMIZE)
        for run, value in enumerate((1.0, 2.0, 3.0)):
            board.report(run, value)
        assert policy.explain(board, 2).reason == (
            "best 3 after 1 report is worse than 2, the median of the running averages of 3 runs"
        )

    def test_truncation(self):
        policy = TruncationSelectionPolicy(50)
        board = policy.leaderboard(Goal.MAXIMIZE)
        for run, value in enumerate((0.9, 0.1, 0.5, 0.7)):
            board.report(run, value)
        assert policy.explain(board, 2).reason == (
            "best 0.5 after 1 report ranks 3 of 4, among the worst 2 (50 %);"
            " the last to go on has 0.7"
        )

    def test_none(self):
        policy = NoTerminationPolicy()
        board = policy.leaderboard(Goal.MAXIMIZE)
        board.report(0, 0.9)
        assert not policy.due(1)
        assert not policy.stops(board, 0)
        assert policy.explain(board, 0).reason == "no early-termination policy is set"


class TestFinishedRuns:
    def field(self, *, exclude: bool) -> list[bool]:
        policy = TruncationSelectionPolicy(50, exclude_finished_jobs=exclude)
        board = policy.leaderboard(Goal.MAXIMIZE)
        for run, value in enumerate((0.1, 0.2, 0.8, 0.9)):
            board.report(run, value)
        for run in (0, 1):
            policy.finished(board, run)
        return [policy.stops(board, run) for run in (2, 3)]

    def test_they_stay_in_the_field(self):
        assert self.field(exclude=False) == [False, False]

    def test_or_leave_it_when_asked(self):
        assert self.field(exclude=True) == [True, False]


def test_a_field_of_one_has_no_tail_and_says_so():
    policy = TruncationSelectionPolicy(99)
    board = policy.leaderboard(Goal.MAXIMIZE)
    board.report(0, 0.5)
    assert "worst 0" in policy.explain(board, 0).reason
    policy.stopped(board, 0)
    assert math.isnan(policy.explain(board, 0).cutoff)
