"""Copying what a trial has written out of a workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sweep.cli.show import run_row
from sweep.engine.trial import OUTPUTS
from sweep.errors import UserError
from sweep.formats.findings import did_you_mean
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder

ARTIFACTS = "artifacts"
_FOLDERS = ("outputs", "logs", "user_logs")


def download(
    sweep: SweepFolder,
    number: int | None,
    place: Path,
    output: str | None,
    *,
    everything: bool,
) -> dict[str, Any]:
    """Copy files of a trial; return its id and the folders that were made.

    Args:
        sweep: it is in.
        number: of the trial; None for the best.
        place: where to.
        output: only the output of this name.
        everything: outputs by name too.

    Raises:
        UserError: there is no such trial or output, or nothing to be the best of.
    """
    with SweepReader(sweep.database) as reader:
        if number is None:
            best = reader.ranked(1)
            if not best:
                raise UserError(f"{sweep.id} has no best trial yet: name a trial")
            number = best[0].number
        row = run_row(reader, sweep, number)
    folder = sweep.run_folder(number, row.attempt)
    named = sorted(p.name for p in (folder / OUTPUTS).glob("*")) if folder.is_dir() else []
    made: list[str] = []
    if output is not None:
        if output not in named and output != "default":
            there = f"; it has {', '.join(named)}" if named else ": its file names no outputs"
            near = did_you_mean(output, named) or there
            raise UserError(f"{sweep.run_id(number)} has no output {output!r}{near}")
        named = [output] if output in named else []
    if output in (None, "default"):
        for name in _FOLDERS:
            made += _copy(folder / name, place / ARTIFACTS / name)
    if everything or output is not None:
        for name in named:
            made += _copy(folder / OUTPUTS / name, place / OUTPUTS / name)
    return {"run": sweep.run_id(number), "folders": made}


def _copy(source: Path, target: Path) -> list[str]:
    """Copy a folder that has anything in it; what leads out of it stays a link."""
    if not source.is_dir() or not any(source.iterdir()):
        return []
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    return [str(target)]
