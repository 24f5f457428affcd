"""A figure of what other policies would have done: where each stops, and what it keeps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sweep.core.words import counted, number, plain
from sweep.view.figure import (
    BEST,
    PALE,
    STATUS_COLOURS,
    Axis,
    Figure,
    Line,
    Mark,
    Panel,
    Points,
)
from sweep.view.recorded import Recording
from sweep.view.what_if import Outcome, Past

PALETTE = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#999999"),
)
"""Of Okabe and Ito: told apart by all eyes."""
WENT_ON, STOPPED = STATUS_COLOURS["completed"], STATUS_COLOURS["stopped early"]


def replayed(past: Past, outcomes: Sequence[Outcome]) -> Figure:
    """Draw the curves under each policy; of several, first what each makes and keeps.

    Args:
        past: the runs that were recorded.
        outcomes: what policies would have made of them, one at least.
    """
    stopping = next((n for n, one in enumerate(outcomes) if one.stopped), 0)  # has the legend
    panels = [_curves(past, one, named=n == stopping) for n, one in enumerate(outcomes)]
    if len(outcomes) > 1:
        panels = [
            Panel(panel.x, panel.y, panel.marks, f"{n} {panel.title}")
            for n, panel in enumerate(panels, 1)
        ]
        panels.insert(0, _kept(past, outcomes))
    note = counted(len(past.recordings), "run") + ", played again"
    if past.cut_short:
        note += (
            f"; {past.cut_short} had been stopped early: what they would have come to is unknown"
        )
    return Figure(f"Other policies on {plain(past.name)}", panels, note=note)


def _kept(past: Past, outcomes: Sequence[Outcome]) -> Panel:
    """Reports that would have been made, against the best value that they would have reached."""
    marks = [
        Points(
            [100 * one.reports[0] / max(1, one.reports[1])],
            [one.best[1]],
            PALETTE[n % len(PALETTE)],
            size=8,
            name=f"{n + 1} {one.kind}{', winner lost' if one.lost else ''}",
            hover=[f"{one.name}: run {one.best[0]}, {number(one.best[1])}"],
        )
        for n, one in enumerate(outcomes)
        if one.best is not None
    ]
    x = Axis("reports made, % of all")
    return Panel(x, Axis(f"best {plain(past.metric)} kept"), marks, "What it takes, what it keeps")


def _curves(past: Past, one: Outcome, *, named: bool) -> Panel:
    """The curves of all runs, pale from where the policy would have stopped them."""
    winner = one.winner[0] if one.winner else None
    others = [r for r in past.recordings if r.number != winner]
    stopped = [r for r in others if r.number in one.stopped]
    went_on = [r for r in others if r.number not in one.stopped]
    first = [r for r in past.recordings if r.number == winner]
    names = ("saved", "went on", "stopped", f"winner: run {winner}") if named else ("",) * 4
    marks: list[Mark] = [
        _joined(((r, one.ends(r) - 1, len(r.values)) for r in stopped), PALE, names[0], width=0.8),
        _joined(((r, 0, one.ends(r)) for r in went_on), WENT_ON, names[1], opacity=0.55),
        _joined(((r, 0, one.ends(r)) for r in stopped), STOPPED, names[2], opacity=0.7),
        _joined(((r, one.ends(r) - 1, len(r.values)) for r in first), BEST, width=2, opacity=0.35),
        _joined(((r, 0, one.ends(r)) for r in first), BEST, names[3], width=2.5),
    ]
    for some, colour in ((stopped, STOPPED), (first, BEST)):
        ends = [r for r in some if r.number in one.stopped]
        x, y = [float(one.ends(r)) for r in ends], [r.values[one.ends(r) - 1] for r in ends]
        hover = [plain(f"run {r.number}: {one.stopped[r.number].reason}") for r in ends]
        marks.append(Points(x, y, colour, size=4, hover=hover))
    metric = Axis(plain(past.metric))
    title = f"{one.kind}\n{one.words}" if one.words else one.kind
    shown = [mark for mark in marks if not isinstance(mark, (Line, Points)) or mark.x]
    return Panel(Axis("report", whole=True), metric, shown, title)


def _joined(
    parts: Iterable[tuple[Recording, int, int]],
    colour: str,
    name: str = "",
    *,
    width: float = 1.0,
    opacity: float = 1.0,
) -> Line:
    """Return parts of many curves as one line with gaps: so many lines would be slow in a page."""
    x: list[float] = []
    y: list[float] = []
    for one, begin, end in parts:
        if end - begin > (begin > 0):  # from a report on there must be another one
            x += [*map(float, range(begin + 1, end + 1)), math.nan]
            y += [*one.values[begin:end], math.nan]
    return Line(x, y, colour, width, opacity, name if x else "")
