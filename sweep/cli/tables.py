"""Lists of sweeps and of runs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from sweep.cli.configurations import cells_of
from sweep.cli.options import print_json, warn
from sweep.core.words import MARKS, configuration_text, duration, fit, number, plain, when
from sweep.errors import WorkspaceError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.replicates import means_of
from sweep.storage.targets import target_of
from sweep.storage.workspace import SweepFolder
from sweep.view.standing import status_of

NUMERIC = ("run", "configuration", "replicate", "mean", "best", "last", "reports", "runs", "time")
COLOURS = {"Completed": "green", "Failed": "red", "Canceled": "magenta", "Running": "cyan"}


def sweeps_table(
    folders: list[SweepFolder], last: int, status: str | None, target: str = "", *, as_json: bool
) -> None:
    """Print sweeps, the newest first: those of a status, and on a compute target, if given."""
    rows = []
    status = status and status.lower()
    for folder in folders:
        try:
            with SweepReader(folder.database) as reader:
                row = _sweep_row(reader, folder)
        except WorkspaceError as error:  # one that is broken does not hide the others
            warn(str(error))
            continue
        if status in (None, row["status"].lower()) and target in ("", row["target"]):
            rows.append(row)
        if len(rows) == last:
            break
    if as_json:
        print_json(rows)
        return
    cells = [
        (
            plain(row["runId"]),
            plain(str(row["experiment"])),
            row["status"],
            f"{row['ended']}/{row['max_total_runs']}",
            number(row["best"]),
            when(row["created"]),
        )
        for row in rows
    ]
    colours = [COLOURS.get(row["status"], "yellow") for row in rows]
    print_table(("sweep", "experiment", "status", "runs", "best", "started"), cells, 2, colours)


def _sweep_row(reader: SweepReader, folder: SweepFolder) -> dict[str, Any]:
    counts, best = reader.count(), reader.ranked(1)
    return {
        "runId": folder.id,
        "experiment": reader.get("experiment"),
        "status": status_of(reader, folder),
        "target": target_of(reader),
        "created": reader.get("created"),
        "ended": sum(counts.get(s, 0) for s in ("Completed", "Failed", "Canceled")),
        "max_total_runs": reader.get("definition")["max_total_jobs"],
        "best": best[0].best if best else None,
    }


def runs_table(folder: SweepFolder, status: str | None, *, as_json: bool) -> None:
    """Print the runs of a sweep, the best first."""
    with SweepReader(folder.database) as reader:
        rows = reader.ranked() + reader.runs("best IS NULL")
        means = means_of(rows) if reader.replicates > 1 else None
    if status is not None:
        rows = [r for r in rows if status.lower() in (r.status.lower(), MARKS[r.status])]
    if as_json:
        print_json([run_json(folder, row) for row in rows])
        return
    width = max(30, _width() - 60)
    cells = [
        (
            str(row.number),
            *(() if means is None else cells_of(row, means)),
            MARKS[row.status],
            number(row.best),
            number(row.last),
            str(row.reports),
            duration(lasted(row)),
            fit(configuration_text(row.configuration), width),
        )
        for row in rows
    ]
    colours = [COLOURS.get(row.status, "") for row in rows]
    places = () if means is None else ("configuration", "replicate", "mean")
    columns = ("status", "best", "last", "reports", "time", "hyperparameters")
    print_table(("run", *places, *columns), cells, 1 + len(places), colours)


def run_json(folder: SweepFolder, row: RunRow) -> dict[str, Any]:
    """Return a run as a JSON value."""
    return {
        "runId": folder.run_id(row.number),
        "number": row.number,
        "status": row.status,
        "attempt": row.attempt,
        "hyperparameters": row.configuration,
        "best_primary_metric": row.best,
        "last_primary_metric": row.last,
        "reports": row.reports,
        "reason": row.reason,
        "verdict": row.verdict,
        "startTime": row.started_at,
        "endTime": row.ended_at,
        "folder": str(folder.run_folder(row.number, row.attempt)),
        **{k: v for k, v in row.facts.items() if k != "tail"},
    }


def lasted(row: RunRow) -> float | None:
    """Return how many seconds a run that is over has lasted."""
    if row.started_at is None or row.ended_at is None:
        return None
    return row.ended_at - row.started_at


def _width() -> int:
    """Return how wide the terminal is; without one, a table may be as wide as need be."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 200


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    coloured: int,
    colours: Sequence[str],
) -> None:
    """Print a table, at once: one may have a hundred thousand rows.

    Args:
        columns: their names; numbers are put to the right.
        rows: the cells.
        coloured: which column has a colour.
        colours: that of each row; empty for none.
    """
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    layout = "  ".join(
        f"{{:{'>' if name in NUMERIC else '<'}{width}}}"
        for name, width in zip(columns, widths, strict=True)
    )
    lines = [click.style(layout.format(*columns).rstrip(), bold=True)]
    if sys.stdout.isatty():
        width = widths[coloured]
        for row, colour in zip(rows, colours, strict=True):
            cells = [*row]
            if colour:
                cells[coloured] = click.style(cells[coloured].ljust(width), fg=colour)
            lines.append(layout.format(*cells).rstrip())
    else:
        lines += [layout.format(*row).rstrip() for row in rows]
    click.echo("\n".join(f" {line}" for line in lines))
