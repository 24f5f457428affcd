"""The journal of a sweep: every event with the commands it caused, written before any is obeyed.

Running and recovering are one code path: what is replayed is what was handled. Beside the
journal, in the same transaction, stand the tables that readers look at.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from policies import Goal
from sweep.core.codec import KIND, pack_command, pack_event
from sweep.core.events import Reported
from sweep.core.replay import Entry, Past
from sweep.core.run import RunRecord
from sweep.storage.past import past_of, unpack_entry
from sweep.storage.schema import connect
from sweep.storage.trouble import Explained

REPORTED = KIND[Reported]
RUN_COLUMNS = (
    "number",
    "configuration",
    "status",
    "attempt",
    "reports",
    "best",
    "last",
    "reason",
    "verdict",
    "launched_at",
    "started_at",
    "ended_at",
)
ADD_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"
ADD_METRIC = (
    "INSERT INTO metric (run, attempt, name, kind, value, step, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
PUT_TAG = "INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?)"
DROP_TAG = "DELETE FROM tag WHERE run = ? AND kind = ? AND name = ?"
PUT_RUN = (  # only names of ours are put together here
    f"INSERT INTO run ({', '.join(RUN_COLUMNS)}) VALUES ({', '.join('?' * len(RUN_COLUMNS))})"  # noqa: S608
    " ON CONFLICT (number) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in RUN_COLUMNS[1:])
)
UPDATE_RUN = f"UPDATE run SET {', '.join(f'{n} = ?' for n in RUN_COLUMNS[2:])} WHERE number = ?"  # noqa: S608


@dataclass(slots=True)
class Metric:
    """One thing that a run logged besides the primary metric."""

    run: int
    attempt: int
    name: str
    kind: str
    value: Any
    step: float | None
    at: float


@dataclass(slots=True)
class Batch:
    """What becomes durable in one transaction.

    Attributes:
        entries: events with their commands, in order.
        records: runs whose state has changed.
        bests: best score of each of these runs, minus infinity for none.
        facts: exit codes and other facts of runs, by run.
        metrics: ordinary metrics.
        tags: (run, kind, name, value) of tags, properties and artifacts; None takes one away.
        notices: (at, run, text) of what the user was told.
        sweep: facts about the sweep itself.
    """

    entries: list[Entry] = field(default_factory=list)
    records: dict[int, RunRecord] = field(default_factory=dict)
    bests: dict[int, float] = field(default_factory=dict)
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    tags: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    notices: list[tuple[float, int | None, str]] = field(default_factory=list)
    sweep: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(
            self.entries
            or self.sweep
            or self.metrics
            or self.notices
            or self.tags
            or self.facts
            or self.records
            or self.bests
        )


class Journal(Protocol):
    """Where an engine writes what happens."""

    def past(self) -> Iterator[Past]:
        """Yield all that was written, in order."""
        ...

    def write(self, batch: Batch) -> None:
        """Make a batch durable; when this returns, it is."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


class NoJournal:
    """Keeps nothing: for simulations whose result is all that matters."""

    def past(self) -> Iterator[Past]:
        """There is none."""
        return iter(())

    def write(self, batch: Batch) -> None:
        """Forget it."""

    def close(self) -> None:
        """There is nothing to let go of."""


