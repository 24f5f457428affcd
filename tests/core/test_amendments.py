"""What somebody changes in a sweep: it counts from then on, and in every replay."""

from __future__ import annotations

import math

import pytest

from policies import BanditPolicy, Goal, NoTerminationPolicy
from samplers import BayesianParameterSampling, uniform
from sweep.core import codec
from sweep.core.commands import Finish, Launch, Stop, SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import (
    Completed,
    ConcurrencySet,
    Invalidated,
    Opened,
    PauseAsked,
    Redefined,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
)
from sweep.core.prior import Prior, Trial
from sweep.core.replay import replay
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.errors import IllegalEvent
from tests.core.test_scheduler import make, tell

WRONG = "invalidated: wrong data"


def begun(scheduler, slots=2):
    tell(scheduler, Opened(0), SlotsChanged(0, slots))
    return scheduler


def test_a_run_that_is_over_is_the_best_no_longer():
    s = begun(make(policy=BanditPolicy(slack_amount=0.1)))
    tell(s, Started(1, 0), Started(1, 1), Reported(2, 0, 0.9), Completed(3, 0))
    assert tell(s, Invalidated(4, 0, "wrong data")) == []
    assert (s.runs[0].state, s.runs[0].reason) == (RunState.COMPLETED, WRONG)
    assert s.board.best(0) == -math.inf
    assert tell(s, Reported(5, 1, 0.3)) == []  # the policy has nothing to compare it with


def test_a_run_that_goes_on_is_stopped_and_counts_for_nothing():
    s = begun(make())
    tell(s, Started(1, 0), Reported(2, 0, 0.9))
    assert tell(s, Invalidated(3, 0, "wrong data")) == [Stop(0, WRONG)]
    assert s.board.leader is None
    tell(s, Reported(4, 0, 0.95))
    assert tell(s, Stopped(5, 0)) == [Launch(2, 1, {"x": 2})]
    assert (s.runs[0].state, s.board.best(0)) == (RunState.CANCELED, -math.inf)


def test_a_run_that_was_to_be_paused_does_not_run_again():
    s = begun(make())
    tell(s, Started(1, 0), Started(1, 1), PauseAsked(2, "later"))
    assert tell(s, Invalidated(3, 0, "wrong data")) == []
    tell(s, Stopped(4, 0), Stopped(4, 1))
    assert [s.runs[n].state for n in (0, 1)] == [RunState.CANCELED, RunState.WAITING]
    assert tell(s, Invalidated(5, 1, "wrong data")) == []  # nobody works on it now
    assert s.runs[1].state is RunState.CANCELED
    assert tell(s, Opened(6), SlotsChanged(6, 1)) == [Launch(2, 1, {"x": 2})]


def test_a_sweep_that_is_over_stays_so():
    s = begun(make(runs=1, concurrent=1))
    tell(s, Started(1, 0), Reported(2, 0, 0.9))
    assert tell(s, Completed(3, 0)) == [Finish(SweepStatus.COMPLETED, "")]
    assert tell(s, Invalidated(9, 0, "wrong data")) == []
    assert (s.status, s.board.leader) == (SweepStatus.COMPLETED, None)


def test_it_may_run_again_and_count():
    s = begun(make(runs=1, concurrent=1))
    tell(s, Started(1, 0), Reported(2, 0, 0.9), Completed(3, 0), Invalidated(4, 0, "wrong data"))
    tell(s, Redefined(5, s.definition.to_wire(), (0,)), Opened(6), SlotsChanged(6, 1))
    tell(s, Started(7, 0), Reported(8, 0, 0.5), Completed(9, 0))
    assert (s.board.best(0), s.runs[0].reason) == (0.5, "")


def test_no_such_run():
    with pytest.raises(IllegalEvent, match="no run 7"):
        tell(begun(make()), Invalidated(1, 7, "wrong data"))


def test_more_at_a_time_are_launched_at_once():
    s = begun(make(), slots=4)
    assert tell(s, ConcurrencySet(1, 3)) == [Launch(2, 1, {"x": 2})]
    assert s.definition.limits.concurrent == 3


def test_fewer_at_a_time_let_those_that_run_go_on():
    s = begun(make())
    assert tell(s, ConcurrencySet(1, 1), Started(1, 0), Started(1, 1), Completed(2, 0)) == []
    assert tell(s, Completed(3, 1)) == [Launch(2, 1, {"x": 2})]


def test_a_sampler_that_learns_forgets():
    """It goes on as one that was never told what the run had come to."""
    sampling = BayesianParameterSampling({"x": uniform(0, 1)}, seed=1, initial_points=8)
    definition = SweepDefinition(
        sampling, "m", Goal.MAXIMIZE, Limits(40, 1), NoTerminationPolicy()
    )

    def swept(lie, *amendment):
        s = begun(Scheduler(definition), slots=1)
        for number in range(8):
            x = s.runs[number].configuration["x"]
            value = lie if number == 2 else 1 - abs(x - 0.7)
            last = amendment if number == 7 else ()
            said = [] if value is None else [Reported(2, number, value)]
            tell(s, Started(1, number), *said, *last, Completed(3, number))
        return s.runs[8].configuration["x"]

    silent = swept(None)
    assert swept(50.0) != silent
    assert swept(50.0, Invalidated(3, 2, "wrong data")) == pytest.approx(silent)


def test_a_sampler_that_forgets_a_run_still_knows_of_earlier_sweeps():
    sampling = BayesianParameterSampling({"x": uniform(0, 1)}, seed=1, initial_points=5)
    trials = tuple(Trial({"x": x / 10}, (-((x / 10 - 0.32) ** 2),)) for x in range(11))
    definition = SweepDefinition(
        sampling, "m", Goal.MAXIMIZE, Limits(9, 1), NoTerminationPolicy(), Prior(trials)
    )
    s = begun(Scheduler(definition), slots=1)
    tell(s, Started(1, 0), Reported(2, 0, 9.0), Completed(3, 0))
    tell(s, Started(4, 1), Invalidated(5, 0, "wrong data"), Completed(6, 1))
    assert abs(s.runs[2].configuration["x"] - 0.32) < 0.1


def test_a_replay_comes_to_the_same():
    events = [
        *(Opened(0), SlotsChanged(0, 3), Started(1, 0), Started(1, 1), Reported(2, 0, 0.9)),
        *(ConcurrencySet(3, 3), Completed(4, 0), Invalidated(5, 0, "wrong data")),
        *(Reported(6, 1, 0.5), Invalidated(7, 1, "wrong too"), Stopped(8, 1)),
    ]
    first = make()
    entries = [(event, first.handle(event)) for event in events]
    packed = [(codec.pack_event(event), commands) for event, commands in entries]
    past = [([], (codec.unpack_event(*event), commands)) for event, commands in packed]
    second = make()
    assert replay(second, past) == len(events)
    assert second.runs == first.runs
    assert second.definition.to_wire() == first.definition.to_wire()
