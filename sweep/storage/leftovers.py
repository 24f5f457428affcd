"""Processes of runs that outlived whoever had started them, known by their environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.core.words import fit
from sweep.storage.workspace import SweepFolder

COMMAND_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Process:
    """A process that carries the mark of a run.

    Attributes:
        pid: its number.
        sweep: the sweep's id.
        run: the run's id.
        folder: the run's folder; empty for functions.
        command: what it executes.
    """

    pid: int
    sweep: str
    run: str
    folder: str
    command: str


def processes() -> list[Process]:
    """Return the live processes of this machine that belong to a run, and that we may see."""
    return sorted(_marked(), key=lambda process: process.pid)


def of_sweep(found: Sequence[Process], folder: SweepFolder) -> list[Process]:
    """Return those of a sweep; another workspace may have one of the same id."""
    return [
        p
        for p in found
        if p.sweep == folder.id
        and (not p.folder or Path(p.folder).is_relative_to(folder.path.resolve()))
    ]


def _marked() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has just ended, or it is somebody else's
            said = (entry / "environ").read_bytes().decode(errors="surrogateescape")
            variables = dict(p.split("=", 1) for p in said.split("\0") if "=" in p)
            if "SWEEP_ID" in variables and "SWEEP_RUN_ID" in variables:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                yield Process(
                    int(entry.name),
                    variables["SWEEP_ID"],
                    variables["SWEEP_RUN_ID"],
                    variables.get("SWEEP_RUN_FOLDER", ""),
                    fit(words.replace("\0", " "), COMMAND_WIDTH),
                )
