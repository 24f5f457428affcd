"""Stories of sweeps: events in, commands out."""

from __future__ import annotations

import math

import pytest

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from samplers import GridParameterSampling, RandomParameterSampling, choice, uniform
from sweep.core.commands import Command, Finish, Launch, Stop, SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import (
    CancelAsked,
    Completed,
    Event,
    Failed,
    Lost,
    Opened,
    PauseAsked,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
    TimePassed,
)
from sweep.core.failure import Attempts
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.core.single import Single
from sweep.errors import IllegalEvent


def make(
    runs: int = 9,
    concurrent: int = 2,
    policy: EarlyTerminationPolicy | None = None,
    goal: Goal = Goal.MAXIMIZE,
    **limits: object,
) -> Scheduler:
    sampling = GridParameterSampling({"x": choice(*range(9))})
    return Scheduler(
        SweepDefinition(
            sampling,
            "accuracy",
            goal,
            Limits(runs, concurrent, **limits),
            policy or NoTerminationPolicy(),
        )
    )


def tell(s: Scheduler, *events: Event) -> list[Command]:
    return [command for event in events for command in s.handle(event)]


def opened(s: Scheduler, slots: int = 2) -> list[Command]:
    return tell(s, Opened(0), SlotsChanged(0, slots))


def test_story_of_a_sweep():
    s = make(runs=3, policy=BanditPolicy(slack_factor=0.2))
    assert opened(s) == [Launch(0, 1, {"x": 0}), Launch(1, 1, {"x": 1})]
    assert tell(s, Started(1, 0), Started(1, 1), Reported(2, 0, 0.9)) == []
    [stop] = tell(s, Reported(3, 1, 0.1))
    assert isinstance(stop, Stop)
    assert stop.reason == (
        "BanditPolicy: best 0.1 after 1 report is below the cut-off 0.75"
        " (slack_factor 0.2 around 0.9, the best of run 0 by then)"
    )
    assert s.runs[1].state is RunState.STOPPING
    assert tell(s, Stopped(4, 1)) == [Launch(2, 1, {"x": 2})]
    assert tell(s, Completed(5, 0), Started(5, 2)) == []
    assert tell(s, Completed(6, 2)) == [Finish(SweepStatus.COMPLETED, "")]
    assert [r.state for r in s.runs.values()] == [
        RunState.COMPLETED,
        RunState.CANCELED,
        RunState.COMPLETED,
    ]
    assert s.evaluations == 2
    assert s.done


def test_nothing_is_launched_before_there_is_a_slot():
    s = make()
    assert tell(s, Opened(0)) == []
    assert tell(s, SlotsChanged(1, 1)) == [Launch(0, 1, {"x": 0})]
    assert tell(s, SlotsChanged(2, 9)) == [Launch(1, 1, {"x": 1})], "two at a time were asked for"


def test_an_exhausted_space_ends_the_sweep_early():
    s = make(runs=100, concurrent=100)
    assert len(opened(s, 100)) == 9
    done = tell(s, *[e for n in range(9) for e in (Started(1, n), Completed(2, n))])
    assert done == [Finish(SweepStatus.COMPLETED, "")]


def test_a_stopped_run_may_still_speak_and_may_win_the_race():
    s = make(runs=2, policy=BanditPolicy(slack_factor=0))
    opened(s)
    tell(s, Started(1, 0), Started(1, 1), Reported(1, 0, 0.9))
    assert len(tell(s, Reported(2, 1, 0.1))) == 1
    assert tell(s, Reported(3, 1, 0.05)) == [], "nobody is stopped twice"
    tell(s, Completed(4, 1))
    assert s.runs[1].state is RunState.COMPLETED


def test_a_run_stopped_before_it_has_started():
    s = make(runs=1)
    opened(s)
    assert tell(s, CancelAsked(1, 0, "asked")) == [Stop(0, "asked")]
    assert tell(s, Started(2, 0)) == []
    assert tell(s, Stopped(3, 0)) == [Finish(SweepStatus.COMPLETED, "")]
    assert s.runs[0].state is RunState.CANCELED


