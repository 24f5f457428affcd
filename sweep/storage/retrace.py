"""A journal played back outside of an engine: how far does it lead, and to which runs?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.core.definition import SweepDefinition
from sweep.core.replay import Entry, differ
from sweep.core.scheduler import Scheduler
from sweep.errors import Damaged
from sweep.storage.journal import run_row
from sweep.storage.past import unpack_entry
from sweep.storage.trouble import Explained, damaged, one


@dataclass(slots=True)
class Retraced:
    """How far a journal leads.

    Attributes:
        scheduler: has handled every good entry, and perhaps a part of the bad one.
        good: how many entries it replayed.
        problem: why it went no further; empty where it went to the end.
        readable: whether the entry that it stopped at could be read.
        entries: the good ones, where they were asked for.
    """

    scheduler: Scheduler
    good: int = 0
    problem: str = ""
    readable: bool = True
    entries: list[Entry] = field(default_factory=list)

    def rows(self) -> dict[int, tuple[Any, ...]]:
        """Return the row of each run, as readers should see it."""
        scheduler = self.scheduler
        goal = scheduler.definition.goal
        return {
            number: run_row(record, scheduler.board.best(number), goal)
            for number, record in scheduler.runs.items()
        }


def entries_of(db: sqlite3.Connection, path: Path) -> Iterator[Entry]:
    """Yield the entries of a journal, of which none may be missing.

    Raises:
        Damaged: one is missing, or cannot be read.
    """
    with Explained(path, values=True):
        rows = db.execute(
            "SELECT seq, kind, at, run, value, data, commands FROM event ORDER BY seq"
        )
        for number, (seq, *row) in enumerate(rows, 1):
            if seq != number:
                raise damaged(path, f"entry {number} of the journal is missing")
            yield unpack_entry(*row)


def retrace(
    definition: SweepDefinition, entries: Iterable[Entry], *, keep: bool = False
) -> Retraced:
    """Replay a journal as far as it leads.

    Args:
        definition: of the sweep.
        entries: of its journal; Damaged may come up on the way.
        keep: keep the good entries, and leave the scheduler as they alone make it.
    """
    found = Retraced(Scheduler(definition))
    try:
        for event, recorded in entries:
            found.problem = f"entry {found.good + 1}, {event}"
            decided = found.scheduler.replay(event, recorded)
            if differ(decided, recorded):
                found.problem += f", led to {recorded} but leads to {decided} now"
                break
            if keep:
                found.entries.append((event, recorded))
            found.good += 1
        else:
            found.problem = ""
    except Damaged as error:
        found.problem, found.readable = error.why, False
    except Exception as error:  # noqa: BLE001 - whatever a wrong value makes of a scheduler
        found.problem += f": {one(error)}"
    if keep and found.problem:  # the bad entry may have been handled by halves
        found.scheduler = retrace(definition, found.entries).scheduler
    return found
