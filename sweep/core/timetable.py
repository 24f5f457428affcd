"""When the passing of time alone makes a difference."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable


class Timetable:
    """The end of the sweep's own time, and the ends of its runs' times.

    The sweep's time is the time it is worked on: hours between a crash and a resume are not
    taken from it.

    Args:
        seconds: how long the sweep may be worked on.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._opened_at: float | None = None
        self._now = 0.0
        self._runs: list[tuple[float, int, int]] = []

    def open(self, at: float) -> None:
        """Begin, or begin again, to count."""
        if self._opened_at is not None:
            self._left -= self._now - self._opened_at
        self._opened_at = self._now = at

    def note(self, at: float) -> None:
        """Take note that it is `at`."""
        self._now = max(self._now, at)

    def allow(self, run: int, attempt: int, until: float) -> None:
        """Let an attempt of a run go on until a time."""
        heapq.heappush(self._runs, (until, run, attempt))

    @property
    def sweep_end(self) -> float:
        """When the sweep's time is over."""
        return math.inf if self._opened_at is None else self._opened_at + self._left

    def first_run(self, counts: Callable[[int, int], bool]) -> tuple[float, int] | None:
        """Return the earliest end of a run's time, and the run.

        `counts(run, attempt)` tells whether an entry still matters; others are dropped.
        """
        while self._runs:
            until, run, attempt = self._runs[0]
            if counts(run, attempt):
                return until, run
            heapq.heappop(self._runs)
        return None