class TestLoss:
    def test_a_lost_run_starts_over(self):
        s = make(policy=BanditPolicy(slack_factor=0.2))
        opened(s)
        tell(s, Started(1, 0), Reported(1, 0, 0.9))
        assert s.board.leader == 0
        assert tell(s, Lost(2, 0, "slot gone")) == [Launch(0, 2, {"x": 0})]
        assert s.board.leader is None
        assert (s.runs[0].reports, s.runs[0].last) == (0, None)

    def test_not_for_ever(self):
        s = make(runs=1, attempts=Attempts(3))
        opened(s)
        for attempt in (2, 3):
            assert tell(s, Lost(1, 0, "node gone")) == [Launch(0, attempt, {"x": 0})]
        finish = tell(s, Lost(1, 0, "node gone"))
        assert finish == [Finish(SweepStatus.FAILED, "every run has failed")]
        assert s.runs[0].reason == "lost 3 times, the last time: node gone"

    def test_a_run_is_not_to_blame_for_the_engine(self):
        s = make(runs=1, attempts=Attempts(1))
        opened(s)
        for _ in range(5):
            relaunched = tell(
                s, Opened(9), Lost(9, 0, "the engine ended", counts=False), SlotsChanged(9, 1)
            )
            assert [type(c) for c in relaunched] == [Launch]

    def test_the_lost_go_first_in_the_order_of_their_numbers(self):
        s = make(runs=9, concurrent=3)
        opened(s, 3)
        tell(s, SlotsChanged(1, 0), Lost(1, 2, "x"), Lost(1, 0, "x"))
        assert [c.run for c in tell(s, SlotsChanged(2, 3))] == [0, 2]

    def test_a_run_lost_while_it_is_being_stopped_is_over(self):
        s = make(runs=1)
        opened(s)
        tell(s, Started(1, 0), CancelAsked(1, 0, "asked"))
        assert tell(s, Lost(2, 0, "slot gone")) == [Finish(SweepStatus.COMPLETED, "")]
        assert s.runs[0].state is RunState.CANCELED


class TestFailures:
    def test_a_failed_run_does_not_end_the_sweep(self):
        s = make(runs=2, concurrent=1)
        opened(s)
        assert tell(s, Started(1, 0), Failed(2, 0, "boom")) == [Launch(1, 1, {"x": 1})]
        assert s.runs[0].reason == "boom"
        finish = tell(s, Started(3, 1), Completed(4, 1))
        assert finish == [Finish(SweepStatus.COMPLETED, "")]

    def test_if_all_fail_the_sweep_fails(self):
        s = make(runs=2, concurrent=1)
        opened(s)
        finish = tell(s, Failed(1, 0, "a"), Failed(1, 1, "b"))[-1]
        assert finish == Finish(SweepStatus.FAILED, "every run has failed")

    def test_the_first_three_all_failing_are_enough(self):
        s = make(runs=9, concurrent=2)
        opened(s)
        tell(s, Started(1, 1), Failed(1, 0, "NameError: x"), Failed(1, 1, "b"))
        commands = tell(s, Started(2, 3), Failed(2, 2, "c"))
        reason = "the first 3 runs all failed; run 2: c"
        assert commands == [Stop(3, reason)]
        assert tell(s, Stopped(3, 3)) == [Finish(SweepStatus.FAILED, reason)]

    def test_unless_something_has_worked(self):
        s = make(runs=9, concurrent=1)
        opened(s)
        tell(s, Started(1, 0), Completed(1, 0))
        for n in range(1, 8):
            assert [type(c) for c in tell(s, Failed(2, n, "boom"))] == [Launch]

    def test_or_it_was_switched_off(self):
        s = make(runs=9, concurrent=1, consecutive_failures=None)
        opened(s)
        for n in range(8):
            assert [type(c) for c in tell(s, Failed(2, n, "boom"))] == [Launch]

    def test_a_failure_during_the_end_changes_nothing(self):
        s = make(runs=9, concurrent=3, consecutive_failures=1)
        opened(s, 3)
        tell(s, Started(1, 0), CancelAsked(1, None, "asked"))
        tell(s, Stopped(2, 0), Stopped(2, 1))
        assert tell(s, Stopped(2, 2)) == [Finish(SweepStatus.CANCELED, "asked")]


class TestTime:
    def test_a_run_has_its_time(self):
        s = make(runs=1, run_seconds=60)
        opened(s)
        assert s.next_deadline == 10080 * 60
        tell(s, Started(5, 0))
        assert s.next_deadline == 65
        assert tell(s, TimePassed(64)) == []
        [stop] = tell(s, TimePassed(65))
        assert stop == Stop(0, "timeout: it ran for 60 s, the most a run may take")
        tell(s, Stopped(66, 0))
        assert s.runs[0].state is RunState.CANCELED

    def test_a_new_attempt_has_its_own_time(self):
        s = make(runs=1, run_seconds=60)
        opened(s)
        tell(s, Started(0, 0), Lost(50, 0, "x"), Started(55, 0))
        assert s.next_deadline == 115
        assert tell(s, TimePassed(100)) == []

    def test_the_sweep_has_its_time(self):
        s = make(duration_minutes=1)
        opened(s)
        tell(s, Started(1, 0), Started(1, 1), Lost(2, 1, "x"))
        commands = tell(s, TimePassed(60))
        reason = "timeout: the sweep's 1 minutes are over"
        assert commands == [Stop(0, reason), Stop(1, reason)]
        assert s.next_deadline == math.inf
        assert tell(s, Stopped(61, 0), Stopped(61, 1))[-1] == Finish(SweepStatus.COMPLETED, reason)

    def test_runs_that_wait_are_cancelled_with_it(self):
        s = make(duration_minutes=1)
        opened(s)
        tell(s, SlotsChanged(1, 0), Lost(1, 0, "x"), Lost(1, 1, "x"))
        assert tell(s, TimePassed(60))[-1].status is SweepStatus.COMPLETED
        assert [r.state for r in s.runs.values()] == [RunState.CANCELED] * 2

    def test_time_between_a_crash_and_a_resume_is_not_taken_from_it(self):
        s = make(duration_minutes=1)
        opened(s)
        tell(s, Started(10, 0))
        tell(s, Opened(1000))
        assert s.next_deadline == 1050

    def test_before_it_is_opened_there_is_no_deadline(self):
        assert make().next_deadline == math.inf


