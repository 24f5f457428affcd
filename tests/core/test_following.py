"""Many reports at once lead to the very state, and to the very differences, of one by one."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from policies import BanditPolicy, Goal, MedianStoppingPolicy, NoTerminationPolicy
from samplers import RandomParameterSampling, uniform
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Completed, Failed, Lost, Opened, Reported, SlotsChanged, Started
from sweep.core.events import Stopped as Gone
from sweep.core.following import follow
from sweep.core.replay import Entry, Past, replay
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.errors import Diverged

POLICIES = [
    BanditPolicy(slack_factor=0.2),
    BanditPolicy(slack_factor=0),
    BanditPolicy(slack_factor=3, evaluation_interval=3, delay_evaluation=2),
    BanditPolicy(slack_amount=0.5, delay_evaluation=5),
    NoTerminationPolicy(),
    MedianStoppingPolicy(),
]
LEVELS = [-1.0, 0.0, 0.5, 0.8 - 0.2, 0.6, 2.0]  # some are the same, or nearly


def definition(dice: random.Random) -> SweepDefinition:
    return SweepDefinition(
        RandomParameterSampling({"x": uniform(0, 1)}, seed=1),
        "m",
        dice.choice([*Goal]),
        Limits(dice.randint(2, 12), dice.randint(1, 4), stop_diverged=dice.random() < 0.2),
        dice.choice(POLICIES),
    )


def value(dice: random.Random) -> float:
    if dice.random() < 0.02:
        return dice.choice([math.nan, math.inf, -math.inf])
    return dice.choice([dice.choice(LEVELS), dice.uniform(-1, 1), dice.uniform(0, 9)])


def story(dice: random.Random, defined: SweepDefinition) -> list[Entry]:
    """Return the journal of a sweep in which reports come in streaks."""
    scheduler, at = Scheduler(defined), 0.0
    entries: list[Entry] = []

    def tell(event: Any) -> None:
        entries.append((event, scheduler.handle(event)))

    tell(Opened(at))
    tell(SlotsChanged(at, 4))
    while not scheduler.done and len(entries) < 1000:
        at += dice.random() - 0.1  # clocks may be set back
        record = dice.choice(scheduler.live)
        run = record.number
        if record.state is RunState.QUEUED:
            tell(Started(at, run))
        elif dice.random() < 0.9:
            speaking = [r.number for r in scheduler.live if r.state is not RunState.QUEUED]
            for _ in range(dice.randint(1, 9)):
                tell(Reported(at, dice.choice(speaking), value(dice)))
        elif record.state is RunState.STOPPING:
            tell(Gone(at, run))
        else:
            ends = Completed(at, run), Failed(at, run, "boom"), Lost(at, run, "gone", counts=False)
            tell(dice.choice(ends))
    return entries


def past(entries: list[Entry], most: int) -> Iterator[Past]:
    """Yield a journal as a store does, `most` reports at a time."""
    reports = []
    for event, commands in entries:
        if type(event) is Reported and not commands and event.value < math.inf:
            reports.append((event.run, event.value, event.at, None))
            if len(reports) == most:
                yield reports, None
                reports = []
        else:
            yield reports, (event, commands)
            reports = []
    yield reports, None


def outcome(defined: SweepDefinition, entries: list[Entry], most: int) -> Any:
    """Return all that a replay leads to: a difference, or a state."""
    scheduler = Scheduler(defined)
    try:
        count = replay(scheduler, past(entries, most))
    except Diverged as error:
        return str(error)
    board = scheduler.board
    curves = {run: ([*c.scores], c.best) for run, c in board._curves.items()}
    records = [asdict(record) for record in scheduler.runs.values()]
    tops = [*board._tops], [*board._holders], board.leader, board.population
    times = scheduler._times._now, scheduler.next_deadline
    return repr((count, records, curves, tops, scheduler.evaluations, times))


@pytest.mark.parametrize("seed", range(60))
def test_the_state_is_the_same(seed):
    dice = random.Random(seed)
    defined = definition(dice)
    entries = story(dice, defined)
    assert outcome(defined, entries, 1000) == outcome(defined, entries, 1)
    assert outcome(defined, entries, 7) == outcome(defined, entries, 1)


@pytest.mark.parametrize("seed", range(60))
def test_the_first_difference_is_the_same(seed):
    dice = random.Random(seed)
    defined = definition(dice)
    entries = story(dice, defined)
    other = replace(defined, policy=dice.choice(POLICIES))
    assert outcome(other, entries, 1000) == outcome(other, entries, 1)


def test_reports_that_cannot_have_been_are_named_alike():
    defined = replace(definition(random.Random(0)), policy=POLICIES[4])
    entries = story(random.Random(0), defined)
    place = next(n for n, (event, _) in enumerate(entries) if type(event) is Reported)
    entries[place : place + 1] = [(Reported(1.0, run, 0.5), []) for run in (0, 0, 99, 0, 0)]
    difference = outcome(defined, entries, 1000)
    assert "there is no run 99" in difference
    assert difference == outcome(defined, entries, 1)


def test_most_reports_are_handled_many_at_once():
    scheduler = Scheduler(replace(definition(random.Random(3)), policy=POLICIES[2]))
    for event in (Opened(0.0), SlotsChanged(0.0, 2), Started(0.0, 0), Started(0.0, 1)):
        scheduler.handle(event)
    reports = [(n % 2, 1.0 + n % 2, float(n), None) for n in range(100)]
    assert follow(scheduler._book, reports) == (100, 99.0)
    assert scheduler.evaluations == 2 * sum(map(POLICIES[2].due, range(1, 51)))


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_judgements_are_counted_as_they_are_due(policy):
    for before in range(12):
        for interval in range(before, 24):
            due = sum(map(policy.due, range(before + 1, interval + 1)))
            assert policy.dues(before, interval) == due
