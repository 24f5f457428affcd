"""A journal, read back."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sweep.core.codec import KIND, unpack_command, unpack_event
from sweep.core.events import Reported
from sweep.core.replay import Entry, Past
from sweep.storage.trouble import Explained, damaged
from sweep.storage.values import value_of

REPORTED = KIND[Reported]
PLAIN = f"kind = {REPORTED} AND commands IS NULL AND run < 9e999 AND at < 9e999 AND value < 9e999"
"""A report that led to nothing. SQLite holds anything anywhere; all but numbers is above these."""
REPORTS = f"SELECT run, value, at, data FROM event WHERE {PLAIN} ORDER BY seq"  # noqa: S608
OTHERS = (
    "SELECT seq, kind, at, run, value, data, commands FROM event"  # noqa: S608
    f" WHERE ({PLAIN}) IS NOT TRUE ORDER BY seq"
)
LAST_AND_COUNT = (
    "SELECT MAX(COALESCE(MAX(seq), 0), 1 - COALESCE(MIN(seq), 1)), COUNT(*) FROM event"
)
MOST_REPORTS = 1000
"""How many are read at once."""


def past_of(db: sqlite3.Connection, path: Path) -> Iterator[Past]:
    """Yield all that a journal holds, in order.

    Most of it are reports that led to nothing: they come many at a time, and as SQLite gives them.

    Raises:
        Damaged: an entry is missing, or cannot be read.
    """
    with Explained(path, values=True):
        last, count = db.execute(LAST_AND_COUNT).fetchone()
        if last != count:
            raise damaged(path, f"entries of the journal are missing: {last - count}")
        reports = db.execute(REPORTS)
        number = 1
        for seq, *row in db.execute(OTHERS):
            while seq - number > MOST_REPORTS:
                yield [*islice(reports, MOST_REPORTS)], None
                number += MOST_REPORTS
            yield [*islice(reports, seq - number)], unpack_entry(*row)
            number = seq + 1
        while few := [*islice(reports, MOST_REPORTS)]:
            yield few, None


def unpack_entry(
    kind: int,
    at: float,
    run: int | None,
    value: float | None,
    data: str | None,
    commands: str | None,
) -> Entry:
    """Return the event and the commands of a row."""
    rest: list[Any] = value_of(data) if data else []
    if type(rest) is not list:
        raise TypeError(f"the other fields of an event cannot be {data!r:.80}")
    if kind == REPORTED:
        rest.insert(0, math.nan if value is None else value)
    decided = [unpack_command(c) for c in value_of(commands)] if commands else []
    return unpack_event(kind, at, run, rest), decided
