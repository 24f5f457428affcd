"""Any legal story keeps the promises, and its journal replays to the same commands."""

from __future__ import annotations

import json
import math
import random
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
    GridParameterSampling,
    RandomParameterSampling,
    choice,
    loguniform,
    quniform,
    uniform,
)
from sweep.core import codec, events
from sweep.core.commands import Command, Finish, Launch, Stop, SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Event
from sweep.core.failure import Attempts
from sweep.core.run import LIVE, TERMINAL, TRANSITIONS, RunState
from sweep.core.scheduler import Scheduler

SAMPLINGS = [
    GridParameterSampling({"x": choice(*range(7)), "y": quniform(0, 3, 1)}),
    RandomParameterSampling({"lr": loguniform(-6, 1), "n": choice(1, 2)}, seed=5),
    RandomParameterSampling({"lr": uniform(0, 1), "n": choice(1, 2)}, seed=5, rule="sobol"),
]
POLICIES = [
    BanditPolicy(slack_factor=0.1),
    MedianStoppingPolicy(2, 3),
    TruncationSelectionPolicy(40),
    NoTerminationPolicy(),
]


def definition(dice: random.Random) -> SweepDefinition:
    return SweepDefinition(
        dice.choice(SAMPLINGS),
        "m",
        dice.choice([*Goal]),
        Limits(
            runs=dice.randint(1, 25),
            concurrent=dice.randint(1, 6),
            duration_minutes=dice.choice([5, 1000]),
            run_seconds=dice.choice([None, 50.0]),
            consecutive_failures=dice.choice([None, 3]),
            attempts=Attempts(dice.randint(1, 3), {"error": dice.randint(1, 2)}),
            idle_seconds=dice.choice([None, 20.0]),
            first_report_seconds=dice.choice([None, 15.0]),
            stop_diverged=dice.random() < 0.3,
        ),
        dice.choice(POLICIES),
    )


def value(dice: random.Random) -> float:
    return dice.choice(
        [dice.random(), dice.random(), round(dice.random(), 1), math.nan, -math.inf]
    )


def next_event(s: Scheduler, dice: random.Random, at: float) -> Event:  # noqa: C901 - a list
    """Something that may happen now; mostly to runs, now and then to the sweep."""
    kind = dice.random()
    if kind < 0.02:
        return events.SlotsChanged(at, dice.randint(0, 7), dice.randint(1, 3))
    if kind < 0.025:
        return events.CancelAsked(at, dice.choice([None, *s.runs]), "asked")
    if kind < 0.03:
        return events.PauseAsked(at, "pause")
    if kind < 0.04:
        return events.LaunchesReleased(at) if s.held else events.LaunchesHeld(at, "full")
    if kind < 0.05 or not s.live:
        return events.SlotsChanged(at, 5) if dice.random() < 0.5 else events.TimePassed(at)
    if kind < 0.06:
        return events.NodeReleased(at, "b")
    if kind < 0.07:
        return events.Invalidated(at, dice.choice([*s.runs]), "wrong")
    if kind < 0.08:
        return events.ConcurrencySet(at, dice.randint(1, 6))
    run = dice.choice(s.live)
    legal = [k for (state, k) in TRANSITIONS if state is run.state]
    chosen = dice.choice([k for k in legal if k is not events.Lost] * 6 + legal)
    if chosen is events.Reported:
        return events.Reported(at, run.number, value(dice), dice.choice([None, 3.0]))
    if chosen is events.Failed:
        return events.Failed(at, run.number, "boom")
    if chosen is events.Lost:
        return events.Lost(at, run.number, "gone", dice.random() < 0.5)
    if chosen is events.Started:
        return events.Started(at, run.number, dice.choice(["", "a", "b"]))
    return chosen(at, run.number)


def story(  # noqa: C901 - a list
    seed: int,
) -> tuple[SweepDefinition, list[tuple[Event, list[Command]]], Scheduler]:
    dice = random.Random(seed)
    first = swept = definition(dice)
    s, told, at = Scheduler(swept), [], 0.0
    stopped: set[tuple[int, int]] = set()
    launched: list[tuple[int, int]] = []
    slots = 0
    event: Event = events.Opened(at)
    for _ in range(3000):
        before = len(s.live)
        commands = s.handle(event)
        told.append((event, commands))
        if isinstance(event, events.SlotsChanged):
            slots = event.slots
        if isinstance(event, events.Opened):
            slots = 0
        if isinstance(event, events.ConcurrencySet):
            swept = replace(swept, limits=replace(swept.limits, concurrent=event.concurrent))
        for command in commands:
            match command:
                case Launch(run, attempt):
                    launched.append((run, attempt))
                case Stop(run, reason):
                    assert reason
                    assert (run, s.runs[run].attempt) not in stopped, "nobody is stopped twice"
                    stopped.add((run, s.runs[run].attempt))
        live = [r for r in s.runs.values() if r.state in LIVE]
        assert live == sorted(s.live, key=lambda r: r.number)
        limit = min(slots, swept.limits.concurrent)
        assert len(live) <= max(limit, before), "never more live runs than slots"
        assert len(s.runs) <= swept.limits.runs
        if s.status is SweepStatus.PAUSED:
            assert not s.live
            at += 500
            event = events.Opened(at)
            over = [n for n, r in s.runs.items() if r.state in TERMINAL]
            if over and dice.random() < 0.5:
                swept = replace(swept, policy=dice.choice(POLICIES))
                again = tuple(dice.sample(over, dice.randint(0, min(2, len(over)))))
                wire = json.loads(json.dumps(swept.to_wire()))
                event = events.Redefined(at, wire, again)
            continue
        if s.done:
            break
        at += dice.choice([0.0, 0.5, 10.0])
        event = next_event(s, dice, at)
    assert len(launched) == len(set(launched)), "no attempt is launched twice"
    return first, told, s


@pytest.mark.parametrize("seed", range(150))
def test_any_legal_story(seed):
    swept, told, s = story(seed)
    if s.done:
        assert [r for r in s.runs.values() if r.state not in TERMINAL] == []
        assert isinstance(told[-1][1][-1], Finish)
    for record in s.runs.values():
        assert (record.state is RunState.WAITING and record.attempt > 0) or record.attempt >= 1
        if record.state in (RunState.CANCELED, RunState.FAILED):
            assert record.reason, "every stop has a reason"

    # The journal: the same commands from the same events, also after a trip through JSON.
    again = Scheduler(SweepDefinition.from_wire(json.loads(json.dumps(swept.to_wire()))))
    for event, commands in told:
        kind, at, run, rest = codec.pack_event(event)
        packed = json.loads(json.dumps([codec.pack_command(c) for c in commands]))
        same = codec.unpack_event(kind, at, run, json.loads(json.dumps(rest)))
        assert repr(same) == repr(event)
        recorded = [codec.unpack_command(c) for c in packed]
        assert repr(recorded) == repr(commands)
        assert repr(again.replay(same, recorded)) == repr(commands)
    assert repr(again.runs) == repr(s.runs)


def test_stories_are_varied():
    """The walk above is worth its time only if it reaches everything."""
    reached = {(type(e).__name__) for seed in range(60) for e, _ in story(seed)[1]}
    assert reached == {kind.__name__ for kind in codec.EVENTS}
    ends = {story(seed)[2].status for seed in range(60)}
    assert ends >= {SweepStatus.COMPLETED, SweepStatus.FAILED, SweepStatus.CANCELED}


def test_no_such_command():
    with pytest.raises(ValueError, match="no such command"):
        codec.unpack_command(["dance", 1])
