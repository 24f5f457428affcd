"""Sweeps that know of earlier ones before their first run."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from policies import (
    BanditPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    choice,
    uniform,
)
from sweep.core.commands import Launch, Stop
from sweep.core.definition import Limits, SweepDefinition, begun_with
from sweep.core.events import Completed, Opened, Redefined, Reported, SlotsChanged, Started
from sweep.core.prior import NOTHING, Prior, Trial
from sweep.core.scheduler import Scheduler

GRID = GridParameterSampling({"x": choice(*range(9))})


def definition(prior, policy=None, sampling=GRID, runs=9):
    return SweepDefinition(
        sampling, "m", Goal.MAXIMIZE, Limits(runs, 1), policy or NoTerminationPolicy(), prior
    )


def launched(s, count):
    """The first configurations, each completed with its value 0.5 before the next."""
    found = []
    commands = [*s.handle(Opened(0)), *s.handle(SlotsChanged(0, 1))]
    while len(found) < count:
        [launch] = [c for c in commands if isinstance(c, Launch)]
        found.append(launch.configuration)
        s.handle(Started(1, launch.run))
        s.handle(Reported(1, launch.run, 0.5))
        commands = s.handle(Completed(1, launch.run))
    return found


@pytest.mark.parametrize(
    "policy",
    [
        BanditPolicy(slack_factor=0.1),
        MedianStoppingPolicy(),
        TruncationSelectionPolicy(truncation_percentage=50),
    ],
    ids=lambda policy: type(policy).__name__,
)
def test_a_policy_compares_with_earlier_trials(policy):
    trials = tuple(Trial({"x": 1}, (value,)) for value in (0.9, 0.8, 0.7))
    for prior, stops in ((NOTHING, False), (Prior(trials), True)):
        s = Scheduler(definition(prior, policy))
        s.handle(Opened(0))
        s.handle(SlotsChanged(0, 1))
        s.handle(Started(1, 0))
        commands = s.handle(Reported(2, 0, 0.1))
        assert any(isinstance(c, Stop) for c in commands) is stops
    if isinstance(policy, BanditPolicy):
        assert "around 0.9, the best of a run of an earlier sweep by then" in commands[0].reason


def test_trials_are_none_of_the_sweeps_own_runs():
    s = Scheduler(definition(Prior((Trial({"x": 1}, (0.9,)),)), runs=2))
    assert launched(s, 1) == [{"x": 0}]
    assert list(s.runs) == [0, 1]


def test_trials_that_a_policy_has_stopped_leave_the_tail_of_the_field_free():
    policy = TruncationSelectionPolicy(truncation_percentage=50)
    bad = Trial({"x": 1}, (0.1,), stopped=True)
    s = Scheduler(definition(Prior((bad, Trial({"x": 2}, (0.9,)))), policy))
    s.handle(Opened(0))
    s.handle(SlotsChanged(0, 1))
    s.handle(Started(1, 0))
    [stop] = s.handle(Reported(2, 0, 0.5))
    assert "ranks 2 of 2" in stop.reason


@pytest.mark.parametrize(
    "sampling", [GRID, RandomParameterSampling({"x": choice(*range(9))}, seed=3)]
)
def test_given_configurations_come_first_and_the_sampler_begins_behind_them(sampling):
    given = ({"x": 7}, {"x": "of another space"})
    plain = launched(Scheduler(definition(NOTHING, sampling=sampling)), 3)
    found = launched(Scheduler(definition(Prior((), given), sampling=sampling)), 5)
    assert found == [*given, *plain]


def test_given_configurations_count_as_runs():
    s = Scheduler(definition(Prior((), ({"x": 7}, {"x": 8})), runs=2))
    assert launched(s, 2) == [{"x": 7}, {"x": 8}]
    assert s.done


def test_a_sampler_that_learns_is_told_of_earlier_outcomes():
    space = {"x": uniform(0, 1)}
    sampling = BayesianParameterSampling(space, seed=1, initial_points=5)
    trials = tuple(Trial({"x": x / 10}, (-((x / 10 - 0.32) ** 2),)) for x in range(11))
    [first] = launched(Scheduler(definition(Prior(trials), sampling=sampling)), 1)
    [without] = launched(Scheduler(definition(NOTHING, sampling=sampling)), 1)
    assert abs(first["x"] - 0.32) < 0.1
    assert first != without


def test_it_is_the_same_when_it_is_kept_and_read():
    prior = Prior(
        (Trial({"x": {"a": 1}}, (0.5, math.nan), stopped=True), Trial({"x": 2})),
        ({"x": 3},),
    )
    wire = json.loads(json.dumps(prior.to_wire(), allow_nan=False))
    again = Prior.from_wire(wire)
    assert repr(again) == repr(prior)
    assert Prior.from_wire(None) is NOTHING
    plain = replace(definition(again), prior=NOTHING)
    facts = {"definition": plain.to_wire(), "prior": wire}
    assert repr(begun_with(facts).prior) == repr(prior)


def test_it_outlives_another_definition():
    prior = Prior((Trial({"x": 1}, (0.9,)),), ({"x": 7},))
    swept = definition(prior, BanditPolicy(slack_factor=0.5), runs=2)
    s = Scheduler(swept)
    launched(s, 2)
    further = replace(swept, limits=Limits(3, 1), policy=BanditPolicy(slack_factor=0.1))
    s.handle(Redefined(2, further.to_wire()))
    assert s.definition.prior == prior
    s.handle(Opened(3))
    [launch] = s.handle(SlotsChanged(3, 1))
    assert launch == Launch(2, 1, {"x": 1})
    s.handle(Started(3, 2))
    [stop] = s.handle(Reported(4, 2, 0.7))
    assert "an earlier sweep" in stop.reason