class SqliteJournal:
    """A journal in a SQLite database in WAL mode, one transaction a batch.

    Args:
        path: the database; made if it is not there.
        goal: tells best scores as values.

    Raises:
        Damaged: it is not what was once written; nothing has been changed.
        WorkspaceError: as for `connect`.
    """

    def __init__(self, path: Path, goal: Goal) -> None:
        self._path = path
        self._goal = goal
        self._db = connect(path, write=True)
        try:
            with Explained(path):
                last = self._db.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()
        except BaseException:
            self._db.close()
            raise
        self._seq: int = last[0]
        self._known: set[int] = set()
        """Runs that have been written: all but their configuration may change."""

    def replay(self) -> Iterator[Entry]:
        """Yield every entry in order.

        Raises:
            Damaged: an entry is missing, or cannot be read.
        """
        for reports, entry in self.past():
            with Explained(self._path, values=True):
                for run, value, at, data in reports:
                    yield unpack_entry(REPORTED, at, run, value, data, None)
            if entry is not None:
                yield entry

    def past(self) -> Iterator[Past]:
        """Yield all that was written, in order: most of it are reports that led to nothing.

        Raises:
            Damaged: an entry is missing, or cannot be read.
        """
        return past_of(self._db, self._path)

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction: all of it is kept, or nothing.

        Raises:
            DiskFull: there is no room; the same batch can be written once there is.
            Damaged: the database is not what was once written.
            WorkspaceError: another program holds it, or it may only be read.
        """
        with Explained(self._path, "cannot be written"):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._insert(batch)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):  # the first error says more
                        self._db.execute("ROLLBACK")
                raise
        self._seq += len(batch.entries)
        self._known.update(batch.records)

    def _insert(self, batch: Batch) -> None:
        db = self._db
        db.executemany(ADD_EVENT, self._rows(batch))
        self._put_runs(batch)
        db.executemany("UPDATE run SET facts = ? WHERE number = ?", _facts(batch))
        db.executemany(ADD_METRIC, map(_metric, batch.metrics))
        for run, kind, name, value in batch.tags:
            if value is None:
                db.execute(DROP_TAG, (run, kind, _text(name)))
            else:
                db.execute(PUT_TAG, (run, kind, _text(name), _text(value)))
        notices = [(at, run, _text(text)) for at, run, text in batch.notices]
        db.executemany("INSERT INTO notice (at, run, text) VALUES (?, ?, ?)", notices)
        facts = [(key, json.dumps(value)) for key, value in batch.sweep.items()]
        db.executemany("INSERT OR REPLACE INTO sweep VALUES (?, ?)", facts)

    def close(self) -> None:
        """Close the database; the last to do so folds the log into it."""
        self._db.close()

    def _rows(self, batch: Batch) -> Iterator[tuple[Any, ...]]:
        for seq, (event, commands) in enumerate(batch.entries, self._seq + 1):
            packed = json.dumps([pack_command(c) for c in commands]) if commands else None
            if type(event) is Reported:  # the most frequent by far: as few bytes as can be
                data = None if event.step is None else json.dumps([event.step])
                yield seq, event.at, REPORTED, event.run, event.value, data, packed
            else:
                kind, at, run, rest = pack_event(event)
                yield seq, at, kind, run, None, json.dumps(rest) if rest else None, packed

    def _put_runs(self, batch: Batch) -> None:
        new, old = [], []
        for number, record in batch.records.items():
            state = _state(record, batch.bests.get(number, -math.inf), self._goal)
            if number in self._known:
                old.append((*state, number))
            else:
                new.append((number, json.dumps(record.configuration), *state))
        self._db.executemany(PUT_RUN, new)
        self._db.executemany(UPDATE_RUN, old)


def run_row(r: RunRecord, best: float, goal: Goal) -> tuple[Any, ...]:
    """Return the row that readers see of a run, as in `RUN_COLUMNS`.

    Args:
        r: its state.
        best: its best score, minus infinity for none.
        goal: tells a score as a value.
    """
    return r.number, json.dumps(r.configuration), *_state(r, best, goal)


def _state(r: RunRecord, best: float, goal: Goal) -> tuple[Any, ...]:
    return (
        r.state.value,
        r.attempt,
        r.reports,
        goal.from_score(best) if math.isfinite(best) else None,
        r.last,
        _text(r.reason),
        None if r.verdict is None else json.dumps(asdict(r.verdict)),
        r.launched_at,
        r.started_at,
        r.ended_at,
    )


def _facts(batch: Batch) -> Iterator[tuple[str, int]]:
    for number, facts in batch.facts.items():
        yield json.dumps(facts), number


def _metric(m: Metric) -> tuple[Any, ...]:
    return m.run, m.attempt, _text(m.name), m.kind, json.dumps(m.value), m.step, m.at


def _text(text: str) -> str:
    """Return a text that can be stored: half of a surrogate pair cannot, and is spelt out."""
    return text.encode(errors="backslashreplace").decode()
