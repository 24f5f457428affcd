"""A sweep in a notebook, drawn anew while it is worked on."""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from sweep.core.run import OVER
from sweep.errors import SweepError
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.snapshot import snapshot

INTERVAL = 1.0
"""Seconds between two pictures."""
IDLE = 10
"""So many times longer than it took to read the sweep it is left alone: it may be a large one."""


class SweepWidget(anywidget.AnyWidget):
    """Shows a sweep: progress, curves, parallel coordinates, runs. It touches nothing of it.

    Args:
        folder: where the sweep is kept.

    Raises:
        WorkspaceError: it cannot be read.
    """

    _esm = Path(__file__).with_name("widget.js")
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, folder: SweepFolder) -> None:
        super().__init__(state=_read(folder))
        self._folder = folder
        self._closed = threading.Event()
        if self.state["status"] not in OVER:
            me = weakref.ref(self)
            arguments = (me, folder, self._closed)
            threading.Thread(target=_follow, args=arguments, daemon=True).start()

    def refresh(self) -> None:
        """Draw the sweep as it is now."""
        self.state = _read(self._folder)

    def close(self) -> None:
        """Draw it no more."""
        self._closed.set()
        super().close()


def _read(folder: SweepFolder) -> dict[str, Any]:
    with SweepReader(folder.database) as reader:
        return snapshot(reader, folder)


def _follow(
    widget: weakref.ref[SweepWidget], folder: SweepFolder, closed: threading.Event
) -> None:
    """Keep a widget up to date until its sweep is over or it is gone."""
    pause = INTERVAL
    while not closed.wait(pause) and folder.path.is_dir():
        start = time.monotonic()
        try:
            state = _read(folder)
        except SweepError:  # it is being written just now
            continue
        pause = max(INTERVAL, IDLE * (time.monotonic() - start))
        shown = widget()
        if shown is None:
            return
        if state != shown.state:
            shown.state = state
        del shown
        if state["status"] in OVER:
            return