class TestCancel:
    def test_the_whole_sweep(self):
        s = make()
        opened(s)
        tell(s, Started(1, 0), CancelAsked(1, 0, "one"))
        assert tell(s, CancelAsked(2, None, "all")) == [Stop(1, "all")]
        assert tell(s, Stopped(3, 0)) == []
        assert tell(s, Stopped(3, 1)) == [Finish(SweepStatus.CANCELED, "all")]

    def test_a_run_that_waits(self):
        s = make(runs=2, concurrent=2)
        opened(s)
        tell(s, SlotsChanged(1, 0), Lost(1, 0, "x"), Lost(1, 1, "x"))
        assert tell(s, CancelAsked(2, 1, "asked")) == []
        assert s.runs[1].state is RunState.CANCELED
        assert tell(s, SlotsChanged(3, 2)) == [Launch(0, 2, {"x": 0})]

    def test_a_run_that_is_over_stays_as_it_is(self):
        s = make(runs=2, concurrent=1)
        opened(s)
        tell(s, Started(1, 0), Completed(1, 0))
        assert tell(s, CancelAsked(2, 0, "asked")) == []
        assert s.runs[0].state is RunState.COMPLETED


class TestPause:
    def test_what_runs_will_run_again(self):
        s = make(runs=3)
        opened(s)
        tell(s, Started(1, 0), Started(1, 1))
        assert tell(s, PauseAsked(2, "Ctrl-C")) == [Stop(0, "Ctrl-C"), Stop(1, "Ctrl-C")]
        tell(s, Stopped(3, 0))
        assert tell(s, Completed(3, 1)) == [Finish(SweepStatus.PAUSED, "Ctrl-C")]
        assert s.runs[0].state is RunState.WAITING
        assert tell(s, Opened(9)) == []
        launched = tell(s, SlotsChanged(9, 2))
        assert launched == [Launch(0, 2, {"x": 0}), Launch(2, 1, {"x": 2})]

    def test_lost_while_pausing_waits_too(self):
        s = make(runs=1, attempts=Attempts(1))
        opened(s)
        tell(s, Started(1, 0), PauseAsked(2, "Ctrl-C"))
        assert tell(s, Lost(3, 0, "x")) == [Finish(SweepStatus.PAUSED, "Ctrl-C")]
        assert s.runs[0].state is RunState.WAITING

    def test_a_run_that_a_policy_stops_does_not_come_back(self):
        s = make(runs=2, policy=BanditPolicy(slack_factor=0))
        opened(s)
        tell(s, Started(1, 0), Started(1, 1), Reported(1, 0, 0.9), Reported(1, 1, 0.1))
        tell(s, PauseAsked(2, "Ctrl-C"), Stopped(3, 1), Stopped(3, 0))
        assert s.runs[1].state is RunState.CANCELED

    def test_a_pause_may_become_a_cancellation_but_not_the_reverse(self):
        s = make(runs=2)
        opened(s)
        tell(s, Started(1, 0), PauseAsked(2, "pause"), CancelAsked(3, None, "cancel"))
        tell(s, PauseAsked(4, "pause"), Stopped(5, 0))
        assert tell(s, Stopped(5, 1)) == [Finish(SweepStatus.CANCELED, "cancel")]
        assert [r.state for r in s.runs.values()] == [RunState.CANCELED] * 2

    def test_one_run_of_a_paused_sweep_may_be_cancelled(self):
        s = make(runs=2)
        opened(s)
        tell(s, Started(1, 0), PauseAsked(2, "pause"), CancelAsked(3, 0, "cancel"))
        tell(s, Stopped(5, 0), Stopped(5, 1))
        assert [r.state for r in s.runs.values()] == [RunState.CANCELED, RunState.WAITING]


