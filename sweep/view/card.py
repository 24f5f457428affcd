"""Sweeps, runs and workspaces as a few lines of HTML: what a notebook shows of an object."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sweep.core.words import counted, duration, number, value_text, when
from sweep.errors import WorkspaceError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder
from sweep.view.figure import STATUS_COLOURS
from sweep.view.kinds import outcome
from sweep.view.snapshot import snapshot
from sweep.view.standing import status_of

MOST = 20
"""Rows of a table."""


def sweep_card(folder: SweepFolder) -> str:
    """Return a sweep: how far it is, its best run."""
    with SweepReader(folder.database) as reader:
        state = snapshot(reader, folder)
    counts = ", ".join(f"{count} {word}" for word, count in state["counts"].items())
    lines = {
        "status": " ".join(filter(None, [state["status"], state["reason"]])),
        "experiment": state["experiment"],
        "runs": f"{state['over']} of {state['total']}: {counts or 'none yet'}",
        "time": state["time"],
    }
    if state["metric"]:
        lines["metric"] = f"{state['goal']} {state['metric']}"
    if best := state["best"]:
        lines["best"] = f"{best['best']}, run {best['run']}: {best['hyperparameters']}"
    return _card(folder.id, lines, _bar(state))


def run_card(folder: SweepFolder, row: RunRow, metric: str) -> str:
    """Return one run of a sweep."""
    seconds = None
    if row.started_at is not None and row.ended_at is not None:
        seconds = row.ended_at - row.started_at
    lines = {
        "status": outcome(row),
        "started": f"{when(row.started_at)}, lasted {duration(seconds)}",
        **{name: value_text(value) for name, value in row.configuration.items()},
    }
    if metric:
        made = counted(row.reports, "report")
        lines[metric] = f"best {number(row.best)}, last {number(row.last)}, {made}"
    if row.reason:
        lines["reason"] = row.reason
    return _card(folder.run_id(row.number), lines)


def sweeps_card(title: str, folders: Iterable[SweepFolder]) -> str:
    """Return a table of sweeps, the newest first."""
    rows = [_line(folder) for folder in [*folders][:MOST]]
    names = ("sweep", "experiment", "status", "runs", "best", "made")
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{_safe(c)}</td>" for c in row) + "</tr>"
        for row in rows
    )
    return f"<b>{_safe(title)}</b><table><tr>{head}</tr>{body}</table>"


def _line(folder: SweepFolder) -> Sequence[str]:
    try:
        with SweepReader(folder.database) as reader:
            best, counts = reader.ranked(1), sum(reader.count().values())
            return (
                folder.id,
                str(reader.get("experiment")),
                status_of(reader, folder),
                str(counts),
                number(best[0].best if best else None),
                when(reader.get("created")),
            )
    except WorkspaceError:  # one that is broken does not hide the others
        return folder.id, "", "damaged", "", "", ""


def workspace_card(folder: WorkspaceFolder) -> str:
    """Return a workspace with its latest sweeps."""
    return sweeps_card(f"Workspace {folder.path.parent}", folder.sweeps())


def _card(title: str, lines: Mapping[str, str], extra: str = "") -> str:
    rows = "".join(
        f"<tr><td style='text-align:left'><b>{_safe(name)}</b></td>"
        f"<td style='text-align:left'>{_safe(text)}</td></tr>"
        for name, text in lines.items()
    )
    return f"<b>{_safe(title)}</b>{extra}<table>{rows}</table>"


def _bar(state: Mapping[str, Any]) -> str:
    parts = "".join(
        f"<div style='width:{100 * count / max(1, state['total']):.2f}%;"
        f"background:{STATUS_COLOURS[word]}'></div>"
        for word, count in state["counts"].items()
        if word != "waiting"
    )
    style = "display:flex;height:8px;width:360px;background:#8883;margin:4px 0"
    return f"<div style='{style}'>{parts}</div>"


def _safe(text: str) -> str:
    return html.escape(text)
