"""`sweep top`: watching sweeps that other processes work on."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_sweep, find_workspace, workspace_option

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import SweepFolder, WorkspaceFolder

INTERVAL = 0.5
"""Seconds between two pictures."""
RECENT = 20
"""So many sweeps are shown; those that are worked on in any case."""
BAR = 16
NUMBERS = ("runs", "running", "stopped", "failed")


@click.command()
@click.argument("sweep", default="")
@click.option("--once", is_flag=True, help="Show it as it is now, and go.")
@workspace_option
def top(sweep: str, once: bool, workspace: Path | None) -> None:
    """Watch a SWEEP, or all sweeps of the workspace, until Ctrl-C; it does not touch them.

    Of one sweep it ends with the sweep. Where there is no terminal it shows it once.
    """
    once = once or not sys.stdout.isatty()
    if sweep:
        _watch(find_sweep(workspace, sweep), once=once)
    else:
        _watch_all(find_workspace(workspace), once=once)


def _watch(folder: SweepFolder, *, once: bool) -> None:
    from sweep.cli.live import LiveView, caption  # noqa: PLC0415 - rich, and only here
    from sweep.cli.logs import is_worked_on  # noqa: PLC0415
    from sweep.cli.summary import summary  # noqa: PLC0415
    from sweep.cli.terminal import console  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    screen = console()
    with SweepReader(folder.database) as reader:
        slots = reader.slots() or reader.get("definition")["max_concurrent_jobs"]
        click.echo(caption(reader, folder.id, slots))
        going = is_worked_on(reader, folder)
        if going and not once:
            with LiveView(reader, slots, screen, reader.get("created")) as view:
                while is_worked_on(reader, folder):
                    view.refresh()
                    time.sleep(INTERVAL)
        elif going:
            screen.print(LiveView(reader, slots, screen, reader.get("created")).picture())
        if not going or not once:
            for line in summary(reader, folder):
                click.echo(line)


def _watch_all(place: WorkspaceFolder, *, once: bool) -> None:
    from rich.live import Live  # noqa: PLC0415

    from sweep.cli.terminal import console  # noqa: PLC0415

    screen = console()
    if once:
        screen.print(_table(place))
        return
    with Live(console=screen, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_table(place), refresh=True)
            time.sleep(INTERVAL)


def _table(place: WorkspaceFolder) -> Table:
    """Return the sweeps of a workspace: those that are worked on, then the latest others."""
    from rich.table import Table  # noqa: PLC0415

    sweeps = place.sweeps()
    working = [folder for folder in sweeps if folder.engine is not None]
    others = [folder for folder in sweeps if folder not in working]
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for name in ("sweep", "experiment"):
        table.add_column(name)  # where there is too little room, these are shortened
    for name in ("status", "", "runs", "running", "stopped", "failed"):
        table.add_column(name, no_wrap=True, justify="right" if name in NUMBERS else "left")
    for name in ("best", "run", "time"):
        table.add_column(name, no_wrap=True, justify="right")
    for folder in [*working, *others[: max(0, RECENT - len(working))]]:
        table.add_row(*_row(folder))
    return table


def _row(folder: SweepFolder) -> list[RenderableType]:
    from sweep.errors import WorkspaceError  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    try:
        with SweepReader(folder.database) as reader:
            return _cells(reader, folder)
    except WorkspaceError:  # one that is broken does not hide the others
        return [_name(folder.id, 24), "", "damaged"]


def _name(text: str, longest: int) -> Text:
    from rich.text import Text  # noqa: PLC0415

    from sweep.core.words import fit, plain  # noqa: PLC0415

    return Text(fit(plain(text), longest), no_wrap=True, overflow="ellipsis")


def _cells(reader: SweepReader, folder: SweepFolder) -> list[RenderableType]:
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from sweep.cli.tables import COLOURS  # noqa: PLC0415
    from sweep.core.words import duration, number  # noqa: PLC0415
    from sweep.view.standing import most_runs, status_of  # noqa: PLC0415

    counts, best, status = reader.count(), reader.ranked(1), status_of(reader, folder)
    done = sum(counts.get(word, 0) for word in ("Completed", "Canceled", "Failed"))
    most = 1 if folder.is_lone_run else most_runs(reader.get("definition"))
    running = sum(counts.get(word, 0) for word in ("Queued", "Running", "CancelRequested"))
    started, ended = reader.span()
    until = time.time() if status == "Running" else ended
    return [
        _name(folder.id, 24),
        _name(reader.get("experiment"), 20),
        Text(status, COLOURS.get(status, "yellow")),
        ProgressBar(total=most, completed=done, width=BAR),
        f"{done}/{most}",
        str(running or ""),
        str(counts.get("Canceled", "")),
        str(counts.get("Failed", "")),
        Text(number(best[0].best if best else None), "green"),
        str(best[0].number) if best else "",
        duration(None if started is None or until is None else until - started),
    ]