class TestIllegal:
    def test_event_names_run_and_state(self):
        s = make()
        opened(s)
        tell(s, Started(1, 0), Completed(1, 0))
        with pytest.raises(
            IllegalEvent, match="run 0 is Completed in attempt 1 and cannot take Reported"
        ):
            s.handle(Reported(2, 0, 0.5))
        with pytest.raises(IllegalEvent, match="there is no run 77 for Completed"):
            s.handle(Completed(2, 77))

    def test_a_finished_sweep_takes_nothing(self):
        s = make(runs=1)
        opened(s)
        tell(s, Started(1, 0), Completed(1, 0))
        with pytest.raises(IllegalEvent, match="the sweep is Completed and cannot take SlotsCh"):
            s.handle(SlotsChanged(2, 5))
        with pytest.raises(IllegalEvent, match="cannot be opened again"):
            s.handle(Opened(2))


class TestSampler:
    """What a sampler that learns is told."""

    class Spy:
        def __init__(self) -> None:
            self.told: list[tuple[object, float | None]] = []
            self.asked: list[tuple[int, int]] = []
            self.name, self.exact = "SPY", False
            self.seed, self.space, self.properties, self.defaults = 0, None, {}, {}

        def sampler(self):
            return self

        def ask(self, number, pending=()):
            self.asked.append((number, len(pending)))
            return {"x": number}

        def tell(self, configuration, loss, course=None):
            self.told.append((configuration["x"], loss))

    def start(self, goal: Goal) -> tuple[Spy, Scheduler]:
        spy = self.Spy()
        s = Scheduler(SweepDefinition(spy, "m", goal, Limits(4, 2)))
        opened(s)
        return spy, s

    @pytest.mark.parametrize(("goal", "loss"), [(Goal.MAXIMIZE, -0.7), (Goal.MINIMIZE, 0.3)])
    def test_the_best_so_far_of_every_run_that_is_over(self, goal, loss):
        spy, s = self.start(goal)
        tell(s, Started(1, 0), Reported(1, 0, 0.3), Reported(1, 0, 0.7), Completed(2, 0))
        tell(s, Failed(2, 1, "boom"), Started(2, 2), Reported(2, 2, math.nan), Completed(3, 2))
        assert spy.told == [(0, loss), (1, None), (2, None)]
        assert spy.asked == [(0, 0), (1, 1), (2, 1), (3, 1)]

    def test_a_replay_adopts_what_was_recorded(self):
        spy = self.Spy()
        again = Scheduler(SweepDefinition(spy, "m", Goal.MAXIMIZE, Limits(4, 2)))
        again.replay(Opened(0), [])
        recorded: list[Command] = [Launch(0, 1, {"x": 70}), Launch(1, 1, {"x": 71})]
        assert again.replay(SlotsChanged(0, 2), recorded) == recorded
        assert spy.asked == []
        assert again.handle(Failed(1, 0, "x")) == [Launch(2, 1, {"x": 2})]

    def test_a_replay_of_exact_sampling_decides_anew(self):
        s = make()
        s.replay(Opened(0), [])
        launched = s.replay(SlotsChanged(0, 1), [Launch(0, 1, {"x": 5})])
        assert launched == [Launch(0, 1, {"x": 0})]


def test_truncation_drops_those_it_has_stopped():
    s = make(runs=4, concurrent=4, policy=TruncationSelectionPolicy(50))
    opened(s, 4)
    tell(s, *[Started(1, n) for n in range(4)])
    stops = [c.run for n in (3, 2, 1, 0) for c in tell(s, Reported(1, n, n / 10))]
    assert stops == [2, 1, 0]


def test_a_lone_run():
    s = Scheduler(SweepDefinition(Single(), "m", Goal.MAXIMIZE, Limits(1, 1)))
    assert opened(s) == [Launch(0, 1, {})]
    assert tell(s, Started(1, 0), Completed(2, 0)) == [Finish(SweepStatus.COMPLETED, "")]


def test_live_runs_are_listed():
    s = make()
    opened(s)
    assert [r.number for r in s.live] == [0, 1]


@pytest.mark.parametrize(
    "sampling",
    [RandomParameterSampling({"lr": uniform(0, 1)}, seed=3, rule="sobol"), Single()],
)
def test_definition_round_trip(sampling):
    definition = SweepDefinition(
        sampling,
        "m",
        Goal.MINIMIZE,
        Limits(9, 3, 2.5, 60.0, None, 1),
        BanditPolicy(slack_amount=0.5),
    )
    again = SweepDefinition.from_wire(definition.to_wire())
    assert again.to_wire() == definition.to_wire()
    assert again.limits == definition.limits


def test_a_lone_run_has_no_space():
    alone = Single()
    assert alone.seeded(3) is alone
    assert alone.defaults == alone.properties == {}
    assert alone.ask(1) is None
    with pytest.raises(LookupError, match="no space"):
        _ = alone.space
