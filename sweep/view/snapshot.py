"""A sweep at one moment, as a JSON value: what a widget in a notebook draws."""

from __future__ import annotations

import math
import time
from typing import Any

from sweep.core.ranking import ranked
from sweep.core.words import configuration_text, duration, fit, number, plain
from sweep.errors import UserError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.data import SweepData, sweep_data
from sweep.view.draw import figure_of
from sweep.view.figure import BEST, STATUS_COLOURS
from sweep.view.kinds import by_outcome, outcome
from sweep.view.standing import most_runs, status_of

MOST_CURVES = 150
MOST_POINTS = 150
MOST_LINES = 300
MOST_ROWS = 15
LONGEST = 110


def snapshot(reader: SweepReader, folder: SweepFolder) -> dict[str, Any]:
    """Return a sweep as it is now; of many runs, the best ones."""
    status = status_of(reader, folder)  # first: what is over has all of its runs
    data = sweep_data(reader, folder)
    best = data.ordered[0] if data.ordered else None
    counts = {word: len(rows) for word, rows in by_outcome(data.rows).items()}
    over = sum(counts.get(w, 0) for w in ("completed", "stopped early", "failed", "canceled"))
    return {
        "id": plain(folder.id),
        "experiment": plain(reader.get("experiment")),
        "status": status,
        "reason": plain(reader.get("status")[1]),
        "metric": plain(data.metric),
        "goal": data.goal.value,
        "over": over,
        "total": most_runs(reader.get("definition")),
        "counts": counts,
        "colours": STATUS_COLOURS,
        "bestColour": BEST,
        "time": duration(_seconds(data.rows)),
        "best": None if best is None else _row(best),
        "curves": _curves(data),
        "rows": [_row(row) for row in _shown(data)],
        **_parallel(data),
    }


def _seconds(rows: list[RunRow]) -> float | None:
    starts = [row.launched_at for row in rows if row.launched_at is not None]
    if not starts:
        return None
    live = any(row.ended_at is None for row in rows)
    ends = [row.ended_at for row in rows if row.ended_at is not None]
    return (time.time() if live else max(ends)) - min(starts)


def _shown(data: SweepData) -> list[RunRow]:
    """Return the best runs, and those that are at work."""
    order = ranked(data.rows, lambda row: row.best, data.goal)
    working = [row for row in order if outcome(row) == "running"]
    return (working + [row for row in order if row not in working])[:MOST_ROWS]


def _row(row: RunRow) -> dict[str, Any]:
    return {
        "run": row.number,
        "outcome": outcome(row),
        "best": number(row.best),
        "last": number(row.last if row.last is None or math.isfinite(row.last) else None),
        "reports": row.reports,
        "hyperparameters": fit(configuration_text(row.configuration), LONGEST),
        "reason": fit(row.reason, 2 * LONGEST),
    }


def _curves(data: SweepData) -> list[dict[str, Any]]:
    found = []
    for row in data.ordered[:MOST_CURVES]:
        values = data.curves.get(row.number, [])
        step = max(1, math.ceil(len(values) / MOST_POINTS))
        places = [*range(0, len(values), step)]
        if values and places[-1] != len(values) - 1:
            places.append(len(values) - 1)
        points = [[n + 1, values[n]] for n in places if math.isfinite(values[n])]
        if points:
            found.append({"run": row.number, "outcome": outcome(row), "points": points})
    return found


def _parallel(data: SweepData) -> dict[str, Any]:
    """Return the axes and lines of parallel coordinates; none where nothing differs."""
    try:
        drawn = figure_of(data, "parallel").parallel
    except UserError:
        return {"axes": [], "lines": []}
    assert drawn is not None, "it is of that kind"
    low, high = min(drawn.shades), max(drawn.shades)
    lines = []
    for n, shade in enumerate(drawn.shades):
        share = (shade - low) / (high - low) if high > low else 1.0
        places = [d.places[n] for d in drawn.dimensions]
        lines.append(
            {
                "shade": share if drawn.best_is_high else 1 - share,
                "places": [None if math.isnan(place) else place for place in places],
            }
        )
    axes = [{"label": d.label, "ticks": [[p, t] for p, t in d.ticks]} for d in drawn.dimensions]
    return {"axes": axes, "lines": lines[-MOST_LINES:]}
