"""A journal whose process is killed, by nothing less than SIGKILL, in one of its writes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from policies import Goal
from sweep.storage.journal import Batch, SqliteJournal

STATEMENTS = {
    "before": "BEGIN",
    "between": "INSERT INTO run",
    "uncommitted": "COMMIT",
}
"""Places in a write: the first statement that is no longer executed."""
AFTER = "after"
"""The place behind the commit: all is written down, and no command has been obeyed."""
PLACES = (*STATEMENTS, AFTER)


class KillingJournal(SqliteJournal):
    """Kill this process in its write number `write` (from 1), at one of `PLACES`; 0 for never.

    Attributes:
        writes: how many writes have been begun.
    """

    def __init__(self, path: Path, goal: Goal, write: int = 0, place: str = AFTER) -> None:
        super().__init__(path, goal)
        self.writes = 0
        self._fatal = write
        self._place = place

    def write(self, batch: Batch) -> None:
        """Write a batch, as far as that goes."""
        self.writes += 1
        fatal = self.writes == self._fatal
        if fatal and self._place != AFTER:
            self._db.set_trace_callback(self._before)
        super().write(batch)
        if fatal:  # a write without a statement of the place ends here as well
            die()

    def _before(self, statement: str) -> None:
        if statement.startswith(STATEMENTS[self._place]):
            die()


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
