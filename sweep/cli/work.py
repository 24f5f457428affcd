"""Working on a sweep in the foreground, and showing it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from sweep.cli.feed import Feed
from sweep.cli.summary import summary
from sweep.core.commands import SweepStatus
from sweep.engine.open import OpenSweep
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder

EXIT_CODES = {SweepStatus.COMPLETED: 0, SweepStatus.PAUSED: 130}
"""0 only for a sweep that has completed; 130 is what Ctrl-C gives; 1 for all else."""


def work_on(folder: SweepFolder, *, quiet: bool, as_json: bool, output: Path | None = None) -> int:
    """Work on a sweep until it is over or paused; return the exit code.

    Args:
        folder: the sweep.
        quiet: show nothing.
        as_json: show nothing but the sweep's record, at the end.
        output: also write the record into this file.

    Raises:
        SweepError: it cannot be worked on.
    """
    with OpenSweep(folder) as opened:
        reader = SweepReader(folder.database)
        if opened.over:
            say = click.echo if not as_json else _to_stderr
            say(f"{folder.id} is {opened.engine.scheduler.status.value} already.")
        else:
            with ctrl_c(opened.interrupts.pause), _shown(opened, reader, quiet or as_json):
                opened.engine.work()
        status = opened.engine.scheduler.status
        result = json.dumps(record(reader, folder), indent=2)
        if output is not None:
            output.write_text(result + "\n")
        if as_json:
            click.echo(result)
        elif not quiet:
            for line in summary(reader, folder):
                click.echo(line)
        reader.close()
    return EXIT_CODES.get(status, 1)


def work_in_background(folder: SweepFolder) -> int:
    """Start a process that works on a sweep and outlives this one; return its number."""
    with (folder.path / "engine.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sweep.cli.main", "resume", "--quiet", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path.cwd(),
            start_new_session=True,
        )
    return process.pid


@contextmanager
def ctrl_c(pause: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C pause the sweep, and the second end this process at once."""
    asked = False

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        name = signal.Signals(number).name
        pause(f"{name}: paused by the user")
        click.echo("\nStopping what runs; once more to stop at once. Nothing is lost.", err=True)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown(opened: OpenSweep, reader: SweepReader, hidden: bool) -> Iterator[None]:
    """Show the sweep while it is worked on: a picture, or lines where there is no terminal."""
    if hidden:
        yield
        return
    from sweep.cli.live import LiveView, caption  # noqa: PLC0415 - rich, and only here

    click.echo(caption(reader, opened.folder.id, opened.slots))
    if sys.stdout.isatty():
        with LiveView(reader, opened.slots) as view:
            opened.engine.on_round = lambda _: view.refresh()
            yield
        return
    feed = Feed(reader, after=opened.engine.replayed)

    def tell() -> None:
        for line in feed.lines():
            click.echo(line)

    opened.engine.on_round = lambda batch: tell() if batch else None
    yield
    tell()


def record(reader: SweepReader, folder: SweepFolder) -> dict[str, Any]:
    """Return a sweep as a JSON value."""
    status, reason = reader.get("status")
    best = reader.ranked(1)
    return {
        "runId": folder.id,
        "_experiment_name": reader.get("experiment"),
        "status": status,
        "reason": reason,
        "runs": reader.count(),
        "properties": reader.tags(-1, "property"),
        "tags": reader.tags(-1, "tag"),
        "best_child_run_id": folder.run_id(best[0].number) if best else None,
        "best_primary_metric": best[0].best if best else None,
        "best_configuration": best[0].configuration if best else None,
        "folder": str(folder.path),
        **reader.get("definition"),
    }


def _to_stderr(text: str) -> None:
    click.echo(text, err=True)
