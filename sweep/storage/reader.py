"""What anybody may know of a sweep: a read-only view that never stands in the writer's way."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from policies import Goal
from sweep.core.codec import EVENTS, KIND
from sweep.core.commands import Command, SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.events import Event, Reported, SlotsChanged, Started
from sweep.core.replay import Past
from sweep.core.run import RunState
from sweep.storage.closing import Closing
from sweep.storage.past import past_of, unpack_entry
from sweep.storage.replicates import by_configuration
from sweep.storage.schema import connect
from sweep.storage.trouble import Explained, damaged
from sweep.storage.values import mapping_of

REPORTED, STARTED = KIND[Reported], KIND[Started]
COLUMNS = (
    "number, status, attempt, configuration, reports, best, last, reason, verdict,"
    " launched_at, started_at, ended_at, facts"
)

WHOLE, NUMBER, TEXT, NONE = int, float, str, type(None)
KINDS: tuple[tuple[type, ...], ...] = (
    *((WHOLE,), (TEXT,), (WHOLE,), (TEXT,), (WHOLE,)),
    *((NUMBER, WHOLE, NONE), (NUMBER, WHOLE, NONE), (TEXT,), (TEXT, NONE)),
    *((NUMBER, WHOLE, NONE),) * 3,
    (TEXT, NONE),
)
"""What each column may hold: SQLite holds anything in any."""
SOUND: set[tuple[type, ...]] = set()
"""Combinations of types that rows have had and may have."""
RUN_STATES = frozenset(state.value for state in RunState)
STATUSES = frozenset({"NotStarted", *(status.value for status in SweepStatus)})

ESSENTIAL = ("definition", "status", "template", "resources")
"""Facts without which there is no sweep."""


class RunRow(NamedTuple):  # there may be a hundred thousand, and a dataclass takes longer
    """The present state of one run.

    Attributes:
        number: its place in the order of sampling.
        status: HyperDrive's word.
        attempt: how often it has been launched.
        configuration: its hyperparameters.
        reports: how often it has logged the primary metric.
        best, last: finite best, and latest value of the primary metric; None for none.
        reason: why it was stopped, failed or lost; empty otherwise.
        verdict: the policy's verdict as a mapping, where a policy stopped it.
        launched_at, started_at, ended_at: seconds since the epoch.
        facts: exit_code, host, pid, stop_seconds, peak_memory and the like.
    """

    number: int
    status: str
    attempt: int
    configuration: dict[str, Any]
    reports: int
    best: float | None
    last: float | None
    reason: str
    verdict: dict[str, Any] | None
    launched_at: float | None
    started_at: float | None
    ended_at: float | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One thing that a run logged."""

    name: str
    kind: str
    value: Any
    step: float | None
    at: float


