"""Ways to fail, what each costs, and what they say about the script or a node."""

from __future__ import annotations

import math

import pytest

from policies import BanditPolicy, NoTerminationPolicy, TruncationSelectionPolicy
from sweep.core.commands import Finish, Launch, Quarantine, Release, Stop, SweepStatus
from sweep.core.events import (
    CancelAsked,
    Completed,
    Failed,
    LaunchesHeld,
    LaunchesReleased,
    Lost,
    NodeReleased,
    Opened,
    PauseAsked,
    Redefined,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
    TimePassed,
)
from sweep.core.failure import KINDS, MEANINGS, Attempts
from sweep.core.run import RunState
from sweep.errors import IllegalEvent
from tests.core.test_scheduler import make, opened, tell


def launches(commands):
    return [(c.run, c.attempt) for c in commands if isinstance(c, Launch)]


class TestBudgets:
    def test_a_user_error_is_final(self):
        s = make(runs=2, concurrent=1)
        opened(s)
        tell(s, Started(1, 0))
        assert launches(tell(s, Failed(2, 0, "exit code 1"))) == [(1, 1)]
        assert (s.runs[0].state, s.runs[0].kind) == (RunState.FAILED, "error")

    def test_unless_another_attempt_is_allowed(self):
        s = make(runs=1, attempts=Attempts(named={"error": 2}))
        opened(s)
        tell(s, Started(1, 0), Reported(1, 0, 0.5))
        assert launches(tell(s, Failed(2, 0, "exit code 1"))) == [(0, 2)]
        assert s.board.interval(0) == 0, "what the first attempt reported is void"
        tell(s, Started(3, 0), Failed(4, 0, "exit code 2"))
        assert s.runs[0].reason == "exit code 2"
        assert s.runs[0].failures == {"error": 2}

    def test_each_kind_has_a_budget_of_its_own(self):
        s = make(runs=1, attempts=Attempts(again=2))
        opened(s)
        assert launches(tell(s, Lost(1, 0, "gone"))) == [(0, 2)]
        assert launches(tell(s, Lost(2, 0, "spot", kind="preempted"))) == [(0, 3)]
        tell(s, Lost(3, 0, "spot again", kind="preempted"))
        assert s.runs[0].reason == "preempted 2 times, the last time: spot again"

    def test_memory_is_not_tried_again(self):
        s = make(runs=1)
        opened(s)
        tell(s, Lost(1, 0, "memory pressure", kind="memory"))
        assert (s.runs[0].state, s.runs[0].reason) == (RunState.FAILED, "memory pressure")

    def test_most_is_the_sum_of_all_budgets(self):
        assert Attempts(3, {"error": 2}).most == 1 + 2 + 2 + 1

    @pytest.mark.parametrize("attempts", [Attempts(), Attempts(5), Attempts(2, {"error": 4})])
    def test_there_and_back(self, attempts):
        assert Attempts.from_wire(attempts.to_wire()) == attempts
        assert hash(Attempts.from_wire(attempts.to_wire())) == hash(attempts)

    def test_every_kind_has_a_meaning(self):
        assert set(MEANINGS) == set(KINDS)

    def test_a_retry_waits_until_a_pause_is_over(self):
        s = make(runs=1, attempts=Attempts(named={"hang": 2}), idle_seconds=5)
        opened(s)
        tell(s, Started(0, 0), TimePassed(5), PauseAsked(5, "Ctrl-C"))
        assert s.runs[0].state is RunState.STOPPING
        assert tell(s, Stopped(6, 0)) == [Finish(SweepStatus.PAUSED, "Ctrl-C")]
        assert s.runs[0].state is RunState.FAILED


class TestHang:
    def test_nothing_at_all(self):
        s = make(runs=2, idle_seconds=60)
        opened(s)
        tell(s, Started(10, 0))
        assert s.next_deadline == 70
        (stop, *_) = tell(s, TimePassed(70))
        assert stop == Stop(0, "timeout: it reported nothing within 60 s of its start")
        tell(s, Stopped(71, 0))
        assert (s.runs[0].state, s.runs[0].kind) == (RunState.FAILED, "hang")

    def test_a_report_begins_the_wait_anew(self):
        s = make(runs=1, idle_seconds=60)
        opened(s)
        tell(s, Started(10, 0), Reported(50, 0, 0.5), Reported(65, 0, 0.5))
        assert tell(s, TimePassed(70)) == []
        assert s.next_deadline == 125
        assert tell(s, TimePassed(125)) == [Stop(0, "timeout: it has reported nothing for 60 s")]

    def test_the_first_report_may_take_longer(self):
        s = make(runs=1, idle_seconds=5, first_report_seconds=60)
        opened(s)
        tell(s, Started(10, 0))
        assert tell(s, TimePassed(69)) == []
        tell(s, Reported(69, 0, 0.5))
        assert s.next_deadline == 74

    def test_or_be_all_that_is_asked_for(self):
        s = make(runs=1, first_report_seconds=60)
        opened(s)
        tell(s, Started(10, 0), Reported(20, 0, 0.5))
        assert tell(s, TimePassed(1000)) == []

    def test_one_that_completes_after_all_is_completed(self):
        s = make(runs=1, idle_seconds=60)
        opened(s)
        tell(s, Started(0, 0), TimePassed(60), Completed(61, 0))
        assert (s.runs[0].state, s.runs[0].kind) == (RunState.COMPLETED, None)

    def test_one_that_breaks_while_it_is_stopped_has_hung(self):
        s = make(runs=1, idle_seconds=60)
        opened(s)
        tell(s, Started(0, 0), TimePassed(60), Failed(61, 0, "exit code 143"))
        assert s.runs[0].kind == "hang"
        assert "reported nothing" in s.runs[0].reason

    def test_the_whole_time_is_no_failure(self):
        s = make(runs=1, idle_seconds=60, run_seconds=30)
        opened(s)
        tell(s, Started(0, 0), TimePassed(30), Stopped(31, 0))
        assert (s.runs[0].state, s.runs[0].kind) == (RunState.CANCELED, None)


