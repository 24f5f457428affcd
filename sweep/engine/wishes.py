"""What other processes want of a running engine: files in a folder, each written at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from sweep.storage.workspace import write

SETTLED_NS = 1_000_000_000


def leave(folder: Path, wish: str, run: int | None, reason: str) -> None:
    """Leave a wish for the engine that works on a sweep, or for the next that will.

    Args:
        folder: the sweep's folder for requests.
        wish: "cancel", "pause", "invalidate", "release" of a node, or "concurrent".
        run: number of a run, None for the sweep; how many runs may live at one time.
        reason: who wants it and why; kept with the run. The node, where one is released.
    """
    folder.mkdir(exist_ok=True)
    write(folder / f"{time.time_ns()}-{os.getpid()}.json", [wish, run, reason])


class FolderWishes:
    """The wishes left in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._seen = 0

    def take(self) -> Sequence[tuple[str, int | None, str]]:
        """Return new wishes in the order in which they were left, and forget them.

        The folder is only read when the file system says that something was put into it; its
        clock is coarse, so for a moment after a change it is read each time.
        """
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen and time.time_ns() - changed > SETTLED_NS:
            return ()
        self._seen = changed
        wishes = []
        for path in sorted(self._folder.glob("[0-9]*.json")):
            wish, run, reason = json.loads(path.read_text())
            wishes.append((wish, run, reason))
            path.unlink()
        return wishes


class Interrupts:
    """The wishes of a folder, and Ctrl-C.

    Args:
        folder: wishes of other processes.
    """

    def __init__(self, folder: FolderWishes) -> None:
        self._folder = folder
        self._pauses: list[str] = []

    def pause(self, reason: str) -> None:
        """Wish that the sweep ceases for now; may be called by a signal handler."""
        self._pauses.append(reason)

    def take(self) -> Sequence[tuple[str, int | None, str]]:
        """Return new wishes."""
        pauses, self._pauses = self._pauses, []
        return [*(("pause", None, reason) for reason in pauses), *self._folder.take()]
