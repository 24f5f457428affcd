"""Noticing early that the primary metric does not come."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NAMES_SHOWN = 10


class MetricWatch:
    """Remembers what runs log, and speaks up once if it is not what the sweep waits for.

    Args:
        metric: name of the primary metric; empty where there is none.
        first_report_seconds: how long the first run may be silent about it.
    """

    def __init__(self, metric: str, first_report_seconds: float = 300.0) -> None:
        self._metric = metric
        self._patience = first_report_seconds
        self._names: dict[str, None] = {}
        self._first_start: float | None = None
        self._settled = not metric  # a lone run waits for no metric

    def started(self, at: float) -> None:
        """Take note that a run has started."""
        if self._first_start is None:
            self._first_start = at

    def reported(self) -> None:
        """Take note that the primary metric has come: all is well."""
        self._settled = True

    def logged(self, name: str) -> None:
        """Take note of another metric."""
        if not self._settled:
            self._names[name] = None

    def ended(self, run: int) -> str | None:
        """Return what to tell the user when a run has ended well; None where all is well."""
        if self._settled:
            return None
        self._settled = True
        return (
            f"run {run} has ended without logging {self._metric!r}, the primary metric"
            f"{self._hint()}"
        )

    def waited(self, at: float) -> str | None:
        """Return what to tell the user when nothing has come for too long."""
        if self._settled or self._first_start is None:
            return None
        if at - self._first_start < self._patience:
            return None
        self._settled = True
        return (
            f"no run has logged {self._metric!r}, the primary metric,"
            f" within {self._patience:g} s of the first start{self._hint()}"
        )

    def _hint(self) -> str:
        consequence = "no run can be ranked or stopped early without it"
        if not self._names:
            return f": nothing was logged at all; {consequence}"
        near = nearest(self._metric, self._names)
        question = f"; did you mean {near!r}?" if near else ""
        shown = ", ".join([*self._names][:NAMES_SHOWN])
        more = len(self._names) - NAMES_SHOWN
        others = f" and {more} more" if more > 0 else ""
        return f"; it logged: {shown}{others}{question} ({consequence})"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word that is spelt most alike, letter case aside; None if none is near."""
    by_lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.4)
    return by_lower[close[0]] if close else None