class TestDivergence:
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_a_run_goes_on_by_default(self, value):
        s = make(runs=1)
        opened(s)
        assert tell(s, Started(0, 0), Reported(1, 0, value)) == []

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_it_ends_where_the_user_wants_it(self, value):
        s = make(runs=4, concurrent=1, stop_diverged=True)
        opened(s)
        for run in range(4):
            stop = tell(s, Started(0, run), Reported(1, run, 0.5), Reported(1, run, value))
            assert stop == [Stop(run, f"diverged: it reported {value} as its primary metric")]
            tell(s, Stopped(2, run))
            assert (s.runs[run].state, s.runs[run].kind) == (RunState.FAILED, "diverged")
        assert s.reason == "every run has failed", "the script itself is not broken"


class TestNodes:
    def two(self, **limits):
        s = make(runs=9, concurrent=2, **limits)
        tell(s, Opened(0), SlotsChanged(0, 2, 2))
        return s

    def fail_on(self, s, node, at, kind="error"):
        run = s.live[0].number
        return tell(s, Started(at, run, node), Failed(at, run, "boom", kind))

    def test_one_that_breaks_different_runs_at_once_is_left_alone(self):
        s = self.two(consecutive_failures=None)
        assert [type(c) for c in self.fail_on(s, "a", 1)] == [Launch]
        assert [type(c) for c in self.fail_on(s, "a", 2)] == [Launch]
        quarantine, launch = self.fail_on(s, "a", 3)
        assert isinstance(launch, Launch)
        assert quarantine == Quarantine(
            "a", "3 runs in a row failed there within 60 s; run 2: boom"
        )
        assert tell(s, NodeReleased(9, "a")) == [Release("a")]

    def test_not_the_only_one(self):
        s = self.two(consecutive_failures=None)
        tell(s, SlotsChanged(0, 2, 1))
        for at in range(5):
            assert [type(c) for c in self.fail_on(s, "a", at)] == [Launch]

    def test_not_one_on_which_something_works(self):
        s = self.two(consecutive_failures=None)
        self.fail_on(s, "a", 1)
        self.fail_on(s, "a", 2)
        run = s.live[0].number
        tell(s, Started(2, run, "a"), Completed(3, run))
        assert [type(c) for c in self.fail_on(s, "a", 4)] == [Launch]

    def test_not_by_runs_that_worked_for_long(self):
        s = self.two(consecutive_failures=None)
        for at in (100, 200, 300, 400):
            assert [type(c) for c in self.fail_on(s, "a", at)] == [Launch]

    @pytest.mark.parametrize("kind", ["hang", "diverged", "quota"])
    def test_not_by_what_is_the_runs_own(self, kind):
        s = self.two(consecutive_failures=None)
        for at in range(5):
            assert [type(c) for c in self.fail_on(s, "a", at, kind)] == [Launch]

    def test_nodes_are_new_when_a_sweep_is_opened_again(self):
        s = self.two(consecutive_failures=None)
        self.fail_on(s, "a", 1)
        self.fail_on(s, "a", 2)
        tell(s, PauseAsked(3, "x"), *(Lost(3, r.number, "x") for r in s.live))
        tell(s, Opened(4), SlotsChanged(4, 2, 2))
        assert [type(c) for c in self.fail_on(s, "a", 4)] == [Launch]


class TestClosing:
    def test_what_was_canceled_when_the_engine_died_ends_canceled(self):
        s = make(runs=9)
        opened(s)
        tell(s, Started(0, 0), CancelAsked(1, None, "asked"), Opened(9))
        finish = tell(
            s, Lost(9, 0, "the engine ended", counts=False), Lost(9, 1, "", counts=False)
        )
        assert finish == [Finish(SweepStatus.CANCELED, "asked")]

    def test_what_was_being_paused_goes_on(self):
        s = make(runs=9)
        opened(s)
        tell(s, Started(0, 0), PauseAsked(1, "Ctrl-C"), Opened(9))
        tell(s, Lost(9, 0, "the engine ended", counts=False), Lost(9, 1, "", counts=False))
        assert launches(tell(s, SlotsChanged(9, 2))) == [(0, 2), (1, 2)]


