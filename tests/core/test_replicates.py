"""Configurations that are each run several times."""

from __future__ import annotations

import math
from typing import Any

import pytest

from policies import BanditPolicy, Goal, NoTerminationPolicy
from samplers import GridParameterSampling, RandomParameterSampling, choice, randint
from sweep.core.codec import pack_command, unpack_command
from sweep.core.commands import Command, Finish, Launch, Stop, SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import (
    Completed,
    Event,
    Failed,
    Invalidated,
    Opened,
    PauseAsked,
    Redefined,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
)
from sweep.core.prior import Prior
from sweep.core.replay import replay
from sweep.core.replicates import aggregated, mean_of, seed_of
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler

SPACE = {"a": choice(10, 20, 30)}


class Told(RandomParameterSampling):
    """A sampling that keeps what its sampler is told and asked."""

    exact = False  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.told: list[tuple[Any, Any]] = []
        self.asked: list[tuple[int, list[Any]]] = []

    def sampler(self) -> Any:
        return self

    def ask(self, number: int, pending: Any = ()) -> Any:
        self.asked.append((number, list(pending)))
        return {"a": 10 * number}

    def tell(self, configuration: Any, loss: Any, course: Any = None) -> None:
        self.told.append((configuration["a"], loss))


class Story:
    """A sweep and what happened to it."""

    def __init__(self, definition: SweepDefinition, slots: int = 1) -> None:
        self.definition = definition
        self.scheduler = Scheduler(definition)
        self.entries: list[tuple[Event, list[Command]]] = []
        self.tell(Opened(0.0), SlotsChanged(0.0, slots))

    def tell(self, *events: Event) -> list[Command]:
        commands: list[Command] = []
        for event in events:
            commands = self.scheduler.handle(event)
            self.entries.append((event, commands))
        return commands

    def run(self, number: int, *values: float) -> list[Command]:
        self.tell(Started(1.0, number), *(Reported(1.0, number, value) for value in values))
        return self.tell(Completed(2.0, number))

    @property
    def places(self) -> list[Any]:
        return [record.place for record in self.scheduler.runs.values()]


def sweep(runs: int, each: int = 3, sampling: Any = None, policy: Any = None) -> SweepDefinition:
    return SweepDefinition(
        sampling or Told(SPACE),
        "m",
        Goal.MAXIMIZE,
        Limits(runs, runs, consecutive_failures=None, replicates=each),
        policy or NoTerminationPolicy(),
    )


def test_each_configuration_is_run_so_often_before_the_next():
    story = Story(sweep(6), slots=2)
    for number in range(6):
        commands = story.run(number, 0.5)
    assert story.places == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert [r.configuration["a"] for r in story.scheduler.runs.values()] == [0, 0, 0, 10, 10, 10]
    assert commands == [Finish(SweepStatus.COMPLETED, "")]


def test_a_sampler_is_told_the_mean_once_all_are_over():
    definition = sweep(6)
    story = Story(definition, slots=6)
    assert definition.sampling.asked == [(0, []), (1, [{"a": 0}])]
    for number, value in ((1, 0.5), (3, 0.25), (0, 0.1)):
        story.run(number, 0.0, value)
    assert definition.sampling.told == []
    story.run(2, 0.9, 0.2)
    assert definition.sampling.told == [(0, -0.5)]
    story.run(4, 0.25)
    story.run(5, 0.25)
    assert definition.sampling.told == [(0, -0.5), (10, -0.25)]


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([0.5, 1.0], 0.75),
        ([0.5, None], 0.5),
        ([0.5, math.nan], None),
        ([None, None], None),
        ([], None),
    ],
)
def test_what_runs_come_to(values, mean):
    assert mean_of(values) == mean


def test_the_mean_and_its_deviation():
    found = aggregated([(1, 3, 0.5), (0, 0, 1.0), (1, 4, 0.7), (0, 1, math.nan)])
    assert (found[1].runs, found[1].value) == ((3, 4), pytest.approx(0.6))
    assert found[1].deviation == pytest.approx(0.1414, abs=1e-4)
    assert (found[0].value, found[0].deviation) == (None, None)


def test_a_run_that_reports_no_finite_number_leaves_no_value():
    definition = sweep(3)
    story = Story(definition, slots=3)
    story.run(0, 0.5)
    story.run(1, math.nan)
    story.run(2, 0.5)
    assert definition.sampling.told == [(0, None)]


def test_one_that_has_not_reported_leaves_it_to_the_others():
    definition = sweep(3)
    story = Story(definition, slots=3)
    story.run(0, 0.5)
    story.tell(Failed(1.0, 1, "error"))
    story.run(2, 0.25)
    assert definition.sampling.told == [(0, -0.375)]


