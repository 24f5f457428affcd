"""Figures of how a sweep went: history, curves, timeline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sweep.core.words import configuration_text, counted, duration, number, plain
from sweep.errors import UserError
from sweep.storage.reader import RunRow
from sweep.view.data import SweepData, best_so_far, with_results
from sweep.view.figure import (
    BEST,
    STATUS_COLOURS,
    Axis,
    Bars,
    Figure,
    Line,
    Mark,
    Panel,
    Points,
)

MOST_CURVES = 2000
"""So many curves are drawn at most: those of the best runs."""


def outcome(row: RunRow) -> str:
    """Return how a run stands, as a reader sees it."""
    if row.status == "Canceled":
        return "stopped early" if row.verdict else "canceled"
    words = {"Completed": "completed", "Failed": "failed", "NotStarted": "waiting"}
    return words.get(row.status, "waiting" if row.status == "Queued" else "running")


def about(row: RunRow) -> str:
    """Return what a page says of a run when one points at it."""
    made = counted(row.reports, "report")
    head = f"run {row.number}: {number(row.best)}, {outcome(row)} after {made}"
    values = configuration_text(row.configuration).split("  ")
    return plain("\n".join([head, *values]))


def by_outcome(rows: Sequence[RunRow]) -> dict[str, list[RunRow]]:
    """Return runs by how they stand, in the order of the colours."""
    found: dict[str, list[RunRow]] = {word: [] for word in STATUS_COLOURS}
    for row in rows:
        found[outcome(row)].append(row)
    return {word: some for word, some in found.items() if some}


def history(data: SweepData) -> Figure:
    """Every run's best value in the order of sampling, and the best of all so far."""
    rows = with_results(data)
    marks: list[Mark] = [
        Points(
            [float(row.number) for row in some],
            [row.best or 0.0 for row in some],
            STATUS_COLOURS[word],
            name=word,
            hover=[about(row) for row in some],
        )
        for word, some in by_outcome(rows).items()
    ]
    tops = best_so_far([row.best or 0.0 for row in rows], data.goal)
    numbers = [float(row.number) for row in rows]
    marks.append(Line(numbers, tops, BEST, 2.0, name="best so far", step=True))
    metric = Axis(f"best {plain(data.metric)}")
    return Figure(f"History of {data.id}", [Panel(Axis("run", whole=True), metric, marks)])


def curves(data: SweepData) -> Figure:
    """What every run has reported, report by report; the best run on top."""
    if not any(data.curves.values()):
        with_results(data)
    best = data.ordered[0].number if data.ordered else None
    shown = [row for row in data.ordered if data.curves.get(row.number)][:MOST_CURVES]
    marks: list[Mark] = []
    for word, rows in by_outcome(shown[::-1]).items():
        for place, row in enumerate(rows):
            values = data.curves[row.number]
            x = [float(n) for n in range(1, len(values) + 1)]
            name = word if not place else ""
            colour, hover = STATUS_COLOURS[word], about(row)
            if row.number != best:
                marks.append(Line(x, values, colour, 1.0, 0.55, name, hover=hover))
            if word == "stopped early":  # where it ended
                marks.append(Points(x[-1:], values[-1:], colour, size=4, hover=[hover]))
    if best is not None:
        values = data.curves.get(best, [])
        x = [float(n) for n in range(1, len(values) + 1)]
        row = data.ordered[0]
        marks.append(Line(x, values, BEST, 2.5, name=f"best: run {best}", hover=about(row)))
    left_out = sum(map(bool, data.curves.values())) - len(shown)
    note = f"{left_out} more runs are not drawn" if left_out > 0 else ""
    panel = Panel(Axis("report", whole=True), Axis(plain(data.metric)), marks)
    return Figure(f"Learning curves of {data.id}", [panel], note=note)


def timeline(data: SweepData) -> Figure:
    """When each run was at work, the oldest at the top."""
    rows = [row for row in data.rows if (row.started_at or row.launched_at) is not None]
    if not rows:
        raise UserError(f"{data.id}: no run has been started: there is nothing to draw")
    starts = {row.number: row.started_at or row.launched_at or 0.0 for row in rows}
    first = min(starts.values())
    last = max(row.ended_at or starts[row.number] for row in rows)
    scale, unit = _unit(last - first)
    place = {row.number: float(n) for n, row in enumerate(rows)}
    marks: list[Mark] = []
    for word, some in by_outcome(rows).items():
        lengths = [(row.ended_at or last) - starts[row.number] for row in some]
        marks.append(
            Bars(
                [place[row.number] for row in some],
                [length / scale for length in lengths],
                [(starts[row.number] - first) / scale for row in some],
                colour=STATUS_COLOURS[word],
                name=word,
                hover=[
                    f"{about(row)}\n{duration(length)}"
                    for row, length in zip(some, lengths, strict=True)
                ],
            )
        )
    levels = [str(row.number) for row in rows]
    panel = Panel(Axis(f"{unit} since the first start"), Axis("run", levels=levels), marks)
    return Figure(f"Timeline of {data.id}", [panel], note=_parallelism(rows, starts, first, last))


def _parallelism(rows: list[RunRow], starts: dict[int, float], first: float, last: float) -> str:
    busy = math.fsum((row.ended_at or last) - starts[row.number] for row in rows)
    if last <= first:
        return ""
    return f"{duration(last - first)}, {busy / (last - first):.1f} runs at one time on average"


def _unit(seconds: float) -> tuple[float, str]:
    for scale, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds > 3 * scale:
            return scale, unit
    return 1.0, "seconds"
