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
        if at > self._now:  # noqa: PLR1730 - a call less with every report
            self._now = at

    def watch(self, until: float, run: int, attempt: int) -> None:
        """Look at an attempt of a run at a time: nothing about it is due before."""
        heapq.heappush(self._runs, (until, run, attempt))

    def extend(self, seconds: float) -> None:
        """Let the sweep be worked on for longer, in all."""
        self._left += seconds

    @property
    def sweep_end(self) -> float:
        """When the sweep's time is over."""
        return math.inf if self._opened_at is None else self._opened_at + self._left

    def first_run(self, due: Callable[[int, int], float | None]) -> tuple[float, int] | None:
        """Return the earliest time at which a run's time is over, and the run.

        `due(run, attempt)` tells when that is, which may be later than was thought; None: never
        again.
        """
        while self._runs:
            until, run, attempt = self._runs[0]
            really = due(run, attempt)
            if really is None:
                heapq.heappop(self._runs)
            elif really > until:
                heapq.heapreplace(self._runs, (really, run, attempt))
            else:
                return until, run
        return None
