"""A sweep that is worked on by a process of its own, which outlives the one that started it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sweep.storage.workspace import SweepFolder

LOG = "engine.log"

_started: list[subprocess.Popen[bytes]] = []
"""What this process has started: somebody has to bury it when it has ended."""


def work_in_background(folder: SweepFolder, words: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a process that works on a sweep; it ends with the sweep.

    Args:
        folder: the sweep.
        words: options of `sweep resume`.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    with (folder.path / LOG).open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sweep.cli.main", "resume", "--quiet"),
                *(words or ("--changed", "old")),
                str(folder.path),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder.path,  # no module of the user's may stand in for one of ours
            start_new_session=True,
        )
    _started.append(process)
    return process


def last_words(folder: SweepFolder) -> str:
    """Return what such a process has said last."""
    path: Path = folder.path / LOG
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1] if lines else ""