class SweepReader(Closing):
    """One sweep's database, opened for reading.

    Args:
        path: the database.

    Raises:
        Damaged: it, or what is asked of it, is not what was once written; of any method.
        WorkspaceError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = connect(path)
        self._is_sound = False  # whether its definition is one; looked at once
        self.replicates = 1  # how many runs each configuration has, once the definition is read

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a fact about the sweep."""
        rows = self._ask("SELECT value FROM sweep WHERE key = ?", key)
        if not rows and default is None and key in ESSENTIAL:
            raise damaged(self._path, f"the sweep's {key} is not in it")
        with Explained(self._path, values=True):
            value = json.loads(rows[0][0]) if rows else default
            if key == "status":
                word, reason = value
                if word not in STATUSES or type(reason) is not str:
                    raise ValueError(f"a sweep's status cannot be {value!r:.80}")
            if key == "definition" and rows and not self._is_sound:
                self.replicates = SweepDefinition.from_wire(value).limits.replicates
                self._is_sound = True
            return value

    @property
    def goal(self) -> Goal:
        """The direction of the primary metric."""
        definition = self.get("definition")
        with Explained(self._path, values=True):
            return Goal(definition["primary_metric_config"]["goal"])

    def count(self) -> dict[str, int]:
        """Return how many runs there are of each status."""
        return dict(self._ask("SELECT status, COUNT(*) FROM run GROUP BY status"))

    def runs(self, where: str = "", *values: Any, order: str = "number") -> list[RunRow]:
        """Return runs; `where` and `order` are SQL of ours, `values` the user's."""
        condition = f"WHERE {where}" if where else ""
        rows = self._ask(
            f"SELECT {COLUMNS} FROM run {condition} ORDER BY {order}",  # noqa: S608
            *values,
        )
        with Explained(self._path, values=True):
            return [_run(row) for row in rows]

    def live(self) -> list[RunRow]:
        """Return the runs that occupy a slot."""
        return self.runs("status IN ('Queued', 'Running', 'CancelRequested')")

    def run(self, number: int) -> RunRow | None:
        """Return one run, or None."""
        return next(iter(self.runs("number = ?", number)), None)

    def ranked(self, limit: int = -1, where: str = "1") -> list[RunRow]:
        """Return runs with a value of the primary metric, the best first; ties by number.

        Where each configuration is run several times, those of the best configuration are first.
        """
        goal = self.goal
        if self.replicates > 1:
            rows = self.runs(f"best IS NOT NULL AND ({where})")
            return by_configuration(rows, self.runs(), goal)[: None if limit < 0 else limit]
        direction = "DESC" if goal is Goal.MAXIMIZE else "ASC"
        order = f"best {direction}, number LIMIT {limit:d}"
        return self.runs(f"best IS NOT NULL AND ({where})", order=order)

    def reports(self, number: int) -> list[tuple[float, float]]:
        """Return the (time, value) of the primary metric of a run's present attempt."""
        curve: list[tuple[float, float]] = []
        rows = self._each("SELECT at, kind, value FROM event WHERE run = ? ORDER BY seq", number)
        for at, kind, value in rows:
            if kind == REPORTED:
                curve.append((at, math.nan if value is None else value))
            elif kind == STARTED:
                curve.clear()
        return curve

    def curves(self) -> dict[int, list[float]]:
        """Return the values of the primary metric of every run's present attempt."""
        curves: dict[int, list[float]] = {}
        rows = self._each("SELECT run, kind, value FROM event WHERE run IS NOT NULL ORDER BY seq")
        for run, kind, value in rows:
            if kind == REPORTED:
                curves.setdefault(run, []).append(math.nan if value is None else value)
            elif kind == STARTED:
                curves.pop(run, None)
        return curves

    def mean_duration(self) -> float | None:
        """Return how many seconds a run that is over has lasted on average."""
        [[lasted]] = self._ask(
            "SELECT AVG(ended_at - started_at) FROM run"
            " WHERE status IN ('Completed', 'Canceled', 'Failed')"
        )
        found: float | None = lasted
        return found

    def metrics(self, number: int, attempt: int) -> list[MetricRow]:
        """Return what a run's attempt logged besides the primary metric."""
        rows = self._ask(
            "SELECT name, kind, value, step, at FROM metric WHERE run = ? AND attempt = ?"
            " ORDER BY id",
            number,
            attempt,
        )
        with Explained(self._path, values=True):
            return [MetricRow(n, k, json.loads(v), s, at) for n, k, v, s, at in rows]

    def metric_names(self) -> list[str]:
        """Return the names of all ordinary metrics."""
        return [n for (n,) in self._ask("SELECT DISTINCT name FROM metric ORDER BY name")]

    def span(self) -> tuple[float | None, float | None]:
        """Return when the first run was launched and the last one that is over ended."""
        [[first, last]] = self._ask("SELECT MIN(launched_at), MAX(ended_at) FROM run")
        return first, last

    def slots(self) -> int:
        """Return how many places for runs the target had when it last said so; 0: it has not."""
        rows = self._ask(
            "SELECT data FROM event WHERE kind = ? ORDER BY seq DESC LIMIT 1", KIND[SlotsChanged]
        )
        with Explained(self._path, values=True):
            return int(json.loads(rows[0][0])[0]) if rows else 0

    def tags(self, number: int, kind: str) -> dict[str, str | None]:
        """Return the tags, properties or artifacts of a run (-1: of the sweep)."""
        return dict(
            self._ask(
                "SELECT name, value FROM tag WHERE run = ? AND kind = ? ORDER BY name",
                number,
                kind,
            )
        )

    def notices(self, after: int = 0) -> list[tuple[int, float, int | None, str]]:
        """Return (id, time, run, text) of what the user was told after notice `after`."""
        return self._ask("SELECT id, at, run, text FROM notice WHERE id > ? ORDER BY id", after)

    def entries(self, after: int = 0) -> Iterator[tuple[int, Event, list[Command]]]:
        """Yield (number, event, commands) of the journal; reports only if they led to any."""
        rows = self._each(
            "SELECT seq, kind, at, run, value, data, commands FROM event"
            " WHERE seq > ? AND (kind != ? OR commands IS NOT NULL) ORDER BY seq",
            after,
            REPORTED,
        )
        with Explained(self._path, values=True):
            for seq, *row in rows:
                yield seq, *unpack_entry(*row)

    def past(self) -> Iterator[Past]:
        """Yield all that the journal holds, in order.

        Raises:
            Damaged: an entry is missing, or cannot be read.
        """
        return past_of(self._db, self._path)

    def story(self, number: int) -> Iterator[tuple[float, str, str]]:
        """Yield (time, event, details) of what happened to a run, reports left out."""
        rows = self._ask(
            "SELECT at, kind, data FROM event WHERE run = ? AND kind != ? ORDER BY seq",
            number,
            REPORTED,
        )
        with Explained(self._path, values=True):
            for at, kind, data in rows:
                texts = (word for word in json.loads(data or "[]") if isinstance(word, str))
                yield at, EVENTS[kind].__name__, next(texts, "")

    def _ask(self, question: str, *values: Any) -> list[Any]:
        """Return all rows."""
        with Explained(self._path):
            return self._db.execute(question, values).fetchall()

    def _each(self, question: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows one by one."""
        with Explained(self._path):
            for row in self._db.execute(question, values):  # noqa: UP028 - it may outlive the cursor
                yield row


def _run(row: tuple[Any, ...]) -> RunRow:
    types = tuple(map(type, row))
    if types not in SOUND:
        for value, kinds in zip(row, KINDS, strict=True):
            if type(value) not in kinds:
                raise TypeError(f"a run's entry cannot be {value!r:.80}")
        SOUND.add(types)
    if row[1] not in RUN_STATES:
        raise ValueError(f"a run's status cannot be {row[1]!r:.80}")
    plain: list[Any] = [*row]
    plain[3] = mapping_of(row[3])
    plain[8] = mapping_of(row[8]) if row[8] else None
    plain[12] = mapping_of(row[12]) if row[12] else {}
    return RunRow._make(plain)
