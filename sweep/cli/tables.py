"""Lists of sweeps and of runs."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweep.cli.options import print_json, warn
from sweep.core.words import MARKS, configuration_text, duration, fit, number, plain, when
from sweep.errors import WorkspaceError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder

COLOURS = {"Completed": "green", "Failed": "red", "Canceled": "magenta", "Running": "cyan"}


def status_of(reader: SweepReader, folder: SweepFolder) -> str:
    """Return how a sweep stands: a running one that nobody works on is interrupted."""
    status: str = reader.get("status")[0]
    if status == "Running" and folder.engine is None:
        return "Interrupted"
    return status


def sweeps_table(
    folders: list[SweepFolder], last: int, status: str | None, *, as_json: bool
) -> None:
    """Print sweeps, the newest first."""
    rows = []
    for folder in folders:
        try:
            with SweepReader(folder.database) as reader:
                row = _sweep_row(reader, folder)
        except WorkspaceError as error:  # one that is broken does not hide the others
            warn(str(error))
            continue
        if status is None or status.lower() == row["status"].lower():
            rows.append(row)
        if len(rows) == last:
            break
    if as_json:
        print_json(rows)
        return
    table = _table("sweep", "experiment", "status", "runs", "best", "started")
    for row in rows:
        table.add_row(
            Text(plain(row["runId"])),
            Text(plain(str(row["experiment"]))),
            Text(row["status"], COLOURS.get(row["status"], "yellow")),
            f"{row['ended']}/{row['max_total_runs']}",
            number(row["best"]),
            when(row["created"]),
        )
    _print(table)


def _sweep_row(reader: SweepReader, folder: SweepFolder) -> dict[str, Any]:
    counts, best = reader.count(), reader.ranked(1)
    return {
        "runId": folder.id,
        "experiment": reader.get("experiment"),
        "status": status_of(reader, folder),
        "created": reader.get("created"),
        "ended": sum(counts.get(s, 0) for s in ("Completed", "Failed", "Canceled")),
        "max_total_runs": reader.get("definition")["max_total_jobs"],
        "best": best[0].best if best else None,
    }


def runs_table(folder: SweepFolder, status: str | None, *, as_json: bool) -> None:
    """Print the runs of a sweep, the best first."""
    with SweepReader(folder.database) as reader:
        rows = reader.ranked() + reader.runs("best IS NULL")
    if status is not None:
        rows = [r for r in rows if status.lower() in (r.status.lower(), MARKS[r.status])]
    if as_json:
        print_json([run_json(folder, row) for row in rows])
        return
    console = _console()
    table = _table("run", "status", "best", "last", "reports", "time", "hyperparameters")
    for row in rows:
        table.add_row(
            str(row.number),
            Text(MARKS[row.status], COLOURS.get(row.status, "")),
            number(row.best),
            number(row.last),
            str(row.reports),
            duration(lasted(row)),
            Text(fit(configuration_text(row.configuration), max(30, console.width - 60))),
        )
    _print(table)


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


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for column in columns:
        numeric = column in ("run", "best", "last", "reports", "runs", "time")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    return table


def _console() -> Console:
    """Return a console that, without a terminal, is as wide as need be."""
    return Console(width=None if sys.stdout.isatty() else 200)


def _print(table: Table) -> None:
    console = _console()
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
