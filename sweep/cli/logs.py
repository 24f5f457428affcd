"""`sweep logs`: what a run has printed."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from sweep.cli.options import find_workspace, workspace_option

if TYPE_CHECKING:
    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import SweepFolder, WorkspaceFolder

OLDER = "std_log.1.txt"
"""What a run's output was in before it was turned over for its size."""
POLL = 0.2
BEGINS = 10.0
"""Seconds within which a process that is to work on a new sweep has begun."""
BLOCK = 1 << 20
REDRAWN = re.compile("\r+\n?")
"""How a progress bar starts its line again; here each state of it gets a line of its own."""


@click.command()
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@workspace_option
def logs(run: str, follow: bool, workspace: Path | None) -> None:
    """Print what a RUN has printed: a number (of the last sweep) or a run's id."""
    sys.exit(print_log(find_workspace(workspace), run, follow=follow))


def print_log(workspace: WorkspaceFolder, reference: str, *, follow: bool) -> int:
    """Print a run's output; return the exit code.

    Raises:
        WorkspaceError: there is no such run.
    """
    from sweep.cli.show import run_row  # noqa: PLC0415 - not needed for --help
    from sweep.core.run import OVER  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder, number = workspace.run(reference)
    with SweepReader(folder.database) as reader:
        attempt, log, printed = 0, _Log(Path()), False
        while True:
            worked_on = is_worked_on(reader, folder)
            if follow and worked_on and reader.run(number) is None:  # it is to be launched yet
                time.sleep(POLL)
                continue
            row = run_row(reader, folder, number)
            if row.attempt != attempt:
                attempt = row.attempt
                log = _Log(folder.run_folder(number, attempt) / "user_logs" / "std_log.txt")
            for text in log.more():
                printed = True
                click.echo(text, nl=False)
            if row.status in OVER or not follow or not worked_on:
                break
            time.sleep(POLL)
    if not printed:
        click.echo(f"run {number} has printed nothing ({row.status})", err=True)
    elif follow and row.status not in OVER:
        click.echo(f"run {number} is {row.status}, and nobody works on it now", err=True)
    return 0


def is_worked_on(reader: SweepReader, folder: SweepFolder) -> bool:
    """Tell whether a process works on a sweep, or may be about to: one that was just made."""
    new = reader.get("status")[0] == "NotStarted" and time.time() - reader.get("created") < BEGINS
    return new or folder.engine is not None


class _Log:
    """A file that may grow, and that may be turned over: then it is an older piece beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pieces = (-1, -1)  # the numbers that the file system gives the older one and it
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self) -> Iterator[str]:
        """Yield what has come since the last time."""
        with contextlib.ExitStack() as stack:
            present, older = (  # in this order: between the two it may be turned over
                stack.enter_context(path.open("rb")) if path.is_file() else None
                for path in (self._path, self._path.with_name(OLDER))
            )
            if _number(present) == _number(older):
                present = None
            before, self._pieces = self._pieces, (_number(older), _number(present))
            if older is not None and self._pieces[0] == before[1]:  # what we are in the midst of
                yield from self._rest_of(older)
                self._read = 0
            elif self._pieces[0] != before[0]:
                self._read = 0
                yield from self._rest_of(older)
                self._read = 0
            yield from self._rest_of(present)

    def _rest_of(self, file: BinaryIO | None) -> Iterator[str]:
        from sweep.core.words import plain  # noqa: PLC0415 - not needed for --help

        if file is None:
            return
        file.seek(self._read)
        while block := file.read(BLOCK):
            self._read += len(block)
            yield plain(REDRAWN.sub("\n", self._decoder.decode(block)))


def _number(file: BinaryIO | None) -> int:
    return 0 if file is None else os.fstat(file.fileno()).st_ino