class TestHold:
    def test_nothing_is_launched_until_it_is_released(self):
        s = make(runs=3, concurrent=1)
        opened(s)
        assert tell(s, LaunchesHeld(1, "disk"), Started(1, 0), Completed(2, 0)) == []
        assert s.held == "disk"
        assert not s.done
        assert launches(tell(s, LaunchesReleased(3))) == [(1, 1)]

    def test_what_is_short_is_looked_at_anew_when_a_sweep_is_opened(self):
        s = make(runs=3, concurrent=1)
        opened(s)
        tell(s, LaunchesHeld(1, "disk"), PauseAsked(1, "x"), Stopped(2, 0), Opened(3))
        assert s.held == ""


def redefined(s, rerun=(), **changes):
    return Redefined(50, {**s.definition.to_wire(), **changes}, tuple(rerun))


class TestRedefinition:
    def finished(self, **arguments):
        s = make(runs=2, concurrent=2, **arguments)
        opened(s)
        tell(s, Started(0, 0), Started(0, 1), Reported(1, 0, 0.9), Reported(1, 1, 0.8))
        tell(s, Completed(2, 0), Failed(2, 1, "boom"))
        assert s.status is SweepStatus.COMPLETED
        return s

    def test_a_finished_sweep_goes_on_with_more_runs(self):
        s = self.finished()
        assert tell(s, redefined(s, max_total_jobs=4)) == []
        assert s.status is SweepStatus.PAUSED
        assert launches(tell(s, Opened(60), SlotsChanged(60, 2))) == [(2, 1), (3, 1)]

    def test_and_with_more_time(self):
        s = make(runs=2, concurrent=1, duration_minutes=1)
        opened(s)
        tell(s, Started(0, 0), TimePassed(60), Stopped(61, 0))
        assert s.status is SweepStatus.COMPLETED
        tell(s, redefined(s, max_duration_minutes=3), Opened(100), SlotsChanged(100, 1))
        assert s.next_deadline == pytest.approx(100 + 120 - 1)

    def test_runs_that_are_over_run_again(self):
        s = self.finished()
        tell(s, redefined(s, rerun=[1]))
        assert launches(tell(s, Opened(60), SlotsChanged(60, 2))) == [(1, 2)]
        tell(s, Started(61, 1), Completed(62, 1))
        assert s.status is SweepStatus.COMPLETED
        assert s.runs[1].state is RunState.COMPLETED

    def test_nothing_more_to_do_is_said_at_once(self):
        s = self.finished()
        tell(s, redefined(s))
        assert tell(s, Opened(60)) == [Finish(SweepStatus.COMPLETED, "")]

    def test_only_what_is_over_can_run_again(self):
        s = make(runs=1)
        opened(s)
        with pytest.raises(IllegalEvent, match="it is not over"):
            tell(s, redefined(s, rerun=[0]))
        with pytest.raises(IllegalEvent, match="there is no run 7"):
            tell(s, redefined(s, rerun=[7]))

    def test_another_policy_knows_what_was_reported(self):
        s = self.finished(policy=NoTerminationPolicy())
        bandit = BanditPolicy(slack_factor=0.1).to_wire()
        tell(s, redefined(s, max_total_jobs=3, policy_config=bandit))
        tell(s, Opened(60), SlotsChanged(60, 1), Started(60, 2))
        (stop,) = tell(s, Reported(61, 2, 0.1))
        assert "BanditPolicy: best 0.1 after 1 report is below the cut-off" in stop.reason

    def test_and_whom_it_has_stopped(self):
        s = make(runs=3, policy=BanditPolicy(slack_factor=0.1))
        opened(s)
        tell(s, Started(0, 0), Started(0, 1), Reported(1, 0, 0.9), Reported(1, 1, 0.1))
        tell(s, Stopped(2, 1), PauseAsked(2, "x"), Stopped(2, 0))
        truncation = TruncationSelectionPolicy(50).to_wire()
        tell(s, redefined(s, policy_config=truncation), Opened(60), SlotsChanged(60, 2))
        assert s.board.population == 1, "run 0 begins anew"
        assert s.board.best(1) == 0.1

    def test_a_broken_script_may_have_been_mended(self):
        s = make(runs=3, concurrent=1)
        opened(s)
        for run in range(3):
            tell(s, Started(0, run), Failed(1, run, "boom"))
        assert s.status is SweepStatus.FAILED
        tell(s, redefined(s, rerun=[0, 1, 2]), Opened(60), SlotsChanged(60, 1))
        for run in range(2):
            tell(s, Started(61, run), Failed(62, run, "boom"))
        assert not s.done

    def test_a_canceled_run_that_runs_again_is_not_told_of_twice(self):
        s = make(runs=1)
        opened(s)
        tell(s, Started(0, 0), CancelAsked(1, 0, "x"), Stopped(1, 0))
        tell(s, redefined(s, rerun=[0]), Opened(60), SlotsChanged(60, 1))
        tell(s, Started(61, 0), Completed(62, 0))
        assert s.runs[0].reason == ""
