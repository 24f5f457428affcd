"""Working on a sweep in the foreground, and showing it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sweep.cli.options import json_text
from sweep.cli.summary import summary
from sweep.core.commands import SweepStatus
from sweep.core.words import plain
from sweep.engine.continuation import Continuation
from sweep.engine.open import JUST_ON, OpenSweep
from sweep.engine.signals import ctrl_c
from sweep.errors import TargetError, WorkspaceError
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from sweep.storage.targets import target_of
from sweep.storage.workspace import SweepFolder

EXIT_CODES = {SweepStatus.COMPLETED: 0, SweepStatus.PAUSED: 130}
"""0 only for a sweep that has completed; 130 is what Ctrl-C gives; 1 for all else."""


def work_on(
    folder: SweepFolder,
    *,
    quiet: bool,
    as_json: bool,
    output: Path | None = None,
    continuation: Continuation = JUST_ON,
) -> int:
    """Work on a sweep until it is over or paused; return the exit code.

    Args:
        folder: the sweep.
        quiet: show nothing.
        as_json: show nothing but the sweep's record, at the end.
        output: also write the record into this file.
        continuation: how it is to go on.

    Raises:
        SweepError: it cannot be worked on.
    """
    with (
        OpenSweep(folder, continuation=continuation) as opened,
        SweepReader(folder.database) as reader,
    ):
        if opened.engine.over:
            _to_stderr(f"{folder.id} is {opened.engine.scheduler.status.value} already")
        else:
            with (
                _shown(opened, reader, quiet or as_json) as say,
                ctrl_c(opened.interrupts.pause, say),
            ):
                _work(opened)
        status = opened.engine.scheduler.status
        result = json_text(record(reader, folder))
        if output is not None:
            output.write_text(result + "\n", encoding="utf-8")
        if as_json:
            click.echo(result)
        elif not quiet:
            for line in summary(reader, folder):
                click.echo(line)
    return EXIT_CODES.get(status, 1)


def _work(opened: OpenSweep) -> None:
    try:
        opened.engine.work()
    except (KeyboardInterrupt, TargetError):
        _to_stderr(f"nothing is lost; go on with it: sweep resume {opened.folder.id}")
        raise


def in_background(
    folder: SweepFolder, continuation: Continuation = JUST_ON, words: Sequence[str] = ()
) -> None:
    """Let another process work on a sweep, and say which.

    Args:
        folder: the sweep.
        continuation: how it is to go on.
        words: the same as options of `sweep resume`.

    Raises:
        SweepError: one works on it already, or it cannot go on so.
    """
    from sweep.engine.background import work_in_background  # noqa: PLC0415 - only here

    if folder.engine is not None:
        raise WorkspaceError(f"{folder.id}: process {folder.engine} is working on this sweep")
    if continuation.asks or not continuation.changed:
        OpenSweep(folder, continuation=continuation, start=False).close()  # what is wrong is said
    pid = work_in_background(folder, words).pid
    click.echo(folder.id)
    _to_stderr(f"process {pid} works on it: sweep run show, sweep run cancel last")


@contextmanager
def _shown(
    opened: OpenSweep, reader: SweepReader, hidden: bool
) -> Iterator[Callable[[str], None]]:
    """Show the sweep while it is worked on: a picture, or lines where there is no terminal.

    Yields a function that shows one more line.
    """
    if hidden:
        yield _to_stderr
        return
    from sweep.cli.live import LiveView, caption  # noqa: PLC0415 - rich, and only here

    click.echo(caption(reader, opened.folder.id, opened.slots))
    if sys.stdout.isatty():
        with LiveView(reader, opened.slots) as view:
            opened.engine.on_round = lambda _: view.refresh()
            yield view.note
        return
    feed, heard = Feed(reader, after=opened.engine.replayed), True

    def tell() -> None:
        nonlocal heard
        try:
            for line in feed.lines() if heard else ():
                click.echo(line)
        except BrokenPipeError:  # a reader who has had enough is no reason to end the sweep
            heard = False
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    opened.engine.on_round = lambda batch: tell() if batch else None
    yield _to_stderr
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
        "target": target_of(reader),
        **reader.get("definition"),
    }


def _to_stderr(text: str) -> None:
    click.echo(plain(text), err=True)
