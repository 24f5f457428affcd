"""Figures of what the hyperparameters do: slices, contours, parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from sweep.core.words import number, plain
from sweep.errors import UserError
from sweep.storage.reader import RunRow
from sweep.view.data import Column, SweepData, chosen, with_results
from sweep.view.figure import Axis, Dimension, Figure, Panel, Parallel, Points, Surface
from sweep.view.importance import RESOLUTION, Forest
from sweep.view.kinds import about

MOST_SLICES = 12
MOST_CONTOURS = 6
MOST_LEVELS = 12
"""So many texts have their places on one axis."""
TICKS = 5


def slices(data: SweepData, names: Sequence[str] = ()) -> Figure:
    """The best value of every run over each hyperparameter; the shade is the run's number."""
    rows = with_results(data)
    found = chosen(data, names)
    panels = []
    for column in found[:MOST_SLICES]:
        pairs = _placed(rows, [column])
        points = Points(
            [places[0] for _, places in pairs],
            [row.best or 0.0 for row, _ in pairs],
            shades=[float(row.number) for row, _ in pairs],
            hover=[about(row) for row, _ in pairs],
        )
        panels.append(Panel(axis_of(column), Axis(plain(data.metric)), [points]))
    note = _left_out(len(found), MOST_SLICES)
    return Figure(
        f"{plain(data.metric)} by hyperparameter: {data.id}", panels, note=note, shade="run"
    )


def contours(data: SweepData, names: Sequence[str] = ()) -> Figure:
    """What a random forest expects over pairs of hyperparameters, with the runs as points.

    The pairs are of the most important hyperparameters, or of those that are named.
    """
    rows = with_results(data)
    columns = chosen(data, names)
    if len(columns) < 2:
        raise UserError("contour: it takes two hyperparameters that differ among the runs")
    forest = Forest(data, columns)
    order = columns if names else [c for c, _, _ in forest.importance()]
    pairs = [*combinations(order[:4], 2)][:MOST_CONTOURS]
    panels = []
    for across, up in pairs:
        x, y, z = forest.surface(across, up, RESOLUTION)
        placed = _placed(rows, [across, up])
        points = Points(
            [places[0] for _, places in placed],
            [places[1] for _, places in placed],
            shades=[row.best or 0.0 for row, _ in placed],
            hover=[about(row) for row, _ in placed],
        )
        panels.append(Panel(axis_of(across), axis_of(up), [Surface(x, y, z), points]))
    return Figure(
        f"Expected {plain(data.metric)}: {data.id}",
        panels,
        note="mean of a random forest over the other hyperparameters; points are runs",
        shade=plain(data.metric),
        reverse=data.goal.value == "minimize",
    )


def parallel(data: SweepData, names: Sequence[str] = ()) -> Figure:
    """Every run as a line through its hyperparameters to its best value; the best on top."""
    with_results(data)
    rows = data.ordered[::-1]
    dimensions = [dimension(column) for column in chosen(data, names, rows)]
    values = [row.best or 0.0 for row in rows]
    result = Column(plain(data.metric), True, False, [*values])
    return Figure(
        f"Runs of {data.id}",
        parallel=Parallel(
            [*dimensions, dimension(result)],
            values,
            data.goal.value == "maximize",
            [about(row) for row in rows],
        ),
        shade=plain(data.metric),
        reverse=data.goal.value == "minimize",
    )


def axis_of(column: Column) -> Axis:
    """Return the axis of a hyperparameter."""
    return Axis(plain(column.name), column.log, column.levels)


def dimension(column: Column) -> Dimension:
    """Return a hyperparameter as an upright axis from 0 to 1."""
    known = map(column.place, column.values)
    places = [math.nan if place is None else column.scaled(place) for place in known]
    there = [p for p in places if not math.isnan(p)]
    low, high = min(there, default=0.0), max(there, default=1.0)
    span = (high - low) or 1.0
    if column.levels:
        step = max(1, math.ceil(len(column.levels) / MOST_LEVELS))
        ticks = [(float(n), column.levels[n]) for n in range(0, len(column.levels), step)]
    else:
        marked = {*there} or {low}  # a few numbers are all named, as are options of a choice
        if len(marked) > TICKS:
            marked = {low + span * n / (TICKS - 1) for n in range(TICKS)}
        ticks = [(t, _tick(column.unscaled(t))) for t in sorted(marked)]
    return Dimension(
        plain(column.name),
        [(p - low) / span for p in places],
        [((place - low) / span, text) for place, text in ticks],
    )


def _tick(value: float) -> str:
    return number(float(f"{value:.3g}"))


def _placed(rows: Sequence[RunRow], columns: Sequence[Column]) -> list[tuple[RunRow, list[float]]]:
    """Return the runs that have all of the hyperparameters, with their places."""
    found = []
    for n, row in enumerate(rows):
        places = [column.place(column.values[n]) for column in columns]
        known = [place for place in places if place is not None]
        if len(known) == len(places):
            found.append((row, known))
    return found


def _left_out(count: int, most: int) -> str:
    return f"{count - most} more are not drawn: name those you want" if count > most else ""
