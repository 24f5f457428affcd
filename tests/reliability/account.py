"""What a sweep has come to, read from its database alone, and what must hold of any."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sweep.core.commands import Launch
from sweep.core.definition import SweepDefinition
from sweep.core.events import Completed, Failed, Lost, Stopped
from sweep.core.run import TERMINAL, RunState
from sweep.core.scheduler import Scheduler
from sweep.storage.journal import Entry, SqliteJournal
from sweep.storage.reader import SweepReader
from sweep.storage.schema import connect


@dataclass
class Account:
    """A journal, replayed.

    Attributes:
        entries: all of the journal.
        scheduler: has handled them.
        launches, accepted, lost: how many attempts of each run were launched, were its one
            result, and were lost.
    """

    entries: list[Entry]
    scheduler: Scheduler
    launches: Counter[int]
    accepted: Counter[int]
    lost: Counter[int]

    @property
    def results(self) -> dict[int, Any]:
        """What counts of every run: configuration, end, curve's length and last value, verdict."""
        return {
            n: repr((r.configuration, r.state, r.reports, r.last, r.verdict))
            for n, r in self.scheduler.runs.items()
        }

    @property
    def configurations(self) -> dict[int, Any]:
        """The configurations of the runs by number."""
        return {n: r.configuration for n, r in self.scheduler.runs.items()}


def account(path: Path, swept: SweepDefinition) -> Account:
    """Replay a journal; every entry must lead to the commands that stand beside it."""
    with closing(SqliteJournal(path, swept.goal)) as journal:
        entries = list(journal.replay())
    scheduler = Scheduler(swept)
    launches: Counter[int] = Counter()
    accepted: Counter[int] = Counter()
    lost: Counter[int] = Counter()
    for event, recorded in entries:
        assert repr(scheduler.replay(event, recorded)) == repr(recorded), event
        launches.update(c.run for c in recorded if isinstance(c, Launch))
        if isinstance(event, (Completed, Failed, Stopped, Lost)):
            again = scheduler.runs[event.run].state not in TERMINAL
            (lost if again else accepted)[event.run] += 1
    return Account(entries, scheduler, launches, accepted, lost)


def problems(path: Path, swept: SweepDefinition, told: Account) -> list[str]:
    """Return what is wrong with a sweep that is done; nothing, if all is well."""
    found = []
    with closing(connect(path)) as db:
        if (verdict := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            found.append(f"the database is damaged: {verdict}")
    runs = told.scheduler.runs
    if not told.scheduler.done:
        found.append("the sweep is not done")
    if list(runs) != list(range(len(runs))):
        found.append(f"the runs are {list(runs)}")
    for number, record in runs.items():
        accepted, lost = told.accepted[number], told.lost[number]
        if accepted != 1:
            found.append(f"run {number} has {accepted} results")
        if told.launches[number] != accepted + lost:
            found.append(f"run {number}: {told.launches[number]} launches, {lost} of them lost")
        if record.state not in TERMINAL:
            found.append(f"run {number} is {record.state.value}")
    return found + _differences(path, swept, told)


def _differences(path: Path, swept: SweepDefinition, told: Account) -> list[str]:
    """Compare what readers see with the journal."""
    with SweepReader(path) as reader:
        seen = {row.number: row for row in reader.runs()}
        curves = reader.curves()
        status = reader.get("status")
    found = []
    if status[0] != told.scheduler.status.value:
        found.append(f"readers see a sweep that is {status[0]}")
    if set(seen) != set(told.scheduler.runs):
        found.append(f"readers see the runs {sorted(seen)}")
        return found
    for number, record in told.scheduler.runs.items():
        row = seen[number]
        best = told.scheduler.board.best(number)
        expected = (
            record.state,
            record.attempt,
            record.configuration,
            record.reports,
            swept.goal.from_score(best) if math.isfinite(best) else None,
            None if record.last is None or math.isnan(record.last) else record.last,
            record.reason,
            None if record.verdict is None else asdict(record.verdict),
            (record.launched_at, record.started_at, record.ended_at),
        )
        shown = (
            RunState(row.status),
            row.attempt,
            row.configuration,
            row.reports,
            row.best,
            row.last,
            row.reason,
            row.verdict,
            (row.launched_at, row.started_at, row.ended_at),
        )
        if shown != expected:
            found.append(f"run {number}: readers see {shown}, the journal says {expected}")
        if len(curves.get(number, [])) != record.reports:
            found.append(f"run {number}: a curve of {len(curves.get(number, []))} reports")
    return found
