"""Recorded curves, played again: who is stopped, what is spent, and how long it takes."""

from policies import BanditPolicy, Goal, NoTerminationPolicy
from sweep.view.recorded import Recording, play

GOOD, BAD = [0.5, 0.8, 0.9, 0.9], [0.1, 0.2, 0.3, 0.4]
BANDIT = BanditPolicy(slack_factor=0.1, delay_evaluation=2)


def test_a_run_far_behind_is_stopped_where_the_policy_says() -> None:
    played = play([Recording(1, GOOD), Recording(2, BAD)], BANDIT, Goal.MAXIMIZE, 2)
    assert played.reports == {1: 4, 2: 2}
    assert [*played.stopped] == [2]
    assert played.stopped[2].interval == 2
    assert (played.seconds, played.evaluations) == (4.0, 4)


def test_one_slot_takes_one_after_the_other() -> None:
    played = play([Recording(1, BAD), Recording(2, GOOD)], BANDIT, Goal.MAXIMIZE, 1)
    assert (played.reports, played.seconds) == ({1: 4, 2: 4}, 8.0)


def test_seconds_decide_who_is_first() -> None:
    slow = Recording(1, GOOD, [5.0, 5.0, 5.0, 5.0])
    played = play([slow, Recording(2, BAD)], BANDIT, Goal.MAXIMIZE, 2)
    assert (played.reports[2], played.seconds) == (4, 20.0)


def test_a_stop_at_the_last_report_is_none() -> None:
    played = play([Recording(1, GOOD), Recording(2, [0.1, 0.1])], BANDIT, Goal.MAXIMIZE, 2)
    assert not played.stopped
    assert played.reports == {1: 4, 2: 2}


def test_nothing_recorded_takes_no_time() -> None:
    played = play([Recording(1, [])], NoTerminationPolicy(), Goal.MINIMIZE, 2)
    assert (played.reports, played.seconds) == ({1: 0}, 0.0)