class TestNoMoreAreLaunched:
    def test_once_one_has_failed(self):
        definition = sweep(6)
        story = Story(definition)
        commands = story.tell(Started(1.0, 0), Failed(1.0, 0, "error"))
        assert commands == [Launch(1, 1, {"a": 10}, (1, 0))]
        assert definition.sampling.told == [(0, None)]
        for number in range(1, 4):
            commands = story.run(number, 0.5)
        assert commands == [Finish(SweepStatus.COMPLETED, "")], "two runs are left, no three"

    def test_once_a_policy_stops_one(self):
        definition = sweep(9, policy=BanditPolicy(slack_amount=0.1))
        story = Story(definition, slots=2)
        story.tell(Started(1.0, 0), Reported(1.0, 0, 0.9), Completed(1.0, 0))
        commands = story.tell(Started(1.0, 1), Reported(1.0, 1, 0.1))
        assert [type(command) for command in commands] == [Stop]
        assert story.places == [(0, 0), (0, 1), (0, 2)]
        story.tell(Stopped(1.0, 1))
        assert story.places[3:] == [(1, 0)]
        assert definition.sampling.told == [], "its third run goes on"
        story.run(2, 0.5)
        assert definition.sampling.told == [(0, pytest.approx(-0.5))]

    def test_while_one_is_still_to_end(self):
        definition = sweep(9, each=4, policy=BanditPolicy(slack_amount=0.1))
        story = Story(definition, slots=2)
        story.run(0, 0.9)
        story.tell(Started(1.0, 1), Reported(1.0, 1, 0.1))
        assert story.scheduler.runs[1].state is RunState.STOPPING
        assert story.run(2, 0.9) == [Launch(3, 1, {"a": 10}, (1, 0))]

    def test_but_the_slot_of_one_that_is_to_stop_waits_for_no_other_of_them(self):
        definition = sweep(9, policy=BanditPolicy(slack_amount=0.1))
        story = Story(definition, slots=1)
        story.run(0, 0.9)
        story.tell(Started(1.0, 1), Reported(1.0, 1, 0.1))
        assert story.tell(Stopped(1.0, 1)) == [Launch(2, 1, {"a": 10}, (1, 0))]
        assert definition.sampling.told == [(0, pytest.approx(-0.5))]


def test_a_configuration_is_begun_only_with_room_for_all():
    story = Story(sweep(5), slots=5)
    assert len(story.places) == 3
    for number in range(3):
        commands = story.run(number, 0.5)
    assert commands == [Finish(SweepStatus.COMPLETED, "")]


def test_a_lone_run_of_a_configuration_where_there_is_room_for_one():
    story = Story(sweep(1), slots=5)
    assert story.places == [(0, 0)]
    assert story.run(0, 0.5) == [Finish(SweepStatus.COMPLETED, "")]


def test_a_grid_and_given_configurations():
    grid = GridParameterSampling(SPACE)
    definition = sweep(20, each=2, sampling=grid)
    prior = Prior(given=({"a": 99},))
    story = Story(SweepDefinition(*_parts(definition), prior), slots=20)
    assert [r.configuration["a"] for r in story.scheduler.runs.values()] == [
        *(99, 99, 10, 10, 20, 20, 30, 30)
    ]


def _parts(d: SweepDefinition) -> tuple[Any, ...]:
    return d.sampling, d.metric, d.goal, d.limits, d.policy


def test_a_pause_and_the_past_once_more():
    sampling = RandomParameterSampling({"k": randint(1000)}, seed=1)
    definition = sweep(9, sampling=sampling, policy=BanditPolicy(slack_amount=0.1))
    story = Story(definition, slots=2)
    story.run(0, 0.9)
    story.tell(Started(2.0, 1), Reported(2.0, 1, 0.85), PauseAsked(3.0, "pause"))
    story.tell(Stopped(3.0, 1), Stopped(3.0, 2))
    again = Scheduler(SweepDefinition.from_wire(definition.to_wire()))
    kept = [(e, [unpack_command(pack_command(c)) for c in cs]) for e, cs in story.entries]
    assert replay(again, [((), entry) for entry in kept]) == len(kept)
    assert [r.place for r in again.runs.values()] == story.places
    commands = [c for e in (Opened(9.0), SlotsChanged(9.0, 3)) for c in again.handle(e)]
    assert [(c.run, c.place) for c in commands] == [(1, (0, 1)), (2, (0, 2)), (3, (1, 0))]


def test_a_run_again_is_counted_once():
    definition = sweep(2, each=2)
    story = Story(definition, slots=2)
    story.run(0, 0.5)
    story.run(1, 0.3)
    scheduler = story.scheduler
    sampling = Told(SPACE)
    wire = sweep(4, each=2, sampling=RandomParameterSampling(SPACE)).to_wire()
    scheduler.handle(Redefined(5.0, wire, (1,)))
    scheduler._book.lineup._sampler = sampling
    for event in (Opened(6.0), SlotsChanged(6.0, 1), Started(6.0, 1), Reported(6.0, 1, 0.1)):
        scheduler.handle(event)
    scheduler.handle(Completed(6.0, 1))
    assert sampling.told == [(0, pytest.approx(-0.3))]


def test_a_result_that_is_wrong_counts_no_longer():
    definition = sweep(3)
    story = Story(definition, slots=3)
    for number, value in enumerate((0.5, 0.75, 0.1)):
        story.run(number, value)
    definition.sampling.told.clear()
    story.scheduler.handle(Invalidated(9.0, 2, "wrong"))
    assert definition.sampling.told == [(0, -0.625)]
    assert story.scheduler.runs[2].state is RunState.COMPLETED


def test_the_stored_form():
    definition = sweep(6, sampling=RandomParameterSampling(SPACE, seed=1))
    wire = definition.to_wire()
    assert wire["replicates"] == 3
    assert SweepDefinition.from_wire(wire).limits.replicates == 3
    once = sweep(6, each=1, sampling=RandomParameterSampling(SPACE)).to_wire()
    assert "replicates" not in once
    launch = Launch(4, 1, {"a": 1}, (1, 1))
    assert pack_command(launch) == ["launch", 4, 1, {"a": 1}, [1, 1]]
    assert unpack_command(["launch", 4, 1, {"a": 1}]) == Launch(4, 1, {"a": 1})
    with pytest.raises(ValueError, match="no such place"):
        unpack_command(["launch", 4, 1, {"a": 1}, [1]])


def test_seeds_differ_between_replicates_and_not_between_configurations():
    seeds = {seed_of(7, (0, which)) for which in range(50)}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seed_of(7, (3, 2)) == seed_of(7, (0, 2)) != seed_of(8, (0, 2))
