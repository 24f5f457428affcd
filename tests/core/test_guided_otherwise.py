"""A sweep that goes on with other points to evaluate, or other refusals."""

from __future__ import annotations

from typing import Any

import pytest

from policies import Goal, NoTerminationPolicy
from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    choice,
    randint,
)
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Completed, Event, Opened, Redefined, Reported, SlotsChanged, Started
from sweep.core.replay import replay
from sweep.core.scheduler import Scheduler

GRID = {"a": choice(*range(6))}
WIDE = {"k": randint(10**6)}


def wire(kind: Any, space: Any, runs: int, each: int = 1, **settings: Any) -> dict[str, Any]:
    limits = Limits(runs, 1, consecutive_failures=None, replicates=each)
    sampling = kind(space, seed=1, **settings)
    return SweepDefinition(sampling, "m", Goal.MAXIMIZE, limits, NoTerminationPolicy()).to_wire()


def played(*wires: dict[str, Any], name: str = "a") -> list[Any]:
    """Return what was run with each of several definitions, one after the other, to its end."""
    scheduler = Scheduler(SweepDefinition.from_wire(wires[0]))
    entries: list[Any] = []

    def tell(*events: Event) -> None:
        entries.extend((event, scheduler.handle(event)) for event in events)

    found: list[list[Any]] = []
    for place, one in enumerate(wires):
        before = len(scheduler.runs)
        if place:
            tell(Redefined(0.0, one))
        tell(Opened(0.0), SlotsChanged(0.0, 1))
        while scheduler.live:
            [record] = scheduler.live
            number = record.number
            tell(Started(0.0, number), Reported(0.0, number, 0.5), Completed(0.0, number))
        runs = [*scheduler.runs.values()][before:]
        found.append([record.configuration[name] for record in runs])
    again = Scheduler(SweepDefinition.from_wire(wires[0]))
    replay(again, [((), entry) for entry in entries])
    assert [r.configuration for r in again.runs.values()] == [
        r.configuration for r in scheduler.runs.values()
    ]
    return found


def test_a_grid_neither_repeats_nor_skips_when_more_is_refused():
    grid = GridParameterSampling
    first, then, more = (
        wire(grid, GRID, 2),
        wire(grid, GRID, 4, refuse={"a": [0, 3]}),
        wire(grid, GRID, 9, refuse={"a": [0, 3]}),
    )
    assert played(first, then, more) == [[0, 1], [2, 4], [5]]


def test_what_is_no_longer_refused_is_run_then():
    grid = GridParameterSampling
    first, then = wire(grid, GRID, 2, refuse={"a": [0, 1]}), wire(grid, GRID, 9)
    assert played(first, then) == [[2, 3], [0, 1, 4, 5]]


def test_points_that_are_added_come_next():
    grid = GridParameterSampling
    first = wire(grid, GRID, 2, points_to_evaluate=[{"a": 4}])
    then = wire(grid, GRID, 9, points_to_evaluate=[{"a": 4}, {"a": 0}, {"a": 5}])
    assert played(first, then) == [[4, 0], [5, 1, 2, 3]]


def test_with_replicates():
    grid = GridParameterSampling
    first, then = wire(grid, GRID, 4, 2), wire(grid, GRID, 8, 2, refuse={"a": [0, 2]})
    assert played(first, then) == [[0, 0, 1, 1], [3, 3, 4, 4]]


@pytest.mark.parametrize("kind", [RandomParameterSampling, BayesianParameterSampling])
def test_others_do_not_repeat_themselves(kind):
    first = wire(kind, WIDE, 5)
    then = wire(kind, WIDE, 9, points_to_evaluate=[{"k": 7}, {"k": 8}])
    one, other = played(first, then, name="k")
    assert other[:2] == [7, 8]
    assert len({*one, *other}) == 9


def test_further_and_nothing_else_is_as_if_it_had_been_one_sweep():
    settings = {"points_to_evaluate": [{"k": 700_000}], "refuse": {"k": [0, 300_000]}}
    kind = RandomParameterSampling
    one, other = played(wire(kind, WIDE, 3, **settings), wire(kind, WIDE, 6, **settings), name="k")
    assert [one + other] == played(wire(kind, WIDE, 6, **settings), name="k")
