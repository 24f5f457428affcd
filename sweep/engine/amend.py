"""What somebody changes in a sweep: by whoever works on it, or here if nobody does."""

from __future__ import annotations

import time

from sweep.core.commands import SweepStatus
from sweep.core.definition import BEGINNING, SweepDefinition, begun_with, redefined
from sweep.core.events import ConcurrencySet, Invalidated
from sweep.core.replay import replay
from sweep.core.run import INVALID, OVER
from sweep.core.scheduler import Scheduler
from sweep.engine.wishes import leave
from sweep.errors import UserError, WorkspaceError
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder


def invalidate(folder: SweepFolder, number: int, reason: str) -> bool:
    """Let what a run has reported count for nothing, from now on.

    Args:
        folder: the sweep.
        number: of the run.
        reason: why; kept with the run.

    Returns:
        Whether it has been done; else it will be, by who works on the sweep or by the next who
        does.

    Raises:
        UserError: it does not count already.
        WorkspaceError: there is no such run.
    """
    with SweepReader(folder.database) as reader:
        row = reader.run(number)
    if row is None:
        raise WorkspaceError(f"there is no run {folder.run_id(number)}")
    if row.reason.startswith(INVALID):
        raise UserError(f"{folder.run_id(number)} is {row.reason}, already")
    if _is_at_rest(folder):
        _amend(folder, Invalidated(time.time(), number, reason))
        return True
    leave(folder.requests, "invalidate", number, reason)
    return False


def set_concurrency(folder: SweepFolder, runs: int) -> bool:
    """Let so many runs live at one time; return whether it is done, as `invalidate` does.

    Raises:
        UserError: the sweep is over, or it can have no more runs in all.
    """
    with SweepReader(folder.database) as reader:
        status = reader.get("status")[0]
        most = SweepDefinition.from_wire(reader.get("definition")).limits.runs
    if status in OVER:
        raise UserError(f"{folder.id} is {status}: nothing runs that could be bounded")
    if runs > most:
        raise UserError(
            f"--max-concurrent-runs: expected at most {most}, as the sweep has no more runs in"
            f" all, got {runs}"
        )
    if _is_at_rest(folder):
        _amend(folder, ConcurrencySet(time.time(), runs))
        return True
    leave(folder.requests, "concurrent", runs, "set by the user")
    return False


def _is_at_rest(folder: SweepFolder) -> bool:
    """Tell whether a sweep was brought to an end or a pause, and nobody works on it.

    One whose engine was killed has runs of which nobody knows; its next engine hears of it.
    """
    if folder.engine is not None:
        return False
    with SweepReader(folder.database) as reader:
        return reader.get("status")[0] not in (SweepStatus.RUNNING.value, "NotStarted")


def _amend(folder: SweepFolder, event: Invalidated | ConcurrencySet) -> None:
    with Lock(folder.lock):
        with SweepReader(folder.database) as reader:
            began = begun_with({name: reader.get(name, None) for name in BEGINNING})
        journal = SqliteJournal(folder.database, began.goal)
        try:
            scheduler = Scheduler(began)
            replay(scheduler, journal.past())
            batch = Batch(entries=[(event, scheduler.handle(event))])
            if isinstance(event, Invalidated):
                record = scheduler.runs[event.run]
                batch.records[event.run] = record
                batch.bests[event.run] = scheduler.board.best(event.run)
                batch.notices.append((event.at, event.run, record.reason))
            else:
                batch.sweep |= redefined(scheduler.definition, began.to_wire())
            journal.write(batch)
        finally:
            journal.close()
