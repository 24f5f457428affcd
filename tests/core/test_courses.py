"""What a sampler that learns is told of how runs came to what they are."""

from __future__ import annotations

import math
from typing import Any

import pytest

from policies import BanditPolicy, Goal
from samplers import (
    BayesianParameterSampling,
    Configuration,
    Course,
    RandomParameterSampling,
    uniform,
)
from sweep.core.codec import pack_command, unpack_command
from sweep.core.commands import Command
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import (
    CancelAsked,
    Completed,
    Event,
    Opened,
    Redefined,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
)
from sweep.core.prior import NOTHING, Prior, Trial
from sweep.core.replay import replay
from sweep.core.scheduler import Scheduler

POLICY = BanditPolicy(slack_amount=0.1, delay_evaluation=2)
GOOD, BAD = (0.2, 0.7, 0.8, 0.9), (0.2, 0.1)


class Told(RandomParameterSampling):
    """A sampling that keeps what its samplers are told."""

    exact = False  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__({"x": uniform(0, 1)}, seed=1)
        self.told: list[tuple[Any, float | None, Course | None]] = []

    def sampler(self, begun: Any = ()) -> Any:
        self.told.clear()
        return self

    def ask(self, number: int, pending: Any = ()) -> Configuration:
        return {"x": number}

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        self.told.append((configuration["x"], loss, course))


def begun(sampling: Any, prior: Prior = NOTHING, replicates: int = 1) -> Scheduler:
    limits = Limits(9, 3, replicates=replicates)
    scheduler = Scheduler(SweepDefinition(sampling, "m", Goal.MAXIMIZE, limits, POLICY, prior))
    scheduler.handle(Opened(0))
    scheduler.handle(SlotsChanged(0, 3))
    return scheduler


def run(scheduler: Scheduler, number: int, *values: float) -> list[tuple[Event, list[Command]]]:
    events: list[Event] = [Started(1, number), *(Reported(1, number, v) for v in values)]
    return [(event, scheduler.handle(event)) for event in events]


GOOD_TOLD = (0, -0.9, Course(((1, -0.2), (2, -0.7), (3, -0.8), (4, -0.9)), whole=True))
BAD_TOLD = (1, -0.2, Course(((1, -0.2), (2, -0.2)), whole=False))


def one_stopped(sampling: Any) -> Scheduler:
    """Return a sweep in which run 0 is completed, and run 1 stopped."""
    scheduler = begun(sampling)
    run(scheduler, 0, *GOOD)
    scheduler.handle(Completed(2, 0))
    run(scheduler, 1, *BAD)
    scheduler.handle(Stopped(2, 1))
    return scheduler


def test_how_far_a_run_came_and_whether_it_was_stopped() -> None:
    one_stopped(sampling := Told())
    assert sampling.told == [GOOD_TOLD, BAD_TOLD]


def test_one_that_wins_the_race_against_its_stop_is_whole() -> None:
    scheduler = begun(sampling := Told())
    run(scheduler, 0, *GOOD)
    run(scheduler, 1, *BAD)
    scheduler.handle(Completed(2, 1))
    assert sampling.told == [(1, -0.2, Course(BAD_TOLD[2].steps, whole=True))]


def test_one_that_has_diverged_before_it_was_stopped_is_whole() -> None:
    scheduler = begun(sampling := Told())
    run(scheduler, 0, *GOOD)
    run(scheduler, 1, 0.2, math.nan)
    scheduler.handle(Stopped(2, 1))
    assert sampling.told == [(1, -0.2, Course(BAD_TOLD[2].steps, whole=True))]


def test_one_that_a_user_has_cancelled_counts_as_it_is() -> None:
    scheduler = begun(sampling := Told())
    run(scheduler, 1, *BAD)
    scheduler.handle(CancelAsked(2, 1, "enough"))
    scheduler.handle(Stopped(2, 1))
    assert sampling.told == [(1, -0.2, Course(BAD_TOLD[2].steps, whole=True))]


def test_another_definition_learns_the_same() -> None:
    sampling = BayesianParameterSampling({"x": uniform(0, 1)}, seed=1, initial_points=2)
    long, short = (
        SweepDefinition(sampling, "m", Goal.MAXIMIZE, Limits(runs, 1), POLICY) for runs in (7, 6)
    )
    one, other = Scheduler(long), Scheduler(short)
    for scheduler in (one, other):
        scheduler.handle(Opened(0))
        scheduler.handle(SlotsChanged(0, 1))
        for number in range(0, 6, 2):
            run(scheduler, number, *(value + number / 100 for value in GOOD))
            scheduler.handle(Completed(2, number))
            run(scheduler, number + 1, *BAD)
            scheduler.handle(Stopped(2, number + 1))
    other.handle(Redefined(5, long.to_wire(), ()))
    other.handle(Opened(6))
    other.handle(SlotsChanged(6, 1))
    assert other.runs[6].configuration == one.runs[6].configuration


def test_of_earlier_sweeps_as_well() -> None:
    trials = (Trial({"x": 0}, GOOD), Trial({"x": 1}, BAD, stopped=True))
    begun(sampling := Told(), Prior(trials))
    assert sampling.told == [GOOD_TOLD, BAD_TOLD]


def test_after_a_resume_it_is_the_same() -> None:
    first = Told()
    scheduler = Scheduler(
        SweepDefinition(first, "m", Goal.MAXIMIZE, Limits(9, 3), POLICY, NOTHING)
    )
    events: list[Event] = [Opened(0), SlotsChanged(0, 3)]
    events += [Started(1, 0), *(Reported(1, 0, v) for v in GOOD), Completed(2, 0)]
    events += [Started(1, 1), *(Reported(1, 1, v) for v in BAD), Stopped(2, 1)]
    kept = [(event, scheduler.handle(event)) for event in events]
    stored = [(e, [unpack_command(pack_command(c)) for c in cs]) for e, cs in kept]
    second = Told()
    again = Scheduler(SweepDefinition(second, "m", Goal.MAXIMIZE, Limits(9, 3), POLICY, NOTHING))
    assert replay(again, [((), entry) for entry in stored]) == len(stored)
    assert second.told == first.told == [GOOD_TOLD, BAD_TOLD]


def test_the_mean_of_several_runs_has_none() -> None:
    scheduler = begun(sampling := Told(), replicates=3)
    for number in range(3):
        run(scheduler, number, *GOOD)
        scheduler.handle(Completed(2, number))
    assert sampling.told == [(0, pytest.approx(-0.9), None)]


def test_who_learns_nothing_is_told_no_course(monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Told()
    monkeypatch.setattr(sampling, "exact", True)
    one_stopped(sampling)
    assert [told[2] for told in sampling.told] == [None, None]
